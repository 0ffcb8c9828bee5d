/*
 * Tests of the term reader and writer. The reader's input is hostile, so every
 * frame that it is shown here lies in an allocation of its exact size, where a
 * sanitizer or valgrind sees one byte too many. The bytes of good terms were
 * made by Erlang's term_to_binary/1,2, or, where it no longer makes a tag,
 * were accepted by its binary_to_term/1.
 *
 * ETF_ROUNDS in the environment says how many random and how many mutated
 * frames are tried, ETF_SEED what they begin from.
 */

#include <sys/types.h>

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "etf_read.h"
#include "etf_write.h"

#define ROUNDS 1000000
#define SEED 0x9e3779b97f4a7c15ULL
#define FRAME_MAX 2048
#define FILL 0xa5

#define nitems(a) (sizeof(a) / sizeof((a)[0]))

#define BYTES(s) (s), sizeof(s) - 1
#define Z4 "\x00\x00\x00\x00"
#define Z16 Z4 Z4 Z4 Z4
#define Z64 Z16 Z16 Z16 Z16
#define NIL4 "\x6a\x6a\x6a\x6a"
#define NIL16 NIL4 NIL4 NIL4 NIL4
#define NIL64 NIL16 NIL16 NIL16 NIL16
#define EACUTE4 "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
#define EACUTE16 EACUTE4 EACUTE4 EACUTE4 EACUTE4
#define EACUTE128 \
	EACUTE16 EACUTE16 EACUTE16 EACUTE16 EACUTE16 EACUTE16 EACUTE16 EACUTE16

/* What a getter makes of a term; one bit each. */
#define G_TUPLE 0x01
#define G_LIST 0x02
#define G_NIL 0x04
#define G_INT 0x08
#define G_ATOM 0x10
#define G_BINARY 0x20
#define G_TEXT 0x40
#define G_MAP 0x80

struct sample {
	const char *name;
	enum etf_type type;
	unsigned int getters;
	const char *bytes;
	size_t len;
};

/* In the order of their tags. */
static const struct sample samples[] = {
	{ "1.5", ETF_FLOAT, 0,
	    BYTES("\x83\x46\x3f\xf8\x00\x00\x00\x00\x00\x00") },
	{ "<<5:3>>", ETF_BITS, 0, BYTES("\x83\x4d\x00\x00\x00\x01\x03\xa0") },
	{ "<<1,3:7>>", ETF_BITS, 0,
	    BYTES("\x83\x4d\x00\x00\x00\x02\x07\x01\x06") },
	{ "<<170:8>> as bits", ETF_BITS, 0,
	    BYTES("\x83\x4d\x00\x00\x00\x01\x08\xaa") },
	{ "new pid", ETF_OTHER, 0,
	    BYTES("\x83\x58\x64\x00\x0d\x6e\x6f\x6e\x6f\x64\x65\x40\x6e"
		  "\x6f\x68\x6f\x73\x74\x00\x00\x00\x09\x00\x00\x00\x00"
		  "\x00\x00\x00\x00") },
	{ "new port", ETF_OTHER, 0,
	    BYTES("\x83\x59\x64\x00\x0d\x6e\x6f\x6e\x6f\x64\x65\x40\x6e"
		  "\x6f\x68\x6f\x73\x74\x00\x00\x00\x00\x00\x00\x00\x00") },
	{ "newer reference", ETF_OTHER, 0,
	    BYTES("\x83\x5a\x00\x03\x64\x00\x0d\x6e\x6f\x6e\x6f\x64\x65"
		  "\x40\x6e\x6f\x68\x6f\x73\x74\x00\x00\x00\x00\x00\x00"
		  "\x6e\xe9\xdc\x64\x00\x01\xf5\x7f\x89\x0c") },
	{ "0", ETF_INT, G_INT, BYTES("\x83\x61\x00") },
	{ "255", ETF_INT, G_INT, BYTES("\x83\x61\xff") },
	{ "-1", ETF_INT, G_INT, BYTES("\x83\x62\xff\xff\xff\xff") },
	{ "old 1.5", ETF_FLOAT, 0,
	    BYTES("\x83\x63\x31\x2e\x35\x30\x30\x30\x30\x30\x30\x30\x30"
		  "\x30\x30\x30\x30\x30\x30\x30\x30\x30\x30\x30\x65\x2b"
		  "\x30\x30\x00\x00\x00\x00\x00") },
	{ "ok, ATOM", ETF_ATOM, G_ATOM, BYTES("\x83\x64\x00\x02\x6f\x6b") },
	{ "e acute, ATOM", ETF_ATOM, G_ATOM, BYTES("\x83\x64\x00\x01\xe9") },
	{ "atom with a NUL", ETF_ATOM, 0, BYTES("\x83\x64\x00\x01\x00") },
	{ "reference", ETF_OTHER, 0,
	    BYTES("\x83\x65\x73\x01\x6e\x00\x00\x00\x01\x03") },
	{ "port", ETF_OTHER, 0,
	    BYTES("\x83\x66\x73\x01\x6e\x00\x00\x00\x01\x03") },
	{ "pid", ETF_OTHER, 0,
	    BYTES("\x83\x67\x73\x01\x6e\x00\x00\x00\x01\x00\x00\x00\x02"
		  "\x03") },
	{ "{}", ETF_TUPLE, G_TUPLE, BYTES("\x83\x68\x00") },
	{ "{1,{2},[]}", ETF_TUPLE, G_TUPLE,
	    BYTES("\x83\x68\x03\x61\x01\x68\x01\x61\x02\x6a") },
	{ "tuple of 256 []", ETF_TUPLE, G_TUPLE,
	    BYTES("\x83\x69\x00\x00\x01\x00" NIL64 NIL64 NIL64 NIL64) },
	{ "[]", ETF_NIL, G_NIL | G_LIST | G_TEXT, BYTES("\x83\x6a") },
	{ "\"abc\"", ETF_STRING, G_TEXT,
	    BYTES("\x83\x6b\x00\x03\x61\x62\x63") },
	{ "[0,1]", ETF_STRING, 0, BYTES("\x83\x6b\x00\x02\x00\x01") },
	{ "[1,[],300]", ETF_LIST, G_LIST,
	    BYTES("\x83\x6c\x00\x00\x00\x03\x61\x01\x6a\x62\x00\x00\x01"
		  "\x2c\x6a") },
	{ "[1|2]", ETF_LIST, G_LIST,
	    BYTES("\x83\x6c\x00\x00\x00\x01\x61\x01\x61\x02") },
	{ "[955]", ETF_LIST, G_LIST | G_TEXT,
	    BYTES("\x83\x6c\x00\x00\x00\x01\x62\x00\x00\x03\xbb\x6a") },
	{ "[] as a list", ETF_LIST, G_LIST | G_TEXT,
	    BYTES("\x83\x6c\x00\x00\x00\x00\x6a") },
	{ "1 as a tail", ETF_LIST, 0,
	    BYTES("\x83\x6c\x00\x00\x00\x00\x61\x01") },
	{ "<<\"hello\">>", ETF_BINARY, G_BINARY | G_TEXT,
	    BYTES("\x83\x6d\x00\x00\x00\x05\x68\x65\x6c\x6c\x6f") },
	{ "<<>>", ETF_BINARY, G_BINARY | G_TEXT,
	    BYTES("\x83\x6d\x00\x00\x00\x00") },
	{ "<<0>>", ETF_BINARY, G_BINARY,
	    BYTES("\x83\x6d\x00\x00\x00\x01\x00") },
	{ "1 bsl 31", ETF_INT, G_INT,
	    BYTES("\x83\x6e\x04\x00\x00\x00\x00\x80") },
	{ "1 bsl 63", ETF_BIGINT, 0,
	    BYTES("\x83\x6e\x08\x00\x00\x00\x00\x00\x00\x00\x00\x80") },
	{ "7 in ten digits", ETF_INT, G_INT,
	    BYTES("\x83\x6e\x0a\x00\x07\x00\x00\x00\x00\x00\x00\x00\x00"
		  "\x00") },
	{ "no digits", ETF_INT, G_INT, BYTES("\x83\x6e\x00\x01") },
	{ "-256, LARGE_BIG", ETF_INT, G_INT,
	    BYTES("\x83\x6f\x00\x00\x00\x02\x01\x00\x01") },
	{ "1 bsl 2047 + 1", ETF_BIGINT, 0,
	    BYTES("\x83\x6f\x00\x00\x01\x00\x00\x01" Z64 Z64 Z64 Z16 Z16 Z16 Z4
		    Z4 Z4 "\x00\x00\x80") },
	{ "fun", ETF_OTHER, 0,
	    BYTES("\x83\x70\x00\x00\x00\x4b\x01\xcc\x28\x31\x49\x9c\x1b"
		  "\x7b\x6a\x9a\x50\x6e\x8c\xd5\x3d\x91\x13\x00\x00\x00"
		  "\x00\x00\x00\x00\x01\x64\x00\x01\x6d\x61\x00\x62\x06"
		  "\x61\x41\x8a\x58\x64\x00\x0d\x6e\x6f\x6e\x6f\x64\x65"
		  "\x40\x6e\x6f\x68\x6f\x73\x74\x00\x00\x00\x09\x00\x00"
		  "\x00\x00\x00\x00\x00\x00\x6d\x00\x00\x00\x01\x78") },
	{ "fun in a fun", ETF_OTHER, 0,
	    BYTES("\x83\x70\x00\x00\x00\x90\x01\xcc\x28\x31\x49\x9c\x1b"
		  "\x7b\x6a\x9a\x50\x6e\x8c\xd5\x3d\x91\x13\x00\x00\x00"
		  "\x00\x00\x00\x00\x01\x77\x01\x6d\x61\x00\x62\x06\x61"
		  "\x41\x8a\x58\x77\x0d\x6e\x6f\x6e\x6f\x64\x65\x40\x6e"
		  "\x6f\x68\x6f\x73\x74\x00\x00\x00\x09\x00\x00\x00\x00"
		  "\x00\x00\x00\x00\x6c\x00\x00\x00\x01\x61\x01\x70\x00"
		  "\x00\x00\x45\x01\xcc\x28\x31\x49\x9c\x1b\x7b\x6a\x9a"
		  "\x50\x6e\x8c\xd5\x3d\x91\x13\x00\x00\x00\x00\x00\x00"
		  "\x00\x01\x77\x01\x6d\x61\x00\x62\x06\x61\x41\x8a\x58"
		  "\x77\x0d\x6e\x6f\x6e\x6f\x64\x65\x40\x6e\x6f\x68\x6f"
		  "\x73\x74\x00\x00\x00\x09\x00\x00\x00\x00\x00\x00\x00"
		  "\x00\x68\x00") },
	{ "lists:map/2", ETF_OTHER, 0,
	    BYTES("\x83\x71\x64\x00\x05\x6c\x69\x73\x74\x73\x64\x00\x03"
		  "\x6d\x61\x70\x61\x02") },
	{ "lists:map/2, UTF-8", ETF_OTHER, 0,
	    BYTES("\x83\x71\x77\x05\x6c\x69\x73\x74\x73\x77\x03\x6d\x61"
		  "\x70\x61\x02") },
	{ "new reference", ETF_OTHER, 0,
	    BYTES("\x83\x72\x00\x02\x73\x01\x6e\x03\x00\x00\x00\x01\x00"
		  "\x00\x00\x02") },
	{ "ok, SMALL_ATOM", ETF_ATOM, G_ATOM, BYTES("\x83\x73\x02\x6f\x6b") },
	{ "#{}", ETF_MAP, G_MAP, BYTES("\x83\x74\x00\x00\x00\x00") },
	{ "#{1 => <<\"x\">>, [] => #{}}", ETF_MAP, G_MAP,
	    BYTES("\x83\x74\x00\x00\x00\x02\x61\x01\x6d\x00\x00\x00\x01"
		  "\x78\x6a\x74\x00\x00\x00\x00") },
	{ "128 e acute, ATOM_UTF8", ETF_ATOM, G_ATOM,
	    BYTES("\x83\x76\x01\x00" EACUTE128) },
	{ "ok, SMALL_ATOM_UTF8", ETF_ATOM, G_ATOM,
	    BYTES("\x83\x77\x02\x6f\x6b") },
	{ "lambda, SMALL_ATOM_UTF8", ETF_ATOM, G_ATOM,
	    BYTES("\x83\x77\x02\xce\xbb") },
	{ "''", ETF_ATOM, G_ATOM, BYTES("\x83\x77\x00") },
	{ "v4 port", ETF_OTHER, 0,
	    BYTES("\x83\x78\x73\x01\x6e\x00\x00\x00\x01\x00\x00\x00\x01"
		  "\x00\x00\x00\x03") },

	/* {1, {run, "ls -l", [stdin, {env, [{"K",<<"V">>}]}, {cd,<<"/tmp">>}]}}
	 */
	{ "run", ETF_TUPLE, G_TUPLE,
	    BYTES("\x83\x68\x02\x61\x01\x68\x03\x64\x00\x03\x72\x75\x6e"
		  "\x6b\x00\x05\x6c\x73\x20\x2d\x6c\x6c\x00\x00\x00\x03"
		  "\x64\x00\x05\x73\x74\x64\x69\x6e\x68\x02\x64\x00\x03"
		  "\x65\x6e\x76\x6c\x00\x00\x00\x01\x68\x02\x6b\x00\x01"
		  "\x4b\x6d\x00\x00\x00\x01\x56\x6a\x68\x02\x64\x00\x02"
		  "\x63\x64\x6d\x00\x00\x00\x04\x2f\x74\x6d\x70\x6a") },
	/* {1, {hello, #{version => 1}}} */
	{ "hello", ETF_TUPLE, G_TUPLE,
	    BYTES("\x83\x68\x02\x61\x01\x68\x02\x64\x00\x05\x68\x65\x6c"
		  "\x6c\x6f\x74\x00\x00\x00\x01\x64\x00\x07\x76\x65\x72"
		  "\x73\x69\x6f\x6e\x61\x01") },
};

