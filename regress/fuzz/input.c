#include <string.h>

#include "input.h"

#define LARGE 248 /* from here on it says how many bytes stand behind it */

uint8_t
input_byte(struct input *in)
{
	if (in->left == 0)
		return (0);
	in->left--;
	return (*in->p++);
}

uint64_t
input_number(struct input *in)
{
	uint64_t n = input_byte(in);
	unsigned int i, size;

	if (n < LARGE)
		return (n);
	size = (unsigned int)n - LARGE + 1;
	for (n = i = 0; i < size; i++)
		n = n << 8 | input_byte(in);
	return (n);
}

size_t
input_bytes(struct input *in, size_t max, const uint8_t **bytes)
{
	size_t n = input_byte(in);

	if (n > max)
		n = max;
	if (n > in->left)
		n = in->left;
	*bytes = in->p;
	in->p += n;
	in->left -= n;
	return (n);
}

const char *
input_text(struct input *in, char *room, size_t size)
{
	const uint8_t *bytes;
	size_t i, n = input_bytes(in, size - 1, &bytes);

	/* Without a NUL of its own. */
	for (i = 0; i < n && bytes[i] != '\0'; i++)
		room[i] = (char)bytes[i];
	room[i] = '\0';
	return (room);
}
