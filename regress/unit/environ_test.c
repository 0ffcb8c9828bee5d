/*
 * Tests of the environment that a child gets. The tables hold lists of
 * variables as one text each, with '|' between them. The variables that come
 * with a run lie in an allocation of their exact size, as in a message that
 * somebody hostile sent.
 */

#include <sys/types.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "launcher/environ.h"
#include "policy/runas.h"
#include "proto.h"

#define nitems(a) (sizeof(a) / sizeof((a)[0]))

#define TEXT_MAX 1024
#define VARS_MAX 64
#define MANY 1000

/* An array of the pieces of text, which is cut; NULL is no array. */
static char **
base_make(char **base, char *text)
{
	size_t n = 0;
	char *s;

	if (text == NULL)
		return (NULL);
	while ((s = strsep(&text, "|")) != NULL) {
		if (text == NULL && n == 0 && *s == '\0')
			break;
		assert_true(n < VARS_MAX - 1);
		base[n++] = s;
	}
	base[n] = NULL;
	return (base);
}

static char **
environ_of(char **base, const struct run *r)
{
	static struct spawn_base b;

	b.environ = base;
	return (spawn_environ(&b, r));
}

/* The run's variables; the caller frees env.base. */
static void
run_make(struct run *r, const char *text, int clear)
{
	size_t i, len = strlen(text) + 1;
	char *p;

	memset(r, 0, sizeof(*r));
	if (clear)
		r->flags |= RUN_ENV_CLEAR;
	if (*text == '\0')
		return;
	p = malloc(len);
	assert_non_null(p);
	for (i = 0; i < len; i++) {
		p[i] = text[i] == '|' ? '\0' : text[i];
		r->env.count += p[i] == '\0';
	}
	r->env.base = p;
	r->env.len = (uint32_t)len;
}

static void
env_join(char *buf, char **env)
{
	size_t i;

	buf[0] = '\0';
	for (i = 0; env[i] != NULL; i++)
		assert_true(snprintf(buf + strlen(buf), TEXT_MAX - strlen(buf),
				"%s%s", i == 0 ? "" : "|", env[i]) > 0);
}

static const struct {
	const char *base;
	const char *set;
	int clear;
	const char *want;
} rows[] = {
	/* Nothing changes. */
	{ "A=1|B=2", "", 0, "A=1|B=2" },
	{ "", "", 0, "" },
	{ "B=2|A=1|", "", 0, "B=2|A=1|" },

	/* Set. */
	{ "", "A=1", 0, "A=1" },
	{ "A=1", "B=2", 0, "A=1|B=2" },
	{ "B=1|A=2", "D=4|C=3", 0, "B=1|A=2|D=4|C=3" },
	{ "A=1", "B=", 0, "A=1|B=" },
	{ "A=", "B=2", 0, "A=|B=2" },
	{ "A=1", "B=x=y", 0, "A=1|B=x=y" },
	{ "A=1", "a=2", 0, "A=1|a=2" },
	{ "A=1", "B==", 0, "A=1|B==" },

	/* Replace: the place stays. */
	{ "A=1|B=2|C=3", "B=9", 0, "A=1|B=9|C=3" },
	{ "A=1|B=2|C=3", "C=9|A=8", 0, "A=8|B=2|C=9" },
	{ "A=1", "A=", 0, "A=" },
	{ "A=", "A=1", 0, "A=1" },
	{ "A=1|B=2", "C=1|A=5|C=2", 0, "A=5|B=2|C=2" },
	{ "A=1", "A=2|A=3|A=4", 0, "A=4" },
	{ "", "A=1|B=1|A=2", 0, "A=2|B=1" },

	/* Unset. */
	{ "A=1|B=2|C=3", "B", 0, "A=1|C=3" },
	{ "A=1", "A", 0, "" },
	{ "A=1|B=2", "A|B", 0, "" },
	{ "A=1", "B", 0, "A=1" },
	{ "", "A", 0, "" },
	{ "A=1|B=2", "A|A=3", 0, "A=3|B=2" },
	{ "A=1|B=2", "A=3|A", 0, "B=2" },
	{ "B=1", "A=1|A|C=1|A=2", 0, "B=1|A=2|C=1" },

	/* Clear. */
	{ "A=1|B=2", "", 1, "" },
	{ "", "", 1, "" },
	{ "A=1|B=2", "C=3", 1, "C=3" },
	{ "A=1|B=2", "B=3|A=2", 1, "B=3|A=2" },
	{ "A=1", "A", 1, "" },
	{ "A=1", "B=1|A|B=2", 1, "B=2" },

	/* Duplicates in the base, of which the first counts, as in getenv. */
	{ "A=1|B=2|A=3", "C=4", 0, "A=1|B=2|C=4" },
	{ "A=1|B=2|A=3", "A=4", 0, "A=4|B=2" },
	{ "A=1|B=2|A=3|A=5", "A", 0, "B=2" },
	{ "A=1|A=1|A=1", "B=1", 0, "A=1|B=1" },

	/* Names of which one begins another, and values that look so. */
	{ "AB=1|A=2|ABC=3", "A=9", 0, "AB=1|A=9|ABC=3" },
	{ "AB=1|A=2|ABC=3", "AB", 0, "A=2|ABC=3" },
	{ "A=2|AB=1|A=B=3", "ABC=1", 0, "A=2|AB=1|ABC=1" },
	{ "ABC=3|AB=2|A=1", "AB=9|A|ABCD=4", 0, "ABC=3|AB=9|ABCD=4" },
	{ "A=1|A!=2|A =3|A~=4", "A=5", 0, "A=5|A!=2|A =3|A~=4" },
	{ "A-=1", "A", 0, "A-=1" },
	{ "A=1", "A\1=2|\1A=3", 0, "A=1|A\1=2|\1A=3" },
	{ "\377=1|\303\251=2", "\377=3|\303=4", 0, "\377=3|\303\251=2|\303=4" },

	/* Names that no shell would set. */
	{ "=1|A=2", "A=3", 0, "=1|A=3" },
	{ "=1|A=2", "=3", 0, "=3|A=2" },
	{ "1=1", " =2", 0, "1=1| =2" },

	/* No base at all. */
	{ NULL, "A=1", 0, "A=1" },
	{ NULL, "A|B=1|B=2", 0, "B=2" },
	{ NULL, "", 1, "" },
	{ NULL, "A=1", 1, "A=1" },
};

