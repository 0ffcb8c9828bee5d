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
		memset(&c, 0, sizeof(c));
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

#define WWW(...) PERMIT("1000", "www", .groups = __VA_ARGS__)
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
	{ "groups, then none", { WWW("adm"), PERMIT("1000", "www") }, 1 },
	{ "none, then groups", { PERMIT("1000", "www"), WWW("adm") }, 0 },
	{ "the same groups", { WWW("adm|mail"), WWW("mail|adm") }, 0 },
	{ "less groups", { WWW("adm|mail"), WWW("mail") }, 1 },
	{ "no groups at all", { WWW("adm"), WWW("") }, 1 },
	{ "groups denied", { WWW("adm"), DENY("1000", "www") }, 0 },
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

/* groups: those that are asked for, with '|' between; NULL: none are. */
static const struct {
	const char *title;
	struct rule_row rules[RULES_MAX];
	const char *user;
	const char *groups;
	int command; /* 1: /a, with an argument */
	int line;
	enum denial denial;
	int near;
} listing[] = {
	{ "a rule that lists them", { WWW("adm|mail") }, "www", "4|8", 0, 1,
	    DENIAL_NONE, 1 },
	{ "in another order", { WWW("adm|mail") }, "www", "8|4", 0, 1,
	    DENIAL_NONE, 1 },
	{ "less than it lists", { WWW("adm|mail") }, "www", "4", 0, 0,
	    DENIAL_GROUPS, 1 },
	{ "more than it lists", { WWW("adm") }, "www", "4|8", 0, 0,
	    DENIAL_GROUPS, 1 },
	{ "others", { WWW("adm") }, "www", "8", 0, 0, DENIAL_GROUPS, 1 },
	{ "none, of some", { WWW("adm") }, "www", "", 0, 0, DENIAL_GROUPS, 1 },
	{ "none, of none", { WWW("") }, "www", "", 0, 1, DENIAL_NONE, 1 },
	{ "some, of none", { WWW("") }, "www", "4", 0, 0, DENIAL_GROUPS, 1 },
	{ "of a rule without", { PERMIT("1000", "www") }, "www", "4", 0, 0,
	    DENIAL_GROUPS, 1 },
	{ "none, of a rule without", { PERMIT("1000", "www") }, "www", "", 0, 0,
	    DENIAL_GROUPS, 1 },
	{ "none are asked for", { PERMIT("1000", "www"), WWW("adm") }, "www",
	    NULL, 0, 2, DENIAL_NONE, 2 },
	{ "none are asked for, and the last rule has none",
	    { WWW("adm"), PERMIT("1000", "www") }, "www", NULL, 0, 2,
	    DENIAL_NONE, 2 },
	{ "the last with these",
	    { WWW("adm"), WWW("adm"), WWW("mail"), PERMIT("1000", "www") },
	    "www", "4", 0, 2, DENIAL_NONE, 2 },
	{ "of another", { PERMIT("1001", "www", .groups = "adm") }, "www", "4",
	    0, 0, DENIAL_NONE, 0 },
	{ "a deny is of all", { WWW("adm"), DENY("1000", "www") }, "www", "4",
	    0, -2, DENIAL_RULE, 2 },
	{ "and so of another name's",
	    { PERMIT("1000", "toor", .groups = "adm"), DENY("1000", "root") },
	    "toor", "4", 0, -2, DENIAL_RULE, 2 },
	{ "with a group, which the rule has", { WWW("adm", .group = "mail") },
	    "www:mail", "4", 0, 1, DENIAL_NONE, 1 },
	{ "which it has not", { WWW("adm") }, "www:mail", "4", 0, 0,
	    DENIAL_GROUP, 1 },
	{ "the group, and other groups", { WWW("adm", .group = "mail") },
	    "www:mail", "8", 0, 0, DENIAL_GROUPS, 1 },
	{ "its command", { WWW("adm", .cmd = "/a") }, "www", "4", 1, 1,
	    DENIAL_NONE, 1 },
	{ "another command", { WWW("adm", .cmd = "/b") }, "www", "4", 1, 0,
	    DENIAL_PROGRAM, 1 },
	{ "other groups are farther than another command",
	    { WWW("adm", .cmd = "/b"), WWW("mail", .cmd = "/a") }, "www", "4",
	    1, 0, DENIAL_PROGRAM, 1 },
};

static void
test_listing(void **state)
{
	struct rule_made made[RULES_MAX];
	char *words[WORDS_MAX], text[64];
	gid_t ids[WORDS_MAX];
	struct policy p;
	struct command c;
	struct gids g = { ids, 0 };
	const struct rule *r;
	enum denial d;
	size_t i;
	int line, near;

	(void)state;
	for (i = 0; i < nitems(listing); i++) {
		policy_make(&p, made, listing[i].rules);
		memset(&c, 0, sizeof(c));
		c.path = "";
		if (listing[i].command) {
			c.path = "/a";
			c.argv = (struct strvec){ "/a\0x", 5, 2 };
		}
		if (listing[i].groups != NULL) {
			c.groups = &g;
			(void)words_make(
			    words, text, sizeof(text), listing[i].groups);
			for (g.n = 0; words[g.n] != NULL; g.n++)
				ids[g.n] = gid_of(words[g.n]);
		}
		r = policy_match(&p, &bob, listing[i].user, &c);
		line = r == NULL		  ? 0
		       : r->action == RULE_PERMIT ? r->line
						  : -r->line;
		if (line != listing[i].line)
			fail_msg("%s: %d decides", listing[i].title, line);
		d = policy_denial(&p, &bob, listing[i].user, &c, &near);
		if (d != listing[i].denial || near != listing[i].near)
			fail_msg("%s: denial %d, line %d", listing[i].title,
			    (int)d, near);
	}
}

/* A name is one of a rule's; a number is one by itself. */
static void
test_gid(void **state)
{
	static const struct rule_row rules[RULES_MAX] = { PERMIT("1000", "www"),
		PERMIT("1001", "www", .groups = "mail|4711"), WWW("adm") };
	static const struct {
		const char *name;
		gid_t gid;
		int ret;
	} t[] = {
		{ "adm", 4, 0 },
		{ "mail", 8, 0 },
		{ "4711", 4711, 0 },
		{ "0", 0, 0 },
		{ "4294967294", 4294967294U, 0 },
		{ "4294967295", 0, -1 },
		{ "99999999999999999999", 0, -1 },
		{ "audio", 0, -1 },
		{ "ad", 0, -1 },
		{ "admin", 0, -1 },
		{ "", 0, -1 },
	};
	struct rule_made made[RULES_MAX];
	struct policy p;
	size_t i;
	gid_t gid;

	(void)state;
	policy_make(&p, made, rules);
	for (i = 0; i < nitems(t); i++) {
		if (policy_gid(&p, t[i].name, &gid) != t[i].ret)
			fail_msg("\"%s\": not %d", t[i].name, t[i].ret);
		if (t[i].ret == 0)
			assert_int_equal(gid, t[i].gid);
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
		cmocka_unit_test(test_listing),
		cmocka_unit_test(test_gid),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
