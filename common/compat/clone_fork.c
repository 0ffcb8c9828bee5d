/*
 * Making a child where it cannot be made on a parent's behalf: a plain fork.
 * A pipe that exec closes tells whether the child got that far.
 */

#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "proc.h"

uint64_t
proc_make_secret(void)
{
	return (0);
}

/* A child may be held (by a file system, by its user): not for ever. */
#define CHILD_TIMEOUT 10000 /* ms */

static void
child_start(
    void (*fn)(void *), void *arg, const void *result, size_t size, int fd)
{
	fn(arg);
	if (write(fd, result, size) == -1)
		_exit(126);
	_exit(127);
}

/* 1 if the child got to its exec, 0 if result was read, -1 if it is held. */
static int
child_outcome(int fd, void *result, size_t size)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	ssize_t n;

	if (poll(&pfd, 1, CHILD_TIMEOUT) != 1)
		return (-1);
	if ((n = read(fd, result, size)) == 0)
		return (1);
	return (n == (ssize_t)size ? 0 : -1);
}

pid_t
proc_make_child(void (*fn)(void *), void *arg, void *result, size_t size,
    pid_t *board, int apart)
{
	int fds[2], outcome;
	pid_t pid;

	(void)board;
	(void)apart; /* it always is */
	if (pipe2(fds, O_CLOEXEC) == -1)
		return (-1);
	if ((pid = fork()) == 0)
		child_start(fn, arg, result, size, fds[1]);
	(void)close(fds[1]);
	outcome = pid == -1 ? 1 : child_outcome(fds[0], result, size);
	(void)close(fds[0]);
	if (outcome == 1)
		return (pid);
	/* It has nothing more to do: no zombie is left of it. */
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	errno = ETIMEDOUT;
	return (outcome == 0 ? pid : -1);
}
