/*
 * Replies. Most are known at once; that of a run waits for its launcher. In
 * the exec-port dialect they leave in the order of their requests, and all
 * later ones wait behind it. In the native one each leaves when it is known,
 * so nobody waits for a launcher but who has asked something of it.
 */

#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "priv.h"

struct slot {
	TAILQ_ENTRY(slot) entry;
	struct child *child; /* whose answer is awaited, or NULL */
	uint32_t type;
	int64_t tid; /* of an IMSG_PIDS, which is made in its turn */
	size_t len;
	void *data; /* the message, once it is known */
};

static TAILQ_HEAD(, slot) slots = TAILQ_HEAD_INITIALIZER(slots);
static int slots_waiting;
static int ordered = 1;

/* What comes behind a welcome is in the native dialect. */
static void
send_now(uint32_t type, const void *data, size_t len)
{
	channel_send(&worker_channel, type, -1, data, len);
	if (type == IMSG_WELCOME)
		ordered = 0;
}

/* What the slot will send: a copy. */
static void
slot_fill(struct slot *s, uint32_t type, const void *data, size_t len)
{
	if ((s->data = malloc(len)) == NULL)
		fatal("reply");
	memcpy(s->data, data, len);
	s->type = type;
	s->len = len;
}

static struct slot *
slot_new(void)
{
	struct slot *s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		fatal("reply");
	TAILQ_INSERT_TAIL(&slots, s, entry);
	slots_waiting++;
	return (s);
}

static void
send_child(struct child *c)
{
	struct msg_child m = { 0 };
	struct msg_stream s = { 0 };
	uint32_t i;

	s.id = c->id;
	for (i = 0; i < 3; i++) {
		if (c->fds[i] == -1)
			continue;
		s.stream = i;
		channel_send(
		    &worker_channel, IMSG_STREAM, c->fds[i], &s, sizeof(s));
		c->fds[i] = -1; /* the queue's now */
		m.streams |= 1U << i;
	}
	c->streams = m.streams;
	m.tid = c->tid;
	m.id = c->id;
	m.pid = c->pid;
	m.tty = c->tty;
	m.window = c->window;
	m.linger = c->run_flags & RUN_LINGER && m.streams & 6 ? 1 : 0;
	channel_send(&worker_channel, IMSG_CHILD, -1, &m, sizeof(m));
	child_told(c);
}

static void
slot_send(struct slot *s)
{
	TAILQ_REMOVE(&slots, s, entry);
	slots_waiting--;
	if (s->child != NULL)
		send_child(s->child);
	else if (s->type == IMSG_PIDS)
		child_list(s->tid);
	else
		send_now(s->type, s->data, s->len);
	free(s->data);
	free(s);
}

/* Send what has nothing unanswered before it, if there is an order. */
static void
slots_flush(void)
{
	struct slot *s, *next;

	TAILQ_FOREACH_SAFE (s, &slots, entry, next) {
		if (s->child == NULL || s->child->pid != 0)
			slot_send(s);
		else if (ordered)
			return;
	}
}

/* s is known now. */
static void
slot_known(struct slot *s)
{
	if (ordered)
		slots_flush();
	else
		slot_send(s);
}

/* A message of its own for the worker, in its turn. */
void
answer(uint32_t type, const void *data, size_t len)
{
	if (!ordered || TAILQ_EMPTY(&slots))
		send_now(type, data, len);
	else
		slot_fill(slot_new(), type, data, len);
}

void
answer_reply(const struct reply *r)
{
	uint8_t buf[MSG_REPLY_MAX];

	answer(IMSG_REPLY, buf, proto_pack_reply(buf, r));
}

void
answer_now(int64_t tid, uint32_t code, int value, const char *text)
{
	struct reply r = { 0 };

	r.tid = tid;
	r.code = code;
	r.value = value;
	r.text = text;
	answer_reply(&r);
}

void
answer_level(int64_t tid, int before, int level)
{
	struct reply r = { 0 };

	r.tid = tid;
	r.code = REPLY_LEVEL;
	r.value = before;
	r.level = level;
	r.text = "";
	answer_reply(&r);
}

/* Whoever is there when it is this answer's turn. */
void
answer_list(int64_t tid)
{
	struct slot *s;

	if (!ordered || TAILQ_EMPTY(&slots)) {
		child_list(tid);
		return;
	}
	s = slot_new();
	s->type = IMSG_PIDS;
	s->tid = tid;
}

/* Keep the place of a run's answer. */
void
answer_reserve(struct child *c)
{
	c->slot = slot_new();
	c->slot->child = c;
}

/* The child is born: its place in the order can be filled. */
void
answer_child(struct child *c)
{
	struct slot *s = c->slot;

	if (s == NULL)
		return; /* nobody has asked for it */
	c->slot = NULL;
	slot_known(s);
}

/* There is no child; the caller is about to free c. */
void
answer_failed(struct child *c, const struct launched *l)
{
	uint8_t buf[MSG_REPLY_MAX];
	struct slot *s = c->slot;
	struct reply r = { 0 };

	if (s == NULL)
		return;
	r.tid = c->tid;
	r.code = REPLY_RUNFAIL;
	r.value = l->error;
	r.stage = l->stage;
	r.text = l->text;
	slot_fill(s, IMSG_REPLY, buf, proto_pack_reply(buf, &r));
	s->child = NULL;
	c->slot = NULL;
	slot_known(s);
}

int
answer_ordered(void)
{
	return (ordered);
}

int
answer_waiting(void)
{
	return (ordered ? slots_waiting : 0);
}
