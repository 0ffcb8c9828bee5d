/*
 * The loop of a task: a message, a call, an answer; and between two of them the
 * signals that have come. Who is forked in a call goes on in the same loop.
 */

#include <sys/types.h>
#include <sys/select.h>
#include <sys/wait.h>

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "answer.h"
#include "batch.h"
#include "caught.h"
#include "compat/mark.h"
#include "compat/task_os.h"
#include "dispatch.h"
#include "family.h"
#include "filter.h"
#include "fork.h"
#include "interrupt.h"
#include "loop.h"
#include "message.h"
#include "reexec.h"
#include "self.h"
#include "wire.h"

static const uint8_t *
behind(const struct msg *m, size_t head)
{
	return ((const uint8_t *)m->data + head);
}

static int
handle_call(const struct msg *m)
{
	struct task_call head;

	memcpy(&head, m->data, sizeof(head));
	interrupt_expect(head.seq);
	answer_begin(head.seq, 0);
	if (batch_call(head.number, behind(m, sizeof(head)),
		m->len - sizeof(head), 1) != CALL_FORKED)
		answer_send();
	return (0);
}

static int
handle_batch(const struct msg *m)
{
	struct task_batch head;

	memcpy(&head, m->data, sizeof(head));
	interrupt_expect(head.seq);
	answer_begin(head.seq, 1);
	if (batch_run(head.count, (head.flags & BATCH_ALL) != 0,
		behind(m, sizeof(head)), m->len - sizeof(head)) != CALL_FORKED)
		answer_send();
	return (0);
}

static int
handle_limits(const struct msg *m)
{
	struct task_limits head;

	memcpy(&head, m->data, sizeof(head));
	family_limits.children = head.children;
	family_limits.depth = head.depth;
	/* What programs leave behind is known by it. */
	(void)mark_set(head.mark);
	return (0);
}

static const struct dispatch from_switch[] = {
	{ TASK_CALL, 1, handle_call },
	{ TASK_BATCH, 1, handle_batch },
	{ TASK_LIMITS, 1, handle_limits },
};

/* What somebody sends the first of a namespace is meant for its child. */
static void
hand_on(int signo, const siginfo_t *info)
{
	if (info->si_code <= 0)
		(void)kill(fork_ward(), signo);
}

/* It has no end of its own: none of its signals could end it. */
static void
end_as(int status)
{
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

static void
signals(void)
{
	int status;

	if (fork_ward() == 0)
		caught_fetch();
	else if (caught_take(hand_on) && family_reap(fork_ward(), &status))
		end_as(status);
}

#pragma GCC diagnostic push
/* Of the macros of musl. */
#pragma GCC diagnostic ignored "-Wsign-conversion"

/*
 * Not by poll(2): of that a task could have no descriptor left, by a limit
 * that it was asked to set.
 */
static void
wait_for(int channel, int *here, int *signalled)
{
	int source = caught_source();
	fd_set set;

	FD_ZERO(&set);
	FD_SET(channel, &set);
	FD_SET(source, &set);
	*here = *signalled = 0;
	if (select((channel > source ? channel : source) + 1, &set, NULL, NULL,
		NULL) > 0) {
		*here = FD_ISSET(channel, &set);
		*signalled = FD_ISSET(source, &set);
	}
}

#pragma GCC diagnostic pop

void
task_main(int again)
{
	int here, signalled;

	self_init(from_switch, sizeof(from_switch) / sizeof(from_switch[0]));
	if (!again) {
		os_own_proc();
		caught_init(NULL);
		reexec_init();
		filter_begin();
	}
	self_begin(getppid(), again);
	for (;;) {
		while (self_dispatch())
			;
		wait_for(TASK_CHANNEL_FD, &here, &signalled);
		if (signalled)
			signals();
		if (here && !self_read())
			_exit(0);
	}
}
