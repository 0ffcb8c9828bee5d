/*
 * Writes Erlang's external term format into a buffer of fixed size. What it
 * is given comes from ourselves, but texts may have come from elsewhere (file
 * names, messages of the system): no byte of them can make the term illegal.
 *
 * The result is what term_to_binary/1 itself makes, with atoms in UTF-8.
 */

#include "etf_write.h"

#include <string.h>

#define INTEGER 98
#define SMALL_TUPLE 104
#define LARGE_TUPLE 105
#define NIL 106
#define STRING 107
#define LIST 108
#define MAP 116
#define BINARY 109
#define SMALL_BIG 110
#define ATOM_UTF8 118
#define SMALL_ATOM_UTF8 119

#define STRING_MAX 0xffff

/*
 * Begin a term of n bytes: make room for all of them or write nothing of it
 * and nothing more.
 */
static int
reserve(struct etf_writer *w, uint64_t n)
{
	if (w->full || n > w->size - w->len) {
		w->full = 1;
		return (-1);
	}
	return (0);
}

/* The three of these rely on reserve(). */
static void
add_byte(struct etf_writer *w, unsigned int v)
{
	w->buf[w->len++] = (uint8_t)v;
}

static void
add_be(struct etf_writer *w, size_t width, uint32_t v)
{
	while (width-- > 0)
		add_byte(w, v >> (8 * width));
}

static void
add_bytes(struct etf_writer *w, const void *data, size_t n)
{
	if (n == 0)
		return;
	memcpy(w->buf + w->len, data, n);
	w->len += n;
}

/*
 * The next character of a NUL-terminated text; how many bytes it has. 0 if
 * they are not UTF-8; a NUL among them is no continuation and ends it.
 */
