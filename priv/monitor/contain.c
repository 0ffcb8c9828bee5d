/*
 * Leaves of children: see contain.h.
 */

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "compat/cgroup_file.h"
#include "keeper/keeper.h"
#include "log.h"
#include "policy/runas.h"

#include "monitor/channels.h"
#include "monitor/contain.h"
#include "monitor/orphan.h"
#include "monitor/reply.h"

#define PATIENCE 12000 /* ms for an answer: the keeper gives up after 10 s */
#define AGAIN 4 /* times that again, if it has answered others */
#define BUSY_MAX 256 /* answers that are waited for */
#define DEAF_MAX 64 /* times that the reaper is to end a leaf */

/* Something that was asked of a leaf, and not answered. */
struct ask {
	STAILQ_ENTRY(ask) entry;
	enum leaf_op op;
	int64_t tid;
};

enum leaf_state { LEAF_MAKING, LEAF_THERE, LEAF_ENDING, LEAF_GONE };

struct leaf {
	TAILQ_ENTRY(leaf) entry;
	TAILQ_ENTRY(leaf) news; /* while it is untold */
	struct child *child;
	enum leaf_state state;
	void (*made)(struct child *, struct leaf_made *);
	struct leafset files; /* LEAF_MAKING */
	STAILQ_HEAD(, ask) asks;
	struct timer patience; /* while anything is to come */
	unsigned int answers; /* of the keeper's when that began */
	int again;
	unsigned int frozen : 1;
	unsigned int untold : 1;
	unsigned int known : 1; /* used is what it has used */
	unsigned int kills; /* asked for, which may be the reaper's to do */
	unsigned int deaf; /* times that it was at the end of it */
	struct msg_leaf_event event;
	struct msg_leaf_state used;
};

static TAILQ_HEAD(leaf_list, leaf) leaves = TAILQ_HEAD_INITIALIZER(leaves);
static TAILQ_HEAD(, leaf) untold = TAILQ_HEAD_INITIALIZER(untold);
static void (*gone)(struct child *);
static pid_t keeper_pid;
static unsigned int answers; /* of the keeper's */
static int waiting; /* answers that are waited for, but for ends */

void
contain_init(void (*fn)(struct child *))
{
	gone = fn;
}

void
contain_keeper(pid_t pid)
{
	keeper_pid = pid;
}

static void leaf_impatient(void *);

/* Its end is heard as such. */
static void
keeper_kill(void)
{
	const struct child *c = child_by_pid(keeper_pid);

	log_warnx("the keeper does not answer: killed");
	if (c != NULL && c->kind == CHILD_RING)
		(void)kill(keeper_pid, SIGKILL);
}

static void
leaf_wait(struct leaf *l)
{
	l->answers = answers;
	timer_set(&l->patience, PATIENCE, leaf_impatient, l);
}

/* It may have much to do. */
static void
leaf_impatient(void *arg)
{
	struct leaf *l = arg;

	if (l->answers == answers || l->again++ == AGAIN)
		keeper_kill();
	leaf_wait(l);
}

/* One more is to come. */
static void
leaf_expect(struct leaf *l)
{
	waiting++;
	if (!l->patience.set) {
		l->again = 0;
		leaf_wait(l);
	}
}

/* It has come. */
static void
leaf_heard(struct leaf *l)
{
	answers++;
	waiting--;
	l->again = 0;
	timer_clear(&l->patience);
	if (!STAILQ_EMPTY(&l->asks) || l->state == LEAF_ENDING)
		leaf_wait(l);
}

static void
leaf_send(const struct leaf *l, enum leaf_op op)
{
	struct msg_leaf_ask m = { 0 };

	m.id = l->child->id;
	m.op = op;
	channel_send(&keeper_channel, IMSG_LEAF_ASK, -1, &m, sizeof(m));
}

static void
leaf_send_limits(const struct leaf *l, uint32_t type,
    const struct leaf_limits *limits, const char *name)
{
	struct msg_leaf_make m = { 0 };

	m.id = l->child->id;
	m.target = l->child->runas->number;
	m.limits = *limits;
	(void)strlcpy(m.name, name, sizeof(m.name));
	channel_send(&keeper_channel, type, -1, &m, sizeof(m));
}

void
contain_make(struct child *c, const struct run *r,
    void (*made)(struct child *, struct leaf_made *))
{
	struct leaf *l;

	if ((l = calloc(1, sizeof(*l))) == NULL)
		fatal("no memory for a leaf");
	l->child = c;
	l->made = made;
	leafset_init(&l->files);
	STAILQ_INIT(&l->asks);
	TAILQ_INSERT_TAIL(&leaves, l, entry);
	c->leaf = l;
	leaf_expect(l);
	leaf_send_limits(l, IMSG_LEAF_MAKE, &r->leaf, r->leaf_name);
}

