/*
 * imsg under pressure: slow readers, small socket buffers, peers that go away
 * and peers that talk nonsense.
 */

#include <signal.h>

#include "alloc_util.h"
#include "compat/imsg_send.h"
#include "imsg_util.h"

#define ROUNDS 100000

/* A reader that takes nothing is told to go on, and loses nothing. */
static void
test_full(void **state)
{
	struct chan c;
	struct imsg imsg;
	uint32_t i, got = 0, sent = 5000;
	char data[40] = "x";

	(void)state;
	chan_open(&c, SOCK_NONBLOCK);
	for (i = 0; i < sent; i++)
		assert_int_equal(
		    imsg_compose(&c.a, i, 0, 0, -1, data, sizeof(data)), 1);
	while (got < sent) {
		for (i = 0; i < 50; i++)
			assert_int_equal(imsgbuf_write(&c.a), 0);
		for (i = 0; i < 10; i++)
			assert_int_equal(imsgbuf_read(&c.b), 1);
		while (imsgbuf_get(&c.b, &imsg) == 1) {
			assert_int_equal(imsg_get_type(&imsg), got++);
			imsg_free(&imsg);
		}
	}
	assert_int_equal(got, sent);
	chan_close(&c);
}

static void
test_hangup(void **state)
{
	struct chan c;

	(void)state;
	chan_open(&c, SOCK_NONBLOCK);
	assert_int_equal(imsgbuf_read(&c.b), 1);
	send_header(c.a.fd, 1, IMSG_HEADER_SIZE + 100, NULL, 0);
	send_raw(c.a.fd, "short", 5, NULL, 0);
	chan_hangup(&c);
	assert_int_equal(imsgbuf_read(&c.b), 1);
	expect_none(&c.b);
	assert_int_equal(imsgbuf_read(&c.b), 0);
	expect_none(&c.b);
	assert_int_equal(imsgbuf_read(&c.b), 0);

	(void)signal(SIGPIPE, SIG_IGN);
	assert_int_equal(imsg_compose(&c.b, 1, 0, 0, -1, "x", 1), 1);
	assert_int_equal(imsgbuf_write(&c.b), -1);
	assert_int_equal(errno, EPIPE);
	assert_int_equal(imsgbuf_flush(&c.b), -1);
	assert_int_equal(imsgbuf_queuelen(&c.b), 1);
	chan_close(&c);
}

/* 1 MiB through a small socket buffer, between small messages. */
static void
test_partial(void **state)
{
	struct chan c;
	struct imsg imsg;
	unsigned char *data;
	size_t i, len = 1024 * 1024;
	int n, small = 4096;

	(void)state;
	chan_open(&c, SOCK_NONBLOCK);
	assert_int_equal(
	    setsockopt(c.a.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)),
	    0);
	assert_int_equal(imsgbuf_set_maxsize(&c.a, (uint32_t)len), 0);
	assert_int_equal(imsgbuf_set_maxsize(&c.b, (uint32_t)len), 0);
	data = malloc(len);
	assert_non_null(data);
	for (i = 0; i < len; i++)
		data[i] = (unsigned char)(i * 31 + i / 251);
	assert_int_equal(imsg_compose(&c.a, 1, 0, 0, -1, "x", 1), 1);
	assert_int_equal(imsg_compose(&c.a, 2, 0, 0, -1, data, len), 1);
	assert_int_equal(imsg_compose(&c.a, 3, 0, 0, -1, NULL, 0), 1);
	for (i = 0; i < 3;) {
		assert_int_equal(imsgbuf_write(&c.a), 0);
		assert_int_equal(imsgbuf_read(&c.b), 1);
		while ((n = imsgbuf_get(&c.b, &imsg)) == 1) {
			assert_int_equal(imsg_get_type(&imsg), ++i);
			if (i == 2) {
				assert_int_equal(imsg_get_len(&imsg), len);
				assert_memory_equal(
				    ibuf_data(&imsg.payload), data, len);
			}
			imsg_free(&imsg);
		}
		assert_int_equal(n, 0);
	}
	assert_int_equal(imsgbuf_queuelen(&c.a), 0);
	free(data);
	chan_close(&c);
}

