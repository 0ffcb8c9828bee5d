/*
 * Tests of the messages about leaves; see proto_test.c for the others. What is
 * shown to an unpack function lies in an allocation that ends with its last
 * byte, and begins at an odd address; what is taken is the one way to write it.
 */

#include <sys/types.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "order.h"
#include "proto.h"

#define ROUNDS 300000
#define SEED 0x9e3779b97f4a7c15ULL
#define SAMPLE_MAX 2048
#define BIT(n) (UINT64_C(1) << (n))

#define nitems(a) (sizeof(a) / sizeof((a)[0]))

static const uint32_t kinds[] = { IMSG_LEAF_MAKE, IMSG_LEAF_SET, IMSG_LEAF_ASK,
	IMSG_LEAF, IMSG_LEAF_DONE, IMSG_LEAF_STATE, IMSG_LEAF_EVENT,
	IMSG_CGROUP_SET };

/* All that can be said, each at a value that is allowed. */
static struct leaf_limits
full_limits(void)
{
	struct leaf_limits l = { .given = BIT(LEAF_LIMITS) - 1, .ios = 2 };
	size_t i, j;

	for (i = 0; i < LEAF_VALUES; i++)
		l.value[i] = 1;
	l.value[LEAF_CPU_MAX] = l.value[LEAF_CPU_PERIOD] = 1000;
	l.cpus[LEAF_CPUS_MAX / 64 - 1] = BIT(63);
	l.mems = 1;
	l.major[0] = 8;
	for (i = 0; i < l.ios; i++)
		for (j = 0; j < LEAF_RATES; j++)
			l.rate[i][j] = j == 0 ? 1 : LEAF_NO_LIMIT;
	return (l);
}

static size_t
copy_struct(uint8_t *buf, const void *m, size_t size)
{
	memcpy(buf, m, size);
	return (size);
}

/* A good message in buf of SAMPLE_MAX bytes: its length. */
static size_t
sample(uint32_t type, uint8_t *buf)
{
	struct msg_leaf_make make = { 9, 1, full_limits(), "web-1.A_b" };
	struct msg_leaf_ask ask = { 9, LEAF_END };
	struct msg_leaf leaf = { 9, LEAF_FILES_MAX - 1 };
	struct msg_leaf_state state = { -5, 9, LEAF_STATS, { 1, 2 }, { 0, 0 } };
	struct msg_leaf_event event = { 9, 0, 1, 2, UINT64_MAX };
	struct msg_cgroup_set set = { -3, 4711, 0, full_limits() };

	switch (type) {
	case IMSG_LEAF_MAKE:
	case IMSG_LEAF_SET:
		return (copy_struct(buf, &make, sizeof(make)));
	case IMSG_LEAF_ASK:
		return (copy_struct(buf, &ask, sizeof(ask)));
	case IMSG_LEAF:
		return (copy_struct(buf, &leaf, sizeof(leaf)));
	case IMSG_LEAF_DONE:
		return (proto_pack_leaf_done(
		    buf, 9, LEAF_MAKE, ENODEV, "memory_max"));
	case IMSG_LEAF_STATE:
		return (proto_pack_leaf_state(buf, &state, "/proctor/1/c9"));
	case IMSG_LEAF_EVENT:
		return (copy_struct(buf, &event, sizeof(event)));
	default:
		return (copy_struct(buf, &set, sizeof(set)));
	}
}

static void
assert_limits(const struct leaf_limits *l)
{
	size_t i;

	assert_int_equal(l->given >> LEAF_LIMITS, 0);
	for (i = 0; i < LEAF_VALUES; i++)
		if (!(l->given & BIT(i)))
			assert_true(l->value[i] == 0);
	assert_true(l->ios <= LEAF_IOS);
}

/* What was taken is what pack would have made of it. */
static void
assert_taken(const struct msg *m)
{
	uint8_t again[SAMPLE_MAX];
	const struct msg_leaf_done *d = &m->leaf_done.m;

	switch (m->type) {
	case IMSG_LEAF_MAKE:
	case IMSG_LEAF_SET:
		assert_memory_equal(&m->leaf_make, m->data, m->len);
		assert_int_equal(leaf_name_check(m->leaf_make.name), 0);
		assert_limits(&m->leaf_make.limits);
		break;
	case IMSG_LEAF_ASK:
		assert_memory_equal(&m->leaf_ask, m->data, m->len);
		break;
	case IMSG_LEAF:
		assert_memory_equal(&m->leaf, m->data, m->len);
		break;
	case IMSG_LEAF_DONE:
		assert_int_equal(
		    proto_pack_leaf_done(again, d->id, (enum leaf_op)d->op,
			d->error, m->leaf_done.text),
		    m->len);
		assert_memory_equal(again, m->data, m->len);
		break;
	case IMSG_LEAF_STATE:
		assert_int_equal(proto_pack_leaf_state(again, &m->leaf_state.m,
				     m->leaf_state.path),
		    m->len);
		assert_memory_equal(again, m->data, m->len);
		break;
	case IMSG_LEAF_EVENT:
		assert_memory_equal(&m->leaf_event, m->data, m->len);
		break;
	default:
		assert_memory_equal(&m->cgroup_set, m->data, m->len);
		assert_limits(&m->cgroup_set.limits);
		break;
	}
}

