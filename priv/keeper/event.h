/*
 * What the limits of leaves do to them, told as it happens.
 */

#ifndef KEEPER_EVENT_H
#define KEEPER_EVENT_H

#include "keeper/leaf.h"

/* From now on, where it has such limits; may be called again. */
void event_watch(struct leaf *, const struct leaf_limits *);

#endif
