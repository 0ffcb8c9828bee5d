/*
 * What the node asks for. The switch looks at the heads of frames only: a
 * call's arguments are read where it is carried out.
 */

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include "compat/pidfd.h"

#include "task/ask.h"
#include "task/call.h"
#include "task/death.h"
#include "task/frame.h"
#include "task/message.h"
#include "task/peer.h"
#include "task/request.h"
#include "task/stop.h"
#include "task/stream.h"
#include "task/table.h"
#include "task/tell.h"

#define FDS_TASK 5 /* descriptors of the switch for one task, at most */
#define FDS_OWN 32 /* and for itself */
#define KILL_MAX INT32_MAX /* ms */

static rlim_t fds_max;

void
request_init(rlim_t fds)
{
	fds_max = fds;
}

static int
forks(uint32_t number)
{
	return (
	    number < call_rows_count && call_rows[number].marks & CALL_FORKS);
}

/* Is there room for one task more? */
static int
room(void)
{
	return ((rlim_t)table_count * FDS_TASK + FDS_OWN < fds_max);
}

static int
on_call(struct task *t, const struct frame *f, const char **what)
{
	struct task_call m = { f->seq, 0, 0 };
	uint32_t ms;

	*what = "call";
	if (f->len < 7)
		return (-1);
	ms = frame_32(f->data);
	m.number = frame_16(f->data + 4);
	if (forks(m.number) && !room())
		tell_error(t->number, f->seq, "limit", EAGAIN, "nofile", 0);
	else
		ask_for(t, TASK_CALL, f->seq, m.number, ms, &m, sizeof(m),
		    f->data + 6, f->len - 6);
	return (0);
}

/* The calls of a batch: how many make tasks; -1: they are not what is said. */
static int
batch_forks(const uint8_t *p, size_t len, unsigned int count)
{
	size_t size;
	int n = 0;

	for (; count > 0; count--) {
		if (len < 6)
			return (-1);
		size = frame_32(p + 2);
		if (size == 0 || size > len - 6)
			return (-1);
		n += forks(frame_16(p));
		p += 6 + size;
		len -= 6 + size;
	}
	return (len == 0 ? n : -1);
}

static int
on_batch(struct task *t, const struct frame *f, const char **what)
{
	struct task_batch m = { f->seq, 0, 0 };
	uint16_t first;
	int n;

	*what = "batch";
	if (f->len < 13)
		return (-1);
	m.flags = f->data[4];
	m.count = frame_16(f->data + 5);
	first = frame_16(f->data + 7);
	n = batch_forks(f->data + 7, f->len - 7, m.count);
	if (n == -1 || m.count == 0 || m.flags & ~BATCH_ALL)
		return (-1);
	if (n > 0 && !room())
		tell_error_of_batch(
		    t->number, f->seq, "limit", EAGAIN, "nofile", 0);
	else
		ask_for(t, TASK_BATCH, f->seq, first, frame_32(f->data), &m,
		    sizeof(m), f->data + 7, f->len - 7);
	return (0);
}

static int
on_stdin(struct task *t, const struct frame *f, const char **what)
{
	*what = "stdin";
	return (stream_input(t, f->data, f->len));
}

static int
on_close(struct task *t, const struct frame *f, const char **what)
{
	*what = "close";
	if (f->len != 1 || f->data[0] > 2)
		return (-1);
	if (t->state != TASK_PROGRAM)
		tell_error(t->number, f->seq, "state", EACCES, "close", 0);
	else if (stream_close(t, f->data[0]) == -1)
		tell_error(t->number, f->seq, "call", EBADF, "close", 0);
	else
		tell_ok(t->number, f->seq);
	return (0);
}

static int
on_ack(struct task *t, const struct frame *f, const char **what)
{
	*what = "ack";
	if (f->len != 5)
		return (-1);
	return (stream_ack(t, f->data[0], frame_32(f->data + 1)));
}

/* To the group that it leads. */
static int
kill_group(const struct task *t, int sig)
{
	if (t->pid == 0 || getpgid(t->pid) != t->pid ||
	    pidfd_signal(t->pidfd.fd, 0) == -1) {
		errno = ESRCH;
		return (-1);
	}
	return (kill(-t->pid, sig));
}

static int
kill_subtree(struct task *top, int sig)
{
	struct task *t;
	int r = -1;

	for (t = top; t != NULL; t = table_next(top, t))
		if (!t->dead && t->pidfd.fd != -1 &&
		    pidfd_signal(t->pidfd.fd, sig) == 0)
			r = 0;
	return (r);
}

static int
on_kill(struct task *t, const struct frame *f, const char **what)
{
	int sig, r = -1;

	*what = "kill";
	if (f->len != 2 || f->data[0] > SCOPE_SUBTREE || f->data[1] >= NSIG)
		return (-1);
	sig = f->data[1];
	errno = ESRCH;
	if (t->dead)
		r = -1;
	else if (f->data[0] == SCOPE_PROCESS)
		r = pidfd_signal(t->pidfd.fd, sig);
	else if (f->data[0] == SCOPE_GROUP)
		r = kill_group(t, sig);
	else
		r = kill_subtree(t, sig);
	if (r == -1)
		tell_error(t->number, f->seq, "call", errno, "kill", 0);
	else
		tell_ok(t->number, f->seq);
	return (0);
}

static int
on_stop(struct task *t, const struct frame *f, const char **what)
{
	uint32_t ms;

	*what = "stop";
	if (f->len != 5 || f->data[0] >= NSIG)
		return (-1);
	if ((ms = frame_32(f->data + 1)) > KILL_MAX)
		return (-1);
	if (f->task == TASK_TREE)
		stop_tree(f->seq, f->data[0], ms);
	else
		stop_task(t, f->seq, f->data[0], ms);
	return (0);
}

