/*
 * Tests of the policy: what its file may say, how it is read, and what it
 * decides. The users and groups are those below, whatever the machine has;
 * what is logged is kept in a buffer.
 */

#include <sys/stat.h>
#include <sys/types.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "check/check.h"
#include "check/limit.h"
#include "limitname.h"
#include "log_util.h"
#include "policy/policy.h"

#define nitems(a) (sizeof(a) / sizeof((a)[0]))

#define MUTATIONS 100000
#define NAME "test.conf"

void
fatal(const char *fmt, ...)
{
	(void)fmt;
	abort();
}

/* passwd and group. Two names have uid 0; who has errno cannot be asked. */
static char no_text[] = "";

static const struct user {
	const char *name;
	unsigned int uid;
	unsigned int gid;
	int error;
} users[] = {
	{ "root", 0, 0, 0 },
	{ "toor", 0, 0, 0 },
	{ "bob", 1000, 1000, 0 },
	{ "alice", 1001, 1001, 0 },
	{ "www", 33, 33, 0 },
	{ "wwwx", 34, 33, 0 },
	{ "as", 35, 33, 0 },
	{ "1000", 77, 77, 0 },
	{ "down", 0, 0, EIO },
	{ "gone", 0, 0, ENOENT },
};

static const struct user groups[] = {
	{ "wheel", 0, 10, 0 },
	{ "adm", 0, 4, 0 },
	{ "www-data", 0, 33, 0 },
	{ "zero", 0, 0, 0 },
	{ "down", 0, 0, EIO },
};

static struct passwd *
user_entry(const struct user *u)
{
	static struct passwd pw;

	if (u->error != 0) {
		errno = u->error;
		return (NULL);
	}
	memset(&pw, 0, sizeof(pw));
	pw.pw_name = (char *)(uintptr_t)u->name;
	pw.pw_passwd = pw.pw_gecos = pw.pw_dir = pw.pw_shell = no_text;
	pw.pw_uid = u->uid;
	pw.pw_gid = u->gid;
	return (&pw);
}

struct passwd *
getpwnam(const char *name)
{
	size_t i;

	for (i = 0; i < nitems(users); i++)
		if (strcmp(users[i].name, name) == 0)
			return (user_entry(&users[i]));
	return (NULL);
}

struct passwd *
getpwuid(uid_t uid)
{
	size_t i;

	for (i = 0; i < nitems(users); i++)
		if (users[i].uid == uid)
			return (user_entry(&users[i]));
	return (NULL);
}

struct group *
getgrnam(const char *name)
{
	static struct group gr;
	size_t i;

	for (i = 0; i < nitems(groups); i++)
		if (strcmp(groups[i].name, name) == 0)
			break;
	if (i == nitems(groups))
		return (NULL);
	if (groups[i].error != 0) {
		errno = groups[i].error;
		return (NULL);
	}
	memset(&gr, 0, sizeof(gr));
	gr.gr_name = (char *)(uintptr_t)groups[i].name;
	gr.gr_passwd = no_text;
	gr.gr_gid = groups[i].gid;
	return (&gr);
}

struct group *
getgrgid(gid_t gid)
{
	size_t i;

	for (i = 0; i < nitems(groups); i++)
		if (groups[i].gid == gid && groups[i].error == 0)
			return (getgrnam(groups[i].name));
	errno = gid == 666 ? EIO : 0;
	return (NULL);
}

/* Everybody is in adm. */
int
getgrouplist(const char *name, gid_t gid, gid_t *list, int *n)
{
	(void)name;
	assert_true(*n >= 2);
	list[0] = gid;
	list[1] = 4;
	*n = 2;
	return (2);
}

/* A descriptor of a nameless file. */
static int
text_open(const char *text, size_t len)
{
	char path[] = "policy_test.XXXXXX";
	int fd;

	fd = mkstemp(path);
	assert_true(fd != -1);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(write(fd, text, len), (ssize_t)len);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return (fd);
}

static int
text_read(struct policy *p, const char *text, size_t len)
{
	int fd, ret;

	log_clear();
	policy_init(p);
	fd = text_open(text, len);
	ret = policy_read(p, fd, NAME);
	assert_int_equal(close(fd), 0);
	return (ret);
}

static void
text_policy(struct policy *p, const char *text)
{
	if (text_read(p, text, strlen(text)) == -1)
		fail_msg("%s: %s", text, logged);
	assert_int_equal(policy_resolve(p, NAME), 0);
}

/*
 * Who asks: a user of the table above, with his group; "user+gid" is in that
 * group, too.
 */
static struct starter
starter(const char *who)
{
	static gid_t gids[3];
	struct starter s = { .groups = gids };
	char name[32];
	size_t len = strcspn(who, "+");
	const struct passwd *pw;

	assert_true(len < sizeof(name));
	memcpy(name, who, len);
	name[len] = '\0';
	pw = getpwnam(name);
	assert_non_null(pw);
	s.uid = pw->pw_uid;
	s.gid = pw->pw_gid;
	gids[0] = 99;
	if (who[len] == '+') {
		gids[1] = (gid_t)atoi(who + len + 1);
		s.ngroups = 2;
	}
	return (s);
}

/*
 * A command in words with '|' between them: the path, then argv with argv[0].
 * The strings lie in an allocation of their exact size, to be freed.
 */
static char *
command(struct command *c, const char *text)
{
	size_t i, len = strlen(text) + 1;
	char *p;

	p = malloc(len);
	assert_non_null(p);
	memset(c, 0, sizeof(*c));
	for (i = 0; i < len; i++) {
		p[i] = text[i] == '|' ? '\0' : text[i];
		c->argv.count += p[i] == '\0';
	}
	c->path = p;
	c->argv.count--;
	c->argv.len = (uint32_t)(len - strlen(p) - 1);
	c->argv.base = p + strlen(p) + 1;
	return (p);
}

/*
 * The rules: config, identity, target, command, expected: the line of the
 * permit, minus the line of the deny, or 0 if no rule matches.
 */
