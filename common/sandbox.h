/*
 * What each process gives up, for good, before it does its work: the last
 * step of its start-up, behind all that opens, makes or looks up anything.
 * Each system has its own file in compat/. All of them end the process
 * (fatal) if the system refuses what it says it can do; what it cannot do is
 * one line in the log, and the process goes on.
 */

#ifndef SANDBOX_H
#define SANDBOX_H

#include <sys/types.h>

#include <stdint.h>

/*
 * Guard and reaper hear signals, and the latter priv; they read /proc, signal
 * and reap processes. Their signal handlers are set before. They remove
 * directories below those places; write: and write to files there.
 */
void sandbox_guard(const int *places, size_t count, int write);
void sandbox_reaper(const int *places, size_t count, int write);

/*
 * The keeper makes, reads, writes and removes below these directories, and
 * talks to priv.
 */
void sandbox_keeper(const int *dirs, size_t count);

/*
 * Priv signals, renices and reaps, and talks to all others. It opens and
 * makes nothing, and its signal handlers are set. forks: there is no launcher,
 * so it makes the children itself; that leaves nothing to be taken away on
 * Linux.
 */
void sandbox_priv(int forks);

/*
 * A launcher in privileged mode: its own uid, and its children's, can become
 * uid and no other, and nobody who does not know the secret makes children for
 * its parent. The children inherit that, so what else programs do is free; and
 * so is what a capability in caps is for, 1 << n for each, which they have. 0
 * in a build without sandboxes, as for the sanitizers: then there is nothing to
 * prove.
 */
int sandbox_launcher(uid_t uid, uint64_t secret, uint64_t caps);

/* The broker reads its port and talks; the port is standard input. */
void sandbox_broker(void);

/*
 * The worker moves bytes between descriptors that it has or is sent, and
 * tends terminals; the port is standard output. Returns the names of what
 * holds it, which this system may have less of than the build: NULL is behind
 * the last.
 */
const char *const *sandbox_worker(void);

/*
 * Of the task program: the guard reads /proc, signals and reaps; the switch
 * does that, too, moves bytes between descriptors that it has or is sent, and
 * talks to tasks. The node's frames are standard input and output.
 */
void sandbox_task_guard(void);
void sandbox_switch(void);

#endif
