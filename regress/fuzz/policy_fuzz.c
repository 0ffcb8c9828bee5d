/*
 * proctor.conf, from its text to what it decides: of users and groups that are
 * some of those below, whatever the machine has.
 */

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "policy/policy.h"

#define NAME "fuzz.conf"

static char bob[] = "bob", wheel[] = "wheel", nothing[] = "";

static struct passwd *
somebody(int known)
{
	static struct passwd pw;

	if (!known) {
		errno = 0;
		return (NULL);
	}
	pw.pw_name = bob;
	pw.pw_passwd = pw.pw_gecos = pw.pw_dir = pw.pw_shell = nothing;
	pw.pw_uid = pw.pw_gid = 1000;
	return (&pw);
}

static struct group *
some_group(int known)
{
	static struct group gr;

	if (!known) {
		errno = 0;
		return (NULL);
	}
	gr.gr_name = wheel;
	gr.gr_passwd = nothing;
	gr.gr_gid = 10;
	return (&gr);
}

struct passwd *
getpwnam(const char *name)
{
	return (somebody(strcmp(name, bob) == 0));
}

struct passwd *
getpwuid(uid_t uid)
{
	return (somebody(uid == 1000));
}

struct group *
getgrnam(const char *name)
{
	return (some_group(strcmp(name, wheel) == 0));
}

struct group *
getgrgid(gid_t gid)
{
	return (some_group(gid == 10));
}

void
fuzz_begin(void)
{
}

/* What it decides for bob, who asks for this. */
static void
decide(const struct policy *p)
{
	static const char argv[] = "/bin/true\0-x";
	const struct command none = { .argv = { "", 0, 0 } };
	const struct command command = {
		.path = "/bin/true",
		.argv = { argv, sizeof(argv), 2 },
	};
	static const gid_t gids[] = { 1000, 10 };
	struct starter bob_asks = { .uid = 1000, .gid = 1000 };
	const struct rule *r;
	int line = 0;

	bob_asks.groups = gids;
	bob_asks.ngroups = 2;
	r = policy_match(p, &bob_asks, "root", &command);
	if (r != NULL && !r->resolved)
		fuzz_wrong("a rule of nobody decides");
	if (r == NULL || r->action == RULE_DENY)
		(void)policy_denial(p, &bob_asks, "root", &command, &line);
	(void)policy_match(p, &bob_asks, bob, NULL);
	(void)policy_match(p, &bob_asks, bob, &none);
	(void)policy_concerns(p, &bob_asks);
}

void
fuzz_one(const uint8_t *data, size_t len)
{
	struct policy p;
	char *text;

	if (len > POLICY_FILE_MAX)
		return;
	if ((text = malloc(len + 1)) == NULL)
		abort();
	memcpy(text, data, len);
	text[len] = '\0';
	policy_init(&p);
	if (policy_parse(&p, NAME, text, len) == 0 &&
	    policy_resolve(&p, NAME) == 0)
		decide(&p);
	policy_free(&p);
	free(text);
}
