/*
 * Tests of what a rule makes of a run, and of which variables may reach a
 * program that is run for somebody else. Lists have '|' between their words.
 */

#include <paths.h>
#include <pwd.h>

#include "limitname.h"
#include "policy/ceiling.h"
#include "policy/environ_name.h"
#include "policy/runas.h"
#include "policy/shape.h"
#include "policy_util.h"

#define TEXT_MAX 512
#define LOGIN \
	"HOME=/srv|USER=www|LOGNAME=www|SHELL=/bin/csh|PATH=" _PATH_STDPATH

struct passwd *
getpwnam(const char *name)
{
	static struct passwd pw;

	if (strcmp(name, "www") != 0)
		return (NULL);
	pw.pw_name = unconst("www");
	pw.pw_dir = unconst("/srv");
	pw.pw_shell = unconst("/bin/csh");
	return (&pw);
}

/* A list of a rule, allocated as one of the file's is. */
static char **
list_make(const char *text)
{
	char buf[TEXT_MAX], *words[WORDS_MAX], **list;
	size_t i;

	if (text == NULL)
		return (NULL);
	(void)words_make(words, buf, sizeof(buf), text);
	list = calloc(WORDS_MAX, sizeof(*list));
	assert_non_null(list);
	for (i = 0; words[i] != NULL; i++) {
		list[i] = strdup(words[i]);
		assert_non_null(list[i]);
	}
	return (list);
}

static void
list_free(char **list)
{
	size_t i;

	for (i = 0; list != NULL && list[i] != NULL; i++)
		free(list[i]);
	free(list);
}

static void
list_is(const char *title, char *const *list, const char *expected)
{
	char text[TEXT_MAX] = "";

	for (; list != NULL && *list != NULL; list++) {
		if (*text != '\0')
			(void)strlcat(text, "|", sizeof(text));
		(void)strlcat(text, *list, sizeof(text));
	}
	if (strcmp(text, expected) != 0)
		fail_msg("%s: %s", title, text);
}

/* What a rule takes of the starter's environment, at start. */
static const struct {
	const char *title;
	const char *cmd;
	int keepenv;
	const char *setenv;
	const char *starter;
	const char *changes; /* setenv afterwards */
	const char *base; /* "": runas has it */
} rules[] = {
	{ "nothing", NULL, 0, NULL, "A=1", "", "" },
	{ "a value of the rule's", NULL, 0, "K=V|E=", "K=1", "K=V|E=", "" },
	{ "the starter's", NULL, 0, "K", "K=1|J=2", "K=1", "" },
	{ "another one of the starter's", NULL, 0, "K=$J", "K=1|J=2", "K=2",
	    "" },
	{ "one that the starter does not have", NULL, 0, "K|L=$J", "KK=1",
	    "K|L", "" },
	{ "one that is empty there", NULL, 0, "K", "K=", "K=", "" },
	{ "a function of bash", NULL, 0, "K", "K=() { x; }", "K", "" },
	{ "one that is taken away", NULL, 0, "-K", "K=1", "K", "" },
	{ "cmd: a login's", "/x", 0, NULL, "LANG=C|A=1", "", LOGIN },
	{ "cmd, keepenv: and what is harmless", "/x", 1, NULL,
	    "LANG=C|A=1|LD_PRELOAD=x|TERM=vt100|HOME=/evil", "",
	    LOGIN "|LANG=C|TERM=vt100" },
	{ "keepenv without cmd is the launcher's", NULL, 1, NULL, "LANG=C", "",
	    "" },
};

