/*
 * imsg without descriptors: framing at every cut, limits in both directions,
 * the ways to build a message and to read one.
 */

#include "imsg_util.h"

static void
test_compose(void **state)
{
	struct chan c;
	struct imsg imsg;
	uint32_t v = 0xdeadbeef, w = 0;

	(void)state;
	chan_open(&c, 0);
	assert_int_equal(imsg_compose(&c.a, 1, 2, 3, -1, &v, sizeof(v)), 1);
	assert_int_equal(imsg_compose(&c.a, 4, 5, 0, -1, NULL, 0), 1);
	assert_int_equal(imsgbuf_queuelen(&c.a), 2);
	expect_none(&c.b);
	assert_int_equal(imsgbuf_write(&c.a), 0);
	assert_int_equal(imsgbuf_queuelen(&c.a), 0);
	assert_int_equal(imsgbuf_write(&c.a), 0);
	assert_int_equal(imsgbuf_read(&c.b), 1);

	expect(&c.b, &imsg, 1);
	assert_int_equal(imsg.hdr.peerid, 2);
	assert_int_equal(imsg.hdr.pid, 3);
	assert_int_equal(imsg_get_len(&imsg), sizeof(v));
	assert_int_equal(imsg_get_fd(&imsg), -1);
	expect_data(&imsg, &w, sizeof(w));
	assert_int_equal(w, v);
	imsg_free(&imsg);
	imsg_free(&imsg);

	expect(&c.b, &imsg, 4);
	assert_int_equal(imsg.hdr.pid, getpid());
	assert_int_equal(imsg_get_len(&imsg), 0);
	imsg_free(&imsg);
	expect_none(&c.b);
	chan_close(&c);
}

static void
test_getters(void **state)
{
	struct chan c;
	struct imsg imsg;
	struct ibuf view;

	(void)state;
	chan_open(&c, 0);
	assert_int_equal(imsg_compose(&c.a, 1, 0, 0, -1, "\1\2abc\0xyz", 9), 1);
	assert_int_equal(imsg_compose(&c.a, 2, 0, 0, -1, NULL, 0), 1);
	assert_int_equal(imsgbuf_flush(&c.a), 0);
	assert_int_equal(imsgbuf_read(&c.b), 1);
	expect(&c.b, &imsg, 1);
	assert_int_equal(imsg_get_len(&imsg), 9);
	assert_int_equal(imsg_get_ibuf(&imsg, &view), 0);
	assert_int_equal(ibuf_size(&view), 9);
	assert_memory_equal(ibuf_data(&view), "\1\2abc\0xyz", 9);
	assert_int_equal(imsg_get_ibuf(&imsg, &view), -1);
	assert_int_equal(errno, EBADMSG);
	imsg_free(&imsg);
	expect(&c.b, &imsg, 2);
	assert_int_equal(imsg_get_len(&imsg), 0);
	assert_int_equal(imsg_get_ibuf(&imsg, &view), -1);
	imsg_free(&imsg);
	chan_close(&c);
}

/* Two messages in two writes, cut at every place, or a byte at a time. */
static void
test_cuts(void **state)
{
	struct chan c;
	struct imsg imsg, later;
	unsigned char bytes[2 * IMSG_HEADER_SIZE + 3];
	size_t cut, i, n;

	(void)state;
	n = put_header(bytes, 1, IMSG_HEADER_SIZE + 3);
	memcpy(bytes + n, "abc", 3);
	(void)put_header(bytes + n + 3, 2, IMSG_HEADER_SIZE);
	chan_open_fds(&c, 0);
	for (cut = 0; cut < sizeof(bytes); cut++) {
		if (cut > 0) {
			send_raw(c.a.fd, bytes, cut, NULL, 0);
			assert_int_equal(imsgbuf_read(&c.b), 1);
		}
		if (cut < n + 3)
			expect_none(&c.b);
		send_raw(c.a.fd, bytes + cut, sizeof(bytes) - cut, NULL, 0);
		assert_int_equal(imsgbuf_read(&c.b), 1);
		expect(&c.b, &imsg, 1);
		expect(&c.b, &later, 2);
		assert_int_equal(imsg_get_len(&imsg), 3);
		imsg_free(&later);
		imsg_free(&imsg);
		expect_none(&c.b);
	}
	for (i = 0; i < sizeof(bytes); i++) {
		if (i < n + 3)
			expect_none(&c.b);
		send_raw(c.a.fd, bytes + i, 1, NULL, 0);
		assert_int_equal(imsgbuf_read(&c.b), 1);
		if (i == n + 2) {
			expect(&c.b, &imsg, 1);
			imsg_free(&imsg);
		}
	}
	expect(&c.b, &imsg, 2);
	imsg_free(&imsg);
	chan_close(&c);
}

