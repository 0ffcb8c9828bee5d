/*
 * Reading the options of the call exec.
 */

#include <errno.h>
#include <string.h>

#include "execopts.h"

#define NAME_MAX_LEN 16
#define TEXT_MAX_LEN 4096

static int
read_text(struct call *c, struct etf *term, const char **text)
{
	char *buf = call_alloc(c, TEXT_MAX_LEN);

	if (buf == NULL || etf_get_text(term, buf, TEXT_MAX_LEN, NULL) == -1 ||
	    *buf == '\0')
		return (-1);
	*text = buf;
	return (0);
}

/* One of these, as its number; -1 if it is none. */
static int
read_word(struct etf *term, const char *const *words)
{
	char name[NAME_MAX_LEN];
	int i;

	if (etf_get_atom(term, name, sizeof(name)) == -1)
		return (-1);
	for (i = 0; words[i] != NULL; i++)
		if (strcmp(name, words[i]) == 0)
			return (i);
	return (-1);
}

static int
read_bool(struct etf *term, int *value)
{
	static const char *const words[] = { "false", "true", NULL };

	return ((*value = read_word(term, words)) == -1 ? -1 : 0);
}

static int
read_stream(struct call *c, struct etf *term, struct program *p, int i)
{
	static const char *const words[] = { "pipe", "null", "close", "file",
		"append", "stdout", NULL };
	uint32_t n;
	int tuple = etf_get_tuple(term, &n) == 0, to = read_word(term, words);

	if (tuple != (to == TO_FILE || to == TO_APPEND) || to == -1 ||
	    (to == TO_STDOUT && i != 2) || (to == TO_APPEND && i == 0))
		return (-1);
	p->io.io[i].to = (enum execio_to)to;
	if (!tuple)
		return (0);
	return (n == 2 ? read_text(c, term, &p->io.io[i].path) : -1);
}

static int
read_side(struct etf *term, uint16_t *side)
{
	int64_t n;

	if (etf_get_int(term, &n) == -1 || n < 1 || n > UINT16_MAX)
		return (-1);
	*side = (uint16_t)n;
	return (0);
}

static int
read_pty(struct etf *term, struct execio *io)
{
	uint32_t n;

	if (etf_get_tuple(term, &n) == -1)
		return (read_bool(term, &io->pty));
	io->pty = 1;
	if (n != 2 || read_side(term, &io->rows) == -1)
		return (-1);
	return (read_side(term, &io->columns));
}

static int
read_value(struct call *c, int key, struct etf *term, struct program *p)
{
	static const char *const words[] = { "default", "keep", NULL };

	switch (key) {
	case 0:
	case 1:
	case 2:
		return (read_stream(c, term, p, key));
	case 3:
		return (read_pty(term, &p->io));
	case 4:
		return (read_text(c, term, &p->cd));
	case 5:
		return (read_text(c, term, &p->arg0));
	case 6:
		p->keep_signals = read_word(term, words);
		return (p->keep_signals == -1 ? -1 : 0);
	default:
		return (read_bool(term, &p->search));
	}
}

static int
read_key(struct etf *term)
{
	static const char *const words[] = { "stdin", "stdout", "stderr", "pty",
		"cd", "arg0", "signals", "search", NULL };

	return (read_word(term, words));
}

/* {Key, Value}, or Key of what can be true. */
static int
read_pair(struct call *c, struct etf *term, struct program *p)
{
	uint32_t n;
	int key, pair = etf_get_tuple(term, &n) == 0;

	if ((pair && n != 2) || (key = read_key(term)) == -1)
		return (-1);
	if (pair)
		return (read_value(c, key, term, p));
	if (key == 3)
		p->io.pty = 1;
	else if (key == 7)
		p->search = 1;
	else
		return (-1);
	return (0);
}

int
execopts_read(struct call *c, struct etf *term, struct program *p)
{
	uint32_t i, n;
	int key;

	if (etf_get_map(term, &n) == 0) {
		for (i = 0; i < n; i++)
			if ((key = read_key(term)) == -1 ||
			    read_value(c, key, term, p) == -1)
				return (-1);
		return (0);
	}
	if (etf_get_list(term, &n) == -1)
		return (-1);
	for (i = 0; i < n; i++)
		if (read_pair(c, term, p) == -1)
			return (-1);
	return (n > 0 ? etf_get_nil(term) : 0);
}
