/*
 * Leaves of children: see contain.h.
 */

#include <errno.h>
#include <stdlib.h>

#include "compat/cgroup_file.h"
#include "keeper/keeper.h"
#include "log.h"
#include "policy/runas.h"

#include "monitor/channels.h"
#include "monitor/contain.h"
#include "monitor/keep.h"
#include "monitor/orphan.h"
#include "monitor/phase.h"
#include "monitor/reply.h"

#define DEAF_MAX 64 /* times that the reaper is to end a leaf */

static TAILQ_HEAD(, leaf) untold = TAILQ_HEAD_INITIALIZER(untold);
static void (*gone)(struct child *);

void
contain_init(void (*fn)(struct child *))
{
	gone = fn;
}

/*
 * The one that was made ahead for that user, or is just being made; or NULL. If
 * the way into it did not arrive it is of no use.
 */
static struct leaf *
spare_take(struct runas *t)
{
	struct leaf *l = t->spare;

	t->spare = NULL;
	if (l != NULL && l->state == LEAF_THERE && l->files.lost) {
		keep_end(l);
		return (NULL);
	}
	return (l);
}

/* The next run of that user's is not to wait for the keeper. */
static void
spare_make(struct runas *t)
{
	static const struct leaf_limits none;

	if (t->spare == NULL && keeper_channel.open && phase_now() == PHASE_RUN)
		t->spare = keep_new(t, &none, "");
}

static void
leaf_free(struct leaf *l)
{
	if (l->child != NULL)
		l->child->leaf = NULL;
	if (l->target->spare == l)
		l->target->spare = NULL;
	if (l->untold)
		TAILQ_REMOVE(&untold, l, news);
	keep_free(l);
}

/* It is there, and its files are the launcher's from now on. */
static void
leaf_hand_on(struct leaf *l)
{
	struct leafset files = l->files;
	struct leaf_made m = { files.lost ? EMFILE : 0, "", &files };

	leafset_init(&l->files);
	l->made(l->child, &m);
	leafset_clear(&files);
}

/* There is none; l is forgotten. */
static void
leaf_refuse(struct leaf *l, int error, const char *text)
{
	struct leafset none;
	struct leaf_made m = { error, text, &none };
	struct child *c = l->child;
	void (*made)(struct child *, struct leaf_made *) = l->made;

	leafset_init(&none);
	leaf_free(l);
	if (c != NULL)
		made(c, &m);
}

void
contain_make(struct child *c, const struct run *r,
    void (*made)(struct child *, struct leaf_made *))
{
	const int plain = r->leaf.given == 0 && *r->leaf_name == '\0';
	struct leaf *l = NULL;

	if (plain)
		l = spare_take(c->runas);
	if (l == NULL)
		l = keep_new(c->runas, &r->leaf, r->leaf_name);
	l->plain = plain ? 1 : 0;
	l->child = c;
	l->made = made;
	c->leaf = l;
	if (l->state == LEAF_THERE)
		leaf_hand_on(l);
}

static void
ask_answer(const struct ask *a, int error, const char *text)
{
	struct reply r = { 0 };

	/* priv has asked for itself, or nobody wants to know. */
	if (a->tid == 0)
		return;
	r.tid = a->tid;
	r.code = REPLY_OK;
	r.text = "";
	if (error != 0) {
		r.code = REPLY_TERM;
		r.stage = STAGE_CGROUP;
		r.value = error;
		r.text = text;
	} else if (a->op == LEAF_FREEZE || a->op == LEAF_THAW) {
		r.code = REPLY_PAUSED;
		r.value = 1;
	}
	reply_term(&r);
}

/* What is not answered yet is not any more. */
static void
asks_drop(struct leaf *l)
{
	struct ask *a;

	while ((a = STAILQ_FIRST(&l->asks)) != NULL) {
		STAILQ_REMOVE_HEAD(&l->asks, entry);
		keep_drop();
		ask_answer(a, ESRCH, "");
		free(a);
	}
}

static void
ask_add(struct leaf *l, enum leaf_op op, int64_t tid)
{
	struct ask *a;

	if ((a = calloc(1, sizeof(*a))) == NULL)
		fatal("no memory for a question");
	a->op = op;
	a->tid = tid;
	STAILQ_INSERT_TAIL(&l->asks, a, entry);
	keep_expect(l);
	if (op == LEAF_FREEZE || op == LEAF_THAW)
		l->frozen = op == LEAF_FREEZE;
}

