/*
 * What programs have left behind: it falls to the switch, and is not in its
 * table. Whose it was says its mark (compat/mark.h).
 */

#ifndef TASK_STRAY_H
#define TASK_STRAY_H

#include <stdint.h>

struct task;

/* To be looked for at the end of this turn. */
void stray_wanted(void);

/*
 * Kill what has been left by tasks that were ended, or that were no programs;
 * what a program has left that has ended by itself ends with who is above it.
 * none: of this one, which is dead, nobody is left, or all are another's.
 */
void stray_look(void (*none)(struct task *));

#endif
