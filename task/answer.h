/*
 * The answer to what the switch has asked: a term, or a list of them, which is
 * written as it is found out. There is one at a time.
 */

#ifndef TASK_ANSWER_H
#define TASK_ANSWER_H

#include <stdint.h>

#include "etf_write.h"

/* Begin that of message seq. results: it is a list, as to TASK_BATCH. */
void answer_begin(uint32_t seq, int results);
uint32_t answer_seq(void);

/* Begin a term of it, which is to be written there. */
struct etf_writer *answer_next(void);

/* Let the term be ok, or that error. */
void answer_ok(void);
void answer_error(const char *stage, int error, const char *detail);

/*
 * The term is written. 0: it had no room, and is an error that says so. Then
 * nothing more can come.
 */
int answer_fits(const char *detail);

/* Tell the switch. */
void answer_send(void);

/*
 * The task becomes a program, with these streams, and the answer is what it is
 * and ok. again: it becomes itself. If it does not, the answer goes on as if
 * nothing had been said.
 */
void answer_exec(uint32_t streams, int again);

#endif
