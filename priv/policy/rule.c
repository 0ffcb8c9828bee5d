/*
 * The policy's rules: how they are made, kept, and complained of. Nothing is
 * decided here.
 */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "policy/policy.h"

void
policy_init(struct policy *p)
{
	memset(p, 0, sizeof(*p));
	TAILQ_INIT(&p->rules);
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
rule_free_text(char *text)
{
	if (text != NULL)
		freezero(text, strlen(text));
}

static void
rule_free_list(char **list)
{
	size_t i;

	for (i = 0; list != NULL && list[i] != NULL; i++)
		rule_free_text(list[i]);
	free(list);
}

void
rule_free(struct rule *r)
{
	if (r == NULL)
		return;
	rule_free_text(r->ident);
	rule_free_text(r->user);
	rule_free_text(r->group);
	rule_free_text(r->cmd);
	rule_free_list(r->groups);
	freezero(r->gids.list, (size_t)r->gids.n * sizeof(*r->gids.list));
	rule_free_list(r->setenv);
	rule_free_list(r->args);
	rule_free_list(r->base);
	freezero(r, sizeof(*r));
}

void
policy_free(struct policy *p)
{
	struct rule *r;

	while ((r = TAILQ_FIRST(&p->rules)) != NULL) {
		TAILQ_REMOVE(&p->rules, r, entry);
		rule_free(r);
	}
	rule_free_text(p->place);
	p->place = NULL;
	p->count = 0;
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
		log_warnx("%s:%d: %s: root can be told more by proctor-check",
		    name, line, error ? "an error" : "without effect");
	else
		log_warnx("%s:%d: %s", name, line, n < 0 ? "error" : text);
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
