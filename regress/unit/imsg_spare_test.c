/*
 * Memory of messages: used again, never more than so much, and never with a
 * byte in it of the message before.
 */

#include "alloc_util.h"
#include "compat/imsg_send.h"
#include "imsg-channel.h"
#include "imsg_util.h"

#define PAYLOAD_MAX 1000000
#define WARM 5 /* rounds in which all sizes have been seen */
#define ROUNDS 500

static char data[PAYLOAD_MAX];

/* A channel the sockets of which hold little. */
static void
open_small(struct chan *c)
{
	int small = 4096;

	memset(data, 0xaa, sizeof(data));
	chan_open_fds(c, SOCK_NONBLOCK);
	assert_int_equal(
	    setsockopt(c->a.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)),
	    0);
	assert_int_equal(imsgbuf_set_maxsize(&c->a, PAYLOAD_MAX), 0);
	assert_int_equal(imsgbuf_set_maxsize(&c->b, PAYLOAD_MAX), 0);
}

static void
compose(struct chan *c, size_t len)
{
	assert_int_equal(imsg_compose(&c->a, 1, 0, 0, -1, data, len), 1);
}

static void
send_now(struct chan *c, size_t len)
{
	struct iovec iov[2];

	iov[0].iov_base = data;
	iov[0].iov_len = 8;
	iov[1].iov_base = data;
	iov[1].iov_len = len;
	assert_int_equal(imsgbuf_send(&c->a, 1, iov, 2), 1);
}

/* All that is queued arrives; how many messages. */
static size_t
drain(struct chan *c)
{
	struct imsg imsg;
	size_t n = 0;
	int left;

	do {
		left = imsgbuf_queuelen(&c->a) > 0;
		assert_int_equal(imsgbuf_write(&c->a), 0);
		assert_int_equal(imsgbuf_read(&c->b), 1);
		while (imsgbuf_get(&c->b, &imsg) == 1) {
			imsg_free(&imsg);
			n++;
		}
	} while (left);
	return (n);
}

/* What the list says of itself is true, and within its bounds. */
static void
check_spares(const struct chan *c)
{
	const struct imsg_channel *ch = c->a.ch;
	const struct ibuf *msg;
	size_t n = 0, bytes = 0;

	TAILQ_FOREACH (msg, &ch->spares, entry) {
		assert_int_equal(msg->fd, -1);
		n++;
		bytes += msg->size;
	}
	assert_int_equal(n, ch->nspares);
	assert_int_equal(bytes, ch->spare_bytes);
	assert_true(n <= 128 && bytes <= 262144);
}

/* Small ones and large ones, more than the socket takes. */
static void
mixed_round(struct chan *c)
{
	size_t i;

	for (i = 0; i < 20; i++)
		compose(c, i * 7);
	send_now(c, 65536);
	compose(c, 16000);
	assert_int_equal(drain(c), 22);
	compose(c, 3000);
	assert_int_equal(drain(c), 1);
	/* Cut off, as nothing is queued before it. */
	send_now(c, 65536);
	compose(c, 100);
	assert_true(imsgbuf_queuelen(&c->a) == 2);
	assert_int_equal(drain(c), 2);
}

static void
test_steady(void **state)
{
	struct chan c;
	size_t before;
	int i;

	(void)state;
	open_small(&c);
	for (i = 0; i < WARM; i++)
		mixed_round(&c);
	before = alloc_count;
	for (i = 0; i < ROUNDS; i++)
		mixed_round(&c);
	assert_int_equal(alloc_count, before);
	check_spares(&c);
	chan_close(&c);
}

/* A message at a time, of each size. */
static void
test_sizes(void **state)
{
	struct chan c;
	size_t before, len;
	int i;

	(void)state;
	open_small(&c);
	for (len = 0; len < 240000; len = len * 3 / 2 + 1) {
		compose(&c, len);
		assert_int_equal(drain(&c), 1);
		before = alloc_count;
		for (i = 0; i < 20; i++) {
			compose(&c, len);
			assert_int_equal(drain(&c), 1);
			check_spares(&c);
		}
		assert_int_equal(alloc_count, before);
	}
	chan_close(&c);
}

/* As many as leave together, many times. */
static void
test_batches(void **state)
{
	struct chan c;
	size_t before = 0;
	int i, round;

	(void)state;
	open_small(&c);
	for (round = 0; round < ROUNDS; round++) {
		if (round == 1)
			before = alloc_count;
		for (i = 0; i < 64; i++)
			compose(&c, 100);
		assert_int_equal(drain(&c), 64);
	}
	assert_int_equal(alloc_count, before);
	chan_close(&c);
}

/* Of many sizes, hardly two of them the same. */
static void
test_varied(void **state)
{
	struct chan c;
	size_t before = 0, i, round;

	(void)state;
	open_small(&c);
	for (round = 0; round < 300; round++) {
		if (round == 100)
			before = alloc_count;
		for (i = 0; i < 30; i++)
			compose(&c, (round % 100 * 37 + i * 311) % 4000);
		assert_int_equal(drain(&c), 30);
		check_spares(&c);
	}
	assert_int_equal(alloc_count, before);
	chan_close(&c);
}

/* What a burst has needed is not kept: so many blocks, so many bytes. */
static void
test_bounds(void **state)
{
	struct chan c;
	long before, held;
	int i;

	(void)state;
	open_small(&c);
	before = alloc_live;
	for (i = 0; i < 5000; i++)
		compose(&c, 100);
	held = alloc_live;
	assert_true(held - before >= 10000);
	assert_int_equal(drain(&c), 5000);
	check_spares(&c);
	assert_int_equal(c.a.ch->nspares, 128);
	assert_int_equal(alloc_live - before, 256);
	for (i = 0; i < 100; i++)
		compose(&c, 50000);
	assert_int_equal(drain(&c), 100);
	check_spares(&c);
	assert_true(c.a.ch->nspares < 10);
	/* Too large to be kept, and no reason to forget the others. */
	i = (int)c.a.ch->nspares;
	compose(&c, PAYLOAD_MAX);
	assert_int_equal(drain(&c), 1);
	check_spares(&c);
	assert_int_equal(c.a.ch->nspares, i);
	chan_close(&c);
}

