/*
 * What the switch hears from tasks: see message.h. Each handler takes what the
 * table allows it, and nothing of that is believed: who sends what cannot be
 * ends, and all below it.
 */

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compat/imsg_send.h"
#include "compat/pidfd.h"
#include "dispatch.h"
#include "log.h"

#include "task/ask.h"
#include "task/death.h"
#include "task/message.h"
#include "task/peer.h"
#include "task/source.h"
#include "task/stop.h"
#include "task/stream.h"
#include "task/table.h"
#include "task/tell.h"

#include "task/frame.h"

#define NEWPID 0x20000000U /* CLONE_NEWPID, where there is one */
#define DRAIN_READS 16 /* of what a dead one has sent */
#define EARLY_MAX 64 /* signals of one that is not told of yet */

static int checks;

void
peer_init(int checked)
{
	checks = checked;
}

static void
reply(
    struct task *t, uint32_t seq, int results, const uint8_t *term, size_t len)
{
	int lost = t->lost;

	t->lost = 0;
	if (lost != 0)
		(results ? tell_error_of_batch : tell_error)(
		    t->number, seq, "limit", lost, "fork", 0);
	/* It is the task's, and may be larger than a frame. */
	else if (len > WIRE_MAX - WIRE_HEAD)
		tell_error(t->number, seq, "wire", EMSGSIZE, "reply", 0);
	else
		frame_put(results ? WIRE_RESULTS : WIRE_REPLY, t->number, seq,
		    NULL, 0, term, len);
}

static int
peer_here(const struct msg *msg)
{
	struct task *t = msg->arg;
	struct task_here m;

	memcpy(&m, msg->data, sizeof(m));
	if (m.again > 1 || (t->state == TASK_AGAIN) != (m.again == 1))
		return (-1);
	t->own = (int32_t)m.inner;
	if (t->state == TASK_AGAIN) {
		reply(t, t->exec_seq, t->exec_results, t->exec_reply,
		    t->exec_len);
		free(t->exec_reply);
		t->exec_reply = NULL;
	}
	t->state = TASK_READY;
	if (m.again || t->parent == NULL)
		peer_limits(t);
	if (t->parent == NULL && m.again == 0)
		tell_hello(t->told_pid);
	ask_done(t);
	return (0);
}

static int
peer_reply(const struct msg *msg)
{
	struct task *t = msg->arg;
	struct task_reply m;

	memcpy(&m, msg->data, sizeof(m));
	if (!ask_is(t, m.seq) || m.results > 1 || t->newborn != NULL)
		return (-1);
	/* It could not become a program. */
	stream_forget(t);
	free(t->exec_reply);
	t->exec_reply = NULL;
	t->state = TASK_READY;
	reply(t, m.seq, m.results == 1, (const uint8_t *)msg->data + sizeof(m),
	    msg->len - sizeof(m));
	ask_done(t);
	return (0);
}

/* Is it a socket of the kind that tasks have? -1: that cannot be told. */
static int
is_channel(int fd)
{
	socklen_t len = sizeof(int);
	int domain, type;

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == -1 ||
	    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == -1)
		return (errno == ENOTSOCK ? 0 : -1);
	return (domain == AF_UNIX && type == SOCK_STREAM);
}

/*
 * What a task has made, and we have no descriptor or memory for, ends, as its
 * channel does, and who has made it is refused.
 */
static int
born_lost(struct task *t, int fd, int error)
{
	struct task *c = t->newborn;

	t->lost = error != 0 ? error : EIO;
	t->newborn = NULL;
	if (fd != -1)
		(void)close(fd);
	if (c != NULL)
		death_kill(c, CAUSE_PARENT);
	return (0);
}

/* It cannot be. */
static int
born_lie(int fd)
{
	if (fd != -1)
		(void)close(fd);
	return (-1);
}

static int
peer_born(const struct msg *msg)
{
	struct task *t = msg->arg, *c;
	struct task_born m;
	int is;

	memcpy(&m, msg->data, sizeof(m));
	if (!ask_is(t, m.seq) || t->newborn != NULL || m.inner <= 0 ||
	    table_child(t, m.inner) != NULL)
		return (born_lie(msg->fd));
	if (msg->fd == -1)
		return (born_lost(t, -1, EMFILE));
	if ((is = is_channel(msg->fd)) == -1)
		return (born_lost(t, msg->fd, errno));
	if (!is)
		return (born_lie(msg->fd));
	c = table_add(t, m.inner);
	c->first = (m.flags & NEWPID) != 0;
	t->newborn = c;
	peer_open(c, msg->fd);
	return (0);
}

