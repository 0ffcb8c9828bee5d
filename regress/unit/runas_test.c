/*
 * Tests of whom children can run as. The users, their groups, our own ids and
 * the shells that there are are those below. What was made stays for good, as
 * in the program, so each test has users of its own.
 */

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <paths.h>
#include <pwd.h>
#include <unistd.h>

#include "common/compat/proc.h"
#include "policy/runas.h"
#include "policy_util.h"

#define AMBIENT 0x2000

static const struct {
	const char *name;
	uid_t uid;
	gid_t gid;
} passwd[] = {
	{ "root", 0, 0 },
	{ "bob", 1000, 100 },
	{ "carol", 1002, 100 },
	{ "dave", 1003, 100 },
	{ "www", 33, 33 },
	{ "mail", 8, 8 },
	{ "lp", 7, 7 },
};

/* What is begun in a test is never given back, as in the program. */
const char *__asan_default_options(void);

const char *
__asan_default_options(void)
{
	return ("detect_leaks=0");
}

/* Our effective ids, and what was done about them. */
static uid_t euid;
static gid_t egid;
static int set_fails; /* after so many calls that set one; -1: never */

static struct passwd *
entry(size_t i)
{
	static struct passwd pw;

	if (i == nitems(passwd))
		return (NULL);
	pw.pw_name = unconst(passwd[i].name);
	pw.pw_uid = passwd[i].uid;
	pw.pw_gid = passwd[i].gid;
	pw.pw_dir = unconst("/srv");
	pw.pw_shell = unconst("/bin/csh");
	return (&pw);
}

struct passwd *
getpwnam(const char *name)
{
	size_t i;

	for (i = 0; i < nitems(passwd); i++)
		if (strcmp(passwd[i].name, name) == 0)
			break;
	return (entry(i));
}

struct passwd *
getpwuid(uid_t uid)
{
	size_t i;

	for (i = 0; i < nitems(passwd); i++)
		if (passwd[i].uid == uid)
			break;
	return (entry(i));
}

int
getgrouplist(const char *name, gid_t gid, gid_t *list, int *n)
{
	if (strcmp(name, "lp") == 0)
		return (-1);
	assert_true(*n >= 2);
	list[0] = gid;
	list[1] = 4;
	*n = 2;
	return (2);
}

uint64_t
proc_ambient(void)
{
	return (AMBIENT);
}

uid_t
geteuid(void)
{
	return (euid);
}

gid_t
getegid(void)
{
	return (egid);
}

static int
set_call(void)
{
	if (set_fails == 0) {
		errno = EPERM;
		return (-1);
	}
	if (set_fails > 0)
		set_fails--;
	return (0);
}

int
seteuid(uid_t uid)
{
	if (set_call() == -1)
		return (-1);
	euid = uid;
	return (0);
}

int
setegid(gid_t gid)
{
	if (set_call() == -1)
		return (-1);
	egid = gid;
	return (0);
}

/* The starter of the test, as whom shells are looked at. */
static struct starter_env start;

int
faccessat(int dir, const char *path, int mode, int flags)
{
	static const char *const shells[] = { "/bin/zsh", "/bin/nologin",
		"/bin/false", "/bin/true", "/usr/nologin/sh", "/bin/dir" };
	size_t i;

	assert_int_equal(dir, AT_FDCWD);
	assert_int_equal(flags, AT_EACCESS);
	assert_int_equal(euid, start.who.uid);
	assert_int_equal(egid, start.who.gid);
	if (mode == F_OK)
		return (strcmp(path, "/bin/dir/.") == 0 ? 0 : -1);
	for (i = 0; i < nitems(shells); i++)
		if (strcmp(path, shells[i]) == 0)
			return (0);
	return (-1);
}

/* Started by that user, with that SHELL; privileged: we are root. */
static void
begin(const char *user, int privileged, const char *shell)
{
	static char text[64];
	static char *env[2];
	static const gid_t groups[] = { 100, 4, 20 };
	const struct passwd *pw = getpwnam(user);

	assert_non_null(pw);
	memset(&start, 0, sizeof(start));
	start.who.uid = pw->pw_uid;
	start.who.gid = pw->pw_gid;
	start.who.groups = groups;
	start.who.ngroups = 3;
	start.environ = env;
	env[0] = NULL;
	if (shell != NULL) {
		(void)snprintf(text, sizeof(text), "SHELL=%s", shell);
		env[0] = text;
	}
	start.umask = 027;
	start.cwd = -1;
	start.changed = 1U << RLIMIT_CORE;
	start.privileged = privileged;
	euid = privileged ? 0 : start.who.uid;
	egid = privileged ? 0 : start.who.gid;
	set_fails = -1;
	logged[0] = '\0';
	runas_init(&start, 0);
}

