/*
 * Output that is moved and not copied: from the child's pipe to one of ours,
 * which says how much there is and keeps it from whoever else has the child's
 * pipe open, and once its header is written, on to the port's.
 */

#include <fcntl.h>
#include <unistd.h>

#include "compat/splice.h"
#include "log.h"
#include "worker.h"

#define BODY_PIPE_MIN 65536

static int body_fds[2] = { -1, -1 };
static int body_port;
static size_t left;

/* A user who has too many pipes gets tiny ones, which are not worth it. */
void
body_init(int port)
{
	body_port = port;
	if (!splice_able(port))
		return;
	if (pipe2(body_fds, O_CLOEXEC | O_NONBLOCK) == -1) {
		log_warn("pipe for output");
		body_fds[0] = body_fds[1] = -1;
		return;
	}
	(void)splice_size(port, BODY_PIPE);
	if (splice_size(body_fds[0], BODY_PIPE) < BODY_PIPE_MIN) {
		log_debug("output is copied: pipes are too small");
		body_drop();
	}
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
		fatal("pipe for output");
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
