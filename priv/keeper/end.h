/*
 * The end of a leaf: what is in it is killed, and when it is empty it is
 * removed.
 */

#ifndef KEEPER_END_H
#define KEEPER_END_H

#include "keeper/leaf.h"

/* Kill all that is in it. */
void end_kill(struct leaf *);

/*
 * Begin to end it. What it has used is told when it is gone, or is given up
 * for another start to remove; then it is freed, which may be at once.
 */
void end_begin(struct leaf *);

#endif
