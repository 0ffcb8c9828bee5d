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

#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <unistd.h>

#include "proc.h"

#define CHILD_STACK (128 * 1024)

/*
 * What clone(2) gets for two arguments that it does not look at with these
 * flags, the lower half of it first: a filter can tell the launcher's own calls
 * by it from its children's, which may not make children for others.
 */
static uint64_t secret;

#ifdef __x86_64__ /* has them in the other order */
#define TLS (secret >> 32)
#define CTID (secret & UINT32_MAX)
#else
#define TLS (secret & UINT32_MAX)
#define CTID (secret >> 32)
#endif

struct start {
	void (*fn)(void *);
	void *arg;
	const void *result; /* where fn has left size bytes */
	size_t size;
	int report; /* to whom does not share memory, or -1 */
};

static char child_stack[CHILD_STACK] __attribute__((__aligned__(16)));

static int __attribute__((__no_sanitize_address__)) child_start(void *v)
{
	const struct start *s = v;

	s->fn(s->arg);
	if (s->report != -1 && write(s->report, s->result, s->size) == -1)
		_exit(126);
	_exit(127);
}

static pid_t
child_clone(struct start *s, int flags, pid_t *board)
{
	return (clone(child_start, child_stack + sizeof(child_stack),
	    CLONE_PARENT | CLONE_PARENT_SETTID | flags, s, board,
	    (void *)(uintptr_t)TLS, (void *)(uintptr_t)CTID));
}

/*
 * A child that may wait for somebody before it calls exec. Whoever is tired of
 * it before it has closed the pipe kills it: that closes it, too.
 */
static pid_t
make_apart(struct start *s, void *result, pid_t *board)
{
	int fds[2];
	ssize_t n;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) == -1)
		return (-1);
	s->report = fds[1];
	pid = child_clone(s, 0, board);
	(void)close(fds[1]);
	/* All of it, or nothing: it runs, it waits, or it was killed. */
	if (pid != -1) {
		n = read(fds[0], result, s->size);
		(void)n;
	}
	(void)close(fds[0]);
	return (pid);
}

pid_t
proc_make_child(void (*fn)(void *), void *arg, void *result, size_t size,
    pid_t *board, int apart)
{
	struct start s = { fn, arg, result, size, -1 };

	if (apart)
		return (make_apart(&s, result, board));
	/* The memory is shared: fn's result is there already. */
	return (child_clone(&s, CLONE_VM | CLONE_VFORK, board));
}

uint64_t
proc_make_secret(void)
{
	while (secret == 0)
		if (getrandom(&secret, sizeof(secret), 0) == -1)
			return (0);
	return (secret);
}
