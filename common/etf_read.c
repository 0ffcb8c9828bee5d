/*
 * Reads Erlang's external term format from a buffer that somebody hostile
 * filled, and trusts nothing in it: no length, no count, no tag.
 *
 * All that is known about the shape of a term stands in one table, a row a
 * tag. etf_get_head() reads by that table what one tag has for itself, and is
 * the only place where bytes are compared with what remains; the checker, skip
 * and all getters stand on it. Terms inside a term are counted, not recursed
 * into. There is no allocation.
 */

#include "etf_read.h"

#include <errno.h>
#include <string.h>

/* What must be tested or worked out once a head was read. */
enum rule {
	REFUSE, /* not in the table: unknown, or compressed */
	PLAIN,
	UINT8,
	INT32,
	BIG,
	LATIN1,
	UTF8,
	BITS,
	EXPORT,
	FUN
};

/*
 * The bytes of a term, in this order: its tag; before; a count in width
 * bytes; atoms; fixed bytes; unit bytes for each one counted. Then terms
 * follow: each for each one counted, and more in any case.
 *
 * A fun has its size, arity, digest and index before the count of its free
 * variables, and behind it the module, two integers, a pid and the variables.
 * An export has its arity as a small integer, tag and all.
 */
struct tag {
	uint8_t rule;
	uint8_t type;
	uint8_t before;
	uint8_t width;
	uint8_t atoms;
	uint8_t fixed;
	uint8_t unit;
	uint8_t each;
	uint8_t more;
};

/* clang-format off */
static const struct tag tags[256] = {
	/* before, width, atoms, fixed, unit, each, more */
	[70]  = { PLAIN,  ETF_FLOAT,   0, 0, 0,  8, 0, 0, 0 }, /* NEW_FLOAT */
	[77]  = { BITS,   ETF_BITS,    0, 4, 0,  1, 1, 0, 0 }, /* BIT_BINARY */
	[88]  = { PLAIN,  ETF_OTHER,   0, 0, 1, 12, 0, 0, 0 }, /* NEW_PID */
	[89]  = { PLAIN,  ETF_OTHER,   0, 0, 1,  8, 0, 0, 0 }, /* NEW_PORT */
	[90]  = { PLAIN,  ETF_OTHER,   0, 2, 1,  4, 4, 0, 0 }, /* NEWER_REF */
	[97]  = { UINT8,  ETF_INT,     0, 0, 0,  1, 0, 0, 0 }, /* SMALL_INT */
	[98]  = { INT32,  ETF_INT,     0, 0, 0,  4, 0, 0, 0 }, /* INTEGER */
	[99]  = { PLAIN,  ETF_FLOAT,   0, 0, 0, 31, 0, 0, 0 }, /* FLOAT */
	[100] = { LATIN1, ETF_ATOM,    0, 2, 0,  0, 1, 0, 0 }, /* ATOM */
	[101] = { PLAIN,  ETF_OTHER,   0, 0, 1,  5, 0, 0, 0 }, /* REFERENCE */
	[102] = { PLAIN,  ETF_OTHER,   0, 0, 1,  5, 0, 0, 0 }, /* PORT */
	[103] = { PLAIN,  ETF_OTHER,   0, 0, 1,  9, 0, 0, 0 }, /* PID */
	[104] = { PLAIN,  ETF_TUPLE,   0, 1, 0,  0, 0, 1, 0 }, /* SMALL_TUPLE */
	[105] = { PLAIN,  ETF_TUPLE,   0, 4, 0,  0, 0, 1, 0 }, /* LARGE_TUPLE */
	[106] = { PLAIN,  ETF_NIL,     0, 0, 0,  0, 0, 0, 0 }, /* NIL */
	[107] = { PLAIN,  ETF_STRING,  0, 2, 0,  0, 1, 0, 0 }, /* STRING */
	[108] = { PLAIN,  ETF_LIST,    0, 4, 0,  0, 0, 1, 1 }, /* LIST */
	[109] = { PLAIN,  ETF_BINARY,  0, 4, 0,  0, 1, 0, 0 }, /* BINARY */
	[110] = { BIG,    ETF_BIGINT,  0, 1, 0,  1, 1, 0, 0 }, /* SMALL_BIG */
	[111] = { BIG,    ETF_BIGINT,  0, 4, 0,  1, 1, 0, 0 }, /* LARGE_BIG */
	[112] = { FUN,    ETF_OTHER,  25, 4, 1,  0, 0, 1, 3 }, /* NEW_FUN */
	[113] = { EXPORT, ETF_OTHER,   0, 0, 2,  2, 0, 0, 0 }, /* EXPORT */
	[114] = { PLAIN,  ETF_OTHER,   0, 2, 1,  1, 4, 0, 0 }, /* NEW_REF */
	[115] = { LATIN1, ETF_ATOM,    0, 1, 0,  0, 1, 0, 0 }, /* SMALL_ATOM */
	[116] = { PLAIN,  ETF_MAP,     0, 4, 0,  0, 0, 2, 0 }, /* MAP */
	[118] = { UTF8,   ETF_ATOM,    0, 2, 0,  0, 1, 0, 0 }, /* ATOM_UTF8 */
	[119] = { UTF8,   ETF_ATOM,    0, 1, 0,  0, 1, 0, 0 }, /* S_ATOM_UTF8 */
	[120] = { PLAIN,  ETF_OTHER,   0, 0, 1, 12, 0, 0, 0 }, /* V4_PORT */
};
/* clang-format on */

