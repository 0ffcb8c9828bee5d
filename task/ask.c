/* What the node asks tasks for: see ask.h. */

#include <sys/wait.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compat/pidfd.h"
#include "log.h"

#include "task/ask.h"
#include "task/call.h"
#include "task/interrupt.h"
#include "task/message.h"
#include "task/source.h"
#include "task/table.h"
#include "task/tell.h"

#define WAITING_MAX (4U << 20) /* bytes that wait for one task */
#define AGAIN_MS 100 /* between interrupts */

static const char *
name_of(uint32_t number)
{
	return (number < call_rows_count ? call_rows[number].name : "none");
}

static void
answer(const struct task *t, const struct asked *a, const char *stage,
    int error, const char *detail)
{
	if (a->type == TASK_BATCH)
		tell_error_of_batch(
		    t->number, a->seq, stage, error, detail, t->number);
	else
		tell_error(t->number, a->seq, stage, error, detail, t->number);
}

static void
asked_free(struct task *t, struct asked *a)
{
	timer_clear(&a->deadline);
	TAILQ_REMOVE(&t->asked, a, next);
	if (a->data != NULL)
		t->waiting -= a->len;
	free(a->data);
	free(a);
}

void
ask_write(struct task *t)
{
	int events = EVSET_IN;

	/* That it has failed is said by what is read. */
	(void)channel_write(&t->channel);
	if (!t->channel.open)
		return;
	if (channel_queued(&t->channel) > 0)
		events |= EVSET_OUT;
	(void)source_set(&t->channel_source, events);
}

/*
 * It takes too long. If it is being done the task is interrupted, until it
 * answers; if not, it never will be.
 */
static void
on_deadline(void *arg)
{
	struct asked *a = arg;
	struct task *t = a->task;

	if (a->data == NULL) {
		if (t->pidfd.fd != -1 && t->state == TASK_READY)
			(void)pidfd_queue(
			    t->pidfd.fd, INTERRUPT_SIGNAL, a->seq);
		timer_set(&a->deadline, AGAIN_MS, on_deadline, a);
		return;
	}
	answer(t, a, "timeout", ETIMEDOUT, name_of(a->number));
	asked_free(t, a);
}

/* The first one, a, if there is one that is not being done already. */
static void
ask_begin(struct task *t, struct asked *a)
{
	if (a == NULL || a->data == NULL || t->state != TASK_READY)
		return;
	channel_send(&t->channel, a->type, -1, a->data, a->len);
	t->waiting -= a->len;
	free(a->data);
	a->data = NULL;
	ask_write(t);
}

void
ask_for(struct task *t, uint32_t type, uint32_t seq, uint16_t number,
    uint32_t ms, const void *head, size_t headlen, const uint8_t *data,
    size_t len)
{
	struct asked *a;

	if ((a = calloc(1, sizeof(*a))) == NULL)
		fatal("no memory for a call");
	a->task = t;
	a->seq = seq;
	a->type = type;
	a->number = number;
	a->len = headlen + len;
	if (t->waiting + a->len > WAITING_MAX) {
		answer(t, a, "limit", EAGAIN, name_of(number));
		free(a);
		return;
	}
	if ((a->data = malloc(a->len)) == NULL)
		fatal("no memory for a call");
	memcpy(a->data, head, headlen);
	memcpy(a->data + headlen, data, len);
	t->waiting += a->len;
	TAILQ_INSERT_TAIL(&t->asked, a, next);
	if (ms != 0)
		timer_set(&a->deadline, ms, on_deadline, a);
	ask_begin(t, TAILQ_FIRST(&t->asked));
}

int
ask_is(const struct task *t, uint32_t seq)
{
	const struct asked *a = TAILQ_FIRST(&t->asked);

	return (a != NULL && a->data == NULL && a->seq == seq);
}

int
ask_busy(const struct task *t)
{
	const struct asked *a = TAILQ_FIRST(&t->asked);

	return (a != NULL && a->data == NULL);
}

void
ask_interrupt(struct task *t)
{
	struct asked *a = TAILQ_FIRST(&t->asked);

	if (ask_busy(t))
		timer_set(&a->deadline, 0, on_deadline, a);
}

void
ask_done(struct task *t)
{
	struct asked *a = TAILQ_FIRST(&t->asked), *behind;

	if (a != NULL && a->data == NULL) {
		behind = TAILQ_NEXT(a, next);
		asked_free(t, a);
		a = behind;
	}
	ask_begin(t, a);
}

/* exit is a call that is answered by the end of the task. */
static int
has_exited(const struct task *t, const struct asked *a)
{
	return (a->data == NULL && a->type == TASK_CALL && t->known &&
		t->status != -1 && WIFEXITED(t->status) &&
		strcmp(name_of(a->number), "exit") == 0);
}

void
ask_refuse_all(struct task *t)
{
	struct asked *a, *behind;

	TAILQ_FOREACH_SAFE (a, &t->asked, next, behind) {
		if (has_exited(t, a))
			tell_ok(t->number, a->seq);
		else if (t->dead || t->state != TASK_PROGRAM)
			answer(t, a, "gone", ESRCH, NULL);
		else
			answer(t, a, "state", EACCES, name_of(a->number));
		asked_free(t, a);
	}
}
