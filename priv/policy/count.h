/*
 * How many children of a rule live at once, in all instances of a starter's.
 */

#ifndef POLICY_COUNT_H
#define POLICY_COUNT_H

#include <sys/types.h>

struct rule;

/*
 * Have r's children counted, and those of other rules that say the same with
 * them; r has `children'. While we are root, or the file cannot be opened and
 * this instance counts for itself, which is logged. Fatal without memory.
 */
void count_open(struct rule *r, uid_t starter);

/*
 * Take a place for one more child: 0, and *place for count_give(), or -1 if
 * there is none. A rule that does not limit them always has one.
 */
int count_take(const struct rule *, int *place);

/* That child is no more; -1 was never one. */
void count_give(const struct rule *, int place);

#endif
