/*
 * What a leader leaves of its group: after a stop or a timeout its end is not
 * told before that of its group (kill_group). The leader may go at once and
 * others take their time, as a shell does whose commands are servers; they
 * have it until the stop's deadline.
 */

#ifndef MONITOR_LEFT_H
#define MONITOR_LEFT_H

#include <sys/types.h>

#include <stdint.h>

#include "monitor/child.h"

/* gone: called when nobody is left of c's group, or is waited for. */
void left_init(void (*gone)(struct child *));

/*
 * c was reaped, ms before its deadline if it has one. Must its end wait for the
 * rest of its group? One that has joined another's group leaves that to its
 * leader. 1: c is CHILD_LEFT, and gone will be called; else 0.
 */
int left_begin(struct child *, int64_t ms);

/* It waits no longer: gone is not called. */
void left_end(struct child *);

/* pid is a new process: no group of that number is left. */
void left_pid_reused(pid_t);

#endif
