/*
 * Tests of what a login gives. Variables are lists with '|' between them; the
 * group database is the one below.
 */

#include <errno.h>
#include <grp.h>
#include <paths.h>

#include "policy/userenv.h"
#include "policy_util.h"

#define TEXT_MAX 512

/* So many groups has everybody, the user's own first. */
static int groups_there;
static int groups_calls;

int
getgrouplist(const char *name, gid_t gid, gid_t *list, int *n)
{
	int i, room = *n;

	assert_string_equal(name, "bob");
	groups_calls++;
	for (i = 0; i < room && i < groups_there; i++)
		list[i] = i == 0 ? gid : (gid_t)(5000 + i);
	*n = groups_there;
	return (groups_there <= room ? groups_there : -1);
}

static void
env_is(char *const *env, const char *expected)
{
	char text[TEXT_MAX] = "";

	for (; *env != NULL; env++) {
		if (*text != '\0')
			(void)strlcat(text, "|", sizeof(text));
		(void)strlcat(text, *env, sizeof(text));
	}
	assert_string_equal(text, expected);
}

static void
test_get(void **state)
{
	static const struct {
		const char *env;
		const char *name;
		const char *value;
	} t[] = {
		{ "", "A", NULL },
		{ "A=1", "A", "1" },
		{ "A=", "A", "" },
		{ "A", "A", NULL },
		{ "AB=1", "A", NULL },
		{ "A=1", "AB", NULL },
		{ "A=1|A=2", "A", "1" },
		{ "A|A=2", "A", "2" },
		{ "B=A=3|A=x=y", "A", "x=y" },
		{ "a=1", "A", NULL },
	};
	char text[TEXT_MAX], *words[WORDS_MAX];
	const char *value;
	size_t i;

	(void)state;
	for (i = 0; i < nitems(t); i++) {
		value = userenv_get(
		    words_make(words, text, sizeof(text), t[i].env), t[i].name);
		if ((value == NULL) != (t[i].value == NULL) ||
		    (value != NULL && strcmp(value, t[i].value) != 0))
			fail_msg("%s of %s: %s", t[i].name, t[i].env,
			    value == NULL ? "none" : value);
	}
}

static void
test_var(void **state)
{
	char *text;

	(void)state;
	text = userenv_var("NAME=$OTHER", 4, "a=b");
	assert_string_equal(text, "NAME=a=b");
	free(text);
	text = userenv_var("A", 1, "");
	assert_string_equal(text, "A=");
	free(text);
}

static void
test_login(void **state)
{
	static const struct {
		const char *home;
		const char *shell;
		const char *expected;
	} t[] = {
		{ "/home/bob", "/bin/zsh",
		    "HOME=/home/bob|USER=bob|LOGNAME=bob|SHELL=/bin/"
		    "zsh|PATH=" _PATH_STDPATH },
		{ "", "",
		    "HOME=/|USER=bob|LOGNAME=bob|SHELL=" _PATH_BSHELL
		    "|PATH=" _PATH_STDPATH },
	};
	char **env;
	size_t i, n;

	(void)state;
	for (i = 0; i < nitems(t); i++) {
		env = userenv_login("bob", t[i].home, t[i].shell);
		env_is(env, t[i].expected);
		for (n = 0; env[n] != NULL; n++)
			free(env[n]);
		free(env);
	}
}

static void
test_join(void **state)
{
	static const struct {
		const char *a;
		const char *b;
		const char *expected;
	} t[] = {
		{ "", "", "" },
		{ "A=1", "", "A=1" },
		{ "", "A=1", "A=1" },
		{ "A=1", "A=2", "A=1" },
		{ "A=1", "AB=2|B=3", "A=1|AB=2|B=3" },
		{ "AB=1", "A=2", "AB=1|A=2" },
		{ "A=1|B=2", "C=3|B=4|A=5|D", "A=1|B=2|C=3|D" },
		/* What has no value there does not stand for one here. */
		{ "A", "A=1", "A|A=1" },
		{ "A=1", "A", "A=1" },
	};
	char ta[TEXT_MAX], tb[TEXT_MAX], *a[WORDS_MAX], *b[WORDS_MAX], **env;
	size_t i;

	(void)state;
	for (i = 0; i < nitems(t); i++) {
		(void)words_make(a, ta, sizeof(ta), t[i].a);
		(void)words_make(b, tb, sizeof(tb), t[i].b);
		env = userenv_join(a, b);
		env_is(env, t[i].expected);
		/* The strings are those that were there. */
		if (a[0] != NULL)
			assert_ptr_equal(env[0], a[0]);
		free(env);
	}
}

static void
test_wipe(void **state)
{
	char text[] = "SECRET=x|B=2", *words[WORDS_MAX], kept[sizeof(text)];
	size_t i;

	(void)state;
	userenv_wipe(words_make(words, kept, sizeof(kept), text));
	assert_null(words[0]);
	for (i = 0; i < sizeof(kept); i++)
		assert_int_equal(kept[i], 0);
}

static void
test_groups(void **state)
{
	static const struct {
		int there;
		int calls; /* the array is doubled, from 64 to 65536 */
	} t[] = { { 1, 1 }, { 63, 1 }, { 64, 1 }, { 65, 2 }, { 128, 2 },
		{ 1000, 5 }, { 65536, 11 } };
	gid_t *groups;
	size_t i;
	int n;

	(void)state;
	for (i = 0; i < nitems(t); i++) {
		groups_there = t[i].there;
		groups_calls = n = 0;
		groups = userenv_groups("bob", 1000, &n);
		assert_non_null(groups);
		assert_int_equal(n, t[i].there);
		assert_int_equal(groups_calls, t[i].calls);
		assert_int_equal(groups[0], 1000);
		if (n > 1)
			assert_int_equal(groups[n - 1], 5000 + n - 1);
		free(groups);
	}
	groups_there = 65537;
	errno = 0;
	assert_null(userenv_groups("bob", 1000, &n));
	assert_int_equal(errno, E2BIG);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_get),
		cmocka_unit_test(test_var),
		cmocka_unit_test(test_login),
		cmocka_unit_test(test_join),
		cmocka_unit_test(test_wipe),
		cmocka_unit_test(test_groups),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
