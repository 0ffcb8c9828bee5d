/*
 * The guard: the process that the node started. Its child is the reaper, and
 * that one's child is priv. Guard and reaper wait in the same way: see wait.h.
 * If the process above is killed, its child gets SIGTERM; if the one below
 * is, what it leaves falls to the one above. So one of the three is always
 * left to end what was started.
 */

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/privdrop.h"
#include "clean.h"
#include "compat/cgroup.h"
#include "compat/follow.h"
#include "compat/proc.h"
#include "log.h"
#include "policy/starter.h"
#include "sandbox.h"

#include "guard/family.h"
#include "guard/follower.h"
#include "guard/guard.h"
#include "guard/reaper.h"
#include "guard/wait.h"

static void guard_main(pid_t reaper) __attribute__((__noreturn__));

static void
guard_main(pid_t reaper)
{
	struct waiter w = { .child = { .name = "the reaper", .pid = reaper },
		.reaped = stranger_gone,
		.spares = stranger_is };
	int places[CGROUP_TREES], write;
	size_t count;

	family_mixed();
	wait_confine("guard", -1);
	/* Who has stopped it must not outlive who could continue it. */
	(void)proc_die_with(getppid(), SIGCONT);
	count = cgroup_places(places, &write);
	sandbox_guard(places, count, write);
	wait_for(&w);
}

void
guard_start(const struct starter_env *s, struct guard_link *link)
{
	pid_t guard = getpid(), pid;

	link->fd = -1;
	link->guard = link->reaper = 0;
	if (follow_able) {
		follower_start();
		link->guard = guard;
		return;
	}
	if (proc_subreaper() == -1 || proc_children_open() == -1) {
		log_warn("orphans of children cannot be found");
		return;
	}
	family_init(s->who.uid, s->privileged);
	stranger_note();
	proc_children_close();
	if ((pid = fork()) == -1)
		fatal("fork of the reaper");
	if (pid != 0)
		guard_main(pid);
	reaper_start(guard, link); /* forks, too */
}
