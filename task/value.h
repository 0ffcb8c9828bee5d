/* The values of calls that more than one kind of them has. */

#ifndef TASK_VALUE_H
#define TASK_VALUE_H

#include <sys/types.h>
#include <sys/resource.h>

#include <stdint.h>

#include "call.h"

#define VALUE_HEAD 5 /* of a binary */
/* Of an answer's room, for what is around a value, and for what may follow. */
#define VALUE_REST 1024

/*
 * All of these return what a handler returns. Of a result of -1 they say that,
 * with its errno; of another one they write it, or nothing.
 */
int value_number(struct call *, int64_t result);
int value_done(int result);
/*
 * Of a call that fails by a filter only, never negative otherwise: libc then
 * returns the errno as the kernel does, and sets none.
 */
int value_always(struct call *, int32_t result);
/* {A, B} */
int value_two(struct call *, int64_t a, int64_t b);

/* The bytes of an argument s, and the shape that it came in. */
int value_memory(struct call *, const struct arg *);

int value_text(struct call *, const char *);

/* A name in small letters, as an atom; the number if it is NULL. */
void value_name(struct etf_writer *, const char *name, int64_t number);
void value_signal(struct etf_writer *, int signo);

/* key => N, of a map. */
void value_pair(struct etf_writer *, const char *key, uint64_t n);
/* #{cur, max} */
void value_rlimit(struct etf_writer *, const struct rlimit *);
/* From an argument r. */
void value_to_rlimit(const struct arg *, struct rlimit *);

#endif
