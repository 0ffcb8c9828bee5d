/*
 * How children are made: each by the launcher of the user that it runs as, or,
 * where there are no launchers, by priv itself. This is priv's side of it; a
 * launcher's is in priv/launcher.
 */

#ifndef MONITOR_LAUNCH_H
#define MONITOR_LAUNCH_H

#include <sys/types.h>

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

#include "dispatch.h"

#include "monitor/child.h"

/* The messages of a launcher: kept, and must live as long. */
void launch_init(const struct dispatch *, size_t rows);

/* Start a launcher for t, where there are any. While we are root. */
void launch_start(struct runas *t);

/*
 * Have c made as r says, its leaf first if it is to have one; r need not live
 * longer. c->started is called when it was, or was not; that may be at once.
 */
void launch_run(struct child *c, const struct run *r);

/* 1 or 0: can children of that user still be made? */
int launch_alive(const struct runas *);
/* 1 or 0: may one more be asked for? */
int launch_room(const struct runas *);
/* 1 or 0: is nothing to be asked for, of anybody, until some were made? */
int launch_busy(void);
/*
 * 1 or 0: may a launcher name that process yet, a child of ours that is dead
 * and in no table? Not if all have been heard of that were asked for when this
 * was first asked of it.
 */
int launch_may_name(pid_t);

/* For the loop: so many channels, what they wait for, what came of it. */
size_t launch_count(void);
int launch_poll(struct pollfd *); /* as channel_poll() */
void launch_dispatch(const struct pollfd *);
/* What waits for launchers leaves now: before the next sleep. */
void launch_send(void);

/* Kill those launchers that are making a child, and that child. */
void launch_kill_busy(void);
/* They hear that it is over. */
void launch_close(void);

/* Handlers of what launchers say. */
int launch_handle_stream(const struct msg *);
int launch_handle_launched(const struct msg *);

#endif
