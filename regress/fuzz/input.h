/*
 * How a harness reads its input where that is no plain bytes of a message: by
 * numbers and texts that are taken from it one after the other. Behind its end
 * there is nothing: numbers are 0, and texts empty.
 */

#ifndef INPUT_H
#define INPUT_H

#include <stddef.h>
#include <stdint.h>

struct dispatch;
struct run;

struct input {
	const uint8_t *p;
	size_t left;
};

uint8_t input_byte(struct input *);
/* Small as a rule: less than 248 is one byte, what is larger stands behind. */
uint64_t input_number(struct input *);
/* At most max bytes, as a byte says; how many. */
size_t input_bytes(struct input *, size_t max, const uint8_t **);
/* As many bytes of a text, and a NUL behind them, to room. */
const char *input_text(struct input *, char *room, size_t size);

/*
 * A run that can be packed, but need not be one that is believed. Its strings
 * are good until the next is asked for.
 */
void input_run(struct input *, struct run *);

#endif
