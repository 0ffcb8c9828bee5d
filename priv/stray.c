/*
 * Children of priv that are in no table: what a child, or a launcher that was
 * taken over, has made with CLONE_PARENT. That nobody looks through all
 * children for them whenever one ends, their ends are noticed by the sum: each
 * SIGCHLD has a child that we reap, or it is one of these. Those that live are
 * found when all others have ended, by the reaper, and end like these.
 */

#include <sys/wait.h>

#include <string.h>

#include "log.h"
#include "priv.h"

#define STRAY_LOOK 1000 /* ms in which a signal may be explained */
#define STRAY_ROUND 64 /* of them are reaped at a look */

static int unexplained; /* signals */
static int early; /* one was reaped, and its signal may be on its way */
static struct timer look_timer;
static struct {
	pid_t pid; /* dead, and perhaps what a launcher is about to name */
	uint32_t id; /* the last that was asked for when it was found so */
} suspect;

static void look(void *);

/* One that we know was reaped. */
void
stray_explained(void)
{
	if (unexplained > 0)
		unexplained--;
	else
		early = 1;
}

/* A round of the loop begins; was there a SIGCHLD? */
void
stray_signal(int came)
{
	if (came && !early) {
		unexplained++;
		if (!look_timer.set)
			timer_set(&look_timer, STRAY_LOOK, look, NULL);
	}
	early = 0;
}

/* Any dead child, or 0. */
static pid_t
dead_child(void)
{
	siginfo_t si;

	si.si_pid = 0;
	if (waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT) == -1)
		return (0);
	return (si.si_pid);
}

/* Is it nobody's for sure? Not as long as a launcher may name it yet. */
static int
is_stray(pid_t pid)
{
	if (pid != suspect.pid) {
		suspect.pid = pid;
		suspect.id = child_last();
	}
	return (!launch_awaits(suspect.id));
}

/* 0 if it cannot be reaped now. */
static int
reap_dead(pid_t pid)
{
	struct child *c;

	if (part_is(pid)) {
		parts_reap();
		return (1);
	}
	if ((c = child_by_pid(pid)) != NULL) {
		reap_child(c);
		return (1);
	}
	if (!is_stray(pid))
		return (0);
	log_debug("pid %d was no child that we had made", (int)pid);
	suspect.pid = 0;
	return (waitpid(pid, NULL, WNOHANG) == pid);
}

/* Signals that nobody has explained: whose were they? */
static void
look(void *arg)
{
	pid_t pid = 0;
	int i;

	(void)arg;
	if (unexplained == 0)
		return;
	unexplained = 0;
	for (i = 0; i < STRAY_ROUND && (pid = dead_child()) != 0; i++)
		if (!reap_dead(pid))
			break;
	if (pid == 0)
		return;
	unexplained = 1;
	timer_set(&look_timer, STRAY_LOOK, look, NULL);
}

/*
 * Take in those that live, now that every child that was asked for has been
 * named, so that they end as others do. How many there were.
 */
int
stray_adopt(void)
{
	pid_t pids[REAPER_PIDS];
	int i, n, at = 0, found = 0;

	do {
		n = reaper_children(at, pids);
		for (i = 0; i < n; i++)
			found += child_stray(pids[i]);
		at += n;
	} while (n == REAPER_PIDS);
	return (found);
}