/* The one for a rule that permits user, or user and a group. */
static struct runas *
get(const char *user, gid_t gid)
{
	const struct passwd *pw = getpwnam(user);
	struct rule r = { .user = unconst(user) };

	assert_non_null(pw);
	r.uid = pw->pw_uid;
	r.gid = gid != 0 ? gid : pw->pw_gid;
	return (runas_get(&r));
}

static void
test_self(void **state)
{
	struct runas *t;

	(void)state;
	begin("bob", 0, "/bin/zsh");
	assert_string_equal(runas_self_name(), "bob");
	t = get("bob", 0);
	assert_string_equal(t->user, "bob");
	assert_int_equal(t->uid, 1000);
	assert_int_equal(t->gid, 100);
	assert_int_equal(t->other, 0);
	assert_int_equal(t->ambient, AMBIENT);
	assert_int_equal(t->ngroups, 3);
	assert_int_equal(t->groups[2], 20);
	assert_ptr_equal(t->base.groups, t->groups);
	assert_int_equal(t->base.ngroups, 3);
	assert_ptr_equal(t->base.environ, start.environ);
	assert_ptr_equal(t->base.keepenv, start.environ);
	assert_int_equal(t->base.umask, 027);
	assert_int_equal(t->base.change, 0);
	assert_int_equal(t->base.login, 0);
	assert_ptr_equal(t->base.rlimits, start.limits);
	assert_int_equal(
	    t->base.limits, 1U << RLIMIT_NOFILE | 1U << RLIMIT_CORE);
	assert_string_equal(t->base.shell, "/bin/zsh");
	/* It is one for all rules that speak of it. */
	assert_ptr_equal(get("bob", 0), t);
	/* With rights to give away it changes, and has no capabilities. */
	begin("carol", 1, NULL);
	t = get("carol", 0);
	assert_int_equal(t->base.change, 1);
	assert_int_equal(t->ambient, 0);
	/* What is not in passwd is called by its number. */
	start.who.uid = 4711;
	runas_init(&start, 0);
	assert_string_equal(runas_self_name(), "4711");
}

static void
test_other(void **state)
{
	struct runas *t, *g;
	size_t i;

	(void)state;
	begin("bob", 1, "/bin/zsh");
	t = get("www", 0);
	assert_int_equal(t->other, 1);
	assert_int_equal(t->ambient, 0);
	assert_int_equal(t->ngroups, 2);
	assert_int_equal(t->groups[0], 33);
	assert_int_equal(t->groups[1], 4);
	assert_ptr_equal(t->base.groups, t->groups);
	assert_int_equal(t->base.umask, 022);
	assert_int_equal(t->base.change, 1);
	assert_int_equal(t->base.login, 1);
	assert_ptr_equal(t->base.rlimits, start.login);
	assert_int_equal(t->base.limits, 1U << RLIMIT_NOFILE);
	assert_string_equal(t->base.shell, _PATH_BSHELL);
	assert_string_equal(t->base.environ[0], "HOME=/srv");
	/* keepenv adds what a login does not set, and never its SHELL. */
	for (i = 0; t->base.environ[i] != NULL; i++)
		assert_ptr_equal(t->base.keepenv[i], t->base.environ[i]);
	assert_null(t->base.keepenv[i]);
	/* Another group is another one. */
	g = get("www", 4);
	assert_ptr_not_equal(g, t);
	assert_int_equal(g->gid, 4);
	assert_int_equal(g->groups[0], 4);
	assert_ptr_equal(get("www", 4), g);
	assert_ptr_equal(get("www", 0), t);
}

/* And each set of capabilities, the starter's own among them. */
static void
test_caps(void **state)
{
	struct runas *plain, *some, *own;
	struct rule r = { .user = unconst("www") };
	const struct passwd *pw;

	(void)state;
	begin("bob", 1, NULL);
	pw = getpwnam("www");
	r.uid = pw->pw_uid;
	r.gid = pw->pw_gid;
	plain = runas_get(&r);
	r.caps = 5;
	some = runas_get(&r);
	assert_ptr_not_equal(some, plain);
	assert_ptr_equal(runas_get(&r), some);
	assert_true(some->base.caps == 5 && some->ambient == 5);
	r.caps = 4;
	assert_ptr_not_equal(runas_get(&r), some);
	r.caps = 0;
	assert_ptr_equal(runas_get(&r), plain);
	assert_true(plain->base.caps == 0 && plain->ambient == 0);
	pw = getpwnam("bob");
	r.user = unconst("bob");
	r.uid = pw->pw_uid;
	r.gid = pw->pw_gid;
	own = runas_get(&r);
	r.caps = 5;
	some = runas_get(&r);
	assert_ptr_not_equal(some, own);
	assert_true(some->base.change && some->base.caps == 5);
}

