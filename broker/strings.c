/*
 * Strings on their way into a message: lists of them in one buffer, filled
 * from the terms, so that no string costs an allocation; and what is wrong
 * with a request.
 */

#include <errno.h>
#include <string.h>

#include "broker.h"

static int
strings_put(struct strings *s, size_t at, struct etf *e)
{
	size_t n;

	if (etf_get_text(e, s->base + at, s->size - at, &n) == -1) {
		if (errno == ENOSPC)
			errno = E2BIG;
		return (-1);
	}
	s->len = at + n + 1;
	return (0);
}

int
strings_add(struct strings *s, struct etf *e)
{
	if (s->len >= s->size) {
		errno = E2BIG;
		return (-1);
	}
	if (strings_put(s, s->len, e) == -1)
		return (-1);
	s->count++;
	return (0);
}

int
strings_append(struct strings *s, char sep, struct etf *e)
{
	size_t at = s->len;

	if (at >= s->size) {
		errno = E2BIG;
		return (-1);
	}
	s->base[at - 1] = sep;
	return (strings_put(s, at, e));
}

void
strings_describe(char *buf, size_t size, const char *what, const char *name)
{
	(void)strlcpy(buf, what, size);
	if (*name != '\0') {
		(void)strlcat(buf, ": ", size);
		(void)strlcat(buf, name, size);
	}
}
