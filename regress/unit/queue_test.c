/*
 * Bytes that wait in the worker: in their order, and in memory that is used
 * again.
 */

#include <sys/types.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "alloc_util.h"
#include "worker/worker.h"

#define KEPT 8 /* chunks */

static struct queue queue;
static int fds[2];
static uint8_t data[200000], got[200000];
static size_t added, taken; /* bytes so far */

static void
begin(void)
{
	size_t i;

	assert_int_equal(pipe2(fds, O_NONBLOCK | O_CLOEXEC), 0);
	for (i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 31 + i / 251);
	added = taken = 0;
	queue_init(&queue);
}

static void
finish(void)
{
	queue_clear(&queue);
	assert_int_equal(queue.len, 0);
	(void)close(fds[0]);
	(void)close(fds[1]);
}

/* The bytes are those of data, over and over. */
static void
add(size_t len)
{
	size_t n;

	for (; len > 0; len -= n, added += n) {
		n = sizeof(data) - added % sizeof(data);
		if (n > len)
			n = len;
		assert_int_equal(
		    queue_add(&queue, data + added % sizeof(data), n), 0);
	}
	assert_int_equal(queue.len, added - taken);
}

/* Some leave, as many as the pipe takes. */
static void
leave(void)
{
	ssize_t n, m;
	size_t at, i;

	n = queue_write(&queue, fds[1], writev);
	assert_true(n > 0);
	for (at = 0; at < (size_t)n; at += (size_t)m) {
		m = read(fds[0], got, sizeof(got));
		assert_true(m > 0);
		for (i = 0; i < (size_t)m; i++, taken++)
			if (got[i] != data[taken % sizeof(data)])
				fail_msg("byte %zu is another", taken);
	}
	assert_int_equal(queue.len, added - taken);
}

static void
test_order(void **state)
{
	size_t len;

	(void)state;
	begin();
	for (len = 1; len < 500000; len = len * 5 / 2) {
		add(len);
		leave();
		add(1);
		leave();
	}
	while (queue.len > 0)
		leave();
	assert_int_equal(added, taken);
	finish();
}

/* No more than the pipe takes; then EAGAIN, and nothing is lost. */
static void
test_full(void **state)
{
	(void)state;
	begin();
	add(300000);
	assert_true(queue_write(&queue, fds[1], writev) > 0);
	assert_int_equal(queue_write(&queue, fds[1], writev), -1);
	assert_int_equal(errno, EAGAIN);
	assert_true(queue.len > 0 && queue.len < 300000);
	finish();
}

static void
test_steady(void **state)
{
	size_t before;
	int i;

	(void)state;
	begin();
	/* A little that is gone at once. */
	add(100);
	leave();
	before = alloc_count;
	for (i = 0; i < 10000; i++) {
		add(100);
		leave();
	}
	assert_int_equal(alloc_count, before);
	/* So much that waits, and is neither more nor less for long. */
	add(900000);
	leave();
	before = alloc_count;
	for (i = 0; i < 2000; i++) {
		add(900000 - queue.len);
		leave();
	}
	assert_true(alloc_count - before <= 2);
	finish();
}

static void
test_bounds(void **state)
{
	struct queue other;
	long before = alloc_live;

	(void)state;
	begin();
	queue_init(&other);
	add(20000000);
	assert_true(alloc_live - before > 300 - KEPT);
	assert_int_equal(queue_add(&other, data, sizeof(data)), 0);
	finish();
	queue_clear(&other);
	assert_true(alloc_live <= KEPT);
	/* Another queue has them. */
	assert_int_equal(alloc_live, KEPT);
	before = (long)alloc_count;
	assert_int_equal(queue_add(&other, data, sizeof(data)), 0);
	assert_int_equal(alloc_count, before);
	queue_clear(&other);
}

static void
test_no_memory(void **state)
{
	size_t i;

	(void)state;
	begin();
	alloc_fail = 1;
	for (i = 0; i < KEPT + 1; i++)
		if (queue_add(&queue, data, 65536) == -1)
			break;
	alloc_fail = 0;
	assert_true(i < KEPT + 1);
	finish();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_steady),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_no_memory),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