/* The first of its kind, which is answered first; it is the caller's. */
static struct ask *
ask_take(struct leaf *l, enum leaf_op op)
{
	struct ask *a;

	STAILQ_FOREACH(a, &l->asks, entry)
	if (a->op == op)
		break;
	if (a != NULL)
		STAILQ_REMOVE(&l->asks, a, ask, entry);
	return (a);
}

/* There, and not to be ended: it can be asked for something. */
static int
leaf_is_there(const struct child *c)
{
	return (c->leaf != NULL && c->leaf->state == LEAF_THERE &&
		keeper_channel.open);
}

void
contain_kill(struct child *c)
{
	if (!leaf_is_there(c))
		return;
	if (keeper_info()->how != CGROUP_AT_ONCE)
		c->leaf->kills++;
	keep_ask(c->leaf, LEAF_KILL);
}

void
contain_thaw(struct child *c)
{
	if (leaf_is_there(c) && c->leaf->frozen)
		contain_ask(c, LEAF_THAW, 0);
}

void
contain_ask(struct child *c, enum leaf_op op, int64_t tid)
{
	const struct ask a = { .op = op, .tid = tid };

	if (!leaf_is_there(c)) {
		ask_answer(&a, EPIPE, "");
		return;
	}
	ask_add(c->leaf, op, tid);
	keep_ask(c->leaf, op);
}

void
contain_set(struct child *c, const struct leaf_limits *limits, int64_t tid)
{
	const struct ask a = { .op = LEAF_SET, .tid = tid };

	if (!leaf_is_there(c)) {
		ask_answer(&a, EPIPE, "");
		return;
	}
	ask_add(c->leaf, LEAF_SET, tid);
	keep_set(c->leaf, limits);
}

void
contain_hasten(struct child *c)
{
	if (!leaf_is_there(c))
		return;
	keep_end(c->leaf);
	/* If that fails it has hung up, which is heard in its turn. */
	(void)channel_write(&keeper_channel);
}

int
contain_end(struct child *c)
{
	if (leaf_is_there(c))
		keep_end(c->leaf);
	else if (c->leaf == NULL || c->leaf->state != LEAF_ENDING)
		return (0);
	c->state = CHILD_EMPTYING;
	return (1);
}

const struct msg_leaf_state *
contain_used(const struct child *c)
{
	return (c->leaf != NULL && c->leaf->known ? &c->leaf->used : NULL);
}

size_t
contain_pack_used(const struct child *c, void *buf)
{
	return (proto_pack_leaf_state(buf, &c->leaf->used, ""));
}

void
contain_forget(struct child *c)
{
	if (c->leaf == NULL)
		return;
	asks_drop(c->leaf);
	leaf_free(c->leaf);
}

/* Behind the answer that names it. */
static void
leaf_tell_one(struct leaf *l)
{
	const struct child *c = l->child;

	l->untold = 0;
	TAILQ_REMOVE(&untold, l, news);
	if (c->slot != NULL)
		reply_add(
		    c->slot, IMSG_LEAF_EVENT, &l->event, sizeof(l->event));
	else
		channel_send(&worker_channel, IMSG_LEAF_EVENT, -1, &l->event,
		    sizeof(l->event));
}

void
contain_tell(int (*room)(void))
{
	struct leaf *l;

	while ((l = TAILQ_FIRST(&untold)) != NULL && room())
		leaf_tell_one(l);
}

/* What it was waiting for does not come. */
static void
leaf_lost_one(struct leaf *l)
{
	struct child *c = l->child;
	enum leaf_state state = l->state;

	asks_drop(l);
	if (state == LEAF_MAKING) {
		keep_drop();
		leaf_refuse(l, EPIPE, "");
		return;
	}
	leaf_free(l);
	if (c != NULL && state == LEAF_ENDING)
		gone(c);
}

void
contain_lost(void)
{
	struct leaf *l;

	while ((l = keep_any()) != NULL)
		leaf_lost_one(l);
}

int
contain_handle_leaf(const struct msg *msg)
{
	struct leaf *l = keep_find(msg->leaf.id);

	if (l == NULL || l->state != LEAF_MAKING)
		return (-1);
	if (msg->fd != -1 && !cgroup_is_file(msg->fd)) {
		log_warnx("the keeper sent what is of no control group");
		return (-1);
	}
	return (leafset_add(&l->files, &msg->leaf, msg->fd));
}

