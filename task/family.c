/*
 * Children of a task. What else falls to it, as the first of a namespace, is
 * reaped as well, and nobody hears of that.
 */

#include <sys/types.h>
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "family.h"
#include "message.h"
#include "reap.h"
#include "self.h"

struct family_limits family_limits = { FAMILY_CHILDREN, FAMILY_DEPTH };

static pid_t *children;
static size_t count, size;

int
family_room(void)
{
	pid_t *more;

	if (family_limits.depth == 0 || count >= family_limits.children) {
		errno = EAGAIN;
		return (-1);
	}
	if (count < size)
		return (0);
	more = reallocarray(children, size + 64, sizeof(*children));
	if (more == NULL)
		return (-1);
	children = more;
	size += 64;
	return (0);
}

void
family_add(pid_t pid)
{
	children[count++] = pid;
}

size_t
family_count(void)
{
	return (count);
}

void
family_forget(void)
{
	count = 0;
	if (family_limits.depth > 0)
		family_limits.depth--;
}

static uint64_t
microseconds(const struct timeval *t)
{
	return ((uint64_t)t->tv_sec * 1000000 + (uint64_t)t->tv_usec);
}

void
family_ended(pid_t pid, int status, const struct rusage *used)
{
	struct task_exit m;
	size_t i;

	for (i = 0; i < count && children[i] != pid; i++)
		;
	if (i == count)
		return;
	children[i] = children[--count];
	memset(&m, 0, sizeof(m));
	m.inner = pid;
	if (WIFEXITED(status)) {
		m.code = CLD_EXITED;
		m.status = WEXITSTATUS(status);
	} else {
		m.code = WCOREDUMP(status) ? CLD_DUMPED : CLD_KILLED;
		m.status = WTERMSIG(status);
	}
	m.utime = microseconds(&used->ru_utime);
	m.stime = microseconds(&used->ru_stime);
	m.maxrss = (uint64_t)used->ru_maxrss;
	self_send(TASK_EXIT, -1, &m, sizeof(m));
}

int
family_reap(pid_t wanted, int *status)
{
	struct rusage used;
	pid_t pid;
	int found = 0, s;

	while ((pid = reap_ended(-1, &s, &used)) > 0) {
		family_ended(pid, s, &used);
		if (pid == wanted) {
			found = 1;
			*status = s;
		}
	}
	self_flush();
	return (found);
}
