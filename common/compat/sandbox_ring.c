/* What broker, worker and keeper give up besides, on Linux. */

#include <sys/resource.h>
#include <sys/stat.h>

#include <stddef.h>
#include <unistd.h>

#include "log.h"
#include "sandbox_linux.h"

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

void
sandbox_alone(void)
{
	sandbox_limit(RLIMIT_NPROC, 0);
	sandbox_limit(RLIMIT_CORE, 0);
}

/*
 * No bytes into files: unless it is the port, or the
 * log, that was made to end in one.
 */
const char *const *
sandbox_ring(
    const struct seccomp_list *const *lists, void (*missing)(const char *, ...))
{
	sandbox_alone();
	if (!is_file(STDOUT_FILENO) && !is_file(STDERR_FILENO))
		sandbox_limit(RLIMIT_FSIZE, 0);
	return (sandbox_confine(lists, LANDLOCK_ALONE, NULL, 0, missing));
}
