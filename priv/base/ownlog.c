/*
 * The log's descriptor: see ownlog.h.
 */

#include <sys/stat.h>

#include <fcntl.h>
#include <paths.h>
#include <unistd.h>

#include "base/ownlog.h"
#include "compat/proc.h"
#include "log.h"

/*
 * The log opened again, or /dev/null in its place; -1: it may stay. Only what
 * the starter may write to is opened with root's rights. What can be full, a
 * terminal or a FIFO, must not block: poll(2) says that a terminal has room
 * where it has none for a newline, and others write to it, too. A socket cannot
 * be opened, and log.c needs no flag for it.
 */
static int
ownlog_find(int flags)
{
	struct stat st;
	int fd;

	if ((flags & O_ACCMODE) == O_RDONLY || fstat(STDERR_FILENO, &st) == -1)
		return (open(_PATH_DEVNULL, O_WRONLY));
	if (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode)) {
		fd = proc_reopen(STDERR_FILENO, O_WRONLY | O_NONBLOCK);
		return (fd != -1 ? fd : open(_PATH_DEVNULL, O_WRONLY));
	}
	if ((flags & O_ACCMODE) == O_WRONLY)
		return (-1);
	return (proc_reopen(STDERR_FILENO, O_WRONLY | (flags & O_NONBLOCK)));
}

void
ownlog_open(void)
{
	int flags = fcntl(STDERR_FILENO, F_GETFL), fd;

	if (flags == -1 || (fd = ownlog_find(flags)) == -1)
		return;
	if (dup2(fd, STDERR_FILENO) == -1)
		fatal("standard error");
	(void)close(fd);
}
