/*
 * Tests of what policy says to what the broker asks for. The rules are made
 * here, match.c is the program's own, and so that the tests know each word it
 * is asked about, whom children can run as is a table of this file.
 */

#include "policy/count.h"
#include "policy/permit.h"
#include "policy/runas.h"
#include "policy_util.h"

static const gid_t groups[] = { 10 };
static const struct starter bob = { 1000, 1000, groups, 1 };
static const struct starter root = { 0, 0, NULL, 0 };

/* Whom children can run as; the first is the starter. */
static struct runas users[] = {
	{ .user = (char[]){ "bob" }, .uid = 1000, .base.shell = "/bin/bash" },
	{ .user = (char[]){ "www" }, .uid = 33, .base.shell = "/bin/sh" },
	{ .user = (char[]){ "alice" }, .uid = 1001, .base.shell = "/bin/sh" },
	/* Of rules that list groups. */
	{ .user = (char[]){ "www" },
	    .uid = 33,
	    .base.shell = "/bin/sh",
	    .listed = 1 },
};

const char *
runas_self_name(void)
{
	return (users[0].user);
}

const char *
runas_shell(const char *user)
{
	size_t i, len = strcspn(user, ":");

	for (i = 0; i < nitems(users); i++)
		if (strlen(users[i].user) == len &&
		    strncmp(users[i].user, user, len) == 0)
			return (users[i].base.shell);
	return (NULL);
}

struct runas *
runas_by_uid(const char *uid)
{
	size_t i;

	for (i = 0; i < nitems(users); i++)
		if (users[i].uid == (uid_t)strtoul(uid, NULL, 10))
			return (&users[i]);
	return (NULL);
}

struct runas *
runas_next(struct runas *t)
{
	if (t == NULL)
		return (&users[0]);
	return (t == &users[nitems(users) - 1] ? NULL : t + 1);
}

/* Which rules are counted: their lines as bits. */
static unsigned int counted;

void
count_open(struct rule *r, uid_t uid)
{
	assert_int_equal(uid, bob.uid);
	counted |= 1U << r->line;
}

static const struct policy *freed;

void
policy_free(struct policy *p)
{
	freed = p;
}

static struct policy policy;
static struct rule_made made[RULES_MAX];

/* A permit of line `without' is nobody's: the command line leaves it out. */
static void
begin(const struct rule_row rows[RULES_MAX], const struct starter *s,
    const char *plain, int without)
{
	struct rule *r;
	size_t i;

	policy_make(&policy, made, rows);
	TAILQ_FOREACH (r, &policy.rules, entry)
		for (i = 0; i < nitems(users); i++)
			if (r->action == RULE_PERMIT && r->line != without &&
			    users[i].listed == (r->groups != NULL) &&
			    strcmp(users[i].user, r->user) == 0)
				r->runas = &users[i];
	permit_init(&policy, s, "bob",
	    plain != NULL ? PRIVILEGE_NONE : PRIVILEGE_USERS, plain);
}

#define OWN PERMIT("1000", "bob")

