/*
 * Tests of the ways to be started: who started it, with which rights, what its
 * command line says and what root's file, and what may be done then. Users,
 * ids and the file are those of a row; the rules and what decides by them are
 * the program's own.
 */

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>

#include "compat/privs.h"
#include "compat/proc.h"
#include "monitor/audit.h"
#include "policy/permit.h"
#include "policy/runas.h"
#include "policy/shape.h"
#include "policy/userenv.h"
#include "proto.h"
#include "start/privdrop.h"
#include "start/privilege.h"
#include "start_util.h"

#define RULES_MAX 4
#define USERS_MAX 8

static const struct {
	const char *name;
	uid_t uid;
} people[] = {
	{ "root", 0 },
	{ "bob", 1000 },
	{ "alice", 1001 },
	{ "www", 33 },
	{ "mail", 8 },
};

struct rule_row {
	char action; /* '+', '-', or 0 behind the last one */
	uid_t ident;
	const char *user;
	int keepenv;
};

/* How it is started. */
struct start {
	const char *name; /* who starts it */
	int suid; /* the bit of root */
	int other; /* that of somebody else */
	const char *user; /* -user */
	const char *limit; /* -limit-users */
	int file; /* errno of its open, or 0 */
	int broken; /* 1: it cannot be read, 2: or resolved */
	struct rule_row rules[RULES_MAX];
	const char *not_had; /* whom not even root can become here */
	int unable; /* root has no rights */
	int narrow; /* nor is there anybody whom it could become */
	const char *lost; /* why the bit did not count */
	const char *why; /* why it is plain; or NULL */
};

