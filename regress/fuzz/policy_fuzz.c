/*
 * proctor.conf, from its text to what it decides of the people in people.c.
 */

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "policy/policy.h"

#define NAME "fuzz.conf"

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
	(void)policy_match(p, &bob_asks, "bob", NULL);
	(void)policy_match(p, &bob_asks, "bob", &none);
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
