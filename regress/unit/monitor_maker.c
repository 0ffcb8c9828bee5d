/*
 * Launchers for tests: see monitor_maker.h.
 */

#include <poll.h>
#include <stdio.h>

#include "monitor_maker.h"
#include "monitor_util.h"

#include "channel.h"
#include "compat/stream.h"
#include "dispatch.h"
#include "leafset.h"
#include "launcher/maker.h"
#include "launcher/spawn.h"
#include "monitor/launch.h"
#include "monitor/phase.h"

#define MAKERS_MAX 4
#define SAID_MAX 16

static struct {
	struct runas user;
	char name[8];
	struct channel *channel;
	pid_t in_flight;
	struct msg said[SAID_MAX];
	size_t said_count, handled;
	int hung_up;
} makers[MAKERS_MAX];
static size_t makers_count, channels_count;
static struct launched made;

static const struct dispatch rows[] = {
	{ IMSG_STREAM, 0, launch_handle_stream },
	{ IMSG_LAUNCHED, 0, launch_handle_launched },
};

int
maker_start(
    struct maker *m, struct runas *t, const struct maker *others, size_t count)
{
	(void)others;
	if (t->own == 0)
		return (0);
	assert_int_equal(count, makers_count);
	m->pid = MAKER_PID + (pid_t)count;
	m->fd = FD_FAKE - 1;
	m->in_flight = &makers[count].in_flight;
	proc_born(m->pid, 0);
	return (1);
}

void
spawn_child(const struct spawn_base *b, const struct run *r,
    const struct leafset *leaf, struct launched *l, int fds[3],
    pid_t *in_flight)
{
	(void)b;
	if (r->flags & RUN_CGROUP)
		note("enters by %u", (unsigned int)leaf->count);
	else
		assert_null(leaf);
	assert_null(in_flight);
	*l = made;
	fds[0] = fds[1] = fds[2] = -1;
}

void
maker_makes(pid_t pid, enum stage stage)
{
	made.pid = pid;
	made.stage = stage;
	made.text = "";
}

void
makers_start(size_t n)
{
	struct runas *t;
	size_t i;

	launch_init(rows, nitems(rows));
	for (i = 0; i < (n == 0 ? 1 : n); i++) {
		t = &makers[i].user;
		(void)snprintf(makers[i].name, sizeof(makers[i].name), "www%u",
		    (unsigned int)i);
		t->user = makers[i].name;
		t->own = n == 0 ? 0 : 1;
		launch_start(t);
		makers_count = n == 0 ? 0 : i + 1;
	}
	assert_int_equal(launch_count(), n);
}

struct runas *
maker_user(size_t n)
{
	return (&makers[n].user);
}

uint32_t
maker_asked(size_t n, const struct run *r)
{
	struct run run = *r;
	struct child *c = child_asked(r);

	c->runas = maker_user(n);
	run.id = c->id;
	launch_run(c, &run);
	return (run.id);
}

static void
maker_said(size_t n, const struct msg *m)
{
	assert_true(makers[n].said_count < SAID_MAX);
	makers[n].said[makers[n].said_count++] = *m;
}

void
maker_says(size_t n, uint32_t id, pid_t pid, enum stage stage, uint32_t streams)
{
	struct msg m = { .type = IMSG_LAUNCHED, .fd = -1 };

	m.launched.id = id;
	m.launched.pid = pid;
	m.launched.stage = stage;
	m.launched.streams = streams;
	m.launched.text = "";
	maker_said(n, &m);
}

void
maker_says_stream(size_t n, uint32_t id, uint32_t stream, int fd)
{
	struct msg m = { .type = IMSG_STREAM, .fd = fd };

	m.stream.id = id;
	m.stream.stream = stream;
	maker_said(n, &m);
}

void
maker_hangs_up(size_t n)
{
	makers[n].hung_up = 1;
}

void
maker_in_flight(size_t n, pid_t pid)
{
	makers[n].in_flight = pid;
}

void
makers_turn(void)
{
	struct pollfd pfd[MAKERS_MAX];
	size_t i;

	assert_int_equal(launch_poll(pfd), -1);
	for (i = 0; i < makers_count; i++)
		if (makers[i].hung_up || makers[i].said_count > 0)
			pfd[i].revents = POLLIN;
	launch_dispatch(pfd);
}

/*
 * common/channel.c and common/dispatch.c.
 */

void
channel_init(struct channel *c, const char *peer, int fd, int passes_fds,
    const struct dispatch *table, size_t n, void *arg)
{
	assert_int_equal(fd, FD_FAKE - 1);
	assert_int_equal(passes_fds, 1);
	assert_ptr_equal(table, rows);
	assert_int_equal(n, nitems(rows));
	memset(c, 0, sizeof(*c));
	c->peer = peer;
	c->arg = arg;
	c->open = 1;
	makers[channels_count++].channel = c;
}

static size_t
channel_maker(const struct channel *c)
{
	size_t i = 0;

	while (makers[i].channel != c)
		assert_true(++i < channels_count);
	return (i);
}

void
channel_shut(struct channel *c)
{
	if (c->open)
		note("shut %u", (unsigned int)channel_maker(c));
	c->open = 0;
}

int
channel_read(struct channel *c)
{
	return (c->open && !makers[channel_maker(c)].hung_up);
}

int
channel_poll(struct pollfd *pfd, struct channel *c, int want)
{
	(void)c;
	assert_int_equal(want, 1);
	memset(pfd, 0, sizeof(*pfd));
	return (-1);
}

uint32_t
imsgbuf_queuelen(struct imsgbuf *ibuf)
{
	(void)ibuf;
	return (0);
}

/* What is no true message would be fatal: it is noted. */
int
channel_dispatch(struct channel *c, unsigned int state)
{
	size_t i = channel_maker(c);
	struct msg *m;

	assert_int_equal(state, phase_state());
	if (!c->open || makers[i].handled == makers[i].said_count)
		return (0);
	m = &makers[i].said[makers[i].handled++];
	m->arg = c->arg;
	if (handle(rows[m->type == IMSG_LAUNCHED].handler, m) == -1)
		note("lie");
	if (makers[i].handled == makers[i].said_count)
		makers[i].handled = makers[i].said_count = 0;
	return (1);
}

/*
 * common/compat: descriptors from FD_FAKE on are pipes, but for those from
 * twice as many on.
 */
enum stream_kind
stream_kind(int fd)
{
	return (fd >= 2 * FD_FAKE ? STREAM_OTHER : STREAM_PIPE);
}
