/*
 * The reader of terms, by way of a copy: what the check lets pass is read with
 * the getters and written again, and what was written has to be a term that is
 * written in the same way. TERMS names a folder that has the copies then, by
 * the number of the input: terms.escript reads them.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "etf_read.h"
#include "etf_write.h"
#include "fuzz.h"
#include "termcopy.h"

#define ROOM                                                         \
	8 /* times as long as what was read, at most: SMALL_TUPLE of \
	     bytes becomes one of integers */

static const char *folder;
static unsigned int inputs;

void
fuzz_begin(void)
{
	folder = getenv("TERMS");
}

static void
keep(const uint8_t *term, size_t len, unsigned int number)
{
	char path[4096];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%u", folder, number);
	if ((f = fopen(path, "w")) == NULL || fwrite(term, 1, len, f) != len ||
	    fclose(f) == EOF)
		fuzz_wrong("a copy cannot be written");
}

/* The term again, of *len bytes, to be freed; NULL if it has none. */
static uint8_t *
copy(const uint8_t *data, size_t *len)
{
	size_t size = ROOM * *len + 64;
	uint8_t *out;

	if ((out = malloc(size)) == NULL)
		abort();
	if ((*len = termcopy(data, *len, out, size)) > 0)
		return (out);
	free(out);
	return (NULL);
}

void
fuzz_one(const uint8_t *data, size_t len)
{
	size_t n = len, m;
	uint8_t *once, *twice;
	unsigned int number = inputs++;

	if (etf_check(data, len) == -1)
		return;
	if ((once = copy(data, &n)) == NULL)
		return;
	m = n;
	if (etf_check(once, n) == -1)
		fuzz_wrong("what was written is no term");
	if ((twice = copy(once, &m)) == NULL || m != n ||
	    memcmp(once, twice, n) != 0)
		fuzz_wrong("it is written otherwise the second time");
	if (folder != NULL)
		keep(once, n, number);
	free(once);
	free(twice);
}
