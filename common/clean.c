/*
 * The end of what a process that has died has left: see clean.h.
 */

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "clean.h"
#include "compat/proc.h"
#include "log.h"
#include "reap.h"

#define CLEAN_TICK 2 /* ms */
#define CLEAN_MAX 5000 /* ticks that processes may take to die */
#define CLEAN_QUIET 50 /* ticks in which all are dead, and a tracer's */

/* Children that this process had before it became us. */
static struct strangers {
	pid_t *pids;
	size_t count;
} strangers;

static void
stranger_add(pid_t pid, void *arg)
{
	struct strangers *s = arg;

	s->pids = reallocarray(s->pids, s->count + 1, sizeof(*s->pids));
	if (s->pids == NULL)
		fatal("no memory for the starter's children");
	s->pids[s->count++] = pid;
}

void
stranger_note(void)
{
	(void)proc_children(stranger_add, &strangers);
}

void
stranger_gone(pid_t pid)
{
	size_t i;

	for (i = 0; i < strangers.count; i++)
		if (strangers.pids[i] == pid)
			strangers.pids[i] = 0;
}

int
stranger_is(pid_t pid)
{
	size_t i;

	for (i = 0; i < strangers.count; i++)
		if (strangers.pids[i] == pid)
			return (1);
	return (0);
}

/* What is left was looked at. */
struct look {
	const struct cleaner *cleaner;
	int found;
	int dead; /* were among them, whoever has those */
};

static void
kill_one(pid_t pid, void *arg)
{
	struct look *l = arg;

	if (!l->cleaner->wants(pid))
		return;
	if (proc_has_ended(pid)) {
		l->dead = 1;
		return;
	}
	l->found = 1;
	l->cleaner->kill(pid);
}

/*
 * Dead ones that others trace have nobody below them, but one that has died
 * during a look may have left somebody.
 */
void
clean_children(const struct cleaner *c)
{
	struct timespec ts = { 0, CLEAN_TICK * 1000000L };
	struct look l = { c, 0, 0 };
	int i, status, quiet = 0;
	pid_t pid;

	for (i = 0; i < CLEAN_MAX; i++) {
		l.found = l.dead = 0;
		/* Who could not look has not seen that nobody is left. */
		if (proc_children(kill_one, &l) == -1 && errno != ENOSYS)
			l.found = 1;
		while ((pid = reap_ended(-1, &status, NULL)) > 0)
			c->reaped(pid);
		quiet = l.found ? 0 : quiet + 1;
		if (pid == -1 || quiet == CLEAN_QUIET || (quiet && !l.dead))
			return;
		(void)nanosleep(&ts, NULL);
	}
	log_warnx("processes survive SIGKILL");
}
