/*
 * What a call has until it is over, and how it fails.
 */

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include "call.h"

struct call_memory {
	struct call_memory *next;
	max_align_t data[];
};

void *
call_alloc(struct call *c, size_t n)
{
	struct call_memory *m;

	if ((m = calloc(1, sizeof(*m) + n)) == NULL)
		return (NULL);
	m->next = c->memory;
	c->memory = m;
	return (m->data);
}

void
call_free(struct call *c)
{
	struct call_memory *m;

	while ((m = c->memory) != NULL) {
		c->memory = m->next;
		free(m);
	}
}

int
call_failed(struct call *c, const char *stage, int error, const char *detail)
{
	c->stage = stage;
	c->detail = detail;
	errno = error;
	return (-1);
}

int
call_wrong(struct call *c, int64_t n, int error)
{
	c->number = n;
	return (call_failed(c, "argument", error, NULL));
}
