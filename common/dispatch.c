/*
 * The table check. Everything that any of the processes is sent by another
 * passes dispatch_check() before a handler sees it.
 */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "compat/imsg_send.h"
#include "dispatch.h"
#include "log.h"

static int wrong(char *, const struct channel *, const char *, ...)
    __attribute__((__format__(printf, 3, 4)));

/* -1, having said what was sent. */
static int
wrong(char *why, const struct channel *c, const char *fmt, ...)
{
	va_list ap;
	int n;

	n = snprintf(why, DISPATCH_WHY, "%s sent ", c->peer);
	if (n > 0 && n < DISPATCH_WHY) {
		va_start(ap, fmt);
		(void)vsnprintf(why + n, (size_t)(DISPATCH_WHY - n), fmt, ap);
		va_end(ap);
	}
	return (-1);
}

/* Its row in the table; NULL, having said so: it cannot be. */
static const struct dispatch *
dispatch_check(
    const struct channel *c, const struct msg *m, unsigned int state, char *why)
{
	const struct msg_type *t = proto_type(m->type);
	const struct dispatch *row = NULL;
	size_t i;

	for (i = 0; i < c->rows && row == NULL; i++)
		if (c->table[i].type == m->type)
			row = &c->table[i];
	if (row == NULL || t == NULL)
		(void)wrong(why, c, "message type %u", m->type);
	else if (m->len < t->min || m->len > t->max)
		(void)wrong(why, c, "%s of %zu bytes", t->name, m->len);
	else if (m->fd != -1 && !t->passes_fd)
		(void)wrong(why, c, "%s with a descriptor", t->name);
	else if (!(row->states & state))
		(void)wrong(why, c, "%s out of turn", t->name);
	else if (m->data == NULL)
		(void)wrong(why, c, "an empty %s", t->name);
	else
		return (row);
	return (NULL);
}

int
channel_try(struct channel *c, unsigned int state, char *why)
{
	const struct dispatch *row;
	struct imsg imsg;
	struct ibuf body;
	struct msg m;
	int n, r = 1;

	if (!c->open)
		return (0);
	if ((n = imsgbuf_get(&c->ibuf, &imsg)) == -1) {
		(void)snprintf(why, DISPATCH_WHY, "message from %s: %s",
		    c->peer, strerror(errno));
		return (-1);
	}
	if (imsgbuf_unasked(&c->ibuf)) {
		(void)imsg_get_fd(&imsg);
		imsg_free(&imsg);
		return (wrong(why, c, "a descriptor with nothing"));
	}
	if (n == 0)
		return (0);
	m.type = imsg_get_type(&imsg);
	m.fd = imsg_get_fd(&imsg);
	m.arg = c->arg;
	m.len = imsg_get_len(&imsg);
	m.data = m.len == 0 || imsg_get_ibuf(&imsg, &body) == -1
		     ? NULL
		     : ibuf_data(&body);
	if ((row = dispatch_check(c, &m, state, why)) == NULL)
		r = -1;
	else if (proto_unpack(&m) == -1 || row->handler(&m) == -1)
		r = wrong(why, c, "a broken %s", proto_type(m.type)->name);
	imsg_free(&imsg);
	return (r);
}

int
channel_dispatch(struct channel *c, unsigned int state)
{
	char why[DISPATCH_WHY];
	int n;

	if ((n = channel_try(c, state, why)) == -1)
		fatalx("%s", why);
	return (n);
}