struct head {
	enum rule rule;
	enum etf_type type;
	uint32_t count;
	uint64_t kids; /* terms that follow and belong to this one */
	const uint8_t *data; /* fixed bytes, then the counted ones */
	const uint8_t *end; /* where the whole term says it ends, or NULL */
	int64_t value; /* of an ETF_INT */
};

/* Code points: counted bytes, or as many terms with the tail of a list. */
struct codes {
	struct etf at;
	uint32_t n;
	int packed;
};

/* Inside a sequence: how many bytes it lacks, and what the next may be. */
struct utf8 {
	unsigned int lacks;
	uint8_t low;
	uint8_t high;
};

static int etf_get_head(struct etf *, struct head *);

static int
utf8_start(struct utf8 *u, uint8_t byte)
{
	u->low = 0x80;
	u->high = 0xbf;
	if (byte < 0x80)
		return (0);
	if (byte < 0xc2 || byte > 0xf4)
		return (-1);
	u->lacks = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;

	/* No long form of a shorter one, no surrogate, nothing too large. */
	switch (byte) {
	case 0xe0:
		u->low = 0xa0;
		break;
	case 0xed:
		u->high = 0x9f;
		break;
	case 0xf0:
		u->low = 0x90;
		break;
	case 0xf4:
		u->high = 0x8f;
		break;
	}
	return (0);
}

/* Go on with one byte; -1 if no UTF-8 can go on like that. */
static int
utf8_feed(struct utf8 *u, uint8_t byte)
{
	if (u->lacks == 0)
		return (utf8_start(u, byte));
	if (byte < u->low || byte > u->high)
		return (-1);
	u->low = 0x80;
	u->high = 0xbf;
	u->lacks--;
	return (0);
}

/* Write a code point as UTF-8; the number of bytes it takes. */
static size_t
utf8_encode(char out[4], uint32_t code)
{
	static const uint8_t lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t i, n;

	n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	for (i = n - 1; i > 0; i--) {
		out[i] = (char)(0x80 | (code & 0x3f));
		code >>= 6;
	}
	out[0] = (char)(lead[n] | code);
	return (n);
}

static uint32_t
be(const uint8_t *p, size_t width)
{
	uint32_t v = 0;

	while (width-- > 0)
		v = v << 8 | *p++;
	return (v);
}

/* The row for the next term, or NULL at the end or at an unknown tag. */
static const struct tag *
etf_next_tag(const struct etf *e)
{
	if (e->left == 0 || tags[*e->p].rule == REFUSE)
		return (NULL);
	return (&tags[*e->p]);
}

/* All that is ever taken from a frame is taken here. */
static int
etf_take(struct etf *e, uint64_t n, const uint8_t **at)
{
	if (n > e->left)
		return (-1);
	*at = e->p;
	e->p += n;
	e->left -= (size_t)n;
	return (0);
}

/*
 * The atoms of a pid, a reference and so on. Their tag is looked at first,
 * so that a pid whose node is a pid cannot make this recurse.
 */
static int
etf_take_atoms(struct etf *e, unsigned int n)
{
	struct head h;
	const struct tag *row;

	while (n-- > 0) {
		row = etf_next_tag(e);
		if (row == NULL || row->type != ETF_ATOM)
			return (-1);
		if (etf_get_head(e, &h) == -1)
			return (-1);
	}
	return (0);
}

