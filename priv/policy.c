/*
 * The policy's rules: reading their file, resolving their names, and the
 * decision. The file is believed if root alone can write it; who asks, and
 * what for, is hostile.
 */

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "policy.h"

void
policy_init(struct policy *p)
{
	memset(p, 0, sizeof(*p));
	TAILQ_INIT(&p->rules);
}

void
policy_free(struct policy *p)
{
	struct rule *r;

	while ((r = TAILQ_FIRST(&p->rules)) != NULL) {
		TAILQ_REMOVE(&p->rules, r, entry);
		rule_free(r);
	}
	p->count = 0;
}

struct rule *
rule_new(enum rule_action action, int line)
{
	struct rule *r;

	if ((r = calloc(1, sizeof(*r))) == NULL)
		return (NULL);
	r->action = action;
	r->line = line;
	r->nice = NICE_UNSET;
	return (r);
}

/* Processes that have no use for rules are not to have what they said. */
static void
text_free(char *text)
{
	if (text != NULL)
		freezero(text, strlen(text));
}

static void
list_free(char **list)
{
	size_t i;

	for (i = 0; list != NULL && list[i] != NULL; i++)
		text_free(list[i]);
	free(list);
}

void
rule_free(struct rule *r)
{
	if (r == NULL)
		return;
	text_free(r->ident);
	text_free(r->user);
	text_free(r->group);
	text_free(r->cmd);
	list_free(r->setenv);
	list_free(r->args);
	freezero(r, sizeof(*r));
}

int
rule_list(char ***list)
{
	*list = calloc(1, sizeof(**list));
	return (*list == NULL ? -1 : 0);
}

int
rule_append(char ***list, const char *word)
{
	char **new;
	size_t n;

	for (n = 0; (*list)[n] != NULL; n++)
		;
	if (n == POLICY_LIST_MAX) {
		errno = E2BIG;
		return (-1);
	}
	if ((new = reallocarray(*list, n + 2, sizeof(*new))) == NULL)
		return (-1);
	*list = new;
	new[n + 1] = NULL;
	new[n] = strdup(word);
	return (new[n] == NULL ? -1 : 0);
}

int
policy_isnumber(const char *s)
{
	return (*s != '\0' && s[strspn(s, "0123456789")] == '\0');
}

/* Why the file is not to be believed, or NULL. */
static const char *
file_fault(const struct stat *sb)
{
	if (!S_ISREG(sb->st_mode))
		return ("not a regular file");
	if (sb->st_uid != 0)
		return ("not owned by root");
	if (sb->st_mode & (S_IWGRP | S_IWOTH))
		return ("writable by group or others");
	return (NULL);
}

int
policy_open(const char *path)
{
	struct stat sb;
	const char *fault;
	int fd;

	/* A fifo must not hold us up before fstat says what it is. */
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd == -1) {
		if (errno == ENOENT)
			return (-1);
		/* OpenBSD and Linux say ELOOP, others EMLINK. */
		if (errno == ELOOP || errno == EMLINK) {
			log_warnx("%s: a symbolic link", path);
			errno = EPERM;
			return (-1);
		}
		log_warn("%s", path);
		return (-1);
	}
	if (fstat(fd, &sb) == -1) {
		log_warn("%s: fstat", path);
		(void)close(fd);
		errno = EIO;
		return (-1);
	}
	if ((fault = file_fault(&sb)) != NULL) {
		log_warnx("%s: %s", path, fault);
		(void)close(fd);
		errno = EPERM;
		return (-1);
	}
	return (fd);
}

/* All of the file, up to one byte more than it may have; -1 with errno. */
static ssize_t
file_read(int fd, char *buf)
{
	size_t len = 0;
	ssize_t n;

	while (len <= POLICY_FILE_MAX) {
		n = read(fd, buf + len, POLICY_FILE_MAX + 1 - len);
		if (n == 0)
			break;
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return (-1);
		len += (size_t)n;
	}
	return ((ssize_t)len);
}

int
policy_read(struct policy *p, int fd, const char *name)
{
	struct policy new;
	char *buf;
	ssize_t len;
	int ret = -1;

	policy_init(&new);
	new.count = p->count;
	if ((buf = malloc(POLICY_FILE_MAX + 2)) == NULL) {
		log_warn("%s", name);
		return (-1);
	}
	if ((len = file_read(fd, buf)) == -1)
		log_warn("%s", name);
	else if (len > POLICY_FILE_MAX)
		log_warnx(
		    "%s: larger than %d bytes", name, (int)POLICY_FILE_MAX);
	else {
		buf[len] = '\0';
		ret = policy_parse(&new, name, buf, (size_t)len);
	}
	freezero(buf, POLICY_FILE_MAX + 2);
	if (ret == -1) {
		policy_free(&new);
		return (-1);
	}
	TAILQ_CONCAT(&p->rules, &new.rules, entry);
	p->count = new.count;
	return (0);
}

struct rule *
policy_add(
    struct policy *p, uid_t ident, const char *user, uid_t uid, gid_t gid)
{
	struct rule *r;

	if ((r = rule_new(RULE_PERMIT, 0)) == NULL)
		return (NULL);
	if ((r->user = strdup(user)) == NULL) {
		rule_free(r);
		return (NULL);
	}
	r->ident_uid = ident;
	r->uid = uid;
	r->gid = gid;
	r->resolved = 1;
	TAILQ_INSERT_TAIL(&p->rules, r, entry);
	p->count++;
	return (r);
}

