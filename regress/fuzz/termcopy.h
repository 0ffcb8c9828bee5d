/* A term, read with the reader's getters and written with the writer. */

#ifndef TERMCOPY_H
#define TERMCOPY_H

#include <stddef.h>
#include <stdint.h>

/*
 * data is a term that etf_check() lets pass. Its copy's length in out, of size
 * bytes; 0 if there is anything in it that we never write: a float, a list's
 * tail that is no [], an integer of more than 64 bits, a process.
 */
size_t termcopy(const uint8_t *data, size_t len, uint8_t *out, size_t size);

#endif