static const struct {
	const char *config;
	const char *identity;
	const char *target;
	const char *command; /* or NULL */
	int expected;
} rows[] = {
	/* Nothing is permitted unless it is. */
	{ "", "bob", "www", NULL, 0 },
	{ "# permit bob as www\n", "bob", "www", NULL, 0 },
	{ "permit bob as www\n", "bob", "www", NULL, 1 },
	{ "permit bob as www\n", "alice", "www", NULL, 0 },
	{ "permit bob as www\n", "bob", "root", NULL, 0 },
	{ "permit bob as www\n", "bob", "", NULL, 0 },
	{ "permit bob as www\n", "bob", "bob", NULL, 0 },
	{ "permit bob as www\n", "root", "www", NULL, 0 },

	/* Names are compared whole. */
	{ "permit bob as www\n", "bob", "ww", NULL, 0 },
	{ "permit bob as www\n", "bob", "wwwx", NULL, 0 },
	{ "permit bob as wwwx\n", "bob", "www", NULL, 0 },
	{ "permit bob as www\n", "bob", "WWW", NULL, 0 },
	{ "permit bob as www\n", "bob", "33", NULL, 0 },

	/* Identities: numbers are ids, even if they name somebody. */
	{ "permit 1000 as www\n", "bob", "www", NULL, 1 },
	{ "permit 1000 as www\n", "1000", "www", NULL, 0 },
	{ "permit 1001 as www\n", "bob", "www", NULL, 0 },
	{ "permit 01000 as www\n", "bob", "www", NULL, 1 },
	{ "permit 0 as www\n", "toor", "www", NULL, 1 },
	{ "permit root as www\n", "toor", "www", NULL, 1 },

	/* Groups: the gid, and the supplementary ones. */
	{ "permit :wheel as www\n", "bob", "www", NULL, 0 },
	{ "permit :wheel as www\n", "bob+10", "www", NULL, 1 },
	{ "permit :wheel as www\n", "bob+11", "www", NULL, 0 },
	{ "permit :10 as www\n", "bob+10", "www", NULL, 1 },
	{ "permit :33 as www\n", "www", "www", NULL, 1 },
	{ "permit :www-data as www\n", "www", "www", NULL, 1 },
	{ "permit :1000 as www\n", "bob", "www", NULL, 1 },
	{ "permit 10 as www\n", "bob+10", "www", NULL, 0 },
	{ "permit :1000 as www\n", "alice", "www", NULL, 0 },
	{ "permit :zero as www\n", "bob", "www", NULL, 0 },
	{ "permit :99 as www\n", "bob", "www", NULL, 0 },
	{ "permit :99 as www\n", "bob+1", "www", NULL, 1 },

	/* The last match wins. */
	{ "permit bob as www\ndeny bob as www\n", "bob", "www", NULL, -2 },
	{ "deny bob as www\npermit bob as www\n", "bob", "www", NULL, 2 },
	{ "permit bob as www\ndeny alice as www\n", "bob", "www", NULL, 1 },
	{ "permit bob as www\ndeny bob as root\n", "bob", "www", NULL, 1 },
	{ "permit :wheel as www\ndeny bob as www\n", "bob+10", "www", NULL,
	    -2 },
	{ "permit bob as www\ndeny :wheel as www\n", "bob+10", "www", NULL,
	    -2 },
	{ "permit bob as www\ndeny :wheel as www\n", "bob", "www", NULL, 1 },
	{ "permit bob as www\ndeny bob as www\npermit bob as www\n", "bob",
	    "www", NULL, 3 },
	{ "deny bob as www\n", "bob", "www", NULL, -1 },

	/* A deny is of the id, a permit of the name. */
	{ "permit bob as toor\n", "bob", "root", NULL, 0 },
	{ "permit bob as toor\ndeny bob as root\n", "bob", "toor", NULL, -2 },
	{ "deny bob as root\npermit bob as toor\n", "bob", "toor", NULL, 2 },
	{ "permit bob as root\npermit bob as toor\ndeny bob as toor\n", "bob",
	    "root", NULL, -3 },
	{ "permit bob as root\ndeny toor as root\n", "bob", "root", NULL, 1 },

	/* Who does not exist matches nothing, and the others live on. */
	{ "permit nobody1 as www\npermit bob as www\n", "bob", "www", NULL, 2 },
	{ "permit bob as nobody1\n", "bob", "nobody1", NULL, 0 },
	{ "permit bob as www:nobody1\n", "bob", "www", NULL, 0 },
	{ "permit nobody1 as www\n", "root", "www", NULL, 0 },
	{ "permit :nobody1 as www\n", "root", "www", NULL, 0 },
	{ "permit bob as gone\n", "bob", "gone", NULL, 0 },

	/* A group of the target's. */
	{ "permit bob as www:adm\n", "bob", "www", NULL, 1 },
	{ "permit bob as www:adm\n", "bob", "www:adm", NULL, 1 },
	{ "permit bob as www:adm\n", "bob", "www:wheel", NULL, 0 },
	{ "permit bob as www:adm\n", "bob", "www:", NULL, 0 },
	{ "permit bob as www\n", "bob", "www:adm", NULL, 0 },
	{ "permit bob as www:adm\npermit bob as www\n", "bob", "www:adm", NULL,
	    1 },
	{ "permit bob as www:adm\npermit bob as www\n", "bob", "www", NULL, 2 },
	{ "deny bob as www\n", "bob", "www:adm", NULL, -1 },
	{ "permit bob as www:adm\ndeny bob as www\n", "bob", "www:adm", NULL,
	    -2 },

	/* Groups besides: who asks for none has those of the last rule. */
	{ "permit bob as www groups { adm }\n", "bob", "www", NULL, 1 },
	{ "permit bob as www:adm groups{}\n", "bob", "www:adm", NULL, 1 },
	{ "permit bob as www groups { adm \\\n 10 }\n"
	  "permit bob as www\n",
	    "bob", "www", NULL, 3 },
	{ "permit bob as www groups { adm } cmd /x args groups\n", "bob", "www",
	    "/x|/x|groups", -99 },
	{ "permit bob as www groups { adm } cmd /x args \"groups\"\n", "bob",
	    "www", "/x|/x|groups", 1 },
	{ "deny bob as www\npermit bob as www groups { adm }\n", "bob", "www",
	    NULL, 2 },
	{ "permit bob as www groups { adm }\ndeny bob as www\n", "bob", "www",
	    NULL, -2 },

	/* Commands. */
	{ "permit bob as www cmd /bin/id\n", "bob", "www", NULL, 0 },
	{ "permit bob as www cmd /bin/id\n", "bob", "www", "/bin/id", 0 },
	{ "permit bob as www cmd /bin/id\n", "bob", "www", "/bin/id|/bin/id",
	    1 },
	{ "permit bob as www cmd /bin/id\n", "bob", "www",
	    "/bin/id|/bin/id|-u|x", 1 },
	{ "permit bob as www cmd /bin/id\n", "bob", "www", "/bin/id|id", 0 },
	{ "permit bob as www cmd /bin/id\n", "bob", "www", "/bin/sh|/bin/id",
	    0 },
	{ "permit bob as www cmd /bin/id\n", "bob", "www", "/bin/id|/bin/sh",
	    0 },
	{ "permit bob as www cmd /bin/id\n", "bob", "www", "/bin/idx|/bin/idx",
	    0 },
	{ "permit bob as www cmd /bin/id\n", "bob", "www", "/bin//id|/bin//id",
	    0 },
	{ "permit bob as www cmd /bin/id\n", "bob", "root", "/bin/id|/bin/id",
	    0 },

	/* Arguments: none, or these. */
	{ "permit bob as www cmd /bin/id args\n", "bob", "www",
	    "/bin/id|/bin/id", 1 },
	{ "permit bob as www cmd /bin/id args\n", "bob", "www",
	    "/bin/id|/bin/id|-u", 0 },
	{ "permit bob as www cmd /bin/id args\n", "bob", "www",
	    "/bin/id|/bin/id|", 0 },
	{ "permit bob as www cmd /bin/id args \"\"\n", "bob", "www",
	    "/bin/id|/bin/id|", 1 },
	{ "permit bob as www cmd /bin/id args \"\"\n", "bob", "www",
	    "/bin/id|/bin/id", 0 },
	{ "permit bob as www cmd /bin/id args -u x\n", "bob", "www",
	    "/bin/id|/bin/id|-u|x", 1 },
	{ "permit bob as www cmd /bin/id args -u x\n", "bob", "www",
	    "/bin/id|/bin/id|-u", 0 },
	{ "permit bob as www cmd /bin/id args -u x\n", "bob", "www",
	    "/bin/id|/bin/id|-u|x|y", 0 },
	{ "permit bob as www cmd /bin/id args -u x\n", "bob", "www",
	    "/bin/id|/bin/id|x|-u", 0 },
	{ "permit bob as www cmd /bin/id args -u x\n", "bob", "www",
	    "/bin/id|/bin/id|-u x", 0 },
	{ "permit bob as www cmd /bin/id args -u x\n", "bob", "www",
	    "/bin/id|/bin/id|-u|xx", 0 },

	/* A command's rule among others. */
	{ "permit bob as www\npermit bob as www cmd /bin/id\n", "bob", "www",
	    "/bin/sh|/bin/sh", 1 },
	{ "permit bob as www\npermit bob as www cmd /bin/id\n", "bob", "www",
	    "/bin/id|/bin/id", 2 },
	{ "permit bob as www cmd /bin/id\ndeny bob as www\n", "bob", "www",
	    "/bin/id|/bin/id", -2 },

	/* Words. */
	{ "permit bob \\\n  as \\\n www\n", "bob", "www", NULL, 1 },
	{ "permit bob as \\\n www\npermit bob as www\n", "bob", "www", NULL,
	    3 },
	{ "permit bo\\\nb as www\n", "bob", "www", NULL, 1 },
	{ "permit bob as www\\\n  cmd /bin/id\n", "bob", "www",
	    "/bin/sh|/bin/sh", 0 },
	{ "permit \"bob\" as w\"w\"w # yes\n", "bob", "www", NULL, 1 },
	{ "permit b\\ob as www\n", "bob", "www", NULL, 1 },
	{ "permit bob as \"as\"\n", "bob", "as", NULL, 1 },
	{ "permit bob as \\as\n", "bob", "as", NULL, 1 },
	{ "permit \":wheel\" as www\n", "bob+10", "www", NULL, 1 },
	{ "\n\n\t# x\n \\\n\n permit\tbob as www#\n", "bob", "www", NULL, -99 },
	{ "\n\n\t# x\n \\\n\n permit\tbob as www #\n", "bob", "www", NULL, 6 },
	{ "# x \\\npermit bob as www\n", "bob", "www", NULL, 2 },
	{ "permit bob as www cmd /x args \"a b\" \\# \"{\" \"\\\"\" \\\\\n",
	    "bob", "www", "/x|/x|a b|#|{|\"|\\", 1 },
	{ "permit bob as www cmd /x args \"as\" \"#\" a\\ b\n", "bob", "www",
	    "/x|/x|as|#|a b", 1 },
	{ "permit bob as www cmd \"/a b\"\n", "bob", "www", "/a b|/a b", 1 },

	/* Options do not decide. */
	{ "permit nice 5 children 3 keepenv setenv { A B=c -D } bob as www\n",
	    "bob", "www", NULL, 1 },
	{ "permit setenv{A}keepenv bob as www\n", "bob", "www", NULL, 1 },
	{ "permit nolog log args nice 5 bob as www\n", "bob", "www", NULL, 1 },
	{ "permit caps{sys_chroot}bob as www cmd /x args a\n", "bob", "www",
	    "/x|/x|a", 1 },
	{ "permit caps { kill } bob as www cmd /x args a\n", "bob", "www",
	    "/x|/x|b", 0 },
};

static int
decision(const struct rule *r)
{
	if (r == NULL)
		return (0);
	return (r->action == RULE_PERMIT ? r->line : -r->line);
}

static void
test_rows(void **state)
{
	struct policy p;
	struct starter s;
	struct command c;
	char *words;
	int got;
	size_t i;

	(void)state;
	for (i = 0; i < nitems(rows); i++) {
		words = NULL;
		if (text_read(&p, rows[i].config, strlen(rows[i].config)) == -1)
			got = -99;
		else {
			assert_int_equal(policy_resolve(&p, NAME), 0);
			s = starter(rows[i].identity);
			if (rows[i].command != NULL)
				words = command(&c, rows[i].command);
			got = decision(policy_match(
			    &p, &s, rows[i].target, words == NULL ? NULL : &c));
		}
		if (got != rows[i].expected)
			fail_msg("row %zu: %s: %s as %s: not %d but %d %s", i,
			    rows[i].config, rows[i].identity, rows[i].target,
			    rows[i].expected, got, logged);
		free(words);
		policy_free(&p);
	}
}

#define P "permit bob as www\n"

