/*
 * What a rule makes of a run: the environment that it begins with, its limits,
 * and which descriptors it has. The starter's own are half of that, so what of
 * them reaches a rule that permits one program only is chosen here.
 */

#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "policy/ceiling.h"
#include "policy/environ_name.h"
#include "policy/policy.h"
#include "policy/runas.h"
#include "policy/shape.h"
#include "policy/userenv.h"

/*
 * A variable of setenv, as a change that a run can carry: "K=V" stays, "-K"
 * becomes "K", which takes it away; "K" and "K=$J" are what the starter has,
 * and taken away if it has nothing. NULL: as it is.
 */
static char *
shape_variable(const char *var, char *const *starter)
{
	size_t len = strcspn(var, "=");
	const char *value, *from = var;
	char *text;

	if (var[len] == '=' && var[len + 1] != '$')
		return (NULL);
	if (var[len] == '=')
		from = var + len + 2;
	if (*var != '-' && (value = userenv_get(starter, from)) != NULL &&
	    strncmp(value, "()", 2) != 0)
		return (userenv_var(var, len, value));
	text = *var == '-' ? strdup(var + 1) : strndup(var, len);
	if (text == NULL)
		fatal("setenv: a name");
	return (text);
}

/* Copies of those of the starter's that anybody's program may have. */
static char **
shape_harmless(char *const *starter)
{
	char **env;
	size_t i, n = 0;

	for (i = 0; starter[i] != NULL; i++)
		continue;
	if ((env = calloc(i + 1, sizeof(*env))) == NULL)
		fatal("keepenv");
	for (i = 0; starter[i] != NULL; i++)
		if (environ_harmless(starter[i]) &&
		    (env[n++] = strdup(starter[i])) == NULL)
			fatal("keepenv: a copy");
	return (env);
}

void
shape_rule(struct rule *r, char *const *starter)
{
	const struct passwd *pw;
	char **mine, **login, **v, *text;

	for (v = r->setenv; v != NULL && *v != NULL; v++) {
		if ((text = shape_variable(*v, starter)) == NULL)
			continue;
		freezero(*v, strlen(*v));
		*v = text;
	}
	if (r->cmd == NULL)
		return;
	/*
	 * What it begins with is a login's, also for the starter himself, as
	 * it is the rule that says what is run and how.
	 */
	if ((pw = getpwnam(r->user)) == NULL)
		fatalx("cmd: %s has no passwd entry", r->user);
	r->base = login = userenv_login(pw->pw_name, pw->pw_dir, pw->pw_shell);
	if (!r->keepenv)
		return;
	mine = shape_harmless(starter);
	r->base = userenv_join(login, mine);
	free(mine);
	free(login);
}

int
shape_takes(const struct rule *r, const char *var)
{
	return (r->cmd == NULL || (r->keepenv && environ_harmless(var)));
}

static size_t
shape_size(char *const *v)
{
	size_t len = 0;

	for (; v != NULL && *v != NULL; v++)
		len += strlen(*v) + 1;
	return (len);
}

static char *
shape_put(struct run *r, char *p, char *const *v)
{
	for (; v != NULL && *v != NULL; v++) {
		p = stpcpy(p, *v) + 1;
		r->env.count++;
	}
	return (p);
}

char *
shape_run(struct run *r, const struct rule *rule)
{
	size_t len =
	    shape_size(rule->base) + r->env.len + shape_size(rule->setenv);
	char *buf, *p;
	int i;

	/*
	 * A program with other rights than the node has descriptors 0 to 2
	 * open always: else the first file that it opens gets its messages.
	 */
	for (i = 0; i < 3 && (rule->cmd != NULL || rule->runas->other); i++)
		if (r->io[i].kind == IO_CLOSE)
			r->io[i].kind = IO_NULL;
	ceiling_lower(rule, r);
	if (len + r->args.len > RUN_STRINGS_MAX ||
	    (buf = malloc(len + 1)) == NULL)
		return (NULL);
	/* Around that of the run: what the rule sets stands last, and counts.
	 */
	p = shape_put(r, buf, rule->base);
	if (r->env.len > 0)
		memcpy(p, r->env.base, r->env.len);
	(void)shape_put(r, p + r->env.len, rule->setenv);
	r->env.base = buf;
	r->env.len = (uint32_t)len;
	if (rule->base != NULL)
		r->flags |= RUN_ENV_CLEAR;
	else if (rule->keepenv)
		r->flags |= RUN_KEEPENV;
	return (buf);
}
