/*
 * Reads the arguments of a call as its row says. Nothing is believed: a length
 * and a number are tested before they are used, a path has no NUL in it, and a
 * list of small numbers is a list of numbers, however Erlang writes it.
 */

#include <errno.h>
#include <string.h>

#include "call.h"
#include "constant.h"
#include "cstruct.h"
#include "owned.h"

/* One argument, as a row describes it. */
struct letter {
	char letter;
	int optional; /* [] is none */
	int last; /* it may be missing, with all behind it */
	const struct constant_kind *kind;
};

static int
wrong(int error)
{
	errno = error;
	return (-1);
}

/* How many bytes the next term takes. */
static size_t
term_size(const struct etf *e)
{
	struct etf c = *e;

	(void)etf_skip(&c);
	return (e->left - c.left);
}

static int
is_nil(const struct etf *e)
{
	enum etf_type type;

	return (etf_type(e, &type) == 0 && type == ETF_NIL);
}

/* A list of so few bytes may become twice as many in UTF-8. */
static int
read_text(struct call *c, struct etf *e, char **text, size_t *len)
{
	size_t size = 2 * term_size(e) + 1;

	if ((*text = call_alloc(c, size)) == NULL)
		return (-1);
	return (etf_get_text(e, *text, size, len));
}

/* size 0 only counts. */
static int
read_iodata(struct etf *e, uint8_t *buf, size_t size, size_t *len)
{
	const uint8_t *data;
	size_t n;
	uint32_t count;
	int64_t byte;
	uint8_t one;

	if (etf_get_int(e, &byte) == 0) {
		if (byte < 0 || byte > UINT8_MAX)
			return (wrong(EINVAL));
		one = (uint8_t)byte;
		data = &one;
		n = 1;
	} else if (etf_get_binary(e, &data, &n) == -1 &&
		   etf_get_bytes(e, &data, &n) == -1) {
		if (etf_get_list(e, &count) == -1)
			return (wrong(EINVAL));
		if (count == 0)
			return (0);
		while (count-- > 0)
			if (read_iodata(e, buf, size, len) == -1)
				return (-1);
		/* The tail of an improper one may be a binary. */
		return (read_iodata(e, buf, size, len));
	}
	if (size > 0 && n > 0)
		memcpy(buf + *len, data, n);
	*len += n;
	return (0);
}

static int
read_bytes(struct call *c, struct arg *a, struct etf *e)
{
	struct etf again = *e;
	int64_t number;
	uint8_t *copy;
	size_t n = 0;

	if (etf_get_binary(e, &a->bytes, &a->len) == 0 ||
	    etf_get_bytes(e, &a->bytes, &a->len) == 0)
		return (0);
	if (etf_get_int(e, &number) == 0 ||
	    read_iodata(e, NULL, 0, &a->len) == -1)
		return (wrong(EINVAL));
	if ((copy = call_alloc(c, a->len + 1)) == NULL)
		return (-1);
	a->bytes = copy;
	return (read_iodata(&again, copy, a->len, &n));
}

static int
read_number(struct etf *e, int64_t min, int64_t max, int64_t *number)
{
	int64_t n;

	if (etf_get_int(e, &n) == -1 || n < min || n > max)
		return (wrong(EINVAL));
	*number = n;
	return (0);
}

/* 64 bits, with a sign or without. */
static int
read_long(struct etf *e, int64_t *number)
{
	uint64_t u;

	if (etf_get_int(e, number) == 0)
		return (0);
	if (etf_get_uint(e, &u) == -1)
		return (wrong(EINVAL));
	*number = (int64_t)u;
	return (0);
}

static int
read_constant(struct etf *e, const struct constant_kind *kind, int64_t min,
    int64_t max, int64_t *number)
{
	char name[ETF_ATOM_MAX];

	if (etf_get_atom(e, name, sizeof(name)) == -1)
		return (read_number(e, min, max, number));
	if (kind == NULL)
		return (wrong(EINVAL));
	return (constant_get(kind, name, number) == -1 ? wrong(ENOTSUP) : 0);
}