/* A copy in an allocation of its own: an overrun of one byte is seen. */
static uint8_t *
exact(const void *data, size_t len)
{
	uint8_t *p;

	p = malloc(len);
	assert_true(p != NULL || len == 0);
	if (len > 0)
		memcpy(p, data, len);
	return (p);
}

static int
check(const void *data, size_t len)
{
	uint8_t *p;
	int rc;

	p = exact(data, len);
	rc = etf_check(p, len);
	free(p);
	return (rc);
}

/* Open a frame at the version byte, which must be there. */
static struct etf
reader(const void *data, size_t len)
{
	struct etf e;

	assert_int_equal(etf_open(&e, data, len), 0);
	return (e);
}

/* A getter left the cursor either where it was or further on in the frame. */
static int
moved(const struct etf *before, const struct etf *after, int rc)
{
	assert_true(rc == 0 || rc == -1);
	assert_ptr_equal(before->p + before->left, after->p + after->left);
	if (rc == -1)
		assert_ptr_equal(before->p, after->p);
	else
		assert_true(after->p > before->p);
	return (rc == 0);
}

static void
assert_filled(const void *buf, size_t n)
{
	const uint8_t *p = buf;

	while (n-- > 0)
		if (p[n] != FILL)
			fail_msg("byte %zu was written", n);
}

static void
probe_counts(const struct etf *e, unsigned int *got)
{
	struct etf c = *e;
	uint32_t n = 12345;

	if (moved(e, &c, etf_get_tuple(&c, &n)))
		*got |= G_TUPLE;
	else
		assert_int_equal(n, 12345);
	c = *e;
	n = 12345;
	if (moved(e, &c, etf_get_list(&c, &n)))
		*got |= G_LIST;
	else
		assert_int_equal(n, 12345);
	c = *e;
	n = 12345;
	if (moved(e, &c, etf_get_map(&c, &n)))
		*got |= G_MAP;
	else
		assert_int_equal(n, 12345);
	c = *e;
	if (moved(e, &c, etf_get_nil(&c)))
		*got |= G_NIL;
}

static void
probe_values(const struct etf *e, unsigned int *got)
{
	struct etf c = *e;
	const uint8_t *data = NULL;
	int64_t v = 12345;
	size_t len = 12345;

	if (moved(e, &c, etf_get_int(&c, &v)))
		*got |= G_INT;
	else
		assert_int_equal(v, 12345);
	c = *e;
	if (moved(e, &c, etf_get_binary(&c, &data, &len))) {
		*got |= G_BINARY;
		assert_true(data > e->p && data + len == c.p);
	} else
		assert_true(data == NULL && len == 12345);
}

static void
probe_others(const struct etf *e)
{
	struct etf c = *e;
	enum etf_type type;
	const uint8_t *data = NULL;
	uint64_t v = 12345;
	size_t len = 12345;

	if (!moved(e, &c, etf_get_uint(&c, &v)))
		assert_int_equal(v, 12345);
	c = *e;
	if (moved(e, &c, etf_get_bytes(&c, &data, &len))) {
		assert_int_equal(etf_type(e, &type), 0);
		assert_int_equal(type, ETF_STRING);
		assert_true(data > e->p && data + len == c.p);
	} else
		assert_true(data == NULL && len == 12345);
}

static void
probe_texts(const struct etf *e, unsigned int *got)
{
	struct etf c = *e;
	char atom[ETF_ATOM_MAX], text[128];
	size_t len = 12345;

	memset(atom, FILL, 64);
	if (moved(e, &c, etf_get_atom(&c, atom, sizeof(atom)))) {
		*got |= G_ATOM;
		assert_true(strlen(atom) < sizeof(atom));
	} else
		assert_filled(atom, 64);
	c = *e;
	memset(text, FILL, sizeof(text));
	errno = 0;
	if (moved(e, &c, etf_get_text(&c, text, sizeof(text), &len))) {
		*got |= G_TEXT;
		assert_int_equal(strlen(text), len);
	} else {
		assert_filled(text, sizeof(text));
		assert_int_equal(len, 12345);
		assert_true(errno == EINVAL || errno == ENOSPC);
	}
}

/* Try every getter at this place; the bits of those that took something. */
static unsigned int
probe(const struct etf *e)
{
	unsigned int got = 0;

	probe_counts(e, &got);
	probe_values(e, &got);
	probe_others(e);
	probe_texts(e, &got);
	return (got);
}

/* The getters that may take a term of this type at all. */
static unsigned int
possible(enum etf_type type)
{
	switch (type) {
	case ETF_INT:
		return (G_INT);
	case ETF_ATOM:
		return (G_ATOM);
	case ETF_TUPLE:
		return (G_TUPLE);
	case ETF_NIL:
		return (G_NIL | G_LIST | G_TEXT);
	case ETF_LIST:
		return (G_LIST | G_TEXT);
	case ETF_STRING:
		return (G_TEXT);
	case ETF_BINARY:
		return (G_BINARY | G_TEXT);
	case ETF_MAP:
		return (G_MAP);
	default:
		return (0);
	}
}

/* Of those, the ones that always do. */
static unsigned int
certain(enum etf_type type)
{
	switch (type) {
	case ETF_INT:
	case ETF_TUPLE:
	case ETF_NIL:
		return (possible(type));
	case ETF_BINARY:
		return (G_BINARY);
	default:
		return (0);
	}
}

