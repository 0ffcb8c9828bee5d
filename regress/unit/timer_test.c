/*
 * Tests of priv's deadlines. They run on the real clock: what is due is set
 * in the past, what is not far in the future, and only one test waits.
 */

#include <sys/types.h>

#include <limits.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "timer.h"

#define FAR 3600000 /* no test takes an hour */
#define PAST (-1000)
#define MANY 1000

/* The names of the timers that fired, in order. */
static char fired[2 * MANY];
static size_t nfired;

static void
note(void *arg)
{
	assert_true(nfired < sizeof(fired) - 1);
	fired[nfired++] = *(const char *)arg;
	fired[nfired] = '\0';
}

static void
set(struct timer *t, int64_t ms, const char *name)
{
	timer_set(t, ms, note, (void *)(uintptr_t)name);
}

/* Run what is due: it must be these. */
static void
assert_fires(const char *names)
{
	nfired = 0;
	fired[0] = '\0';
	timer_run();
	assert_string_equal(fired, names);
}

static int64_t
now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000);
}

static void
test_none(void **state)
{
	struct timer t = { 0 };

	(void)state;
	assert_int_equal(timer_wait(), -1);
	assert_fires("");
	timer_clear(&t);
	timer_clear(&t);
	assert_int_equal(t.set, 0);
	assert_int_equal(timer_wait(), -1);
}

static void
test_order(void **state)
{
	struct timer t[5] = { 0 };

	(void)state;
	set(&t[0], PAST, "c");
	set(&t[1], PAST * 3, "a");
	set(&t[2], FAR, "x");
	set(&t[3], PAST * 2, "b");
	set(&t[4], PAST / 2, "d");
	assert_int_equal(t[2].set, 1);
	assert_fires("abcd");
	assert_int_equal(t[0].set, 0);
	assert_int_equal(t[2].set, 1);
	assert_fires("");
	timer_clear(&t[2]);
	assert_int_equal(timer_wait(), -1);
}

/* Those for the same time fire in the order in which they were set. */
static void
test_same_deadline(void **state)
{
	static const char names[] = "abcdefghijklmnopqrstuvwxyz";
	struct timer t[26] = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < 26; i++)
		set(&t[i], PAST, names + i);
	assert_fires(names);
	/* Set in another order than that of their memory, and set again. */
	for (i = 0; i < 26; i++)
		set(&t[i * 7 % 26], PAST, "?");
	for (i = 0; i < 26; i++)
		set(&t[i * 11 % 26], PAST, names + i);
	assert_fires(names);
}

static void
test_clear(void **state)
{
	struct timer t[4] = { 0 };

	(void)state;
	set(&t[0], PAST, "a");
	set(&t[1], PAST, "b");
	set(&t[2], PAST, "c");
	set(&t[3], FAR, "d");
	timer_clear(&t[1]);
	timer_clear(&t[3]);
	timer_clear(&t[3]);
	assert_fires("ac");
	assert_int_equal(timer_wait(), -1);
	/* What was cleared can be set again. */
	set(&t[1], PAST, "b");
	assert_fires("b");
}

/* To set one again moves it; it does not fire twice. */
static void
test_set_again(void **state)
{
	struct timer t[2] = { 0 };

	(void)state;
	set(&t[0], PAST, "a");
	set(&t[1], PAST, "b");
	set(&t[0], PAST, "A");
	assert_fires("bA");
	set(&t[0], PAST, "a");
	set(&t[0], FAR, "a");
	assert_fires("");
	set(&t[0], PAST, "z");
	assert_fires("z");
	assert_int_equal(timer_wait(), -1);
}

/* Handlers that do something to timers. */
static struct timer self, other;
static int left;

static void
again(void *arg)
{
	note(arg);
	assert_int_equal(self.set, 0);
	if (--left > 0)
		timer_set(&self, PAST, again, arg);
}

static void
later(void *arg)
{
	note(arg);
	timer_set(&self, FAR, later, arg);
}

static void
clear_other(void *arg)
{
	note(arg);
	timer_clear(&other);
}

static void
set_other(void *arg)
{
	note(arg);
	set(&other, PAST, "o");
}

static void
free_it(void *arg)
{
	struct timer *t = arg;

	note((void *)(uintptr_t) "f");
	free(t);
}

