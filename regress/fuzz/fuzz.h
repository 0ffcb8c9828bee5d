/*
 * What a harness has, and what drives it. A harness is one file, NAME_fuzz.c,
 * of one door that hostile bytes come in by; an engine is another, and they
 * are linked with what is behind that door: see rules.sh.
 */

#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Once, before anything else. */
void fuzz_begin(void);

/*
 * One input, which is the engine's and ends where it says: whoever reads
 * behind it is caught by the sanitizers. Nothing of it is left when this
 * returns. It aborts where an oracle says that what came of it is wrong.
 */
void fuzz_one(const uint8_t *, size_t);

/* Ends the process, having said what is wrong. */
void fuzz_wrong(const char *) __attribute__((__noreturn__));

#endif
