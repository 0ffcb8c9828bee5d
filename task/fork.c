/*
 * A task makes another one: its child, with a channel of its own to the switch,
 * which is handed a descriptor of it, so that no number is ever mistaken.
 */

#include <sys/socket.h>
#include <sys/types.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "answer.h"
#include "calls.h"
#include "caught.h"
#include "compat/task_os.h"
#include "family.h"
#include "filter.h"
#include "fork.h"
#include "log.h"
#include "message.h"
#include "self.h"

static pid_t ward;

pid_t
fork_ward(void)
{
	return (ward);
}

/* The child is one of the tree's, without a child or a right of its own. */
static void
child_begin(pid_t parent, int fd)
{
	self_take(fd);
	family_forget();
	filter_born();
	self_begin(getppid() == 0 ? 0 : parent, 0);
}

/* It is told of before it is answered; what is passed on is the switch's. */
static void
parent_tell(pid_t pid, unsigned long flags, int channel, int pidfd)
{
	struct task_born m;

	memset(&m, 0, sizeof(m));
	m.seq = answer_seq();
	m.inner = pid;
	m.flags = (uint32_t)flags;
	self_send(TASK_BORN, channel, &m, sizeof(m));
	if (pidfd != -1)
		self_send(TASK_PIDFD, pidfd, &m, sizeof(m));
	self_flush();
}

/* Its pid, 0 in the child, or -1. */
static pid_t
make(struct call *c, unsigned long flags)
{
	int error, pidfd, fds[2];
	pid_t pid, parent = getpid();

	if (family_room() == -1)
		return (call_failed(c, "limit", errno, c->row->name));
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == -1)
		return (-1);
	if ((pid = os_clone(flags, &pidfd)) == 0) {
		(void)close(fds[0]);
		child_begin(parent, fds[1]);
		return (0);
	}
	error = errno;
	(void)close(fds[1]);
	if (pid == -1) {
		(void)close(fds[0]);
		errno = error;
		return (-1);
	}
	family_add(pid);
	parent_tell(pid, flags, fds[0], pidfd);
	return (pid);
}

static int
make_answered(struct call *c, unsigned long flags)
{
	pid_t pid = make(c, flags);

	if (pid == -1)
		return (-1);
	etf_put_int(c->out, pid);
	return (0);
}

static int
call_fork(struct call *c)
{
	return (make_answered(c, 0));
}

static int
call_clone(struct call *c)
{
	unsigned long flags = (unsigned long)c->a[0].number;

	if ((flags & ~os_clone_flags) != 0)
		return (call_wrong(c, 1, EINVAL));
	return (make_answered(c, flags));
}

/*
 * The first of a namespace of processes must not be a program that reaps
 * nobody: so this one stays what it is, for the sake of its child.
 */
static int
call_init(struct call *c)
{
	pid_t pid;

	if (family_count() > 0)
		return (call_failed(c, "state", EACCES, c->row->name));
	if ((pid = make(c, 0)) == -1)
		return (-1);
	ward = pid;
	etf_put_int(c->out, pid);
	return (0);
}

const struct call_handler fork_handlers[] = {
	{ "fork", call_fork },
	{ "clone", call_clone },
	{ "init", call_init },
	{ NULL, NULL },
};
