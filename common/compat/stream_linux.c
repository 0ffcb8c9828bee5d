/*
 * What is a pipe and what a terminal on Linux.
 */

#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/stat.h>
#include <unistd.h>

#include "compat/stream.h"
#include "log.h"

#define PTMX_MAJOR 5
#define PTMX_MINOR 2
#define PTS_FIRST 136 /* majors of terminals' other sides */
#define PTS_LAST 143
#define LOOKS 3 /* that may fail before the last */

static dev_t pipes; /* where those without a name are */

void
stream_init(void)
{
	struct stat st;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) == -1 || fstat(fds[0], &st) == -1)
		fatal("pipe");
	pipes = st.st_dev;
	(void)close(fds[0]);
	(void)close(fds[1]);
}

/*
 * What the kernel knows by itself: a file system's server is not asked. EPERM
 * is the answer of containers whose filter is older than the call.
 */
static int
look(int fd, struct stat *st)
{
	struct statx x;

	if (syscall(SYS_statx, fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC,
		STATX_TYPE, &x) == -1)
		return (errno == ENOSYS || errno == EPERM ? fstat(fd, st) : -1);
	st->st_mode = x.stx_mode;
	st->st_dev = makedev(x.stx_dev_major, x.stx_dev_minor);
	st->st_rdev = makedev(x.stx_rdev_major, x.stx_rdev_minor);
	return (0);
}

enum stream_kind
stream_kind(int fd)
{
	unsigned int n;
	struct stat st;
	int i;

	/* An error that passes is no answer. */
	for (i = 0; look(fd, &st) == -1; i++)
		if (i == LOOKS)
			return (STREAM_OTHER);
	/* One with a name can be in anybody's file system. */
	if (S_ISFIFO(st.st_mode))
		return (st.st_dev == pipes ? STREAM_PIPE : STREAM_OTHER);
	n = major(st.st_rdev);
	return (S_ISCHR(st.st_mode) && ((n >= PTS_FIRST && n <= PTS_LAST) ||
					   (n == PTMX_MAJOR &&
					       minor(st.st_rdev) == PTMX_MINOR))
		    ? STREAM_TERMINAL
		    : STREAM_OTHER);
}
