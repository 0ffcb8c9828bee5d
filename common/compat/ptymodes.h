/*
 * Terminal modes by the names of RFC 4254, section 8, in lower case: the one
 * table of them. A mode that this system does not have is in the table, and
 * setting it does nothing.
 */

#ifndef COMPAT_PTYMODES_H
#define COMPAT_PTYMODES_H

#include <stdint.h>
#include <termios.h>

#define PTYMODE_MAX 160 /* opcodes are below it */

/* The opcode of a mode, or -1 if there is none of that name. */
int ptymode_opcode(const char *name);

/* Is there a mode of that opcode, and may it have that value? 0 or -1. */
int ptymode_check(uint32_t opcode, uint32_t value);

/* Set one that ptymode_check() passed. 0, or -1 if it is a speed that the
 * system does not know. */
int ptymode_set(struct termios *, uint32_t opcode, uint32_t value);

/*
 * tcsetattr(3) at once, and no error if this terminal ignores some of it, or
 * all. 0 or -1.
 */
int ptymode_apply(int fd, const struct termios *);

#endif
