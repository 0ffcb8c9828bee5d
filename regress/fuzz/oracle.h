/* What a message has to be. */

#ifndef ORACLE_H
#define ORACLE_H

#include <stddef.h>
#include <stdint.h>

/*
 * 0, or -1 if it is none. One that is, and that we can pack, has to give the
 * same bytes when it is packed again.
 */
int oracle_unpack(uint32_t type, const void *, size_t);

#endif
