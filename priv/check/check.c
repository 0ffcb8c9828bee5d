/*
 * Is a policy file right, and what does it say of somebody? It decides
 * nothing, and has no other rights than the user who asks.
 */

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check/check.h"
#include "check/limit.h"
#include "check/path.h"
#include "capname.h"
#include "limitname.h"
#include "log.h"
#include "policy/policy.h"
#include "policy/userenv.h"

#define CHECK_GOOD 0
#define CHECK_BAD 1
#define ID_NONE 4294967295U /* the id of nobody at all */

/*
 * What a start would do with the file, and all that is to be said of it. 0,
 * or -1 if no start would take it.
 */
static int
check_file(struct policy *p, int fd, const char *name)
{
	if (policy_read(p, fd, name) == -1)
		return (-1);
	(void)policy_resolve(p, name);
	path_check(p, name);
	return (p->errors == 0 ? 0 : -1);
}

static int
check_read(struct policy *p, const char *file)
{
	const char *fault;
	int fd, ret;

	if (strcmp(file, "-") == 0)
		return (check_file(p, STDIN_FILENO, "standard input"));
	errno = 0;
	if ((fd = policy_open_draft(file, &fault)) == -1) {
		if (errno == ENOENT)
			log_warn("%s", file);
		return (-1);
	}
	if (fault != NULL) {
		log_warnx("%s: %s: no start would take it", file, fault);
		p->errors++;
	}
	ret = check_file(p, fd, file);
	(void)close(fd);
	return (ret);
}

static const char *
check_plural(unsigned int n)
{
	return (n == 1 ? "" : "s");
}

/*
 * The verdict on a file that was read, or was not; the exit status, or -1 if
 * nobody hears it.
 */
static int
check_verdict(const struct policy *p, const char *file, int good)
{
	unsigned int e = p->errors, w = p->warnings;

	if (e != 0)
		log_warnx("%s: %u error%s, %u warning%s", file, e,
		    check_plural(e), w, check_plural(w));
	if (!good || e != 0)
		return (CHECK_BAD);
	if (w != 0)
		return (printf("configuration OK, %u warning%s\n", w,
			    check_plural(w)) < 0
			    ? -1
			    : CHECK_GOOD);
	return (printf("configuration OK\n") < 0 ? -1 : CHECK_GOOD);
}

/* s with the groups of a login of that user: 0, or -1, which was logged. */
static int
check_groups(struct starter *s, const struct passwd *pw, gid_t **groups)
{
	*groups = userenv_groups(pw->pw_name, pw->pw_gid, &s->ngroups);
	s->groups = *groups;
	if (*groups != NULL)
		return (0);
	if (errno == E2BIG)
		log_warnx("%s: too many groups", pw->pw_name);
	else
		log_warn("%s: groups", pw->pw_name);
	return (-1);
}

/* Somebody with that user's ids. */
static int
check_user(
    struct policy *p, struct starter *s, const char *word, gid_t **groups)
{
	const struct passwd *pw;
	const char *why = NULL;

	if (policy_isnumber(word)) {
		s->uid = (uid_t)strtonum(word, 0, ID_MAX_VALUE, &why);
		if (why != NULL) {
			log_warnx("user %s: %s", word, why);
			return (-1);
		}
		if ((pw = getpwuid(s->uid)) == NULL)
			return (0);
	} else if ((pw = getpwnam(word)) == NULL) {
		log_warnx("there is no user %s", word);
		return (-1);
	}
	s->uid = pw->pw_uid;
	s->gid = pw->pw_gid;
	/* He may run everything as himself, whatever the file says before. */
	if (policy_add(p, pw->pw_uid, pw->pw_name, pw->pw_uid, pw->pw_gid) ==
	    NULL) {
		log_warn("policy");
		return (-1);
	}
	return (check_groups(s, pw, groups));
}

/* A group by name or number: 0, or -1, which was logged. */
static int
check_gid(const char *word, gid_t *gid)
{
	const struct group *gr;
	const char *why = NULL;

	if (policy_isnumber(word)) {
		*gid = (gid_t)strtonum(word, 0, ID_MAX_VALUE, &why);
		if (why != NULL)
			log_warnx("group %s: %s", word, why);
		return (why != NULL ? -1 : 0);
	}
	if ((gr = getgrnam(word)) == NULL) {
		log_warnx("there is no group %s", word);
		return (-1);
	}
	*gid = gr->gr_gid;
	return (0);
}

/* The words as a message has them; NULL without memory. */
static char *
check_words(struct strvec *v, int argc, char *const *argv)
{
	size_t len = 0, used = 0, n;
	char *base;
	int i;

	for (i = 0; i < argc; i++)
		len += strlen(argv[i]) + 1;
	if (len > RUN_STRINGS_MAX || (base = malloc(len + 1)) == NULL) {
		log_warnx("command too long");
		return (NULL);
	}
	for (i = 0; i < argc; i++) {
		n = strlen(argv[i]) + 1;
		memcpy(base + used, argv[i], n);
		used += n;
	}
	v->base = base;
	v->len = (uint32_t)len;
	v->count = (uint32_t)argc;
	return (base);
}

