/*
 * A system without calls that never wait: pipes are served as terminals are.
 * Launchers, who could keep them, are on Linux only.
 */

#include "compat/stream.h"

void
stream_io_init(void)
{
	stream_tick_init();
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