/*
 * With rights to signal what others may not, only what is below us is believed
 * to be a task. -1: that cannot be told.
 */
static int
is_child(const struct task *t, int pidfd)
{
	pid_t parent;

	if (!checks)
		return (1);
	if (pidfd_parent(pidfd, &parent) == -1)
		return (-1);
	return (t->pid != 0 && parent == t->pid && !t->dead &&
		pidfd_signal(t->pidfd.fd, 0) == 0);
}

static void
signal_tell(const struct task *t, const struct task_signal *m)
{
	uint8_t signo = (uint8_t)m->signo;

	frame_put(
	    WIRE_SIGNAL, t->number, 0, &signo, 1, m->info, sizeof(m->info));
}

/* The node does not know of it yet: told behind its birth. */
static int
signal_keep(struct task *t, const struct task_signal *m)
{
	if (t->early_count == EARLY_MAX)
		return (-1);
	t->early =
	    reallocarray(t->early, t->early_count + 1, sizeof(*t->early));
	if (t->early == NULL)
		fatal("no memory for a signal");
	t->early[t->early_count++] = *m;
	return (0);
}

static void
signal_release(struct task *t)
{
	size_t i;

	for (i = 0; i < t->early_count; i++)
		signal_tell(t, &t->early[i]);
	free(t->early);
	t->early = NULL;
	t->early_count = 0;
}

static int
peer_pidfd(const struct msg *msg)
{
	struct task *t = msg->arg, *c = t->newborn;
	struct task_born m;
	pid_t pid;
	int is;

	memcpy(&m, msg->data, sizeof(m));
	if (c == NULL && t->lost != 0)
		return (born_lost(t, msg->fd, t->lost));
	if (c == NULL || m.inner != c->inner || !ask_is(t, m.seq))
		return (born_lie(msg->fd));
	if (msg->fd == -1)
		return (born_lost(t, -1, EMFILE));
	if (pidfd_pid(msg->fd, &pid) == -1)
		return (errno == EINVAL ? born_lie(msg->fd)
					: born_lost(t, msg->fd, errno));
	if ((is = is_child(t, msg->fd)) == -1)
		return (born_lost(t, msg->fd, errno));
	if (!is)
		return (born_lie(msg->fd));
	if (peer_watch(c, msg->fd) == -1)
		return (born_lost(t, msg->fd, errno));
	t->newborn = NULL;
	table_set_pid(c, pid);
	c->told_pid = pid;
	c->born = 1;
	tell_born(c, m.seq);
	signal_release(c);
	peer_limits(c);
	/* It was to end before it was known. */
	if (c->cause == CAUSE_ITSELF && t->cause != CAUSE_ITSELF)
		c->cause = t->cause;
	if (c->cause != CAUSE_ITSELF)
		death_kill(c, c->cause);
	return (0);
}

static int
peer_stream(const struct msg *msg)
{
	struct task_stream m;

	memcpy(&m, msg->data, sizeof(m));
	if (m.pty > 1)
		return (-1);
	return (stream_next(msg->arg, m.stream, (int)m.pty, msg->fd));
}

static int
peer_exec(const struct msg *msg)
{
	struct task *t = msg->arg;
	struct task_exec m;

	memcpy(&m, msg->data, sizeof(m));
	t->exec_len = msg->len - sizeof(m);
	if (!ask_is(t, m.seq) || m.results > 1 || m.again > 1 ||
	    t->newborn != NULL || stream_check(t, m.streams) == -1 ||
	    (m.again == 1 && m.streams != 0))
		return (-1);
	if ((t->exec_reply = malloc(t->exec_len + 1)) == NULL)
		fatal("no memory for a reply");
	memcpy(
	    t->exec_reply, (const uint8_t *)msg->data + sizeof(m), t->exec_len);
	t->exec_seq = m.seq;
	t->exec_results = m.results == 1;
	t->state = m.again ? TASK_AGAIN : TASK_LEAVING;
	return (0);
}

static int
peer_signal(const struct msg *msg)
{
	struct task *t = msg->arg;
	struct task_signal m;

	memcpy(&m, msg->data, sizeof(m));
	if (m.signo == 0 || m.signo >= NSIG)
		return (-1);
	if (!t->born)
		return (signal_keep(t, &m));
	signal_tell(t, &m);
	return (0);
}

