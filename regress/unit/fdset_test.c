/*
 * Descriptors that come before their message: what is taken, and whose.
 */

#include <sys/types.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "compat/stream.h"
#include "fdset.h"

#define nitems(a) (sizeof(a) / sizeof((a)[0]))

#define STEPS 4

/* What comes, in this order; what is asked for then, and what is had. */
static const struct row {
	const char *name;
	struct {
		uint32_t id;
		uint32_t stream;
		char what; /* p(ipe), n(othing), s(ocket); 0 ends the row */
		int error;
	} step[STEPS];
	uint32_t id;
	uint32_t streams;
	int rc;
} rows[] = {
	{ "none", { { 0 } }, 7, 0, 0 },
	{ "none, and one is said to have come", { { 0 } }, 7, 1, -1 },
	{ "all three", { { 7, 0, 'p', 0 }, { 7, 1, 'p', 0 }, { 7, 2, 'p', 0 } },
	    7, 7, 0 },
	{ "in any order", { { 7, 2, 'p', 0 }, { 7, 0, 'p', 0 } }, 7, 5, 0 },
	{ "one did not arrive", { { 7, 1, 'n', 0 } }, 7, 2, 0 },
	{ "more than are said", { { 7, 1, 'p', 0 }, { 7, 2, 'p', 0 } }, 7, 2,
	    -1 },
	{ "less than are said", { { 7, 1, 'p', 0 } }, 7, 6, -1 },
	{ "of another", { { 7, 1, 'p', 0 } }, 8, 2, -1 },
	{ "of another, and none is said", { { 7, 1, 'p', 0 } }, 8, 0, -1 },
	{ "twice", { { 7, 1, 'p', 0 }, { 7, 1, 'p', EINVAL } }, 7, 2, 0 },
	{ "twice, and neither arrived",
	    { { 7, 1, 'n', 0 }, { 7, 1, 'n', EINVAL } }, 7, 2, 0 },
	{ "mixed", { { 7, 1, 'p', 0 }, { 8, 2, 'p', EINVAL } }, 7, 2, 0 },
	{ "no stream", { { 7, 3, 'p', EINVAL } }, 7, 0, 0 },
	{ "no stream, and a large one", { { 7, 33, 'n', EINVAL } }, 7, 0, 0 },
	{ "a socket", { { 7, 1, 's', ENOTSUP } }, 7, 0, 0 },
	{ "a socket behind a pipe",
	    { { 7, 0, 'p', 0 }, { 7, 1, 's', ENOTSUP } }, 7, 1, 0 },
	{ "id 0", { { 0, 1, 'p', 0 }, { 1, 2, 'p', EINVAL } }, 0, 2, 0 },
};

static int
make(char what)
{
	int fds[2];

	if (what == 'n')
		return (-1);
	assert_int_equal(what == 'p' ? pipe2(fds, O_CLOEXEC)
				     : socketpair(AF_UNIX, SOCK_STREAM, 0, fds),
	    0);
	(void)close(fds[1]);
	return (fds[0]);
}

static int
is_open(int fd)
{
	return (fcntl(fd, F_GETFD) != -1);
}

static void
assert_row(const struct row *r)
{
	struct fdset set = FDSET_INITIALIZER;
	int given[3] = { -1, -1, -1 }, had[3] = { -1, -1, -1 }, fd, i;
	struct msg_stream m;

	for (i = 0; i < STEPS && r->step[i].what != 0; i++) {
		m.id = r->step[i].id;
		m.stream = r->step[i].stream;
		fd = make(r->step[i].what);
		errno = 0;
		assert_int_equal(
		    fdset_add(&set, &m, fd), r->step[i].error == 0 ? 0 : -1);
		if (r->step[i].error == 0) {
			given[m.stream] = fd;
			continue;
		}
		assert_int_equal(errno, r->step[i].error);
		/* It is the caller's still. */
		if (fd != -1)
			assert_int_equal(close(fd), 0);
	}
	assert_int_equal(fdset_take(&set, r->id, r->streams, had), r->rc);
	for (i = 0; i < 3; i++) {
		assert_int_equal(set.fds[i], r->rc == 0 ? -1 : given[i]);
		assert_int_equal(had[i], r->rc == 0 ? given[i] : -1);
	}
	/* What was taken is not the set's: it stays open. */
	fdset_clear(&set);
	assert_int_equal(set.streams, 0);
	for (i = 0; i < 3; i++) {
		if (given[i] == -1)
			continue;
		assert_int_equal(is_open(given[i]), r->rc == 0);
		if (r->rc == 0)
			(void)close(given[i]);
	}
}

static void
test_rows(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < nitems(rows); i++) {
		print_message("%s\n", rows[i].name);
		assert_row(&rows[i]);
	}
}

/* A set that was taken is empty: the next child's may have any id. */
static void
test_again(void **state)
{
	struct fdset set;
	struct msg_stream m = { 7, 1 };
	int fds[3], i;

	(void)state;
	fdset_init(&set);
	for (i = 0; i < 3; i++, m.id++) {
		assert_int_equal(fdset_add(&set, &m, -1), 0);
		assert_int_equal(fdset_take(&set, m.id, 2, fds), 0);
		assert_int_equal(fdset_take(&set, m.id, 2, fds), -1);
	}
	assert_int_equal(fdset_add(&set, &m, -1), 0);
	fdset_clear(&set);
	assert_int_equal(fdset_take(&set, 1, 0, fds), 0);
}

static int
setup(void **state)
{
	(void)state;
	stream_init();
	return (0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_again),
	};

	return (cmocka_run_group_tests(tests, setup, NULL));
}
