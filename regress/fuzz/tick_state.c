/* Terminals without a tick: the timer is the engine's. */

#include <sys/time.h>

static int
no_timer(int which, const struct itimerval *new, struct itimerval *old)
{
	(void)which;
	(void)new;
	(void)old;
	return (0);
}

#define setitimer no_timer
#include "../../common/compat/stream_tick.c"
