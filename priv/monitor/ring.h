/*
 * Broker, worker and keeper as priv has them: children of a kind of their own.
 */

#ifndef MONITOR_RING_H
#define MONITOR_RING_H

#include <sys/types.h>

/* pid is that process; the name is kept. */
void ring_add(const char *name, pid_t pid);

/* From here on the ends of all processes of the ring are noticed. */
void ring_watch(void);

/* SIGCHLD has come: those that stay stopped are continued in a while. */
void ring_check(void);

/*
 * Hand the worker what is queued, then close all channels, which is how the
 * processes of the ring hear that it is over. Those that do not end in time
 * are killed.
 */
void ring_end(void);

#endif