static void
test_from_handlers(void **state)
{
	static const char name[] = "s";
	struct timer *t;

	(void)state;
	left = 3;
	timer_set(&self, PAST, again, (void *)(uintptr_t)name);
	assert_fires("sss");
	timer_set(&self, PAST, later, (void *)(uintptr_t)name);
	assert_fires("s");
	assert_int_equal(self.set, 1);
	assert_fires("");

	/* The other is due, too, but has not had its turn. */
	timer_set(&self, PAST, clear_other, (void *)(uintptr_t)name);
	set(&other, PAST, "o");
	assert_fires("s");
	timer_set(&self, PAST, set_other, (void *)(uintptr_t)name);
	assert_fires("so");
	timer_set(&self, PAST, clear_other, (void *)(uintptr_t)name);
	set(&other, PAST * 2, "o");
	assert_fires("os");

	/* A child may end, and its deadline with it, in the handler. */
	t = calloc(1, sizeof(*t));
	assert_non_null(t);
	timer_set(t, PAST, free_it, t);
	set(&other, PAST, "o");
	assert_fires("fo");
	assert_int_equal(timer_wait(), -1);
}

/* One that always sets itself anew does not hold the loop for ever. */
static void
for_ever(void *arg)
{
	timer_set(&self, 1, for_ever, arg);
	left++;
}

static void
test_endless(void **state)
{
	(void)state;
	left = 0;
	timer_set(&self, PAST, for_ever, NULL);
	timer_run();
	assert_int_equal(left, 1);
	assert_int_equal(self.set, 1);
	timer_clear(&self);
}

static void
test_wait(void **state)
{
	struct timer t[3] = { 0 };
	int ms;

	(void)state;
	set(&t[0], FAR, "a");
	ms = timer_wait();
	assert_in_range(ms, FAR - 60000, FAR + 1);
	set(&t[1], FAR / 2, "b");
	ms = timer_wait();
	assert_in_range(ms, FAR / 2 - 60000, FAR / 2 + 1);
	set(&t[2], PAST, "c");
	assert_int_equal(timer_wait(), 0);
	assert_fires("c");
	ms = timer_wait();
	assert_in_range(ms, FAR / 2 - 60000, FAR / 2 + 1);
	timer_clear(&t[1]);
	ms = timer_wait();
	assert_in_range(ms, FAR - 60000, FAR + 1);
	/* Longer than an int can say. */
	set(&t[0], (int64_t)INT_MAX * 2, "a");
	assert_int_equal(timer_wait(), INT_MAX);
	timer_clear(&t[0]);
}

/* After the wait it is due: a loop needs no second one. Never too early. */
static void
test_real_time(void **state)
{
	struct timer t = { 0 };
	int64_t before, ms;
	int wait;

	(void)state;
	for (ms = 0; ms < 10; ms++) {
		before = now_ms();
		set(&t, ms, "a");
		wait = timer_wait();
		assert_in_range(wait, 0, ms + 1);
		assert_int_equal(poll(NULL, 0, wait), 0);
		assert_fires("a");
		assert_true(now_ms() - before >= ms);
	}
}

/* More than a few, in a disorder, a third of them cleared. */
static void
test_many(void **state)
{
	static struct timer t[MANY];
	static const char marks[] = "abcdefghij";
	size_t i, at;

	(void)state;
	memset(t, 0, sizeof(t));
	/* A hundred to each mark; the times of two marks are far apart. */
	for (i = 0; i < MANY; i++) {
		at = i * 7919 % MANY;
		set(&t[at], PAST * (int64_t)(1000 - at / 100),
		    &marks[at / 100]);
	}
	for (i = 0; i < MANY; i += 3)
		timer_clear(&t[i]);
	nfired = 0;
	timer_run();
	assert_int_equal(nfired, MANY - (MANY + 2) / 3);
	for (i = 1; i < nfired; i++)
		assert_true(fired[i - 1] <= fired[i]);
	for (i = 0; i < MANY; i++)
		assert_int_equal(t[i].set, 0);
	assert_int_equal(timer_wait(), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_same_deadline),
		cmocka_unit_test(test_clear),
		cmocka_unit_test(test_set_again),
		cmocka_unit_test(test_from_handlers),
		cmocka_unit_test(test_endless),
		cmocka_unit_test(test_wait),
		cmocka_unit_test(test_real_time),
		cmocka_unit_test(test_many),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
