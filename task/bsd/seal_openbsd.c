/*
 * Sealing by pledge(2): the promises of the rows that are left, for the task
 * and for the programs that come of it.
 */

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "task/seal.h"

#define LOOP "stdio sendfd recvfd"

/* Is that word in that text? */
static int
has_word(const char *text, const char *word, size_t len)
{
	size_t n;

	for (; *text != '\0'; text += n + strspn(text + n, " ")) {
		n = strcspn(text, " ");
		if (n == len && memcmp(text, word, n) == 0)
			return (1);
	}
	return (0);
}

/* Add the words that are not there yet. 0, or -1: no room. */
static int
add_words(char *to, size_t size, const char *words)
{
	char one[32];
	size_t n;

	for (; *words != '\0'; words += n + strspn(words + n, " ")) {
		n = strcspn(words, " ");
		if (n + 2 > sizeof(one))
			return (-1);
		if (has_word(to, words, n))
			continue;
		one[0] = ' ';
		memcpy(one + 1, words, n);
		one[n + 1] = '\0';
		if (strlcat(to, one, size) >= size)
			return (-1);
	}
	return (0);
}

/* What no promise permits must be denied, as it would end the task. */
int
seal(const struct call_set *denied, int before)
{
	char promises[256] = LOOP;
	const struct call_row *r;
	unsigned int i;

	(void)before;
	errno = EOPNOTSUPP;
	for (i = 0; i < call_rows_count; i++) {
		r = &call_rows[i];
		if (set_denies(denied, i) || (r->systems & SYS_OPENBSD) == 0)
			continue;
		if (r->pledge == NULL ||
		    add_words(promises, sizeof(promises), r->pledge) == -1)
			return (-1);
	}
	return (pledge(promises, promises));
}
