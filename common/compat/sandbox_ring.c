/* What broker and worker give up besides, on Linux. */

#include <sys/resource.h>
#include <sys/stat.h>

#include <stddef.h>
#include <unistd.h>

#include "log.h"
#include "sandbox_linux.h"

/*
 * No bytes into files: unless it is the port, or the
 * log, that was made to end in one.
 */
const char *const *
sandbox_ring(
    const struct seccomp_list *const *lists, void (*missing)(const char *, ...))
{
	static const struct rlimit none = { 0, 0 };
	struct stat port, log;

	sandbox_alone();
	if ((fstat(STDOUT_FILENO, &port) == -1 || !S_ISREG(port.st_mode)) &&
	    (fstat(STDERR_FILENO, &log) == -1 || !S_ISREG(log.st_mode)) &&
	    setrlimit(RLIMIT_FSIZE, &none) == -1)
		fatal("limit of files");
	return (sandbox_confine(lists, LANDLOCK_ALONE, NULL, 0, missing));
}
