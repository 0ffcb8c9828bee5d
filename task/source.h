/*
 * What brings something for the node: it is heard only while the node takes
 * what is there. struct source is in table.h.
 */

#ifndef TASK_SOURCE_H
#define TASK_SOURCE_H

struct source;

#define SOURCE_RETRY 100 /* ms, where there was no memory to watch */

/*
 * Watch it for these, as soon as the system has memory for that; 0 for nothing,
 * also when it is held. 0, or -1: it is nothing that can be watched.
 */
int source_set(struct source *, int events);

/*
 * 1: too much waits to leave, so that this one is held from here on; 0: go on.
 */
int source_hold(struct source *);

/* Enough has left: all that are held are watched again. */
void source_release(void);

#endif