static const struct row {
	const char *title;
	struct start start;
	int status;
	const char *who; /* whom children can run as, in their order */
	const char *logged; /* part of it, or NULL: nothing */
	enum privilege privilege;
	int dropped;
} rows[] = {
	{ "plain", { .name = "bob" }, RETURNED, "bob*", NULL, PRIVILEGE_NONE,
	    0 },
	{ "plain, its own name", { .name = "bob", .user = "bob" }, RETURNED,
	    "bob*", NULL, PRIVILEGE_NONE, 0 },
	{ "plain, another's name", { .name = "bob", .user = "www" },
	    EXIT_REFUSED, "",
	    "-user www: not the user that started this, and nobody else "
	    "can be had, as proctor is not set-user-ID root",
	    PRIVILEGE_NONE, 0 },
	{ "plain, a bit that did not count",
	    { .name = "bob", .lost = "it is lost", .why = "it is lost" },
	    RETURNED, "bob*", NULL, PRIVILEGE_NONE, 0 },
	{ "plain, nobody's name", { .name = "bob", .user = "eve" }, EXIT_NOUSER,
	    "", "-user eve: no such user", PRIVILEGE_NONE, 0 },
	{ "plain, others in the list", { .name = "bob", .limit = "www,mail" },
	    RETURNED, "bob*", NULL, PRIVILEGE_NONE, 0 },
	{ "the bit of another user", { .name = "bob", .other = 1 },
	    EXIT_REFUSED, "", "to a user other than root", PRIVILEGE_NONE, 0 },

	{ "root, no name", { .name = "root" }, EXIT_REFUSED, "",
	    "say -user root", PRIVILEGE_NONE, 0 },
	{ "root, nobody's name", { .name = "root", .user = "eve" }, EXIT_NOUSER,
	    "", "-user eve: no such user", PRIVILEGE_NONE, 0 },
	{ "root as root", { .name = "root", .user = "root" }, RETURNED, "root*",
	    "children run as root", PRIVILEGE_ROOT, 0 },
	{ "root as root, and others",
	    { .name = "root", .user = "root", .limit = "www,,mail" }, RETURNED,
	    "root* www mail", "children run as root", PRIVILEGE_ROOT, 0 },
	{ "root as another", { .name = "root", .user = "www" }, RETURNED,
	    "www*", NULL, PRIVILEGE_USERS, 0 },
	{ "root as another, and others",
	    { .name = "root", .user = "www", .limit = "bob,eve" }, RETURNED,
	    "www* bob", "eve: no such user", PRIVILEGE_USERS, 0 },
	{ "root as another, and empty names",
	    { .name = "root", .user = "www", .limit = ",mail,," }, RETURNED,
	    "www* mail", NULL, PRIVILEGE_USERS, 0 },
	{ "root as root, and anybody",
	    { .name = "root", .user = "root", .limit = "www,all" }, RETURNED,
	    "any root* www", "children run as root", PRIVILEGE_ROOT, 0 },
	{ "root as another, and anybody",
	    { .name = "root", .user = "www", .limit = "all" }, EXIT_REFUSED, "",
	    "-limit-users all: only with -user root", PRIVILEGE_NONE, 0 },
	{ "root as a number, and numbers",
	    { .name = "root", .user = "33", .limit = "1000,4711" }, RETURNED,
	    "www* bob", "4711: no such user", PRIVILEGE_USERS, 0 },
	{ "root as another, and groups",
	    { .name = "root", .user = "www", .limit = "bob:adm,mail:7,bob" },
	    RETURNED, "www* bob mail bob", NULL, PRIVILEGE_USERS, 0 },
	{ "root as another, and a group that nobody knows",
	    { .name = "root", .user = "www", .limit = "bob:wheel" }, RETURNED,
	    "www*", "bob:wheel: no such group", PRIVILEGE_USERS, 0 },
	{ "root as one who cannot be had",
	    { .name = "root", .user = "www", .not_had = "www" }, EXIT_REFUSED,
	    "", "www cannot be had here", PRIVILEGE_USERS, 0 },
	{ "root, and one who cannot be had",
	    { .name = "root",
		.user = "www",
		.limit = "mail,bob",
		.not_had = "mail" },
	    RETURNED, "www* bob", "mail cannot be had here", PRIVILEGE_USERS,
	    0 },
	{ "root without rights, as root",
	    { .name = "root",
		.user = "root",
		.unable = 1,
		.why = "root has no capabilities" },
	    RETURNED, "root*", "children run as root", PRIVILEGE_NONE, 0 },
	{ "root in a narrow user namespace, as root",
	    { .name = "root",
		.user = "root",
		.narrow = 1,
		.why = "root cannot become another user" },
	    RETURNED, "root*", "children run as root", PRIVILEGE_NONE, 0 },
	{ "root without rights, as another",
	    { .name = "root", .user = "www", .unable = 1 }, EXIT_REFUSED, "",
	    "-user www: not the user that started this", PRIVILEGE_NONE, 0 },

	{ "no file",
	    { .name = "bob",
		.suid = 1,
		.file = ENOENT,
		.why = "there is no /etc/proctor.conf" },
	    RETURNED, "bob*", NULL, PRIVILEGE_NONE, 1 },
	{ "a file that is not believed",
	    { .name = "bob", .suid = 1, .file = EPERM }, EXIT_REFUSED, "", NULL,
	    PRIVILEGE_NONE, 0 },
	{ "a file that is wrong", { .name = "bob", .suid = 1, .broken = 1 },
	    EXIT_REFUSED, "", NULL, PRIVILEGE_NONE, 0 },
	{ "a file with a name that nobody has",
	    { .name = "bob", .suid = 1, .broken = 2 }, EXIT_REFUSED, "", NULL,
	    PRIVILEGE_NONE, 0 },
	{ "a file that has nothing for it",
	    { .name = "bob",
		.suid = 1,
		.rules = { { '+', 1001, "www", 0 } },
		.why = "no rule of" },
	    RETURNED, "bob*", NULL, PRIVILEGE_NONE, 1 },
	{ "no capabilities", { .name = "bob", .suid = 1, .unable = 1 },
	    EXIT_REFUSED, "", "has no capabilities here", PRIVILEGE_NONE, 0 },
	{ "a permit",
	    { .name = "bob", .suid = 1, .rules = { { '+', 1000, "www", 0 } } },
	    RETURNED, "bob* www", NULL, PRIVILEGE_USERS, 0 },
	{ "a permit with keepenv",
	    { .name = "bob", .suid = 1, .rules = { { '+', 1000, "www", 1 } } },
	    RETURNED, "bob* www+", NULL, PRIVILEGE_USERS, 0 },
	{ "two permits, one with keepenv",
	    { .name = "bob",
		.suid = 1,
		.rules = { { '+', 1000, "www", 1 },
		    { '+', 1000, "mail", 0 } } },
	    RETURNED, "bob* www+ mail", NULL, PRIVILEGE_USERS, 0 },
	{ "a permit, and a deny of it",
	    { .name = "bob",
		.suid = 1,
		.rules = { { '+', 1000, "www", 0 }, { '-', 1000, "www", 0 },
		    { '+', 1000, "mail", 0 } } },
	    RETURNED, "bob* mail", NULL, PRIVILEGE_USERS, 0 },
	{ "a deny of itself",
	    { .name = "bob",
		.suid = 1,
		.rules = { { '+', 1000, "www", 0 }, { '-', 1000, "bob", 0 } } },
	    RETURNED, "www", NULL, PRIVILEGE_USERS, 0 },
	{ "by default as another",
	    { .name = "bob",
		.suid = 1,
		.user = "www",
		.rules = { { '+', 1000, "www", 0 } } },
	    RETURNED, "bob www*", NULL, PRIVILEGE_USERS, 0 },
	{ "by default as one who is not permitted",
	    { .name = "bob",
		.suid = 1,
		.user = "mail",
		.rules = { { '+', 1000, "www", 0 } } },
	    EXIT_REFUSED, "bob www", "-user mail: not permitted: none",
	    PRIVILEGE_USERS, 0 },
	{ "somebody, but no rule is for who asks",
	    { .name = "bob", .suid = 1, .user = "www", .file = ENOENT },
	    EXIT_REFUSED, "", "-user www: not the user that started this",
	    PRIVILEGE_NONE, 0 },
	{ "nobody, and no rule is for who asks",
	    { .name = "bob", .suid = 1, .user = "eve", .file = ENOENT },
	    EXIT_NOUSER, "", "-user eve: no such user", PRIVILEGE_NONE, 0 },
	{ "by default as one who is nobody",
	    { .name = "bob",
		.suid = 1,
		.user = "eve",
		.rules = { { '+', 1000, "www", 0 } } },
	    EXIT_NOUSER, "bob www", "-user eve: not permitted: none",
	    PRIVILEGE_USERS, 0 },
	{ "of two permits the list has one",
	    { .name = "bob",
		.suid = 1,
		.limit = "mail",
		.rules = { { '+', 1000, "www", 0 },
		    { '+', 1000, "mail", 0 } } },
	    RETURNED, "bob* mail", NULL, PRIVILEGE_USERS, 0 },
	{ "a name that begins one of the list",
	    { .name = "bob",
		.suid = 1,
		.limit = "mailer,wwww,w",
		.rules = { { '+', 1000, "www", 0 },
		    { '+', 1000, "mail", 0 } } },
	    RETURNED, "bob*", NULL, PRIVILEGE_USERS, 0 },
	{ "the default user is in the list",
	    { .name = "bob",
		.suid = 1,
		.user = "www",
		.limit = "mail",
		.rules = { { '+', 1000, "www", 0 },
		    { '+', 1000, "mail", 0 } } },
	    RETURNED, "bob www* mail", NULL, PRIVILEGE_USERS, 0 },
};