/* As wait(2) has it; -1 for what is no end. */
static int
wait_status(uint32_t code, int32_t status)
{
	switch (code) {
	case CLD_EXITED:
		return ((status & 0xff) << 8);
	case CLD_KILLED:
		return (status & 0x7f);
	case CLD_DUMPED:
		return ((status & 0x7f) | 0x80);
	default:
		return (-1);
	}
}

static int
peer_exit(const struct msg *msg)
{
	const struct task *t = msg->arg;
	struct task_exit m;
	struct task *c;
	int status;

	memcpy(&m, msg->data, sizeof(m));
	status = wait_status(m.code, m.status);
	if ((c = table_child(t, m.inner)) == NULL || status == -1)
		return (m.inner > 0 && status != -1 ? 0 : -1);
	table_set_pid(c, 0);
	death_known(c, status, m.utime, m.stime, m.maxrss);
	return (0);
}

#define TALKS (TASK_READY | TASK_LEAVING | TASK_AGAIN)

static const struct dispatch table[] = {
	{ TASK_HERE, TASK_NEW | TASK_AGAIN, peer_here },
	{ TASK_REPLY, TALKS, peer_reply },
	{ TASK_BORN, TASK_READY, peer_born },
	{ TASK_PIDFD, TASK_READY, peer_pidfd },
	{ TASK_STREAM, TASK_READY, peer_stream },
	{ TASK_EXEC, TASK_READY, peer_exec },
	{ TASK_SIGNAL, TALKS, peer_signal },
	{ TASK_EXIT, TALKS, peer_exit },
};

/* The end of its channel: it is a program now, or about to die. */
static void
peer_closed(struct task *t)
{
	unsigned int i, streams = 0;

	death_closed(t);
	if (t->state != TASK_LEAVING)
		return;
	timer_clear(&t->timer);
	t->state = TASK_PROGRAM;
	for (i = 0; i < 3; i++)
		streams |= (unsigned int)(t->next_fds[i] != -1) << i;
	tell_exec(t, streams);
	stream_begin(t);
	reply(t, t->exec_seq, t->exec_results, t->exec_reply, t->exec_len);
	free(t->exec_reply);
	t->exec_reply = NULL;
	ask_done(t);
	ask_refuse_all(t);
	/* It was to end before it was one. */
	if (t->cause != CAUSE_ITSELF)
		stop_program(t, t->signaloneof);
}

/* What was read of it; -1: it was the end. */
static int
peer_handle(struct task *t)
{
	char why[DISPATCH_WHY];
	int n, more = channel_read(&t->channel);

	while ((n = channel_try(&t->channel, t->state, why)) == 1)
		continue;
	if (n == -1) {
		death_lie(t, why);
		return (-1);
	}
	if (!more) {
		peer_closed(t);
		return (-1);
	}
	if (t->channel.open)
		imsgbuf_shrink(&t->channel.ibuf);
	return (0);
}

static void
on_channel(void *arg, int events)
{
	struct task *t = arg;

	if (events & EVSET_OUT)
		ask_write(t);
	if (events & (EVSET_IN | EVSET_END) && !source_hold(&t->channel_source))
		(void)peer_handle(t);
}

/* All that it has sent comes before its end. */
static void
on_pidfd(void *arg, int events)
{
	struct task *t = arg;
	struct pollfd pfd = { .events = POLLIN };
	int i;

	(void)events;
	for (i = 0; i < DRAIN_READS && t->channel.open; i++) {
		pfd.fd = t->channel.ibuf.fd;
		if (poll(&pfd, 1, 0) != 1 || peer_handle(t) == -1)
			break;
	}
	death_died(t);
}

void
peer_open(struct task *t, int fd)
{
	channel_init(&t->channel, t->name, fd, 1, table,
	    sizeof(table) / sizeof(table[0]), t);
	imsgbuf_nowait(&t->channel.ibuf);
	t->channel_source.watch.fd = fd;
	t->channel_source.watch.fn = on_channel;
	t->channel_source.watch.arg = t;
	(void)source_set(&t->channel_source, EVSET_IN);
}

int
peer_watch(struct task *t, int pidfd)
{
	t->pidfd.fd = pidfd;
	t->pidfd.fn = on_pidfd;
	t->pidfd.arg = t;
	if (evset_set(&t->pidfd, EVSET_IN) == 0)
		return (0);
	t->pidfd.fd = -1;
	return (-1);
}

void
peer_limits(struct task *t)
{
	struct task_limits m = { t->maxchild, t->maxdepth, t->number };

	channel_send(&t->channel, TASK_LIMITS, -1, &m, sizeof(m));
	ask_write(t);
}
