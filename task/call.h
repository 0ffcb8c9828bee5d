/*
 * The calls that a node can ask a task for. rows.c has a row for each, which
 * says all of it but what it does; that is in the files call_*.c, a table of
 * handlers each. args.c reads the arguments of a row, calls.c puts all of it
 * together.
 */

#ifndef TASK_CALL_H
#define TASK_CALL_H

#include <sys/types.h>

#include <stdint.h>
#include <time.h>

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
#define CALL_REAPS 64 /* waits for children itself */
#define CALL_ABOVE 32 /* no task's: the switch or the client answers it */

/*
 * One argument. Which member counts is said by the letter in the row:
 *	p path, t text	text, without a NUL in it; len of it
 *	b bytes		bytes, len; of a term any bytes and lists of them
 *	m mode, n	number, not negative (32 bits; n 63)
 *	u		the same, or -1, which is the largest: an id
 *	i l P		number (32 bits; l 64, of which it may be unsigned)
 *	d		number: a descriptor, and none of our own
 *	c:K f:K		number: a constant of that kind, or a list of flags
 *	v texts		texts, NULL at the end; len of them
 *	g g:K numbers	numbers; len of them, or constants of that kind
 *	r rlimit	numbers: cur and max, as they are in 64 bits
 *	x:K		number, or constant of that kind, or as s
 *	s cstruct	memory, len: see cstruct.h; buffer is 1
 *	T term		term: the handler reads it
 * o:X is X, or [] for none: given is 0. ?X may be left out with all behind it.
 */
struct arg {
	int given;
	int buffer; /* memory is there, and is to be given back */
	int64_t number;
	const char *text;
	const uint8_t *bytes;
	uint8_t *memory;
	size_t len;
	char **texts;
	int64_t *numbers;
	struct etf term; /* where it begins */
};

struct call_row;

struct call {
	const struct call_row *row;
	size_t nargs; /* of a[], those that the row knows */
	struct arg a[CALL_ARGS_MAX];
	/*
	 * The value of {ok, Value}; a handler that writes nothing says ok. It
	 * may be written before a handler fails: then it counts for nothing.
	 */
	struct etf_writer *out;
	/*
	 * Of {error, {Stage, Errno, Detail}}: "call" and the row's name, unless
	 * a handler says otherwise. Detail is the number if detail is NULL.
	 */
	const char *stage;
	const char *detail;
	int64_t number;
	/* When its own time is over, once it has said so: it is begun again. */
	int timed;
	struct timespec until;
	struct call_memory *memory; /* freed with the call */
};

struct call_row {
	const char *name;
	const char *args; /* letters as above, with spaces between */
	unsigned int systems;
	unsigned int marks;
	const char *pledge; /* NULL: no promise permits it */
	const char *syscalls; /* of Linux, besides the loop's */
};

/* A table of them ends with a name that is NULL. */
struct call_handler {
	const char *name; /* of the row */
	/* 0, or -1 with errno. */
	int (*run)(struct call *);
};

/* rows.c */
extern const struct call_row call_rows[];
extern const size_t call_rows_count;

/* What the loop needs of Linux, whatever it is asked for; in part, others. */
extern const char call_loop[];

/* A row's number, or -1. */
int call_number(const char *name);

/* call.c */

/* Memory until the call is over, all 0. NULL with ENOMEM. */
void *call_alloc(struct call *, size_t n);
void call_free(struct call *);

/* -1, to be returned: argument n, from 1, is wrong in that way. */
int call_wrong(struct call *, int64_t n, int error);
/* The same: at that stage, of that. */
int call_failed(struct call *, const char *stage, int error, const char *of);

/* args.c */

/*
 * Read the arguments of a row from this term, a tuple with its version byte.
 * 0, or -1 with errno and what it is to be answered: EINVAL, and ENOTSUP for a
 * constant that this system has not, EBADF for a descriptor of ours.
 */
int args_read(struct call *, const uint8_t *term, size_t len);

/* A number of 64 bits without its sign, as an argument r has them. */
int args_get_limit(struct etf *, int64_t *);

/* calls.c */

/* Has this system, and this program, a handler for row number? */
int call_here(unsigned int number);

/*
 * Carry out call number with this tuple: the answer is written to out, without
 * a version byte. 1 if that is ok or {ok, _}, 0 if it is {error, _}. A number
 * that is no row's, one that is not for this system and one that the task's
 * filter denies are errors as any other; so is an answer that has no room in
 * out. If not even that has, out is full. Does not return if the call does not.
 */
int call_run(unsigned int number, const uint8_t *term, size_t len,
    struct etf_writer *out);

#endif
