/*
 * Ends of children: see exit.h.
 */

#include <sys/wait.h>

#include <signal.h>
#include <string.h>

#include "reap.h"
#include "log.h"

#include "monitor/channels.h"
#include "monitor/exit.h"
#include "monitor/group.h"
#include "monitor/contain.h"
#include "monitor/left.h"
#include "monitor/phase.h"
#include "monitor/reply.h"
#include "monitor/watch.h"
#include "policy/count.h"

#define HELD_MAX 2000 /* ms that a tracer may take to wait for a dead child */

static uint32_t default_ms;

void
exit_init(uint32_t linger_ms)
{
	default_ms = linger_ms;
	watch_init(exit_check);
	left_init(exit_leave);
	contain_init(exit_settle);
}

uint32_t
exit_linger(const struct run *r)
{
	if (r->flags & RUN_PTY ||
	    (r->io[1].kind != IO_PIPE && r->io[2].kind != IO_PIPE))
		return (0);
	return (r->flags & RUN_LINGER ? r->linger : default_ms);
}

/* Behind the answer that names it. */
static void
exit_tell(struct child *c, uint32_t type, const void *data, size_t len)
{
	if (c->slot != NULL)
		reply_add(c->slot, type, data, len);
	else
		channel_send(&worker_channel, type, -1, data, len);
}

/* What its leaf has used, which may be why it was killed. */
static void
exit_send_used(struct child *c, const struct msg_leaf_state *used)
{
	uint8_t buf[MSG_LEAF_STATE_MAX];
	uint64_t kills = used->stat[LEAF_OOM_KILLS];

	if (c->reason == REASON_NORMAL && !c->killed && c->status != -1 &&
	    WIFSIGNALED(c->status) && WTERMSIG(c->status) == SIGKILL &&
	    kills != 0 && kills != LEAF_UNKNOWN)
		c->reason = REASON_OOM;
	exit_tell(c, IMSG_LEAF_STATE, buf, contain_pack_used(c, buf));
}

/* A child of the node's, or a process that it manages, is no more. */
static void
exit_send(struct child *c)
{
	const struct msg_leaf_state *used = contain_used(c);
	struct msg_exit m = { 0 };

	if (used != NULL)
		exit_send_used(c, used);
	m.id = c->id;
	m.status = m.raw = c->status;
	m.reason = c->reason;
	m.killed = c->killed;
	m.cut = c->overstayed;
	memcpy(m.usage, c->usage, sizeof(m.usage));
	if (c->run_flags & RUN_DEBUG)
		log_warnx(
		    "pid %d ended %s", (int)c->pid, reap_words(c->status));
	if (c->reason == REASON_STOPPED)
		m.status = 0;
	else if (c->status == 0)
		m.status = c->success;
	exit_tell(c, IMSG_EXIT, &m, sizeof(m));
}

/* Its pid is given up, and all that hangs on it. */
static void
exit_forget(struct child *c)
{
	child_clear_pid(c);
	group_leave(c);
	watch_forget(c);
	timer_clear(&c->deadline);
	timer_clear(&c->limit);
	timer_clear(&c->lingering);
}

void
exit_settle(struct child *c)
{
	if (child_alive(c))
		exit_forget(c);
	watch_forget(c);
	if (c->state != CHILD_ASKED && !c->silent &&
	    (c->kind == CHILD_RUN || c->kind == CHILD_FOREIGN))
		exit_send(c);
	if (c->slot != NULL)
		reply_release(c->slot);
	if (c->rule != NULL)
		count_give(c->rule, c->place);
	contain_forget(c);
	child_free(c);
}

void
exit_leave(struct child *c)
{
	if (!contain_end(c))
		exit_settle(c);
}

/* Dead: so its parent hears, or, if a tracer has it, its pidfd. 1 or 0. */
static int
exit_is_dead(struct child *c)
{
	if (c->dead)
		return (1);
	if (reap_has_ended(c->pid, NULL))
		watch_explain();
	else if (!watch_has_ended(c))
		return (0);
	c->dead = 1;
	return (1);
}