static size_t
utf8_decode(const uint8_t *s, uint32_t *code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t v;
	size_t i, n;

	if (s[0] < 0x80) {
		*code = s[0];
		return (1);
	}
	if (s[0] < 0xc0 || s[0] > 0xf7)
		return (0);
	n = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	v = s[0] & (0x7fu >> n);
	for (i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return (0);
		v = v << 6 | (s[i] & 0x3f);
	}
	if (v < least[n] || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
		return (0);
	*code = v;
	return (n);
}

/* The number of characters in an atom's text; -1 if it is not UTF-8. */
static int
atom_chars(const char *text)
{
	const uint8_t *s = (const uint8_t *)text;
	uint32_t code;
	size_t n;
	int chars;

	for (chars = 0; *s != '\0' && chars <= ETF_ATOM_CHARS; chars++) {
		if ((n = utf8_decode(s, &code)) == 0)
			return (-1);
		s += n;
	}
	return (chars);
}

/* The next element of a string: a character, or else a byte. */
static uint32_t
string_next(const uint8_t **s)
{
	uint32_t code;
	size_t n;

	if ((n = utf8_decode(*s, &code)) == 0) {
		code = **s;
		n = 1;
	}
	*s += n;
	return (code);
}

static void
add_uint(struct etf_writer *w, uint32_t v)
{
	if (v <= 0xff) {
		add_byte(w, ETF_SMALL_INTEGER);
		add_byte(w, v);
	} else {
		add_byte(w, INTEGER);
		add_be(w, 4, v);
	}
}

void
etf_writer_init(struct etf_writer *w, void *buf, size_t size)
{
	w->buf = buf;
	w->size = size;
	w->len = 0;
	w->full = 0;
}

void
etf_put_version(struct etf_writer *w)
{
	if (reserve(w, 1) == 0)
		add_byte(w, ETF_VERSION);
}

void
etf_put_tuple(struct etf_writer *w, uint32_t arity)
{
	size_t width = arity <= 0xff ? 1 : 4;

	if (reserve(w, 1 + width) == -1)
		return;
	add_byte(w, width == 1 ? SMALL_TUPLE : LARGE_TUPLE);
	add_be(w, width, arity);
}

void
etf_put_map(struct etf_writer *w, uint32_t n)
{
	if (reserve(w, 5) == -1)
		return;
	add_byte(w, MAP);
	add_be(w, 4, n);
}

void
etf_put_list(struct etf_writer *w, uint32_t n)
{
	if (n == 0) {
		etf_put_nil(w);
		return;
	}
	if (reserve(w, 5) == -1)
		return;
	add_byte(w, LIST);
	add_be(w, 4, n);
}

size_t
etf_begin_list(struct etf_writer *w)
{
	etf_put_list(w, UINT32_MAX);
	return (w->len);
}

void
etf_end_list(struct etf_writer *w, size_t at, uint32_t n)
{
	size_t end;

	if (n == 0)
		w->len = w->full ? w->len : at - 5;
	etf_put_nil(w);
	if (n == 0 || w->full)
		return;
	end = w->len;
	w->len = at - 4;
	add_be(w, 4, n);
	w->len = end;
}

void
etf_put_nil(struct etf_writer *w)
{
	if (reserve(w, 1) == 0)
		add_byte(w, NIL);
}

/* An integer that has no form of 32 bits. */
static void
put_big(struct etf_writer *w, uint64_t magnitude, int negative)
{
	uint64_t rest;
	size_t n = 0;

	for (rest = magnitude; rest > 0; rest >>= 8)
		n++;
	if (reserve(w, 3 + n) == -1)
		return;
	add_byte(w, SMALL_BIG);
	add_byte(w, (unsigned int)n);
	add_byte(w, negative != 0);
	for (; n > 0; n--, magnitude >>= 8)
		add_byte(w, magnitude & 0xff);
}

void
etf_put_int(struct etf_writer *w, int64_t v)
{
	if (v >= INT32_MIN && v <= INT32_MAX) {
		if (reserve(w, v >= 0 && v <= 0xff ? 2 : 5) == 0)
			add_uint(w, (uint32_t)v);
		return;
	}
	put_big(w, v < 0 ? 0 - (uint64_t)v : (uint64_t)v, v < 0);
}

void
etf_put_uint(struct etf_writer *w, uint64_t v)
{
	if (v <= INT64_MAX)
		etf_put_int(w, (int64_t)v);
	else
		put_big(w, v, 0);
}

void
etf_put_atom(struct etf_writer *w, const char *utf8)
{
	size_t len = strlen(utf8);
	size_t width = len <= 0xff ? 1 : 2;
	int chars = atom_chars(utf8);

	if (chars == -1 || chars > ETF_ATOM_CHARS) {
		w->full = 1;
		return;
	}
	if (reserve(w, 1 + width + len) == -1)
		return;
	add_byte(w, width == 1 ? SMALL_ATOM_UTF8 : ATOM_UTF8);
	add_be(w, width, (uint32_t)len);
	add_bytes(w, utf8, len);
}

void
etf_put_binary(struct etf_writer *w, const void *data, size_t len)
{
	if (len > UINT32_MAX || reserve(w, 5 + (uint64_t)len) == -1) {
		w->full = 1;
		return;
	}
	etf_put_binary_head(w, (uint32_t)len);
	add_bytes(w, data, len);
}

void
etf_put_binary_head(struct etf_writer *w, uint32_t len)
{
	if (reserve(w, 5) == -1)
		return;
	add_byte(w, BINARY);
	add_be(w, 4, len);
}

/* As Erlang does it: a list of so few bytes has a form of its own. */
static void
put_packed(struct etf_writer *w, const uint8_t *s, uint32_t n)
{
	if (reserve(w, 3 + (uint64_t)n) == -1)
		return;
	add_byte(w, STRING);
	add_be(w, 2, n);
	while (*s != '\0')
		add_byte(w, string_next(&s));
}

/* size is that of the elements. */
static void
put_codes(struct etf_writer *w, const uint8_t *s, uint32_t n, uint64_t size)
{
	if (reserve(w, 5 + size + 1) == -1)
		return;
	add_byte(w, LIST);
	add_be(w, 4, n);
	while (*s != '\0')
		add_uint(w, string_next(&s));
	add_byte(w, NIL);
}

void
etf_put_string(struct etf_writer *w, const char *utf8)
{
	const uint8_t *s;
	uint64_t n = 0, size = 0;
	uint32_t code, largest = 0;

	for (s = (const uint8_t *)utf8; *s != '\0'; n++) {
		code = string_next(&s);
		size += code <= 0xff ? 2 : 5;
		if (code > largest)
			largest = code;
	}
	s = (const uint8_t *)utf8;
	if (n == 0)
		etf_put_nil(w);
	else if (largest <= 0xff && n <= STRING_MAX)
		put_packed(w, s, (uint32_t)n);
	else if (n <= UINT32_MAX)
		put_codes(w, s, (uint32_t)n, size);
	else
		w->full = 1;
}
