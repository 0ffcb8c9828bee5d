/*
 * Memory of a shape that the node chooses. Where its pointers point to lies
 * behind it, all of it in one piece; nothing in it can point elsewhere, but
 * bytes may look like a pointer: what a call does with these it does to the
 * memory of a task, which can call what it likes.
 */

#include <errno.h>
#include <string.h>

#include "call.h"
#include "cstruct.h"

/*
 * What is behind it, all 0: a call that writes more than the node has made room
 * for, as many do, harms nothing.
 */
#define SLACK 16384

/* What one element of the list is. */
struct element {
	const uint8_t *bytes; /* NULL: all 0 */
	size_t len;
	int pointer; /* it is {ptr, _} */
};

static int
next_element(struct etf *e, struct element *el)
{
	char word[ETF_ATOM_MAX];
	uint32_t arity;
	int64_t n;

	memset(el, 0, sizeof(*el));
	if (etf_get_binary(e, &el->bytes, &el->len) == 0)
		return (0);
	el->pointer = 1;
	if (etf_get_tuple(e, &arity) == -1 || arity != 2 ||
	    etf_get_atom(e, word, sizeof(word)) == -1 ||
	    strcmp(word, "ptr") != 0)
		return (-1);
	if (etf_get_binary(e, &el->bytes, &el->len) == 0)
		return (0);
	if (etf_get_int(e, &n) == -1 || n < 0 || n > CSTRUCT_BYTES)
		return (-1);
	el->len = (size_t)n;
	return (0);
}

/* The head of the list, and how many bytes it and all behind it take. */
static int
measure(struct etf e, uint32_t *count, size_t *flat, size_t *all)
{
	struct element el;
	uint32_t i;

	if (etf_get_list(&e, count) == -1 || *count == 0 ||
	    *count > CSTRUCT_ELEMENTS)
		return (-1);
	*flat = *all = 0;
	for (i = 0; i < *count; i++) {
		if (next_element(&e, &el) == -1)
			return (-1);
		*flat += el.pointer ? sizeof(void *) : el.len;
		*all += el.pointer ? sizeof(void *) + el.len : el.len;
		if (*all > CSTRUCT_BYTES)
			return (-1);
	}
	return (etf_get_nil(&e));
}

static void
copy(uint8_t *to, const struct element *el)
{
	if (el->bytes != NULL && el->len > 0)
		memcpy(to, el->bytes, el->len);
}

static int
read_list(struct call *c, struct arg *a)
{
	struct etf e = a->term;
	struct element el;
	uint8_t *at, *there, *pointer;
	size_t flat, all;
	uint32_t count, i;

	if (measure(e, &count, &flat, &all) == -1) {
		errno = EINVAL;
		return (-1);
	}
	if ((a->memory = call_alloc(c, all + SLACK)) == NULL)
		return (-1);
	a->len = flat;
	at = a->memory;
	there = at + flat;
	(void)etf_get_list(&e, &count);
	for (i = 0; i < count; i++) {
		(void)next_element(&e, &el);
		if (!el.pointer) {
			copy(at, &el);
			at += el.len;
			continue;
		}
		/* One to nothing is NULL. */
		pointer = el.len > 0 ? there : NULL;
		memcpy(at, &pointer, sizeof(pointer));
		at += sizeof(pointer);
		copy(there, &el);
		there += el.len;
	}
	return (0);
}

int
cstruct_read(struct call *c, struct arg *a)
{
	struct etf e = a->term;
	const uint8_t *data;
	size_t n;

	a->buffer = 1;
	if (etf_get_binary(&e, &data, &n) == -1)
		return (read_list(c, a));
	if (n > CSTRUCT_BYTES) {
		errno = EINVAL;
		return (-1);
	}
	a->len = n;
	if (n == 0)
		return (0);
	if ((a->memory = call_alloc(c, n + SLACK)) == NULL)
		return (-1);
	memcpy(a->memory, data, n);
	return (0);
}

void
cstruct_write(struct etf_writer *out, const struct arg *a)
{
	struct etf e = a->term;
	struct element el;
	const uint8_t *at = a->memory, *there;
	uint32_t count, i;

	if (!a->buffer) {
		etf_put_int(out, a->number);
		return;
	}
	if (etf_get_list(&e, &count) == -1) {
		etf_put_binary(out, at, a->len);
		return;
	}
	/* One of no bytes is a binary, and has no memory. */
	there = at + a->len;
	etf_put_list(out, count);
	for (i = 0; i < count; i++) {
		(void)next_element(&e, &el);
		if (!el.pointer) {
			etf_put_binary(out, at, el.len);
			at += el.len;
			continue;
		}
		etf_put_tuple(out, 2);
		etf_put_atom(out, "ptr");
		etf_put_binary(out, there, el.len);
		at += sizeof(void *);
		there += el.len;
	}
	etf_put_nil(out);
}
