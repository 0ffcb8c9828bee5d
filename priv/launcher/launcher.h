/*
 * A launcher: the process that makes the children of one user, one at a time.
 */

#ifndef LAUNCHER_LAUNCHER_H
#define LAUNCHER_LAUNCHER_H

#include <sys/types.h>

struct runas;

/*
 * Be the launcher of t: fd is the channel to priv, in_flight the memory shared
 * with it. Runs in the process that was forked for it.
 */
void launcher_main(int fd, struct runas *t, pid_t *in_flight)
    __attribute__((__noreturn__));

#endif
