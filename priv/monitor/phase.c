/*
 * How far priv is with its own end, and what its exit status will be. Below
 * all that depends on it, so that nobody has to ask upwards.
 */

#include "proto.h"

#include "monitor/phase.h"

static enum phase phase = PHASE_RUN;
static int status = EXIT_CLEAN;
static int idle_ends;

enum phase
phase_now(void)
{
	return (phase);
}

unsigned int
phase_state(void)
{
	return (phase == PHASE_RUN ? STATE_RUN : STATE_STOP);
}

int
phase_stop(int s)
{
	if (phase != PHASE_RUN)
		return (0);
	phase = PHASE_STOP;
	status = s;
	return (1);
}

void
phase_next(enum phase next)
{
	phase = next;
}

void
phase_broken(void)
{
	if (status == EXIT_CLEAN)
		status = EXIT_RING;
}

int
phase_status(void)
{
	return (status);
}

void
phase_end_when_idle(void)
{
	idle_ends = 1;
}

int
phase_ends_when_idle(void)
{
	return (idle_ends);
}