/* What is wrong with a file, and where that is said to be. */
static const struct {
	const char *config;
	const char *expected; /* behind the name of the file */
} errors[] = {
	/* Words in the wrong place. */
	{ "allow bob as www\n",
	    "1: expected \"permit\", \"deny\" or \"cgroup\", not \"allow\"" },
	{ P "\n{\n",
	    "3: expected \"permit\", \"deny\" or \"cgroup\", not \"{\"" },
	{ "permit\n",
	    "1: expected an option or an identity, not the end of the line" },
	{ "permit bob www\n", "1: expected \"as\", not \"www\"" },
	{ "permit bob\n", "1: expected \"as\", not the end of the line" },
	{ "permit nise 5 bob as www\n", "1: expected \"as\", not \"5\"" },
	{ "permit bob as\n", "1: expected a user, not the end of the line" },
	{ "permit bob as keepenv\n", "1: expected a user, not \"keepenv\"" },
	{ "permit bob as www nice 5\n", "1: expected \"groups\", \"cmd\" or "
					"the end of the line, not \"nice\"" },
	{ "permit bob as www args x\n", "1: expected \"groups\", \"cmd\" or "
					"the end of the line, not \"args\"" },
	{ "permit bob as www alice\n", "1: expected \"groups\", \"cmd\" or the "
				       "end of the line, not \"alice\"" },
	{ "permit bob as www groups adm\n", "1: expected \"{\", not \"adm\"" },
	{ "permit bob as www groups\n",
	    "1: expected \"{\", not the end of the line" },
	{ "permit bob as www groups { adm\n",
	    "1: expected a group or \"}\", not the end of the line" },
	{ "permit bob as www groups { adm cmd /x }\n",
	    "1: expected a group or \"}\", not \"cmd\"" },
	{ "permit bob as www groups { adm { } }\n",
	    "1: expected a group or \"}\", not \"{\"" },
	{ "permit bob as www groups { adm } groups { }\n",
	    "1: expected \"cmd\" or the end of the line, not \"groups\"" },
	{ "permit bob as www groups { adm } adm\n",
	    "1: expected \"cmd\" or the end of the line, not \"adm\"" },
	{ "permit bob as www cmd /x groups { adm }\n",
	    "1: expected \"args\" or the end of the line, not \"groups\"" },
	{ "permit groups { adm } bob as www\n",
	    "1: expected an option or an identity, not \"groups\"" },
	{ "permit bob as groups\n", "1: expected a user, not \"groups\"" },
	{ "permit bob as www groups { \"\" }\n",
	    "1: groups: \"\" is no group" },
	{ "permit bob as www groups { adm www:adm }\n",
	    "1: groups: \"www:adm\" is no group" },
	{ "permit bob as www groups { 4294967295 }\n",
	    "1: groups: \"4294967295\": too large" },
	{ "permit bob as www permit\n", "1: expected \"groups\", \"cmd\" or "
					"the end of the line, not \"permit\"" },
	{ "permit bob as www cmd\n",
	    "1: expected a path, not the end of the line" },
	{ "permit bob as www cmd /x y\n",
	    "1: expected \"args\" or the end of the line, not \"y\"" },
	{ "permit bob as www cmd /x args as\n",
	    "1: expected an argument (keywords need quotes), not \"as\"" },
	{ "permit bob as www cmd /x args {\n",
	    "1: expected an argument (keywords need quotes), not \"{\"" },
	{ "\"permit\" bob as www\n",
	    "1: expected \"permit\", \"deny\" or \"cgroup\", not \"permit\"" },
	{ "PERMIT bob as www\n",
	    "1: expected \"permit\", \"deny\" or \"cgroup\", not \"PERMIT\"" },
	{ "permit bob as www \\\n", "2: expected \"groups\", \"cmd\" or the "
				    "end of the line, not the end of the"
				    " file" },
	{ P P "permit bob \\\n \\\n is www\n",
	    "5: expected \"as\", not \"is\"" },

	/* A deny is short. */
	{ "deny nice 5 bob as www\n",
	    "1: expected an identity (a deny has no options), not \"nice\"" },
	{ "deny keepenv bob as www\n",
	    "1: expected an identity (a deny has no options), not"
	    " \"keepenv\"" },
	{ "deny bob as www cmd /x\n",
	    "1: expected the end of the line, not \"cmd\"" },
	{ "deny bob as www groups { adm }\n",
	    "1: expected the end of the line, not \"groups\"" },
	{ "deny bob as www:adm\n", "1: \"www:adm\": a deny has no group" },

	/* Options. */
	{ "permit nice 1 nice 1 bob as www\n", "1: nice a second time" },
	{ "permit children 1 keepenv children 1 bob as www\n",
	    "1: children a second time" },
	{ "permit keepenv keepenv bob as www\n", "1: keepenv a second time" },
	{ "permit nolog nolog bob as www\n", "1: nolog a second time" },
	{ "permit log args log args bob as www\n",
	    "1: log args a second time" },
	{ "permit log bob as www\n", "1: expected \"args\", not \"bob\"" },
	{ "permit caps { sys_chroot } bob as www\n",
	    "1: caps: only with cmd and args" },
	{ "permit caps { sys_chroot } bob as www cmd /x\n",
	    "1: caps: only with cmd and args" },
	{ "permit keepenv caps { sys_chroot } bob as www cmd /x args\n",
	    "1: caps: not with keepenv" },
	{ "permit caps { } bob as www cmd /x args\n",
	    "1: caps: none is named" },
	{ "permit caps { kill } caps { kill } bob as www cmd /x args\n",
	    "1: caps a second time" },
	{ "permit caps { kill cap_kill } bob as www cmd /x args\n",
	    "1: caps: \"cap_kill\" a second time" },
	{ "permit caps { all } bob as www cmd /x args\n",
	    "1: caps: \"all\" is no capability" },
	{ "permit caps kill bob as www cmd /x args\n",
	    "1: expected \"{\", not \"kill\"" },
	{ "permit caps { as } bob as www cmd /x args\n",
	    "1: expected a capability or \"}\", not \"as\"" },
	{ "deny caps { kill } bob as www\n",
	    "1: expected an identity (a deny has no options), not \"caps\"" },
	{ "permit setenv { } setenv { } bob as www\n",
	    "1: setenv a second time" },
	{ "permit nice bob as www\n", "1: nice \"bob\": invalid (-20 to 19)" },
	{ "permit nice as www\n", "1: expected a number, not \"as\"" },
	{ "permit nice 20 bob as www\n",
	    "1: nice \"20\": too large (-20 to 19)" },
	{ "permit nice -21 bob as www\n",
	    "1: nice \"-21\": too small (-20 to 19)" },
	{ "permit nice 1x bob as www\n",
	    "1: nice \"1x\": invalid (-20 to 19)" },
	{ "permit children 0 bob as www\n",
	    "1: children \"0\": too small (1 to 262144)" },
	{ "permit children 262145 bob as www\n",
	    "1: children \"262145\": too large (1 to 262144)" },
	{ "permit children bob as www\n",
	    "1: children \"bob\": invalid (1 to 262144)" },
	{ "permit rlimit bob as www\n",
	    "1: rlimit \"bob\": there is no such limit" },
	{ "permit rlimit as 5 bob as www\n",
	    "1: expected a limit's name, not \"as\"" },
	{ "permit rlimit { } bob as www\n",
	    "1: expected a limit's name, not \"{\"" },
	{ "permit rlimit nofile keepenv bob as www\n",
	    "1: expected a number, not \"keepenv\"" },
	{ "permit rlimit nofile 5 rlimit nofile 5 bob as www\n",
	    "1: rlimit nofile a second time" },
	{ "permit rlimit nofile bob as www\n",
	    "1: rlimit nofile \"bob\": invalid" },
	{ "permit rlimit nofile 1k bob as www\n",
	    "1: rlimit nofile \"1k\": invalid" },
	{ "permit rlimit nofile -1 bob as www\n",
	    "1: rlimit nofile \"-1\": invalid" },
	{ "permit rlimit nofile \"\" bob as www\n",
	    "1: rlimit nofile \"\": invalid" },
	{ "permit rlimit nofile infinity bob as www\n",
	    "1: rlimit nofile \"infinity\": invalid" },
	{ "permit rlimit nofile 9223372036854775807 bob as www\n",
	    "1: rlimit nofile \"9223372036854775807\": too large" },
	{ "permit rlimit core 8388608T bob as www\n",
	    "1: rlimit core \"8388608T\": too large" },
	{ "permit setenv A bob as www\n", "1: expected \"{\", not \"A\"" },
	{ "permit setenv A=SECRET bob as www\n",
	    "1: expected \"{\", not \"A\"" },
	{ "permit setenv { SECRET=x as www\n",
	    "1: expected a variable or \"}\", not \"as\"" },
	{ "permit setenv { SECRET=x\n } bob as www\n",
	    "1: expected a variable or \"}\", not the end of the line" },
	{ "permit setenv { =SECRET } bob as www\n",
	    "1: setenv: a variable without a name" },
	{ "permit setenv { - } bob as www\n",
	    "1: setenv: a variable without a name" },
	{ "permit setenv { -=SECRET } bob as www\n",
	    "1: setenv: a variable without a name" },
	{ "permit setenv { \"\" } bob as www\n",
	    "1: setenv: a variable without a name" },
	{ "permit setenv { -A=SECRET } bob as www\n",
	    "1: setenv: \"-\" and a value" },

	/* Limits. */
	{ "permit cgroup memory 1M cgroup bob as www\n",
	    "1: cgroup a second time" },
	{ "permit memory 1M pids 5 memory 1M bob as www\n",
	    "1: memory a second time" },
	{ "permit cpus 0 cpus 1 bob as www\n", "1: cpus a second time" },
	{ "permit memory as www\n", "1: expected a limit, not \"as\"" },
	{ "permit pids\n", "1: expected a limit, not the end of the line" },
	{ "permit memory bob as www\n",
	    "1: memory \"bob\": invalid (1M or more)" },
	{ "permit memory max bob as www\n",
	    "1: memory \"max\": invalid (1M or more)" },
	{ "permit memory 512 bob as www\n",
	    "1: memory \"512\": too small (1M or more)" },
	{ "permit memory 8388608T bob as www\n",
	    "1: memory \"8388608T\": too large (1M or more)" },
	{ "permit memory 99999999999999999999 bob as www\n",
	    "1: memory \"99999999999999999999\": too large (1M or more)" },
	{ "permit swap -1 bob as www\n",
	    "1: swap \"-1\": invalid (0 or more)" },
	{ "permit pids 0 bob as www\n",
	    "1: pids \"0\": too small (1 to 4194304)" },
	{ "permit pids 4194305 bob as www\n",
	    "1: pids \"4194305\": too large (1 to 4194304)" },
	{ "permit cpu 50 bob as www\n",
	    "1: cpu \"50\": invalid (1% to 102400%)" },
	{ "permit cpu % bob as www\n",
	    "1: cpu \"%\": invalid (1% to 102400%)" },
	{ "permit cpu 1K% bob as www\n",
	    "1: cpu \"1K%\": invalid (1% to 102400%)" },
	{ "permit cpu 0.5% bob as www\n",
	    "1: cpu \"0.5%\": invalid (1% to 102400%)" },
	{ "permit cpu 0% bob as www\n",
	    "1: cpu \"0%\": too small (1% to 102400%)" },
	{ "permit cpu 102401% bob as www\n",
	    "1: cpu \"102401%\": too large (1% to 102400%)" },
	{ "permit cpu_weight 0 bob as www\n",
	    "1: cpu_weight \"0\": too small (1 to 10000)" },
	{ "permit io_weight 10001 bob as www\n",
	    "1: io_weight \"10001\": too large (1 to 10000)" },
	{ "permit cpus 3-2 bob as www\n",
	    "1: cpus \"3-2\": invalid (as 0-3,5, up to 1023)" },
	{ "permit cpus 1024 bob as www\n",
	    "1: cpus \"1024\": invalid (as 0-3,5, up to 1023)" },
	{ "permit cpus \"\" bob as www\n",
	    "1: cpus \"\": invalid (as 0-3,5, up to 1023)" },
	{ "permit mems 64 bob as www\n",
	    "1: mems \"64\": invalid (as 0-3,5, up to 63)" },
	{ "permit io 8:0 bob as www\n", "1: expected \"{\", not \"8:0\"" },
	{ "permit io { 8:0 rbps=1\n",
	    "1: expected a device, a rate or \"}\", not the end of the line" },
	{ "permit io { } bob as www\n", "1: io: no device" },
	{ "permit io { 8:0 } bob as www\n", "1: io 8:0: no rate" },
	{ "permit io { 8:0 8:1 rbps=1 } bob as www\n", "1: io 8:0: no rate" },
	{ "permit io { rbps=1 } bob as www\n",
	    "1: io \"rbps=1\": no device before it" },
	{ "permit io { 8:0 rbps=1 rbps=1 } bob as www\n",
	    "1: io rbps a second time" },
	{ "permit io { 8:0 rbps=1 8:0 wbps=1 } bob as www\n",
	    "1: io 8:0 a second time" },
	{ "permit io { 8:0 rbps=1 } io { 8:1 rbps=1 } bob as www\n",
	    "1: io a second time" },
	{ "permit io { 8:0 rbps=0 } bob as www\n",
	    "1: io \"rbps=0\": too small (1 or more)" },
	{ "permit io { 8:0 rbps=max } bob as www\n",
	    "1: io \"rbps=max\": invalid (1 or more)" },
	{ "permit io { 8:0 rbpsx=1 } bob as www\n",
	    "1: io \"rbpsx=1\": no rate" },
	{ "permit io { 8:0 =1 } bob as www\n", "1: io \"=1\": no rate" },
	{ "permit io { 8 rbps=1 } bob as www\n",
	    "1: io \"8\": no device as 8:0" },
	{ "permit io { 8: rbps=1 } bob as www\n",
	    "1: io \"8:\": no device as 8:0" },
	{ "permit io { :8 rbps=1 } bob as www\n",
	    "1: io \":8\": no device as 8:0" },
	{ "permit io { 8:1K rbps=1 } bob as www\n",
	    "1: io \"8:1K\": no device as 8:0" },
	{ "permit io { 1K:8 rbps=1 } bob as www\n",
	    "1: io \"1K:8\": no device as 8:0" },
	{ "permit io { 4096:0 rbps=1 } bob as www\n",
	    "1: io \"4096:0\": no device as 8:0" },
	{ "permit io { 8:1048576 rbps=1 } bob as www\n",
	    "1: io \"8:1048576\": no device as 8:0" },
	{ "permit io { 1:1 rbps=1 1:2 rbps=1 1:3 rbps=1 1:4 rbps=1 1:5"
	  " rbps=1 } bob as www\n",
	    "1: io: more than 4 devices" },
	{ "deny memory 1M bob as www\n",
	    "1: expected an identity (a deny has no options), not"
	    " \"memory\"" },
	{ "permit bob as www memory 1M\n",
	    "1: expected \"groups\", \"cmd\" or the end of the line, not"
	    " \"memory\"" },
	{ "permit bob as www cmd /x args memory\n",
	    "1: expected an argument (keywords need quotes), not"
	    " \"memory\"" },

	/* The place of groups. */
	{ "cgroup\n", "1: expected a path, not the end of the line" },
	{ "cgroup permit\n", "1: expected a path, not \"permit\"" },
	{ "cgroup /a b\n", "1: expected the end of the line, not \"b\"" },
	{ P "cgroup /a\n" P "cgroup /a\n", "4: cgroup a second time" },
	{ "cgroup a\n", "1: cgroup \"a\": does not begin with a slash" },
	{ "cgroup \"\"\n", "1: cgroup \"\": does not begin with a slash" },
	{ "cgroup /sys/fs/cgroup/a\n",
	    "1: cgroup \"/sys/fs/cgroup/a\": not below the mount point" },
	{ "cgroup //\n", "1: cgroup \"//\": a part without a name" },
	{ "cgroup /a/\n", "1: cgroup \"/a/\": a part without a name" },
	{ "cgroup /a//b\n", "1: cgroup \"/a//b\": a part without a name" },
	{ "cgroup /..\n", "1: cgroup \"/..\": a part that begins with a dot" },
	{ "cgroup /a/../b\n",
	    "1: cgroup \"/a/../b\": a part that begins with a dot" },
	{ "cgroup /.b\n", "1: cgroup \"/.b\": a part that begins with a dot" },

	/* Identities and targets. */
	{ "permit \"\" as www\n", "1: \"\" is no user and no :group" },
	{ "permit : as www\n", "1: \":\" is no user and no :group" },
	{ "permit ::x as www\n", "1: \"::x\" is no user and no :group" },
	{ "permit bob:adm as www\n",
	    "1: \"bob:adm\" is no user and no :group" },
	{ "permit 4294967295 as www\n",
	    "1: identity \"4294967295\": too large" },
	{ "permit :4294967295 as www\n",
	    "1: identity \":4294967295\": too large" },
	{ "deny 99999999999999999999 as www\n",
	    "1: identity \"99999999999999999999\": too large" },
	{ "permit bob as \"\"\n", "1: \"\" is no user and no user:group" },
	{ "permit bob as :adm\n", "1: \":adm\" is no user and no user:group" },
	{ "permit bob as www:\n", "1: \"www:\" is no user and no user:group" },
	{ "permit bob as www:a:b\n",
	    "1: \"www:a:b\" is no user and no user:group" },
	{ "permit bob as 33\n", "1: \"33\": a user's name is needed" },
	{ "deny bob as 0\n", "1: \"0\": a user's name is needed" },
	{ "permit bob as www:4\n", "1: \"www:4\": a group's name is needed" },
	{ "permit bob as www cmd id\n", "1: cmd \"id\": not an absolute path" },
	{ "permit bob as www cmd \"\"\n", "1: cmd \"\": not an absolute path" },

	/* Bytes. */
	{ "permit bob as \"www\n", "1: a quote without an end" },
	{ P "permit \"bob as www\n" P, "2: a quote without an end" },
	{ "permit \"bob\n\" as www\n", "1: a quote without an end" },
	{ "permit bob as \"www\\\n", "1: a quote without an end" },
	{ "permit bob as www#root\n", "1: \"#\" inside a word" },
	{ "permit bob as www", "1: the last line does not end with a newline" },
	{ P "permit bob as www # x",
	    "2: the last line does not end with a newline" },
	{ P "#", "2: the last line does not end with a newline" },
	{ "permit bob as www\r\n", "1: a control character" },
	{ P "# \033[2K\n", "2: a control character" },
	{ P "permit bob as www\177\n", "2: a control character" },
	{ P "permit \"bob\001\" as www\n", "2: a control character" },
};

