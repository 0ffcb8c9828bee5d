#ifndef OPENBSD_SYS_SELECT_H
#define OPENBSD_SYS_SELECT_H

#include <sys/types.h>
#include <sys/time.h>

#define FD_SETSIZE 1024

typedef struct {
	unsigned int bits[FD_SETSIZE / 32];
} fd_set;

#define FD_ZERO(set) memset((set), 0, sizeof(fd_set))
#define FD_SET(n, set) \
	((void)((set)->bits[(unsigned int)(n) / 32] |= 1U << (n) % 32))
#define FD_CLR(n, set) \
	((void)((set)->bits[(unsigned int)(n) / 32] &= ~(1U << (n) % 32)))
#define FD_ISSET(n, set) \
	(((set)->bits[(unsigned int)(n) / 32] & 1U << (n) % 32) != 0)

int select(int, fd_set *, fd_set *, fd_set *, struct timeval *);

#endif
