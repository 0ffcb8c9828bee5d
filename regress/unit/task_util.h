/* Terms as text, for tests of the calls of tasks. */

#ifndef TASK_UTIL_H
#define TASK_UTIL_H

#include <stddef.h>
#include <stdint.h>

/*
 * The term that is written so, with its version byte; freed by the caller. As
 * Erlang writes it but for <"bytes"> and #{a 1}; commas are blanks, \z is a
 * NUL. "bytes" is a list that is written as bytes, [1 2] one that is not.
 */
uint8_t *term_of(const char *text, size_t *len);

/* The term in these bytes, without a version byte, as such a text. */
const char *text_of(const uint8_t *term, size_t len);

#endif