static void
test_many(void **state)
{
	struct chan c;
	struct imsg imsg;
	uint32_t i, v, n = 1000;

	(void)state;
	chan_open(&c, 0);
	for (i = 0; i < n; i++)
		assert_int_equal(
		    imsg_compose(&c.a, i, 0, 0, -1, &i, sizeof(i)), 1);
	assert_int_equal(imsgbuf_queuelen(&c.a), n);
	assert_int_equal(imsgbuf_flush(&c.a), 0);
	assert_int_equal(imsgbuf_queuelen(&c.a), 0);
	assert_int_equal(imsgbuf_read(&c.b), 1);
	for (i = 0; i < n; i++) {
		expect(&c.b, &imsg, i);
		expect_data(&imsg, &v, sizeof(v));
		assert_int_equal(v, i);
		imsg_free(&imsg);
	}
	expect_none(&c.b);
	chan_close(&c);
}

static void
bad_length(uint32_t len, uint32_t max)
{
	struct chan c;
	struct imsg imsg;

	chan_open(&c, 0);
	if (max != 0)
		assert_int_equal(imsgbuf_set_maxsize(&c.b, max), 0);
	send_header(c.a.fd, 1, len, NULL, 0);
	assert_int_equal(imsgbuf_read(&c.b), 1);
	errno = 0;
	assert_int_equal(imsgbuf_get(&c.b, &imsg), -1);
	assert_int_equal(errno, ERANGE);
	imsg_free(&imsg);
	assert_int_equal(imsgbuf_get(&c.b, &imsg), -1);
	chan_close(&c);
}

static void
test_bad_length(void **state)
{
	uint32_t len;

	(void)state;
	for (len = 0; len < IMSG_HEADER_SIZE; len++) {
		bad_length(len, 0);
		bad_length(len | FD_MARK, 0);
	}
	bad_length(MAX_IMSGSIZE + 1, 0);
	bad_length(0x7fffffff, 0);
	bad_length(0xffffffff, 0);
	bad_length(IMSG_HEADER_SIZE + 101, 100);
	bad_length(IMSG_HEADER_SIZE + 100001, 100000);
}