static int
send_two(struct chan *c, uint32_t type, const char *data, size_t len)
{
	static char head[] = "head";
	struct iovec iov[2];

	iov[0].iov_base = head;
	iov[0].iov_len = 4;
	iov[1].iov_base = (void *)(uintptr_t)data;
	iov[1].iov_len = len;
	return (imsgbuf_send(&c->a, type, iov, 2));
}

/* Not queued if there is room; cut anywhere if not, and in its turn. */
static void
test_send(void **state)
{
	struct chan c;
	struct imsg imsg;
	static char data[300000];
	uint32_t got = 0;
	int small = 4096;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(data); i++)
		data[i] = (char)(i * 31 + i / 251);
	chan_open(&c, SOCK_NONBLOCK);
	assert_int_equal(
	    setsockopt(c.a.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)),
	    0);
	assert_int_equal(imsgbuf_set_maxsize(&c.a, sizeof(data)), 0);
	assert_int_equal(imsgbuf_set_maxsize(&c.b, sizeof(data)), 0);
	assert_int_equal(send_two(&c, 0, data, sizeof(data) - 3), -1);
	assert_int_equal(errno, ERANGE);
	assert_int_equal(send_two(&c, 1, data, 10), 1);
	assert_int_equal(imsgbuf_queuelen(&c.a), 0);
	assert_int_equal(send_two(&c, 2, data, sizeof(data) - 4), 1);
	assert_int_equal(imsgbuf_queuelen(&c.a), 1);
	assert_int_equal(send_two(&c, 3, data, 10), 1);
	assert_int_equal(imsgbuf_queuelen(&c.a), 2);
	while (got < 3) {
		assert_int_equal(imsgbuf_read(&c.b), 1);
		while (imsgbuf_get(&c.b, &imsg) == 1) {
			assert_int_equal(imsg_get_type(&imsg), ++got);
			assert_int_equal(imsg.hdr.pid, getpid());
			i = got == 2 ? sizeof(data) - 4 : 10;
			assert_int_equal(imsg_get_len(&imsg), 4 + i);
			assert_memory_equal(
			    ibuf_data(&imsg.payload), "head", 4);
			assert_memory_equal(
			    (char *)ibuf_data(&imsg.payload) + 4, data, i);
			imsg_free(&imsg);
		}
		assert_int_equal(imsgbuf_write(&c.a), 0);
	}
	assert_int_equal(imsgbuf_queuelen(&c.a), 0);
	chan_close(&c);
}

/* Messages that leave, and a channel that ends with some, leave no memory. */
static void
test_freed(void **state)
{
	struct chan c;
	long before = alloc_live, open;
	int i;

	(void)state;
	chan_open(&c, SOCK_NONBLOCK);
	open = alloc_live;
	for (i = 0; i < 30; i++) {
		assert_int_equal(imsg_compose(&c.a, 1, 0, 0, -1, "x", 1), 1);
		assert_int_equal(imsgbuf_write(&c.a), 0);
	}
	assert_int_equal(alloc_live, open);
	assert_int_equal(imsg_compose(&c.a, 1, 0, 0, -1, "x", 1), 1);
	assert_true(alloc_live > open);
	chan_close(&c);
	assert_int_equal(alloc_live, before);
}

/* Without memory nothing is queued, and a descriptor stays the caller's. */
static void
test_no_memory(void **state)
{
	struct chan c;
	int r, sent;

	(void)state;
	chan_open_fds(&c, SOCK_NONBLOCK);
	assert_int_equal(imsg_compose(&c.a, 1, 0, 0, -1, "x", 1), 1);
	alloc_fail = 1;
	r = imsg_compose(&c.a, 2, 0, 0, STDIN_FILENO, "x", 1);
	sent = send_two(&c, 3, "x", 1);
	alloc_fail = 0;
	assert_int_equal(r, -1);
	assert_int_equal(sent, -1);
	assert_int_equal(imsgbuf_queuelen(&c.a), 1);
	assert_int_not_equal(fcntl(STDIN_FILENO, F_GETFD), -1);
	chan_close(&c);
}

