/*
 * Tests of the decision alone: which rule decides, and which comes nearest
 * where none does. What the grammar makes of a file is in policy_test.c.
 */

#include "policy_util.h"

static const gid_t groups[] = { 10, 20 };
static const struct starter bob = { 1000, 1000, groups, 2 };

/* line: of the rule that decides, negative for a deny; 0: there is none. */
static const struct {
	const char *title;
	struct rule_row rules[RULES_MAX];
	const char *user;
	const char *command; /* path, then argv with argv[0]; or NULL */
	int line;
	enum denial denial;
	int near;
} rows[] = {
	{ "no rule", { { .action = 0 } }, "www", NULL, 0, DENIAL_NONE, 0 },
	{ "a permit", { PERMIT("1000", "www") }, "www", NULL, 1, DENIAL_NONE,
	    1 },
	{ "of another uid", { PERMIT("1001", "www") }, "www", NULL, 0,
	    DENIAL_NONE, 0 },
	{ "of its gid", { PERMIT(":1000", "www") }, "www", NULL, 1, DENIAL_NONE,
	    1 },
	{ "of its last group", { PERMIT(":20", "www") }, "www", NULL, 1,
	    DENIAL_NONE, 1 },
	{ "of a group that is not its", { PERMIT(":30", "www") }, "www", NULL,
	    0, DENIAL_NONE, 0 },
	{ "a gid is no uid", { PERMIT("10", "www") }, "www", NULL, 0,
	    DENIAL_NONE, 0 },
	{ "a name that begins so", { PERMIT("1000", "wwwx") }, "www", NULL, 0,
	    DENIAL_NONE, 0 },
	{ "a name that begins it", { PERMIT("1000", "www") }, "wwwx", NULL, 0,
	    DENIAL_NONE, 0 },

	{ "unresolved", { PERMIT(NULL, "www") }, "www", NULL, 0, DENIAL_UNKNOWN,
	    1 },
	{ "an unresolved deny takes nothing away",
	    { PERMIT("1000", "www"), DENY(NULL, "www") }, "www", NULL, 1,
	    DENIAL_NONE, 1 },

	{ "the last decides: deny",
	    { PERMIT("1000", "www"), DENY("1000", "www") }, "www", NULL, -2,
	    DENIAL_RULE, 2 },
	{ "the last decides: permit",
	    { DENY("1000", "www"), PERMIT("1000", "www") }, "www", NULL, 2,
	    DENIAL_NONE, 2 },
	{ "a deny of another user",
	    { PERMIT("1000", "www"), DENY("1000", "alice") }, "www", NULL, 1,
	    DENIAL_NONE, 1 },
	{ "a deny of the same id",
	    { PERMIT("1000", "toor"), DENY("1000", "root") }, "toor", NULL, -2,
	    DENIAL_RULE, 2 },
	{ "a deny of the same id, and a permit behind it",
	    { PERMIT("1000", "toor"), DENY("1000", "root"),
		PERMIT("1000", "toor") },
	    "toor", NULL, 3, DENIAL_NONE, 3 },

	{ "a group that the rule has",
	    { PERMIT("1000", "www", .group = "adm") }, "www:adm", NULL, 1,
	    DENIAL_NONE, 1 },
	{ "that it does not have", { PERMIT("1000", "www") }, "www:adm", NULL,
	    0, DENIAL_GROUP, 1 },
	{ "another one than it has", { PERMIT("1000", "www", .group = "adm") },
	    "www:mail", NULL, 0, DENIAL_GROUP, 1 },
	{ "one that begins so", { PERMIT("1000", "www", .group = "admin") },
	    "www:adm", NULL, 0, DENIAL_GROUP, 1 },
	{ "a deny is of every group",
	    { PERMIT("1000", "www", .group = "adm"), DENY("1000", "www") },
	    "www:adm", NULL, -2, DENIAL_RULE, 2 },

	{ "its command", { PERMIT("1000", "www", .cmd = "/a") }, "www", "/a|/a",
	    1, DENIAL_NONE, 1 },
	{ "with any arguments", { PERMIT("1000", "www", .cmd = "/a") }, "www",
	    "/a|/a|x|y", 1, DENIAL_NONE, 1 },
	{ "another command", { PERMIT("1000", "www", .cmd = "/a") }, "www",
	    "/b|/b", 0, DENIAL_PROGRAM, 1 },
	{ "no command at all", { PERMIT("1000", "www", .cmd = "/a") }, "www",
	    NULL, 0, DENIAL_PROGRAM, 1 },
	{ "another argv[0]", { PERMIT("1000", "www", .cmd = "/a") }, "www",
	    "/a|a", 0, DENIAL_NAME, 1 },
	{ "its arguments",
	    { PERMIT("1000", "www", .cmd = "/a", .args = "x|y") }, "www",
	    "/a|/a|x|y", 1, DENIAL_NONE, 1 },
	{ "in another order",
	    { PERMIT("1000", "www", .cmd = "/a", .args = "x|y") }, "www",
	    "/a|/a|y|x", 0, DENIAL_ARGS, 1 },
	{ "one more", { PERMIT("1000", "www", .cmd = "/a", .args = "x") },
	    "www", "/a|/a|x|y", 0, DENIAL_ARGS, 1 },
	{ "one less", { PERMIT("1000", "www", .cmd = "/a", .args = "x|y") },
	    "www", "/a|/a|x", 0, DENIAL_ARGS, 1 },
	{ "an empty one more",
	    { PERMIT("1000", "www", .cmd = "/a", .args = "x") }, "www",
	    "/a|/a|x|", 0, DENIAL_ARGS, 1 },
	{ "none, where none may be",
	    { PERMIT("1000", "www", .cmd = "/a", .args = "") }, "www", "/a|/a",
	    1, DENIAL_NONE, 1 },
	{ "one, where none may be",
	    { PERMIT("1000", "www", .cmd = "/a", .args = "") }, "www",
	    "/a|/a|x", 0, DENIAL_ARGS, 1 },

	{ "the nearest one is told of",
	    { PERMIT("1000", "www", .cmd = "/a", .args = "x"),
		PERMIT("1000", "www", .cmd = "/b"), PERMIT(NULL, "www") },
	    "www", "/a|/a|y", 0, DENIAL_ARGS, 1 },
	{ "the last of those that are as near",
	    { PERMIT("1000", "www", .cmd = "/a"),
		PERMIT("1000", "www", .cmd = "/b") },
	    "www", "/c|/c", 0, DENIAL_PROGRAM, 2 },
	{ "a deny is none that comes near", { DENY(NULL, "www") }, "www", NULL,
	    0, DENIAL_NONE, 0 },
};