/* 0 or -1, as unpack says. */
static int
try(uint32_t type, const void *data, size_t len)
{
	struct msg m = { .type = type, .fd = -1 };
	uint8_t *p = malloc(len + 1);
	int rc;

	assert_non_null(p);
	if (len > 0)
		memcpy(p + 1, data, len);
	m.data = p + 1;
	m.len = len;
	if ((rc = proto_unpack(&m)) == 0)
		assert_taken(&m);
	free(p);
	return (rc);
}

/* Every sample, and nothing shorter or longer. */
static void
test_lengths(void **state)
{
	uint8_t buf[SAMPLE_MAX + 16];
	size_t i, j, len;

	(void)state;
	for (i = 0; i < nitems(kinds); i++) {
		memset(buf, 0, sizeof(buf));
		len = sample(kinds[i], buf);
		for (j = 0; j <= len + 16; j++)
			assert_int_equal(
			    try(kinds[i], buf, j), j == len ? 0 : -1);
	}
}

static void
test_values(void **state)
{
	static const struct {
		int limit;
		uint64_t value;
		int want;
	} rows[] = {
		{ LEAF_MEMORY_MAX, 0, 0 },
		{ LEAF_MEMORY_MAX, INT64_MAX, 0 },
		{ LEAF_MEMORY_MAX, (uint64_t)INT64_MAX + 1, -1 },
		{ LEAF_MEMORY_MAX, UINT64_MAX - 1, -1 },
		{ LEAF_MEMORY_MAX, LEAF_NO_LIMIT, 0 },
		{ LEAF_MEMORY_HIGH, LEAF_NO_LIMIT, 0 },
		{ LEAF_MEMORY_LOW, LEAF_NO_LIMIT, 0 },
		{ LEAF_MEMORY_MIN, LEAF_NO_LIMIT, 0 },
		{ LEAF_SWAP_MAX, LEAF_NO_LIMIT, 0 },
		{ LEAF_OOM_GROUP, 0, 0 },
		{ LEAF_OOM_GROUP, 2, -1 },
		{ LEAF_OOM_GROUP, LEAF_NO_LIMIT, -1 },
		{ LEAF_PIDS_MAX, 0, 0 },
		{ LEAF_PIDS_MAX, INT32_MAX, 0 },
		{ LEAF_PIDS_MAX, UINT64_C(1) + INT32_MAX, -1 },
		{ LEAF_PIDS_MAX, LEAF_NO_LIMIT, 0 },
		{ LEAF_CPU_WEIGHT, 0, -1 },
		{ LEAF_CPU_WEIGHT, 10000, 0 },
		{ LEAF_CPU_WEIGHT, 10001, -1 },
		{ LEAF_CPU_WEIGHT, LEAF_NO_LIMIT, -1 },
		{ LEAF_CPU_MAX, 999, -1 },
		{ LEAF_CPU_MAX, LEAF_NO_LIMIT, 0 },
		{ LEAF_CPU_PERIOD, 999, -1 },
		{ LEAF_CPU_PERIOD, 1000000, 0 },
		{ LEAF_CPU_PERIOD, 1000001, -1 },
		{ LEAF_CPU_PERIOD, LEAF_NO_LIMIT, -1 },
		{ LEAF_CPU_IDLE, 2, -1 },
		{ LEAF_IO_WEIGHT, 0, -1 },
		{ LEAF_IO_WEIGHT, 10000, 0 },
		{ LEAF_IO_WEIGHT, 10001, -1 },
	};
	struct leaf_limits l;
	size_t i;

	(void)state;
	for (i = 0; i < nitems(rows); i++) {
		l = full_limits();
		l.value[rows[i].limit] = rows[i].value;
		if (leaf_limits_check(&l) != rows[i].want)
			fail_msg("row %zu: not %d", i, rows[i].want);
	}
	/* What is not given is not there, and what is given is. */
	for (i = 0; i < LEAF_LIMITS; i++) {
		l = full_limits();
		l.given &= ~BIT(i);
		assert_int_equal(leaf_limits_check(&l), -1);
	}
	memset(&l, 0, sizeof(l));
	assert_int_equal(leaf_limits_check(&l), 0);
	for (i = LEAF_CPUS; i < LEAF_LIMITS; i++) {
		l.given = BIT(i);
		assert_int_equal(leaf_limits_check(&l), -1);
	}
	l.given = BIT(LEAF_LIMITS);
	assert_int_equal(leaf_limits_check(&l), -1);
	/* Half of it is none. */
	l.given = BIT(LEAF_CPU_MAX);
	l.value[LEAF_CPU_MAX] = 1000;
	assert_int_equal(leaf_limits_check(&l), -1);
	l = full_limits();
	l.pad = 1;
	assert_int_equal(leaf_limits_check(&l), -1);
}

