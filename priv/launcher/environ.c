/*
 * A child's environment: that of the node, or an empty one, changed as the
 * run says. Only pointers are made; the strings stay where they are.
 */

#include <stdlib.h>
#include <string.h>

#include "policy/runas.h"
#include "proto.h"

#include "launcher/environ.h"

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
		for (; i + 1 < n && v[i].keylen == v[i + 1].keylen &&
		       memcmp(v[i].text, v[i + 1].text, v[i].keylen) == 0;
		     i++)
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
