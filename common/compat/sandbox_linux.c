/*
 * The sandbox on Linux, a process at a time. Order: what needs system calls
 * that the filter does not permit comes first, the filter last.
 */

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <stddef.h>
#include <unistd.h>

#include "log.h"
#include "sandbox.h"
#include "sandbox_linux.h"

/* A SUID program gains nothing here, and only then may we have filters. */
static void
no_new_privs(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) == -1)
		fatal("no_new_privs");
}

/* Nobody with the same uid traces it, or reopens its descriptors. */
static void
not_dumpable(void)
{
	if (prctl(PR_SET_DUMPABLE, 0UL, 0UL, 0UL, 0UL) == -1)
		fatal("dumpable");
}

static void
sandbox_limit(__rlimit_resource_t what, rlim_t n)
{
	struct rlimit rl = { n, n };

	if (setrlimit(what, &rl) == -1)
		fatal("limit %d", (int)what);
}

static int
is_file(int fd)
{
	struct stat st;

	return (fstat(fd, &st) == 0 && S_ISREG(st.st_mode));
}

/*
 * No processes, no core, no bytes into files: unless it is the port, or the
 * log, that was made to end in one.
 */
static void
sandbox_limits(void)
{
	sandbox_limit(RLIMIT_NPROC, 0);
	sandbox_limit(RLIMIT_CORE, 0);
	if (!is_file(STDOUT_FILENO) && !is_file(STDERR_FILENO))
		sandbox_limit(RLIMIT_FSIZE, 0);
}

/*
 * The broker complains for all: they find the same kernel, and a log that
 * says the same thing four times is read less, not more.
 */
static void
sandbox_missing(enum sandbox_process who, const char *what)
{
	if (who == SANDBOX_BROKER)
		log_warnx("this system has no %s: going on without", what);
	else
		log_debug("no %s here", what);
}

/* The names of what there was. */
static const char *const *
sandbox_confine(
    enum sandbox_process who, int landlock, const int *dirs, size_t count)
{
	static const char *names[3];
	const char **next = names;

	not_dumpable();
	no_new_privs();
	if (landlock_restrict(landlock, dirs, count) == -1)
		sandbox_missing(who, "Landlock");
	else
		*next++ = "landlock";
	if (seccomp_process(who) == -1)
		sandbox_missing(who, "system call filter");
	else
		*next++ = "syscall_filter";
	*next = NULL;
	return (names);
}

void
sandbox_guard(const int *places, size_t count)
{
	(void)sandbox_confine(SANDBOX_GUARD, LANDLOCK_READ_PROC, places, count);
}

void
sandbox_reaper(const int *places, size_t count)
{
	(void)sandbox_confine(
	    SANDBOX_REAPER, LANDLOCK_READ_PROC, places, count);
}

void
sandbox_keeper(const int *dirs, size_t count)
{
	sandbox_limit(RLIMIT_NPROC, 0);
	sandbox_limit(RLIMIT_CORE, 0);
	(void)sandbox_confine(
	    SANDBOX_KEEPER, LANDLOCK_ALONE | LANDLOCK_MAKE, dirs, count);
}

/* Without a launcher it forks, opens and executes whatever is asked. */
void
sandbox_priv(int forks)
{
	if (!forks)
		(void)sandbox_confine(SANDBOX_PRIV, 0, NULL, 0);
}

/* Only this, as the children inherit it; they are no part of ours. */
int
sandbox_launcher(uid_t uid, uint64_t secret)
{
	no_new_privs();
	if (seccomp_uid(uid, secret) == -1)
		log_warnx("this system has no system call filter: a launcher "
			  "is not held to its uid");
	return (1);
}

void
sandbox_broker(void)
{
	sandbox_limits();
	(void)sandbox_confine(SANDBOX_BROKER, LANDLOCK_ALONE, NULL, 0);
}

const char *const *
sandbox_worker(void)
{
	sandbox_limits();
	return (sandbox_confine(SANDBOX_WORKER, LANDLOCK_ALONE, NULL, 0));
}