static int
test_utf8_atom(const struct head *h)
{
	struct utf8 u = { 0, 0, 0 };
	uint32_t i, chars = 0;

	for (i = 0; i < h->count; i++) {
		if (utf8_feed(&u, h->data[i]) == -1)
			return (-1);
		if ((h->data[i] & 0xc0) != 0x80 && ++chars > ETF_ATOM_CHARS)
			return (-1);
	}
	return (u.lacks == 0 ? 0 : -1);
}

/* A sign byte and digits to base 256, the lowest first. */
static int
test_big(struct head *h)
{
	const uint8_t *digit = h->data + 1;
	uint64_t v = 0;
	uint32_t n = h->count;
	uint8_t negative = h->data[0];

	if (negative > 1)
		return (-1);
	while (n > 0 && digit[n - 1] == 0)
		n--;
	if (n > sizeof(v))
		return (0);
	while (n-- > 0)
		v = v << 8 | digit[n];
	if (v > (uint64_t)INT64_MAX + negative)
		return (0);
	h->type = ETF_INT;
	if (v > INT64_MAX)
		h->value = INT64_MIN;
	else
		h->value = negative ? -(int64_t)v : (int64_t)v;
	return (0);
}

/* start is the tag's first byte, c what is left behind the head. */
static int
test_fun(struct head *h, const uint8_t *start, const struct etf *c)
{
	const uint8_t *size = start + 1;
	uint32_t n = be(size, 4);

	if (n > (size_t)(c->p - size) + c->left)
		return (-1);
	h->end = size + n;
	return (0);
}

static int
test_head(struct head *h, const uint8_t *start, const struct etf *c)
{
	switch (h->rule) {
	case REFUSE:
		return (-1);
	case PLAIN:
		return (0);
	case UINT8:
		h->value = h->data[0];
		return (0);
	case INT32:
		h->value = (int32_t)be(h->data, 4);
		return (0);
	case BIG:
		return (test_big(h));
	case LATIN1:
		return (h->count <= ETF_ATOM_CHARS ? 0 : -1);
	case UTF8:
		return (test_utf8_atom(h));
	case BITS:
		/* How many bits of the last byte count: there must be one. */
		if (h->count == 0 || h->data[0] < 1 || h->data[0] > 8)
			return (-1);
		return (0);
	case EXPORT:
		return (h->data[0] == ETF_SMALL_INTEGER ? 0 : -1);
	case FUN:
		return (test_fun(h, start, c));
	}
	return (-1);
}

/*
 * Read what the next term has for itself, up to the terms inside it. Each of
 * those takes at least a byte, so more of them than bytes is a lie.
 */
static int
etf_get_head(struct etf *e, struct head *h)
{
	struct etf c = *e;
	const struct tag *row;
	const uint8_t *at;
	uint64_t size;

	if ((row = etf_next_tag(&c)) == NULL)
		return (-1);
	if (etf_take(&c, 1 + (uint64_t)row->before, &at) == -1 ||
	    etf_take(&c, row->width, &at) == -1)
		return (-1);
	memset(h, 0, sizeof(*h));
	h->rule = row->rule;
	h->type = row->type;
	h->count = be(at, row->width);
	if (etf_take_atoms(&c, row->atoms) == -1)
		return (-1);
	size = row->fixed + (uint64_t)row->unit * h->count;
	if (etf_take(&c, size, &h->data) == -1)
		return (-1);
	h->kids = row->more + (uint64_t)row->each * h->count;
	if (h->kids > c.left || test_head(h, e->p, &c) == -1)
		return (-1);
	*e = c;
	return (0);
}

/* The head of a term of this type, or nothing. */
static int
etf_get_typed(struct etf *e, enum etf_type type, struct head *h)
{
	struct etf c = *e;

	if (etf_get_head(&c, h) == -1 || h->type != type)
		return (-1);
	*e = c;
	return (0);
}

int
etf_open(struct etf *e, const void *frame, size_t len)
{
	const uint8_t *p = frame;

	if (len == 0 || *p != ETF_VERSION)
		return (-1);
	e->p = p + 1;
	e->left = len - 1;
	return (0);
}

int
etf_check(const void *frame, size_t len)
{
	struct etf e;

	if (etf_open(&e, frame, len) == -1 || etf_skip(&e) == -1)
		return (-1);
	return (e.left == 0 ? 0 : -1);
}

