/*
 * What brings something for the node: it is heard only while the node takes
 * what is there. struct source is in table.h.
 */

#ifndef TASK_SOURCE_H
#define TASK_SOURCE_H

struct source;

/* Watch it for these; 0 for nothing, also when it is held. 0 or -1. */
int source_set(struct source *, int events);

/*
 * 1: too much waits to leave, so that this one is held from here on; 0: go on.
 */
int source_hold(struct source *);

/* Enough has left: all that are held are watched again. */
void source_release(void);

#endif
