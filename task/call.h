/*
 * The calls that a node can ask a task for. calls.c has a row for each; args.c
 * reads the arguments of a row and writes what the handler has found.
 */

#ifndef TASK_CALL_H
#define TASK_CALL_H

#include <sys/types.h>

#include <stdint.h>

#include "etf_read.h"
#include "etf_write.h"

#define CALL_ARGS_MAX 8
#define CALLS_MAX 256 /* rows there can be; filters are sets of so many */

/* Systems that a row is for. */
#define SYS_LINUX 1
#define SYS_OPENBSD 2
#define SYS_FREEBSD 4
#define SYS_ALL 7

/* What the loop has to know of a row. */
#define CALL_BLOCKS 1 /* can wait: a deadline interrupts it */
#define CALL_IDS 2 /* changes ids: the loop arms its end again */
#define CALL_LEAVES 4 /* does not come back if it works */
#define CALL_FORKS 8 /* makes a task */
#define CALL_ROOT 16 /* wants root or a user namespace; for documents */

/*
 * One argument. Which member counts is said by the letter in the row:
 *	p path, t text	text, without a NUL in it
 *	b bytes		bytes, len
 *	m mode, u, n	number, not negative (32 bits; n 64)
 *	i l d P		number (32 bits; l 64)
 *	c:K f:K		number: a constant of that kind, or a list of flags
 *	v texts		texts, NULL at the end; len of them
 *	g numbers	numbers; len of them
 *	x		number, or bytes if buffer is 1
 *	s cstruct	bytes: made by cstruct.h
 *	T term		term: the handler reads it
 * o:X is X, or [] for none: given is 0.
 */
struct arg {
	int given;
	int buffer;
	int64_t number;
	const char *text;
	const uint8_t *bytes;
	size_t len;
	char **texts;
	int64_t *numbers;
	struct etf term;
};

struct call {
	const struct call_row *row;
	struct arg a[CALL_ARGS_MAX];
	/*
	 * The value of {ok, Value}; a handler that writes nothing says ok. It
	 * may be written before a handler fails: then it counts for nothing.
	 */
	struct etf_writer *out;
	/* Of {error, {Stage, Errno, Detail}}: "call" and the row's name. */
	const char *stage;
	const char *detail;
};

struct call_row {
	const char *name;
	const char *args; /* letters as above, with spaces between */
	unsigned int systems;
	unsigned int marks;
	const char *pledge; /* NULL: no promise permits it */
	const char *syscalls; /* of Linux, besides the loop's */
	/* 0, or -1 with errno. */
	int (*handler)(struct call *);
};

extern const struct call_row call_rows[];
extern const size_t call_rows_count;

/* A row's number, or -1. */
int call_number(const char *name);

/*
 * Carry out call number with this tuple: the answer is written to out. 1 if
 * that is ok or {ok, _}, 0 if it is {error, _}. A number that is no row's, one
 * that is not for this system and one that the task's filter denies are
 * errors as any other. Does not return if the call does not.
 */
int call_run(unsigned int number, const uint8_t *term, size_t len,
    struct etf_writer *out);

#endif
