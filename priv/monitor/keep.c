/*
 * Leaves as priv knows them: see keep.h.
 */

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "policy/runas.h"

#include "monitor/channels.h"
#include "monitor/child.h"
#include "monitor/keep.h"

#define PATIENCE 12000 /* ms for an answer: the keeper gives up after 10 s */
#define AGAIN 4 /* times that again, if it has answered others */
#define BUSY_MAX 256 /* answers that are waited for */

static int
keep_cmp(const struct leaf *a, const struct leaf *b)
{
	return (a->number < b->number ? -1 : a->number > b->number);
}

static RB_HEAD(keep_tree, leaf) leaves = RB_INITIALIZER(&leaves);
RB_PROTOTYPE(keep_tree, leaf, entry, keep_cmp)
RB_GENERATE(keep_tree, leaf, entry, keep_cmp)

static pid_t keeper_pid;
static uint32_t last; /* number */
static unsigned int answers; /* of the keeper's */
static int waiting; /* answers that are waited for, but for ends */

static void keep_impatient(void *);

void
keep_init(pid_t pid)
{
	keeper_pid = pid;
}

/* Its end is heard as such. */
static void
keep_kill(void)
{
	const struct child *c = child_by_pid(keeper_pid);

	log_warnx("the keeper does not answer: killed");
	if (c != NULL && c->kind == CHILD_RING)
		(void)kill(keeper_pid, SIGKILL);
}

static void
keep_wait(struct leaf *l)
{
	l->answers = answers;
	timer_set(&l->patience, PATIENCE, keep_impatient, l);
}

/* It may have much to do. */
static void
keep_impatient(void *arg)
{
	struct leaf *l = arg;

	if (l->answers == answers || l->again++ == AGAIN)
		keep_kill();
	keep_wait(l);
}

static void
keep_send(const struct leaf *l, uint32_t type, const struct leaf_limits *limits,
    const char *name)
{
	struct msg_leaf_make m = { 0 };

	m.id = l->number;
	m.target = l->target->number;
	m.limits = *limits;
	(void)strlcpy(m.name, name, sizeof(m.name));
	channel_send(&keeper_channel, type, -1, &m, sizeof(m));
}

struct leaf *
keep_new(struct runas *t, const struct leaf_limits *limits, const char *name)
{
	struct leaf *l;

	if ((l = calloc(1, sizeof(*l))) == NULL)
		fatal("no memory for a leaf");
	do {
		l->number = ++last;
	} while (l->number == 0 || keep_find(l->number) != NULL);
	l->target = t;
	leafset_init(&l->files);
	STAILQ_INIT(&l->asks);
	(void)RB_INSERT(keep_tree, &leaves, l);
	keep_expect(l);
	keep_send(l, IMSG_LEAF_MAKE, limits, name);
	return (l);
}

void
keep_free(struct leaf *l)
{
	(void)RB_REMOVE(keep_tree, &leaves, l);
	timer_clear(&l->patience);
	leafset_clear(&l->files);
	free(l);
}

struct leaf *
keep_find(uint32_t number)
{
	struct leaf key;

	key.number = number;
	return (RB_FIND(keep_tree, &leaves, &key));
}

struct leaf *
keep_any(void)
{
	return (RB_ROOT(&leaves));
}

void
keep_ask(const struct leaf *l, enum leaf_op op)
{
	struct msg_leaf_ask m = { 0 };

	m.id = l->number;
	m.op = op;
	channel_send(&keeper_channel, IMSG_LEAF_ASK, -1, &m, sizeof(m));
}

void
keep_set(const struct leaf *l, const struct leaf_limits *limits)
{
	keep_send(l, IMSG_LEAF_SET, limits, "");
}

void
keep_end(struct leaf *l)
{
	l->state = LEAF_ENDING;
	/* As long as it may take that holds nobody else up. */
	l->again = 0;
	keep_wait(l);
	keep_ask(l, LEAF_END);
}

void
keep_expect(struct leaf *l)
{
	waiting++;
	if (!l->patience.set) {
		l->again = 0;
		keep_wait(l);
	}
}

void
keep_heard(struct leaf *l)
{
	answers++;
	waiting--;
	l->again = 0;
	timer_clear(&l->patience);
	if (!STAILQ_EMPTY(&l->asks) || l->state == LEAF_ENDING)
		keep_wait(l);
}

void
keep_drop(void)
{
	waiting--;
}

void
keep_gone(struct leaf *l)
{
	l->state = LEAF_GONE;
	answers++;
	timer_clear(&l->patience);
}

void
keep_moves(void)
{
	answers++;
}

int
keep_busy(void)
{
	return (waiting >= BUSY_MAX);
}