/* Linger is over. */
static void
exit_linger_end(void *arg)
{
	struct child *c = arg;

	timer_clear(&c->lingering);
	c->state = CHILD_RUNNING;
	/* Those that hold it may be gone before the worker looks. */
	c->overstayed = !c->drained;
	c->linger = 0;
	exit_check(c);
}

/*
 * c may have ended: 1 if it lingers. Its pidfd would tell of its end all the
 * time, so it is not watched meanwhile.
 */
static int
exit_lingers(struct child *c)
{
	if (c->state == CHILD_LINGERING)
		return (1);
	if (c->linger == 0 || c->drained || c->killed || c->refused ||
	    c->reason != REASON_NORMAL || phase_now() != PHASE_RUN ||
	    !exit_is_dead(c))
		return (0);
	log_debug("pid %d lingers", (int)c->pid);
	watch_forget(c);
	c->state = CHILD_LINGERING;
	timer_set(&c->lingering, c->linger, exit_linger_end, c);
	return (1);
}

void
exit_hurry(struct child *c)
{
	if (c->state == CHILD_LINGERING)
		timer_set(&c->lingering, 0, exit_linger_end, c);
}

void
exit_drained(struct child *c)
{
	c->drained = 1;
	if (c->state == CHILD_LINGERING)
		exit_linger_end(c);
}

/*
 * The kernel says that a time of processors is over: by SIGXCPU, and to who
 * does not want to hear that by SIGKILL, which others may send as well.
 */
static void
exit_cpu(struct child *c)
{
	int64_t used = c->usage[USAGE_UTIME] + c->usage[USAGE_STIME];

	if (c->cpu_time == 0 || c->reason != REASON_NORMAL || c->status == -1 ||
	    !WIFSIGNALED(c->status))
		return;
	if (WTERMSIG(c->status) == SIGKILL && !c->killed && used >= c->cpu_time)
		c->killed = 1;
	else if (WTERMSIG(c->status) != SIGXCPU)
		return;
	c->reason = REASON_TIMEOUT;
}

/* c has ended, with that status; -1: nobody knows. */
static void
exit_over(struct child *c)
{
	int64_t left = timer_left(&c->deadline);

	log_debug("pid %d ended %s", (int)c->pid, reap_words(c->status));
	exit_forget(c);
	/* Its time was over, and it has ended by itself at that moment. */
	if (c->status != -1 &&
	    (!WIFSIGNALED(c->status) || WTERMSIG(c->status) != SIGKILL))
		c->killed = 0;
	exit_cpu(c);
	if (c->ended != NULL)
		c->ended(c, c->status);
	if (!left_begin(c, left)) {
		c->state = CHILD_LEFT;
		exit_leave(c);
	}
}

/* Its tracer has kept it for too long: all but its pid is given up. */
static void
exit_lost(void *arg)
{
	struct child *c = arg;
	pid_t pid = c->pid;

	log_warnx(
	    "pid %d is dead, and its tracer does not wait for it", (int)pid);
	if (c->run_flags & RUN_KILL_GROUP)
		group_signal(c);
	c->status = -1;
	exit_over(c);
	c = child_new(CHILD_HELD);
	child_set_pid(c, pid);
	watch_by_signal(c);
}

void
exit_check(struct child *c)
{
	if (exit_lingers(c))
		return;
	/* How another's child has ended only its own parent can know. */
	if (c->kind == CHILD_FOREIGN) {
		c->status = -1;
		if (watch_has_ended(c))
			exit_over(c);
		return;
	}
	if ((c->leaf != NULL || c->run_flags & RUN_KILL_GROUP) &&
	    reap_has_ended(c->pid, NULL)) {
		if (c->run_flags & RUN_KILL_GROUP)
			group_signal(c);
		else
			contain_hasten(c);
	}
	if (watch_reap(c, &c->status)) {
		exit_over(c);
		return;
	}
	/* A tracer has it yet: SIGCHLD comes when that lets go. */
	if (c->kind != CHILD_RING && c->kind != CHILD_HELD &&
	    !c->lingering.set && exit_is_dead(c))
		timer_set(&c->lingering, HELD_MAX, exit_lost, c);
	watch_by_signal(c);
}
