/*
 * A task with the case as its switch. Each case has one of its own, and those
 * that are forked from it.
 */

#ifndef LOOP_UTIL_H
#define LOOP_UTIL_H

#include <sys/types.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <imsg.h>

#include "task/message.h"

struct peer {
	struct imsgbuf ibuf;
	int pid; /* of the process; of its parent's, where it is one */
	int pidfd;
	int inner;
	struct peer *next;
};

/* The last message that was heard of a task. */
extern struct heard {
	uint32_t type;
	uint8_t data[2 << 20];
	size_t len;
	int fd;
} heard;

/* The root task: it has said that it is there. */
struct peer *task_root(void);
/* One whose parent has just told of it, by BORN and PIDFD. */
struct peer *task_child(void);

/* The next message; its type, or 0 at the end of the channel. */
uint32_t task_hear(struct peer *);
void task_expect(struct peer *, uint32_t type);

/*
 * Ask for a call, or for calls "name args; name args", with terms as in
 * task_util.h; seq counts up.
 */
extern uint32_t task_seq;
void task_ask(struct peer *, const char *name, const char *args);
void task_ask_all(struct peer *, const char *calls, int flags);
/* The term behind the head of what was heard last, as text. */
const char *task_term(size_t head);
/* The answer to what was asked last, as text. */
const char *task_answer(struct peer *);
const char *task_call(struct peer *, const char *name, const char *args);
/* fork or clone: the child. */
struct peer *task_fork(struct peer *, const char *name, const char *args);
/* The end of the root's channel is the end of all: they are gone. */
void task_end(struct peer *root);
/* Wait until it is gone, whoever reaps it. */
void task_gone(struct peer *);

#endif
