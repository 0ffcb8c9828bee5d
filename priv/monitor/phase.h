/*
 * How far priv is with its own end. The phase only moves forward.
 */

#ifndef MONITOR_PHASE_H
#define MONITOR_PHASE_H

enum phase {
	PHASE_RUN, /* requests are served */
	PHASE_STOP, /* all children were asked to end */
	PHASE_KILL, /* their time is over: SIGKILL */
	PHASE_DONE /* nobody is left, or is waited for */
};

/* Bits of a dispatch table's states: a phase is one of the two. */
#define STATE_RUN 0x1
#define STATE_STOP 0x2

enum phase phase_now(void);
unsigned int phase_state(void); /* STATE_... */

/*
 * The stop begins: priv will end with this exit status. 1, or 0 if it had
 * begun before: the first status counts.
 */
int phase_stop(int status);

/* From then on: PHASE_KILL, and PHASE_DONE. */
void phase_next(enum phase);

/* A process of the ring has failed: no status is a clean one any more. */
void phase_broken(void);
int phase_status(void);

/* End as soon as there is no child: a launcher is missing. */
void phase_end_when_idle(void);
int phase_ends_when_idle(void);

#endif
