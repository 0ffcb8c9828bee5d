/*
 * Replies. Most are known at once; that of a run waits for its launcher. In
 * the exec-port dialect they leave in the order of their requests, and all
 * later ones wait behind it. In the native one each leaves when it is known:
 * nobody waits for a launcher but who has asked it.
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
static int unordered;

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
	m.tid = c->tid;
	m.id = c->id;
	m.pid = c->pid;
	m.tty = c->tty;
	m.window = c->window;
	channel_send(&worker_channel, IMSG_CHILD, -1, &m, sizeof(m));
	child_told(c);
}

/* Send what has nothing unanswered before it. */
static void
slots_flush(void)
{
	struct slot *s;

	while ((s = TAILQ_FIRST(&slots)) != NULL) {
		if (s->child != NULL && s->child->pid == 0)
			return;
		TAILQ_REMOVE(&slots, s, entry);
		slots_waiting--;
		if (s->child != NULL)
			send_child(s->child);
		else if (s->type == IMSG_PIDS)
			child_list(s->tid);
		else
			channel_send(
			    &worker_channel, s->type, -1, s->data, s->len);
		free(s->data);
		free(s);
	}
}

/* A message of its own for the worker, in its turn. */
void
answer(uint32_t type, const void *data, size_t len)
{
	if (TAILQ_EMPTY(&slots))
		channel_send(&worker_channel, type, -1, data, len);
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

	if (TAILQ_EMPTY(&slots)) {
		child_list(tid);
		return;
	}
	s = slot_new();
	s->type = IMSG_PIDS;
	s->tid = tid;
}

/* The node has said hello: once what it asked before has been answered. */
void
answer_unordered(void)
{
	unordered = 1;
}

/* Keep the place of a run's answer, if it has one. */
void
answer_reserve(struct child *c)
{
	if (unordered && TAILQ_EMPTY(&slots)) {
		c->flags |= CHILD_ASKED;
		slots_waiting++;
		return;
	}
	c->slot = slot_new();
	c->slot->child = c;
}

/* 1 if somebody has asked for it who need not wait for others. */
static int
answer_now_due(struct child *c)
{
	if (!(c->flags & CHILD_ASKED))
		return (0);
	c->flags &= ~(uint32_t)CHILD_ASKED;
	slots_waiting--;
	return (1);
}

/* The child is born: its place in the order can be filled. */
void
answer_child(struct child *c)
{
	if (answer_now_due(c)) {
		send_child(c);
		return;
	}
	if (c->slot == NULL)
		return; /* nobody has asked for it */
	c->slot = NULL;
	slots_flush();
}

/* There is no child; the caller is about to free c. */
void
answer_failed(struct child *c, const struct launched *l)
{
	uint8_t buf[MSG_REPLY_MAX];
	struct reply r = { 0 };
	int now;

	if (!(now = answer_now_due(c)) && c->slot == NULL)
		return;
	r.tid = c->tid;
	r.code = REPLY_RUNFAIL;
	r.value = l->error;
	r.stage = l->stage;
	r.text = l->text;
	if (now) {
		answer_reply(&r);
		return;
	}
	slot_fill(c->slot, IMSG_REPLY, buf, proto_pack_reply(buf, &r));
	c->slot->child = NULL;
	c->slot = NULL;
	slots_flush();
}

/* Do those of one launcher wait for themselves alone? */
int
answer_apart(void)
{
	return (unordered);
}

/*
 * How many requests wait for their answer, but for those that others need not
 * be held up for: of launchers that are held themselves.
 */
int
answer_waiting(void)
{
	return (slots_waiting - (unordered ? launch_held() : 0));
}
