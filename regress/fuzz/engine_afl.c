/* AFL++'s engine: inputs by shared memory, many in one process. */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"

#define TURNS 100000

__AFL_FUZZ_INIT();

int
main(void)
{
	const unsigned char *shared;
	uint8_t *copy;
	size_t len;

	fuzz_begin();
	__AFL_INIT();
	shared = __AFL_FUZZ_TESTCASE_BUF;
	while (__AFL_LOOP(TURNS)) {
		len = (size_t)__AFL_FUZZ_TESTCASE_LEN;
		/* Of its exact size. */
		if ((copy = malloc(len + (len == 0))) == NULL)
			return (1);
		memcpy(copy, shared, len);
		fuzz_one(copy, len);
		free(copy);
	}
	return (0);
}
