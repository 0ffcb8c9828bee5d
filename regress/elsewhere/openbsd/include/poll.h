#ifndef OPENBSD_POLL_H
#define OPENBSD_POLL_H

#include <sys/types.h>
#include <signal.h>

#define POLLIN 0x1
#define POLLPRI 0x2
#define POLLOUT 0x4
#define POLLERR 0x8
#define POLLHUP 0x10
#define POLLNVAL 0x20

typedef unsigned int nfds_t;

struct pollfd {
	int fd;
	short events, revents;
};

int poll(struct pollfd *, nfds_t, int);
int ppoll(struct pollfd *, nfds_t, const struct timespec *, const sigset_t *);

#endif