/* Numbers, or constants, one after the other; each is given to add. */
static int
read_list(struct etf *e, const struct letter *l, int64_t *numbers, size_t *len)
{
	const uint8_t *data;
	size_t i, n;
	uint32_t count;

	if (etf_get_bytes(e, &data, &n) == 0) {
		for (i = 0; i < n; i++)
			numbers[i] = data[i];
		*len = n;
		return (0);
	}
	if (etf_get_list(e, &count) == -1)
		return (wrong(EINVAL));
	for (i = 0; i < count; i++)
		if (read_constant(
			e, l->kind, INT32_MIN, UINT32_MAX, &numbers[i]) == -1)
			return (-1);
	*len = count;
	return (count > 0 && etf_get_nil(e) == -1 ? wrong(EINVAL) : 0);
}

/* Each element takes a byte at least. */
static int
read_numbers(
    struct call *c, struct arg *a, struct etf *e, const struct letter *l)
{
	a->numbers = call_alloc(c, term_size(e) * sizeof(*a->numbers));
	if (a->numbers == NULL)
		return (-1);
	return (read_list(e, l, a->numbers, &a->len));
}

static int
read_flags(struct call *c, struct arg *a, struct etf *e, const struct letter *l)
{
	enum etf_type type;
	size_t i;

	if (etf_type(e, &type) == -1)
		return (wrong(EINVAL));
	if (type != ETF_NIL && type != ETF_LIST && type != ETF_STRING)
		return (read_constant(e, l->kind, 0, UINT32_MAX, &a->number));
	if (read_numbers(c, a, e, l) == -1)
		return (-1);
	for (i = 0; i < a->len; i++) {
		if (a->numbers[i] < 0)
			return (wrong(EINVAL));
		a->number |= a->numbers[i];
	}
	return (0);
}

static int
read_texts(struct call *c, struct arg *a, struct etf *e)
{
	uint32_t count, i;

	if (etf_get_list(e, &count) == -1)
		return (wrong(EINVAL));
	a->texts = call_alloc(c, (count + (size_t)1) * sizeof(*a->texts));
	if (a->texts == NULL)
		return (-1);
	for (i = 0; i < count; i++)
		if (read_text(c, e, &a->texts[i], NULL) == -1)
			return (-1);
	a->len = count;
	return (count > 0 && etf_get_nil(e) == -1 ? wrong(EINVAL) : 0);
}

int
args_get_limit(struct etf *e, int64_t *value)
{
	char name[ETF_ATOM_MAX];
	uint64_t u;

	if (etf_get_atom(e, name, sizeof(name)) == 0) {
		if (strcmp(name, "infinity") != 0)
			return (wrong(EINVAL));
		*value = -1;
		return (0);
	}
	if (etf_get_uint(e, &u) == -1)
		return (wrong(EINVAL));
	*value = (int64_t)u;
	return (0);
}

/* #{cur => N, max => N}, and nothing else. */
static int
read_rlimit(struct call *c, struct arg *a, struct etf *e)
{
	char key[ETF_ATOM_MAX];
	uint32_t n;
	int i, seen = 0;

	if ((a->numbers = call_alloc(c, 2 * sizeof(*a->numbers))) == NULL)
		return (-1);
	if (etf_get_map(e, &n) == -1 || n != 2)
		return (wrong(EINVAL));
	while (n-- > 0) {
		if (etf_get_atom(e, key, sizeof(key)) == -1)
			return (wrong(EINVAL));
		if (strcmp(key, "cur") != 0 && strcmp(key, "max") != 0)
			return (wrong(EINVAL));
		i = key[0] == 'm';
		seen |= 1 << i;
		if (args_get_limit(e, &a->numbers[i]) == -1)
			return (-1);
	}
	return (seen == 3 ? 0 : wrong(EINVAL));
}