static void
test_rules(void **state)
{
	char text[TEXT_MAX], *starter[WORDS_MAX];
	struct rule r;
	size_t i;

	(void)state;
	for (i = 0; i < nitems(rules); i++) {
		memset(&r, 0, sizeof(r));
		r.user = unconst("www");
		r.cmd = unconst(rules[i].cmd);
		r.keepenv = rules[i].keepenv;
		r.setenv = list_make(rules[i].setenv);
		shape_rule(&r,
		    words_make(starter, text, sizeof(text), rules[i].starter));
		/* The starter's environment may be wiped from now on. */
		memset(text, '!', sizeof(text) - 1);
		list_is(rules[i].title, r.setenv, rules[i].changes);
		list_is(rules[i].title, r.base, rules[i].base);
		list_free(r.setenv);
		list_free(r.base);
	}
}

static void
test_no_user(void **state)
{
	char *none[] = { NULL };
	struct rule r = { .user = unconst("gone"), .cmd = unconst("/x") };

	(void)state;
	expect_assert_failure(shape_rule(&r, none));
}

/* A run's environment: the rule's around it, so that what it sets counts. */
static const struct {
	const char *title;
	const char *base; /* NULL: runas has it */
	const char *setenv;
	int keepenv;
	const char *run; /* NULL: nothing */
	const char *expected;
	uint32_t flags;
} runs[] = {
	{ "nothing at all", NULL, NULL, 0, NULL, "", 0 },
	{ "the run's", NULL, NULL, 0, "A=1|B", "A=1|B", 0 },
	{ "setenv behind it", NULL, "A=2|C", 0, "A=1|B", "A=1|B|A=2|C", 0 },
	{ "keepenv", NULL, NULL, 1, "A=1", "A=1", RUN_KEEPENV },
	{ "a base before it, and nothing else", "H=1|U=2", "A=2", 0, "A=1",
	    "H=1|U=2|A=1|A=2", RUN_ENV_CLEAR },
	{ "a base has keepenv's already", "H=1", NULL, 1, NULL, "H=1",
	    RUN_ENV_CLEAR },
	{ "a base alone", "H=1", NULL, 0, NULL, "H=1", RUN_ENV_CLEAR },
	{ "an empty base", "", NULL, 0, NULL, "", RUN_ENV_CLEAR },
};

static void
env_is(const char *title, const struct strvec *env, const char *expected)
{
	char text[TEXT_MAX] = "";
	const char *p = env->base;
	uint32_t i;

	for (i = 0; i < env->count; i++, p = strvec_next(p)) {
		if (i > 0)
			(void)strlcat(text, "|", sizeof(text));
		(void)strlcat(text, p, sizeof(text));
	}
	if (strcmp(text, expected) != 0)
		fail_msg("%s: %s", title, text);
	if (env->count > 0 && p != env->base + env->len)
		fail_msg("%s: length %u", title, (unsigned int)env->len);
}

static void
test_runs(void **state)
{
	struct runas t = { 0 };
	struct rule rule;
	struct run r;
	size_t i;
	char *words, *made;

	(void)state;
	for (i = 0; i < nitems(runs); i++) {
		memset(&rule, 0, sizeof(rule));
		memset(&r, 0, sizeof(r));
		words = NULL;
		rule.runas = &t;
		rule.base = list_make(runs[i].base);
		rule.setenv = list_make(runs[i].setenv);
		rule.keepenv = runs[i].keepenv;
		if (runs[i].run != NULL)
			words = strvec_make(&r.env, runs[i].run);
		made = shape_run(&r, &rule);
		assert_non_null(made);
		env_is(runs[i].title, &r.env, runs[i].expected);
		if (r.flags != runs[i].flags)
			fail_msg("%s: flags %#x", runs[i].title,
			    (unsigned int)r.flags);
		free(made);
		free(words);
		list_free(rule.base);
		list_free(rule.setenv);
	}
}

/* As much as a message may have, and one byte more. */
static void
test_too_large(void **state)
{
	struct runas t = { 0 };
	struct rule rule = { .runas = &t, .setenv = list_make("A=1") };
	struct run r = { 0 };
	char *made;

	(void)state;
	r.args.len = RUN_STRINGS_MAX - 4;
	made = shape_run(&r, &rule);
	assert_non_null(made);
	assert_int_equal(r.env.len, 4);
	free(made);
	memset(&r, 0, sizeof(r));
	r.args.len = RUN_STRINGS_MAX - 3;
	assert_null(shape_run(&r, &rule));
	list_free(rule.setenv);
}