/* What it came to. */
static struct result {
	enum privilege privilege;
	int dropped;
	int audited; /* that it was refused */
	int privileged; /* of struct starter_env */
	char who[64];
} * result;

static const struct start *now;
static struct runas made[USERS_MAX];
static size_t made_count;
static struct policy *policy;
static const struct starter *starter;
static struct starter_env *env;

static struct passwd *
person(size_t i)
{
	static struct passwd pw;

	if (i == nitems(people))
		return (NULL);
	pw.pw_name = (char *)(uintptr_t)people[i].name;
	pw.pw_uid = people[i].uid;
	pw.pw_gid = people[i].uid;
	return (&pw);
}

struct group *
getgrnam(const char *name)
{
	static struct group gr;

	gr.gr_gid = 42;
	return (strcmp(name, "adm") == 0 ? &gr : NULL);
}

const struct passwd *
userenv_passwd(const char *name)
{
	size_t i;

	if (!policy_isnumber(name))
		return (getpwnam(name));
	for (i = 0; i < nitems(people); i++)
		if (people[i].uid == (uid_t)strtoul(name, NULL, 10))
			break;
	return (person(i));
}

struct passwd *
getpwnam(const char *name)
{
	size_t i;

	for (i = 0; i < nitems(people); i++)
		if (strcmp(people[i].name, name) == 0)
			break;
	return (person(i));
}

