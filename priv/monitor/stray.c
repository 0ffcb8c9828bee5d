/*
 * Children of priv that are in no table: see stray.h.
 */

#include <string.h>

#include "base/reap.h"
#include "log.h"

#include "monitor/birth.h"
#include "monitor/exit.h"
#include "monitor/launch.h"
#include "monitor/orphan.h"
#include "monitor/stray.h"
#include "monitor/watch.h"

#define STRAY_LOOK 1000 /* ms in which a signal may be explained */
#define STRAY_ROUND 64 /* of them are reaped at a look */

static struct timer look_timer;

static void stray_look(void *);

void
stray_signal(int came)
{
	watch_signal(came);
	if (watch_unexplained() > 0 && !look_timer.set)
		timer_set(&look_timer, STRAY_LOOK, stray_look, NULL);
}

/* Any dead child, or 0. */
static pid_t
dead_child(void)
{
	pid_t pid;

	return (reap_has_ended(-1, &pid) ? pid : 0);
}

/* 0 if it cannot be reaped now. */
static int
reap_dead(pid_t pid)
{
	struct child *c;
	int status;

	if ((c = child_by_pid(pid)) != NULL) {
		exit_check(c);
		return (1);
	}
	/* Is it nobody's for sure? */
	if (launch_may_name(pid))
		return (0);
	log_debug("pid %d was no child that we had made", (int)pid);
	return (reap_ended(pid, &status, NULL) == pid);
}

/* Signals that no child has explained: whose were they? */
static void
stray_look(void *arg)
{
	pid_t pid = 0;
	int i;

	(void)arg;
	if (watch_unexplained() == 0)
		return;
	watch_set_unexplained(0);
	for (i = 0; i < STRAY_ROUND && (pid = dead_child()) != 0; i++)
		if (!reap_dead(pid))
			break;
	if (pid == 0)
		return;
	watch_set_unexplained(1); /* there is more to do */
	timer_set(&look_timer, STRAY_LOOK, stray_look, NULL);
}

int
stray_adopt(void)
{
	pid_t pids[REAPER_PIDS];
	int i, n, at = 0, found = 0;

	do {
		n = orphan_children(at, pids);
		for (i = 0; i < n; i++)
			found += birth_adopt(pids[i]);
		at += n;
	} while (n == REAPER_PIDS);
	return (found);
}