/*
 * A frame that passed etf_check(): go through it with all getters, entering
 * tuples and lists and passing over the rest. It must come out at the end.
 */
static void
walk(const uint8_t *frame, size_t len)
{
	struct etf e = reader(frame, len), before;
	enum etf_type type;
	unsigned int got;
	uint64_t due;
	uint32_t n;

	for (due = 1; due > 0; due--) {
		assert_int_equal(etf_type(&e, &type), 0);
		got = probe(&e);
		assert_int_equal(got & ~possible(type), 0);
		assert_int_equal(got & certain(type), certain(type));
		before = e;
		if (type == ETF_TUPLE) {
			assert_int_equal(etf_get_tuple(&e, &n), 0);
			due += n;
		} else if (type == ETF_LIST && etf_get_list(&e, &n) == 0)
			due += n > 0 ? (uint64_t)n + 1 : 0;
		else
			assert_int_equal(etf_skip(&e), 0);
		assert_true(moved(&before, &e, 0));
		assert_true(due - 1 <= e.left);
	}
	assert_int_equal(e.left, 0);
}

static void
test_good(void **state)
{
	const struct sample *s;
	struct etf e;
	enum etf_type type;
	uint8_t *p;

	(void)state;
	for (s = samples; s < samples + nitems(samples); s++) {
		p = exact(s->bytes, s->len);
		if (etf_check(p, s->len) == -1)
			fail_msg("%s: refused", s->name);
		e = reader(p, s->len);
		assert_int_equal(etf_type(&e, &type), 0);
		if (type != s->type || probe(&e) != s->getters)
			fail_msg("%s: type %d, getters %#x", s->name, type,
			    probe(&e));
		assert_int_equal(etf_skip(&e), 0);
		assert_int_equal(e.left, 0);
		walk(p, s->len);
		free(p);
	}
}

/* Every beginning of a good term is refused, and one byte more is, too. */
static void
test_truncated(void **state)
{
	const struct sample *s;
	struct etf e;
	uint8_t *p;
	size_t n;

	(void)state;
	for (s = samples; s < samples + nitems(samples); s++) {
		for (n = 0; n < s->len; n++) {
			p = exact(s->bytes, n);
			if (etf_check(p, n) == 0)
				fail_msg("%s: %zu bytes pass", s->name, n);
			if (n > 0) {
				e = reader(p, n);
				(void)probe(&e);
				assert_int_equal(etf_skip(&e), -1);
				assert_ptr_equal(e.p, p + 1);
			}
			free(p);
		}
		p = malloc(s->len + 1);
		assert_non_null(p);
		memcpy(p, s->bytes, s->len);
		p[s->len] = 0x6a;
		assert_int_equal(etf_check(p, s->len + 1), -1);
		free(p);
	}
}

/* No tag that is not among the samples passes, whatever follows. */
static void
test_unknown_tags(void **state)
{
	enum etf_type type;
	struct etf e;
	uint8_t known[256] = { 0 }, frame[64];
	size_t i, len;
	int fill, tag, total = 0;

	(void)state;
	for (i = 0; i < nitems(samples); i++)
		known[(uint8_t)samples[i].bytes[1]] = 1;
	for (tag = 0; tag < 256; tag++) {
		total += known[tag];
		if (known[tag])
			continue;
		for (fill = 0; fill < 2; fill++) {
			memset(frame, fill, sizeof(frame));
			frame[0] = ETF_VERSION;
			frame[1] = (uint8_t)tag;
			for (len = 1; len <= sizeof(frame); len++)
				assert_int_equal(check(frame, len), -1);
			e = reader(frame, sizeof(frame));
			assert_int_equal(etf_type(&e, &type), -1);
			assert_int_equal(probe(&e), 0);
		}
	}
	assert_int_equal(total, 28);
}

static void
test_version(void **state)
{
	static const uint8_t wrong[] = { 130, 106 };
	struct etf e = { wrong, 0 };
	enum etf_type type;

	(void)state;
	assert_int_equal(etf_open(&e, wrong, 0), -1);
	assert_int_equal(etf_open(&e, wrong, 2), -1);
	assert_ptr_equal(e.p, wrong);
	assert_int_equal(etf_check(wrong, 2), -1);
	assert_int_equal(etf_check(NULL, 0), -1);
	assert_int_equal(etf_type(&e, &type), -1);
	assert_int_equal(etf_skip(&e), -1);
	assert_int_equal(probe(&e), 0);
}

/* Terms that have a known tag and are wrong inside. */
static void
test_malformed(void **state)
{
	static const struct {
		const char *name;
		const char *bytes;
		size_t len;
	} bad[] = {
		{ "sign byte 2", BYTES("\x83\x6e\x01\x02\x07") },
		{ "sign byte 255", BYTES("\x83\x6f\x00\x00\x00\x01\xff\x07") },
		{ "0 bits", BYTES("\x83\x4d\x00\x00\x00\x01\x00\xaa") },
		{ "9 bits", BYTES("\x83\x4d\x00\x00\x00\x01\x09\xaa") },
		{ "bits of no byte", BYTES("\x83\x4d\x00\x00\x00\x00\x01") },
		{ "lone continuation", BYTES("\x83\x77\x01\x80") },
		{ "long form of /", BYTES("\x83\x77\x02\xc0\xaf") },
		{ "longest long form in two", BYTES("\x83\x77\x02\xc1\xbf") },
		{ "long form in three", BYTES("\x83\x77\x03\xe0\x80\xaf") },
		{ "long form in four", BYTES("\x83\x77\x04\xf0\x80\x80\xaf") },
		{ "surrogate", BYTES("\x83\x77\x03\xed\xa0\x80") },
		{ "above 10FFFF", BYTES("\x83\x77\x04\xf4\x90\x80\x80") },
		{ "byte F5", BYTES("\x83\x77\x04\xf5\x80\x80\x80") },
		{ "byte FF", BYTES("\x83\x77\x01\xff") },
		{ "cut short", BYTES("\x83\x77\x02\xe2\x82") },
		{ "continuation missing", BYTES("\x83\x77\x02\xc3\x61") },
		{ "Latin-1 as UTF-8", BYTES("\x83\x76\x00\x01\xe9") },
		{ "pid of a number",
		    BYTES("\x83\x58\x61\x01\x00\x00\x00\x01\x00\x00\x00\x02\x00"
			  "\x00\x00\x00\x03") },
		{ "pid of a pid",
		    BYTES("\x83\x58\x58\x58\x73\x01\x6e\x00\x00\x00\x01\x00\x00"
			  "\x00\x02\x00\x00\x00\x03\x00\x00\x00\x01\x00\x00\x00"
			  "\x02\x00\x00\x00\x03"
			  "\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00\x03") },
		{ "pid of [83]",
		    BYTES("\x83\x67\x6b\x00\x01\x83\x00\x00\x00\x01\x00\x00\x00"
			  "\x02\x03") },
		{ "node is no UTF-8",
		    BYTES("\x83\x67\x77\x01\xff\x00\x00\x00\x01\x00\x00\x00\x02"
			  "\x03") },
		{ "export of a number",
		    BYTES("\x83\x71\x61\x01\x64\x00\x03\x61\x61\x61\x61\x02") },
		{ "arity no small integer",
		    BYTES("\x83\x71\x77\x01\x6d\x77\x01\x66\x62\x00\x00\x00\x00"
			  "\x02") },
		{ "arity tag",
		    BYTES("\x83\x71\x77\x01\x6d\x77\x01\x66\x62\x02") },
		{ "old fun",
		    BYTES("\x83\x75\x00\x00\x00\x00\x6a\x6a\x6a\x6a") },
		{ "compressed",
		    BYTES("\x83\x50\x00\x00\x00\x05\x78\x9c\x4b\x04\x00\x00\x62"
			  "\x00\x62\x61") },
		{ "two terms", BYTES("\x83\x6a\x6a") },
	};
	size_t i;

	(void)state;
	for (i = 0; i < nitems(bad); i++)
		if (check(bad[i].bytes, bad[i].len) == 0)
			fail_msg("%s: passes", bad[i].name);
}

/* A fun's size must be just what it takes. */
static void
test_fun_size(void **state)
{
	const struct sample *s;
	uint8_t *p;
	int by, funs = 0;

	(void)state;
	for (s = samples; s < samples + nitems(samples); s++) {
		if ((uint8_t)s->bytes[1] != 112)
			continue;
		funs++;
		for (by = -128; by < 128; by++) {
			p = exact(s->bytes, s->len);
			p[5] = (uint8_t)(p[5] + by);
			assert_int_equal(
			    etf_check(p, s->len), by == 0 ? 0 : -1);
			p[2] = 0xff;
			assert_int_equal(etf_check(p, s->len), -1);
			free(p);
		}
	}
	assert_int_equal(funs, 2);
}

/* An atom may have 255 characters, of any length in bytes. */
static void
test_long_atoms(void **state)
{
	static const struct {
		uint8_t tag;
		const char *character;
	} forms[] = {
		{ 100, "a" },
		{ 100, "\xe9" },
		{ 118, "a" },
		{ 118, "\xc3\xa9" },
		{ 118, "\xe2\x82\xac" },
		{ 118, "\xf0\x9f\x98\x80" },
	};
	uint8_t frame[4 + 256 * 4];
	char text[ETF_ATOM_MAX];
	struct etf e;
	size_t chars, f, i, len, n;

	(void)state;
	for (f = 0; f < nitems(forms); f++) {
		for (chars = 255; chars <= 256; chars++) {
			n = strlen(forms[f].character);
			len = chars * n;
			frame[0] = ETF_VERSION;
			frame[1] = forms[f].tag;
			frame[2] = (uint8_t)(len >> 8);
			frame[3] = (uint8_t)len;
			for (i = 0; i < chars; i++)
				memcpy(
				    frame + 4 + i * n, forms[f].character, n);
			assert_int_equal(
			    check(frame, 4 + len), chars == 255 ? 0 : -1);
			e = reader(frame, 4 + len);
			assert_int_equal(etf_get_atom(&e, text, sizeof(text)),
			    chars == 255 ? 0 : -1);
		}
	}
}