/* what: the arguments, or with a shell the command line. */
static const struct {
	const char *title;
	struct rule_row rules[RULES_MAX];
	const char *user; /* "": the default one */
	int shell;
	const char *executable;
	const char *what;
	int line; /* of the permit; 0: refused */
	const char *program;
	const char *why;
	int user_refused;
} rows[] = {
	{ "the default user", { OWN }, "", 0, "", "/bin/id", 1, "/bin/id", "",
	    0 },
	{ "by name", { OWN, PERMIT("1000", "www") }, "www", 0, "", "/bin/id", 2,
	    "/bin/id", "", 0 },
	{ "nobody's rule", { OWN }, "www", 0, "", "/bin/id", 0, "/bin/id",
	    "no rule permits it", 1 },
	{ "denied", { OWN, PERMIT("1000", "www"), DENY("1000", "www") }, "www",
	    0, "", "/bin/id", 0, "/bin/id", "line 3 denies it", 1 },
	{ "for another group", { PERMIT("1000", "www", .group = "adm") },
	    "www:mail", 0, "", "/bin/id", 0, "/bin/id",
	    "line 1 is for another group", 1 },
	{ "unknown", { PERMIT(NULL, "www") }, "www", 0, "", "/bin/id", 0,
	    "/bin/id", "line 1 names somebody unknown", 1 },

	{ "its program", { PERMIT("1000", "www", .cmd = "/bin/id") }, "www", 0,
	    "", "/bin/id|-u", 1, "/bin/id", "", 0 },
	{ "another program", { PERMIT("1000", "www", .cmd = "/bin/id") }, "www",
	    0, "", "/bin/ls", 0, "/bin/ls", "line 1 is for another program",
	    0 },
	{ "other arguments",
	    { PERMIT("1000", "www", .cmd = "/bin/id", .args = "-u") }, "www", 0,
	    "", "/bin/id|-g", 0, "/bin/id", "line 1 has other arguments", 0 },
	{ "its program, with another executable",
	    { PERMIT("1000", "www", .cmd = "/bin/id") }, "www", 0, "/bin/ls",
	    "/bin/id", 0, "/bin/ls", "line 1 is for another program", 0 },
	{ "another argv[0] of its executable",
	    { PERMIT("1000", "www", .cmd = "/bin/id") }, "www", 0, "/bin/id",
	    "id", 0, "/bin/id", "line 1 has its path as the first argument",
	    0 },

	{ "a line", { OWN }, "", 1, "", "id; ls", 1, "/bin/bash", "", 0 },
	{ "a line in the shell of its user",
	    { PERMIT("1000", "www", .cmd = "/bin/sh", .args = "-c|id; ls") },
	    "www", 1, "", "id; ls", 1, "/bin/sh", "", 0 },
	{ "in that of the starter",
	    { PERMIT("1000", "bob", .cmd = "/bin/bash", .args = "-c|id") },
	    "bob", 1, "", "id", 1, "/bin/bash", "", 0 },
	{ "in that also with another group",
	    { PERMIT("1000", "bob", .group = "adm", .cmd = "/bin/bash",
		.args = "-c|id") },
	    "bob:adm", 1, "", "id", 1, "/bin/bash", "", 0 },
	{ "in a shell that is not its own",
	    { PERMIT("1000", "www", .cmd = "/bin/bash", .args = "-c|id") },
	    "www", 1, "", "id", 0, "/bin/sh", "line 1 is for another program",
	    0 },
	{ "another line",
	    { PERMIT("1000", "www", .cmd = "/bin/sh", .args = "-c|id") }, "www",
	    1, "", "id;", 0, "/bin/sh", "line 1 has other arguments", 0 },
	{ "an empty line",
	    { PERMIT("1000", "www", .cmd = "/bin/sh", .args = "-c") }, "www", 1,
	    "", "", 0, "/bin/sh", "line 1 has other arguments", 0 },
	{ "a line in a shell that is asked for",
	    { PERMIT("1000", "www", .cmd = "/bin/ksh", .args = "-c|id") },
	    "www", 1, "/bin/ksh", "id", 1, "/bin/ksh", "", 0 },
	{ "a line of somebody whom nobody knows", { OWN }, "eve", 1, "", "id",
	    0, "a shell", "no rule permits it", 1 },
};

static void
test_run(void **state)
{
	struct run r;
	const struct rule *rule;
	char why[128], *words;
	size_t i;
	int line, ret;

	(void)state;
	for (i = 0; i < nitems(rows); i++) {
		begin(rows[i].rules, &bob, NULL, 0);
		memset(&r, 0, sizeof(r));
		r.user = rows[i].user;
		r.executable = rows[i].executable;
		r.flags = rows[i].shell ? RUN_SHELL : 0;
		words = strvec_make(&r.args, rows[i].what);
		rule = permit_run(&r);
		line = rule == NULL ? 0 : rule->line;
		if (line != rows[i].line)
			fail_msg("%s: line %d", rows[i].title, line);
		assert_string_equal(permit_program(&r), rows[i].program);
		if (line == 0) {
			ret = permit_why_run(&r, why, sizeof(why));
			if (strcmp(why, rows[i].why) != 0 ||
			    ret != rows[i].user_refused)
				fail_msg("%s: %s, %d", rows[i].title, why, ret);
		}
		free(words);
	}
}

