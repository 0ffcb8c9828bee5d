/*
 * Output that is moved and not copied: from the child's pipe to a socket of
 * ours, which says how much there is and keeps it from whoever else has the
 * child's pipe open, and once its header is written, on to the port's pipe.
 *
 * A socket and not a pipe, as from pipe to pipe a piece takes its flags along.
 * What a child has written with O_DIRECT is a packet, of which a reader with
 * less room loses the rest: a node would lose its place among the frames, and
 * take for a frame what the child likes. A socket knows of no packets.
 */

#include <sys/socket.h>

#include <unistd.h>

#include "compat/splice.h"
#include "log.h"
#include "worker.h"

#define PORT_PIPE_MIN 65536

static int zc_fds[2] = { -1, -1 };
static int zc_port;
static size_t pending; /* bytes in the socket */

/* The larger it is, the fewer the pieces; a small one will do, too. */
static void
zc_room(int fd)
{
	const int size = 2 * (int)PIPE_LARGE;

	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)) == -1)
		log_debug("socket for output: no more room");
}

/* A user with too many pipes gets tiny ones, which are not worth it. */
void
zc_init(int port)
{
	zc_port = port;
	if (!splice_able(port))
		return;
	if (splice_size(port, PIPE_LARGE) < PORT_PIPE_MIN) {
		log_debug("output is copied: the port's pipe is too small");
		return;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
		zc_fds) == -1) {
		log_warn("socket for output");
		zc_fds[0] = zc_fds[1] = -1;
		return;
	}
	zc_room(zc_fds[1]);
}

int
zc_able(void)
{
	return (zc_fds[0] != -1);
}

ssize_t
zc_read(int fd, size_t len)
{
	ssize_t n;

	if ((n = splice_move(fd, zc_fds[1], len)) > 0)
		pending = (size_t)n;
	return (n);
}

size_t
zc_pending(void)
{
	return (pending);
}

void
zc_copy(void *buf)
{
	ssize_t n;

	if ((n = read(zc_fds[0], buf, pending)) == -1 || (size_t)n != pending)
		fatal("socket for output");
	pending = 0;
}

ssize_t
zc_write(void)
{
	ssize_t n;

	if ((n = splice_move(zc_fds[0], zc_port, pending)) > 0)
		pending -= (size_t)n;
	return (n);
}

void
zc_close(void)
{
	if (zc_able()) {
		(void)close(zc_fds[0]);
		(void)close(zc_fds[1]);
	}
	zc_fds[0] = zc_fds[1] = -1;
	pending = 0;
}