static void
test_errors(void **state)
{
	char want[512];
	struct policy p;
	size_t i;

	(void)state;
	for (i = 0; i < nitems(errors); i++) {
		(void)snprintf(
		    want, sizeof(want), NAME ":%s\n", errors[i].expected);
		if (text_read(&p, errors[i].config, strlen(errors[i].config)) !=
		    -1)
			fail_msg("row %zu: %s: no error", i, errors[i].config);
		if (strcmp(logged, want) != 0)
			fail_msg("row %zu: %s: not %s but %s", i,
			    errors[i].config, want, logged);
		assert_true(TAILQ_EMPTY(&p.rules));
		assert_int_equal(p.count, 0);
	}
}

/* What a file may not say for its size. n bytes c between head and tail. */
static void
check_size(
    const char *head, char c, size_t n, const char *tail, const char *error)
{
	size_t hlen = strlen(head), tlen = strlen(tail);
	struct policy p;
	char *text;
	int ret;

	text = malloc(hlen + n + tlen + 1);
	assert_non_null(text);
	memcpy(text, head, hlen);
	memset(text + hlen, c, n);
	memcpy(text + hlen + n, tail, tlen + 1);
	ret = text_read(&p, text, hlen + n + tlen);
	assert_string_equal(logged, error);
	assert_int_equal(ret, *error == '\0' ? 0 : -1);
	policy_free(&p);
	free(text);
}

static void
test_sizes(void **state)
{
	(void)state;
	check_size("", 'x', 0, "", "");
	check_size("#", 'x', POLICY_LINE_MAX - 1, "\n", "");
	check_size("\n#", 'x', POLICY_LINE_MAX, "\n",
	    NAME ":2: a line of more than 4096 bytes\n");
	check_size("permit bob as ", 'x', POLICY_WORD_MAX - 1, "\n", "");
	check_size("permit bob as ", 'x', POLICY_WORD_MAX, "\n",
	    NAME ":1: a word of more than 1023 bytes\n");
	check_size("permit bob as \"", 'x', POLICY_WORD_MAX, "\"\n",
	    NAME ":1: a word of more than 1023 bytes\n");
	check_size("", '\n', POLICY_FILE_MAX, "", "");
	check_size("", '\n', POLICY_FILE_MAX + 1, "",
	    NAME ": larger than 65536 bytes\n");
	check_size("", '\n', 1 << 20, "", NAME ": larger than 65536 bytes\n");
	check_size("#", '\0', 1, "\n", NAME ":1: a control character\n");
	check_size("permit bob as www", '\0', 1, "\n",
	    NAME ":1: a control character\n");
	check_size("", '\0', POLICY_FILE_MAX, "\n",
	    NAME ": larger than 65536 bytes\n");
	check_size("cgroup /", 'x', 255, "\n", "");
	check_size("cgroup /y/", 'x', 256, "/y\n",
	    NAME
	    ":1: cgroup \"/y/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	    "xxxxxxxxxxxxxxx\": a part of more than 255 bytes\n");
	/* 64 bytes of a word are told. */
	check_size("permit bob as www ", 'y', 64, "y\n",
	    NAME ":1: expected \"groups\", \"cmd\" or the end of the line, not "
		 "\"yyyyyyyyy"
		 "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\"\n");
}