#define LISTED(...) PERMIT("1000", "www", .groups = __VA_ARGS__)

/* Groups that a run asks for: by names of the rules, or by number. */
static void
test_groups(void **state)
{
	static const struct {
		const char *title;
		struct rule_row rules[RULES_MAX];
		const char *user;
		const char *groups; /* NULL: none are asked for, "": no group */
		int shell;
		const char *plain;
		int line;
		const char *why;
	} t[] = {
		{ "none are asked for", { LISTED("adm"), LISTED("mail") },
		    "www", NULL, 0, NULL, 2, "" },
		{ "by name", { LISTED("adm"), LISTED("mail|adm") }, "www",
		    "adm|mail", 0, NULL, 2, "" },
		{ "by number", { LISTED("adm"), LISTED("mail") }, "www", "4", 0,
		    NULL, 1, "" },
		{ "more than once", { LISTED("adm|mail") }, "www",
		    "4|mail|adm|8|mail", 0, NULL, 1, "" },
		{ "no group", { LISTED(""), LISTED("adm") }, "www", "", 0, NULL,
		    1, "" },
		{ "a command line", { LISTED("adm"), LISTED("mail") }, "www",
		    "adm", 1, NULL, 1, "" },
		{ "other groups for a command line", { LISTED("adm") }, "www",
		    "4|8", 1, NULL, 0, "line 1 is not for these groups" },
		{ "one of two", { LISTED("adm|mail") }, "www", "adm", 0, NULL,
		    0, "line 1 is not for these groups" },
		{ "a name that no rule has", { LISTED("adm") }, "www", "audio",
		    0, NULL, 0, "line 1 is not for these groups" },
		{ "and one that a rule has", { LISTED("adm") }, "www",
		    "adm|audio", 0, NULL, 0, "line 1 is not for these groups" },
		{ "and before it", { LISTED("adm") }, "www", "audio|adm", 0,
		    NULL, 0, "line 1 is not for these groups" },
		{ "nobody's id", { LISTED("adm") }, "www", "4294967295", 0,
		    NULL, 0, "line 1 is not for these groups" },
		{ "a rule without", { PERMIT("1000", "www") }, "www", "", 0,
		    NULL, 0, "line 1 is not for these groups" },
		{ "another's rule",
		    { OWN, PERMIT("1001", "www", .groups = "adm") }, "www",
		    "adm", 0, NULL, 0, "no rule permits it" },
		{ "denied", { LISTED("adm"), DENY("1000", "www") }, "www",
		    "adm", 0, NULL, 0, "line 2 denies it" },
		{ "in plain mode", { OWN }, "bob", "4", 0, "it is plain", 0,
		    "line 1 is not for these groups" },
		{ "another user in plain mode", { OWN }, "www", "4", 0,
		    "it is plain", 0,
		    "nobody but bob can be had, as it is plain" },
	};
	static const struct rule_row own[RULES_MAX] = { OWN };
	const struct rule *rule;
	struct run r;
	char why[128], *words, *names;
	size_t i;
	int line, user;

	(void)state;
	for (i = 0; i < nitems(t); i++) {
		begin(t[i].rules, &bob, t[i].plain, 0);
		memset(&r, 0, sizeof(r));
		r.user = t[i].user;
		r.executable = "";
		words = strvec_make(&r.args, "/bin/id");
		names = strvec_make(
		    &r.groups, t[i].groups != NULL ? t[i].groups : "");
		r.flags = t[i].groups != NULL ? RUN_GROUPS : 0;
		if (r.groups.len == 1)
			memset(&r.groups, 0, sizeof(r.groups));
		if (t[i].shell)
			r.flags |= RUN_SHELL;
		rule = permit_run(&r);
		line = rule == NULL ? 0 : rule->line;
		if (line != t[i].line)
			fail_msg("%s: line %d", t[i].title, line);
		*why = '\0';
		user = -1;
		if (line == 0)
			user = permit_why_run(&r, why, sizeof(why));
		assert_string_equal(why, t[i].why);
		if (user == (strstr(why, "groups") != NULL))
			fail_msg("%s: who is refused?", t[i].title);
		free(words);
		free(names);
	}
	/* A rule that stands in no file has no line. */
	begin(own, &bob, NULL, 0);
	made[0].rule.line = 0;
	memset(&r, 0, sizeof(r));
	r.user = "bob";
	r.executable = "";
	r.flags = RUN_GROUPS;
	r.args = (struct strvec){ "/bin/id", 8, 1 };
	assert_null(permit_run(&r));
	assert_int_equal(permit_why_run(&r, why, sizeof(why)), 0);
	assert_string_equal(why, "no rule is for these groups");
	r.flags = 0;
	r.user = "bob:adm";
	assert_null(permit_run(&r));
	assert_int_equal(permit_why_run(&r, why, sizeof(why)), 1);
	assert_string_equal(why, "no rule is for that group");
}