static void
test_streams(void **state)
{
	static const struct {
		const char *cmd;
		int other;
		uint32_t kind;
		uint32_t expected;
	} t[] = {
		{ NULL, 0, IO_CLOSE, IO_CLOSE },
		{ NULL, 1, IO_CLOSE, IO_NULL },
		{ "/x", 0, IO_CLOSE, IO_NULL },
		{ "/x", 1, IO_CLOSE, IO_NULL },
		{ "/x", 1, IO_PIPE, IO_PIPE },
		{ "/x", 1, IO_FILE, IO_FILE },
		{ "/x", 1, IO_NULL, IO_NULL },
	};
	struct runas runas = { 0 };
	struct rule rule = { .runas = &runas };
	struct run r;
	size_t i, n;

	(void)state;
	for (i = 0; i < nitems(t); i++) {
		memset(&r, 0, sizeof(r));
		runas.other = t[i].other;
		rule.cmd = unconst(t[i].cmd);
		for (n = 0; n < 3; n++)
			r.io[n].kind = t[i].kind;
		free(shape_run(&r, &rule));
		for (n = 0; n < 3; n++)
			if (r.io[n].kind != t[i].expected)
				fail_msg("row %zu: stream %zu is %u", i, n,
				    (unsigned int)r.io[n].kind);
	}
}

/* A rule of 100 descriptors, or one of 5 s, for who has 80 at most. */
static const struct {
	const char *title;
	uint32_t limits; /* of the run */
	uint64_t hard;
	uint32_t cpu_time;
	uint64_t most; /* of the rule */
	int limit;
	uint64_t expected; /* LIMIT_NONE: it has none */
} ceilings[] = {
	{ "what the rule says", 0, 0, 0, 50, LIMIT_NOFILE, 50 },
	{ "what there is", 0, 0, 0, 100, LIMIT_NOFILE, 80 },
	{ "less is less", 1U << LIMIT_NOFILE, 5, 0, 50, LIMIT_NOFILE, 5 },
	{ "nothing", 0, 0, 0, 0, LIMIT_NOFILE, 0 },
	{ "a time", 0, 0, 0, 5, LIMIT_CPU, 5 },
	{ "a time that it has by itself", 0, 0, 3, 5, LIMIT_CPU, LIMIT_NONE },
};

static void
test_ceilings(void **state)
{
	struct rlimit mine[RLIM_NLIMITS];
	struct runas t = { .base.rlimits = mine };
	struct rule rule;
	struct run r;
	size_t i, n;

	(void)state;
	for (i = 0; i < RLIM_NLIMITS; i++)
		mine[i].rlim_cur = mine[i].rlim_max = 80;
	for (i = 0; i < nitems(ceilings); i++) {
		n = (size_t)ceilings[i].limit;
		memset(&rule, 0, sizeof(rule));
		memset(&r, 0, sizeof(r));
		rule.runas = &t;
		rule.ceilings = 1U << n;
		rule.ceiling[n] = ceilings[i].most;
		r.limits = ceilings[i].limits;
		r.soft[n] = r.hard[n] = ceilings[i].hard;
		r.cpu_time = ceilings[i].cpu_time;
		assert_int_equal(ceiling_exceeded(&rule, &r), -1);
		free(shape_run(&r, &rule));
		if (ceilings[i].expected == LIMIT_NONE
			? r.limits != 0
			: r.limits != 1U << n ||
			      r.soft[n] != ceilings[i].expected ||
			      r.hard[n] != ceilings[i].expected)
			fail_msg("%s", ceilings[i].title);
	}
}