static void
test_rows(void **state)
{
	char text[TEXT_MAX], got[TEXT_MAX];
	char *array[VARS_MAX], **base, **env;
	struct run r;
	size_t i;

	(void)state;
	for (i = 0; i < nitems(rows); i++) {
		(void)strlcpy(text, rows[i].base == NULL ? "" : rows[i].base,
		    sizeof(text));
		base = base_make(array, rows[i].base == NULL ? NULL : text);
		run_make(&r, rows[i].set, rows[i].clear);
		env = environ_of(base, &r);
		assert_non_null(env);
		env_join(got, env);
		if (strcmp(got, rows[i].want) != 0)
			fail_msg(
			    "row %zu: not %s but %s", i, rows[i].want, got);
		if (env != base)
			free(env);
		free((void *)(uintptr_t)r.env.base);
	}
}

/* Without a change it is the base itself, and nothing is to be freed. */
static void
test_base_itself(void **state)
{
	char a[] = "A=1", b[] = "A=2";
	char *base[] = { a, b, NULL };
	struct run r;

	(void)state;
	run_make(&r, "", 0);
	assert_ptr_equal(environ_of(base, &r), base);
	assert_ptr_equal(base[0], a);
	assert_ptr_equal(base[1], b);
}

/* The strings stay where they are, and the base is not changed. */
static void
test_pointers(void **state)
{
	char a[] = "A=1", b[] = "B=2";
	char *base[] = { a, b, NULL };
	char **env;
	struct run r;

	(void)state;
	run_make(&r, "B=3|C=4", 0);
	env = environ_of(base, &r);
	assert_non_null(env);
	assert_ptr_equal(env[0], a);
	assert_ptr_equal(env[1], r.env.base);
	assert_ptr_equal(env[2], r.env.base + 4);
	assert_null(env[3]);
	assert_ptr_equal(base[1], b);
	assert_null(base[2]);
	free(env);
	free((void *)(uintptr_t)r.env.base);
}

/*
 * MANY variables in the base. Of the run's, the first half takes every
 * second one away and the other half sets new ones.
 */
static void
test_many(void **state)
{
	static char text[MANY][16], *base[MANY + 1];
	char *set, *p, **env, want[16];
	struct run r = { 0 };
	size_t i, size = MANY * 16UL;

	(void)state;
	p = set = malloc(size);
	assert_non_null(set);
	for (i = 0; i < MANY; i++) {
		/* Neither in the order of their names nor against it. */
		(void)snprintf(
		    text[i], sizeof(text[i]), "V%zu=%zu", i * 7919 % MANY, i);
		base[i] = text[i];
		(void)snprintf(want, sizeof(want), i % 2 ? "V%zu" : "N%zu=x",
		    i * 7919 % MANY);
		memcpy(p, want, strlen(want) + 1);
		p += strlen(want) + 1;
	}
	r.env.base = set;
	r.env.len = (uint32_t)(p - set);
	r.env.count = MANY;
	env = environ_of(base, &r);
	assert_non_null(env);
	for (i = 0; i < MANY; i++) {
		if (i < MANY / 2)
			assert_ptr_equal(env[i], text[2 * i]);
		else {
			(void)snprintf(want, sizeof(want), "N%zu=x",
			    2 * (i - MANY / 2) * 7919 % MANY);
			assert_string_equal(env[i], want);
		}
	}
	assert_null(env[MANY]);
	free(env);
	free(set);
}

/* One name MANY times: one is left. */
static void
test_many_times(void **state)
{
	char last[] = "A=1";
	char *base[] = { last, NULL };
	char *set, **env;
	struct run r = { 0 };
	size_t i;

	(void)state;
	set = malloc(MANY * 4UL);
	assert_non_null(set);
	for (i = 0; i < MANY; i++)
		memcpy(set + 4 * i, i % 2 ? "A=2" : "B=3", 4);
	r.env.base = set;
	r.env.len = MANY * 4;
	r.env.count = MANY;
	env = environ_of(base, &r);
	assert_non_null(env);
	assert_ptr_equal(env[0], set + 4UL * (MANY - 1));
	assert_ptr_equal(env[1], set + 4UL * (MANY - 2));
	assert_null(env[2]);
	free(env);
	free(set);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_base_itself),
		cmocka_unit_test(test_pointers),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_many_times),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