static void
test_oversize(void **state)
{
	struct chan c;
	struct imsg imsg;
	struct iovec iov[2];
	char data[MAX_IMSGSIZE] = "x";
	size_t max = MAX_IMSGSIZE - IMSG_HEADER_SIZE;

	(void)state;
	chan_open(&c, 0);
	assert_int_equal(imsg_compose(&c.a, 1, 0, 0, -1, data, max + 1), -1);
	assert_int_equal(errno, ERANGE);
	iov[0].iov_base = iov[1].iov_base = data;
	iov[0].iov_len = max;
	iov[1].iov_len = 1;
	assert_int_equal(imsg_composev(&c.a, 1, 0, 0, -1, iov, 2), -1);
	iov[1].iov_len = SIZE_MAX - 5;
	assert_int_equal(imsg_composev(&c.a, 1, 0, 0, -1, iov, 2), -1);
	assert_int_equal(errno, ERANGE);
	assert_int_equal(imsgbuf_queuelen(&c.a), 0);

	assert_int_equal(imsg_compose(&c.a, 1, 0, 0, -1, data, max), 1);
	assert_int_equal(imsgbuf_flush(&c.a), 0);
	assert_int_equal(imsgbuf_read(&c.b), 1);
	expect(&c.b, &imsg, 1);
	assert_int_equal(imsg_get_len(&imsg), max);
	imsg_free(&imsg);

	assert_int_equal(imsgbuf_set_maxsize(&c.a, 0x7ffffff0), -1);
	assert_int_equal(errno, ERANGE);
	assert_int_equal(imsgbuf_set_maxsize(&c.a, UINT32_MAX), -1);
	assert_int_equal(imsgbuf_set_maxsize(&c.a, 0), 0);
	assert_int_equal(imsg_compose(&c.a, 1, 0, 0, -1, data, 1), -1);
	assert_int_equal(imsg_compose(&c.a, 1, 0, 0, -1, data, 0), 1);
	chan_close(&c);
}

static void
test_pieces(void **state)
{
	struct chan c;
	struct imsg imsg;
	struct iovec iov[3];
	char a[] = "abc", b[] = "defgh", out[8];

	(void)state;
	chan_open(&c, 0);
	iov[0].iov_base = a;
	iov[0].iov_len = 3;
	iov[1].iov_base = NULL;
	iov[1].iov_len = 0;
	iov[2].iov_base = b;
	iov[2].iov_len = 5;
	assert_int_equal(imsg_composev(&c.a, 1, 2, 3, -1, iov, 3), 1);
	assert_int_equal(imsgbuf_flush(&c.a), 0);
	assert_int_equal(imsgbuf_read(&c.b), 1);
	expect(&c.b, &imsg, 1);
	assert_int_equal(imsg.hdr.peerid, 2);
	assert_int_equal(imsg.hdr.pid, 3);
	expect_data(&imsg, out, 8);
	assert_memory_equal(out, "abcdefgh", 8);
	imsg_free(&imsg);
	chan_close(&c);
}

static void
test_maxsize_while_reading(void **state)
{
	struct chan c;
	struct imsg imsg;

	(void)state;
	chan_open(&c, 0);
	send_header(c.a.fd, 1, IMSG_HEADER_SIZE, NULL, 0);
	send_header(c.a.fd, 2, IMSG_HEADER_SIZE + 1, NULL, 0);
	assert_int_equal(imsgbuf_read(&c.b), 1);
	expect(&c.b, &imsg, 1);
	imsg_free(&imsg);
	assert_int_equal(imsgbuf_set_maxsize(&c.b, 1000000), 0);
	assert_int_equal(imsgbuf_set_maxsize(&c.b, 1), 0);
	send_raw(c.a.fd, "z", 1, NULL, 0);
	assert_int_equal(imsgbuf_read(&c.b), 1);
	expect(&c.b, &imsg, 2);
	assert_int_equal(imsg_get_len(&imsg), 1);
	imsg_free(&imsg);
	chan_close(&c);
}

/* Clearing drops what is queued, and may be repeated. */
static void
test_clear(void **state)
{
	struct chan c;

	(void)state;
	chan_open(&c, 0);
	assert_int_equal(imsg_compose(&c.a, 1, 0, 0, -1, "x", 1), 1);
	imsgbuf_clear(&c.a);
	imsgbuf_clear(&c.a);
	assert_int_equal(imsgbuf_init(&c.a, c.a.fd), 0);
	assert_int_equal(imsgbuf_queuelen(&c.a), 0);
	chan_close(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compose),
		cmocka_unit_test(test_getters),
		cmocka_unit_test(test_cuts),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_bad_length),
		cmocka_unit_test(test_oversize),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_maxsize_while_reading),
		cmocka_unit_test(test_clear),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
