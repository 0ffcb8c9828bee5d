/*
 * A system without calls that never wait: pipes are served as terminals are.
 * Launchers, who could keep them, are on Linux only.
 */

#include <sys/stat.h>

#include <unistd.h>

#include "compat/stream.h"

void
stream_init(int serves)
{
	(void)serves;
}

enum stream_kind
stream_kind(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return (STREAM_OTHER);
	if (S_ISFIFO(st.st_mode))
		return (STREAM_PIPE);
	return (S_ISCHR(st.st_mode) ? STREAM_TERMINAL : STREAM_OTHER);
}

ssize_t
stream_get_pipe(int fd, void *buf, size_t len)
{
	return (stream_get_terminal(fd, buf, len));
}

ssize_t
stream_put_pipe(int fd, const struct iovec *iov, int count)
{
	return (stream_put_terminal(fd, iov, count));
}