/* More of them than a rule can list are no rule's, whatever they are. */
static void
test_many_groups(void **state)
{
	static const struct rule_row rules[RULES_MAX] = { LISTED("adm") };
	static gid_t list[POLICY_LIST_MAX];
	static char names[8 * (POLICY_LIST_MAX + 1)];
	struct run r = { .user = "www",
		.executable = "",
		.flags = RUN_GROUPS,
		.args = { "/bin/id", 8, 1 },
		.groups = { names, 0, 0 } };
	char *p = names;
	uint32_t i;

	(void)state;
	begin(rules, &bob, NULL, 0);
	for (i = 0; i <= POLICY_LIST_MAX; i++) {
		p += snprintf(p, 8, "%u", 1000 + i) + 1;
		if (i < POLICY_LIST_MAX)
			list[i] = 1000 + i;
	}
	made[0].rule.gids.list = list;
	made[0].rule.gids.n = POLICY_LIST_MAX;
	made[0].rule.groups[0] = unconst("1000");
	r.groups.len = (uint32_t)(p - names);
	r.groups.count = POLICY_LIST_MAX;
	assert_non_null(permit_run(&r));
	r.groups.count++;
	assert_null(permit_run(&r));
}

/* What else than the rules can be the reason. */
static void
test_why(void **state)
{
	static const struct {
		const struct starter *starter;
		const char *plain;
		int without;
		const char *user;
		const char *why;
	} t[] = {
		{ &bob, NULL, 2, "www", "-limit-users leaves it out" },
		{ &bob, NULL, 0, "alice", "no rule permits it" },
		{ &root, NULL, 0, "alice",
		    "the command line does not name it" },
		{ &bob, "there is no file", 0, "alice",
		    "nobody but bob can be had, as there is no file" },
		/* That is the reason whatever else there is. */
		{ &bob, "there is no file", 2, "www",
		    "nobody but bob can be had, as there is no file" },
	};
	static const struct rule_row rules[RULES_MAX] = { OWN,
		PERMIT("1000", "www") };
	struct run r = { .executable = "", .args = { "/a", 3, 1 } };
	char why[128];
	size_t i;

	(void)state;
	for (i = 0; i < nitems(t); i++) {
		begin(rules, t[i].starter, t[i].plain, t[i].without);
		assert_null(permit_user(t[i].user));
		permit_why_user(t[i].user, why, sizeof(why));
		assert_string_equal(why, t[i].why);
		/* It is the user that cannot be had, not the command. */
		r.user = t[i].user;
		assert_null(permit_run(&r));
		assert_int_equal(permit_why_run(&r, why, sizeof(why)), 1);
		assert_string_equal(why, t[i].why);
		/* What does not fit is cut. */
		permit_why_user(t[i].user, why, 8);
		assert_int_equal(strlen(why), 7);
		assert_memory_equal(why, t[i].why, 7);
	}
}

