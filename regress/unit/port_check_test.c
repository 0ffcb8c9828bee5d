/*
 * Tests of what can be the port: descriptors of all kinds, and what of them is
 * left when it was found to be one.
 */

#include <sys/socket.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <signal.h>

#include "compat/proc.h"
#include "proto.h"
#include "start/port.h"
#include "start_util.h"

enum kind {
	CLOSED,
	PIPE_READ,
	PIPE_WRITE,
	FIFO_BOTH,
	STREAM,
	DATAGRAM,
	LISTENING,
	DEVICE,
	DEVICE_READ,
	DEVICE_WRITE,
	DEVICE_PATH,
	FILE_BOTH,
	DIRECTORY,
	KINDS
};

static const struct row {
	enum kind in;
	enum kind out;
	const char *why; /* NULL: it is a port */
	int bad; /* which of both, 0 or 1 */
} rows[] = {
	{ PIPE_READ, PIPE_WRITE, NULL, 0 },
	{ STREAM, STREAM, NULL, 0 },
	{ DEVICE, DEVICE, NULL, 0 },
	{ DEVICE_READ, DEVICE_WRITE, NULL, 0 },
	{ FILE_BOTH, PIPE_WRITE, NULL, 0 },
	{ PIPE_READ, FILE_BOTH, NULL, 0 },
	{ CLOSED, PIPE_WRITE, "is not open", 0 },
	{ PIPE_READ, CLOSED, "is not open", 1 },
	{ PIPE_WRITE, PIPE_WRITE, "cannot be read", 0 },
	{ DEVICE_WRITE, PIPE_WRITE, "cannot be read", 0 },
	{ DEVICE_PATH, PIPE_WRITE, "cannot be read", 0 },
	{ PIPE_READ, PIPE_READ, "cannot be written", 1 },
	{ PIPE_READ, DEVICE_READ, "cannot be written", 1 },
	{ PIPE_READ, DEVICE_PATH, "cannot be written", 1 },
	{ DIRECTORY, PIPE_WRITE, "is a directory", 0 },
	{ FIFO_BOTH, PIPE_WRITE, "is a FIFO opened for reading and writing",
	    0 },
	{ PIPE_READ, FIFO_BOTH, "is a FIFO opened for reading and writing", 1 },
	{ DATAGRAM, PIPE_WRITE, "is a socket that is no stream", 0 },
	{ PIPE_READ, DATAGRAM, "is a socket that is no stream", 1 },
	{ LISTENING, PIPE_WRITE, "is a socket that is no stream", 0 },
	{ FILE_BOTH, FILE_BOTH, "is the one that is read", 1 },
};

static char file[] = "/tmp/port_check.XXXXXX";
static struct found {
	int open[PORT_MAX + 1];
	int async[2];
} * found;

static int
descriptor(enum kind kind)
{
	int fds[2];

	switch (kind) {
	case PIPE_READ:
	case PIPE_WRITE:
		return (pipe(fds) == -1 ? -1 : fds[kind == PIPE_WRITE]);
	case FIFO_BOTH:
		if (pipe(fds) == -1)
			return (-1);
		(void)snprintf(
		    logged, sizeof(logged), "/proc/self/fd/%d", fds[0]);
		fds[1] = open(logged, O_RDWR);
		log_clear();
		return (fds[1]);
	case STREAM:
		return (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == -1
			    ? -1
			    : fds[0]);
	case DATAGRAM:
		return (socket(AF_UNIX, SOCK_DGRAM, 0));
	case LISTENING:
		fds[0] = socket(AF_INET, SOCK_STREAM, 0);
		return (listen(fds[0], 1) == -1 ? -1 : fds[0]);
	case DEVICE:
		return (open("/dev/null", O_RDWR));
	case DEVICE_READ:
		return (open("/dev/null", O_RDONLY));
	case DEVICE_WRITE:
		return (open("/dev/null", O_WRONLY));
	case DEVICE_PATH:
		return (open("/dev/null", O_PATH));
	case FILE_BOTH:
		return (open(file, O_RDWR));
	case DIRECTORY:
		return (open("/", O_RDONLY));
	default:
		return (-1);
	}
}

/* Descriptors 0 to 4, of which the port is 0 and 1, or 3 and 4. */
static void
arrange(const struct row *row, int high)
{
	const enum kind kinds[2] = { row->in, row->out };
	int fd, i, low = high ? 3 : 0;

	for (i = 0; i <= PORT_MAX; i++)
		if (i != STDERR_FILENO &&
		    ((fd = open("/dev/null", O_RDWR)) == -1 ||
			(fd != i && (dup2(fd, i) == -1 || close(fd) == -1))))
			abort();
	for (i = 0; i < 2; i++) {
		if (kinds[i] == CLOSED)
			continue;
		if ((fd = descriptor(kinds[i])) == -1 ||
		    dup2(fd, low + i) == -1)
			abort();
		(void)fcntl(low + i, F_SETOWN, getpid());
		(void)fcntl(
		    low + i, F_SETFL, fcntl(low + i, F_GETFL) | O_ASYNC);
	}
	for (i = 0; i < 2; i++)
		if (kinds[i] == CLOSED)
			(void)close(low + i);
}

static int high;

static void
check(const void *arg)
{
	struct args a = { .port_in = high ? 3 : 0, .port_out = high ? 4 : 1 };
	int i;

	(void)signal(SIGIO, SIG_IGN);
	arrange(arg, high);
	port_check(&a);
	for (i = 0; i <= PORT_MAX; i++)
		found->open[i] = fcntl(i, F_GETFD) != -1;
	for (i = 0; i < 2; i++)
		found->async[i] =
		    (fcntl(i == 0 ? a.port_in : a.port_out, F_GETFL) &
			O_ASYNC) != 0 ||
		    fcntl(i == 0 ? a.port_in : a.port_out, F_GETOWN) != 0;
}

static void
test_rows(void **state)
{
	char want[128];
	size_t i;

	(void)state;
	for (i = 0; i < nitems(rows); i++) {
		for (high = 0; high < 2; high++) {
			take_step(check, &rows[i]);
			want[0] = '\0';
			if (rows[i].why != NULL)
				(void)snprintf(want, sizeof(want),
				    "the port's descriptor %d %s\n",
				    rows[i].bad + 3 * high, rows[i].why);
			if (strcmp(step->logged, want) != 0 ||
			    step->status !=
				(rows[i].why == NULL ? RETURNED : EXIT_START))
				fail_msg("row %zu: status %d, \"%s\"", i,
				    step->status, step->logged);
		}
	}
}

/* Nothing else that the port could have been is open behind it. */
static void
test_left(void **state)
{
	int i;

	(void)state;
	for (high = 0; high < 2; high++) {
		take_step(check, &rows[1]);
		assert_int_equal(step->status, RETURNED);
		for (i = 0; i <= PORT_MAX; i++)
			assert_int_equal(
			    found->open[i], high || i <= STDERR_FILENO);
	}
}

/* Whoever has asked to be sent a signal for it is sent none. */
static void
test_disowned(void **state)
{
	(void)state;
	for (high = 0; high < 2; high++) {
		take_step(check, &rows[1]);
		assert_int_equal(found->async[0], 0);
		assert_int_equal(found->async[1], 0);
	}
}

static int
begin(void **state)
{
	int fd = mkstemp(file);

	(void)state;
	found = shared(sizeof(*found));
	return (fd == -1 ? -1 : close(fd));
}

static int
end(void **state)
{
	(void)state;
	return (unlink(file));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_left),
		cmocka_unit_test(test_disowned),
	};

	return (cmocka_run_group_tests(tests, begin, end));
}
