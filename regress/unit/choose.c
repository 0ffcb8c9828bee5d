/*
 * In every test program: UNIT_CASE in the environment, such as
 * "priv_keeps_*", has only the cases run whose names it matches; those that
 * UNIT_SKIP matches are skipped.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

static void choose(void) __attribute__((constructor));

static void
choose(void)
{
	const char *pattern = getenv("UNIT_CASE"), *skip = getenv("UNIT_SKIP");

	if (pattern != NULL && *pattern != '\0')
		cmocka_set_test_filter(pattern);
	if (skip != NULL && *skip != '\0')
		cmocka_set_skip_filter(skip);
}
