#ifndef SWITCH_STATE_H
#define SWITCH_STATE_H

/* As nothing had happened. */
void death_forget(void);
void stop_forget(void);

#endif