/* head, then n times line, then tail */
static int
read_many(struct policy *p, const char *head, const char *line, size_t n,
    const char *tail)
{
	size_t size = strlen(head) + n * strlen(line) + strlen(tail) + 1;
	char *text;
	int ret;

	text = malloc(size);
	assert_non_null(text);
	(void)strlcpy(text, head, size);
	while (n-- > 0)
		(void)strlcat(text, line, size);
	(void)strlcat(text, tail, size);
	ret = text_read(p, text, strlen(text));
	free(text);
	return (ret);
}

static void
test_counts(void **state)
{
	const char *cmd = "permit bob as www cmd /x args";
	struct policy p;

	(void)state;
	assert_int_equal(read_many(&p, "", P, POLICY_RULES_MAX, ""), 0);
	assert_int_equal(p.count, POLICY_RULES_MAX);
	policy_free(&p);
	assert_int_equal(read_many(&p, "\n", P, POLICY_RULES_MAX + 1, ""), -1);
	assert_string_equal(logged, NAME ":1026: more than 1024 rules\n");
	assert_int_equal(
	    read_many(&p, cmd, " y\\\n", POLICY_LIST_MAX, "\n"), 0);
	policy_free(&p);
	assert_int_equal(
	    read_many(&p, cmd, " y\\\n", POLICY_LIST_MAX + 1, "\n"), -1);
	assert_string_equal(logged, NAME ":1025: args: more than 1024 words\n");
	assert_int_equal(read_many(&p, "permit setenv {", " Y=1\\\n",
			     POLICY_LIST_MAX + 1, "} bob as www\n"),
	    -1);
	assert_string_equal(
	    logged, NAME ":1025: setenv: more than 1024 words\n");
	assert_int_equal(read_many(&p, "permit bob as www groups {", " 9\\\n",
			     POLICY_LIST_MAX, "}\n"),
	    0);
	policy_free(&p);
	assert_int_equal(read_many(&p, "permit bob as www groups {", " 9\\\n",
			     POLICY_LIST_MAX + 1, "}\n"),
	    -1);
	assert_string_equal(
	    logged, NAME ":1025: groups: more than 1024 words\n");
}

/* All that a rule can say, and what it is if it says nothing. */
static void
test_fields(void **state)
{
	struct policy p;
	const struct rule *r;

	(void)state;
	text_policy(&p,
	    "permit setenv { A B=c=\" d\" -E } children 262144 keepenv"
	    " log args nolog rlimit nofile 1K rlimit core 0 rlimit fsize 3M"
	    " rlimit \"as\" 8388607T rlimit cpu 9223372036854775806"
	    " rlimit rss 2K rlimit data 1G"
	    " nice -20 :wheel as www:adm groups { wheel 4711 0 } cmd /x args"
	    " -y \"\"\n"
	    "permit bob as www\n"
	    "permit nice 19 bob as www groups { } cmd /x args\n");
	r = TAILQ_FIRST(&p.rules);
	assert_string_equal(r->setenv[0], "A");
	assert_string_equal(r->setenv[1], "B=c= d");
	assert_string_equal(r->setenv[2], "-E");
	assert_null(r->setenv[3]);
	assert_int_equal(r->children, 262144);
	assert_int_equal(r->keepenv, 1);
	assert_int_equal(r->log_args, 1);
	assert_int_equal(r->nolog, 1);
	assert_int_equal(r->ceilings, 1U << LIMIT_NOFILE | 1U << LIMIT_CORE |
					  1U << LIMIT_FSIZE | 1U << LIMIT_AS |
					  1U << LIMIT_CPU | 1U << LIMIT_RSS |
					  1U << LIMIT_DATA);
	assert_true(r->ceiling[LIMIT_NOFILE] == 1024);
	assert_true(r->ceiling[LIMIT_CORE] == 0);
	assert_true(r->ceiling[LIMIT_FSIZE] == 3 << 20);
	assert_true(r->ceiling[LIMIT_AS] == UINT64_C(8388607) << 40);
	assert_true(r->ceiling[LIMIT_CPU] == LIMIT_MAX);
	assert_true(r->ceiling[LIMIT_RSS] == 2048);
	assert_true(r->ceiling[LIMIT_DATA] == 1 << 30);
	assert_int_equal(r->nice, -20);
	assert_string_equal(r->ident, ":wheel");
	assert_string_equal(r->user, "www");
	assert_string_equal(r->group, "adm");
	assert_string_equal(r->cmd, "/x");
	assert_string_equal(r->args[0], "-y");
	assert_string_equal(r->args[1], "");
	assert_null(r->args[2]);
	assert_int_equal(r->ident_is_group, 1);
	assert_int_equal(r->ident_gid, 10);
	assert_int_equal(r->uid, 33);
	assert_int_equal(r->gid, 4);
	/* A number has its name, if there is one. */
	assert_string_equal(r->groups[0], "wheel");
	assert_string_equal(r->groups[1], "4711");
	assert_string_equal(r->groups[2], "zero");
	assert_null(r->groups[3]);
	assert_int_equal(r->gids.n, 3);
	assert_int_equal(r->gids.list[0], 10);
	assert_int_equal(r->gids.list[1], 4711);
	assert_int_equal(r->gids.list[2], 0);
	r = TAILQ_NEXT(r, entry);
	assert_int_equal(r->line, 2);
	assert_int_equal(r->nice, NICE_UNSET);
	assert_int_equal(r->children, 0);
	assert_int_equal(r->ceilings, 0);
	assert_int_equal(r->keepenv, 0);
	assert_int_equal(r->log_args, 0);
	assert_int_equal(r->nolog, 0);
	assert_null(r->setenv);
	assert_null(r->group);
	assert_null(r->groups);
	assert_int_equal(r->gids.n, 0);
	assert_null(r->cmd);
	assert_null(r->args);
	assert_int_equal(r->ident_uid, 1000);
	assert_int_equal(r->gid, 33);
	r = TAILQ_NEXT(r, entry);
	assert_int_equal(r->nice, 19);
	assert_non_null(r->groups);
	assert_null(r->groups[0]);
	assert_int_equal(r->gids.n, 0);
	assert_non_null(r->args);
	assert_null(r->args[0]);
	assert_null(TAILQ_NEXT(r, entry));
	assert_int_equal(p.count, 3);
	policy_free(&p);
}

static void
check_limits(const char *config, int leaf, const char *text)
{
	char is[LIMITS_TEXT_MAX];
	struct policy p;
	const struct rule *r;

	text_policy(&p, config);
	r = TAILQ_FIRST(&p.rules);
	limit_write(is, sizeof(is), &r->limits);
	if (r->leaf != leaf || strcmp(is, text) != 0)
		fail_msg("%s: %d %s", config, r->leaf, is);
	assert_int_equal(leaf_limits_check(&r->limits), 0);
	policy_free(&p);
}

