/*
 * By kqueue(2): NOTE_TRACK has the kernel watch what a watched process forks,
 * in the fork itself, so that none is missed but for want of memory.
 */

#include <sys/types.h>
#include <sys/event.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <time.h>

#include "follow.h"

#define SIGNALS 3

const int follow_able = 1;

int
follow_open(pid_t child)
{
	static const int sigs[SIGNALS] = { SIGTERM, SIGINT, SIGHUP };
	struct kevent kev[SIGNALS + 1];
	int fd, i;

	if ((fd = kqueue()) == -1 || fcntl(fd, F_SETFD, FD_CLOEXEC) == -1)
		return (-1);
	for (i = 0; i < SIGNALS; i++)
		EV_SET(&kev[i], sigs[i], EVFILT_SIGNAL, EV_ADD, 0, 0, NULL);
	EV_SET(&kev[i], child, EVFILT_PROC, EV_ADD, NOTE_EXIT | NOTE_TRACK, 0,
	    NULL);
	return (kevent(fd, kev, SIGNALS + 1, NULL, 0, NULL) == -1 ? -1 : fd);
}

int
follow_next(int fd, int ms, struct follow_event *e)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000L };
	struct kevent kev;
	int n;

	n = kevent(fd, NULL, 0, &kev, 1, ms == -1 ? NULL : &ts);
	if (n != 1)
		return (n == -1 && errno == EINTR ? 0 : n);
	e->pid = (pid_t)kev.ident;
	if (kev.filter == EVFILT_SIGNAL) {
		e->what = FOLLOW_SIGNAL;
		return (1);
	}
	e->what = (kev.fflags & NOTE_CHILD ? FOLLOW_BORN : 0) |
		  (kev.fflags & NOTE_EXIT ? FOLLOW_ENDED : 0) |
		  (kev.fflags & NOTE_TRACKERR ? FOLLOW_LOST : 0);
	return (1);
}
