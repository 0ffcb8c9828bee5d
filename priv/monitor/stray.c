/*
 * Children of priv that are in no table: see stray.h.
 */

#include <string.h>

#include "reap.h"
#include "log.h"

#include "monitor/birth.h"
#include "monitor/exit.h"
#include "monitor/launch.h"
#include "monitor/orphan.h"
#include "monitor/stray.h"
#include "monitor/watch.h"

#define STRAY_LOOK 1000 /* ms in which a signal may be explained */
#define STRAY_ROUND 64 /* of them are reaped at a look */
#define STRAY_MANY 8 /* children that make a look a ms later */
#define ANSWERS_MAX 256 /* of the reaper's at a look */

static struct timer look_timer;
static int many; /* children there were at the last walk */

static void stray_look(void *);

static void
look_later(void)
{
	timer_set(
	    &look_timer, STRAY_LOOK + many / STRAY_MANY, stray_look, &many);
}

void
stray_check(void)
{
	if (watch_unexplained() > 0 && !look_timer.set)
		look_later();
}

/* 0 if it cannot be reaped now. */
static int
reap_dead(pid_t pid)
{
	struct child *c;
	int status;

	if ((c = child_by_pid(pid)) != NULL) {
		exit_check(c);
		return (child_by_pid(pid) == NULL);
	}
	/* Is it nobody's for sure? */
	if (launch_may_name(pid))
		return (0);
	log_debug("pid %d was no child that we had made", (int)pid);
	return (reap_ended(pid, &status, NULL) == pid);
}

static int found; /* by a walk */

/*
 * Take all children of priv, as the reaper lists them: adopt each, or reap
 * those that are dead and hidden. How many are left; found is how many were
 * adopted, or could not be reaped yet.
 */
static int
stray_each(int adopt)
{
	pid_t pids[REAPER_PIDS];
	int i, n, at = 0, round = 0;

	found = 0;
	do {
		n = orphan_children(at, pids);
		for (i = 0; i < n; i++) {
			if (adopt)
				found += birth_adopt(pids[i]);
			/* Launchers are asked about one at a time. */
			else if (found == 0 && child_by_pid(pids[i]) == NULL &&
				 reap_has_ended(pids[i], NULL))
				found = !reap_dead(pids[i]);
			at += watch_is_child(pids[i]);
		}
	} while (n == REAPER_PIDS && ++round < ANSWERS_MAX);
	return (at);
}

/*
 * Signals that no child has explained: whose were they? A child that lingers
 * hides those that came after it: then all are looked through.
 */
static void
stray_look(void *arg)
{
	int *children = arg, i, hides = 0;
	pid_t pid;

	if (watch_unexplained() == 0)
		return;
	watch_set_unexplained(0);
	for (i = 0; i < STRAY_ROUND; i++) {
		if (!reap_has_ended(-1, &pid))
			return;
		if (!reap_dead(pid)) {
			hides = child_by_pid(pid) != NULL;
			break;
		}
	}
	if (hides && (*children = stray_each(0)) > 0 && found == 0)
		return;
	watch_set_unexplained(1); /* there is more to do */
	look_later();
}

int
stray_adopt(void)
{
	(void)stray_each(1);
	return (found);
}
