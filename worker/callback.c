/* libevent's events, for functions that have to know whose they are only. */

#include "worker.h"

static void
callback(int fd, short what, void *arg)
{
	const struct callback *c = arg;

	(void)fd;
	(void)what;
	if (c->fn != NULL)
		c->fn(c->arg);
}

void
callback_set(
    struct callback *c, int fd, short what, void (*fn)(void *), void *arg)
{
	c->fn = fn;
	c->arg = arg;
	event_set(&c->ev, fd, what, callback, c);
}
