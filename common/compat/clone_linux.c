/*
 * A launcher's way to make a child: it shares the launcher's memory until it
 * calls exec, so that nothing is copied, and is born as a child of the
 * launcher's parent, which alone can reap it.
 *
 * It is clone(2) and not clone3(2): libc has a wrapper for the one only, and
 * a bare call that returns twice on shared memory is assembly for each
 * machine; container runtimes answer clone3 with ENOSYS besides. What clone3
 * would add, clearing the signal handlers, has nothing to clear: a launcher
 * has none and keeps all signals blocked.
 */

#include <sys/random.h>

#include <sched.h>
#include <stdint.h>
#include <unistd.h>

#include "proc.h"

#define CHILD_STACK (128 * 1024)

/*
 * What clone(2) gets for two arguments that it does not look at with these
 * flags: a filter can tell the launcher's own calls by it from its children's,
 * which may not make children for others.
 */
static uint64_t secret;

struct start {
	void (*fn)(void *);
	void *arg;
};

static char child_stack[CHILD_STACK] __attribute__((__aligned__(16)));

static int __attribute__((__no_sanitize_address__)) child_start(void *v)
{
	const struct start *s = v;

	s->fn(s->arg);
	_exit(127);
}

pid_t
proc_make_child(
    void (*fn)(void *), void *arg, void *result, size_t size, pid_t *board)
{
	struct start s;

	/* The memory is shared: fn's result is there already. */
	(void)result;
	(void)size;
	s.fn = fn;
	s.arg = arg;
	return (clone(child_start, child_stack + sizeof(child_stack),
	    CLONE_PARENT | CLONE_VM | CLONE_VFORK | CLONE_PARENT_SETTID, &s,
	    board, (void *)(uintptr_t)secret, (void *)(uintptr_t)secret));
}

uint64_t
proc_make_secret(void)
{
	while (secret == 0)
		if (getrandom(&secret, sizeof(secret), 0) == -1)
			return (0);
	return (secret);
}