static void
test_limits(void **state)
{
	static const struct {
		const char *config;
		int leaf;
		const char *text;
	} t[] = {
		{ P, 0, "" },
		{ "permit cgroup bob as www\n", 1, "" },
		{ "permit memory 512M bob as www\n", 1,
		    "memory_max 536870912" },
		{ "permit cgroup memory 1048576 bob as www\n", 1,
		    "memory_max 1048576" },
		{ "permit memory 8388607T bob as www\n", 1,
		    "memory_max 9223370937343148032" },
		{ "permit swap 0 bob as www\n", 1, "memory_swap_max 0" },
		{ "permit pids 4194304 bob as www\n", 1, "pids_max 4194304" },
		{ "permit cpu 50% bob as www\n", 1, "cpu_max 50000/100000" },
		{ "permit cpu 200% bob as www\n", 1, "cpu_max 200000/100000" },
		{ "permit cpu 1% bob as www\n", 1, "cpu_max 1000/100000" },
		{ "permit cpu 102400% bob as www\n", 1,
		    "cpu_max 102400000/100000" },
		{ "permit cpus 5,0-3,1023 mems 0,63 bob as www\n", 1,
		    "cpuset_cpus 0-3,5,1023, cpuset_mems 0,63" },
		{ "permit io_weight 10000 cpu_weight 1 bob as www\n", 1,
		    "cpu_weight 1, io_weight 10000" },
		{ "permit io { 8:0 rbps=10M wiops=5 } bob as www\n", 1,
		    "io_max 8:0 rbps 10485760 wiops 5" },
		{ "permit io{8:0 wbps=1K 4095:1048575 riops=9}bob as www\n", 1,
		    "io_max 8:0 wbps 1024, io_max 4095:1048575 riops 9" },
		{ "permit pids 7 cgroup nice 3 bob as www\n", 1, "pids_max 7" },
		{ "permit \"memory\" as www\n", 0, "" },
		{ "permit \\cgroup as www\n", 0, "" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < nitems(t); i++)
		check_limits(t[i].config, t[i].leaf, t[i].text);
}

/* The place is taken of a file that is taken, and goes with the rules. */
static void
test_place(void **state)
{
	struct policy p;
	int fd;

	(void)state;
	text_policy(&p, P "cgroup \"/a b/c\" # there\n");
	assert_string_equal(p.place, "/a b/c");
	assert_int_equal(p.count, 1);
	fd = text_open("cgroup /d\nx\n", 12);
	assert_int_equal(policy_read(&p, fd, NAME), -1);
	assert_int_equal(close(fd), 0);
	assert_string_equal(p.place, "/a b/c");
	fd = text_open("cgroup /\n", 9);
	assert_int_equal(policy_read(&p, fd, NAME), 0);
	assert_int_equal(close(fd), 0);
	assert_string_equal(p.place, "/");
	policy_free(&p);
	assert_null(p.place);
	text_policy(&p, P);
	assert_null(p.place);
	policy_free(&p);
}

/*
 * What does not exist is said, once a rule; what cannot be asked is an end,
 * and so is a deny that would be none.
 */
static void
test_resolve(void **state)
{
	static const struct {
		const char *config;
		const char *why;
	} bad[] = {
		{ "deny down as www\n", "cannot look up" },
		{ "deny :down as www\n", "cannot look up" },
		{ "permit bob as down\n", "cannot look up" },
		{ "permit bob as www:down\n", "cannot look up" },
		{ P "deny bob as down\n", "cannot look up" },
		{ "deny nobody1 as www\n", "there is no \"nobody1\"" },
		{ P "deny :nobody1 as www\n", ":2: there is no \":nobody1\"" },
		{ "deny bob as nobody1\n" P, ":1: there is no \"nobody1\"" },
		/* Without this one the first rule would give more. */
		{ P "permit bob as www groups { adm nobody1 }\n",
		    ":2: there is no group \"nobody1\"" },
		{ "permit bob as www groups { down adm }\n",
		    ":1: cannot look up \"down\": " },
		{ "permit bob as www groups { 666 }\n",
		    ":1: cannot look up \"666\": " },
		{ "permit bob as www groups { adm wheel adm }\n",
		    ":1: groups: \"adm\" a second time" },
		{ "permit bob as www groups { adm 04 }\n",
		    ":1: groups: \"adm\" a second time" },
		{ "permit bob as www groups { 4711 4711 }\n",
		    ":1: groups: \"4711\" a second time" },
	};
	struct policy p;
	size_t i;

	(void)state;
	text_policy(&p,
	    "permit nobody1 as nobody2\npermit bob as nobody2\n"
	    "permit bob as www:nobody3\npermit :nobody4 as www\n" P);
	assert_string_equal(logged, NAME
	    ":1: there is no \"nobody1\": this rule is without effect\n" NAME
	    ":2: there is no \"nobody2\": this rule is without effect\n" NAME
	    ":3: there is no \"nobody3\": this rule is without effect\n" NAME
	    ":4: there is no \":nobody4\": this rule is without"
	    " effect\n");
	assert_int_equal(p.warnings, 4);
	assert_int_equal(p.errors, 0);
	policy_free(&p);
	for (i = 0; i < nitems(bad); i++) {
		assert_int_equal(
		    text_read(&p, bad[i].config, strlen(bad[i].config)), 0);
		assert_int_equal(policy_resolve(&p, NAME), -1);
		assert_int_equal(log_lines, 1);
		assert_int_equal(p.errors, 1);
		if (strstr(logged, bad[i].why) == NULL)
			fail_msg("row %zu: %s", i, logged);
		policy_free(&p);
	}
}

/* Who may not read the file is told a line, and no word of what is in it. */
static void
test_terse(void **state)
{
	static const char *const t[] = {
		P "permit secret to www\n",
		P "permit bob as secret\n",
		P "deny bob as secret\n",
		P "permit nice secret bob as www\n",
		P "permit bob as www groups { secret }\n",
		P "permit bob as www groups { secret: }\n",
	};
	struct policy p;
	size_t i;
	int fd;

	(void)state;
	for (i = 0; i < nitems(t); i++) {
		log_clear();
		policy_init(&p);
		p.terse = 1;
		fd = text_open(t[i], strlen(t[i]));
		if (policy_read(&p, fd, NAME) == 0)
			(void)policy_resolve(&p, NAME);
		assert_int_equal(close(fd), 0);
		assert_int_equal(log_lines, 1);
		assert_non_null(strstr(logged, NAME ":2: "));
		assert_null(strstr(logged, "secret"));
		assert_null(strstr(logged, "nice"));
		policy_free(&p);
	}
}

/* Before policy_resolve() nothing matches, not even uid 0. */
static void
test_unresolved(void **state)
{
	struct policy p;
	struct starter s;

	(void)state;
	assert_int_equal(
	    text_read(&p, "permit root as root\n", strlen(P) + 2), 0);
	s = starter("root");
	assert_null(policy_match(&p, &s, "root", NULL));
	assert_int_equal(policy_concerns(&p, &s), 0);
	policy_free(&p);
}

/* Rules that stand in no file, before one that does. */
static void
test_add(void **state)
{
	struct policy p;
	struct starter s;
	const struct rule *r;
	int fd;

	(void)state;
	log_clear();
	policy_init(&p);
	assert_non_null(policy_add(&p, 1000, "bob", 1000, 1000));
	fd = text_open("deny alice as bob\n", 18);
	assert_int_equal(policy_read(&p, fd, NAME), 0);
	assert_int_equal(close(fd), 0);
	assert_int_equal(policy_resolve(&p, NAME), 0);
	assert_int_equal(p.count, 2);
	s = starter("bob");
	r = policy_match(&p, &s, "bob", NULL);
	assert_non_null(r);
	assert_int_equal(r->line, 0);
	assert_int_equal(r->action, RULE_PERMIT);
	assert_int_equal(r->nice, NICE_UNSET);
	assert_int_equal(policy_concerns(&p, &s), 0);
	assert_null(policy_match(&p, &s, "root", NULL));
	s = starter("alice");
	assert_null(policy_match(&p, &s, "alice", NULL));
	assert_int_equal(policy_concerns(&p, &s), 1);
	/* A file with an error changes nothing. */
	fd = text_open("deny bob as bob\nx\n", 18);
	assert_int_equal(policy_read(&p, fd, NAME), -1);
	assert_int_equal(close(fd), 0);
	assert_int_equal(p.count, 2);
	s = starter("bob");
	assert_non_null(policy_match(&p, &s, "bob", NULL));
	/* The file may take away what stands in none. */
	fd = text_open("deny 1000 as bob\n", 17);
	assert_int_equal(policy_read(&p, fd, NAME), 0);
	assert_int_equal(close(fd), 0);
	assert_int_equal(policy_resolve(&p, NAME), 0);
	r = policy_match(&p, &s, "bob", NULL);
	assert_non_null(r);
	assert_int_equal(r->action, RULE_DENY);
	assert_int_equal(policy_concerns(&p, &s), 1);
	policy_free(&p);
	assert_int_equal(p.count, 0);
}

static void
test_concerns(void **state)
{
	static const struct {
		const char *config;
		const char *who;
		int expected;
	} t[] = {
		{ "", "bob", 0 },
		{ P, "bob", 1 },
		{ P, "alice", 0 },
		{ "deny bob as www\n", "bob", 1 },
		{ "permit :wheel as www\n", "bob", 0 },
		{ "permit :wheel as www\n", "bob+10", 1 },
		{ "permit bob as nobody1\n", "bob", 0 },
		{ "permit nobody1 as www\n", "root", 0 },
		{ "permit bob as www cmd /x\n", "bob", 1 },
	};
	struct policy p;
	struct starter s;
	size_t i;

	(void)state;
	for (i = 0; i < nitems(t); i++) {
		text_policy(&p, t[i].config);
		s = starter(t[i].who);
		if (policy_concerns(&p, &s) != t[i].expected)
			fail_msg("row %zu: not %d", i, t[i].expected);
		policy_free(&p);
	}
}

/* Is there anything left that the first rule decides for bob? */
static void
test_decides(void **state)
{
	static const struct {
		const char *config;
		int expected;
	} t[] = {
		{ P, 1 },
		{ "permit alice as www\n", 0 },
		{ "permit bob as nobody1\n", 0 },
		{ P "deny bob as www\n", 0 },
		{ P "deny :wheel as www\n", 1 },
		{ P "deny :adm as www\n", 0 },
		{ P "deny alice as www\n", 1 },
		{ P "deny bob as wwwx\n", 1 },
		{ "permit bob as toor\ndeny bob as root\n", 0 },
		{ P "permit bob as www cmd /x\n", 1 },
		{ P P, 0 },
		{ "permit bob as www cmd /x\n" P, 0 },
		{ "permit bob as www cmd /x\npermit bob as www cmd /y\n", 1 },
		{ "permit bob as www cmd /x args a\n"
		  "permit bob as www cmd /x\n",
		    0 },
		{ "permit bob as www cmd /x\n"
		  "permit bob as www cmd /x args a\n",
		    1 },
		{ "permit bob as www cmd /x args a\n"
		  "permit bob as www cmd /x args a\n",
		    0 },
		{ "permit bob as www cmd /x args a\n"
		  "permit bob as www cmd /x args a b\n",
		    1 },
		{ "permit bob as www:adm\n" P, 1 },
		{ "permit bob as www:adm\npermit bob as www:adm\n", 0 },
		{ P "permit bob as www:adm\n", 0 },
		{ "permit bob as www:adm\ndeny bob as www\n", 0 },
		{ P "deny bob as www\n" P, 0 },
	};
	struct starter s = starter("bob+4");
	struct policy p;
	size_t i;

	(void)state;
	for (i = 0; i < nitems(t); i++) {
		log_clear();
		assert_int_equal(
		    text_read(&p, t[i].config, strlen(t[i].config)), 0);
		assert_int_equal(policy_resolve(&p, NAME), 0);
		if (policy_decides(TAILQ_FIRST(&p.rules), &s) != t[i].expected)
			fail_msg("row %zu: not %d", i, t[i].expected);
		policy_free(&p);
	}
}

/* A file of ours with a name, in a folder of ours. */
static char folder[] = "policy_test.XXXXXX";
static char path[64];

static int
folder_make(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return (-1);
	(void)snprintf(path, sizeof(path), "%s/conf", folder);
	return (0);
}

static int
folder_remove(void **state)
{
	(void)state;
	(void)unlink(path);
	return (rmdir(folder));
}

static void
path_write(const char *text, mode_t mode)
{
	int fd;

	(void)unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_true(fd != -1);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	assert_int_equal(close(fd), 0);
}

static void
check_open(int error, const char *why)
{
	int fd;

	log_clear();
	errno = 0;
	fd = policy_open(path);
	assert_int_equal(fd, -1);
	assert_int_equal(errno, error);
	if (why == NULL)
		assert_int_equal(log_lines, 0);
	else {
		assert_int_equal(log_lines, 1);
		assert_non_null(strstr(logged, why));
	}
}

/* What anybody can see, root or not. */
static void
test_open_refused(void **state)
{
	(void)state;
	(void)unlink(path);
	check_open(ENOENT, NULL);
	assert_int_equal(mkfifo(path, 0600), 0);
	check_open(EPERM, "not a regular file");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	check_open(EPERM, "a symbolic link");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("nothing", path), 0);
	check_open(EPERM, "a symbolic link");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	check_open(EPERM, "not a regular file");
	assert_int_equal(rmdir(path), 0);
}

