/*
 * Terms as text, for tests of the calls of tasks.
 */

#include <stdarg.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <ctype.h>

#include "etf_read.h"
#include "etf_write.h"
#include "task_util.h"

#define TERM_MAX (2 << 20)

static void put_term(struct etf_writer *, const char **);

static void
skip_blanks(const char **s)
{
	while (**s == ' ' || **s == ',' || **s == '\n')
		(*s)++;
}

/* Up to the quote. */
static size_t
take_quoted(const char **s, char *buf)
{
	size_t n = 0;

	for ((*s)++; **s != '"'; (*s)++) {
		if (**s == '\0')
			abort();
		if (**s == '\\') {
			(*s)++;
			buf[n++] = **s == 'z' ? '\0' : **s;
		} else
			buf[n++] = **s;
	}
	(*s)++;
	return (n);
}

static uint32_t
count_terms(const char *s, char end)
{
	static uint8_t sink[TERM_MAX];
	struct etf_writer w;
	uint32_t n;

	for (n = 0; skip_blanks(&s), *s != end; n++) {
		etf_writer_init(&w, sink, sizeof(sink));
		put_term(&w, &s);
	}
	return (n);
}

static void
put_terms(struct etf_writer *w, const char **s, char end)
{
	for (; skip_blanks(s), **s != end;)
		put_term(w, s);
	(*s)++;
}

static void
put_word(struct etf_writer *w, const char **s)
{
	char word[256];
	size_t n;

	n = strcspn(*s, " ,]}\n");
	if (n == 0 || n >= sizeof(word))
		abort();
	memcpy(word, *s, n);
	word[n] = '\0';
	*s += n;
	if (isdigit((unsigned char)word[0]))
		etf_put_uint(w, strtoull(word, NULL, 10));
	else if (word[0] == '-')
		etf_put_int(w, strtoll(word, NULL, 10));
	else
		etf_put_atom(w, word);
}

static void
put_string(struct etf_writer *w, const char **s)
{
	char buf[1024];
	size_t n = take_quoted(s, buf);

	/* STRING_EXT, also of a NUL, which etf_put_string() cannot. */
	if (w->size - w->len < n + 3)
		abort();
	w->buf[w->len++] = 107;
	w->buf[w->len++] = (uint8_t)(n >> 8);
	w->buf[w->len++] = (uint8_t)n;
	memcpy(w->buf + w->len, buf, n);
	w->len += n;
}

static void
put_term(struct etf_writer *w, const char **s)
{
	char buf[1024];
	uint32_t n;

	skip_blanks(s);
	switch (**s) {
	case '{':
		(*s)++;
		etf_put_tuple(w, count_terms(*s, '}'));
		put_terms(w, s, '}');
		return;
	case '[':
		(*s)++;
		n = count_terms(*s, ']');
		etf_put_list(w, n);
		put_terms(w, s, ']');
		if (n > 0)
			etf_put_nil(w);
		return;
	case '#':
		*s += 2;
		etf_put_map(w, count_terms(*s, '}') / 2);
		put_terms(w, s, '}');
		return;
	case '<':
		(*s)++;
		n = (uint32_t)take_quoted(s, buf);
		etf_put_binary(w, buf, n);
		(*s)++;
		return;
	case '"':
		put_string(w, s);
		return;
	default:
		put_word(w, s);
	}
}

uint8_t *
term_of(const char *text, size_t *len)
{
	struct etf_writer w;
	uint8_t *buf;

	if ((buf = malloc(TERM_MAX)) == NULL)
		abort();
	etf_writer_init(&w, buf, TERM_MAX);
	etf_put_version(&w);
	put_term(&w, &text);
	if (w.full || *text != '\0')
		abort();
	*len = w.len;
	return (buf);
}

static char shown[1 << 16];
static size_t shown_len;

static void __attribute__((__format__(printf, 1, 2))) show(const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(shown + shown_len, sizeof(shown) - shown_len, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(shown) - shown_len)
		abort();
	shown_len += (size_t)n;
}

static void show_term(struct etf *);

static void
show_terms(struct etf *e, uint32_t n, const char *end)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		show("%s", i > 0 ? "," : "");
		show_term(e);
	}
	show("%s", end);
}

static void
show_bytes(const uint8_t *data, size_t len)
{
	size_t i;

	show("<\"");
	for (i = 0; i < len; i++)
		show(
		    data[i] >= ' ' && data[i] < 127 ? "%c" : "\\%02x", data[i]);
	show("\">");
}

static void
show_term(struct etf *e)
{
	char atom[ETF_ATOM_MAX];
	const uint8_t *data;
	uint64_t u;
	uint32_t n;
	int64_t i;
	size_t len;

	if (etf_get_int(e, &i) == 0)
		show("%lld", (long long)i);
	else if (etf_get_uint(e, &u) == 0)
		show("%llu", (unsigned long long)u);
	else if (etf_get_atom(e, atom, sizeof(atom)) == 0)
		show("%s", atom);
	else if (etf_get_binary(e, &data, &len) == 0)
		show_bytes(data, len);
	else if (etf_get_tuple(e, &n) == 0) {
		show("{");
		show_terms(e, n, "}");
	} else if (etf_get_map(e, &n) == 0) {
		show("#{");
		show_terms(e, 2 * n, "}");
	} else if (etf_get_list(e, &n) == 0) {
		show("[");
		show_terms(e, n, "]");
		if (n > 0 && etf_get_nil(e) == -1)
			abort();
	} else
		abort();
}

const char *
text_of(const uint8_t *term, size_t len)
{
	struct etf e = { term, len };

	shown_len = 0;
	show_term(&e);
	if (e.left != 0)
		abort();
	return (shown);
}
