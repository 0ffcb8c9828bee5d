/*
 * The control groups of this instance.
 */

#ifndef START_GROUPS_H
#define START_GROUPS_H

#include "policy/starter.h"
#include "start/args.h"

/*
 * Make one for us, where one can be made: where root says, or the starter if it
 * has no other rights, or where it is best. With rights we leave the group
 * that we were started in, out of reach of whoever may write to that. Exits if
 * the starter says where, and may not. While we are root.
 */
void groups_make(const struct starter_env *, const struct args *);

/*
 * 1 or 0: is the log to say what there is, or why there is none? Whoever has
 * named a place, and whose program has rights, wants to know.
 */
int groups_told(void);

/* Make what is in it, for each user that children can be. While we are root. */
void groups_fill(void);

#endif
