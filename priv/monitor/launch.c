/*
 * How children are made: see launch.h. A launcher is one user's, who can hold
 * it by stopping what it makes: so it has a patience, and is not waited for on
 * behalf of others where the dialect allows that.
 */

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fdset.h"
#include "launcher/maker.h"
#include "launcher/spawn.h"
#include "log.h"
#include "policy/runas.h"
#include "policy/uids.h"
#include "reap.h"

#include "monitor/birth.h"
#include "monitor/channels.h"
#include "monitor/launch.h"
#include "monitor/contain.h"
#include "monitor/phase.h"
#include "monitor/reply.h"

#define LAUNCH_TIMEOUT 10000 /* ms that a child may take to its exec */
#define LAUNCH_ORDERED 3000 /* the same where users wait for each other */

/* What may be asked for, and not made yet, where they do; then of each. */
#define ALL_MAX 64
#define ALL_BYTES (2 * (size_t)MSG_MAX)
#define EACH_MAX 1024
#define EACH_BYTES (2UL << 20)

/* One that has something to do and does less than so much is slow. */
#define PULSE 1000 /* ms */
#define PULSE_LEAST 32

/* A launcher as priv knows it. */
struct launcher {
	const char *user;
	struct maker maker; /* its pid is 0 once it was reaped */
	TAILQ_HEAD(, child) queue; /* asked for, and not heard of */
	struct channel channel;
	struct timer timeout, pulse;
	size_t asked; /* requests in the queue, without kill commands */
	size_t bytes; /* of what is in the queue */
	int missed; /* times that the next answer did not come */
	unsigned int made; /* since the last pulse */
	int slow; /* it was then */
	struct fdset streams; /* came before their IMSG_LAUNCHED */
};

static struct launcher launchers[LAUNCHERS_MAX];
static struct maker makers[LAUNCHERS_MAX]; /* of those, for a new one */
static size_t launchers_count;
static const struct dispatch *table;
static size_t table_rows;

static struct {
	pid_t pid; /* dead, and perhaps what a launcher is about to name */
	uint32_t id; /* the last that was asked for when it was found so */
} suspect;

static void launch_ended(struct child *, int);

void
launch_init(const struct dispatch *t, size_t rows)
{
	table = t;
	table_rows = rows;
}

void
launch_start(struct runas *t)
{
	struct launcher *l = &launchers[launchers_count];

	if (launchers_count == LAUNCHERS_MAX)
		fatalx("more than %d users with their groups", LAUNCHERS_MAX);
	if (!maker_start(&l->maker, t, makers, launchers_count))
		return;
	makers[launchers_count++] = l->maker;
	(void)child_new_ring("launcher", l->maker.pid, launch_ended);
	channel_init(
	    &l->channel, "launcher", l->maker.fd, 1, table, table_rows, l);
	l->user = t->user;
	fdset_init(&l->streams);
	TAILQ_INIT(&l->queue);
	t->launcher = l;
}

size_t
launch_count(void)
{
	return (launchers_count);
}

/* Do users wait for each other, or is there one only? 1 or 0. */
static int
is_shared(void)
{
	return (reply_ordered() || launchers_count == 1);
}

static int
has_room(const struct launcher *l)
{
	return (l->asked < EACH_MAX && l->bytes < EACH_BYTES);
}

/*
 * A launcher without room is waited for, by all others, too, as long as it
 * does something: its user could hold them up. See launch_room().
 */
int
launch_busy(void)
{
	const struct launcher *l;
	size_t i, asked = 0, bytes = 0;

	for (i = 0; i < launchers_count; i++) {
		l = &launchers[i];
		if (!is_shared() && !has_room(l) && !l->slow)
			return (1);
		asked += l->asked;
		bytes += l->bytes;
	}
	return (is_shared() && (asked >= ALL_MAX || bytes >= ALL_BYTES));
}

int
launch_room(const struct runas *t)
{
	return (t->launcher == NULL || is_shared() || has_room(t->launcher));
}

int
launch_alive(const struct runas *t)
{
	return (t->launcher == NULL || t->launcher->channel.open);
}

int
launch_may_name(pid_t pid)
{
	const struct child *c;
	size_t i;

	if (pid != suspect.pid) {
		suspect.pid = pid;
		suspect.id = child_last();
	}
	for (i = 0; i < launchers_count; i++) {
		c = TAILQ_FIRST(&launchers[i].queue);
		if (c != NULL && (int32_t)(c->id - suspect.id) <= 0)
			return (1);
	}
	suspect.pid = 0;
	return (0);
}

/*
 * The child that the launcher was making when it died or was held: nothing
 * else would end it.
 */
