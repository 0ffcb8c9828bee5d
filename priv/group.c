/*
 * Process groups that end with their leader: kill_group.
 *
 * The number of a group is nobody else's for as long as its leader was not
 * reaped, or it has members. So all of it is signalled at once while its
 * leader is dead and not reaped. Later signal 0 asks whether there is anybody
 * left, and who has outstayed his time is killed by whoever is the parent of
 * a member that he has not reaped: priv, if that is a child that has joined
 * the group, or the reaper, to whom orphans fall.
 *
 * After a stop or a timeout the leader's end is not told before that of its
 * group. The leader may go at once and others take their time, as a shell does
 * whose commands are servers; they have it until the stop's deadline.
 */

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "base/signals.h"
#include "log.h"
#include "priv.h"

#define LOOK_MAX 50 /* ms between two looks at the groups that are left */
#define LOOK_GROUPS 500 /* groups that make it a ms longer */
#define GIVEUP 2000 /* ms after SIGKILL that a group may take */

static int
cmp_leader(const struct child *a, const struct child *b)
{
	return (a->pid < b->pid ? -1 : a->pid > b->pid);
}

/* Leaders that were reaped, and whose groups were not gone then. */
static RB_HEAD(leader_tree, child) leaders = RB_INITIALIZER(&leaders);
RB_PROTOTYPE(leader_tree, child, by_pid, cmp_leader)
RB_GENERATE(leader_tree, child, by_pid, cmp_leader)

static int
cmp_member(const struct child *a, const struct child *b)
{
	if (a->group != b->group)
		return (a->group < b->group ? -1 : 1);
	return (a->id < b->id ? -1 : a->id > b->id);
}

/* Children that have joined another's group and were not reaped. */
static RB_HEAD(member_tree, child) members = RB_INITIALIZER(&members);
RB_PROTOTYPE(member_tree, child, by_group, cmp_member)
RB_GENERATE(member_tree, child, by_group, cmp_member)

static struct timer look_timer;
static int look_ms, held;

static void look(void *);

/* Each look asks for all groups that are held: the more, the rarer. */
static void
look_after(int ms)
{
	int64_t wait;

	look_ms = ms < LOOK_MAX ? ms : LOOK_MAX;
	wait = look_ms + held / LOOK_GROUPS;
	if (!look_timer.set || timer_left(&look_timer) > wait)
		timer_set(&look_timer, wait, look, NULL);
}

/* Has the group of c no time left? */
static int
is_due(const struct child *c)
{
	return (c->flags & CHILD_KILLED || c->reason == REASON_TIMEOUT ||
		(c->reason == REASON_STOPPED && c->kill_timeout == 0));
}

/* c is dead and not reaped: the others of its group are to go as well. */
void
group_signal(const struct child *c)
{
	pid_t group;

	if (c->run_flags & RUN_KILL_GROUP && (group = child_group(c)) != 0)
		signals_group(group, is_due(c) ? SIGKILL : SIGTERM);
}

/*
 * Has the last of c's group gone? If there is a process of that number, it
 * has, and the number is somebody else's: c itself was reaped.
 */
static int
is_gone(const struct child *c)
{
	if (kill(c->pid, 0) == 0 || errno == EPERM)
		return (1);
	return (kill(-c->pid, 0) == -1 && errno == ESRCH);
}

/* The end of c is told now, whoever is left. */
void
group_release(struct child *c)
{
	(void)RB_REMOVE(leader_tree, &leaders, c);
	held--;
	c->flags &= ~(uint32_t)CHILD_HELD;
	timer_clear(&c->deadline);
	if (c->flags & CHILD_TOLD)
		child_tell_exit(c);
	stop_check();
}

/* What a tracer holds, or a parent does not reap, is nobody's fault here. */
static void
group_giveup(void *arg)
{
	struct child *c = arg;

	log_warnx("not all of process group %d has ended", (int)c->pid);
	group_release(c);
}

static void
group_overdue(struct child *c)
{
	c->flags |= CHILD_OVERDUE;
	timer_set(&c->deadline, GIVEUP, group_giveup, c);
	look_after(1);
}

static void
group_deadline(void *arg)
{
	struct child *c = arg;

	if (is_gone(c)) {
		group_release(c);
		return;
	}
	c->flags |= CHILD_KILLED;
	group_overdue(c);
}

static void
kill_overdue(const struct child *c)
{
	struct child *m, key;

	key.group = c->pid;
	key.id = 0;
	for (m = RB_NFIND(member_tree, &members, &key);
	     m != NULL && m->group == c->pid;
	     m = RB_NEXT(member_tree, &members, m))
		if (getpgid(m->pid) == c->pid) {
			(void)kill(-c->pid, SIGKILL);
			return;
		}
	reaper_group(c->pid);
}

static void
look(void *arg)
{
	struct child *c, *next;

	(void)arg;
	for (c = RB_MIN(leader_tree, &leaders); c != NULL; c = next) {
		next = RB_NEXT(leader_tree, &leaders, c);
		if (is_gone(c))
			group_release(c);
		else if (c->flags & CHILD_OVERDUE)
			kill_overdue(c);
	}
	if (!RB_EMPTY(&leaders))
		look_after(2 * look_ms);
}

/* c is in the table now, and out of it again. */
void
group_join(struct child *c)
{
	if (c->group != 0)
		(void)RB_INSERT(member_tree, &members, c);
}

void
group_leave(struct child *c)
{
	if (c->group != 0)
		(void)RB_REMOVE(member_tree, &members, c);
}

/*
 * c was reaped, ms before its deadline. Must its end wait for the rest of its
 * group? One that has joined another's group leaves that to its leader. 1 if
 * group_release() will tell.
 */
int
group_hold(struct child *c, int64_t ms)
{
	if (!(c->run_flags & RUN_KILL_GROUP) || c->group != 0 ||
	    c->flags & CHILD_FOREIGN || c->reason == REASON_NORMAL ||
	    stop_state() == STATE_STOP || is_gone(c))
		return (0);
	group_recycled(c->pid);
	log_debug("pid %d has left a process group", (int)c->pid);
	c->flags |= CHILD_HELD;
	held++;
	(void)RB_INSERT(leader_tree, &leaders, c);
	if (is_due(c))
		group_overdue(c);
	else {
		timer_set(&c->deadline, ms, group_deadline, c);
		look_after(1);
	}
	return (1);
}

/* pid is a new process: a group of that number is gone, its end comes first. */
void
group_recycled(pid_t pid)
{
	struct child *c, key;

	key.pid = pid;
	if ((c = RB_FIND(leader_tree, &leaders, &key)) != NULL)
		group_release(c);
}
