/*
 * Tests of lists of processors: what is one, what it means, and how it is
 * written.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cpulist.h"

#define nitems(a) (sizeof(a) / sizeof((a)[0]))
#define MAX 1024
#define BIT(n) (UINT64_C(1) << (n))

/* Reads from an allocation of the exact size, over bits that are all set. */
static int
from(const char *text, size_t len, uint64_t *bits, unsigned int max)
{
	char *copy;
	int ret;

	memset(bits, 0xff, max / 8);
	copy = malloc(len + (len == 0));
	assert_non_null(copy);
	memcpy(copy, text, len);
	ret = cpulist_read(copy, len, bits, max);
	free(copy);
	return (ret);
}

static void
test_good(void **state)
{
	static const struct {
		const char *text;
		uint64_t first, last; /* of the words of bits */
		const char *again;
	} t[] = {
		{ "0", BIT(0), 0, "0" },
		{ "63", BIT(63), 0, "63" },
		{ "0-3,5", 0x2f, 0, "0-3,5" },
		{ "5,0-3", 0x2f, 0, "0-3,5" },
		{ "0,1,2,3", 0xf, 0, "0-3" },
		{ "1-1,1,01", BIT(1), 0, "1" },
		{ "0-63", UINT64_MAX, 0, "0-63" },
		{ "1023", 0, BIT(63), "1023" },
		{ "0,1022-1023", BIT(0), BIT(63) | BIT(62), "0,1022-1023" },
		{ "0-1023", UINT64_MAX, UINT64_MAX, "0-1023" },
	};
	uint64_t bits[MAX / 64];
	char text[CPULIST_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < nitems(t); i++) {
		if (from(t[i].text, strlen(t[i].text), bits, MAX) == -1)
			fail_msg("%s", t[i].text);
		if (bits[0] != t[i].first || bits[MAX / 64 - 1] != t[i].last)
			fail_msg("%s: other bits", t[i].text);
		assert_int_equal(cpulist_write(text, sizeof(text), bits, MAX),
		    strlen(t[i].again));
		assert_string_equal(text, t[i].again);
	}
}

static void
test_bad(void **state)
{
	static const char *const t[] = { "", ",", "-", "0,", ",0", "0-", "-0",
		"0--1", "0-1-2", "0,,1", "3-2", "1024", "0-1024", "0,1024-",
		"99999999999999999999", "0-99999999999999999999", "4294967296",
		" 0", "0 ", "0\n", "a", "0-a", "0x1", "0;1", "+1", "0-3/2",
		"0-1:1/2" };
	uint64_t bits[MAX / 64];
	size_t i;

	(void)state;
	for (i = 0; i < nitems(t); i++)
		if (from(t[i], strlen(t[i]), bits, MAX) != -1)
			fail_msg("%s", t[i]);
	assert_int_equal(from("0\0", 2, bits, MAX), -1);
	assert_int_equal(from("64", 2, bits, 64), -1);
	assert_int_equal(from("63", 2, bits, 64), 0);
}

/* The longest list there is, what has no room, and none. */
static void
test_write(void **state)
{
	uint64_t bits[MAX / 64] = { 0 }, again[MAX / 64];
	char text[CPULIST_MAX];
	unsigned int i;
	size_t len;

	(void)state;
	text[0] = 'x';
	assert_int_equal(cpulist_write(text, sizeof(text), bits, MAX), 0);
	assert_string_equal(text, "");
	for (i = 0; i < MAX; i++)
		if (i % 3 != 2)
			bits[i / 64] |= BIT(i % 64);
	len = cpulist_write(text, sizeof(text), bits, MAX);
	assert_int_equal(len, strlen(text));
	assert_int_equal(from(text, len, again, MAX), 0);
	assert_memory_equal(bits, again, sizeof(bits));
	assert_int_equal(cpulist_write(text, len + 1, bits, MAX), len);
	for (; len > 0; len--)
		assert_int_equal(cpulist_write(text, len, bits, MAX), 0);
}

/* Numbers, commas and strokes at random: what is read is written the same. */
static void
test_random(void **state)
{
	static const char bytes[] = "0123456789,,,--\n";
	uint64_t seed = 20240229, bits[MAX / 64], again[MAX / 64];
	char text[16], other[CPULIST_MAX];
	unsigned int i, good = 0;
	size_t len, j;

	(void)state;
	for (i = 0; i < 100000; i++) {
		seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
		len = (size_t)(seed >> 60);
		for (j = 0; j < len; j++)
			text[j] = bytes[seed >> (j * 4) & 15];
		if (from(text, len, bits, MAX) == -1)
			continue;
		good++;
		len = cpulist_write(other, sizeof(other), bits, MAX);
		assert_true(len > 0);
		assert_int_equal(from(other, len, again, MAX), 0);
		assert_memory_equal(bits, again, sizeof(bits));
	}
	assert_in_range(good, 1000, 99000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_random),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