/* After large ones there is room for small ones again, and the reverse. */
static void
test_turns(void **state)
{
	struct chan c;
	size_t before;
	int i, round, turn;

	(void)state;
	open_small(&c);
	for (turn = 0; turn < 6; turn++) {
		before = 0;
		for (round = 0; round < 20; round++) {
			if (round == 3)
				before = alloc_count;
			for (i = 0; i < (turn % 2 ? 3 : 100); i++)
				compose(&c, turn % 2 ? 60000 : 100);
			(void)drain(&c);
			check_spares(&c);
		}
		assert_int_equal(alloc_count, before);
	}
	chan_close(&c);
}

/* The next message, of which all but the first skip bytes must be 0. */
static void
expect_zero(struct chan *c, size_t skip, size_t len)
{
	struct imsg imsg;
	const char *p;
	size_t i;

	assert_int_equal(imsgbuf_write(&c->a), 0);
	assert_int_equal(imsgbuf_read(&c->b), 1);
	expect(&c->b, &imsg, 2);
	assert_int_equal(imsg_get_len(&imsg), len);
	p = ibuf_data(&imsg.payload);
	for (i = skip; i < len; i++)
		assert_int_equal(p[i], 0);
	imsg_free(&imsg);
}

/* Memory that was full of other bytes. */
static struct ibuf *
dirty(struct chan *c)
{
	struct ibuf *msg;
	size_t before;

	compose(c, 1000);
	assert_int_equal(drain(c), 1);
	before = alloc_count;
	assert_non_null(msg = imsg_create(&c->a, 2, 0, 0, 1000));
	assert_int_equal(alloc_count, before);
	assert_memory_equal(msg->buf + IMSG_HEADER_SIZE, data, 1000);
	return (msg);
}

static void
test_clean(void **state)
{
	static const uint8_t zeros[3000];
	struct chan c;
	struct ibuf *msg;

	(void)state;
	open_small(&c);
	/* Grown on the way. */
	msg = dirty(&c);
	assert_int_equal(ibuf_add(msg, "yes", 3), 0);
	assert_int_equal(ibuf_add(msg, zeros, sizeof(zeros)), 0);
	imsg_close(&c.a, msg);
	expect_zero(&c, 3, 3003);

	/* Not filled: it ends where it does. */
	msg = dirty(&c);
	assert_int_equal(imsg_add(msg, "yes", 3), 3);
	imsg_close(&c.a, msg);
	expect_zero(&c, 3, 3);
	chan_close(&c);
}

/* A message that had a descriptor leaves none to the next. */
static void
test_fds(void **state)
{
	struct chan c;
	struct imsg imsg;
	ino_t ino;
	int i, nfds;

	(void)state;
	open_small(&c);
	nfds = count_fds();
	for (i = 0; i < 10; i++) {
		assert_int_equal(
		    imsg_compose(&c.a, 1, 0, 0, make_fd(&ino), data, 9), 1);
		assert_int_equal(imsgbuf_write(&c.a), 0);
		assert_int_equal(imsgbuf_read(&c.b), 1);
		expect(&c.b, &imsg, 1);
		expect_fd(&imsg, ino);
		imsg_free(&imsg);
		compose(&c, 9);
		assert_int_equal(imsgbuf_write(&c.a), 0);
		assert_int_equal(imsgbuf_read(&c.b), 1);
		expect(&c.b, &imsg, 1);
		assert_int_equal(imsg_get_fd(&imsg), -1);
		imsg_free(&imsg);
		check_spares(&c);
		assert_int_equal(count_fds(), nfds);
	}
	/* Queued in memory that was used before. */
	assert_true(c.a.ch->nspares > 0);
	assert_int_equal(
	    imsg_compose(&c.a, 1, 0, 0, make_fd(&ino), data, 9), 1);
	assert_int_equal(count_fds(), nfds + 1);
	imsgbuf_clear(&c.a);
	assert_int_equal(count_fds(), nfds);
	chan_close(&c);
}

/* A message that is dropped, and a channel that ends, leave nothing. */
static void
test_freed(void **state)
{
	struct chan c;
	long before = alloc_live;
	int i;

	(void)state;
	open_small(&c);
	for (i = 0; i < 30; i++)
		compose(&c, 100 * (size_t)i);
	assert_int_equal(drain(&c), 30);
	assert_true(c.a.ch->nspares > 0);
	ibuf_free(imsg_create(&c.a, 1, 0, 0, 100));
	compose(&c, 100);
	check_spares(&c);
	chan_close(&c);
	assert_int_equal(alloc_live, before);
}

static void
test_no_memory(void **state)
{
	struct chan c;

	(void)state;
	open_small(&c);
	compose(&c, 100);
	assert_int_equal(drain(&c), 1);
	alloc_fail = 1;
	compose(&c, 100); /* there is a spare */
	assert_int_equal(imsg_compose(&c.a, 1, 0, 0, -1, data, 100), -1);
	alloc_fail = 0;
	assert_int_equal(drain(&c), 1);
	check_spares(&c);
	chan_close(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steady),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_batches),
		cmocka_unit_test(test_varied),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_turns),
		cmocka_unit_test(test_clean),
		cmocka_unit_test(test_fds),
		cmocka_unit_test(test_freed),
		cmocka_unit_test(test_no_memory),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
