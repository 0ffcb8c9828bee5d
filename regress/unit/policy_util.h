/*
 * For tests of priv/policy: rules made without a file, commands, and the log
 * in a buffer. What is fatal is a failed assertion, which a test can expect.
 */

#ifndef POLICY_UTIL_H
#define POLICY_UTIL_H

#include <sys/types.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "log_util.h"
#include "policy/policy.h"

#define nitems(a) (sizeof(a) / sizeof((a)[0]))

#define RULES_MAX 5
#define WORDS_MAX 8

void
fatal(const char *fmt, ...)
{
	mock_assert(0, fmt, __FILE__, __LINE__);
	abort();
}

void
fatalx(const char *fmt, ...)
{
	mock_assert(0, fmt, __FILE__, __LINE__);
	abort();
}

/* Users by name, as getpwnam(3) would know them. */
static const struct {
	const char *name;
	uid_t uid;
	gid_t gid;
} people[] = {
	{ "root", 0, 0 },
	{ "toor", 0, 0 },
	{ "bob", 1000, 1000 },
	{ "alice", 1001, 1001 },
	{ "www", 33, 33 },
	{ "wwwx", 34, 33 },
};

/*
 * A rule. The identity is a uid, ":" and a gid, or NULL: it is unresolved.
 * Words are separated by '|'; NULL: none are said, "": there are none.
 */
struct rule_row {
	char action; /* '+', '-', or 0 behind the last one */
	const char *ident;
	const char *user;
	const char *group;
	const char *cmd;
	const char *args;
	const char *groups; /* of those below */
	int nice; /* 0: not said */
};

/* One of them; more of it behind the user, as .cmd = "/bin/true". */
#define PERMIT(i, u, ...)                                             \
	{                                                             \
		.action = '+', .ident = (i), .user = (u), __VA_ARGS__ \
	}
#define DENY(i, u)                                       \
	{                                                \
		.action = '-', .ident = (i), .user = (u) \
	}

/* What one of them is made of. */
struct rule_made {
	struct rule rule;
	char *words[WORDS_MAX], *groups[WORDS_MAX];
	char text[64], groups_text[64];
	gid_t gids[WORDS_MAX];
};

/* The groups of a list, by name; a number is one without. */
static inline gid_t
gid_of(const char *name)
{
	static const struct {
		const char *name;
		gid_t gid;
	} known[] = { { "adm", 4 }, { "mail", 8 }, { "audio", 29 } };
	size_t i;

	for (i = 0; i < nitems(known); i++)
		if (strcmp(known[i].name, name) == 0)
			return (known[i].gid);
	return ((gid_t)strtoul(name, NULL, 10));
}

/* Cut text into words. */
static inline char **
words_make(char **words, char *text, size_t size, const char *from)
{
	char *s = text;
	size_t n = 0;

	assert_true(strlcpy(text, from, size) < size);
	while (*from != '\0' && (words[n] = strsep(&s, "|")) != NULL)
		assert_true(++n < WORDS_MAX);
	words[n] = NULL;
	return (words);
}

static inline char *
unconst(const char *s)
{
	return ((char *)(uintptr_t)s);
}

static inline void
rule_make(struct rule_made *m, const struct rule_row *row, int line)
{
	struct rule *r = &m->rule;
	size_t i;

	memset(m, 0, sizeof(*m));
	r->action = row->action == '+' ? RULE_PERMIT : RULE_DENY;
	r->line = line;
	r->nice = row->nice != 0 ? row->nice : NICE_UNSET;
	r->user = unconst(row->user);
	r->group = unconst(row->group);
	r->cmd = unconst(row->cmd);
	r->resolved = row->ident != NULL;
	if (row->args != NULL)
		r->args =
		    words_make(m->words, m->text, sizeof(m->text), row->args);
	if (row->groups != NULL) {
		r->groups = words_make(m->groups, m->groups_text,
		    sizeof(m->groups_text), row->groups);
		r->gids.list = m->gids;
		while (r->groups[r->gids.n] != NULL) {
			m->gids[r->gids.n] = gid_of(r->groups[r->gids.n]);
			r->gids.n++;
		}
	}
	if (row->ident != NULL && *row->ident == ':') {
		r->ident_is_group = 1;
		r->ident_gid = (gid_t)atoi(row->ident + 1);
	} else if (row->ident != NULL)
		r->ident_uid = (uid_t)atoi(row->ident);
	for (i = 0; i < nitems(people); i++)
		if (strcmp(people[i].name, row->user) == 0) {
			r->uid = people[i].uid;
			r->gid = people[i].gid;
		}
}

/* A policy of those rows, on the lines 1, 2, ...; nothing is allocated. */
static inline void
policy_make(struct policy *p, struct rule_made made[RULES_MAX],
    const struct rule_row rows[RULES_MAX])
{
	int i;

	memset(p, 0, sizeof(*p));
	TAILQ_INIT(&p->rules);
	for (i = 0; i < RULES_MAX && rows[i].action != 0; i++) {
		rule_make(&made[i], &rows[i], i + 1);
		TAILQ_INSERT_TAIL(&p->rules, &made[i].rule, entry);
	}
}

/*
 * Words with '|' between them, in an allocation of their exact size, to be
 * freed: who reads behind them is caught by the sanitizers.
 */
static inline char *
strvec_make(struct strvec *v, const char *text)
{
	size_t i, len = strlen(text) + 1;
	char *p;

	p = malloc(len);
	assert_non_null(p);
	v->base = p;
	v->len = (uint32_t)len;
	v->count = 0;
	for (i = 0; i < len; i++) {
		p[i] = text[i] == '|' ? '\0' : text[i];
		v->count += p[i] == '\0';
	}
	return (p);
}

#endif
