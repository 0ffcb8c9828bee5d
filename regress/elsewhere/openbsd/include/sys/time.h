#ifndef OPENBSD_SYS_TIME_H
#define OPENBSD_SYS_TIME_H

#include <sys/types.h>
#include <time.h>

struct timeval {
	time_t tv_sec;
	suseconds_t tv_usec;
};

struct itimerval {
	struct timeval it_interval, it_value;
};

#define ITIMER_REAL 0
#define ITIMER_VIRTUAL 1
#define ITIMER_PROF 2

#define timespecclear(t) ((t)->tv_sec = (t)->tv_nsec = 0)
#define timespeccmp(a, b, cmp)               \
	((a)->tv_sec == (b)->tv_sec          \
		? ((a)->tv_nsec cmp(b)->tv_nsec) \
		: ((a)->tv_sec cmp(b)->tv_sec))
#define timespecadd(a, b, to)                           \
	((to)->tv_sec = (a)->tv_sec + (b)->tv_sec,      \
	    (to)->tv_nsec = (a)->tv_nsec + (b)->tv_nsec)
#define timespecsub(a, b, to)                           \
	((to)->tv_sec = (a)->tv_sec - (b)->tv_sec,      \
	    (to)->tv_nsec = (a)->tv_nsec - (b)->tv_nsec)

int getitimer(int, struct itimerval *);
int gettimeofday(struct timeval *, void *);
int setitimer(int, const struct itimerval *, struct itimerval *);
int utimes(const char *, const struct timeval *);

#endif
