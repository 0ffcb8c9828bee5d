/*
 * Tests of numbers with a suffix.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy/size.h"

#define nitems(a) (sizeof(a) / sizeof((a)[0]))
#define NONE 4711 /* what it was before */

static const struct {
	const char *word;
	uint64_t min, max;
	uint64_t n;
	const char *why;
} rows[] = {
	{ "0", 0, 9, 0, NULL },
	{ "1", 1, 1, 1, NULL },
	{ "007", 0, 9, 7, NULL },
	{ "512M", 1, INT64_MAX, 512U << 20, NULL },
	{ "1K", 0, 1024, 1024, NULL },
	{ "3G", 0, INT64_MAX, UINT64_C(3) << 30, NULL },
	{ "2T", 0, INT64_MAX, UINT64_C(2) << 40, NULL },
	{ "0T", 0, 0, 0, NULL },
	{ "18446744073709551615", 0, UINT64_MAX, UINT64_MAX, NULL },
	{ "16777215T", 0, UINT64_MAX, UINT64_MAX - (UINT64_C(1) << 40) + 1,
	    NULL },

	{ "0", 1, 9, NONE, "too small" },
	{ "10", 0, 9, NONE, "too large" },
	{ "1K", 0, 1023, NONE, "too large" },
	{ "18446744073709551616", 0, UINT64_MAX, NONE, "too large" },
	{ "18446744073709551625", 0, UINT64_MAX, NONE, "too large" },
	{ "99999999999999999999999999", 0, UINT64_MAX, NONE, "too large" },
	{ "16777216T", 0, UINT64_MAX, NONE, "too large" },
	{ "18014398509481984K", 0, UINT64_MAX, NONE, "too large" },
	{ "18446744073709551616K", 0, UINT64_MAX, NONE, "too large" },

	{ "", 0, 9, NONE, "invalid" },
	{ "K", 0, 9, NONE, "invalid" },
	{ "1KK", 0, UINT64_MAX, NONE, "invalid" },
	{ "1KB", 0, UINT64_MAX, NONE, "invalid" },
	{ "1k", 0, UINT64_MAX, NONE, "invalid" },
	{ "1 K", 0, UINT64_MAX, NONE, "invalid" },
	{ " 1", 0, 9, NONE, "invalid" },
	{ "+1", 0, 9, NONE, "invalid" },
	{ "-1", 0, UINT64_MAX, NONE, "invalid" },
	{ "1.5G", 0, UINT64_MAX, NONE, "invalid" },
	{ "0x1", 0, UINT64_MAX, NONE, "invalid" },
	{ "max", 0, UINT64_MAX, NONE, "invalid" },
	{ "99999999999999999999999999x", 0, 9, NONE, "invalid" },
};

static void
test_rows(void **state)
{
	const char *why;
	uint64_t n;
	size_t i;

	(void)state;
	for (i = 0; i < nitems(rows); i++) {
		n = NONE;
		why = size_read(rows[i].word, rows[i].min, rows[i].max, &n);
		if (n != rows[i].n || (why == NULL) != (rows[i].why == NULL))
			fail_msg("row %zu: %s", i, rows[i].word);
		if (why != NULL)
			assert_string_equal(why, rows[i].why);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