static pid_t
kill_in_flight(const struct launcher *l)
{
	pid_t pid = *l->maker.in_flight; /* read once: it is not our memory */

	if (birth_kill(pid))
		log_warnx("pid %d was held before it ran: killed", (int)pid);
	return (pid);
}

/* A launcher that does not answer is of no use: its end is heard as such. */
static void
launcher_kill(const struct launcher *l)
{
	if (TAILQ_EMPTY(&l->queue) || l->maker.pid == 0)
		return;
	(void)kill(l->maker.pid, SIGKILL);
	/* It has a copy of the channel: no end of file before it is gone. */
	(void)kill_in_flight(l);
}

void
launch_kill_busy(void)
{
	size_t i;

	for (i = 0; i < launchers_count; i++)
		launcher_kill(&launchers[i]);
}

static void launch_timeout(void *);

/* It has something to do from now on, or goes on with it. */
static void
launch_wait(struct launcher *l)
{
	timer_set(&l->timeout,
	    reply_ordered() && launchers_count > 1 ? LAUNCH_ORDERED
						   : LAUNCH_TIMEOUT,
	    launch_timeout, l);
}

/* The child first; if that was not what it waited for, the launcher. */
static void
launch_timeout(void *arg)
{
	struct launcher *l = arg;

	if (l->missed++)
		launcher_kill(l);
	(void)kill_in_flight(l);
	launch_wait(l);
}

static void
launch_pulse(void *arg)
{
	struct launcher *l = arg;

	l->slow = l->made < PULSE_LEAST;
	l->made = 0;
	timer_set(&l->pulse, PULSE, launch_pulse, l);
}

/* The first that was asked for: it is heard of now, or never. Or NULL. */
static struct child *
queue_take(struct launcher *l)
{
	struct child *c = TAILQ_FIRST(&l->queue);

	if (c == NULL)
		return (NULL);
	TAILQ_REMOVE(&l->queue, c, queue);
	l->bytes -= c->asked;
	l->asked -= c->kind == CHILD_RUN;
	c->asked = 0;
	return (c);
}

/* maker_start() has said that priv is the maker. */
static void
launch_here(struct child *c, const struct run *r, const struct leafset *leaf)
{
	struct launched here;
	int fds[3];

	spawn_child(&c->runas->base, r, leaf, &here, fds, NULL);
	if (birth_result(c, &here, fds) == -1)
		fatalx("launched pid %d twice", (int)here.pid);
}

/* What c->runas is asked for waits for its answer from now on. */
static void
launch_ask(struct child *c, const void *msg, size_t len)
{
	struct launcher *l = c->runas->launcher;

	channel_send(&l->channel, IMSG_LAUNCH, -1, msg, len);
	c->asked = len;
	l->bytes += len;
	l->asked += c->kind == CHILD_RUN;
	TAILQ_INSERT_TAIL(&l->queue, c, queue);
	if (TAILQ_FIRST(&l->queue) == c) {
		launch_wait(l);
		l->made = 0;
		timer_set(&l->pulse, PULSE, launch_pulse, l);
	}
}

/* The files of its leaf go ahead of it. */
static void
launch_files(struct child *c, struct leafset *files)
{
	struct msg_leaf m = { 0 };
	uint32_t i;

	m.id = c->id;
	for (i = 0; i < files->count; i++) {
		m.left = files->count - 1 - i;
		channel_send(&c->runas->launcher->channel, IMSG_LEAF,
		    files->fds[i], &m, sizeof(m));
	}
	leafset_init(files);
}

/* Its leaf is there, or is not; the launch was kept for that. */
static void
launch_leafed(struct child *c, struct leaf_made *leaf)
{
	struct msg m = { .type = IMSG_LAUNCH, .fd = -1 };
	void *launch = c->launch;

	m.data = launch;
	m.len = c->asked;
	c->launch = NULL;
	c->asked = 0;
	if (leaf->error != 0)
		birth_fail(c, STAGE_CGROUP, leaf->error, leaf->text);
	else if (!launch_alive(c->runas) || phase_now() != PHASE_RUN)
		birth_lost(c);
	else if (c->runas->launcher == NULL) {
		if (proto_unpack(&m) == -1)
			fatalx("a launch that was kept is broken");
		launch_here(c, &m.run, leaf->files);
	} else {
		launch_files(c, leaf->files);
		launch_ask(c, launch, m.len);
	}
	free(launch);
}

void
launch_run(struct child *c, const struct run *r)
{
	size_t len;
	void *msg;

	if (c->runas->launcher == NULL && !(r->flags & RUN_CGROUP)) {
		launch_here(c, r, NULL);
		return;
	}
	/* It was unpacked from a message, so it fits one. */
	if ((msg = proto_pack_run(r, &len)) == NULL)
		fatal("no memory for a launch");
	if (r->flags & RUN_CGROUP) {
		c->launch = msg;
		c->asked = len;
		contain_make(c, r, launch_leafed);
		return;
	}
	launch_ask(c, msg, len);
	free(msg);
}