/* Of the making of one: there is no leaf if there was an error. */
static int
leaf_handle_made(struct leaf *l, int error, const char *text)
{
	if (l->state != LEAF_MAKING ||
	    (error == 0 ? !leafset_complete(&l->files, l->number)
			: l->files.count != 0))
		return (-1);
	l->state = LEAF_THERE;
	keep_heard(l);
	if (error != 0)
		leaf_refuse(l, error, text);
	else if (l->child != NULL)
		leaf_hand_on(l);
	return (0);
}

/*
 * The keeper can kill all but one kind, or none where there is no cgroup.kill,
 * and we may not look.
 */
static int
leaf_handle_deaf(struct leaf *l, const char *path)
{
	unsigned int most = keeper_info()->how == CGROUP_AT_ONCE ? 1 : DEAF_MAX;

	if (l->kills > 0)
		l->kills--;
	else if (l->state != LEAF_ENDING || l->deaf++ == most)
		return (-1);
	if (l->state == LEAF_ENDING)
		keep_moves();
	orphan_kill_leaf(path);
	return (0);
}

int
contain_handle_done(const struct msg *msg)
{
	const struct msg_leaf_done *m = &msg->leaf_done.m;
	struct leaf *l = keep_find(m->id);
	struct ask *a;

	if (l == NULL)
		return (-1);
	if (m->op == LEAF_MAKE)
		return (leaf_handle_made(l, m->error, msg->leaf_done.text));
	if (m->op == LEAF_KILL && m->error != 0)
		return (leaf_handle_deaf(l, msg->leaf_done.text));
	if ((m->op == LEAF_STATS && m->error == 0) ||
	    (a = ask_take(l, (enum leaf_op)m->op)) == NULL)
		return (-1);
	keep_heard(l);
	ask_answer(a, m->error, msg->leaf_done.text);
	free(a);
	return (0);
}

static int
leaf_handle_stats(struct leaf *l, const struct msg *msg)
{
	struct msg_leaf_state m = msg->leaf_state.m;
	uint8_t buf[MSG_LEAF_STATE_MAX];
	struct ask *a;

	if ((a = ask_take(l, LEAF_STATS)) == NULL)
		return (-1);
	keep_heard(l);
	m.id = l->child->id;
	m.tid = a->tid;
	if (m.tid != 0)
		reply_send(IMSG_LEAF_STATE, buf,
		    proto_pack_leaf_state(buf, &m, msg->leaf_state.path));
	free(a);
	return (0);
}

static int
leaf_handle_gone(struct leaf *l, const struct msg_leaf_state *m)
{
	struct child *c = l->child;
	/* Of who did not come to run nothing says that another will. */
	struct runas *t =
	    l->plain && c != NULL && c->pid != 0 ? l->target : NULL;

	keep_gone(l);
	if (c == NULL) {
		leaf_free(l);
		return (0);
	}
	asks_drop(l);
	l->used = *m;
	l->used.id = c->id;
	l->known = 1;
	/* What it has to tell is behind its exit otherwise. */
	if (l->untold)
		leaf_tell_one(l);
	gone(c);
	if (t != NULL)
		spare_make(t);
	return (0);
}

int
contain_handle_state(const struct msg *msg)
{
	const struct msg_leaf_state *m = &msg->leaf_state.m;
	struct leaf *l = keep_find(m->id);

	if (l == NULL || m->tid != 0)
		return (-1);
	if (m->op == LEAF_STATS)
		return (leaf_handle_stats(l, msg));
	return (l->state == LEAF_ENDING ? leaf_handle_gone(l, m) : -1);
}

int
contain_handle_event(const struct msg *msg)
{
	const struct msg_leaf_event *m = &msg->leaf_event;
	struct leaf *l = keep_find(m->id);

	if (l == NULL || l->child == NULL ||
	    (l->state != LEAF_THERE && l->state != LEAF_ENDING))
		return (-1);
	l->event = *m;
	l->event.id = l->child->id;
	/* One that nobody is told of, or not yet. */
	if (l->child->kind != CHILD_RUN || l->child->silent ||
	    l->child->state == CHILD_ASKED || l->untold)
		return (0);
	l->untold = 1;
	TAILQ_INSERT_TAIL(&untold, l, news);
	return (0);
}
