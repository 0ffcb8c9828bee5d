/*
 * The policy's rules: reading their file, and resolving their names. The file
 * is believed if root alone can write it.
 */

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
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
	list_free(r->base);
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

void
policy_tell(struct policy *p, const char *name, int line, int error,
    const char *fmt, ...)
{
	char text[256];
	va_list ap;
	int n;

	if (error)
		p->errors++;
	else
		p->warnings++;
	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (p->terse)
		log_warnx("%s:%d: %s: root can be told more by proctor -C",
		    name, line, error ? "an error" : "without effect");
	else
		log_warnx("%s:%d: %s", name, line, n < 0 ? "error" : text);
}

/* An open file, or -1 with errno, which was logged unless it is ENOENT. */
static int
file_open(const char *path, struct stat *sb)
{
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
	if (fstat(fd, sb) == -1) {
		log_warn("%s: fstat", path);
		(void)close(fd);
		errno = EIO;
		return (-1);
	}
	if (!S_ISREG(sb->st_mode)) {
		log_warnx("%s: not a regular file", path);
		(void)close(fd);
		errno = EPERM;
		return (-1);
	}
	return (fd);
}

int
policy_open_draft(const char *path, const char **fault)
{
	struct stat sb;
	int fd;

	*fault = NULL;
	if ((fd = file_open(path, &sb)) == -1)
		return (-1);
	if (sb.st_uid != 0)
		*fault = "not owned by root";
	else if (sb.st_mode & (S_IWGRP | S_IWOTH))
		*fault = "writable by group or others";
	return (fd);
}

int
policy_open(const char *path)
{
	const char *fault;
	int fd;

	if ((fd = policy_open_draft(path, &fault)) == -1 || fault == NULL)
		return (fd);
	log_warnx("%s: %s", path, fault);
	(void)close(fd);
	errno = EPERM;
	return (-1);
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
	new.terse = p->terse;
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
		p->errors++;
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
	unsigned int before = p->errors;
	struct rule *r;
	const char *what;

	TAILQ_FOREACH (r, &p->rules, entry) {
		if (r->resolved)
			continue;
		switch (resolve_rule(r, &what)) {
		case -1:
			policy_tell(p, name, r->line, 1,
			    "cannot look up \"%s\": %s", what, strerror(errno));
			break;
		case 0:
			/* A deny that is misspelt must not become a permit. */
			policy_tell(p, name, r->line, r->action == RULE_DENY,
			    "there is no \"%s\": this rule is without effect",
			    what);
			break;
		default:
			r->resolved = 1;
			break;
		}
	}
	return (p->errors == before ? 0 : -1);
}