/* Partial writes: a descriptor leaves once, with its first byte. */
static void
test_partial_fds(void **state)
{
	struct chan c;
	struct imsg imsg;
	static char data[300000];
	ino_t ino[60];
	uint32_t i, got = 0;
	int small = 4096;

	(void)state;
	chan_open_fds(&c, SOCK_NONBLOCK);
	assert_int_equal(
	    setsockopt(c.a.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)),
	    0);
	assert_int_equal(imsgbuf_set_maxsize(&c.a, sizeof(data)), 0);
	assert_int_equal(imsgbuf_set_maxsize(&c.b, sizeof(data)), 0);
	for (i = 0; i < 60; i++)
		assert_int_equal(
		    imsg_compose(&c.a, i, 0, 0, i % 2 ? -1 : make_fd(&ino[i]),
			data, i % 5 == 0 ? sizeof(data) : i),
		    1);
	while (got < 60) {
		assert_int_equal(imsgbuf_write(&c.a), 0);
		assert_int_equal(imsgbuf_read(&c.b), 1);
		while (imsgbuf_get(&c.b, &imsg) == 1) {
			assert_int_equal(imsg_get_type(&imsg), got);
			if (got % 2 == 0)
				expect_fd(&imsg, ino[got]);
			assert_int_equal(imsg_get_fd(&imsg), -1);
			imsg_free(&imsg);
			got++;
		}
	}
	chan_close(&c);
}

/* xorshift: the same garbage every time, and no bias that matters. */
static uint32_t
garbage(void)
{
	static uint32_t x = 2463534242U;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return (x);
}

/* Messages one behind another, most of them possible, cut off anywhere. */
static size_t
garbage_bytes(unsigned char *p, size_t max)
{
	size_t i, len = 1 + garbage() % max;
	uint32_t mlen;

	for (i = 0; i < len; i++)
		p[i] = (unsigned char)garbage();
	for (i = 0; i + IMSG_HEADER_SIZE <= len; i += mlen) {
		mlen = IMSG_HEADER_SIZE + garbage() % 24;
		if (garbage() % 16 == 0)
			mlen = garbage() >> garbage() % 32;
		(void)put_header(
		    p + i, garbage(), (garbage() & FD_MARK) ^ mlen);
	}
	return (len);
}

static void
garbage_take(struct imsgbuf *ibuf, int *status, size_t *taken)
{
	struct imsg imsg;
	struct ibuf view;
	int fd;

	while ((*status = imsgbuf_get(ibuf, &imsg)) == 1) {
		(*taken)++;
		if (garbage() % 2 == 0 && (fd = imsg_get_fd(&imsg)) != -1)
			(void)close(fd);
		if (imsg_get_ibuf(&imsg, &view) == 0)
			(void)ibuf_skip(&view, garbage() % 8);
		imsg_free(&imsg);
	}
}

static void
test_garbage(void **state)
{
	struct chan c;
	unsigned char bytes[96];
	size_t len, taken = 0, broken = 0;
	ino_t ino;
	int fds[8], i, round, status;

	(void)state;
	chan_open_fds(&c, 0);
	/* Small, so that a wrong length does not swallow the next rounds. */
	assert_int_equal(imsgbuf_set_maxsize(&c.b, 256), 0);
	for (i = 0; i < 8; i++)
		fds[i] = make_fd(&ino);
	for (round = 0; round < ROUNDS; round++) {
		len = garbage_bytes(bytes, sizeof(bytes));
		send_raw(
		    c.a.fd, bytes, len, fds, garbage() % 2 ? garbage() % 9 : 0);
		assert_int_equal(imsgbuf_read(&c.b), 1);
		garbage_take(&c.b, &status, &taken);
		if (status == -1) {
			broken++;
			imsgbuf_clear(&c.b);
			assert_int_equal(imsgbuf_init(&c.b, c.b.fd), 0);
			imsgbuf_allow_fdpass(&c.b);
			assert_int_equal(imsgbuf_set_maxsize(&c.b, 256), 0);
		}
	}
	/* The garbage was neither all refused nor all taken. */
	assert_true(taken > ROUNDS / 10 && broken > ROUNDS / 10);
	for (i = 0; i < 8; i++)
		(void)close(fds[i]);
	chan_close(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_hangup),
		cmocka_unit_test(test_partial),
		cmocka_unit_test(test_send),
		cmocka_unit_test(test_freed),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_partial_fds),
		cmocka_unit_test(test_garbage),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
