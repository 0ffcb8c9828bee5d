/*
 * What a system call reads and writes through a pointer, as a list: of bytes,
 * as they are; of {ptr, Bytes} and {ptr, N}, which stand for a pointer to these
 * bytes, or to N that are 0.
 */

#ifndef TASK_CSTRUCT_H
#define TASK_CSTRUCT_H

#include "call.h"

#define CSTRUCT_ELEMENTS 1023
#define CSTRUCT_BYTES 65535 /* all of it together */

/*
 * The list at the cursor, or a binary, as memory. 0; -1 if it is none, or one
 * that is too large.
 */
int cstruct_read(struct call *, struct arg *);

/*
 * What is there now, in the shape in which it came. An argument that was no
 * buffer is its number.
 */
void cstruct_write(struct etf_writer *, const struct arg *);

#endif