uid_t
geteuid(void)
{
	return (now->suid ? 0 : env->who.uid);
}

int
proc_privileged(void)
{
	return (now->suid || now->other);
}

void
audit_no_start(const struct starter_env *s, const char *user, const char *why)
{
	assert_ptr_equal(s, env);
	assert_true(user == NULL || strcmp(user, now->user) == 0);
	assert_non_null(why);
	assert_true(now->suid || now->other);
	assert_int_equal(result->dropped, 0); /* it is told by root */
	result->audited++;
}

const char *
proc_suid_lost(void)
{
	return (now->lost);
}

uint64_t
privs_permitted(void)
{
	return (now->unable ? 0 : 1ULL << 21);
}

int
privs_able(void)
{
	return (!now->unable);
}

int
privdrop_able(const struct starter_env *s)
{
	assert_ptr_equal(s, env);
	return (!now->narrow);
}

int
privdrop_try(uid_t uid, gid_t gid, const gid_t *groups, int ngroups)
{
	size_t i;

	assert_true(uid == gid || gid == 42 || gid == 7);
	assert_null(groups);
	assert_int_equal(ngroups, 0);
	for (i = 0; people[i].uid != uid; i++)
		continue;
	return (
	    now->not_had == NULL || strcmp(people[i].name, now->not_had) != 0);
}

void
privdrop_self(const struct starter_env *s)
{
	assert_ptr_equal(s, env);
	result->dropped = 1;
}

int
policy_open(const char *path)
{
	assert_string_equal(path, POLICY_PATH);
	if (now->file == 0)
		return (open("/dev/null", O_RDONLY));
	errno = now->file;
	return (-1);
}

int
policy_read(struct policy *p, int fd, const char *name)
{
	const struct rule_row *row;
	struct rule *r;

	assert_int_not_equal(fd, -1);
	assert_string_equal(name, POLICY_PATH);
	assert_int_equal(p->terse, 1);
	for (row = now->rules; row->action != 0; row++) {
		r = policy_add(
		    p, row->ident, row->user, getpwnam(row->user)->pw_uid, 0);
		r->action = row->action == '+' ? RULE_PERMIT : RULE_DENY;
		r->line = 1 + (int)(row - now->rules);
		r->keepenv = row->keepenv;
	}
	return (now->broken == 1 ? -1 : 0);
}

int
policy_resolve(struct policy *p, const char *name)
{
	/* Behind the rule that the file can take away. */
	assert_string_equal(TAILQ_FIRST(&p->rules)->user, now->name);
	assert_string_equal(name, POLICY_PATH);
	return (now->broken == 2 ? -1 : 0);
}

void
runas_init(const struct starter_env *s, int from_root)
{
	(void)from_root;
	assert_ptr_equal(s, env);
}

