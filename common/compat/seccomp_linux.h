/*
 * System call filters: tables, of which seccomp_linux.c makes BPF programs.
 * Each process has its own in a sandbox_linux.c of the folder that is its
 * code.
 *
 * The kernel sees a call's arguments as 64 bits and takes the lower half of
 * most that are looked at here: then that is what counts. Of an offset, and of
 * a pointer that must be none, both halves are looked at. What pointers point
 * to cannot be seen by a filter.
 */

#ifndef COMPAT_SECCOMP_LINUX_H
#define COMPAT_SECCOMP_LINUX_H

#include <stddef.h>
#include <stdint.h>

#include "seccomp_calls.h"

/* What a row wants to be true of an argument. */
enum seccomp_test {
	IS, /* one of the values */
	IS_NOT, /* none of the values */
	HAS, /* a bit of the first value */
	LACKS /* all bits of the first value */
};

/* A call that is looked into: if all tests hold, the action is taken. */
struct seccomp_row {
	int call;
	unsigned int arg; /* its lower half; with UPPER the other one */
	enum seccomp_test test;
	const uint32_t *values;
	size_t count;
	const struct seccomp_row *also; /* another test of it, or NULL */
};
#define UPPER 8U
/* Of an offset that is argument 3, which a long may not hold. */
#define OFFSET_UPPER (sizeof(long) == sizeof(uint32_t) ? 4U : 3U | UPPER)

/* For rows: { CALL, ARG, TEST, VALUES(A, B), ALSO(ARG, TEST, ..., NULL) } */
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define VALUES(...)                        \
	(const uint32_t[]){ __VA_ARGS__ }, \
	    COUNT(((const uint32_t[]){ __VA_ARGS__ }))
#define ALSO(...)                   \
	&(const struct seccomp_row) \
	{                           \
		NONE, __VA_ARGS__   \
	}

/* The number is another option's at another level: TCP_CONGESTION. */
#define SECCOMP_LINGER                                    \
	{                                                 \
		SYS_setsockopt, 2, IS, VALUES(SO_LINGER), \
		    ALSO(1, IS, VALUES(SOL_SOCKET), NULL) \
	}

/* Calls that are decided by their number, and those that are looked into. */
struct seccomp_list {
	const int *calls;
	size_t ncalls;
	const struct seccomp_row *rows;
	size_t nrows;
};
#define LIST(calls, rows)                              \
	{                                              \
		calls, COUNT(calls), rows, COUNT(rows) \
	}

/* What every process does. */
extern const struct seccomp_list seccomp_common;

/* And those that signal others. */
extern const struct seccomp_list seccomp_signals;

/* What each may call: lists, and behind the last of them NULL. */
extern const struct seccomp_list *const seccomp_guard[];
extern const struct seccomp_list *const seccomp_reaper[];
extern const struct seccomp_list *const seccomp_priv[];
extern const struct seccomp_list *const seccomp_broker[];
extern const struct seccomp_list *const seccomp_worker[];
extern const struct seccomp_list *const seccomp_keeper[];
extern const struct seccomp_list *const seccomp_task_guard[];
extern const struct seccomp_list *const seccomp_switch[];

/* What a launcher and its children may not, and what they find missing. */
extern const struct seccomp_list seccomp_launcher, seccomp_absent;

/*
 * From here on any other call kills the process; or the first list's fail with
 * EPERM, the second's with ENOSYS, for the caller and all that it will ever
 * start. 0, or -1 where the system has no such thing; fatal if it has and
 * refuses.
 */
int seccomp_allow(const struct seccomp_list *const *lists);
int seccomp_refuse(const struct seccomp_list *, const struct seccomp_list *);

#endif
