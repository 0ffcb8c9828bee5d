/*
 * Pipes that somebody else can make wait: they are read and written without
 * a wait, on kernels of all kinds and behind a splice, too.
 */

#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "compat/splice.h"
#include "compat/stream.h"

static uint8_t buf[200000];

static ssize_t
put(int fd, void *data, size_t len)
{
	struct iovec iov = { data, len };

	return (stream_put_pipe(fd, &iov, 1));
}

/* Bytes in, bytes out, and no wait at either end. */
static void
play(const int fds[2])
{
	uint8_t got[sizeof(buf)];
	size_t in, out = 0;
	ssize_t n;

	assert_int_equal(stream_get_pipe(fds[0], got, 1), -1);
	assert_int_equal(errno, EAGAIN);
	for (in = 0; (n = put(fds[1], buf + in, sizeof(buf) - in)) > 0;)
		in += (size_t)n;
	assert_int_equal(n, -1);
	assert_int_equal(errno, EAGAIN);
	while ((n = stream_get_pipe(fds[0], got + out, 3000)) > 0)
		out += (size_t)n;
	assert_int_equal(n, -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(in, out);
	assert_memory_equal(buf, got, in);
}

static void
test_waiting(void **state)
{
	int fds[2], other[2];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(buf); i++)
		buf[i] = (uint8_t)(i * 7 + i / 251);
	alarm(20); /* a wait */
	assert_int_equal(pipe(fds), 0); /* as if O_NONBLOCK were cleared */
	play(fds);
	play(fds);
	/* Both ends have seen a splice from here on. */
	assert_int_equal(pipe(other), 0);
	assert_int_equal(write(other[1], "x", 1), 1);
	assert_int_equal(splice_move(other[0], fds[1], 1), 1);
	assert_int_equal(splice_move(fds[0], other[1], 1), 1);
	play(fds);
	play(fds);
	(void)alarm(0);
	assert_int_equal(close(fds[1]), 0);
	assert_int_equal(stream_get_pipe(fds[0], buf, 1), 0);
	assert_int_equal(close(fds[0]), 0);
	assert_int_equal(close(other[0]), 0);
	assert_int_equal(close(other[1]), 0);
}

static void
test_kinds(void **state)
{
	int fds[2], fd;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(stream_kind(fds[0]), STREAM_PIPE);
	assert_int_equal(stream_kind(fds[1]), STREAM_PIPE);
	assert_int_equal(close(fds[0]), 0);
	assert_int_equal(close(fds[1]), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(stream_kind(fds[0]), STREAM_OTHER);
	assert_int_equal(close(fds[0]), 0);
	assert_int_equal(close(fds[1]), 0);
	assert_int_equal(stream_kind(fds[0]), STREAM_OTHER);
	assert_int_not_equal(fd = open("/dev/null", O_RDWR), -1);
	assert_int_equal(close(fd), 0);
	if ((fd = posix_openpt(O_RDWR | O_NOCTTY)) == -1)
		return;
	assert_int_equal(stream_kind(fd), STREAM_TERMINAL);
	assert_int_equal(close(fd), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_waiting),
		cmocka_unit_test(test_kinds),
	};

	stream_init();
	stream_io_init();
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