/* One of t's options is to be value: 0, or -1 it cannot be. */
static int
option_set(struct task *t, unsigned int option, int64_t value)
{
	errno = EINVAL;
	switch (option) {
	case OPTION_MAXCHILD:
		if (value < (int64_t)table_children(t) || value > UINT32_MAX)
			return (-1);
		t->maxchild = (uint32_t)value;
		break;
	case OPTION_MAXFORKDEPTH:
		if (value < 0 || value > UINT32_MAX)
			return (-1);
		t->maxdepth = (uint32_t)value;
		break;
	case OPTION_SIGNALONEOF:
		if (value < 0 || value >= NSIG)
			return (-1);
		t->signaloneof = (int)value;
		break;
	case OPTION_KILL_TIMEOUT:
		if (value < 0 || value > KILL_MAX)
			return (-1);
		t->kill_timeout = value;
		break;
	case OPTION_LINGER:
		if (value < -1 || value > KILL_MAX)
			return (-1);
		t->linger = value;
		break;
	default:
		if (value < 1 || value > WIRE_OUTPUT)
			return (-1);
		t->window = (uint32_t)value;
	}
	if (option <= OPTION_MAXFORKDEPTH)
		peer_limits(t);
	return (0);
}

static int64_t
option_get(const struct task *t, unsigned int option)
{
	switch (option) {
	case OPTION_MAXCHILD:
		return (t->maxchild);
	case OPTION_MAXFORKDEPTH:
		return (t->maxdepth);
	case OPTION_SIGNALONEOF:
		return (t->signaloneof);
	case OPTION_KILL_TIMEOUT:
		return (t->kill_timeout);
	case OPTION_LINGER:
		return (t->linger);
	default:
		return (t->window);
	}
}

static int
on_option(struct task *t, const struct frame *f, const char **what)
{
	*what = "option";
	if (f->len != 10 || f->data[0] < OPTION_MAXCHILD ||
	    f->data[0] > OPTION_WINDOW || f->data[1] > 1)
		return (-1);
	if (f->data[1] == 1 &&
	    option_set(t, f->data[0], (int64_t)frame_64(f->data + 2)) == -1)
		tell_error(t->number, f->seq, "argument", EINVAL, NULL, 2);
	else
		tell_value(t->number, f->seq, option_get(t, f->data[0]));
	return (0);
}

static int
on_list(struct task *t, const struct frame *f, const char **what)
{
	*what = "list";
	(void)t;
	if (f->len != 0)
		return (-1);
	tell_list(f->task, f->seq);
	return (0);
}

static int
on_winsz(struct task *t, const struct frame *f, const char **what)
{
	*what = "winsz";
	if (f->len != 4)
		return (-1);
	if (t->state != TASK_PROGRAM)
		tell_error(t->number, f->seq, "state", EACCES, "winsz", 0);
	else if (stream_winsz(t, frame_16(f->data), frame_16(f->data + 2)) ==
		 -1)
		tell_error(t->number, f->seq, "call", errno, "winsz", 0);
	else
		tell_ok(t->number, f->seq);
	return (0);
}

static const struct {
	int (*handler)(struct task *, const struct frame *, const char **);
	int tree; /* the tree can be asked, too */
	int silent; /* it has no answer */
} requests[] = {
	[WIRE_CALL] = { on_call, 0, 0 },
	[WIRE_BATCH] = { on_batch, 0, 0 },
	[WIRE_STDIN] = { on_stdin, 0, 1 },
	[WIRE_CLOSE] = { on_close, 0, 0 },
	[WIRE_ACK] = { on_ack, 0, 1 },
	[WIRE_KILL] = { on_kill, 0, 0 },
	[WIRE_STOP] = { on_stop, 1, 0 },
	[WIRE_OPTION] = { on_option, 0, 0 },
	[WIRE_LIST] = { on_list, 1, 0 },
	[WIRE_WINSZ] = { on_winsz, 0, 0 },
};

/* The answer to what is asked of a task that is not there. */
static void
gone(const struct frame *f)
{
	if (requests[f->type].silent)
		return;
	if (f->type == WIRE_BATCH)
		tell_error_of_batch(
		    f->task, f->seq, "gone", ESRCH, NULL, f->task);
	else if (f->type == WIRE_STOP)
		tell_ok(f->task, f->seq);
	else
		tell_error(f->task, f->seq, "gone", ESRCH, NULL, f->task);
}

int
request_take(const struct frame *f, const char **what)
{
	struct task *t = table_by_number(f->task);

	*what = "type";
	if (f->type >= sizeof(requests) / sizeof(requests[0]) ||
	    requests[f->type].handler == NULL)
		return (-1);
	if (f->task == TASK_TREE && !requests[f->type].tree) {
		*what = "task";
		return (-1);
	}
	/* What has a task of its own, or can wait for what is below a dead one.
	 */
	if (f->task != TASK_TREE &&
	    (t == NULL || !t->born || (t->told && f->type != WIRE_STOP))) {
		gone(f);
		return (0);
	}
	if (f->type <= WIRE_BATCH && t->state == TASK_PROGRAM) {
		if (f->type == WIRE_BATCH)
			tell_error_of_batch(
			    t->number, f->seq, "state", EACCES, "program", 0);
		else
			tell_error(
			    t->number, f->seq, "state", EACCES, "program", 0);
		return (0);
	}
	return (requests[f->type].handler(t, f, what));
}
