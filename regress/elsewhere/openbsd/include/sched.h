#ifndef OPENBSD_SCHED_H
#define OPENBSD_SCHED_H

int sched_yield(void);

#endif
