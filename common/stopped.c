/*
 * Processes of ours that are stopped: see stopped.h. Only who may signal them
 * can do that: root, and in plain mode whatever runs as the same user. Whoever
 * stops one again and again is among what its death has ended.
 */

#include <signal.h>

#include "log.h"
#include "reap.h"
#include "stopped.h"

#define STOPPED_TIMES 3 /* in a row that it is continued */
#define STOPPED_CALM 60000 /* ms without a stop that end the row */

static void
stopped_calm(void *arg)
{
	struct stopped *s = arg;

	s->times = 0;
}

static void
stopped_late(void *arg)
{
	struct stopped *s = arg;
	int over = s->times == STOPPED_TIMES;

	if (!reap_is_stopped(s->pid))
		return;
	(void)kill(s->pid, over ? SIGKILL : SIGCONT);
	log_warnx("%s was stopped: %s", s->name, over ? "killed" : "continued");
	s->times += !over;
	timer_set(&s->calm, STOPPED_CALM, stopped_calm, s);
}

void
stopped_check(struct stopped *s)
{
	if (!s->patience.set && reap_is_stopped(s->pid))
		timer_set(&s->patience, STOPPED_MAX, stopped_late, s);
}