/*
 * Was that "there is none", or could nobody say? The C libraries have these
 * ways to tell the former.
 */
static int
lookup_failed(void)
{
	return (errno != 0 && errno != ENOENT && errno != ESRCH);
}

/* 1: there is one; 0: there is none; -1: could not be asked. */
static int
lookup_user(const char *name, uid_t *uid, gid_t *gid)
{
	const struct passwd *pw;

	errno = 0;
	if ((pw = getpwnam(name)) == NULL)
		return (lookup_failed() ? -1 : 0);
	*uid = pw->pw_uid;
	*gid = pw->pw_gid;
	return (1);
}

static int
lookup_group(const char *name, gid_t *gid)
{
	const struct group *gr;

	errno = 0;
	if ((gr = getgrnam(name)) == NULL)
		return (lookup_failed() ? -1 : 0);
	*gid = gr->gr_gid;
	return (1);
}

static int
resolve_ident(struct rule *r)
{
	const char *name = r->ident;
	gid_t gid;

	if (*name == ':') {
		name++;
		r->ident_is_group = 1;
	}
	if (!policy_isnumber(name)) {
		if (r->ident_is_group)
			return (lookup_group(name, &r->ident_gid));
		return (lookup_user(name, &r->ident_uid, &gid));
	}
	/* parse.y has seen to it that the number is one. */
	if (r->ident_is_group)
		r->ident_gid = (gid_t)strtoul(name, NULL, 10);
	else
		r->ident_uid = (uid_t)strtoul(name, NULL, 10);
	return (1);
}

/* As the lookups; *what is what was looked for. */
static int
resolve_rule(struct rule *r, const char **what)
{
	int found;

	*what = r->ident;
	if ((found = resolve_ident(r)) != 1)
		return (found);
	*what = r->user;
	if ((found = lookup_user(r->user, &r->uid, &r->gid)) != 1)
		return (found);
	*what = r->group;
	if (r->group != NULL)
		return (lookup_group(r->group, &r->gid));
	return (1);
}

int
policy_resolve(struct policy *p, const char *name)
{
	struct rule *r;
	const char *what;

	TAILQ_FOREACH (r, &p->rules, entry) {
		if (r->resolved)
			continue;
		switch (resolve_rule(r, &what)) {
		case -1:
			log_warn("%s:%d: cannot look up \"%s\"", name, r->line,
			    what);
			return (-1);
		case 0:
			log_warnx("%s:%d: there is no \"%s\": this rule is"
				  " without effect",
			    name, r->line, what);
			break;
		default:
			r->resolved = 1;
			break;
		}
	}
	return (0);
}

int
policy_identity(const struct rule *r, const struct starter *s)
{
	int i;

	if (!r->resolved)
		return (0);
	if (!r->ident_is_group)
		return (r->ident_uid == s->uid);
	if (r->ident_gid == s->gid)
		return (1);
	for (i = 0; i < s->ngroups; i++)
		if (r->ident_gid == s->groups[i])
			return (1);
	return (0);
}

/*
 * Is that the user asked for? By name, since two users may share an id and
 * not the rest of their passwd entry.
 */
static int
match_user(const struct rule *r, const char *user)
{
	size_t len = strcspn(user, ":");

	if (strncmp(r->user, user, len) != 0 || r->user[len] != '\0')
		return (0);
	if (user[len] == '\0' || r->action == RULE_DENY)
		return (1);
	return (r->group != NULL && strcmp(r->group, user + len + 1) == 0);
}

static int
match_command(const struct rule *r, const struct command *c)
{
	const char *arg;
	uint32_t i;

	if (r->cmd == NULL)
		return (1);
	if (c == NULL || c->argv.count == 0)
		return (0);
	/* A shell, and not only that, does as its argv[0] says. */
	arg = c->argv.base;
	if (strcmp(r->cmd, c->path) != 0 || strcmp(r->cmd, arg) != 0)
		return (0);
	if (r->args == NULL)
		return (1);
	for (i = 1; i < c->argv.count; i++) {
		arg = strvec_next(arg);
		if (r->args[i - 1] == NULL || strcmp(r->args[i - 1], arg) != 0)
			return (0);
	}
	return (r->args[i - 1] == NULL);
}

/*
 * What was permitted by one name of a user is denied by any other name of
 * the same id, too.
 */
static int
match_rule(const struct rule *r, const struct rule *before, const char *user,
    const struct command *c)
{
	if (r->action == RULE_DENY)
		return (match_user(r, user) ||
			(before != NULL && before->uid == r->uid));
	return (match_user(r, user) && match_command(r, c));
}

struct rule *
policy_match(const struct policy *p, const struct starter *s, const char *user,
    const struct command *c)
{
	struct rule *r, *last = NULL;

	TAILQ_FOREACH (r, &p->rules, entry)
		if (policy_identity(r, s) && match_rule(r, last, user, c))
			last = r;
	return (last);
}

int
policy_concerns(const struct policy *p, const struct starter *s)
{
	const struct rule *r;

	TAILQ_FOREACH (r, &p->rules, entry)
		if (r->line > 0 && policy_identity(r, s))
			return (1);
	return (0);
}