static void
test_user(void **state)
{
	static const struct rule_row rules[RULES_MAX] = { OWN,
		PERMIT("1000", "www", .cmd = "/bin/id"), PERMIT(":10", "alice"),
		DENY("1001", "alice") };
	const struct rule *r;

	(void)state;
	begin(rules, &bob, NULL, 0);
	assert_string_equal(permit_name(""), "bob");
	assert_string_equal(permit_name("www"), "www");
	assert_string_equal(permit_whom("", ""), "bob");
	assert_string_equal(permit_whom("", "adm"), "bob:adm");
	assert_string_equal(permit_whom("www", "4"), "www:4");
	assert_string_equal(permit_whom("1001", ""), "alice");
	assert_string_equal(permit_whom("1001", "adm"), "alice:adm");
	assert_string_equal(permit_whom("4711", "adm"), "4711:adm");
	assert_string_equal(permit_whom("10x", ""), "10x");
	r = permit_user("bob");
	assert_non_null(r);
	assert_int_equal(r->line, 1);
	r = permit_user("alice");
	assert_non_null(r);
	assert_int_equal(r->line, 3);
	/* Of whom one program is permitted cannot be had as such. */
	assert_null(permit_user("www"));
	assert_null(permit_user("root"));

	r = permit_uid(1001);
	assert_non_null(r);
	assert_int_equal(r->line, 3);
	assert_null(permit_uid(33));
	assert_null(permit_uid(0));

	assert_int_equal(uid_is_starter(1000), 1);
	assert_int_equal(uid_is_starter(1001), 0);
	begin(rules, &root, NULL, 0);
	assert_int_equal(uid_is_starter(0), 0);
}

/* A command that stops a child is another run of the child's user. */
static void
test_kill(void **state)
{
	static const struct {
		const char *title;
		struct rule_row rules[RULES_MAX];
		int child; /* the line that permits it */
		const char *line;
		int expected;
	} t[] = {
		{ "anything", { PERMIT("1000", "www") }, 1, "kill 1", 1 },
		{ "a child of cmd", { PERMIT("1000", "www", .cmd = "/bin/id") },
		    1, "kill 1", 0 },
		{ "cmd, and a rule for its command",
		    { PERMIT("1000", "www", .cmd = "/bin/id"),
			PERMIT("1000", "www", .cmd = "/bin/sh",
			    .args = "-c|kill 1") },
		    1, "kill 1", 2 },
		{ "and another command",
		    { PERMIT("1000", "www", .cmd = "/bin/id"),
			PERMIT("1000", "www", .cmd = "/bin/sh",
			    .args = "-c|kill 1") },
		    1, "kill 2", 0 },
		{ "in the starter's shell", { OWN }, 1, "kill 1", 1 },
		{ "denied behind it",
		    { PERMIT("1000", "www"), DENY("1000", "www") }, 1, "kill 1",
		    0 },
		/* That of its groups, whatever stands behind it. */
		{ "of a rule that lists groups",
		    { LISTED("adm"), PERMIT("1000", "www") }, 1, "kill 1", 1 },
		{ "of a rule that lists none",
		    { PERMIT("1000", "www"), LISTED("adm") }, 1, "kill 1", 0 },
		{ "and cmd is of these groups",
		    { LISTED("adm", .cmd = "/bin/id"),
			LISTED("adm", .cmd = "/bin/sh", .args = "-c|kill 1"),
			PERMIT("1000", "www") },
		    1, "kill 1", 2 },
		{ "or not",
		    { LISTED("adm", .cmd = "/bin/id"), PERMIT("1000", "www") },
		    1, "kill 1", 0 },
		{ "denied behind these", { LISTED("adm"), DENY("1000", "www") },
		    1, "kill 1", 0 },
	};
	static const struct rule_row grouped[RULES_MAX] = {
		PERMIT("1000", "www", .group = "adm"), PERMIT("1000", "www")
	};
	struct runas other;
	const struct rule *r;
	size_t i;

	(void)state;
	for (i = 0; i < nitems(t); i++) {
		begin(t[i].rules, &bob, NULL, 0);
		r = permit_kill(&made[t[i].child - 1].rule, t[i].line);
		if ((r == NULL ? 0 : r->line) != t[i].expected)
			fail_msg(
			    "%s: line %d", t[i].title, r == NULL ? 0 : r->line);
	}
	/* A rule of that user for another group is nothing to that child. */
	begin(t[0].rules, &bob, NULL, 0);
	other = users[1];
	made[1] = made[0];
	made[1].rule.runas = &other;
	assert_null(permit_kill(&made[1].rule, "kill 1"));
	assert_non_null(permit_kill(&made[0].rule, "kill 1"));
	/* But one for its own is found before it. */
	begin(grouped, &bob, NULL, 0);
	made[1].rule.runas = &other;
	assert_ptr_equal(permit_kill(&made[0].rule, "kill 1"), &made[0].rule);
	assert_ptr_equal(permit_kill(&made[1].rule, "kill 1"), &made[1].rule);
}

