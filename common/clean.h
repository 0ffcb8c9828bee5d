/*
 * The end of what a process that has died has left: all of it falls to this
 * one, which is a subreaper.
 */

#ifndef CLEAN_H
#define CLEAN_H

#include <sys/types.h>

struct cleaner {
	/* 1: pid, a child of ours, is to be killed. */
	int (*wants)(pid_t);
	/* Send it, and what is below it, SIGKILL. */
	void (*kill)(pid_t);
	/* A child of ours was reaped. */
	void (*reaped)(pid_t);
};

/*
 * Kill our children, and what these leave, until there is nothing, or for a
 * while nothing but dead ones that others trace. proc_children_open() must have
 * been called. One line in the log if some survive.
 */
void clean_children(const struct cleaner *);

/* Note those that are there already: they are not ours. Fatal on failure. */
void stranger_note(void);

/* Is pid one of them? 1 or 0. */
int stranger_is(pid_t);

/* It was reaped: its number may be another process's from now on. */
void stranger_gone(pid_t);

#endif