static void
test_io(void **state)
{
	struct leaf_limits l = full_limits();

	(void)state;
	l.ios = 1; /* and there is a second */
	assert_int_equal(leaf_limits_check(&l), -1);
	l.ios = 3;
	assert_int_equal(leaf_limits_check(&l), -1);
	l.ios = LEAF_IOS + 1;
	assert_int_equal(leaf_limits_check(&l), -1);
	l.ios = UINT32_MAX;
	assert_int_equal(leaf_limits_check(&l), -1);
	l.ios = 0;
	assert_int_equal(leaf_limits_check(&l), -1);
	l = full_limits();
	l.rate[1][LEAF_WIOPS] = 0;
	assert_int_equal(leaf_limits_check(&l), -1);
	/* 4104:0 would be 8:0, and so would 0:8388608. */
	l = full_limits();
	l.major[0] = LEAF_MAJOR_MAX;
	l.minor[0] = LEAF_MINOR_MAX;
	assert_int_equal(leaf_limits_check(&l), 0);
	l.major[0]++;
	assert_int_equal(leaf_limits_check(&l), -1);
	l.major[0]--;
	l.minor[0]++;
	assert_int_equal(leaf_limits_check(&l), -1);
	l = full_limits();
	l.major[LEAF_IOS - 1] = 1;
	assert_int_equal(leaf_limits_check(&l), -1);
	l.major[LEAF_IOS - 1] = 0;
	l.minor[LEAF_IOS - 1] = 1;
	assert_int_equal(leaf_limits_check(&l), -1);
}

#define LONG "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* A name that leads nowhere else, and one way to write it. */
static void
test_leaf_names(void **state)
{
	static const char *const good[] = { "", "a", "-", "_.", (LONG "_") };
	static const char *const bad[] = { ".", "..", ".a", "a/b", "/", "a b",
		"a\n", "\303\244", (LONG "_-") };
	struct msg_leaf_make m = { .id = 9 };
	size_t i;

	(void)state;
	for (i = 0; i < nitems(good); i++) {
		assert_int_equal(leaf_name_check(good[i]), 0);
		memset(m.name, 0, sizeof(m.name));
		memcpy(m.name, good[i], strlen(good[i]));
		assert_int_equal(try(IMSG_LEAF_MAKE, &m, sizeof(m)), 0);
	}
	for (i = 0; i < nitems(bad); i++) {
		assert_int_equal(leaf_name_check(bad[i]), -1);
		memset(m.name, 0, sizeof(m.name));
		memcpy(m.name, bad[i], strlen(bad[i]));
		assert_int_equal(try(IMSG_LEAF_MAKE, &m, sizeof(m)), -1);
	}
	memset(m.name, 0, sizeof(m.name));
	m.name[1] = 'x';
	assert_int_equal(try(IMSG_LEAF_MAKE, &m, sizeof(m)), -1);
}

