/*
 * Reaping. A child can have its parent trace it (PTRACE_TRACEME), and then
 * wait(2) tells of each of its stops, whatever it is asked for. A stop is no
 * end: the first two tell of ends only.
 */

#ifndef REAP_H
#define REAP_H

#include <sys/types.h>
#include <sys/resource.h>

/*
 * wait4(2) without waiting, for pid or, if that is -1, any child: the pid of
 * one that has ended and is reaped now, with its status and, if ru is not
 * NULL, what it has used. 0: none has; -1 with errno: there is none.
 */
pid_t reap_ended(pid_t pid, int *status, struct rusage *ru);

/*
 * Has pid, a child, ended, without reaping it: 1 or 0. -1 for pid is any of
 * them, whose pid is *which then, if that is not NULL.
 */
int reap_has_ended(pid_t pid, pid_t *which);

/* Is pid, a child, stopped, and nobody traces it? 1 or 0. */
int reap_is_stopped(pid_t pid);

/*
 * How it ended, for the log, of a status of wait(2) or -1: "with status 3", or
 * "by signal 9 (Killed)". It lives until the next call.
 */
const char *reap_words(int status);

#endif