/* The one for a rule that lists groups, in the user's own one. */
static struct runas *
get_listed(const char *user, gid_t *list, int n)
{
	const struct passwd *pw = getpwnam(user);
	char *names[] = { NULL }; /* only that there are any counts */
	struct rule r = {
		.user = unconst(user), .groups = names, .gids = { list, n }
	};

	assert_non_null(pw);
	r.uid = pw->pw_uid;
	r.gid = pw->pw_gid;
	return (runas_get(&r));
}

/* Each list is somebody else, in whatever order; nobody's login is one. */
static void
test_listed(void **state)
{
	gid_t list[] = { 29, 44 }, turned[] = { 44, 29 }, login[] = { 33, 4 };
	struct runas *plain, *two, *one, *none, *same;

	(void)state;
	begin("bob", 1, NULL);
	plain = get("www", 0);
	two = get_listed("www", list, 2);
	one = get_listed("www", list, 1);
	none = get_listed("www", turned, 0);
	same = get_listed("www", login, 2);
	assert_ptr_not_equal(two, plain);
	assert_ptr_not_equal(one, two);
	assert_ptr_not_equal(none, one);
	assert_ptr_not_equal(none, plain);
	assert_ptr_not_equal(same, plain);
	assert_ptr_equal(get_listed("www", turned, 2), two);
	assert_ptr_equal(get_listed("www", turned + 1, 1), one);
	assert_ptr_equal(get_listed("www", turned, 0), none);
	assert_ptr_equal(get("www", 0), plain);
	/* Those and no other, and not the rule's own memory. */
	assert_int_equal(two->base.ngroups, 2);
	assert_int_equal(two->ngroups, 2);
	list[0] = 1;
	assert_int_equal(two->base.groups[0], 29);
	assert_int_equal(two->base.groups[1], 44);
	assert_int_equal(none->base.ngroups, 0);
	assert_non_null(none->base.groups);
	assert_int_equal(two->gid, 33);
	assert_int_equal(two->base.change, 1);
	assert_int_equal(two->base.login, 1);
	/* Nobody's groups are looked up for it. */
	(void)get_listed("lp", turned, 1);
	/* With a list the starter is another one than himself. */
	one = get("bob", 0);
	two = get_listed("bob", turned, 2);
	assert_ptr_not_equal(one, two);
	assert_ptr_equal(get("bob", 0), one);
	assert_int_equal(two->other, 0);
	assert_int_equal(two->ambient, 0);
	assert_int_equal(two->base.change, 1);
	assert_int_equal(two->base.ngroups, 2);
	assert_string_equal(two->base.environ[0], "HOME=/srv");
}

/* Whose attributes are a login's, and not the starter's. */
static void
test_login(void **state)
{
	static const struct {
		const char *starter;
		int privileged;
		gid_t gid;
		int login;
	} t[] = {
		{ "bob", 1, 501, 1 }, { "bob", 0, 502, 0 },
		{ "root", 1, 503, 0 }, /* what root gives is meant */
		{ "mail", 1, 504, 0 }, /* himself, in another group */
	};
	const struct runas *got;
	size_t i;

	(void)state;
	for (i = 0; i < nitems(t); i++) {
		begin(t[i].starter, t[i].privileged, NULL);
		got = get("mail", t[i].gid);
		assert_int_equal(got->base.login, t[i].login);
		assert_int_equal(got->other, strcmp(t[i].starter, "mail") != 0);
		assert_ptr_equal(
		    got->base.rlimits, t[i].login ? start.login : start.limits);
	}
}

/* A user has one shell, in whatever group, and whoever is made first. */
static void
test_shell(void **state)
{
	static const struct {
		const char *shell; /* SHELL of the starter */
		const char *used;
		int said;
	} t[] = {
		{ NULL, _PATH_BSHELL, 0 },
		{ "", _PATH_BSHELL, 0 },
		{ "/bin/zsh", "/bin/zsh", 0 },
		{ "/usr/nologin/sh", "/usr/nologin/sh", 0 },
		{ "zsh", _PATH_BSHELL, 1 },
		{ "/bin/gone", _PATH_BSHELL, 1 },
		{ "/bin/nologin", _PATH_BSHELL, 1 },
		{ "/bin/false", _PATH_BSHELL, 1 },
		{ "/bin/true", _PATH_BSHELL, 1 },
		{ "/bin/dir", _PATH_BSHELL, 1 },
	};
	const struct runas *got;
	gid_t gid = 600;
	size_t i;
	int privileged;

	(void)state;
	for (privileged = 0; privileged < 2; privileged++)
		for (i = 0; i < nitems(t); i++) {
			begin("dave", privileged, t[i].shell);
			got = get("dave", gid++);
			assert_string_equal(got->base.shell, t[i].used);
			got = get("dave", gid++);
			assert_string_equal(got->base.shell, t[i].used);
			/* It is said once, and our ids are what they were. */
			assert_string_equal(logged,
			    t[i].said
				? "SHELL of dave is no shell: " _PATH_BSHELL
				  " is used\n"
				: "");
			assert_int_equal(euid, privileged ? 0 : 1003);
			assert_int_equal(egid, privileged ? 0 : 100);
			/* Somebody else has sh, whatever the starter has. */
			got = get("www", gid++);
			assert_string_equal(got->base.shell, _PATH_BSHELL);
		}
	assert_string_equal(runas_shell("dave"), _PATH_BSHELL);
	assert_string_equal(runas_shell("dave:adm"), _PATH_BSHELL);
	assert_null(runas_shell("dav"));
	assert_null(runas_shell("davex"));
	assert_null(runas_shell(""));
}

