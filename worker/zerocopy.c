/*
 * Output that is moved and not copied: from the child's pipe to a socket of
 * ours, which says how much there is and keeps it from whoever else has the
 * child's pipe open, and once its header is written, on to the port's pipe.
 *
 * A socket and no pipe, as from pipe to pipe a piece takes its flags along.
 * What a child has written with O_DIRECT is a packet, of which a reader with
 * less room loses the rest: a node would lose its place among the frames, and
 * take for one what the child likes. A socket knows of no packets.
 */

#include <sys/socket.h>

#include <unistd.h>

#include "compat/splice.h"
#include "log.h"
#include "worker.h"

#define PORT_PIPE_MIN 65536

static int body_fds[2] = { -1, -1 };
static int body_port;
static size_t left;

/* What is moved is not copied, so it may be much: a smaller one does as well.
 */
static void
body_room(int fd)
{
	const int size = 2 * (int)BODY_PIPE;

	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)) == -1)
		log_debug("socket for output: no more room");
}

/* A user who has too many pipes gets tiny ones, which are not worth it. */
void
body_init(int port)
{
	body_port = port;
	if (!splice_able(port))
		return;
	if (splice_size(port, BODY_PIPE) < PORT_PIPE_MIN) {
		log_debug("output is copied: the port's pipe is too small");
		return;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
		body_fds) == -1) {
		log_warn("socket for output");
		body_fds[0] = body_fds[1] = -1;
		return;
	}
	body_room(body_fds[1]);
}

/* Are bytes moved at all? */
int
body_able(void)
{
	return (body_fds[0] != -1);
}

/* As read(2), to the body of the next frame. Nothing else is in it. */
ssize_t
body_take(int fd, size_t len)
{
	ssize_t n;

	if ((n = splice_move(fd, body_fds[1], len)) > 0)
		left = (size_t)n;
	return (n);
}

size_t
body_left(void)
{
	return (left);
}

/* Too little to be moved: all of it, copied. */
void
body_copy(void *buf)
{
	ssize_t n;

	if ((n = read(body_fds[0], buf, left)) == -1 || (size_t)n != left)
		fatal("socket for output");
	left = 0;
}

/* To the port; as write(2). */
ssize_t
body_give(void)
{
	ssize_t n;

	if ((n = splice_move(body_fds[0], body_port, left)) > 0)
		left -= (size_t)n;
	return (n);
}

/* Nobody wants it any more, nor any other. */
void
body_drop(void)
{
	if (body_able()) {
		(void)close(body_fds[0]);
		(void)close(body_fds[1]);
	}
	body_fds[0] = body_fds[1] = -1;
	left = 0;
}
