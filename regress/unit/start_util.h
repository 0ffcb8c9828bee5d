/*
 * For tests of priv/start: a step of start-up in a process of its own, which
 * it may end or change for good. What becomes of that is in memory that both
 * share; the log is kept in a buffer.
 */

#ifndef START_UTIL_H
#define START_UTIL_H

#include <sys/types.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log_util.h"

#define nitems(a) (sizeof(a) / sizeof((a)[0]))

#define RETURNED 100 /* in the place of an exit status: it did not exit */
#define FATAL 101

static struct step {
	int status; /* of exit(3), or one of the above */
	char logged[sizeof(logged)];
} * step;

void __wrap_exit(int) __attribute__((__noreturn__));

void
__wrap_exit(int status)
{
	step->status = status;
	memcpy(step->logged, logged, sizeof(logged));
	_exit(0);
}

void
log_debug(const char *fmt, ...)
{
	(void)fmt;
}

void
fatal(const char *fmt, ...)
{
	(void)fmt;
	__wrap_exit(FATAL);
}

void
fatalx(const char *fmt, ...)
{
	(void)fmt;
	__wrap_exit(FATAL);
}

/* Memory that is shared with the processes to come. */
static inline void *
shared(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(p, MAP_FAILED);
	return (p);
}

/* Do fn(arg) in a process of its own; how it ends is in step. */
static inline void
take_step(void (*fn)(const void *), const void *arg)
{
	int status;
	pid_t pid;

	if (step == NULL)
		step = shared(sizeof(*step));
	memset(step, 0, sizeof(*step));
	step->status = -1;
	log_clear();
	assert_int_not_equal(pid = fork(), -1);
	if (pid == 0) {
		fn(arg);
		__wrap_exit(RETURNED);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

#endif
