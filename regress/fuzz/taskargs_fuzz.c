/*
 * The arguments of a task's call, for each row: the first byte says which, the
 * others are the term, without its version byte. What was read is written
 * again where a row's letter says how.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "task/call.h"
#include "task/constant.h"
#include "task/cstruct.h"

#define ROOM (4U << 20)

static uint8_t room[ROOM];

void
fuzz_begin(void)
{
}

/* All of a text is read, so that the sanitizers see where it ends. */
static void
read_again(const struct arg *a, char letter)
{
	struct etf_writer w;
	size_t i;

	etf_writer_init(&w, room, sizeof(room));
	if (!a->given)
		return;
	if ((letter == 'p' || letter == 't') && strlen(a->text) != a->len)
		fuzz_wrong("a text with a NUL in it");
	if (letter == 'v') {
		for (i = 0; i < a->len; i++)
			etf_put_string(&w, a->texts[i]);
		if (a->texts[i] != NULL)
			fuzz_wrong("a list of texts without its end");
	}
	if (letter == 's')
		cstruct_write(&w, a);
	if (letter == 'b')
		etf_put_binary(&w, a->bytes, a->len);
	if (letter == 'n' && a->number < 0)
		fuzz_wrong("a negative number");
}

void
fuzz_one(const uint8_t *data, size_t len)
{
	const char *letters;
	uint8_t *term;
	struct call c;
	size_t i;

	if (len < 2 || data[0] >= call_rows_count)
		return;
	if ((term = malloc(len)) == NULL)
		abort();
	memcpy(term, data, len);
	term[0] = ETF_VERSION;
	memset(&c, 0, sizeof(c));
	c.row = &call_rows[data[0]];
	if (etf_check(term, len) == 0 && args_read(&c, term, len) == 0) {
		letters = c.row->args;
		for (i = 0; i < c.nargs; i++) {
			letters += strspn(letters, " ?");
			if (letters[0] == 'o' && letters[1] == ':')
				letters += 2;
			read_again(&c.a[i], *letters);
			letters += strcspn(letters, " ");
		}
	}
	call_free(&c);
	if (c.memory != NULL)
		fuzz_wrong("memory of a call that is over");
	free(term);
}