/* What goes with a permit: 0, or -1 if nobody hears it. */
static int
check_say_limits(const struct rule *r)
{
	int i;

	for (i = 0; i < 64; i++)
		if (r->caps & 1ULL << i && printf(", cap %s", capname(i)) < 0)
			return (-1);
	for (i = 0; i < LIMITS; i++)
		if (r->ceilings & 1U << i &&
		    printf(", rlimit %s %llu", limitname[i],
			(unsigned long long)r->ceiling[i]) < 0)
			return (-1);
	return (printf("\n") < 0 ? -1 : 0);
}

/* What a child by that rule has of limits, and where. */
static int
check_say_leaf(const struct policy *p, const struct rule *r)
{
	char text[LIMITS_TEXT_MAX];

	if (p->place != NULL && printf("cgroup: %s\n", p->place) < 0)
		return (-1);
	if (!r->leaf)
		return (0);
	limit_write(text, sizeof(text), &r->limits);
	return (printf("leaf: %s\n", *text == '\0' ? "no limit" : text) < 0
		    ? -1
		    : 0);
}

static int
check_say(const struct policy *p, const struct rule *r)
{
	if (r == NULL)
		return (printf("deny, no rule matches\n") < 0 ? -1 : CHECK_BAD);
	if (r->action == RULE_DENY)
		return (
		    printf("deny, line %d\n", r->line) < 0 ? -1 : CHECK_BAD);
	if (r->line == 0)
		return (printf("permit, own user\n") < 0 ? -1 : CHECK_GOOD);
	if (printf("permit, line %d%s%s", r->line, r->nolog ? ", nolog" : "",
		r->log_args ? ", log args" : "") < 0 ||
	    check_say_limits(r) == -1 || check_say_leaf(p, r) == -1)
		return (-1);
	return (CHECK_GOOD);
}

/* How many words are groups with their braces; -1: without the last one. */
static int
check_listed(int argc, char *const *argv)
{
	int n;

	if (argc < 3 || strcmp(argv[0], "groups") != 0 ||
	    strcmp(argv[1], "{") != 0)
		return (0);
	for (n = 2; n < argc; n++)
		if (strcmp(argv[n], "}") == 0)
			return (n + 1);
	return (-1);
}

/* Their ids: 0, or -1, which was logged. */
static int
check_list(struct gids *g, int argc, char *const *argv)
{
	gid_t gid;
	int i;

	if ((g->list = calloc((size_t)argc + 1, sizeof(*g->list))) == NULL) {
		log_warn("groups");
		return (-1);
	}
	for (i = 0; i < argc; i++) {
		if (check_gid(argv[i], &gid) == -1)
			return (-1);
		if (!gids_has(g, gid))
			g->list[g->n++] = gid;
	}
	return (0);
}

/* argv: what follows the user and his groups. */
static int
check_ask(struct policy *p, const struct starter *s, const char *user,
    const struct gids *groups, int argc, char *const *argv)
{
	struct command c = { .path = "", .groups = groups };
	char *words;
	int ret;

	if ((words = check_words(&c.argv, argc, argv)) == NULL)
		return (CHECK_BAD);
	if (argc > 0)
		c.path = argv[0];
	ret = check_say(p, policy_match(p, s, user, &c));
	free(words);
	return (ret);
}

/* argv: user, perhaps all his other groups, and perhaps a command. */
static int
check_whom(
    struct policy *p, const struct starter *s, int argc, char *const *argv)
{
	int n = check_listed(argc - 1, argv + 1), ret = CHECK_BAD;
	struct gids g = { 0 };

	if (n == -1) {
		log_warnx("groups: where is the \"}\"?");
		return (EXIT_USAGE);
	}
	if (n == 0)
		return (check_ask(p, s, argv[0], NULL, argc - 1, argv + 1));
	if (check_list(&g, n - 3, argv + 3) == 0)
		ret = check_ask(p, s, argv[0], &g, argc - 1 - n, argv + 1 + n);
	free(g.list);
	return (ret);
}

static int
check_run(struct policy *p, const char *file, int argc, char *const *argv)
{
	struct starter s = { .uid = ID_NONE, .gid = ID_NONE };
	gid_t *groups = NULL;
	int ret;

	if (argc == 0) {
		ret = check_read(p, file);
		return (check_verdict(p, file, ret == 0));
	}
	if (argv[0][0] == ':')
		ret = check_gid(argv[0] + 1, &s.gid);
	else
		ret = check_user(p, &s, argv[0], &groups);
	/* What is true without the file stands before it. */
	if (ret == -1)
		ret = CHECK_BAD;
	else if (check_read(p, file) == -1)
		ret = check_verdict(p, file, 0);
	else
		ret = check_whom(p, &s, argc - 2, argv + 2);
	free(groups);
	return (ret);
}

int
check_policy(const char *file, int argc, char *const *argv)
{
	struct policy p;
	int ret;

	if (argc != 0 && (argc < 3 || strcmp(argv[1], "as") != 0)) {
		log_warnx("usage: proctor-check file"
			  " [identity as user [groups { group ... }]"
			  " [command argument ...]]");
		return (EXIT_USAGE);
	}
	policy_init(&p);
	ret = check_run(&p, file, argc, argv);
	policy_free(&p);
	if (ret == -1 || fflush(stdout) != 0) {
		log_warn("standard output");
		return (CHECK_BAD);
	}
	return (ret);
}