/* A container, and where in it the next one goes: before and behind. */
struct nest {
	const char *name;
	const char *open;
	size_t openlen;
	const char *close;
	size_t closelen;
};

static const struct nest nests[] = {
	{ "tuple", BYTES("\x68\x01"), BYTES("") },
	{ "large tuple", BYTES("\x69\x00\x00\x00\x01"), BYTES("") },
	{ "list", BYTES("\x6c\x00\x00\x00\x01"), BYTES("\x6a") },
	{ "tail", BYTES("\x6c\x00\x00\x00\x01\x61\x01"), BYTES("") },
	{ "empty list's tail", BYTES("\x6c\x00\x00\x00\x00"), BYTES("") },
	{ "map value", BYTES("\x74\x00\x00\x00\x01\x6a"), BYTES("") },
	{ "map key", BYTES("\x74\x00\x00\x00\x01"), BYTES("\x6a") },
};

static void
test_depth(void **state)
{
	const struct nest *t;
	uint8_t frame[FRAME_MAX];
	size_t depth, i, len;

	(void)state;
	for (t = nests; t < nests + nitems(nests); t++) {
		for (depth = 1; depth <= 64; depth++) {
			len = 0;
			frame[len++] = ETF_VERSION;
			for (i = 0; i < depth; i++, len += t->openlen)
				memcpy(frame + len, t->open, t->openlen);
			frame[len++] = 0x6a;
			for (i = 0; i < depth; i++, len += t->closelen)
				memcpy(frame + len, t->close, t->closelen);
			if (check(frame, len) !=
			    (depth <= ETF_MAX_DEPTH ? 0 : -1))
				fail_msg("%s: depth %zu", t->name, depth);
		}
	}
}

/* Nothing but openings, 16 MiB of them: refused, and without a deep stack. */
static void
test_deep_frame(void **state)
{
	const struct nest *t;
	uint8_t *p;
	size_t len, size = 16 << 20;

	(void)state;
	p = malloc(size);
	assert_non_null(p);
	for (t = nests; t < nests + nitems(nests); t++) {
		p[0] = ETF_VERSION;
		for (len = 1; len + t->openlen <= size; len += t->openlen)
			memcpy(p + len, t->open, t->openlen);
		assert_int_equal(etf_check(p, len), -1);
	}
	memset(p, 88, size);
	p[0] = ETF_VERSION;
	assert_int_equal(etf_check(p, size), -1);
	free(p);
}

/* Counts and lengths of more than there is, from one too many upwards. */
static void
test_claims(void **state)
{
	static const struct {
		uint8_t tag;
		uint8_t width;
		uint32_t fits; /* the count that eight bytes of 106 satisfy */
	} claims[] = {
		{ 77, 4, 0 },
		{ 90, 2, 0 },
		{ 100, 2, 8 },
		{ 104, 1, 8 },
		{ 105, 4, 8 },
		{ 107, 2, 8 },
		{ 108, 4, 7 },
		{ 109, 4, 8 },
		{ 110, 1, 0 },
		{ 111, 4, 0 },
		{ 114, 2, 0 },
		{ 115, 1, 8 },
		{ 116, 4, 4 },
		{ 118, 2, 8 },
		{ 119, 1, 8 },
	};
	static const uint32_t counts[] = { 8, 9, 16, 0xff, 0xffff, 0x10000,
		0x3fffffff, 0x40000000, 0x7fffffff, 0x80000000, 0xfffffffb,
		0xffffffff };
	uint8_t frame[14];
	size_t i, j, k, len;
	uint32_t n;

	(void)state;
	for (i = 0; i < nitems(claims); i++) {
		for (j = 0; j <= nitems(counts); j++) {
			n = j < nitems(counts) ? counts[j] : claims[i].fits;
			if (n == 0 || n >> (8 * claims[i].width - 1) > 1)
				continue;
			len = 0;
			frame[len++] = ETF_VERSION;
			frame[len++] = claims[i].tag;
			for (k = claims[i].width; k > 0; k--)
				frame[len++] = (uint8_t)(n >> (8 * (k - 1)));
			memset(frame + len, 106, 8);
			assert_int_equal(check(frame, len + 8),
			    n == claims[i].fits ? 0 : -1);
		}
	}
}

/* Each claim alone could be true; all of them together could not. */
static void
test_claims_together(void **state)
{
	static const char two[] = "\x83\x68\x03\x68\x03\x6a\x6a\x6a\x6a\x6a";
	static const char no[] = "\x83\x68\x03\x68\x04\x6a\x6a\x6a\x6a\x6a";
	struct etf e;
	uint32_t n;

	(void)state;
	assert_int_equal(check(two, sizeof(two) - 1), 0);
	assert_int_equal(check(no, sizeof(no) - 1), -1);
	e = reader(no, sizeof(no) - 1);
	assert_int_equal(etf_get_tuple(&e, &n), 0);
	assert_int_equal(etf_get_tuple(&e, &n), 0);
	assert_int_equal(n, 4);

	e = reader(two, 3);
	assert_int_equal(etf_get_tuple(&e, &n), -1);
}

/* A list of n elements, all []. With its tail and itself: n + 2 terms. */
static int
check_long_list(uint32_t n)
{
	uint8_t *p;
	size_t len = 6 + (size_t)n + 1;
	int rc;

	p = malloc(len);
	assert_non_null(p);
	memset(p, 0x6a, len);
	p[0] = ETF_VERSION;
	p[1] = 0x6c;
	p[2] = (uint8_t)(n >> 24);
	p[3] = (uint8_t)(n >> 16);
	p[4] = (uint8_t)(n >> 8);
	p[5] = (uint8_t)n;
	rc = etf_check(p, len);
	free(p);
	return (rc);
}

static void
test_elements(void **state)
{
	(void)state;
	assert_int_equal(check_long_list(ETF_MAX_ELEMENTS - 2), 0);
	assert_int_equal(check_long_list(ETF_MAX_ELEMENTS - 1), -1);
	assert_int_equal(check_long_list(ETF_MAX_ELEMENTS * 2), -1);
}

/* Integers as Erlang writes them: read, and written the same. */
static void
test_integers(void **state)
{
	static const struct {
		int64_t value;
		const char *bytes;
		size_t len;
	} ints[] = {
		{ 0, BYTES("\x83\x61\x00") },
		{ 255, BYTES("\x83\x61\xff") },
		{ 256, BYTES("\x83\x62\x00\x00\x01\x00") },
		{ -1, BYTES("\x83\x62\xff\xff\xff\xff") },
		{ 134217728, BYTES("\x83\x62\x08\x00\x00\x00") },
		{ INT32_MAX, BYTES("\x83\x62\x7f\xff\xff\xff") },
		{ INT32_MAX + INT64_C(1),
		    BYTES("\x83\x6e\x04\x00\x00\x00\x00\x80") },
		{ INT32_MIN, BYTES("\x83\x62\x80\x00\x00\x00") },
		{ INT32_MIN - INT64_C(1),
		    BYTES("\x83\x6e\x04\x01\x01\x00\x00\x80") },
		{ -(INT64_C(1) << 40),
		    BYTES("\x83\x6e\x06\x01\x00\x00\x00\x00\x00\x01") },
		{ INT64_MAX,
		    BYTES("\x83\x6e\x08\x00\xff\xff\xff\xff\xff\xff\xff\x7f") },
		{ INT64_MIN,
		    BYTES("\x83\x6e\x08\x01\x00\x00\x00\x00\x00\x00\x00\x80") },
	};
	struct etf_writer w;
	struct etf e;
	uint8_t buf[16];
	int64_t v;
	size_t i;

	(void)state;
	for (i = 0; i < nitems(ints); i++) {
		assert_int_equal(check(ints[i].bytes, ints[i].len), 0);
		e = reader(ints[i].bytes, ints[i].len);
		assert_int_equal(etf_get_int(&e, &v), 0);
		assert_true(v == ints[i].value && e.left == 0);
		etf_writer_init(&w, buf, sizeof(buf));
		etf_put_version(&w);
		etf_put_int(&w, ints[i].value);
		assert_int_equal(w.full, 0);
		assert_int_equal(w.len, ints[i].len);
		assert_memory_equal(buf, ints[i].bytes, w.len);
	}
}

