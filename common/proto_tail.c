/*
 * The strings behind a message: see proto_tail.h.
 */

#include <string.h>

#include "proto_tail.h"

void
tail_put(struct tail *t, struct msg_str *m, const char *s)
{
	size_t len = strlen(s);

	m->off = t->off;
	m->len = (uint32_t)len;
	memcpy(t->out + t->off, s, len + 1);
	t->off += m->len + 1;
}

void
tail_putvec(struct tail *t, struct msg_vec *m, const struct strvec *v)
{
	m->off = t->off;
	m->len = v->len;
	m->count = v->count;
	if (v->len > 0)
		memcpy(t->out + t->off, v->base, v->len);
	t->off += v->len;
}

/* A string of at most max bytes with its NUL, exactly at the cursor. */
int
tail_get(struct tail *t, const struct msg_str *m, uint32_t max, const char **s)
{
	uint32_t left = t->size - t->off;

	if (m->off != t->off || m->len >= max || m->len >= left)
		return (-1);
	if (memchr(t->in + t->off, '\0', m->len + 1) != t->in + t->off + m->len)
		return (-1);
	*s = t->in + t->off;
	t->off += m->len + 1;
	return (0);
}

int
tail_getvec(struct tail *t, const struct msg_vec *m, struct strvec *v)
{
	uint32_t i, count = 0;

	if (m->off != t->off || m->len > t->size - t->off)
		return (-1);
	v->base = t->in + t->off;
	v->len = m->len;
	for (i = 0; i < m->len; i++)
		if (v->base[i] == '\0')
			count++;
	if (count != m->count)
		return (-1);
	if (m->len > 0 && v->base[m->len - 1] != '\0')
		return (-1);
	v->count = count;
	t->off += m->len;
	return (0);
}

/* The one text behind a message of size bytes; the message's length. */
size_t
text_put(void *buf, size_t size, struct msg_str *m, const char *s)
{
	char text[MSG_TEXT_MAX];
	struct tail t = { 0 };

	(void)strlcpy(text, s, sizeof(text));
	t.out = (char *)buf + size;
	tail_put(&t, m, text);
	return (size + t.off);
}

/* The one text behind a message of size bytes: all that is there. */
int
text_get(
    const struct msg *msg, size_t size, const struct msg_str *m, const char **s)
{
	struct tail t = { 0 };

	t.in = (const char *)msg->data + size;
	t.size = (uint32_t)(msg->len - size);
	if (tail_get(&t, m, MSG_TEXT_MAX, s) == -1 || t.off != t.size)
		return (-1);
	return (0);
}
