/*
 * Replies to the node: see reply.h.
 */

#include <stdlib.h>
#include <string.h>

#include "log.h"

#include "monitor/channels.h"
#include "monitor/child.h"
#include "monitor/reply.h"

struct message {
	STAILQ_ENTRY(message) entry;
	uint32_t type;
	int fd;
	int64_t tid; /* IMSG_PIDS, which is made when it leaves */
	size_t len;
	uint8_t data[];
};

struct slot {
	TAILQ_ENTRY(slot) entry;
	STAILQ_HEAD(, message) messages;
	struct slot **holder;
	int closed; /* its answer is complete */
	/* Of the run that it answers. */
	int64_t tid;
	uint32_t window;
	uint32_t stdin_ack;
	uint32_t tty; /* TTY_... */
};

static TAILQ_HEAD(, slot) slots = TAILQ_HEAD_INITIALIZER(slots);
static int count;
static int ordered = 1;

static void
message_send(uint32_t type, int fd, int64_t tid, const void *data, size_t len)
{
	struct msg_pids m = { 0 };
	int32_t *list;

	if (type == IMSG_PIDS) {
		m.tid = tid;
		m.count = child_pids(&list);
		channel_send2(&worker_channel, IMSG_PIDS, &m, sizeof(m), list,
		    m.count * sizeof(*list));
		free(list);
		return;
	}
	channel_send(&worker_channel, type, fd, data, len);
	/* What comes behind the answer to hello is native. */
	if (type == IMSG_HELLO_REPLY)
		ordered = 0;
}

static void
slot_put(struct slot *s, uint32_t type, int fd, int64_t tid, const void *data,
    size_t len)
{
	struct message *m;

	/* What the first gets leaves at once. */
	if (!ordered || s == TAILQ_FIRST(&slots)) {
		message_send(type, fd, tid, data, len);
		return;
	}
	if ((m = malloc(sizeof(*m) + len)) == NULL)
		fatal("no memory for a reply that waits");
	m->type = type;
	m->fd = fd;
	m->tid = tid;
	m->len = len;
	if (len > 0)
		memcpy(m->data, data, len);
	STAILQ_INSERT_TAIL(&s->messages, m, entry);
}

static struct slot *
slot_new(struct slot **holder)
{
	struct slot *s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		fatal("no memory for a reply's place");
	STAILQ_INIT(&s->messages);
	s->holder = holder;
	TAILQ_INSERT_TAIL(&slots, s, entry);
	count++;
	return (s);
}

static void
slot_free(struct slot *s)
{
	TAILQ_REMOVE(&slots, s, entry);
	count--;
	if (s->holder != NULL)
		*s->holder = NULL;
	free(s);
}

/* What waits no longer leaves; without an order that is all there is. */
static void
slots_flush(void)
{
	struct slot *s, *next;
	struct message *m;

	TAILQ_FOREACH_SAFE (s, &slots, entry, next) {
		while ((m = STAILQ_FIRST(&s->messages)) != NULL) {
			STAILQ_REMOVE_HEAD(&s->messages, entry);
			message_send(m->type, m->fd, m->tid, m->data, m->len);
			free(m);
		}
		if (s->closed)
			slot_free(s);
		else if (ordered)
			return;
	}
}

void
reply_open(struct slot **holder, const struct run *r)
{
	struct slot *s = slot_new(holder);

	s->tid = r->tid;
	s->window = r->window;
	s->stdin_ack = r->stdin_ack;
	/* What becomes of what is printed on the terminal. */
	if (r->flags & RUN_PTY)
		s->tty = r->io[1].kind == IO_PIPE   ? TTY_YES
			 : r->io[2].kind == IO_PIPE ? TTY_YES | TTY_STDERR
						    : TTY_YES | TTY_SILENT;
	*holder = s;
}

static void
slot_close(struct slot *s)
{
	s->closed = 1;
	if (!ordered)
		slot_free(s);
	else if (s == TAILQ_FIRST(&slots))
		slots_flush();
}

void
reply_child(struct child *c, int fds[3])
{
	struct msg_stream s = { 0 };
	struct msg_child m = { 0 };

	s.id = m.id = c->id;
	for (s.stream = 0; s.stream < 3; s.stream++) {
		if (fds[s.stream] == -1)
			continue;
		slot_put(c->slot, IMSG_STREAM, fds[s.stream], 0, &s, sizeof(s));
		fds[s.stream] = -1;
		m.streams |= 1U << s.stream;
	}
	m.tid = c->slot->tid;
	m.pid = c->pid;
	m.tty = c->slot->tty;
	m.window = c->slot->window;
	m.stdin_ack = c->slot->stdin_ack;
	m.idle = c->idle;
	m.linger = c->run_flags & RUN_LINGER && m.streams & 6 ? 1 : 0;
	slot_put(c->slot, IMSG_CHILD, -1, 0, &m, sizeof(m));
	slot_close(c->slot);
}

void
reply_failed(struct slot *s, const struct launched *l)
{
	uint8_t buf[MSG_REPLY_MAX];
	struct reply r = { 0 };

	r.tid = s->tid;
	r.code = REPLY_RUNFAIL;
	r.value = l->error;
	r.stage = l->stage;
	r.text = l->text;
	slot_put(s, IMSG_REPLY, -1, 0, buf, proto_pack_reply(buf, &r));
	slot_close(s);
}

void
reply_add(struct slot *s, uint32_t type, const void *data, size_t len)
{
	slot_put(s, type, -1, 0, data, len);
}

void
reply_release(struct slot *s)
{
	s->holder = NULL;
}

/* A whole answer, behind those that wait. */
static void
reply_put(uint32_t type, int64_t tid, const void *data, size_t len)
{
	struct slot *s;

	if (!ordered || TAILQ_EMPTY(&slots)) {
		message_send(type, -1, tid, data, len);
		return;
	}
	s = slot_new(NULL);
	slot_put(s, type, -1, tid, data, len);
	s->closed = 1;
}

void
reply_send(uint32_t type, const void *data, size_t len)
{
	reply_put(type, 0, data, len);
}

void
reply_pids(int64_t tid)
{
	reply_put(IMSG_PIDS, tid, NULL, 0);
}

void
reply_term(const struct reply *r)
{
	uint8_t buf[MSG_REPLY_MAX];

	reply_send(IMSG_REPLY, buf, proto_pack_reply(buf, r));
}

void
reply_stage(int64_t tid, enum reply_code code, enum stage stage, int value,
    const char *text)
{
	struct reply r = { 0 };

	r.tid = tid;
	r.code = code;
	r.stage = stage;
	r.value = value;
	r.text = text;
	reply_term(&r);
}

void
reply_code(int64_t tid, enum reply_code code, int value, const char *text)
{
	reply_stage(tid, code, STAGE_NONE, value, text);
}

int
reply_ordered(void)
{
	return (ordered);
}

int
reply_waiting(void)
{
	return (ordered ? count : 0);
}
