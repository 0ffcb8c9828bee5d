#include <string.h>

#include "unpack.h"

/* Of this type; the message holds what the bytes mean. */
static int
unpack_as(struct msg *m, uint32_t type, const void *data, size_t len)
{
	memset(m, 0, sizeof(*m));
	m->type = type;
	m->fd = -1;
	m->data = data;
	m->len = len;
	return (proto_unpack(m));
}

int
proto_unpack_run(const void *data, size_t len, struct run *r)
{
	struct msg m;

	if (unpack_as(&m, IMSG_RUN, data, len) == -1)
		return (-1);
	*r = m.run;
	return (0);
}

int
proto_unpack_reply(const void *data, size_t len, struct reply *r)
{
	struct msg m;

	if (unpack_as(&m, IMSG_REPLY, data, len) == -1)
		return (-1);
	*r = m.reply;
	return (0);
}

int
proto_unpack_launched(const void *data, size_t len, struct launched *l)
{
	struct msg m;

	if (unpack_as(&m, IMSG_LAUNCHED, data, len) == -1)
		return (-1);
	*l = m.launched;
	return (0);
}

int
proto_unpack_child(const void *data, size_t len, struct msg_child *c)
{
	struct msg m;

	if (unpack_as(&m, IMSG_CHILD, data, len) == -1)
		return (-1);
	*c = m.child;
	return (0);
}

int
proto_unpack_stream(const void *data, size_t len, struct msg_stream *s)
{
	struct msg m;

	if (unpack_as(&m, IMSG_STREAM, data, len) == -1)
		return (-1);
	*s = m.stream;
	return (0);
}

int
proto_unpack_note(const void *data, size_t len, struct msg_note *n)
{
	struct msg m;

	if (unpack_as(&m, IMSG_DRAINED, data, len) == -1)
		return (-1);
	*n = m.note;
	return (0);
}

int
proto_unpack_request(const void *data, size_t len, struct msg_request *r)
{
	struct msg m;

	if (unpack_as(&m, IMSG_STOP, data, len) == -1)
		return (-1);
	*r = m.request;
	return (0);
}

int
proto_unpack_winsz(const void *data, size_t len, struct msg_winsz *w)
{
	struct msg m;

	if (unpack_as(&m, IMSG_WINSZ, data, len) == -1)
		return (-1);
	*w = m.winsz;
	return (0);
}

int
proto_unpack_exit(const void *data, size_t len, struct msg_exit *e)
{
	struct msg m;

	if (unpack_as(&m, IMSG_EXIT, data, len) == -1)
		return (-1);
	*e = m.exit;
	return (0);
}

int
proto_unpack_ack(const void *data, size_t len, struct msg_ack *a)
{
	struct msg m;

	if (unpack_as(&m, IMSG_ACK, data, len) == -1)
		return (-1);
	*a = m.ack;
	return (0);
}

int
proto_unpack_stdin(const void *data, size_t len, struct msg_stdin *s,
    const uint8_t **bytes, size_t *n)
{
	struct msg m;

	if (unpack_as(&m, IMSG_STDIN, data, len) == -1)
		return (-1);
	s->pid = m.input.pid;
	s->pad = 0;
	*bytes = m.input.bytes;
	*n = m.input.len;
	return (0);
}

int
proto_unpack_pids(
    const void *data, size_t len, struct msg_pids *p, const uint8_t **pids)
{
	struct msg m;

	if (unpack_as(&m, IMSG_PIDS, data, len) == -1)
		return (-1);
	*p = m.pids.m;
	*pids = m.pids.pids;
	return (0);
}

int
proto_unpack_ptyopts(
    const void *data, size_t len, struct msg_ptyopts *p, struct msg_mode *modes)
{
	struct msg m;

	if (unpack_as(&m, IMSG_PTYOPTS, data, len) == -1)
		return (-1);
	*p = m.ptyopts.m;
	memcpy(modes, m.ptyopts.modes, p->count * sizeof(*modes));
	return (0);
}

int
proto_unpack_hello(
    const void *data, size_t len, struct msg_hello *h, struct strvec *users)
{
	struct msg m;

	if (unpack_as(&m, IMSG_HELLO_REPLY, data, len) == -1)
		return (-1);
	*h = m.hello.m;
	*users = m.hello.users;
	return (0);
}

int
proto_unpack_down(const void *data, size_t len, const char **user)
{
	struct msg m;

	if (unpack_as(&m, IMSG_DOWN, data, len) == -1)
		return (-1);
	*user = m.down.user;
	return (0);
}