static void
test_open_owner(void **state)
{
	int fd, flags;

	(void)state;
	path_write(P, 0600);
	if (geteuid() != 0) {
		check_open(EPERM, "not owned by root");
		return;
	}
	log_clear();
	fd = policy_open(path);
	assert_true(fd != -1);
	flags = fcntl(fd, F_GETFD);
	assert_int_equal(flags & FD_CLOEXEC, FD_CLOEXEC);
	assert_int_equal(close(fd), 0);
	assert_int_equal(log_lines, 0);
	path_write(P, 0620);
	check_open(EPERM, "writable by group or others");
	path_write(P, 0602);
	check_open(EPERM, "writable by group or others");
	path_write(P, 0644);
	assert_int_equal(chown(path, 1, 0), 0);
	check_open(EPERM, "not owned by root");
}

/* What cannot be read: no rule, and one line. */
static void
test_read_error(void **state)
{
	struct policy p;
	int fd;

	(void)state;
	log_clear();
	policy_init(&p);
	fd = open(".", O_RDONLY | O_DIRECTORY);
	assert_true(fd != -1);
	assert_int_equal(policy_read(&p, fd, NAME), -1);
	assert_int_equal(close(fd), 0);
	assert_int_equal(log_lines, 1);
	assert_true(TAILQ_EMPTY(&p.rules));
}

/* Runs check_policy() with words in text; what it prints goes to out. */
static int
run_check(const char *file, const char *text, char *out, size_t size)
{
	char buf[256], *argv[16], *s = buf, *w;
	int argc = 0, saved, fd, status;
	ssize_t n;

	(void)strlcpy(buf, text, sizeof(buf));
	while ((w = strsep(&s, " ")) != NULL)
		if (*w != '\0')
			argv[argc++] = w;
	log_clear();
	assert_int_equal(fflush(stdout), 0);
	saved = dup(STDOUT_FILENO);
	assert_true(saved != -1);
	fd = text_open("", 0);
	assert_int_equal(dup2(fd, STDOUT_FILENO), STDOUT_FILENO);
	status = check_policy(file, argc, argv);
	(void)fflush(stdout);
	assert_int_equal(dup2(saved, STDOUT_FILENO), STDOUT_FILENO);
	assert_int_equal(close(saved), 0);
	n = pread(fd, out, size - 1, 0);
	assert_true(n >= 0);
	out[n] = '\0';
	assert_int_equal(close(fd), 0);
	return (status);
}

#define G                                       \
	"permit bob as www groups { adm 10 }\n" \
	"permit bob as www groups { }\n"        \
	"permit bob as www groups { zero } cmd /x\n"

static const struct {
	const char *config;
	const char *words;
	int status;
	const char *expected;
} checks[] = {
	{ P, "", 0, "configuration OK\n" },
	{ "", "", 0, "configuration OK\n" },
	{ "x\n", "", 1, "" },
	{ "deny down as www\n", "", 1, "" },
	{ P, "bob as www", 0, "permit, line 1\n" },
	{ P, "1000 as www", 0, "permit, line 1\n" },
	{ "permit rlimit nofile 9 rlimit fsize 1K bob as www\n", "bob as www",
	    0, "permit, line 1, rlimit fsize 1024, rlimit nofile 9\n" },
	{ P, "alice as www", 1, "deny, no rule matches\n" },
	{ P, "bob as root", 1, "deny, no rule matches\n" },
	{ P "deny bob as www\n", "bob as www", 1, "deny, line 2\n" },
	{ P, "bob as bob", 0, "permit, own user\n" },
	{ "deny bob as bob\n", "bob as bob", 1, "deny, line 1\n" },
	{ "permit :adm as www\n", "bob as www", 0, "permit, line 1\n" },
	{ "permit nolog bob as www\n", "bob as www", 0,
	    "permit, line 1, nolog\n" },
	{ "permit log args rlimit core 0 bob as www\n", "bob as www", 0,
	    "permit, line 1, log args, rlimit core 0\n" },
	{ "permit :adm as www\n", ":adm as www", 0, "permit, line 1\n" },
	{ "permit :adm as www\n", ":4 as www", 0, "permit, line 1\n" },
	{ "permit :adm as www\n", ":wheel as www", 1,
	    "deny, no rule matches\n" },
	{ "permit 5000 as www\n", "5000 as www", 0, "permit, line 1\n" },
	{ "permit root as www\n", ":zero as www", 1,
	    "deny, no rule matches\n" },
	{ "permit bob as www cmd /x args a\n", "bob as www /x a", 0,
	    "permit, line 1\n" },
	{ "permit bob as www cmd /x args a\n", "bob as www /x b", 1,
	    "deny, no rule matches\n" },
	{ "permit bob as www cmd /x args a\n", "bob as www", 1,
	    "deny, no rule matches\n" },
	{ "permit memory 1M cpu 50% bob as www\n", "bob as www", 0,
	    "permit, line 1\nleaf: memory_max 1048576, cpu_max"
	    " 50000/100000\n" },
	{ "cgroup /a/b\npermit cgroup bob as www\n", "bob as www", 0,
	    "permit, line 2\ncgroup: /a/b\nleaf: no limit\n" },
	{ "cgroup /b\n" P, "bob as www", 0, "permit, line 2\ncgroup: /b\n" },
	{ "cgroup /a/b\n" P "deny bob as www\n", "bob as www", 1,
	    "deny, line 3\n" },
	{ "cgroup /a/b\n", "bob as bob", 0, "permit, own user\n" },
	{ "cgroup /a/b\n", "", 0, "configuration OK\n" },
	/* Those that a run asks for: by these rules, or as group knows them. */
	{ G, "bob as www", 0, "permit, line 2\n" },
	{ G, "bob as www groups { wheel adm }", 0, "permit, line 1\n" },
	{ G, "bob as www groups { 4 10 adm }", 0, "permit, line 1\n" },
	{ G, "bob as www groups { }", 0, "permit, line 2\n" },
	{ G, "bob as www groups { } /x", 0, "permit, line 2\n" },
	{ G, "bob as www groups { zero } /x a", 0, "permit, line 3\n" },
	{ G, "bob as www groups { zero } /y", 1, "deny, no rule matches\n" },
	{ G, "bob as www groups { adm }", 1, "deny, no rule matches\n" },
	{ G, "bob as bob groups { }", 1, "deny, no rule matches\n" },
	{ G, "bob as www groups { nobody1 }", 1, "" },
	{ G, "bob as www groups { 4294967295 }", 1, "" },
	{ G, "bob as www groups { adm", EXIT_USAGE, "" },
	{ G, "bob as www groups adm", 0, "permit, line 2\n" },
	{ "x\n", "bob as bob", 1, "" },
	{ P, "nobody1 as www", 1, "" },
	{ P, ":nobody1 as www", 1, "" },
	{ P, "4294967295 as www", 1, "" },
	{ P, ":4294967295 as www", 1, "" },
	{ P, "bob", EXIT_USAGE, "" },
	{ P, "bob as", EXIT_USAGE, "" },
	{ P, "bob to www", EXIT_USAGE, "" },
};

/* The same for a text on standard input, which is nobody's. */
static int
run_check_text(const char *config, const char *text, char *out, size_t size)
{
	int saved, fd, status;

	saved = dup(STDIN_FILENO);
	assert_true(saved != -1);
	fd = text_open(config, strlen(config));
	assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
	assert_int_equal(close(fd), 0);
	status = run_check("-", text, out, size);
	assert_int_equal(dup2(saved, STDIN_FILENO), STDIN_FILENO);
	assert_int_equal(close(saved), 0);
	return (status);
}

static void
test_check(void **state)
{
	char out[256];
	size_t i;
	int status;

	(void)state;
	for (i = 0; i < nitems(checks); i++) {
		status = run_check_text(
		    checks[i].config, checks[i].words, out, sizeof(out));
		if (status != checks[i].status ||
		    strcmp(out, checks[i].expected) != 0)
			fail_msg("row %zu: not %d %s but %d %s", i,
			    checks[i].status, checks[i].expected, status, out);
		/* Where nothing is printed, it is said why. */
		assert_true(*out != '\0' || log_lines > 0);
	}
	(void)unlink(path);
	assert_int_equal(run_check(path, "", out, sizeof(out)), 1);
	assert_non_null(strstr(logged, path));
}

