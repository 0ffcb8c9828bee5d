#include <stdlib.h>

#include "etf_read.h"
#include "etf_write.h"
#include "fuzz.h"
#include "termcopy.h"

static int copy_term(struct etf *, struct etf_writer *);

static int
copy_terms(struct etf *e, struct etf_writer *w, uint64_t n)
{
	while (n-- > 0)
		if (copy_term(e, w) == -1)
			return (-1);
	return (0);
}

static int
copy_integer(struct etf *e, struct etf_writer *w)
{
	uint64_t u;
	int64_t i;

	if (etf_get_int(e, &i) == 0)
		etf_put_int(w, i);
	else if (etf_get_uint(e, &u) == 0)
		etf_put_uint(w, u);
	else
		return (-1);
	return (0);
}

static int
copy_list(struct etf *e, struct etf_writer *w)
{
	uint32_t n;

	/* Of no elements, and with a tail. */
	if (etf_get_list(e, &n) == -1)
		return (-1);
	etf_put_list(w, n);
	if (n == 0)
		return (0);
	if (copy_terms(e, w, n) == -1 || etf_get_nil(e) == -1)
		return (-1);
	etf_put_nil(w);
	return (0);
}

/* As the list that it is. */
static int
copy_bytes(struct etf *e, struct etf_writer *w)
{
	const uint8_t *bytes;
	size_t i, n;

	if (etf_get_bytes(e, &bytes, &n) == -1)
		fuzz_wrong("bytes that are none");
	etf_put_list(w, (uint32_t)n);
	for (i = 0; i < n; i++)
		etf_put_int(w, bytes[i]);
	if (n > 0)
		etf_put_nil(w);
	return (0);
}

static int
copy_atom(struct etf *e, struct etf_writer *w)
{
	char atom[ETF_ATOM_MAX];

	/* One with a NUL in it. */
	if (etf_get_atom(e, atom, sizeof(atom)) == -1)
		return (-1);
	etf_put_atom(w, atom);
	return (0);
}

static int
copy_binary(struct etf *e, struct etf_writer *w)
{
	const uint8_t *bytes;
	size_t n;

	if (etf_get_binary(e, &bytes, &n) == -1)
		fuzz_wrong("a binary that is none");
	etf_put_binary(w, bytes, n);
	return (0);
}

static int
copy_tuple(struct etf *e, struct etf_writer *w)
{
	uint32_t n;

	if (etf_get_tuple(e, &n) == -1)
		fuzz_wrong("a tuple that is none");
	etf_put_tuple(w, n);
	return (copy_terms(e, w, n));
}

static int
copy_map(struct etf *e, struct etf_writer *w)
{
	uint32_t n;

	if (etf_get_map(e, &n) == -1)
		fuzz_wrong("a map that is none");
	etf_put_map(w, n);
	return (copy_terms(e, w, 2 * (uint64_t)n));
}

static int
copy_term(struct etf *e, struct etf_writer *w)
{
	enum etf_type type;

	if (etf_type(e, &type) == -1)
		fuzz_wrong("no term where one was checked");
	switch (type) {
	case ETF_INT:
	case ETF_BIGINT:
		return (copy_integer(e, w));
	case ETF_ATOM:
		return (copy_atom(e, w));
	case ETF_TUPLE:
		return (copy_tuple(e, w));
	case ETF_NIL:
	case ETF_LIST:
		return (copy_list(e, w));
	case ETF_STRING:
		return (copy_bytes(e, w));
	case ETF_BINARY:
		return (copy_binary(e, w));
	case ETF_MAP:
		return (copy_map(e, w));
	case ETF_FLOAT:
	case ETF_BITS:
	case ETF_OTHER:
		return (-1);
	}
	return (-1);
}

size_t
termcopy(const uint8_t *data, size_t len, uint8_t *out, size_t size)
{
	struct etf_writer w;
	struct etf e;

	if (etf_open(&e, data, len) == -1)
		fuzz_wrong("a term without its version");
	etf_writer_init(&w, out, size);
	etf_put_version(&w);
	if (copy_term(&e, &w) == -1)
		return (0);
	if (e.left != 0)
		fuzz_wrong("there is more than one term");
	if (w.full)
		fuzz_wrong("what was read cannot be written");
	return (w.len);
}
