/*
 * Terminals, which know no call that never waits: the flag is set before each
 * one, and should it be cleared in that moment, a signal ends the wait.
 */

#include <sys/ioctl.h>
#include <sys/time.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "compat/stream.h"
#include "log.h"

static int terminals;

static void
on_tick(int sig)
{
	(void)sig;
}

/* In the way of nobody but who waits in a call. */
void
stream_tick_init(void)
{
	struct sigaction sa;
	sigset_t tick;

	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = on_tick;
	(void)sigemptyset(&sa.sa_mask);
	(void)sigemptyset(&tick);
	(void)sigaddset(&tick, SIGALRM);
	if (sigaction(SIGALRM, &sa, NULL) == -1 ||
	    sigprocmask(SIG_UNBLOCK, &tick, NULL) == -1)
		fatal("signal of the tick");
}

void
stream_terminals(int more)
{
	struct itimerval every = { { 1, 0 }, { 1, 0 } }, never = { 0 };
	int before = terminals;

	terminals += more;
	if ((before == 0) == (terminals == 0))
		return;
	if (setitimer(ITIMER_REAL, terminals > 0 ? &every : &never, NULL) == -1)
		fatal("timer of the tick");
}

/* EINTR: by a tick. Was it a wait that there should not have been? */
static int
held(int fd)
{
	int flags;

	if (errno != EINTR)
		return (0);
	flags = fcntl(fd, F_GETFL);
	errno = EINTR;
	if (flags != -1 && flags & O_NONBLOCK)
		return (0);
	log_warnx("somebody has made a terminal wait");
	errno = EIO;
	return (1);
}

int
stream_unwaiting(int fd)
{
	const int yes = 1;

	return (ioctl(fd, FIONBIO, &yes));
}

ssize_t
stream_get_terminal(int fd, void *buf, size_t len)
{
	ssize_t n;

	do {
		if (stream_unwaiting(fd) == -1)
			return (-1);
		n = read(fd, buf, len);
	} while (n == -1 && !held(fd) && errno == EINTR);
	return (n);
}

ssize_t
stream_put_terminal(int fd, const struct iovec *iov, int count)
{
	ssize_t n;

	do {
		if (stream_unwaiting(fd) == -1)
			return (-1);
		n = writev(fd, iov, count);
	} while (n == -1 && !held(fd) && errno == EINTR);
	return (n);
}