/* The same without a sign, and what has one or does not fit. */
static void
test_unsigned(void **state)
{
	static const struct {
		uint64_t value;
		int fits;
		const char *bytes;
		size_t len;
	} ints[] = {
		{ 255, 1, BYTES("\x83\x61\xff") },
		{ INT64_MAX, 1,
		    BYTES("\x83\x6e\x08\x00\xff\xff\xff\xff\xff\xff\xff\x7f") },
		{ UINT64_C(1) << 63, 1,
		    BYTES("\x83\x6e\x08\x00\x00\x00\x00\x00\x00\x00\x00\x80") },
		{ UINT64_MAX, 1,
		    BYTES("\x83\x6e\x08\x00\xff\xff\xff\xff\xff\xff\xff\xff") },
		{ UINT64_MAX, 2,
		    BYTES("\x83\x6e\x0a\x00\xff\xff\xff\xff\xff\xff\xff\xff"
			  "\x00\x00") },
		{ 0, 0,
		    BYTES("\x83\x6e\x09\x00\x00\x00\x00\x00\x00\x00\x00\x00"
			  "\x01") },
		{ 0, 0, BYTES("\x83\x62\xff\xff\xff\xff") },
		{ 0, 0,
		    BYTES("\x83\x6e\x08\x01\x01\x00\x00\x00\x00\x00\x00\x80") },
		{ 0, 0, BYTES("\x83\x6a") },
	};
	struct etf_writer w;
	struct etf e;
	uint8_t buf[16];
	uint64_t v;
	size_t i;

	(void)state;
	for (i = 0; i < nitems(ints); i++) {
		assert_int_equal(check(ints[i].bytes, ints[i].len), 0);
		e = reader(ints[i].bytes, ints[i].len);
		v = 0;
		assert_int_equal(
		    etf_get_uint(&e, &v), ints[i].fits > 0 ? 0 : -1);
		assert_true(v == ints[i].value);
		assert_int_equal(e.left, ints[i].fits ? 0 : ints[i].len - 1);
		if (ints[i].fits != 1)
			continue;
		etf_writer_init(&w, buf, sizeof(buf));
		etf_put_version(&w);
		etf_put_uint(&w, v);
		assert_int_equal(w.len, ints[i].len);
		assert_memory_equal(buf, ints[i].bytes, w.len);
	}
}

/* Forms of an integer that Erlang reads but does not write. */
static void
test_odd_integers(void **state)
{
	static const struct {
		int64_t value;
		int fits;
		const char *bytes;
		size_t len;
	} ints[] = {
		{ 0, 1, BYTES("\x83\x6e\x00\x01") },
		{ 0, 1, BYTES("\x83\x6f\x00\x00\x00\x03\x01\x00\x00\x00") },
		{ 7, 1,
		    BYTES("\x83\x6e\x0a\x00\x07\x00\x00\x00\x00\x00\x00\x00\x00"
			  "\x00") },
		{ -256, 1, BYTES("\x83\x6f\x00\x00\x00\x02\x01\x00\x01") },
		{ INT64_MIN, 1,
		    BYTES("\x83\x6f\x00\x00\x00\x09\x01\x00\x00\x00\x00\x00\x00"
			  "\x00\x80\x00") },
		{ 0, 0,
		    BYTES("\x83\x6e\x08\x00\x00\x00\x00\x00\x00\x00\x00\x80") },
		{ 0, 0,
		    BYTES("\x83\x6e\x08\x01\x01\x00\x00\x00\x00\x00\x00\x80") },
		{ 0, 0,
		    BYTES("\x83\x6e\x09\x00\x00\x00\x00\x00\x00\x00\x00\x00"
			  "\x01") },
		{ 0, 0,
		    BYTES("\x83\x6e\x0d\x01\xd2\x0a\x3f\x4e\xee\xe0\x73\xc3\xf6"
			  "\x0f\xe9\x8e\x01") },
	};
	enum etf_type type;
	struct etf e;
	int64_t v;
	size_t i;

	(void)state;
	for (i = 0; i < nitems(ints); i++) {
		assert_int_equal(check(ints[i].bytes, ints[i].len), 0);
		e = reader(ints[i].bytes, ints[i].len);
		assert_int_equal(etf_type(&e, &type), 0);
		assert_int_equal(type, ints[i].fits ? ETF_INT : ETF_BIGINT);
		v = 0;
		assert_int_equal(etf_get_int(&e, &v), ints[i].fits ? 0 : -1);
		assert_true(v == ints[i].value);
	}
}

static void
test_atoms(void **state)
{
	static const struct {
		const char *text;
		const char *bytes;
		size_t len;
	} atoms[] = {
		{ "ok", BYTES("\x83\x64\x00\x02\x6f\x6b") },
		{ "ok", BYTES("\x83\x73\x02\x6f\x6b") },
		{ "ok", BYTES("\x83\x76\x00\x02\x6f\x6b") },
		{ "ok", BYTES("\x83\x77\x02\x6f\x6b") },
		{ "\xc3\xa9", BYTES("\x83\x64\x00\x01\xe9") },
		{ "\xc3\xa9", BYTES("\x83\x73\x01\xe9") },
		{ "\xc3\xa9", BYTES("\x83\x77\x02\xc3\xa9") },
		{ "\xc3\x83\xc2\xa9", BYTES("\x83\x64\x00\x02\xc3\xa9") },
		{ "\xce\xbb", BYTES("\x83\x77\x02\xce\xbb") },
		{ "", BYTES("\x83\x64\x00\x00") },
		{ "", BYTES("\x83\x77\x00") },
		{ EACUTE128, BYTES("\x83\x76\x01\x00" EACUTE128) },
	};
	struct etf e, start;
	char *buf;
	size_t i, size;
	int rc;

	(void)state;
	for (i = 0; i < nitems(atoms); i++) {
		assert_int_equal(check(atoms[i].bytes, atoms[i].len), 0);
		start = reader(atoms[i].bytes, atoms[i].len);
		for (size = 0; size < strlen(atoms[i].text) + 3; size++) {
			buf = malloc(size + 1);
			assert_non_null(buf);
			memset(buf, FILL, size + 1);
			e = start;
			rc = etf_get_atom(&e, buf, size);
			assert_int_equal(moved(&start, &e, rc),
			    size > strlen(atoms[i].text));
			if (rc == 0)
				assert_string_equal(buf, atoms[i].text);
			else
				assert_filled(buf, size + 1);
			free(buf);
		}
	}
}

/* What etf_get_text() makes of it; NULL: not text. */
static const struct {
	const char *name;
	const char *text;
	size_t textlen;
	const char *bytes;
	size_t len;
} texts[] = {
	{ "[]", BYTES(""), BYTES("\x83\x6a") },
	{ "abc", BYTES("abc"), BYTES("\x83\x6b\x00\x03\x61\x62\x63") },
	{ "<<>>", BYTES(""), BYTES("\x83\x6d\x00\x00\x00\x00") },
	{ "<<hello>>", BYTES("hello"),
	    BYTES("\x83\x6d\x00\x00\x00\x05\x68\x65\x6c\x6c\x6f") },
	{ "[233]", BYTES("\xc3\xa9"), BYTES("\x83\x6b\x00\x01\xe9") },
	{ "[233] as a list", BYTES("\xc3\xa9"),
	    BYTES("\x83\x6c\x00\x00\x00\x01\x61\xe9\x6a") },
	{ "[195,169]", BYTES("\xc3\xa9"), BYTES("\x83\x6b\x00\x02\xc3\xa9") },
	{ "[195,169] as a list", BYTES("\xc3\xa9"),
	    BYTES("\x83\x6c\x00\x00\x00\x02\x61\xc3\x61\xa9\x6a") },
	{ "[195]", BYTES("\xc3\x83"), BYTES("\x83\x6b\x00\x01\xc3") },
	{ "[$h,233,233]", BYTES("h\xc3\xa9\xc3\xa9"),
	    BYTES("\x83\x6b\x00\x03\x68\xe9\xe9") },
	{ "[195,169,233]", BYTES("\xc3\x83\xc2\xa9\xc3\xa9"),
	    BYTES("\x83\x6b\x00\x03\xc3\xa9\xe9") },
	{ "[195,169,955]", BYTES("\xc3\x83\xc2\xa9\xce\xbb"),
	    BYTES("\x83\x6c\x00\x00\x00\x03\x61\xc3\x61\xa9\x62\x00\x00"
		  "\x03\xbb\x6a") },
	{ "[237,160,128]", BYTES("\xc3\xad\xc2\xa0\xc2\x80"),
	    BYTES("\x83\x6b\x00\x03\xed\xa0\x80") },
	{ "[955]", BYTES("\xce\xbb"),
	    BYTES("\x83\x6c\x00\x00\x00\x01\x62\x00\x00\x03\xbb\x6a") },
	{ "[16#20ac]", BYTES("\xe2\x82\xac"),
	    BYTES("\x83\x6c\x00\x00\x00\x01\x62\x00\x00\x20\xac\x6a") },
	{ "[16#1f600,$x]", BYTES("\xf0\x9f\x98\x80x"),
	    BYTES("\x83\x6c\x00\x00\x00\x02\x62\x00\x01\xf6\x00\x61\x78"
		  "\x6a") },
	{ "[16#7f,16#80,16#7ff,16#800,16#ffff,16#10000,16#10ffff]",
	    BYTES("\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80"
		  "\x80\xf4\x8f\xbf\xbf"),
	    BYTES("\x83\x6c\x00\x00\x00\x07\x61\x7f\x61\x80\x62\x00\x00"
		  "\x07\xff\x62\x00\x00\x08\x00\x62\x00\x00\xff\xff\x62"
		  "\x00\x01\x00\x00\x62\x00\x10\xff\xff\x6a") },
	{ "numbers as bigs", BYTES("a\xce\xbb"),
	    BYTES("\x83\x6c\x00\x00\x00\x02\x6e\x01\x00\x61\x6f\x00\x00"
		  "\x00\x02\x00\xbb\x03\x6a") },
	{ "numbers as integers", BYTES("a"),
	    BYTES("\x83\x6c\x00\x00\x00\x01\x62\x00\x00\x00\x61\x6a") },
	{ "<<255,128>>", BYTES("\xff\x80"),
	    BYTES("\x83\x6d\x00\x00\x00\x02\xff\x80") },

	{ "<<0>>", NULL, 0, BYTES("\x83\x6d\x00\x00\x00\x01\x00") },
	{ "<<a,0>>", NULL, 0, BYTES("\x83\x6d\x00\x00\x00\x02\x61\x00") },
	{ "[0]", NULL, 0, BYTES("\x83\x6b\x00\x01\x00") },
	{ "[a,0]", NULL, 0, BYTES("\x83\x6b\x00\x02\x61\x00") },
	{ "[0] as a list", NULL, 0,
	    BYTES("\x83\x6c\x00\x00\x00\x01\x61\x00\x6a") },
	{ "[-1]", NULL, 0,
	    BYTES("\x83\x6c\x00\x00\x00\x01\x62\xff\xff\xff\xff\x6a") },
	{ "[16#d800]", NULL, 0,
	    BYTES("\x83\x6c\x00\x00\x00\x01\x62\x00\x00\xd8\x00\x6a") },
	{ "[16#dfff]", NULL, 0,
	    BYTES("\x83\x6c\x00\x00\x00\x01\x62\x00\x00\xdf\xff\x6a") },
	{ "[16#110000]", NULL, 0,
	    BYTES("\x83\x6c\x00\x00\x00\x01\x62\x00\x11\x00\x00\x6a") },
	{ "[1 bsl 32 + 97]", NULL, 0,
	    BYTES("\x83\x6c\x00\x00\x00\x01\x6e\x05\x00\x61\x00\x00\x00"
		  "\x01\x6a") },
	{ "[1 bsl 63]", NULL, 0,
	    BYTES("\x83\x6c\x00\x00\x00\x01\x6e\x08\x00\x00\x00\x00\x00"
		  "\x00\x00\x00\x80\x6a") },
	{ "[[a]]", NULL, 0,
	    BYTES("\x83\x6c\x00\x00\x00\x01\x6b\x00\x01\x61\x6a") },
	{ "[<<a>>]", NULL, 0,
	    BYTES("\x83\x6c\x00\x00\x00\x01\x6d\x00\x00\x00\x01\x61\x6a") },
	{ "[a,[]]", NULL, 0,
	    BYTES("\x83\x6c\x00\x00\x00\x02\x61\x61\x6a\x6a") },
	{ "[a|b]", NULL, 0, BYTES("\x83\x6c\x00\x00\x00\x01\x61\x61\x61\x62") },
	{ "[a|<<>>]", NULL, 0,
	    BYTES("\x83\x6c\x00\x00\x00\x01\x61\x61\x6d\x00\x00\x00\x00") },
	{ "[1.5]", NULL, 0,
	    BYTES("\x83\x6c\x00\x00\x00\x01\x46\x3f\xf8\x00\x00\x00\x00"
		  "\x00\x00\x6a") },
	{ "ok", NULL, 0, BYTES("\x83\x77\x02\x6f\x6b") },
	{ "97", NULL, 0, BYTES("\x83\x61\x61") },
	{ "{}", NULL, 0, BYTES("\x83\x68\x00") },
	{ "#{}", NULL, 0, BYTES("\x83\x74\x00\x00\x00\x00") },
	{ "<<5:3>>", NULL, 0, BYTES("\x83\x4d\x00\x00\x00\x01\x03\xa0") },
};