static void
test_rows(void **state)
{
	struct rule_made made[RULES_MAX];
	struct policy p;
	struct command c, *command;
	const struct rule *r;
	enum denial d;
	size_t i;
	char *words;
	int line, near;

	(void)state;
	for (i = 0; i < nitems(rows); i++) {
		policy_make(&p, made, rows[i].rules);
		command = NULL;
		words = NULL;
		if (rows[i].command != NULL) {
			words = strvec_make(&c.argv, rows[i].command);
			command = &c;
			c.path = words;
			c.argv.base = strvec_next(words);
			c.argv.count--;
		}
		r = policy_match(&p, &bob, rows[i].user, command);
		line = r == NULL		  ? 0
		       : r->action == RULE_PERMIT ? r->line
						  : -r->line;
		if (line != rows[i].line)
			fail_msg("%s: %d decides", rows[i].title, line);
		d = policy_denial(&p, &bob, rows[i].user, command, &near);
		if (d != rows[i].denial || near != rows[i].near)
			fail_msg("%s: denial %d, line %d", rows[i].title,
			    (int)d, near);
		free(words);
	}
}

#define CMD(...) PERMIT("1000", "www", .cmd = __VA_ARGS__)

/* Is there anything that bob could ask for and the first rule decides? */
static const struct {
	const char *title;
	struct rule_row rules[RULES_MAX];
	int decides;
} deciding[] = {
	{ "alone", { PERMIT("1000", "www") }, 1 },
	{ "of another", { PERMIT("1001", "www") }, 0 },
	{ "unresolved", { PERMIT(NULL, "www") }, 0 },
	{ "denied", { PERMIT("1000", "www"), DENY("1000", "www") }, 0 },
	{ "denied by its id", { PERMIT("1000", "toor"), DENY(":20", "root") },
	    0 },
	{ "a deny for another", { PERMIT("1000", "www"), DENY("1001", "www") },
	    1 },
	{ "a deny of another", { PERMIT("1000", "www"), DENY("1000", "alice") },
	    1 },
	{ "permitted again", { PERMIT("1000", "www"), PERMIT("1000", "www") },
	    0 },
	{ "another one permitted",
	    { PERMIT("1000", "www"), PERMIT("1000", "alice") }, 1 },
	{ "permitted again at last",
	    { PERMIT("1000", "www"), CMD("/a"), PERMIT(":10", "www") }, 0 },
	{ "cmd behind it", { PERMIT("1000", "www"), CMD("/a") }, 1 },
	{ "cmd before it", { CMD("/a"), PERMIT("1000", "www") }, 0 },
	{ "the same cmd", { CMD("/a"), CMD("/a") }, 0 },
	{ "another cmd", { CMD("/a"), CMD("/b") }, 1 },
	{ "args, then any", { CMD("/a", .args = "x"), CMD("/a") }, 0 },
	{ "any, then args", { CMD("/a"), CMD("/a", .args = "x") }, 1 },
	{ "the same args",
	    { CMD("/a", .args = "x|y"), CMD("/a", .args = "x|y") }, 0 },
	{ "other args", { CMD("/a", .args = "x|y"), CMD("/a", .args = "x|z") },
	    1 },
	{ "more args", { CMD("/a", .args = "x"), CMD("/a", .args = "x|y") },
	    1 },
	{ "less args", { CMD("/a", .args = "x|y"), CMD("/a", .args = "x") },
	    1 },
	{ "no args", { CMD("/a", .args = ""), CMD("/a", .args = "") }, 0 },
	{ "a group, then none",
	    { PERMIT("1000", "www", .group = "adm"), PERMIT("1000", "www") },
	    1 },
	{ "none, then a group",
	    { PERMIT("1000", "www"), PERMIT("1000", "www", .group = "adm") },
	    0 },
	{ "the same group",
	    { PERMIT("1000", "www", .group = "adm"),
		PERMIT("1000", "www", .group = "adm") },
	    0 },
	{ "another group",
	    { PERMIT("1000", "www", .group = "adm"),
		PERMIT("1000", "www", .group = "mail") },
	    1 },
	{ "a group denied",
	    { PERMIT("1000", "www", .group = "adm"), DENY("1000", "www") }, 0 },
};

