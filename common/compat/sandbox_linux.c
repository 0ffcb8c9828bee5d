/*
 * The sandbox on Linux: what all of our processes do. Order: what needs system
 * calls that the filter does not permit comes first, the filter last.
 */

#include <sys/resource.h>

#include <stddef.h>

#include "log.h"
#include "proc.h"
#include "sandbox_linux.h"
#include "seccomp_linux.h"

void
sandbox_alone(void)
{
	static const struct rlimit none = { 0, 0 };

	if (setrlimit(RLIMIT_NPROC, &none) == -1 ||
	    setrlimit(RLIMIT_CORE, &none) == -1)
		fatal("limits of processes and cores");
}

const char *const *
sandbox_confine(const struct seccomp_list *const *lists, int flags,
    const int *dirs, size_t count, void (*missing)(const char *, ...))
{
	static const char *names[3];
	const char **next = names;

	/* Nobody with the same uid traces it, or reopens its descriptors. */
	proc_undumpable();
	/* A SUID program gains nothing, and only then may we have filters. */
	if (proc_set_no_new_privs() == -1)
		fatal("no_new_privs");
	if (landlock_restrict(flags, dirs, count) == -1)
		missing("this system has no %s: going on without", "Landlock");
	else
		*next++ = "landlock";
	if (seccomp_allow(lists) == -1)
		missing("this system has no %s: going on without",
		    "system call filter");
	else
		*next++ = "syscall_filter";
	*next = NULL;
	return (names);
}
