#ifndef OPENBSD_SYS_EVENT_H
#define OPENBSD_SYS_EVENT_H

#include <sys/types.h>
#include <time.h>

#define EVFILT_READ (-1)
#define EVFILT_WRITE (-2)
#define EVFILT_PROC (-5)
#define EVFILT_SIGNAL (-6)
#define EVFILT_TIMER (-7)
#define EV_ADD 0x1
#define EV_DELETE 0x2
#define EV_ENABLE 0x4
#define EV_DISABLE 0x8
#define EV_ONESHOT 0x10
#define EV_CLEAR 0x20
#define EV_RECEIPT 0x40
#define EV_EOF 0x8000
#define EV_ERROR 0x4000
#define NOTE_EXIT 0x80000000
#define NOTE_FORK 0x40000000
#define NOTE_EXEC 0x20000000
#define NOTE_TRACK 0x1
#define NOTE_TRACKERR 0x2
#define NOTE_CHILD 0x4

struct kevent {
	uintptr_t ident;
	short filter;
	unsigned short flags;
	unsigned int fflags;
	int64_t data;
	void *udata;
};

#define EV_SET(e, i, f, l, n, d, u)                  \
	((void)(*(e) = (struct kevent){ (uintptr_t)(i), \
	    (short)(f), (unsigned short)(l), (n), (d), (u) }))

int kevent(int, const struct kevent *, int, struct kevent *, int,
    const struct timespec *);
int kqueue(void);
int kqueue1(int);

#endif