/* With every size of buffer up to one more than is needed. */
static void
try_text(size_t i)
{
	struct etf e, start = reader(texts[i].bytes, texts[i].len);
	size_t len, size;
	char *buf;
	int rc;

	for (size = 0; size < texts[i].textlen + 3; size++) {
		buf = malloc(size + 1);
		assert_non_null(buf);
		memset(buf, FILL, size + 1);
		e = start;
		len = 12345;
		errno = 0;
		rc = etf_get_text(&e, buf, size, &len);
		assert_int_equal(moved(&start, &e, rc),
		    texts[i].text != NULL && size > texts[i].textlen);
		if (rc == 0) {
			assert_int_equal(len, texts[i].textlen);
			assert_memory_equal(buf, texts[i].text, len + 1);
			assert_int_equal(e.left, 0);
			assert_filled(buf + len + 1, size - len);
			e = start;
			assert_int_equal(etf_get_text(&e, buf, size, NULL), 0);
		} else {
			assert_int_equal(
			    errno, texts[i].text == NULL ? EINVAL : ENOSPC);
			assert_int_equal(len, 12345);
			assert_filled(buf, size + 1);
		}
		free(buf);
	}
}

static void
test_texts(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < nitems(texts); i++) {
		assert_int_equal(check(texts[i].bytes, texts[i].len), 0);
		try_text(i);
	}
}

/* Lists of bytes up to four long: bytes exactly where they are UTF-8. */
static void
test_text_bytes(void **state)
{
	/* One byte of each kind that a UTF-8 decoder tells apart. */
	static const uint8_t kinds[] = { 0x61, 0x80, 0x8f, 0x90, 0x9f, 0xa0,
		0xbf, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xed, 0xef, 0xf0, 0xf1,
		0xf4, 0xf5, 0xff };
	uint8_t frame[] = { ETF_VERSION, 107, 0, 0, 0, 0, 0, 0 };
	uint8_t atom[] = { ETF_VERSION, 119, 0, 0, 0, 0, 0 };
	struct etf e;
	char buf[16];
	size_t i, len, n, rest, total;

	(void)state;
	for (n = 1, total = nitems(kinds); n <= 4;
	     n++, total *= nitems(kinds)) {
		for (i = 0; i < total; i++) {
			frame[3] = atom[2] = (uint8_t)n;
			for (len = 0, rest = i; len < n; len++) {
				frame[4 + len] = kinds[rest % nitems(kinds)];
				rest /= nitems(kinds);
			}
			memcpy(atom + 3, frame + 4, n);
			e = reader(frame, 4 + n);
			assert_int_equal(
			    etf_get_text(&e, buf, sizeof(buf), &len), 0);
			/* As an atom they pass only if they are UTF-8. */
			if (etf_check(atom, 3 + n) == 0)
				assert_true(
				    len == n && memcmp(buf, frame + 4, n) == 0);
			else
				assert_true(len > n);
		}
	}
}

/*
 * {7, [{ok,-1,256,1 bsl 40}, 'e acute', <<>>, "h" and two e acute,
 * [955,$b]]}, taken apart by the getters.
 */
static void
test_take_apart(void **state)
{
	static const char bytes[] =
	    "\x83\x68\x02\x61\x07\x6c\x00\x00\x00\x05\x68\x04\x77"
	    "\x02\x6f\x6b\x62\xff\xff\xff\xff\x62\x00\x00\x01\x00"
	    "\x6e\x06\x00\x00\x00\x00\x00\x00\x01\x77\x02\xc3\xa9"
	    "\x6d\x00\x00\x00\x00\x6b\x00\x03\x68\xe9\xe9\x6c\x00"
	    "\x00\x00\x02\x62\x00\x00\x03\xbb\x61\x62\x6a\x6a";
	struct etf e = reader(bytes, sizeof(bytes) - 1);
	const uint8_t *data;
	char buf[16];
	int64_t v;
	size_t len;
	uint32_t n;

	(void)state;
	assert_int_equal(etf_get_tuple(&e, &n), 0);
	assert_int_equal(n, 2);
	assert_true(etf_get_int(&e, &v) == 0 && v == 7);
	assert_true(etf_get_list(&e, &n) == 0 && n == 5);
	assert_true(etf_get_tuple(&e, &n) == 0 && n == 4);
	assert_int_equal(etf_get_atom(&e, buf, sizeof(buf)), 0);
	assert_string_equal(buf, "ok");
	assert_true(etf_get_int(&e, &v) == 0 && v == -1);
	assert_true(etf_get_int(&e, &v) == 0 && v == 256);
	assert_true(etf_get_int(&e, &v) == 0 && v == INT64_C(1) << 40);
	assert_int_equal(etf_get_atom(&e, buf, sizeof(buf)), 0);
	assert_string_equal(buf, "\xc3\xa9");
	assert_int_equal(etf_get_binary(&e, &data, &len), 0);
	assert_int_equal(len, 0);
	assert_int_equal(etf_get_text(&e, buf, sizeof(buf), NULL), 0);
	assert_string_equal(buf, "h\xc3\xa9\xc3\xa9");
	assert_int_equal(etf_get_nil(&e), -1);
	assert_int_equal(etf_get_text(&e, buf, sizeof(buf), NULL), 0);
	assert_string_equal(buf, "\xce\xbb"
				 "b");
	assert_int_equal(etf_get_nil(&e), 0);
	assert_int_equal(e.left, 0);
}

/* An improper list is a term, but has no nil at its end. */
/* A map's keys and values follow each other, and can be left out. */
static void
test_maps(void **state)
{
	static const char bytes[] =
	    "\x83\x74\x00\x00\x00\x02\x77\x02\x6f\x6b\x74\x00\x00"
	    "\x00\x00\x61\x01\x6c\x00\x00\x00\x01\x74\x00\x00\x00"
	    "\x00\x6a";
	struct etf e = reader(bytes, sizeof(bytes) - 1), first;
	char buf[16];
	int64_t v;
	uint32_t n;

	(void)state;
	assert_true(etf_get_map(&e, &n) == 0 && n == 2);
	first = e;
	assert_int_equal(etf_get_map(&e, &n), -1);
	assert_int_equal(etf_get_atom(&e, buf, sizeof(buf)), 0);
	assert_string_equal(buf, "ok");
	assert_true(etf_get_map(&e, &n) == 0 && n == 0);
	assert_true(etf_get_int(&e, &v) == 0 && v == 1);
	assert_true(etf_get_list(&e, &n) == 0 && n == 1);
	assert_true(etf_get_map(&e, &n) == 0 && n == 0);
	assert_int_equal(etf_get_map(&e, &n), -1);
	assert_int_equal(etf_get_nil(&e), 0);
	assert_int_equal(e.left, 0);
	for (n = 0; n < 4; n++)
		assert_int_equal(etf_skip(&first), 0);
	assert_int_equal(first.left, 0);
}

