/*
 * The strings behind a message, while proto.c and those beside it write or
 * check it: one behind the other, without gaps, so that there is one way only
 * to write them.
 */

#ifndef PROTO_TAIL_H
#define PROTO_TAIL_H

#include <sys/types.h>

#include <stdint.h>

#include "proto.h"

struct tail {
	char *out; /* when packing */
	const char *in; /* when unpacking */
	uint32_t size;
	uint32_t off;
};

/* Write at the cursor, where there is room; m is where that was. */
void tail_put(struct tail *, struct msg_str *m, const char *);
void tail_putvec(struct tail *, struct msg_vec *m, const struct strvec *);

/*
 * What must lie exactly at the cursor: a string of at most max bytes with its
 * NUL, or several. 0, or -1 if it does not.
 */
int
tail_get(struct tail *, const struct msg_str *m, uint32_t max, const char **);
int tail_getvec(struct tail *, const struct msg_vec *m, struct strvec *);

/*
 * The one text behind a message of size bytes, cut to MSG_TEXT_MAX: the
 * message's length.
 */
size_t text_put(void *buf, size_t size, struct msg_str *, const char *);
/* The same, which must be all that is there: 0, or -1. */
int text_get(
    const struct msg *, size_t size, const struct msg_str *, const char **);

#endif
