/*
 * Making a child where it cannot be made on a parent's behalf: a plain fork.
 * A pipe that exec closes tells whether the child got that far.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "proc.h"

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

pid_t
proc_make_child(
    void (*fn)(void *), void *arg, void *result, size_t size, pid_t *board)
{
	struct pollfd pfd;
	int fds[2];
	pid_t pid;

	(void)board;
	if (pipe2(fds, O_CLOEXEC) == -1)
		return (-1);
	if ((pid = fork()) == 0)
		child_start(fn, arg, result, size, fds[1]);
	(void)close(fds[1]);
	if (pid != -1) {
		pfd.fd = fds[0];
		pfd.events = POLLIN;
		if (poll(&pfd, 1, CHILD_TIMEOUT) != 1)
			(void)kill(pid, SIGKILL);
		else if (read(fds[0], result, size) == -1)
			(void)kill(pid, SIGKILL);
	}
	(void)close(fds[0]);
	return (pid);
}
