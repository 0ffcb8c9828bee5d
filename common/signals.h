/*
 * Signals: which of them a process gets and when, and what asks a process
 * group to end.
 */

#ifndef SIGNALS_H
#define SIGNALS_H

#include <sys/types.h>

#include <poll.h>
#include <signal.h>
#include <stddef.h>

/*
 * Handle those that end proctor, and SIGCHLD, which tells of stops, too, while
 * signals_poll() waits, and only then. To be called by the thread that waits.
 * Fatal on failure.
 */
void signals_catch(void);

/* In a child of a process that has caught some: none has a handler left. */
void signals_uncatch(void);

/*
 * In a child with all signals blocked: what a terminal has sent to the group
 * that it was born into is not for it. Whoever else signals it knows its pid,
 * which nobody does before it has a group of its own. A signal that is ignored
 * for a moment is no longer pending.
 */
void signals_discard_typed(void);

/*
 * poll(2) for n descriptors, which also ends when a signal is caught. Takes
 * ms, or -1 for no limit; returns how many are ready, 0 if none is. Fatal on
 * failure.
 */
int signals_poll(struct pollfd *, size_t n, int ms);

/*
 * The two halves of that, for whoever waits by another call: what is to be
 * blocked meanwhile, and to be called behind it where something was ready, as
 * no signal was delivered then.
 */
void signals_mask(sigset_t *);
void signals_take(void);

/* Was sig caught since this was asked last? */
int signals_got(int sig);

/*
 * Send sig to each process of a group, and SIGCONT after it, so that those
 * that are stopped get it, too. It may have no process any more.
 */
void signals_group(pid_t group, int sig);

#endif
