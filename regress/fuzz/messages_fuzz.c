/*
 * A message of any type: the first byte says which, the others are what it
 * carries.
 */

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "oracle.h"

void
fuzz_begin(void)
{
}

void
fuzz_one(const uint8_t *data, size_t len)
{
	uint8_t *copy;

	if (len < 2)
		return;
	/* As aligned as what a channel reads, and no byte longer. */
	if ((copy = malloc(len - 1)) == NULL)
		abort();
	memcpy(copy, data + 1, len - 1);
	(void)oracle_unpack(data[0], copy, len - 1);
	free(copy);
}
