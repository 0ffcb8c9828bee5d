/*
 * For tests of priv/monitor: a system of their own, in which processes are
 * born and die as a test says, a clock that stands still, and a record of all
 * that the monitor does to either and tells anybody. What a program does not
 * link of priv is replaced here, too; see rules.sh for what each links.
 *
 * The monitor keeps its state in variables of its files, and some of it only
 * moves forward. So each case runs in a process of its own.
 */

#ifndef MONITOR_UTIL_H
#define MONITOR_UTIL_H

#include <sys/types.h>
#include <sys/resource.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "compat/cgroup.h"
#include "monitor/child.h"
#include "policy/policy.h"
#include "policy/runas.h"

#define nitems(a) (sizeof(a) / sizeof((a)[0]))

#define STARTER_UID 1000
#define WWW_UID 33 /* whom the rule permits */
#define TID 7 /* of each run */
#define FD_FAKE 1000 /* descriptors from here on are none */
#define EXITED(n) ((n) << 8) /* for wait(2) */

/* What a test may say of the system, and of what is replaced. */
struct world {
	int no_pidfds; /* before the first use */
	int watch_error; /* errno of each new watch, or 0 */
	int traced; /* the tracer of the dead keeps them */
	int nice_errno; /* of setpriority(2) */
	struct rusage usage; /* of whoever is reaped */
	int orphans; /* that there are */
	int orphans_sig; /* what they were sent last */
	struct rule rule; /* that permits runs; line 1 */
	struct rule kill_rule; /* and kill commands; line 2 */
	struct runas www; /* whom both are for */
	int forbid; /* nothing is permitted */
	int unshaped; /* a run is too large for its environment */
	int taken; /* places of children */
	int audited; /* refusals that the system's log was told */
	enum cgroup_how how; /* leaves are killed */
	int launcher_dead;
	int launcher_full;
	int awaits; /* a launcher has something to name */
	int no_leaves; /* there is no keeper */
	int leaf_rule; /* the rule has a leaf for each of its children */
	const char *above; /* a limit that is more than it permits */
};
extern struct world world;

/* Run fn(arg) as a test of its own, in a process of its own. */
void apart(const char *title, void (*fn)(const void *), const void *arg);
/* A row of cmocka's table: a function that takes nothing, run apart. */
struct monitor_case {
	const char *name;
	void (*fn)(void);
};
#define CASE(f) CASE_NAMED(#f, f)
#define CASE_NAMED(name, f)                                        \
	{                                                          \
		name, case_run, NULL, NULL, &(struct monitor_case) \
		{                                                  \
			name, f                                    \
		}                                                  \
	}
void case_run(void **);

/* A process that is a child of ours; group 0: it leads its own. */
void proc_born(pid_t, pid_t group);
/* One that is none; group as above. */
void proc_other(pid_t, uid_t, pid_t group);
/* It is dead, with that status of wait(2); and: nobody has it any more. */
void proc_dies(pid_t, int status);
void proc_gone(pid_t);
/* It leaves its group for another one. */
void proc_moves(pid_t, pid_t group);

/* Time passes, and what is due is done. */
void sleep_ms(int);

/* All that was done since this was asked last, with "; " between. */
#define did(what) did_at((what), __FILE__, __LINE__)
void did_at(const char *, const char *file, int line);
/* One more thing that was done. */
void note(const char *, ...) __attribute__((__format__(printf, 1, 2)));
/* What log_warn() and log_warnx() have said, and: was that among it? */
const char *log_text(void);
#define logs(what) assert_non_null(strstr(log_text(), (what)))

/* The table of children can be true; did() asks this, too. */
void sound(void);

/* A message as a dispatcher would hand it over: what the handler returns. */
int handle(int (*handler)(const struct msg *), struct msg *);

/* A run that asks for nothing in particular: /bin/true, without streams. */
struct run run_plain(uint32_t flags);

/* A child for such a run that was asked for; its answer has a slot. */
struct child *child_asked(const struct run *);
/* One that runs, and whose answer has left. */
struct child *child_running(pid_t, uint32_t flags);
/* The same for a run. */
struct child *child_running_as(pid_t, const struct run *);

#endif
