/*
 * What a program that a task becomes has as its standard input, output and
 * error.
 */

#ifndef TASK_EXECIO_H
#define TASK_EXECIO_H

#include <stdint.h>

enum execio_to {
	TO_SWITCH, /* a pipe, or the terminal */
	TO_NULL,
	TO_CLOSED,
	TO_FILE,
	TO_APPEND,
	TO_STDOUT /* of stderr: the same */
};

struct execio {
	struct {
		enum execio_to to;
		const char *path;
	} io[3];
	int pty;
	uint16_t rows, columns; /* 0: as they are */

	int theirs[3];
	int ours[3];
	int before[3]; /* what these were in the task */
	const char *step; /* what has failed */
};

/* Three pipes, and nothing is open. */
void execio_init(struct execio *);

/* Open them. 0, or -1 with errno and step: then nothing is. */
int execio_open(struct execio *);

/*
 * Give the switch its ends, and have the others as 0, 1 and 2: a set of those
 * that were given, 1 << n each. -1 with errno and step.
 */
int execio_take(struct execio *);

/* It has not come to that: have again what was there. */
void execio_undo(struct execio *);

#endif
