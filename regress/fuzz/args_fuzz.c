/*
 * The command line of a start. Whoever runs a set-user-ID program writes it:
 * an input is its words, with a NUL behind each. What is read has to be what a
 * start may ask for, and what does not return says the usage or what it was
 * asked.
 */

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "log.h"

#define WORDS 64

static jmp_buf over;
static int ended_with;

static void ended(int) __attribute__((__noreturn__));

static void
ended(int n)
{
	ended_with = n;
	longjmp(over, 1);
}

static int
silent(const void *to, ...)
{
	(void)to;
	return (0);
}

/* It ends here, and nobody reads what it says. */
#undef fprintf
#undef printf
#define exit ended
#define fprintf silent
#define printf silent
#include "../../priv/start/args.c"
#undef exit

static char *words[WORDS + 2];
static int count;

void
fuzz_begin(void)
{
}

static int
is_word(const char *text)
{
	int i;

	for (i = 1; i < count; i++)
		if (words[i] == text)
			return (1);
	return (text == NULL);
}

static int
has_word(const char *text)
{
	int i;

	for (i = 1; i < count; i++)
		if (strcmp(words[i], text) == 0)
			return (1);
	return (0);
}

static void
check(const struct args *a)
{
	if (a->packet != 2 && a->packet != 4)
		fuzz_wrong("no length of a length");
	if (!(a->port_in == 0 && a->port_out == 1) &&
	    !(a->port_in == 3 && a->port_out == 4))
		fuzz_wrong("a port that nobody has given");
	if (a->debug < 0 || a->debug > LOG_LEVEL_MAX || a->alarm < 0 ||
	    a->alarm > ALARM_MAX * 1000 || a->stdin_limit < 0 ||
	    a->stdin_limit > STDIN_LIMIT_MAX || a->linger > RUN_LINGER_MAX)
		fuzz_wrong("a number that may not be");
	if (!is_word(a->cgroup) || !is_word(a->user) ||
	    !is_word(a->limit_users))
		fuzz_wrong("a word that was not said");
}

static void
check_end(void)
{
	int asked =
	    has_word("-h") || has_word("--version") || has_word("--whoami");

	if (ended_with == EXIT_USAGE || (asked && ended_with == EXIT_CLEAN) ||
	    (asked && ended_with == EXIT_NOUSER))
		return;
	fuzz_wrong("an end that nobody has asked for");
}

void
fuzz_one(const uint8_t *data, size_t len)
{
	static char name[] = "proctor";
	char *text, *p;
	struct args a;

	if ((text = malloc(len + 1)) == NULL)
		abort();
	memcpy(text, data, len);
	text[len] = '\0';
	words[0] = name;
	count = 1;
	for (p = text; p < text + len && count <= WORDS; p += strlen(p) + 1)
		words[count++] = p;
	words[count] = NULL;
	if (setjmp(over) == 0) {
		args_parse(&a, count, words);
		check(&a);
	} else
		check_end();
	free(text);
}
