/*
 * Lists of strings on their way into a message: one buffer, filled from the
 * terms, so that no string costs an allocation.
 */

#include <errno.h>
#include <string.h>

#include "broker.h"

static int
add_at(struct strings *s, size_t at, struct etf *e)
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
	if (add_at(s, s->len, e) == -1)
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
	return (add_at(s, at, e));
}