static void
test_takes(void **state)
{
	static const struct {
		const char *cmd;
		int keepenv;
		const char *var;
		int expected;
	} t[] = {
		{ NULL, 0, "LD_PRELOAD=x", 1 },
		{ "/x", 0, "LANG=C", 0 },
		{ "/x", 1, "LANG=C", 1 },
		{ "/x", 1, "LANG", 1 },
		{ "/x", 1, "PATH=/bin", 0 },
	};
	struct rule r = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < nitems(t); i++) {
		r.cmd = unconst(t[i].cmd);
		r.keepenv = t[i].keepenv;
		if (shape_takes(&r, t[i].var) != t[i].expected)
			fail_msg("%s: not %d", t[i].var, t[i].expected);
	}
}

static const struct {
	const char *var;
	int harmless;
	int dangerous;
} names[] = {
	{ "LANG=en_US.UTF-8", 1, 0 },
	{ "LANG", 1, 0 },
	{ "LANG=/tmp/x", 0, 0 },
	{ "LANG=%n", 0, 0 },
	{ "LANG=a b", 0, 0 },
	{ "LANG=\177", 0, 0 },
	{ "LANG=\303\244", 0, 0 },
	{ "LANG=../x", 0, 0 },
	{ "LANGX=C", 0, 0 },
	{ "LAN=C", 0, 0 },
	{ "LC_ALL=C", 1, 0 },
	{ "LC_=C", 1, 0 },
	{ "LC_all=C", 0, 0 },
	{ "LC_A1=C", 0, 0 },
	{ "TERM=xterm-256color", 1, 0 },
	{ "TERM=/tmp/x", 0, 0 },
	{ "TZ=Europe/Berlin", 1, 0 },
	{ "TZ=:Europe/Berlin", 1, 0 },
	{ "TZ=CET-1CEST,M3.5.0,M10.5.0/3", 1, 0 },
	{ "TZ=/etc/shadow", 0, 0 },
	{ "TZ=:/etc/shadow", 0, 0 },
	{ "TZ=../../shadow", 0, 0 },
	{ "TZ=./evil", 0, 0 },
	{ "TZ=:./evil", 0, 0 },
	{ "TZ=:.evil", 0, 0 },
	{ "TZ=a b", 0, 0 },
	{ "LD_PRELOAD=x", 0, 1 },
	{ "LD_", 0, 1 },
	{ "LD", 0, 0 },
	{ "MY_PRELOAD=x", 0, 1 },
	{ "_PRELOAD", 0, 1 },
	{ "_PRELOADX", 0, 0 },
	{ "PATH=/bin", 0, 1 },
	{ "PATHS=/bin", 0, 0 },
	{ "BASH_ENV=/x", 0, 1 },
	{ "BASH_FUNC_id%%=() { x; }", 0, 1 },
	{ "PYTHONPATH=x", 0, 1 },
	{ "IFS=x", 0, 1 },
	{ "A=PATH=1", 0, 0 },
	{ "=PATH", 0, 0 },
	{ "", 0, 0 },
};

static void
test_names(void **state)
{
	char value[400];
	size_t i;

	(void)state;
	for (i = 0; i < nitems(names); i++)
		if (environ_harmless(names[i].var) != names[i].harmless ||
		    environ_dangerous(names[i].var) != names[i].dangerous)
			fail_msg("%s", names[i].var);
	/* No locale is as long as that. */
	memset(value, 'x', sizeof(value));
	memcpy(value, "LANG=", 5);
	value[5 + 256] = '\0';
	assert_int_equal(environ_harmless(value), 1);
	value[5 + 256] = 'x';
	value[5 + 257] = '\0';
	assert_int_equal(environ_harmless(value), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_no_user),
		cmocka_unit_test(test_runs),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_streams),
		cmocka_unit_test(test_ceilings),
		cmocka_unit_test(test_takes),
		cmocka_unit_test(test_names),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