/* It is not looked at with other rights than the starter's. */
static void
test_shell_rights(void **state)
{
	(void)state;
	begin("dave", 1, "/bin/zsh");
	set_fails = 0;
	assert_string_equal(get("dave", 700)->base.shell, _PATH_BSHELL);
	begin("dave", 1, "/bin/zsh");
	set_fails = 1;
	expect_assert_failure((void)get("dave", 701));
	begin("dave", 1, "/bin/zsh");
	set_fails = 2;
	expect_assert_failure((void)get("dave", 702));
	begin("dave", 1, "/bin/zsh");
	set_fails = 3;
	expect_assert_failure((void)get("dave", 703));
}

static void
test_gone(void **state)
{
	struct rule r = { .user = unconst("gone"), .uid = 9, .gid = 9 };

	(void)state;
	begin("bob", 1, NULL);
	expect_assert_failure((void)runas_get(&r));
	/* Nor can anybody be had whose groups are not known. */
	expect_assert_failure((void)get("lp", 0));
}

static int
is_open(int fd)
{
	return (fcntl(fd, F_GETFD) != -1);
}

/* In the order in which they were made. */
static void
test_next(void **state)
{
	struct runas *t, *a, *b;

	(void)state;
	begin("bob", 1, NULL);
	a = get("mail", 801);
	b = get("mail", 802);
	assert_ptr_equal(runas_next(a), b);
	assert_null(runas_next(b));
	for (t = runas_next(NULL); t != NULL && t != a; t = runas_next(t))
		continue;
	assert_ptr_equal(t, a);
}

/* Of a launcher's own is what it needs, and nothing of the others'. */
static void
test_forget(void **state)
{
	struct runas *t, *other;
	char *user;

	(void)state;
	begin("bob", 1, "/bin/zsh");
	t = get("mail", 901);
	other = get("mail", 902);
	t->keepenv = 1;
	runas_forget(t);
	assert_non_null(start.environ[0]);
	assert_string_equal(t->user, "mail");
	assert_string_equal(t->base.environ[0], "HOME=/srv");
	assert_string_equal(other->user, "");
	assert_int_equal(other->groups[0], 0);
	assert_null(other->base.environ[0]);
	/* Where no child may have it, the starter's environment goes, too. */
	t->keepenv = 0;
	user = start.environ[0];
	runas_forget(t);
	assert_null(start.environ[0]);
	assert_string_equal(user, "");
	assert_ptr_equal(t->base.keepenv, t->base.environ);
}

static void
test_release(void **state)
{
	struct runas *t;
	int cwd, null_fd;

	(void)state;
	/* Where priv makes the children it needs what they start from. */
	begin("bob", 1, NULL);
	runas_init(&start, 1);
	start.cwd = cwd = open("/", O_RDONLY | O_CLOEXEC);
	assert_true(cwd != -1);
	t = get("mail", 1001);
	null_fd = t->base.null_fd;
	assert_int_equal(t->base.from_root, 1);
	runas_release();
	assert_true(is_open(cwd) && is_open(null_fd));
	runas_init(&start, 0);
	runas_release();
	assert_false(is_open(cwd) || is_open(null_fd));
	for (t = runas_next(NULL); t != NULL; t = runas_next(t)) {
		assert_int_equal(t->base.null_fd, -1);
		assert_int_equal(t->base.cwd, -1);
	}
}

int
main(void)
{
	/* The last two undo what the others have made. */
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_self),
		cmocka_unit_test(test_other),
		cmocka_unit_test(test_caps),
		cmocka_unit_test(test_listed),
		cmocka_unit_test(test_login),
		cmocka_unit_test(test_shell),
		cmocka_unit_test(test_shell_rights),
		cmocka_unit_test(test_gone),
		cmocka_unit_test(test_next),
		cmocka_unit_test(test_forget),
		cmocka_unit_test(test_release),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
