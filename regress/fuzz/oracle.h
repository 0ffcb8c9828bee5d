/* What a message has to be. */

#ifndef ORACLE_H
#define ORACLE_H

#include <stddef.h>
#include <stdint.h>

struct dispatch;
struct msg;

/*
 * 0, or -1 if it is none. One that is, and that we can pack, has to give the
 * same bytes when it is packed again.
 */
int oracle_unpack(uint32_t type, const void *, size_t);

/*
 * What common/dispatch.c does with a message of which type, fd, arg, data and
 * len are filled in: its row is looked for, and the handler called. 0; or -1
 * where the receiver would end, as that cannot have been sent, and a descriptor
 * that came with it may be open still.
 */
int oracle_dispatch(
    const struct dispatch *, size_t rows, unsigned int state, struct msg *);

#endif