/* A pair takes two bytes at least, so there are no more of them. */
static void
test_map_claims(void **state)
{
	static const struct sample claims[] = {
		{ "1", ETF_MAP, 0, BYTES("\x83\x74\x00\x00\x00\x01\x6a") },
		{ "2", ETF_MAP, 0,
		    BYTES("\x83\x74\x00\x00\x00\x02\x6a\x6a\x6a") },
		{ "2^31", ETF_MAP, 0,
		    BYTES("\x83\x74\x80\x00\x00\x00\x6a\x6a") },
		{ "2^31 + 1", ETF_MAP, 0,
		    BYTES("\x83\x74\x80\x00\x00\x01\x6a\x6a") },
		{ "2^32 - 1", ETF_MAP, 0,
		    BYTES("\x83\x74\xff\xff\xff\xff\x6a\x6a") },
	};
	struct etf e;
	uint8_t *p;
	uint32_t n = 12345;
	size_t i;

	(void)state;
	for (i = 0; i < nitems(claims); i++) {
		assert_int_equal(check(claims[i].bytes, claims[i].len), -1);
		p = exact(claims[i].bytes, claims[i].len);
		/* "2" has the bytes for it as far as its head is concerned. */
		if (etf_open(&e, p, claims[i].len) == 0 && i != 1)
			assert_int_equal(etf_get_map(&e, &n), -1);
		assert_int_equal(n, 12345);
		free(p);
	}
}

static void
test_improper(void **state)
{
	static const char bytes[] = "\x83\x6c\x00\x00\x00\x01\x61\x01\x61\x02";
	struct etf e = reader(bytes, sizeof(bytes) - 1);
	uint32_t n;
	int64_t v;

	(void)state;
	assert_int_equal(check(bytes, sizeof(bytes) - 1), 0);
	assert_true(etf_get_list(&e, &n) == 0 && n == 1);
	assert_true(etf_get_int(&e, &v) == 0 && v == 1);
	assert_int_equal(etf_get_nil(&e), -1);
	assert_true(etf_get_int(&e, &v) == 0 && v == 2);
}

/* {7, [{ok, -1, 256, 1 bsl 40}, 'e acute', <<>>, "hee", [955, $b], []]} */
static void
put_reply(struct etf_writer *w)
{
	etf_put_version(w);
	etf_put_tuple(w, 2);
	etf_put_int(w, 7);
	etf_put_list(w, 5);
	etf_put_tuple(w, 4);
	etf_put_atom(w, "ok");
	etf_put_int(w, -1);
	etf_put_int(w, 256);
	etf_put_int(w, INT64_C(1) << 40);
	etf_put_atom(w, "\xc3\xa9");
	etf_put_binary(w, NULL, 0);
	etf_put_string(w, "h\xc3\xa9\xc3\xa9");
	etf_put_string(w, "\xce\xbb"
			  "b");
	etf_put_nil(w);
}

/* {0, {stdout, 4711, <<"hi">>}} */
static void
put_output(struct etf_writer *w)
{
	etf_put_version(w);
	etf_put_tuple(w, 2);
	etf_put_int(w, 0);
	etf_put_tuple(w, 3);
	etf_put_atom(w, "stdout");
	etf_put_int(w, 4711);
	etf_put_binary(w, "hi", 2);
}

static void
put_long_atom(struct etf_writer *w)
{
	etf_put_version(w);
	etf_put_atom(w, EACUTE128);
}

static void
put_large_tuple(struct etf_writer *w)
{
	int i;

	etf_put_version(w);
	etf_put_tuple(w, 256);
	for (i = 0; i < 256; i++)
		etf_put_list(w, 0);
}

static void
put_emoji(struct etf_writer *w)
{
	etf_put_version(w);
	etf_put_string(w, "\xf0\x9f\x98\x80x");
}

/* #{ok => #{}, 1 => [#{}]} */
static void
put_maps(struct etf_writer *w)
{
	etf_put_version(w);
	etf_put_map(w, 2);
	etf_put_atom(w, "ok");
	etf_put_map(w, 0);
	etf_put_int(w, 1);
	etf_put_list(w, 1);
	etf_put_map(w, 0);
	etf_put_nil(w);
}

static void
put_empty(struct etf_writer *w)
{
	etf_put_version(w);
	etf_put_string(w, "");
}

/* What the writer makes is what Erlang makes with {minor_version, 2}. */
static const struct {
	const char *name;
	void (*put)(struct etf_writer *);
	const char *bytes;
	size_t len;
} written[] = {
	{ "reply", put_reply,
	    BYTES("\x83\x68\x02\x61\x07\x6c\x00\x00\x00\x05\x68\x04\x77"
		  "\x02\x6f\x6b\x62\xff\xff\xff\xff\x62\x00\x00\x01\x00"
		  "\x6e\x06\x00\x00\x00\x00\x00\x00\x01\x77\x02\xc3\xa9"
		  "\x6d\x00\x00\x00\x00\x6b\x00\x03\x68\xe9\xe9\x6c\x00"
		  "\x00\x00\x02\x62\x00\x00\x03\xbb\x61\x62\x6a\x6a") },
	{ "output", put_output,
	    BYTES("\x83\x68\x02\x61\x00\x68\x03\x77\x06\x73\x74\x64\x6f"
		  "\x75\x74\x62\x00\x00\x12\x67\x6d\x00\x00\x00\x02\x68"
		  "\x69") },
	{ "long atom", put_long_atom, BYTES("\x83\x76\x01\x00" EACUTE128) },
	{ "large tuple", put_large_tuple,
	    BYTES("\x83\x69\x00\x00\x01\x00" NIL64 NIL64 NIL64 NIL64) },
	{ "emoji", put_emoji,
	    BYTES("\x83\x6c\x00\x00\x00\x02\x62\x00\x01\xf6\x00\x61\x78"
		  "\x6a") },
	{ "empty string", put_empty, BYTES("\x83\x6a") },
	{ "maps", put_maps,
	    BYTES("\x83\x74\x00\x00\x00\x02\x77\x02\x6f\x6b\x74\x00\x00"
		  "\x00\x00\x61\x01\x6c\x00\x00\x00\x01\x74\x00\x00\x00"
		  "\x00\x6a") },
};

static void
test_written(void **state)
{
	struct etf_writer w;
	uint8_t buf[512];
	size_t i;

	(void)state;
	for (i = 0; i < nitems(written); i++) {
		etf_writer_init(&w, buf, sizeof(buf));
		written[i].put(&w);
		assert_int_equal(w.full, 0);
		assert_int_equal(w.len, written[i].len);
		assert_memory_equal(buf, written[i].bytes, w.len);
		assert_int_equal(check(buf, w.len), 0);
		walk(buf, w.len);
	}
}

/* At every size too small the writer stops before the term that is cut. */
static void
test_writer_full(void **state)
{
	struct etf_writer w;
	uint8_t *buf;
	size_t i, len, size;

	(void)state;
	for (i = 0; i < nitems(written); i++) {
		for (size = 0; size <= written[i].len; size++) {
			buf = malloc(size + 1);
			assert_non_null(buf);
			memset(buf, FILL, size + 1);
			etf_writer_init(&w, buf, size);
			written[i].put(&w);
			assert_int_equal(w.full, size < written[i].len);
			assert_true(w.len <= size);
			assert_memory_equal(buf, written[i].bytes, w.len);
			assert_filled(buf + w.len, size + 1 - w.len);
			len = w.len;
			etf_put_nil(&w);
			etf_put_binary(&w, NULL, 0);
			assert_true(w.full == 1 && w.len == len);
			free(buf);
		}
	}
}

/* A list of as many as come, none among them, and one that does not fit. */
static void
test_writer_growing_list(void **state)
{
	static const struct {
		uint32_t n;
		const char *bytes;
		size_t len;
	} lists[] = {
		{ 0, BYTES("\x6a") },
		{ 1, BYTES("\x6c\x00\x00\x00\x01\x61\x07\x6a") },
		{ 2, BYTES("\x6c\x00\x00\x00\x02\x61\x07\x61\x07\x6a") },
	};
	struct etf_writer w;
	uint8_t buf[16];
	size_t at, i, size;
	uint32_t n;

	(void)state;
	for (i = 0; i < nitems(lists); i++) {
		for (size = 0; size <= sizeof(buf); size++) {
			etf_writer_init(&w, buf, size);
			at = etf_begin_list(&w);
			for (n = 0; n < lists[i].n; n++)
				etf_put_int(&w, 7);
			etf_end_list(&w, at, n);
			if (w.full) {
				assert_true(size < lists[i].len || size < 5);
				continue;
			}
			assert_int_equal(w.len, lists[i].len);
			assert_memory_equal(buf, lists[i].bytes, w.len);
		}
	}
}

/* Only the version fits; and what comes later would, but is not written. */
static void
test_writer_stays_full(void **state)
{
	struct etf_writer w;
	uint8_t buf[4];

	(void)state;
	etf_writer_init(&w, buf, sizeof(buf));
	etf_put_version(&w);
	assert_true(w.len == 1 && w.full == 0);
	etf_put_binary_head(&w, 1);
	assert_true(w.len == 1 && w.full == 1);
	etf_put_nil(&w);
	etf_put_int(&w, 1);
	etf_put_int(&w, INT64_MAX);
	etf_put_tuple(&w, 0);
	etf_put_list(&w, 0);
	etf_put_list(&w, 1);
	etf_put_map(&w, 0);
	etf_put_atom(&w, "");
	etf_put_string(&w, "");
	etf_put_string(&w, "a");
	etf_put_string(&w, "\xce\xbb");
	etf_put_binary(&w, NULL, 0);
	etf_put_binary_head(&w, 0);
	etf_put_version(&w);
	assert_true(w.len == 1 && w.full == 1);
}

