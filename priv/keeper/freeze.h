/*
 * Leaves that are frozen: none of their processes runs until they are thawed,
 * or killed.
 */

#ifndef KEEPER_FREEZE_H
#define KEEPER_FREEZE_H

#include "keeper/leaf.h"

/* Answered when all of them stand still, or cannot be made to. */
void freeze_begin(struct leaf *);
/* Answered at once. */
void freeze_end(struct leaf *);

#endif