static void
test_decides(void **state)
{
	struct rule_made made[RULES_MAX];
	struct policy p;
	size_t i;

	(void)state;
	for (i = 0; i < nitems(deciding); i++) {
		policy_make(&p, made, deciding[i].rules);
		if (policy_decides(&made[0].rule, &bob) != deciding[i].decides)
			fail_msg("%s: not %d", deciding[i].title,
			    deciding[i].decides);
	}
}

/* Only rules of the file count, whatever they say of him. */
static void
test_concerns(void **state)
{
	static const struct {
		struct rule_row rules[RULES_MAX];
		int line; /* of the first: 0 is not of the file */
		int concerns;
	} t[] = {
		{ { { .action = 0 } }, 1, 0 },
		{ { PERMIT("1000", "www") }, 1, 1 },
		{ { PERMIT("1000", "www") }, 0, 0 },
		{ { PERMIT("1001", "www") }, 1, 0 },
		{ { PERMIT(NULL, "www") }, 1, 0 },
		{ { DENY("1000", "www") }, 1, 1 },
		{ { PERMIT("1000", "www"), PERMIT("1001", "www") }, 0, 0 },
		{ { PERMIT("1000", "www"), DENY(":20", "www") }, 0, 1 },
	};
	struct rule_made made[RULES_MAX];
	struct policy p;
	size_t i;

	(void)state;
	for (i = 0; i < nitems(t); i++) {
		policy_make(&p, made, t[i].rules);
		if (t[i].line == 0)
			made[0].rule.line = 0;
		if (policy_concerns(&p, &bob) != t[i].concerns)
			fail_msg("row %zu: not %d", i, t[i].concerns);
	}
}

/* Without arguments at all there is no argv[0] to compare. */
static void
test_no_argv(void **state)
{
	static const struct rule_row rule[RULES_MAX] = {
		PERMIT("1000", "www", .cmd = "/a"),
	};
	struct rule_made made[RULES_MAX];
	struct command c = { .path = "/a" };
	struct policy p;

	(void)state;
	policy_make(&p, made, rule);
	assert_null(policy_match(&p, &bob, "www", &c));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_decides),
		cmocka_unit_test(test_concerns),
		cmocka_unit_test(test_no_argv),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
