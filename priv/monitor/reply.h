/*
 * Replies to the node, by way of the worker. Each request has a slot. In the
 * exec-port dialect slots keep the order in which requests came: the messages
 * of the first leave at once, those of later ones wait in them until all
 * before them are closed. The native dialect needs no order: what a slot gets
 * leaves at once, so no request waits for a launcher but those made of it.
 */

#ifndef MONITOR_REPLY_H
#define MONITOR_REPLY_H

#include <sys/types.h>

#include <stdint.h>

#include "proto.h"

struct child;
struct slot;

/*
 * Keep the place of the answer to a run. *holder is the slot until its last
 * message has left; then it is set to NULL.
 */
void reply_open(struct slot **holder, const struct run *);

/*
 * The child runs, which is the whole answer of c->slot. Its pipes go with it:
 * those in fds are the queue's from now on, and set to -1.
 */
void reply_child(struct child *, int fds[3]);

/* The run has failed, which is the whole answer of its slot. */
void reply_failed(struct slot *, const struct launched *);

/* A message behind the answer; data are copied. */
void reply_add(struct slot *, uint32_t type, const void *data, size_t);

/* Its holder goes: nothing will be added. */
void reply_release(struct slot *);

/* An answer of one message. */
void reply_send(uint32_t type, const void *, size_t);
void reply_term(const struct reply *);
void reply_stage(
    int64_t tid, enum reply_code, enum stage, int value, const char *text);
void reply_code(int64_t tid, enum reply_code, int value, const char *text);
/* Those that are there when it is this answer's turn. */
void reply_pids(int64_t tid);

/* 1 or 0: is there an order, so that one answer holds up others? */
int reply_ordered(void);

/* How many requests are held up by the first of them; 0 without an order. */
int reply_waiting(void);

#endif