/* One member of a sample is set: is the message still taken? */
static void
test_members(void **state)
{
	static const struct {
		uint32_t type;
		size_t off;
		uint32_t value;
		int want;
	} rows[] = {
		{ IMSG_LEAF_ASK, offsetof(struct msg_leaf_ask, op), LEAF_MAKE,
		    -1 },
		{ IMSG_LEAF_ASK, offsetof(struct msg_leaf_ask, op), LEAF_SET,
		    -1 },
		{ IMSG_LEAF_ASK, offsetof(struct msg_leaf_ask, op), LEAF_KILL,
		    0 },
		{ IMSG_LEAF_ASK, offsetof(struct msg_leaf_ask, op), LEAF_OPS,
		    -1 },
		{ IMSG_LEAF, offsetof(struct msg_leaf, left), 0, 0 },
		{ IMSG_LEAF, offsetof(struct msg_leaf, left), LEAF_FILES_MAX,
		    -1 },
		{ IMSG_LEAF, offsetof(struct msg_leaf, left), UINT32_MAX, -1 },
		{ IMSG_LEAF_DONE, offsetof(struct msg_leaf_done, op),
		    LEAF_OPS - 1, 0 },
		{ IMSG_LEAF_DONE, offsetof(struct msg_leaf_done, op), LEAF_OPS,
		    -1 },
		{ IMSG_LEAF_DONE, offsetof(struct msg_leaf_done, error), 0, 0 },
		{ IMSG_LEAF_DONE, offsetof(struct msg_leaf_done, error),
		    0x80000000U, -1 },
		{ IMSG_LEAF_DONE, offsetof(struct msg_leaf_done, pad), 1, -1 },
		{ IMSG_LEAF_DONE, offsetof(struct msg_leaf_done, text.off), 1,
		    -1 },
		{ IMSG_LEAF_DONE, offsetof(struct msg_leaf_done, text.len), 9,
		    -1 },
		{ IMSG_LEAF_STATE, offsetof(struct msg_leaf_state, op),
		    LEAF_END, 0 },
		{ IMSG_LEAF_STATE, offsetof(struct msg_leaf_state, op),
		    LEAF_THAW, -1 },
		{ IMSG_LEAF_STATE, offsetof(struct msg_leaf_state, op),
		    LEAF_OPS, -1 },
		{ IMSG_LEAF_STATE, offsetof(struct msg_leaf_state, path.off), 1,
		    -1 },
		{ IMSG_LEAF_EVENT, offsetof(struct msg_leaf_event, pad), 1,
		    -1 },
		{ IMSG_CGROUP_SET, offsetof(struct msg_cgroup_set, pad), 1,
		    -1 },
		{ IMSG_CGROUP_SET, offsetof(struct msg_cgroup_set, pid),
		    0x80000000U, 0 },
		{ IMSG_CGROUP_SET,
		    LOWER_HALF(offsetof(struct msg_cgroup_set, limits.given)),
		    0, -1 },
	};
	uint8_t buf[SAMPLE_MAX];
	size_t i, len;

	(void)state;
	for (i = 0; i < nitems(rows); i++) {
		len = sample(rows[i].type, buf);
		memcpy(buf + rows[i].off, &rows[i].value, 4);
		if (try(rows[i].type, buf, len) != rows[i].want)
			fail_msg("row %zu: not %d", i, rows[i].want);
	}
}

/* Texts are cut to what a message may have. */
static void
test_texts(void **state)
{
	struct msg_leaf_state s = { .op = LEAF_END };
	uint8_t buf[MSG_LEAF_STATE_MAX];
	char text[2 * MSG_TEXT_MAX];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(proto_pack_leaf_state(buf, &s, text), sizeof(buf));
	assert_int_equal(try(IMSG_LEAF_STATE, buf, sizeof(buf)), 0);
	assert_int_equal(
	    proto_pack_leaf_done(buf, 1, LEAF_SET, 1, text), MSG_LEAF_DONE_MAX);
	assert_int_equal(try(IMSG_LEAF_DONE, buf, MSG_LEAF_DONE_MAX), 0);
}

static uint64_t random_state = SEED;

static size_t
below(size_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return ((size_t)(random_state * 0x2545f4914f6cdd1dULL >> 16) % n);
}

static void
test_mutated(void **state)
{
	static const uint32_t bad[] = { 0, 1, 2, 7, 8, 255, LEAF_LIMITS,
		MSG_TEXT_MAX, 0x7fffffff, 0x80000000U, UINT32_MAX };
	uint8_t buf[SAMPLE_MAX];
	unsigned long good = 0, i;
	size_t len, n;
	uint32_t type;

	(void)state;
	for (i = 0; i < ROUNDS; i++) {
		type = kinds[below(nitems(kinds))];
		memset(buf, 0, sizeof(buf));
		len = sample(type, buf);
		for (n = 1 + below(2); n > 0; n--) {
			if (below(2) == 0)
				buf[below(len)] ^= (uint8_t)(1 << below(8));
			else
				memcpy(buf + below(len / 4) * 4,
				    &bad[below(nitems(bad))], 4);
		}
		good += try(type, buf, below(8) != 0 ? len : below(len)) == 0;
	}
	assert_true(good > ROUNDS / 100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_io),
		cmocka_unit_test(test_leaf_names),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_mutated),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
