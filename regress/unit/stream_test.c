/*
 * Pipes that somebody else can make wait: they are read and written without
 * a wait, on kernels of all kinds and behind a splice, too.
 */

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "compat/ioctl.h"
#include "compat/splice.h"
#include "compat/stream.h"

#define LARGE 8192

static uint8_t buf[200000];

static ssize_t
put(int fd, void *data, size_t len)
{
	struct iovec iov = { data, len };

	return (stream_put_pipe(fd, &iov, 1));
}

/* Bytes in, bytes out, so many at once, and no wait at either end. */
static void
play(const int fds[2], size_t size)
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
	while ((n = stream_get_pipe(fds[0], got + out,
		    sizeof(got) - out < size ? sizeof(got) - out : size)) > 0)
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
	play(fds, 3000);
	play(fds, LARGE);
	/* Both ends have seen a splice from here on. */
	assert_int_equal(pipe(other), 0);
	assert_int_equal(write(other[1], "x", 1), 1);
	assert_int_equal(splice_move(other[0], fds[1], 1), 1);
	assert_int_equal(splice_move(fds[0], other[1], 1), 1);
	play(fds, 3000);
	play(fds, LARGE);
	(void)alarm(0);
	assert_int_equal(close(fds[1]), 0);
	assert_int_equal(stream_get_pipe(fds[0], buf, 1), 0);
	assert_int_equal(close(fds[0]), 0);
	assert_int_equal(close(other[0]), 0);
	assert_int_equal(close(other[1]), 0);
}

/* Of a packet nothing is lost, however little is read at a time. */
static void
test_packets(void **state)
{
	uint8_t got[LARGE];
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_DIRECT | O_NONBLOCK), 0);
	assert_int_equal(write(fds[1], buf, 3000), 3000);
	assert_int_equal(write(fds[1], buf, 3000), 3000);
	assert_int_equal(stream_get_pipe(fds[0], got, 100), 100);
	assert_int_equal(stream_get_pipe(fds[0], got + 100, LARGE - 100), 5900);
	assert_memory_equal(got, buf, 3000);
	assert_memory_equal(got + 3000, buf, 3000);
	assert_int_equal(close(fds[0]), 0);
	assert_int_equal(close(fds[1]), 0);
}

/* A pipe that has nothing, and no flag, is moved from without a wait. */
static void
test_move(void **state)
{
	int fds[2], s[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s), 0);
	assert_int_equal(splice_move(fds[0], s[0], 100), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(close(fds[0]), 0);
	assert_int_equal(close(fds[1]), 0);
	assert_int_equal(close(s[0]), 0);
	assert_int_equal(close(s[1]), 0);
}

static int clears; /* somebody clears the flag right behind our setting it */

int
ioctl(int fd, ioctl_request what, ...)
{
	va_list ap;
	void *arg;
	int r;

	va_start(ap, what);
	arg = va_arg(ap, void *);
	va_end(ap);
	r = (int)syscall(SYS_ioctl, fd, what, arg);
	if (clears && what == FIONBIO)
		(void)fcntl(
		    fd, F_SETFL, fcntl(fd, F_GETFL) & ~(O_NONBLOCK | O_ASYNC));
	return (r);
}

/* A terminal that has nothing, with its other side, which reads nothing. */
static int
terminal(int *slave)
{
	const char *name;
	struct termios t;
	int fd;

	if ((fd = posix_openpt(O_RDWR | O_NOCTTY)) == -1 || grantpt(fd) == -1 ||
	    unlockpt(fd) == -1 || (name = ptsname(fd)) == NULL ||
	    (*slave = open(name, O_RDWR | O_NOCTTY)) == -1 ||
	    tcgetattr(*slave, &t) == -1)
		fail();
	cfmakeraw(&t);
	assert_int_equal(tcsetattr(*slave, TCSANOW, &t), 0);
	return (fd);
}

static void
expect_terminal(int fd, int error)
{
	struct iovec iov = { buf, 1000 };
	ssize_t n;

	assert_int_equal(fcntl(fd, F_SETFL, 0), 0);
	assert_int_equal(stream_get_terminal(fd, buf, 1), -1);
	assert_int_equal(errno, error);
	do {
		assert_int_equal(fcntl(fd, F_SETFL, 0), 0);
		n = stream_put_terminal(fd, &iov, 1);
	} while (n > 0);
	assert_int_equal(n, -1);
	assert_int_equal(errno, error);
}

/* The flag is set each time, and where that is of no use, a tick helps. */
static void
test_terminals(void **state)
{
	int fd, slave = -1;

	(void)state;
	fd = terminal(&slave);
	expect_terminal(fd, EAGAIN);
	stream_terminals(1);
	clears = 1;
	expect_terminal(fd, EIO);
	clears = 0;
	stream_terminals(-1);
	assert_int_equal(close(slave), 0);
	assert_int_equal(close(fd), 0);
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
		cmocka_unit_test(test_packets),
		cmocka_unit_test(test_move),
		cmocka_unit_test(test_terminals),
		cmocka_unit_test(test_kinds),
	};

	stream_init();
	stream_io_init();
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
