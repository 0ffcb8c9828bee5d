/*
 * Erlang terms as text, for cases: written as one would type them, but that
 * "text" is a binary; and read the same way.
 */

#ifndef TERM_UTIL_H
#define TERM_UTIL_H

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "etf_read.h"
#include "etf_write.h"

static const char *term_put(struct etf_writer *, const char *);

/* The elements up to the closing bracket: how many, and where that is. */
static const char *
term_put_many(struct etf_writer *w, const char *s, uint32_t *n)
{
	*n = 0;
	while (*s != ']' && *s != '}') {
		s = term_put(w, s);
		(*n)++;
		while (*s == ',' || *s == ' ')
			s++;
	}
	return (s + 1);
}

static const char *
term_put(struct etf_writer *w, const char *s)
{
	static uint8_t spare[1 << 16];
	struct etf_writer none;
	char name[256];
	const char *end;
	uint32_t n;

	if (*s == '"') {
		end = strchr(s + 1, '"');
		etf_put_binary(w, s + 1, (size_t)(end - s - 1));
		return (end + 1);
	}
	if (*s == '{' || *s == '[') {
		etf_writer_init(&none, spare, sizeof(spare));
		(void)term_put_many(&none, s + 1, &n);
		if (*s == '{')
			etf_put_tuple(w, n);
		else
			etf_put_list(w, n);
		end = term_put_many(w, s + 1, &n);
		if (*s == '[' && n > 0)
			etf_put_nil(w);
		return (end);
	}
	if (isdigit((unsigned char)*s) || *s == '-') {
		etf_put_int(w, strtoll(s, (char **)(uintptr_t)&end, 10));
		return (end);
	}
	for (n = 0; isalnum((unsigned char)s[n]) || s[n] == '_'; n++)
		name[n] = s[n];
	name[n] = '\0';
	etf_put_atom(w, name);
	return (s + n);
}

static void
term_show(struct etf *e, FILE *f)
{
	const uint8_t *bytes;
	char text[1024];
	int64_t number;
	size_t len;
	uint32_t i, n;

	if (etf_get_int(e, &number) == 0)
		fprintf(f, "%lld", (long long)number);
	else if (etf_get_atom(e, text, sizeof(text)) == 0)
		fprintf(f, "%s", text);
	else if (etf_get_binary(e, &bytes, &len) == 0)
		fprintf(f, "\"%.*s\"", (int)len, (const char *)bytes);
	else if (etf_get_tuple(e, &n) == 0) {
		fputc('{', f);
		for (i = 0; i < n; i++) {
			if (i > 0)
				fputc(',', f);
			term_show(e, f);
		}
		fputc('}', f);
	} else if (etf_get_list(e, &n) == 0) {
		fputc('[', f);
		for (i = 0; i < n; i++) {
			if (i > 0)
				fputc(',', f);
			term_show(e, f);
		}
		if (n > 0)
			(void)etf_get_nil(e);
		fputc(']', f);
	} else {
		(void)etf_skip(e);
		fputc('?', f);
	}
}

/* A term with its version byte, as text that lives until the next is. */
static const char *
term_text(const void *data, size_t len)
{
	static char *text;
	struct etf e;
	size_t size;
	FILE *f;

	free(text);
	f = open_memstream(&text, &size);
	if (etf_check(data, len) == -1 || etf_open(&e, data, len) == -1)
		fprintf(f, "no term");
	else
		term_show(&e, f);
	fclose(f);
	return (text);
}

#endif
