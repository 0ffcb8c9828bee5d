/* One call, or a list of them in one message. */

#ifndef TASK_BATCH_H
#define TASK_BATCH_H

#include <stddef.h>
#include <stdint.h>

enum outcome {
	CALL_FAILED,
	CALL_OK,
	CALL_NO_ROOM, /* the answer is over */
	CALL_FORKED /* this is the child: nobody has asked it anything */
};

/*
 * Carry out a call; its answer is the next term of the answer. last: no other
 * one follows, so that it may make something else of the task.
 */
enum outcome
batch_call(unsigned int number, const uint8_t *term, size_t len, int last);

/* The same of count calls, as they are on the wire. */
enum outcome
batch_run(unsigned int count, int all, const uint8_t *, size_t len);

#endif
