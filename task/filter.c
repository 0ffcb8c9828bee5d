/*
 * Sets of calls, a bit each that is denied.
 */

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "calls.h"
#include "filter.h"
#include "log.h"
#include "seal.h"

struct filter filter;
static int is_set; /* by the command line */

int
filter_denies(unsigned int number)
{
	return (number < CALLS_MAX && set_denies(&filter.own, number));
}

void
filter_born(void)
{
	filter.own = filter.children;
}

int
filter_only(const char *names)
{
	struct call_set set;

	if (set_only(&set, names) == -1)
		return (-1);
	set_narrow(&filter.own, &set);
	set_narrow(&filter.children, &set);
	is_set = 1;
	return (0);
}

/* Does it leave a call that makes a program of the task? */
static int
leaves_exec(const struct call_set *s)
{
	unsigned int i;

	for (i = 0; i < call_rows_count; i++)
		if ((call_rows[i].marks & CALL_LEAVES) != 0 &&
		    strcmp(call_rows[i].name, "exit") != 0 && !set_denies(s, i))
			return (1);
	return (0);
}

/*
 * A program under a seal could do nothing; and what a program may is not for a
 * set of calls to say.
 */
void
filter_begin(void)
{
	if (!is_set || leaves_exec(&filter.own))
		return;
	if (seal(&filter.own, 0) == 0)
		filter.sealed = 1;
	else if (errno == ENOSYS)
		log_warnx("this system does not keep what -calls says");
	else
		fatal("the calls of -calls");
}

/* A list of names: 0, or -1 if one is none. */
static int
read_names(struct etf *term, struct call_set *s)
{
	char name[64];
	uint32_t i, n;
	int number;

	if (etf_get_list(term, &n) == -1)
		return (-1);
	for (i = 0; i < n; i++) {
		if (etf_get_atom(term, name, sizeof(name)) == -1 ||
		    (number = call_number(name)) == -1)
			return (-1);
		set_deny(s, (unsigned int)number);
	}
	return (n > 0 ? etf_get_nil(term) : 0);
}

/* Names, {deny, Names}, {allow, Names}; [] denies nothing. 0 or -1. */
static int
read_set(struct etf *term, struct call_set *s)
{
	char what[8];
	uint32_t n;

	memset(s, 0, sizeof(*s));
	if (etf_get_tuple(term, &n) == -1)
		return (read_names(term, s));
	if (n != 2 || etf_get_atom(term, what, sizeof(what)) == -1 ||
	    read_names(term, s) == -1)
		return (-1);
	if (strcmp(what, "allow") == 0)
		set_invert(s);
	else if (strcmp(what, "deny") != 0)
		return (-1);
	return (0);
}

/* seal, or a list of options that may have it: 1 or 0; -1 if it is neither. */
static int
read_seal(struct etf *term)
{
	char word[8];
	uint32_t i, n = 0;
	int found = 0;

	if (etf_get_atom(term, word, sizeof(word)) == 0)
		return (strcasecmp(word, "seal") == 0 ? 1 : -1);
	if (etf_get_list(term, &n) == -1)
		return (-1);
	for (i = 0; i < n; i++, found = 1)
		if (etf_get_atom(term, word, sizeof(word)) == -1 ||
		    strcasecmp(word, "seal") != 0)
			return (-1);
	return (n > 0 && etf_get_nil(term) == -1 ? -1 : found);
}

/* All is read before anything counts, and what cannot be sealed is not set. */
static int
call_filter(struct call *c)
{
	struct call_set own, children;
	struct filter next = filter;
	int sealed = 0;

	if (read_set(&c->a[0].term, &own) == -1)
		return (call_wrong(c, 1, EINVAL));
	memset(&children, 0, sizeof(children));
	if (c->a[1].given && read_set(&c->a[1].term, &children) == -1)
		return (call_wrong(c, 2, EINVAL));
	if (c->a[2].given && (sealed = read_seal(&c->a[2].term)) == -1)
		return (call_wrong(c, 3, EINVAL));
	set_narrow(&next.own, &own);
	set_narrow(&next.children, &children);
	if (sealed) {
		/* What is sealed is so for all that it makes. */
		set_narrow(&next.children, &next.own);
		if (seal(&next.own, filter.sealed) == -1)
			return (-1);
		next.sealed = 1;
	}
	filter = next;
	return (0);
}

static void
put_names(struct etf_writer *w, const struct call_set *s)
{
	uint32_t n = 0;
	unsigned int i;

	for (i = 0; i < call_rows_count; i++)
		n += !set_denies(s, i);
	etf_put_list(w, n);
	for (i = 0; i < call_rows_count; i++)
		if (!set_denies(s, i))
			etf_put_atom(w, call_rows[i].name);
	if (n > 0)
		etf_put_nil(w);
}

/* What is left: {its own, its children's}. */
static int
call_filters(struct call *c)
{
	etf_put_tuple(c->out, 2);
	put_names(c->out, &filter.own);
	put_names(c->out, &filter.children);
	return (0);
}

const struct call_handler filter_handlers[] = {
	{ "filter", call_filter },
	{ "filters", call_filters },
	{ NULL, NULL },
};