const char *
runas_self_name(void)
{
	return (now->name);
}

struct runas *
runas_get(const struct rule *r)
{
	size_t i;

	for (i = 0; i < made_count; i++)
		if (strcmp(made[i].user, r->user) == 0 && made[i].gid == r->gid)
			return (&made[i]);
	assert_true(made_count < USERS_MAX);
	made[made_count].user = r->user;
	made[made_count].gid = r->gid;
	return (&made[made_count++]);
}

struct runas *
runas_any(void)
{
	static struct runas t;

	return (&t);
}

void
permit_any(struct rule *r)
{
	assert_non_null(r->runas);
	rule_free(r);
	(void)strlcat(result->who, "any ", sizeof(result->who));
}

void
shape_rule(struct rule *r, char *const *from)
{
	assert_null(r->runas);
	assert_ptr_equal(from, env->environ);
}

/* Those that there are, with '*' behind the default one, '+' for keepenv. */
void
permit_init(struct policy *p, const struct starter *s, const char *user,
    enum privilege privilege, const char *plain)
{
	size_t i;

	assert_non_null(plain);
	if (now->why != NULL)
		assert_non_null(strstr(plain, now->why));
	assert_ptr_equal(plain, privilege_why_plain());
	policy = p;
	starter = s;
	result->privilege = privilege;
	result->privileged = env->privileged;
	for (i = 0; i < made_count; i++) {
		(void)strlcat(
		    result->who, i == 0 ? "" : " ", sizeof(result->who));
		(void)strlcat(result->who, made[i].user, sizeof(result->who));
		if (strcmp(made[i].user, user) == 0)
			(void)strlcat(result->who, "*", sizeof(result->who));
		if (made[i].keepenv)
			(void)strlcat(result->who, "+", sizeof(result->who));
	}
}

struct rule *
permit_user(const char *user)
{
	struct rule *r = policy_match(policy, starter, user, NULL);

	return (r == NULL || r->action == RULE_DENY ? NULL : r);
}

void
permit_why_user(const char *user, char *buf, size_t size)
{
	(void)user;
	(void)strlcpy(buf, "none", size);
}

static void
choose(const void *arg)
{
	static char *nothing[] = { NULL };
	static struct starter_env s;
	struct args a = { 0 };

	now = arg;
	env = &s;
	s.who.uid = s.who.gid = getpwnam(now->name)->pw_uid;
	s.environ = nothing;
	s.privileged = 1;
	a.user = now->user;
	a.limit_users = now->limit;
	privilege_choose(&s, &a);
}

static void
test_start(void **state)
{
	const struct row *row = *state;

	memset(result, 0, sizeof(*result));
	take_step(choose, &row->start);
	/* Whoever has the bit, and is refused, is told of. */
	assert_int_equal(result->audited,
	    (row->start.suid || row->start.other) && row->status != RETURNED);
	if (row->logged == NULL)
		assert_string_equal(step->logged, "");
	else if (strstr(step->logged, row->logged) == NULL)
		fail_msg("logged: %s", step->logged);
	assert_int_equal(step->status, row->status);
	assert_string_equal(result->who, row->who);
	assert_int_equal(result->privilege, row->privilege);
	assert_int_equal(result->dropped, row->dropped);
	if (step->status == RETURNED)
		assert_int_equal(
		    result->privileged, row->privilege != PRIVILEGE_NONE);
}

static int
begin(void **state)
{
	(void)state;
	result = shared(sizeof(*result));
	return (0);
}

int
main(void)
{
	struct CMUnitTest tests[nitems(rows)];
	size_t i;

	memset(tests, 0, sizeof(tests));
	for (i = 0; i < nitems(rows); i++) {
		tests[i].name = rows[i].title;
		tests[i].test_func = test_start;
		tests[i].initial_state = (void *)(uintptr_t)&rows[i];
	}
	return (cmocka_run_group_tests(tests, begin, NULL));
}