/* What a start would not take, and what else there is to be said of it. */
static void
test_check_file(void **state)
{
	static const struct {
		const char *config;
		const char *words;
		mode_t mode;
		uid_t owner;
		const char *told[3];
	} t[] = {
		{ P, "", 0666, 0, { "writable by", ": 1 error, 0 warnings" } },
		{ P, "", 0620, 0, { "writable by" } },
		{ P, "", 0600, 1, { "not owned by root" } },
		{ "x\n", "", 0600, 1,
		    { "not owned by root", ":1: expected", ": 2 errors" } },
		{ "permit x as www\n", "", 0602, 0,
		    { "writable", "no \"x\"", ": 1 error, 1 warning" } },
		{ P, "bob as www", 0666, 0, { "writable by", ": 1 error" } },
		{ P "deny x as www\n", "bob as www", 0600, 0,
		    { "no \"x\"", ": 1 error" } },
	};
	char out[256];
	size_t i, j;

	(void)state;
	if (geteuid() != 0)
		skip();
	for (i = 0; i < nitems(t); i++) {
		path_write(t[i].config, t[i].mode);
		assert_int_equal(chown(path, t[i].owner, 0), 0);
		assert_int_equal(
		    run_check(path, t[i].words, out, sizeof(out)), 1);
		assert_string_equal(out, "");
		for (j = 0; j < 3 && t[i].told[j] != NULL; j++)
			if (strstr(logged, t[i].told[j]) == NULL)
				fail_msg("row %zu: no %s: %s", i, t[i].told[j],
				    logged);
	}
	path_write(P, 0600);
	assert_int_equal(run_check(path, "", out, sizeof(out)), 0);
	assert_string_equal(out, "configuration OK\n");
	(void)unlink(path);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_int_equal(run_check(path, "", out, sizeof(out)), 1);
	assert_non_null(strstr(logged, "a symbolic link"));
}

/* The program of a rule: is it there, and root's? */
static void
test_check_program(void **state)
{
	char config[512], full[256], out[256];
	size_t i;

	(void)state;
	assert_non_null(getcwd(full, sizeof(full) - sizeof(path)));
	(void)strlcat(full, "/", sizeof(full));
	(void)strlcat(full, path, sizeof(full));
	path_write("#!/bin/sh\n", 0755);
	assert_int_equal(chmod(folder, 0777), 0);
	(void)snprintf(
	    config, sizeof(config), "permit bob as www cmd %s\n", full);
	assert_int_equal(run_check_text(config, "", out, sizeof(out)), 0);
	assert_string_equal(out, "configuration OK, 1 warning\n");
	assert_non_null(strstr(logged, "others than root can write"));
	(void)chmod(path, 0600);
	assert_int_equal(run_check_text(config, "", out, sizeof(out)), 0);
	assert_non_null(strstr(logged, "not executable"));
	(void)chmod(path, 0777);
	assert_int_equal(run_check_text(config, "", out, sizeof(out)), 0);
	assert_non_null(strstr(logged, "others than root can write it"));
	assert_int_equal(chmod(folder, 0700), 0);
	assert_int_equal(run_check_text("permit bob as www cmd /no/such\n"
					"permit bob as www cmd /\n"
					"permit bob as www cmd /bin/sh\n",
			     "", out, sizeof(out)),
	    0);
	for (i = 1; i < 3; i++) {
		(void)snprintf(config, sizeof(config), "input:%zu: cmd", i);
		assert_non_null(strstr(logged, config));
	}
	assert_string_equal(out, "configuration OK, 2 warnings\n");
}

static const char valid[] =
    "# A file with all there is.\n"
    "permit nice -5 children 100 rlimit fsize 1K :wheel as www:adm\n"
    "permit log args keepenv setenv { A B=\"c d\" -E } bob as alice cmd "
    "/bin/x\n"
    "permit nolog 1000 as toor cmd \"/bin/a b\" args -c \"a\\\"b\" \\# \\\n"
    "\tlast\n"
    "deny :1000 as root\n"
    "permit bob as www cmd /bin/y args\n"
    "cgroup /a.slice/b\n"
    "permit memory 512M swap 0 pids 64 io { 8:0 rbps=1M 8:16 wiops=9 } bob"
    " as www\n"
    "permit cgroup cpu 50% cpus 0-3,5 mems 0 cpu_weight 5 bob as www\n"
    "permit bob as www:adm groups { wheel 4711 \"adm\" } cmd /bin/z\n"
    "permit :1000 as www groups { }\n"
    "permit caps { sys_chroot cap_kill } bob as www cmd /bin/y args -a\n"
    "deny 0 as bob # no\n";

/* A generator of our own: the same numbers everywhere. */
static uint32_t
next_random(void)
{
	static uint64_t seed = 20240229;

	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return ((uint32_t)(seed >> 33));
}

/* Pieces that mean something, and bytes that do not. */
static const char *const pieces[] = { "permit", "deny", "as", "cmd", "args",
	"caps", "sys_chroot", "nice", "children", "keepenv", "rlimit", "core",
	"log", "nolog", "setenv", "groups", "{", "}", "\"", "\\", "\n", "\\\n",
	"#", ":", " ", "\t", "\r", "\177", "\377", "=", "-", "-1",
	"99999999999", "cgroup", "memory", "cpu", "cpus", "io", "1T", "50%",
	"0-3", "8:0", "rbps=", "/", "..", "bob", "www", "adm", "4", "{}{}",
	"\"\"", "\"\n", "" };

static size_t
mutate(char *text, size_t len, size_t size)
{
	size_t pos = next_random() % (len + 1), n;
	const char *piece;

	switch (next_random() % 5) {
	case 0: /* one byte becomes any other */
		if (pos < len)
			text[pos] = (char)next_random();
		return (len);
	case 1: /* some are lost */
		n = next_random() % 16;
		if (n > len - pos)
			n = len - pos;
		memmove(text + pos, text + pos + n, len - pos - n);
		return (len - n);
	case 2: /* the rest is lost */
		return (next_random() % 8 == 0 ? pos : len);
	case 3: /* a piece of itself */
		n = next_random() % 64;
		if (n > len - pos || len + n > size)
			return (len);
		memmove(text + len, text + pos, n);
		return (len + n);
	default:
		piece = pieces[next_random() % nitems(pieces)];
		n = strlen(piece);
		if (len + n > size)
			return (len);
		memmove(text + pos + n, text + pos, len - pos);
		memcpy(text + pos, piece, n);
		return (len + n);
	}
}

/* What must be true of any rule that was read. */
static void
check_rule(const struct rule *r)
{
	char **word;
	int i;

	assert_true(r->line > 0);
	assert_true(r->ident != NULL && *r->ident != '\0');
	assert_true(r->user != NULL && *r->user != '\0');
	assert_null(strchr(r->user, ':'));
	assert_true(r->nice == NICE_UNSET || (r->nice >= -20 && r->nice < 20));
	assert_true(r->children <= POLICY_CHILDREN_MAX);
	for (i = 0; i < LIMITS; i++)
		assert_true(r->ceiling[i] <= LIMIT_MAX &&
			    (r->ceiling[i] == 0 || r->ceilings & 1U << i));
	assert_true(r->cmd == NULL || *r->cmd == '/');
	assert_true(r->args == NULL || r->cmd != NULL);
	assert_int_equal(leaf_limits_check(&r->limits), 0);
	assert_true(r->limits.given == 0 || r->leaf);
	assert_true(r->limits.value[LEAF_CPU_MAX] <= 102400000);
	for (word = r->groups; word != NULL && *word != NULL; word++)
		assert_true(**word != '\0' && strchr(*word, ':') == NULL);
	if (r->action == RULE_PERMIT)
		return;
	assert_true(r->nice == NICE_UNSET && r->children == 0 && !r->keepenv);
	assert_true(r->setenv == NULL && r->group == NULL && r->cmd == NULL);
	assert_int_equal(r->ceilings, 0);
	assert_null(r->groups);
	assert_false(r->leaf);
}

/* An outcome: one line of the log and no rule, or rules that hold. */
static int
check_mutation(int fd, const char *text, size_t len)
{
	struct starter s = starter("bob+10");
	struct policy p;
	const struct rule *r;
	int ret;

	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(pwrite(fd, text, len, 0), (ssize_t)len);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	log_clear();
	policy_init(&p);
	ret = policy_read(&p, fd, NAME);
	assert_int_equal(log_lines, ret == 0 ? 0 : 1);
	assert_true(ret == 0 || (TAILQ_EMPTY(&p.rules) && p.place == NULL));
	assert_true(p.place == NULL || *p.place == '/');
	TAILQ_FOREACH (r, &p.rules, entry)
		check_rule(r);
	(void)policy_resolve(&p, NAME);
	TAILQ_FOREACH (r, &p.rules, entry)
		if (r->resolved && r->groups != NULL)
			assert_null(r->groups[r->gids.n]);
	r = policy_match(&p, &s, "www", NULL);
	assert_true(r == NULL || r->action == RULE_DENY || r->uid == 33);
	policy_free(&p);
	return (ret);
}

static void
test_mutations(void **state)
{
	char text[2 * sizeof(valid)];
	size_t i, len, changes;
	unsigned int good = 0;
	int fd;

	(void)state;
	fd = text_open("", 0);
	assert_int_equal(check_mutation(fd, valid, sizeof(valid) - 1), 0);
	for (i = 0; i < MUTATIONS; i++) {
		len = sizeof(valid) - 1;
		memcpy(text, valid, len);
		for (changes = 1 + next_random() % 4; changes > 0; changes--)
			len = mutate(text, len, sizeof(text));
		good += check_mutation(fd, text, len) == 0;
	}
	assert_int_equal(close(fd), 0);
	/* They are of both kinds. */
	assert_in_range(good, MUTATIONS / 100, MUTATIONS - MUTATIONS / 100);
}

/* Every beginning of the file is refused, unless it ends with a line. */
static void
test_beginnings(void **state)
{
	size_t len;
	int fd, ret;

	(void)state;
	fd = text_open("", 0);
	for (len = 1; len < sizeof(valid); len++) {
		ret = check_mutation(fd, valid, len);
		if (valid[len - 1] != '\n' ||
		    (len > 1 && valid[len - 2] == '\\'))
			assert_int_equal(ret, -1);
		else
			assert_int_equal(ret, 0);
	}
	assert_int_equal(close(fd), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_place),
		cmocka_unit_test(test_resolve),
		cmocka_unit_test(test_unresolved),
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_concerns),
		cmocka_unit_test(test_decides),
		cmocka_unit_test(test_open_refused),
		cmocka_unit_test(test_open_owner),
		cmocka_unit_test(test_read_error),
		cmocka_unit_test(test_terse),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_check_file),
		cmocka_unit_test(test_check_program),
		cmocka_unit_test(test_mutations),
		cmocka_unit_test(test_beginnings),
	};

	return (cmocka_run_group_tests(tests, folder_make, folder_remove));
}
