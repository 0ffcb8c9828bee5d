/*
 * Errors that say nothing of what a call was for, but that the system had no
 * memory or no room at that moment: another try may well be granted.
 */

#ifndef STARVED_H
#define STARVED_H

#include <errno.h>
#include <poll.h>

#define STARVED_MS 1 /* before that try, so that it is no busy loop */

/* 1 behind a pause: try it again. 0: error is another one. errno is kept. */
static inline int
starved(int error)
{
	if (error != ENOMEM && error != ENOBUFS && error != EMFILE &&
	    error != ENFILE)
		return (0);
	(void)poll(NULL, 0, STARVED_MS);
	errno = error;
	return (1);
}

#endif