int
etf_type(const struct etf *e, enum etf_type *type)
{
	struct etf c = *e;
	struct head h;

	if (etf_get_head(&c, &h) == -1)
		return (-1);
	*type = h.type;
	return (0);
}

/*
 * due is how many terms were promised and have not begun: never more than
 * there are bytes. A term with terms inside stays open until the last of them
 * is over; that one may close several.
 */
int
etf_skip(struct etf *e)
{
	struct {
		uint64_t kids;
		const uint8_t *end;
	} open[ETF_MAX_DEPTH], *top;
	struct etf c = *e;
	struct head h;
	uint64_t due = 1, seen = 0;
	size_t depth = 0;

	do {
		if (etf_get_head(&c, &h) == -1)
			return (-1);
		seen++;
		due = due - 1 + h.kids;
		if (due > c.left || seen + due > ETF_MAX_ELEMENTS)
			return (-1);
		if (h.kids > 0) {
			if (depth == ETF_MAX_DEPTH)
				return (-1);
			top = &open[depth++];
			top->kids = h.kids;
			top->end = h.end;
			continue;
		}
		while (depth > 0 && --open[depth - 1].kids == 0) {
			top = &open[--depth];
			if (top->end != NULL && top->end != c.p)
				return (-1);
		}
	} while (depth > 0);
	*e = c;
	return (0);
}

int
etf_get_tuple(struct etf *e, uint32_t *arity)
{
	struct head h;

	if (etf_get_typed(e, ETF_TUPLE, &h) == -1)
		return (-1);
	*arity = h.count;
	return (0);
}

int
etf_get_map(struct etf *e, uint32_t *n)
{
	struct head h;

	if (etf_get_typed(e, ETF_MAP, &h) == -1)
		return (-1);
	*n = h.count;
	return (0);
}

int
etf_get_nil(struct etf *e)
{
	struct head h;

	return (etf_get_typed(e, ETF_NIL, &h));
}

int
etf_get_list(struct etf *e, uint32_t *n)
{
	struct etf c = *e;
	struct head h;

	if (etf_get_nil(&c) == 0)
		h.count = 0;
	else if (etf_get_typed(&c, ETF_LIST, &h) == -1)
		return (-1);
	else if (h.count == 0 && etf_get_nil(&c) == -1)
		return (-1);
	*n = h.count;
	*e = c;
	return (0);
}

int
etf_get_int(struct etf *e, int64_t *value)
{
	struct head h;

	if (etf_get_typed(e, ETF_INT, &h) == -1)
		return (-1);
	*value = h.value;
	return (0);
}

int
etf_get_uint(struct etf *e, uint64_t *value)
{
	struct etf c = *e;
	struct head h;
	uint64_t v = 0;
	uint32_t n;

	if (etf_get_head(&c, &h) == -1)
		return (-1);
	if (h.type == ETF_INT && h.value >= 0)
		v = (uint64_t)h.value;
	else if (h.type != ETF_BIGINT || h.data[0] != 0)
		return (-1);
	else {
		/* Behind the sign the digits; zeros may be at the end. */
		for (n = h.count; n > 0; n--) {
			if (v >> 56 != 0)
				return (-1);
			v = v << 8 | h.data[n];
		}
	}
	*value = v;
	*e = c;
	return (0);
}

int
etf_get_pid(struct etf *e, int32_t *pid)
{
	int64_t n;

	if (etf_get_int(e, &n) == -1)
		return (-1);
	*pid = n <= 1 || n > INT32_MAX ? 0 : (int32_t)n;
	return (0);
}

/* What is bytes and nothing else. */
static int
etf_get_data(
    struct etf *e, enum etf_type type, const uint8_t **data, size_t *len)
{
	struct head h;

	if (etf_get_typed(e, type, &h) == -1)
		return (-1);
	*data = h.data;
	*len = h.count;
	return (0);
}

int
etf_get_binary(struct etf *e, const uint8_t **data, size_t *len)
{
	return (etf_get_data(e, ETF_BINARY, data, len));
}

int
etf_get_bytes(struct etf *e, const uint8_t **data, size_t *len)
{
	return (etf_get_data(e, ETF_STRING, data, len));
}

int
etf_get_binary_head(struct etf *e, uint32_t *len)
{
	struct etf c = *e;
	const struct tag *row = etf_next_tag(e);
	const uint8_t *p;

	if (row == NULL || row->type != ETF_BINARY || etf_take(&c, 5, &p) == -1)
		return (-1);
	*len = (uint32_t)p[1] << 24 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 8 | p[4];
	*e = c;
	return (0);
}