static void
leaf_free(struct leaf *l)
{
	l->child->leaf = NULL;
	TAILQ_REMOVE(&leaves, l, entry);
	if (l->untold)
		TAILQ_REMOVE(&untold, l, news);
	timer_clear(&l->patience);
	leafset_clear(&l->files);
	free(l);
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
		waiting--;
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
	leaf_expect(l);
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
	leaf_send(c->leaf, LEAF_KILL);
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
	leaf_send(c->leaf, op);
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
	leaf_send_limits(c->leaf, IMSG_LEAF_SET, limits, "");
}

int
contain_end(struct child *c)
{
	if (!leaf_is_there(c))
		return (0);
	c->state = CHILD_EMPTYING;
	c->leaf->state = LEAF_ENDING;
	/* As long as it may take that holds nobody else up. */
	c->leaf->again = 0;
	leaf_wait(c->leaf);
	leaf_send(c->leaf, LEAF_END);
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

int
contain_busy(void)
{
	return (waiting >= BUSY_MAX);
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
	struct leafset none;
	struct leaf_made m = { .error = EPIPE, .text = "", .files = &none };
	struct child *c = l->child;
	enum leaf_state state = l->state;
	void (*made)(struct child *, struct leaf_made *) = l->made;

	leafset_init(&none);
	asks_drop(l);
	if (state == LEAF_MAKING)
		waiting--;
	leaf_free(l);
	if (state == LEAF_MAKING)
		made(c, &m);
	else if (state == LEAF_ENDING)
		gone(c);
}

void
contain_lost(void)
{
	struct leaf *l;

	while ((l = TAILQ_FIRST(&leaves)) != NULL)
		leaf_lost_one(l);
}

/* The keeper speaks of that leaf: it, or NULL. */
static struct leaf *
leaf_by_id(uint32_t id)
{
	const struct child *c = child_by_id(id);

	return (c == NULL ? NULL : c->leaf);
}

int
contain_handle_leaf(const struct msg *msg)
{
	struct leaf *l = leaf_by_id(msg->leaf.id);

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
	struct leafset files = l->files;
	struct leaf_made m = { error, text, &files };
	struct child *c = l->child;
	void (*made)(struct child *, struct leaf_made *) = l->made;

	if (l->state != LEAF_MAKING ||
	    (error == 0 ? !leafset_complete(&files, c->id) : files.count != 0))
		return (-1);
	l->state = LEAF_THERE;
	leaf_heard(l);
	leafset_init(&l->files);
	if (error != 0)
		leaf_free(l);
	else if (files.lost)
		m.error = EMFILE;
	made(c, &m);
	leafset_clear(&files);
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
		answers++;
	orphan_kill_leaf(path);
	return (0);
}

int
contain_handle_done(const struct msg *msg)
{
	const struct msg_leaf_done *m = &msg->leaf_done.m;
	struct leaf *l = leaf_by_id(m->id);
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
	leaf_heard(l);
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
	leaf_heard(l);
	m.tid = a->tid;
	if (m.tid != 0)
		reply_send(IMSG_LEAF_STATE, buf,
		    proto_pack_leaf_state(buf, &m, msg->leaf_state.path));
	free(a);
	return (0);
}

int
contain_handle_state(const struct msg *msg)
{
	const struct msg_leaf_state *m = &msg->leaf_state.m;
	struct leaf *l = leaf_by_id(m->id);

	if (l == NULL || m->tid != 0)
		return (-1);
	if (m->op == LEAF_STATS)
		return (leaf_handle_stats(l, msg));
	if (l->state != LEAF_ENDING)
		return (-1);
	l->state = LEAF_GONE;
	asks_drop(l);
	answers++;
	timer_clear(&l->patience);
	l->used = *m;
	l->known = 1;
	/* What it has to tell is behind its exit otherwise. */
	if (l->untold)
		leaf_tell_one(l);
	gone(l->child);
	return (0);
}

int
contain_handle_event(const struct msg *msg)
{
	const struct msg_leaf_event *m = &msg->leaf_event;
	struct leaf *l = leaf_by_id(m->id);

	if (l == NULL || (l->state != LEAF_THERE && l->state != LEAF_ENDING))
		return (-1);
	l->event = *m;
	/* One that nobody is told of, or not yet. */
	if (l->child->kind != CHILD_RUN || l->child->silent ||
	    l->child->state == CHILD_ASKED || l->untold)
		return (0);
	l->untold = 1;
	TAILQ_INSERT_TAIL(&untold, l, news);
	return (0);
}
