/*
 * A child's environment: that of the node, or an empty one, changed as the
 * run says. Only pointers are made; the strings stay where they are. Which
 * of it somebody else's program may have is said by environ_name.c.
 */

#include <paths.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "priv.h"

struct var {
	char *text; /* "K=V", or "K" to take it away */
	size_t keylen;
	size_t pos;
};

static int
var_cmp(const void *a, const void *b)
{
	const struct var *x = a, *y = b;
	size_t n = x->keylen < y->keylen ? x->keylen : y->keylen;
	int d;

	if ((d = memcmp(x->text, y->text, n)) != 0)
		return (d);
	if (x->keylen != y->keylen)
		return (x->keylen < y->keylen ? -1 : 1);
	return (x->pos < y->pos ? -1 : 1);
}

static int
pos_cmp(const void *a, const void *b)
{
	const struct var *x = a, *y = b;

	return (x->pos < y->pos ? -1 : 1);
}

static void
var_set(struct var *v, const char *text, size_t pos)
{
	v->text = (char *)(uintptr_t)text;
	v->keylen = strcspn(text, "=");
	v->pos = pos;
}

static int
same_key(const struct var *a, const struct var *b)
{
	return (
	    a->keylen == b->keylen && memcmp(a->text, b->text, a->keylen) == 0);
}

/*
 * Of the variables of one name the last change counts, in the place where the
 * name first stood; without a change the first does, as for getenv(3). The
 * base is the first nbase. Returns how many are left.
 */
static size_t
vars_unique(struct var *v, size_t n, size_t nbase)
{
	size_t i, out = 0, first, pick;

	qsort(v, n, sizeof(*v), var_cmp);
	for (i = 0; i < n; i++) {
		first = pick = i;
		for (; i + 1 < n && same_key(&v[i], &v[i + 1]); i++)
			if (v[i + 1].pos >= nbase)
				pick = i + 1;
		if (v[pick].pos >= nbase && v[pick].text[v[pick].keylen] != '=')
			continue;
		v[out].text = v[pick].text;
		v[out].keylen = v[pick].keylen;
		v[out++].pos = v[first].pos;
	}
	qsort(v, out, sizeof(*v), pos_cmp);
	return (out);
}

/*
 * An array for execve, to be freed unless it is one of the base; NULL without
 * memory.
 */
char **
spawn_environ(const struct spawn_base *b, const struct run *r)
{
	char **base = r->flags & RUN_KEEPENV ? b->keepenv : b->environ;
	size_t i, n = 0, nbase, total = r->env.count;
	const char *p = r->env.base;
	struct var *v;
	char **envp;

	if (r->flags & RUN_ENV_CLEAR)
		base = NULL;
	else if (r->env.count == 0)
		return (base);
	for (i = 0; base != NULL && base[i] != NULL; i++)
		total++;
	v = calloc(total + 1, sizeof(*v));
	envp = calloc(total + 1, sizeof(*envp));
	if (v == NULL || envp == NULL) {
		free(v);
		free(envp);
		return (NULL);
	}
	for (i = 0; base != NULL && base[i] != NULL; i++, n++)
		var_set(&v[n], base[i], n);
	nbase = n;
	for (i = 0; i < r->env.count; i++, n++, p = strvec_next(p))
		var_set(&v[n], p, n);
	n = vars_unique(v, n, nbase);
	for (i = 0; i < n; i++)
		envp[i] = v[i].text;
	free(v);
	return (envp);
}

/* Wherever its strings are, there are none from here on. */
void
environ_wipe(char **env)
{
	char **e;

	for (e = env; *e != NULL; e++)
		explicit_bzero(*e, strlen(*e));
	*env = NULL;
}

/* As getenv(3) in an environment that is not ours. */
const char *
environ_get(char *const *env, const char *name)
{
	size_t len = strlen(name);

	for (; *env != NULL; env++)
		if (strncmp(*env, name, len) == 0 && (*env)[len] == '=')
			return (*env + len + 1);
	return (NULL);
}

static char *
variable(const char *name, const char *value)
{
	char *text;

	if (asprintf(&text, "%s=%s", name, value) == -1)
		fatal("environment");
	return (text);
}

/* What login gives a user. */
char **
environ_user(const char *name, const char *home, const char *shell)
{
	char **env;

	if ((env = calloc(6, sizeof(*env))) == NULL)
		fatal("environment");
	env[0] = variable("HOME", *home == '\0' ? "/" : home);
	env[1] = variable("USER", name);
	env[2] = variable("LOGNAME", name);
	env[3] = variable("SHELL", *shell == '\0' ? _PATH_BSHELL : shell);
	env[4] = variable("PATH", _PATH_STDPATH);
	return (env);
}

static int
has_name(char *const *env, const char *var)
{
	size_t len = strcspn(var, "=");

	for (; *env != NULL; env++)
		if (strncmp(*env, var, len) == 0 && (*env)[len] == '=')
			return (1);
	return (0);
}

/* Both, without a copy of their strings; what is in a is not taken from b. */
char **
environ_join(char *const *a, char *const *b)
{
	char *const *e;
	char **env;
	size_t n = 0;

	for (e = a; *e != NULL; e++)
		n++;
	for (e = b; *e != NULL; e++)
		n++;
	if ((env = calloc(n + 1, sizeof(*env))) == NULL)
		fatal("environment");
	n = 0;
	for (e = a; *e != NULL; e++)
		env[n++] = *e;
	for (e = b; *e != NULL; e++)
		if (!has_name(a, *e))
			env[n++] = *e;
	return (env);
}