int
launch_handle_stream(const struct msg *msg)
{
	struct launcher *l = msg->arg;

	if (fdset_add(&l->streams, &msg->stream, msg->fd) == 0)
		return (0);
	if (errno == ENOTSUP)
		log_warnx("the launcher of %s sent what is no pipe and no"
			  " terminal",
		    l->user);
	return (-1);
}

int
launch_handle_launched(const struct msg *msg)
{
	struct launcher *l = msg->arg;
	struct launched m = msg->launched;
	struct child *c;
	int fds[3];

	c = TAILQ_FIRST(&l->queue);
	if (c == NULL || c->id != m.id ||
	    fdset_take(&l->streams, m.id, m.streams, fds) == -1)
		return (-1);
	(void)queue_take(l);
	/* That one was named: the next of that number is another process. */
	if (m.pid == suspect.pid)
		suspect.pid = 0;
	l->missed = 0;
	l->made++;
	timer_clear(&l->timeout);
	if (TAILQ_EMPTY(&l->queue)) {
		/* It has done all of it, and no timer is to wake us. */
		timer_clear(&l->pulse);
		l->slow = 0;
	} else
		launch_wait(l);
	return (birth_result(c, &m, fds));
}

/* A launcher is gone: its children live, new ones are refused. */
static void
launcher_died(struct launcher *l)
{
	uint8_t buf[MSG_DOWN_MAX];
	struct child *c;

	/* The node knows it at once; we are of use to those who live only. */
	if (phase_now() == PHASE_RUN) {
		log_warnx("the launcher of %s has died: proctor ends when no"
			  " child is left",
		    l->user);
		channel_send(&worker_channel, IMSG_DOWN, -1, buf,
		    proto_pack_down(buf, l->user));
		phase_end_when_idle();
	}
	channel_shut(&l->channel);
	timer_clear(&l->timeout);
	timer_clear(&l->pulse);
	l->slow = 0;
	fdset_clear(&l->streams);
	suspect.pid = 0;
	(void)birth_adopt(kill_in_flight(l));
	while ((c = queue_take(l)) != NULL)
		birth_lost(c);
}

/* Read once and handle what is there by now: how many messages that was. */
static int
launcher_read(struct channel *c, int *alive)
{
	int n = 0;

	*alive = channel_read(c);
	while (channel_dispatch(c, phase_state()))
		n++;
	return (n);
}

/*
 * It is gone; what it said before counts still. There may be no end of file:
 * a child on its way to exec has the channel, too.
 */
static void
launcher_read_rest(struct launcher *l)
{
	int alive;

	while (launcher_read(&l->channel, &alive) > 0 && alive)
		continue;
	launcher_died(l);
}

/* Its process was reaped. */
static void
launch_ended(struct child *c, int status)
{
	size_t i;

	log_debug("%s ended %s", c->name, reap_words(status));
	for (i = 0; i < launchers_count; i++) {
		if (c->pid != launchers[i].maker.pid)
			continue;
		launchers[i].maker.pid = 0;
		if (launchers[i].channel.open)
			launcher_read_rest(&launchers[i]);
	}
}

int
launch_poll(struct pollfd *pfd)
{
	int wait, least = -1;
	size_t i;

	for (i = 0; i < launchers_count; i++) {
		wait = channel_poll(&pfd[i], &launchers[i].channel, 1);
		if (wait != -1)
			least = wait;
	}
	return (least);
}

static void
launcher_dispatch(struct launcher *l, const struct pollfd *pfd)
{
	struct channel *c = &l->channel;
	int alive = 1;

	if (!c->open)
		return;
	if (pfd->revents & (POLLIN | POLLHUP | POLLERR))
		(void)launcher_read(c, &alive);
	if (!alive)
		launcher_died(l);
	else if (imsgbuf_queuelen(&c->ibuf) > 0 && channel_write(c) == -1)
		launcher_read_rest(l);
}

void
launch_dispatch(const struct pollfd *pfd)
{
	size_t i;

	for (i = 0; i < launchers_count; i++)
		launcher_dispatch(&launchers[i], &pfd[i]);
}

/* One that cannot be written to has hung up, which is heard in its turn. */
void
launch_send(void)
{
	struct channel *c;
	size_t i;

	for (i = 0; i < launchers_count; i++) {
		c = &launchers[i].channel;
		if (c->open && imsgbuf_queuelen(&c->ibuf) > 0)
			(void)channel_write(c);
	}
}

void
launch_close(void)
{
	size_t i;

	for (i = 0; i < launchers_count; i++)
		channel_shut(&launchers[i].channel);
}