static void
test_nice(void **state)
{
	static const struct {
		int said; /* by the rule */
		int lowest;
	} t[] = { { NICE_UNSET, 0 }, { -5, -5 }, { -20, -20 }, { 5, 0 } };
	struct rule r = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < nitems(t); i++) {
		r.nice = t[i].said;
		assert_int_equal(permit_lowest(&r), t[i].lowest);
	}
}

static void
test_users(void **state)
{
	static const struct {
		size_t size;
		size_t len;
		uint32_t count;
	} t[] = { { 64, 14, 3 }, { 14, 14, 3 }, { 13, 8, 2 }, { 8, 8, 2 },
		{ 7, 4, 1 }, { 4, 4, 1 } };
	static const struct rule_row none[RULES_MAX] = { OWN };
	static const char all[] = "bob\0www\0alice";
	char buf[64];
	uint32_t count;
	size_t i;

	(void)state;
	begin(none, &bob, NULL, 0);
	for (i = 0; i < nitems(t); i++) {
		memset(buf, '!', sizeof(buf));
		assert_int_equal(
		    permit_users(buf, t[i].size, &count), t[i].len);
		assert_int_equal(count, t[i].count);
		assert_memory_equal(buf, all, t[i].len);
		assert_true(t[i].len == sizeof(buf) || buf[t[i].len] == '!');
	}
	expect_assert_failure((void)permit_users(buf, 3, &count));
}

static void
test_counts(void **state)
{
	static const struct rule_row rules[RULES_MAX] = { OWN,
		PERMIT("1000", "www"), PERMIT("1000", "alice"),
		PERMIT("1000", "root") };

	(void)state;
	begin(rules, &bob, NULL, 3);
	made[1].rule.children = made[2].rule.children = 9;
	made[3].rule.children = 9;
	counted = 0;
	permit_counts();
	/* Nobody can have children by the two that are without one. */
	assert_int_equal(counted, 1U << 2);
}

static void
test_mode(void **state)
{
	static const struct rule_row rules[RULES_MAX] = { OWN };

	(void)state;
	begin(rules, &bob, "why", 0);
	assert_int_equal(permit_privilege(), PRIVILEGE_NONE);
	begin(rules, &bob, NULL, 0);
	assert_int_equal(permit_privilege(), PRIVILEGE_USERS);
	freed = NULL;
	permit_forget();
	assert_ptr_equal(freed, &policy);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mode),
		cmocka_unit_test(test_run),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_many_groups),
		cmocka_unit_test(test_why),
		cmocka_unit_test(test_user),
		cmocka_unit_test(test_kill),
		cmocka_unit_test(test_nice),
		cmocka_unit_test(test_users),
		cmocka_unit_test(test_counts),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
