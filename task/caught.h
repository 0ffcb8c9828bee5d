/*
 * The signals of a task. Those that are caught, which at first are all, are
 * blocked, and fetched one by one between two calls: the switch is told. The
 * others are left to the system.
 */

#ifndef TASK_CAUGHT_H
#define TASK_CAUGHT_H

#include <sys/types.h>

#include <signal.h>

enum disposition { SIGNAL_DEFAULT, SIGNAL_IGNORED, SIGNAL_CAUGHT };

#define CAUGHT_SIGNALS 65 /* the largest number, and one more */
extern unsigned char caught[CAUGHT_SIGNALS]; /* enum disposition of each */

/*
 * Once, in the root task: all are caught. before: what was caught by the
 * program that this task has been before. Fatal on failure.
 */
void caught_init(const unsigned char *before);

/* Readable when one has come; less than FD_SETSIZE. */
int caught_source(void);

/*
 * Fetch what has come: each that is caught goes to fn. 1: that of children is
 * among them, and they are to be reaped, as it is not caught.
 */
int caught_take(void (*fn)(int, const siginfo_t *));

/* The switch is told of one; of all that have come, and children are reaped. */
void caught_tell(int, const siginfo_t *);
void caught_fetch(void);

/*
 * For a program: none is blocked, and those that were ignored still are, unless
 * they are to be reset. If it does not come to that, as before.
 */
void caught_release(int reset);
void caught_restore(void);

#endif
