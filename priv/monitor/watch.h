/*
 * How priv notices that a child has ended: by its pidfd, at a cost that does
 * not grow with their number. Those that have none, because the system has no
 * such thing or a tracer holds on to a dead one, are looked at after a
 * SIGCHLD.
 */

#ifndef MONITOR_WATCH_H
#define MONITOR_WATCH_H

#include <sys/types.h>

#include "monitor/child.h"

/* ended: to be called for each child that has ended, or may have. */
void watch_init(void (*ended)(struct child *));

/* The descriptor that polls readable when one has ended; -1: there is none. */
int watch_fd(void);
/* It does: call ended. */
void watch_dispatch(void);

/* Watch c, which has its pid. */
void watch_child(struct child *);
/* Watch it by SIGCHLD from now on. */
void watch_by_signal(struct child *);
/*
 * Watch a process that is no child of ours, by its pidfd alone, before it is
 * known to be pid: 0, or -1 with errno.
 */
int watch_foreign(struct child *, pid_t pid);
/* Does its pidfd say that it has ended? 1 or 0; 0, too, without one. */
int watch_has_ended(const struct child *);
/* Do not watch it any longer; it may not be watched at all. */
void watch_forget(struct child *);

/* 1 or 0: is pid a child of ours that was not reaped? */
int watch_is_child(pid_t);

/* A child was seen dead, and not reaped: a SIGCHLD was, or will be, its own. */
void watch_explain(void);

/* Reap c if it is dead: 1, with c->usage and its status, or 0. */
int watch_reap(struct child *, int *status);
/* The same for one that is in no table. */
int watch_reap_pid(pid_t);

/*
 * Each SIGCHLD has a child that we reap: how many of them have none yet; see
 * stray.c.
 */
int watch_unexplained(void);
void watch_set_unexplained(int);
/* A turn of the loop begins. came: was there a SIGCHLD since the last one? */
void watch_signal(int came);

#endif