static void
test_writer_binary_head(void **state)
{
	struct etf_writer w;
	uint8_t buf[5];

	(void)state;
	etf_writer_init(&w, buf, sizeof(buf));
	etf_put_binary_head(&w, 0x01020304);
	assert_int_equal(w.full, 0);
	assert_int_equal(w.len, 5);
	assert_memory_equal(buf, "\x6d\x01\x02\x03\x04", 5);
}

static int
put_atom_fits(const char *text)
{
	struct etf_writer w;
	uint8_t buf[2048];

	etf_writer_init(&w, buf, sizeof(buf));
	etf_put_version(&w);
	etf_put_atom(&w, text);
	if (w.full)
		assert_int_equal(w.len, 1);
	else
		assert_int_equal(check(buf, w.len), 0);
	return (!w.full);
}

/* The writer makes no atom that no reader takes. */
static void
test_writer_atoms(void **state)
{
	static const char *const bad[] = { "\xe9", "\xc0\xaf", "a\x80",
		"\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\xff",
		"\xf8\x88\x80\x80\x80" };
	static const char *const character[] = { "a", "\xc3\xa9",
		"\xe2\x82\xac", "\xf0\x9f\x98\x80" };
	char text[256 * 4 + 1];
	size_t i, j;

	(void)state;
	for (i = 0; i < nitems(bad); i++)
		assert_false(put_atom_fits(bad[i]));
	for (i = 0; i < nitems(character); i++) {
		text[0] = '\0';
		for (j = 0; j < 255; j++)
			memcpy(text + j * (i + 1), character[i], i + 2);
		assert_true(put_atom_fits(text));
		memcpy(text + j * (i + 1), character[i], i + 2);
		assert_false(put_atom_fits(text));
	}
}

static void
assert_string(const char *text, const char *bytes, size_t len)
{
	struct etf_writer w;
	uint8_t buf[64];

	etf_writer_init(&w, buf, sizeof(buf));
	etf_put_version(&w);
	etf_put_string(&w, text);
	assert_int_equal(w.full, 0);
	assert_int_equal(w.len, len);
	assert_memory_equal(buf, bytes, len);
	assert_int_equal(check(buf, len), 0);
}

/* Bytes that are not UTF-8 are a number each, what follows is read afresh. */
static void
test_writer_strings(void **state)
{
	(void)state;
	assert_string("abc", BYTES("\x83\x6b\x00\x03\x61\x62\x63"));
	assert_string("\xc3\xa9", BYTES("\x83\x6b\x00\x01\xe9"));
	assert_string("\xe9", BYTES("\x83\x6b\x00\x01\xe9"));
	assert_string(
	    "\xff\xc3\xa9\x80", BYTES("\x83\x6b\x00\x03\xff\xe9\x80"));
	assert_string("\xe2\x82", BYTES("\x83\x6b\x00\x02\xe2\x82"));
	assert_string("\xed\xa0\x80", BYTES("\x83\x6b\x00\x03\xed\xa0\x80"));
	assert_string("\xf0\x9f\x98", BYTES("\x83\x6b\x00\x03\xf0\x9f\x98"));
	assert_string("\xe2\xce\xbb",
	    BYTES("\x83\x6c\x00\x00\x00\x02\x61\xe2\x62\x00\x00\x03\xbb"
		  "\x6a"));
}

/* Erlang changes the form of a list of bytes behind 65535 of them. */
static void
test_writer_long_strings(void **state)
{
	struct etf_writer w;
	uint8_t *buf;
	char *text;
	size_t size = 4 << 16;

	(void)state;
	buf = malloc(size);
	text = malloc(65536 + 1);
	assert_true(buf != NULL && text != NULL);
	memset(text, 'a', 65536);
	text[65535] = '\0';
	etf_writer_init(&w, buf, size);
	etf_put_version(&w);
	etf_put_string(&w, text);
	assert_int_equal(w.len, 4 + 65535);
	assert_memory_equal(buf, "\x83\x6b\xff\xff\x61", 5);
	assert_int_equal(check(buf, w.len), 0);

	text[65535] = 'a';
	text[65536] = '\0';
	etf_writer_init(&w, buf, size);
	etf_put_version(&w);
	etf_put_string(&w, text);
	assert_int_equal(w.len, 6 + 2 * 65536 + 1);
	assert_memory_equal(buf, "\x83\x6c\x00\x01\x00\x00\x61\x61", 8);
	assert_int_equal(check(buf, w.len), 0);
	free(buf);
	free(text);
}

static uint64_t random_state;

static uint64_t
next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (random_state * 0x2545f4914f6cdd1dULL >> 16);
}

static size_t
below(size_t n)
{
	return ((size_t)(next_random() % n));
}

/* Half of all bytes are such as mean something: tags, and small numbers. */
static uint8_t
random_byte(void)
{
	switch (below(4)) {
	case 0:
		return ((uint8_t)samples[below(nitems(samples))].bytes[1]);
	case 1:
		return ((uint8_t)below(4));
	default:
		return ((uint8_t)next_random());
	}
}

/* What the test's environment asks for. */
static uint64_t
setting(const char *name, uint64_t otherwise)
{
	const char *s = getenv(name);
	char *end;
	uint64_t v;

	if (s == NULL)
		return (otherwise);
	errno = 0;
	v = strtoull(s, &end, 0);
	if (errno != 0 || end == s || *end != '\0')
		fail_msg("%s=%s: not a number", name, s);
	return (v);
}

static unsigned long
start_random(void)
{
	random_state = setting("ETF_SEED", SEED);
	if (random_state == 0)
		random_state = 1;
	print_message("seed %#llx\n", (unsigned long long)random_state);
	return ((unsigned long)setting("ETF_ROUNDS", ROUNDS));
}

/*
 * Whatever a frame is, probing it does no harm; if it passes the check, it can
 * be walked. Says whether it did.
 */
static int
try_frame(const uint8_t *frame, size_t len)
{
	struct etf e;
	uint8_t *p;
	int good;

	p = exact(frame, len);
	good = etf_check(p, len) == 0;
	if (good)
		walk(p, len);
	else if (etf_open(&e, p, len) == 0)
		(void)probe(&e);
	free(p);
	return (good);
}

static void
test_random(void **state)
{
	uint8_t frame[64];
	unsigned long good = 0, i, rounds = start_random();
	size_t j, len;

	(void)state;
	for (i = 0; i < rounds; i++) {
		len = 1 + below(sizeof(frame));
		frame[0] = ETF_VERSION;
		for (j = below(16) == 0 ? 0 : 1; j < len; j++)
			frame[j] = random_byte();
		good += (unsigned long)try_frame(frame, len);
	}
	print_message("%lu of %lu random frames are terms\n", good, rounds);
}

/* One byte changed, added or taken away. */
static size_t
mutate(uint8_t *frame, size_t len)
{
	size_t at = below(len), i;

	switch (below(5)) {
	case 0:
		frame[at] ^= (uint8_t)(1 << below(8));
		return (len);
	case 1:
		if (len == FRAME_MAX)
			return (len);
		for (i = len; i > at; i--)
			frame[i] = frame[i - 1];
		frame[at] = random_byte();
		return (len + 1);
	case 2:
		if (len == 1)
			return (len);
		for (i = at; i + 1 < len; i++)
			frame[i] = frame[i + 1];
		return (len - 1);
	case 3:
		frame[at] = (uint8_t)(frame[at] + (below(2) ? 1 : -1));
		return (len);
	default:
		frame[at] = random_byte();
		return (len);
	}
}

/* A sample, or a tuple or list of several: good before it is mutated. */
static size_t
random_term(uint8_t *frame)
{
	const struct sample *s;
	size_t i, len = 1, n = below(4);

	frame[0] = ETF_VERSION;
	if (n > 0) {
		memcpy(frame + len, "\x6c\x00\x00\x00", 4);
		frame[len + 4] = (uint8_t)n;
		len += 5;
	}
	for (i = 0; i < n || i == 0; i++) {
		s = &samples[below(nitems(samples))];
		memcpy(frame + len, s->bytes + 1, s->len - 1);
		len += s->len - 1;
	}
	if (n > 0)
		frame[len++] = 0x6a;
	return (len);
}

static void
test_mutated(void **state)
{
	uint8_t frame[FRAME_MAX];
	unsigned long good = 0, i, rounds = start_random();
	size_t len, n;

	(void)state;
	for (i = 0; i < rounds; i++) {
		len = random_term(frame);
		for (n = 1 + below(3); n > 0; n--)
			len = mutate(frame, len);
		good += (unsigned long)try_frame(frame, len);
	}
	print_message("%lu of %lu mutated frames are terms\n", good, rounds);
	assert_true(good > rounds / 100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_unknown_tags),
		cmocka_unit_test(test_version),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_fun_size),
		cmocka_unit_test(test_long_atoms),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_deep_frame),
		cmocka_unit_test(test_claims),
		cmocka_unit_test(test_claims_together),
		cmocka_unit_test(test_elements),
		cmocka_unit_test(test_integers),
		cmocka_unit_test(test_unsigned),
		cmocka_unit_test(test_odd_integers),
		cmocka_unit_test(test_atoms),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_text_bytes),
		cmocka_unit_test(test_take_apart),
		cmocka_unit_test(test_maps),
		cmocka_unit_test(test_map_claims),
		cmocka_unit_test(test_improper),
		cmocka_unit_test(test_written),
		cmocka_unit_test(test_writer_full),
		cmocka_unit_test(test_writer_stays_full),
		cmocka_unit_test(test_writer_growing_list),
		cmocka_unit_test(test_writer_binary_head),
		cmocka_unit_test(test_writer_atoms),
		cmocka_unit_test(test_writer_strings),
		cmocka_unit_test(test_writer_long_strings),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_mutated),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