/* Bytes that are text already. */
static int
text_copy_raw(const void *data, size_t n, char *buf, size_t size, size_t *len)
{
	if (memchr(data, '\0', n) != NULL) {
		errno = EINVAL;
		return (-1);
	}
	if (n >= size) {
		errno = ENOSPC;
		return (-1);
	}
	memcpy(buf, data, n);
	buf[n] = '\0';
	*len = n;
	return (0);
}

static int
codes_next(struct codes *s, uint32_t *code)
{
	const uint8_t *byte;
	int64_t v;

	if (s->packed) {
		if (etf_take(&s->at, 1, &byte) == -1)
			return (-1);
		v = *byte;
	} else if (etf_get_int(&s->at, &v) == -1)
		return (-1);
	if (v < 1 || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
		return (-1);
	*code = (uint32_t)v;
	return (0);
}

/* How long they are as UTF-8, and whether they are bytes of UTF-8 already. */
static int
codes_measure(struct codes *s, size_t *len, int *raw)
{
	struct utf8 u = { 0, 0, 0 };
	uint32_t code, i;
	char out[4];

	*len = 0;
	*raw = 1;
	for (i = 0; i < s->n; i++) {
		if (codes_next(s, &code) == -1)
			return (-1);
		*len += utf8_encode(out, code);
		if (code > 0xff || utf8_feed(&u, (uint8_t)code) == -1)
			*raw = 0;
	}
	if (u.lacks > 0)
		*raw = 0;
	if (!s->packed && etf_get_nil(&s->at) == -1)
		return (-1);
	return (0);
}

static void
codes_write(struct codes s, int raw, char *buf)
{
	uint32_t code, i;

	for (i = 0; i < s.n && codes_next(&s, &code) == 0; i++) {
		if (raw)
			*buf++ = (char)code;
		else
			buf += utf8_encode(buf, code);
	}
	*buf = '\0';
}

/*
 * Measure first, so that a list that turns out to be no text has left no
 * trace in buf. The cursor in s moves behind the whole list.
 */
static int
text_copy_codes(
    struct codes *s, int may_be_raw, char *buf, size_t size, size_t *len)
{
	struct codes start = *s;
	size_t n;
	int raw;

	if (codes_measure(s, &n, &raw) == -1) {
		errno = EINVAL;
		return (-1);
	}
	raw = raw && may_be_raw;
	if (raw)
		n = start.n;
	if (n >= size) {
		errno = ENOSPC;
		return (-1);
	}
	codes_write(start, raw, buf);
	*len = n;
	return (0);
}

/* The n bytes from data on, which c is just behind, as code points. */
static struct codes
codes_packed(const struct head *h, const struct etf *c)
{
	struct codes s;

	s.at.p = h->data;
	s.at.left = h->count + c->left;
	s.n = h->count;
	s.packed = 1;
	return (s);
}

int
etf_get_atom(struct etf *e, char *buf, size_t size)
{
	struct etf c = *e;
	struct codes s;
	struct head h;
	size_t len;
	int rc;

	if (etf_get_typed(&c, ETF_ATOM, &h) == -1)
		return (-1);
	if (h.rule == LATIN1) {
		s = codes_packed(&h, &c);
		rc = text_copy_codes(&s, 0, buf, size, &len);
	} else
		rc = text_copy_raw(h.data, h.count, buf, size, &len);
	if (rc == 0)
		*e = c;
	return (rc);
}

int
etf_get_text(struct etf *e, char *buf, size_t size, size_t *len)
{
	struct etf c = *e;
	struct codes s;
	struct head h;
	size_t n;
	int rc;

	if (etf_get_head(&c, &h) == -1)
		h.type = ETF_OTHER;
	switch (h.type) {
	case ETF_BINARY:
	case ETF_NIL:
		rc = text_copy_raw(h.data, h.count, buf, size, &n);
		break;
	case ETF_STRING:
		s = codes_packed(&h, &c);
		rc = text_copy_codes(&s, 1, buf, size, &n);
		break;
	case ETF_LIST:
		s.at = c;
		s.n = h.count;
		s.packed = 0;
		rc = text_copy_codes(&s, 1, buf, size, &n);
		c = s.at;
		break;
	default:
		errno = EINVAL;
		return (-1);
	}
	if (rc == -1)
		return (-1);
	if (len != NULL)
		*len = n;
	*e = c;
	return (0);
}
