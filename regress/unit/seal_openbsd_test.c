/* Which promises a sealed filter keeps on OpenBSD: asked of a pledge(2) of our
 * own, on any system. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

int pledge(const char *, const char *);

#include "task/bsd/seal_openbsd.c"

static char promised[256];

int
pledge(const char *promises, const char *exec)
{
	assert_string_equal(promises, exec);
	(void)strlcpy(promised, promises, sizeof(promised));
	return (0);
}

static int
sealed(const char *names)
{
	struct call_set s;

	assert_int_equal(set_only(&s, names), 0);
	*promised = '\0';
	return (seal(&s, 0));
}

static void
test_promises(void **state)
{
	(void)state;
	assert_int_equal(sealed("getpid,read,close"), 0);
	assert_string_equal(promised, "stdio sendfd recvfd");
	assert_int_equal(sealed("fork,kill,setuid,mkdir,rmdir,open"), 0);
	assert_string_equal(
	    promised, "stdio sendfd recvfd proc rpath wpath cpath id");
	/* Another system's rows count for nothing. */
	assert_int_equal(sealed("@self,clone,pivot_root"), 0);
	assert_string_equal(promised, "stdio sendfd recvfd");
}

/* It would be ended by what nothing permits. */
static void
test_not_permitted(void **state)
{
	(void)state;
	assert_int_equal(sealed("getpid,chroot"), -1);
	assert_int_equal(errno, EOPNOTSUPP);
	assert_string_equal(promised, "");
}

static void
test_words(void **state)
{
	char text[32] = "ab c";

	(void)state;
	assert_int_equal(has_word(text, "a", 1), 0);
	assert_int_equal(has_word(text, "ab", 2), 1);
	assert_int_equal(add_words(text, sizeof(text), "c d ab a"), 0);
	assert_string_equal(text, "ab c d a");
	assert_int_equal(add_words(text, 10, "longer"), -1);
	assert_int_equal(
	    add_words(text, sizeof(text), "0123456789012345678901234567890"),
	    -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_promises),
		cmocka_unit_test(test_not_permitted),
		cmocka_unit_test(test_words),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