/* A number, a constant, or memory. */
static int
read_any(struct call *c, struct arg *a, struct etf *e, const struct letter *l)
{
	enum etf_type type;

	if (etf_type(e, &type) == -1)
		return (wrong(EINVAL));
	if (type == ETF_ATOM)
		return (read_constant(e, l->kind, 0, 0, &a->number));
	if (type == ETF_INT || type == ETF_BIGINT)
		return (read_long(e, &a->number));
	if (type == ETF_NIL)
		return (etf_skip(e));
	return (cstruct_read(c, a));
}

static int
read_descriptor(struct arg *a, struct etf *e)
{
	if (read_number(e, INT32_MIN, INT32_MAX, &a->number) == -1)
		return (-1);
	return (owned_is((int)a->number) ? wrong(EBADF) : 0);
}

static int
read_id(struct arg *a, struct etf *e)
{
	if (read_number(e, -1, UINT32_MAX, &a->number) == -1)
		return (-1);
	a->number &= UINT32_MAX;
	return (0);
}

static int
read_one(struct call *c, struct arg *a, const struct letter *l)
{
	struct etf e = a->term;
	char *text;

	switch (l->letter) {
	case 'p':
	case 't':
		if (read_text(c, &e, &text, &a->len) == -1)
			return (-1);
		a->text = text;
		return (0);
	case 'b':
		return (read_bytes(c, a, &e));
	case 'm':
		return (read_number(&e, 0, UINT32_MAX, &a->number));
	case 'n':
		return (read_number(&e, 0, INT64_MAX, &a->number));
	case 'u':
		return (read_id(a, &e));
	case 'i':
	case 'P':
		return (read_number(&e, INT32_MIN, INT32_MAX, &a->number));
	case 'l':
		return (read_long(&e, &a->number));
	case 'd':
		return (read_descriptor(a, &e));
	case 'c':
		return (read_constant(
		    &e, l->kind, INT32_MIN, UINT32_MAX, &a->number));
	case 'f':
		return (read_flags(c, a, &e, l));
	case 'v':
		return (read_texts(c, a, &e));
	case 'g':
		return (read_numbers(c, a, &e, l));
	case 'r':
		return (read_rlimit(c, a, &e));
	case 'x':
		return (read_any(c, a, &e, l));
	case 's':
		return (cstruct_read(c, a));
	case 'T':
		return (0);
	}
	return (wrong(EINVAL));
}

/* The next argument of a row; 0 at its end. */
static int
next_letter(const char **args, struct letter *l)
{
	const char *s = *args;
	size_t n;

	memset(l, 0, sizeof(*l));
	while (*s == ' ')
		s++;
	if (*s == '\0')
		return (0);
	if (*s == '?') {
		l->last = 1;
		s++;
	}
	if (s[0] == 'o' && s[1] == ':') {
		l->optional = 1;
		s += 2;
	}
	l->letter = *s++;
	if (*s == ':') {
		n = strcspn(++s, " ");
		l->kind = constant_kind(s, n);
		s += n;
	}
	*args = s;
	return (1);
}

int
args_read(struct call *c, const uint8_t *term, size_t len)
{
	const char *args = c->row->args;
	struct letter l;
	struct arg *a;
	struct etf e;
	uint32_t i, arity;

	if (etf_check(term, len) == -1 || etf_open(&e, term, len) == -1 ||
	    etf_get_tuple(&e, &arity) == -1 || arity > CALL_ARGS_MAX)
		return (call_wrong(c, 0, EINVAL));
	for (i = 0; next_letter(&args, &l); i++) {
		a = &c->a[c->nargs++];
		if (i >= arity) {
			if (!l.last)
				return (call_wrong(c, 0, EINVAL));
			break;
		}
		a->term = e;
		a->given = !(l.optional && is_nil(&e));
		if (a->given && read_one(c, a, &l) == -1)
			return (call_wrong(c, i + 1, errno));
		(void)etf_skip(&e);
	}
	return (i < arity ? call_wrong(c, 0, EINVAL) : 0);
}
