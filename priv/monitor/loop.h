/*
 * The loop of priv, which knows all that the others do.
 */

#ifndef MONITOR_LOOP_H
#define MONITOR_LOOP_H

/*
 * Until all has ended: the exit status that it is to be. Everything that it
 * needs was started before.
 */
int loop_run(void);

#endif
