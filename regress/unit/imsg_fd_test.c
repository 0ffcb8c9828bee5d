/*
 * Descriptors through imsg: each reaches the message that announced it or
 * nobody, and whatever a peer does, none is left open.
 */

#include <sys/resource.h>

#include "imsg_util.h"

static void
test_order(void **state)
{
	struct chan c;
	struct imsg imsg;
	char data[40] = "x";
	ino_t ino[40];
	uint32_t i, got = 0;

	(void)state;
	chan_open_fds(&c, SOCK_NONBLOCK);
	for (i = 0; i < 40; i++)
		assert_int_equal(
		    imsg_compose(&c.a, i, 0, 0,
			i % 3 == 0 ? -1 : make_fd(&ino[i]), data, i),
		    1);
	assert_int_equal(imsgbuf_flush(&c.a), 0);
	while (got < 40) {
		assert_int_equal(imsgbuf_read(&c.b), 1);
		while (imsgbuf_get(&c.b, &imsg) == 1) {
			assert_int_equal(imsg_get_type(&imsg), got);
			assert_int_equal(imsg_get_len(&imsg), got);
			if (got % 3 == 0)
				assert_int_equal(imsg_get_fd(&imsg), -1);
			else
				expect_fd(&imsg, ino[got]);
			imsg_free(&imsg);
			got++;
		}
	}
	chan_close(&c);
}

/* Several reads before the first message is taken. */
static void
test_read_ahead(void **state)
{
	struct chan c;
	struct imsg imsg;
	ino_t ino[20];
	uint32_t i;
	int nfds;

	(void)state;
	chan_open_fds(&c, SOCK_NONBLOCK);
	nfds = count_fds();
	for (i = 0; i < 20; i++)
		assert_int_equal(
		    imsg_compose(&c.a, i, 0, 0, make_fd(&ino[i]), NULL, 0), 1);
	assert_int_equal(imsgbuf_flush(&c.a), 0);
	assert_int_equal(count_fds(), nfds);
	for (i = 0; i < 20; i++)
		assert_int_equal(imsgbuf_read(&c.b), 1);
	assert_int_equal(count_fds(), nfds + 16);
	for (i = 0; i < 20; i++) {
		expect(&c.b, &imsg, i);
		if (i < 16)
			expect_fd(&imsg, ino[i]);
		assert_int_equal(imsg_get_fd(&imsg), -1);
		imsg_free(&imsg);
	}
	assert_int_equal(count_fds(), nfds);
	chan_close(&c);
}

/*
 * What has none goes along with one, what has another does not; and if nobody
 * takes it, it goes with its message.
 */
static void
test_untaken(void **state)
{
	struct chan c;
	struct imsg imsg;
	ino_t ino, ino2;
	int nfds, i;

	(void)state;
	chan_open_fds(&c, 0);
	nfds = count_fds();
	assert_int_equal(
	    imsg_compose(&c.a, 1, 0, 0, make_fd(&ino), NULL, 0), 1);
	assert_int_equal(imsg_compose(&c.a, 2, 0, 0, -1, "x", 1), 1);
	assert_int_equal(
	    imsg_compose(&c.a, 3, 0, 0, make_fd(&ino2), NULL, 0), 1);
	assert_int_equal(imsg_compose(&c.a, 4, 0, 0, -1, NULL, 0), 1);
	for (i = 2; i >= 0; i -= 2) {
		assert_int_equal(imsgbuf_write(&c.a), 0);
		assert_int_equal(imsgbuf_queuelen(&c.a), i);
	}
	assert_int_equal(imsgbuf_read(&c.b), 1);
	expect(&c.b, &imsg, 1);
	assert_int_equal(count_fds(), nfds + 1);
	imsg_free(&imsg);
	imsg_free(&imsg);
	assert_int_equal(count_fds(), nfds);
	expect(&c.b, &imsg, 2);
	assert_int_equal(imsg_get_fd(&imsg), -1);
	imsg_free(&imsg);
	assert_int_equal(imsgbuf_read(&c.b), 1);
	expect(&c.b, &imsg, 3);
	expect_fd(&imsg, ino2);
	imsg_free(&imsg);
	expect(&c.b, &imsg, 4);
	assert_int_equal(imsg_get_fd(&imsg), -1);
	imsg_free(&imsg);
	assert_int_equal(count_fds(), nfds);
	chan_close(&c);
}

/*
 * With almost a whole read buffer of bytes ahead, one recvmsg returns the
 * descriptor with any part of its message's header, or with none.
 */
static void
test_behind_bulk(void **state)
{
	struct chan c;
	struct imsg imsg;
	unsigned char bulk[65536] = { 0 };
	size_t k, n, len;
	ino_t ino, ino2;
	int fd, room = 1 << 20;

	(void)state;
	for (k = 0; k <= 40; k++) {
		chan_open_fds(&c, 0);
		/* So much that it counts as writable behind all that. */
		assert_int_equal(setsockopt(c.a.fd, SOL_SOCKET, SO_SNDBUF,
				     &room, sizeof(room)),
		    0);
		len = sizeof(bulk) - k;
		for (n = 0; n < len; n += 8192)
			(void)put_header(bulk + n, 1,
			    (uint32_t)(len - n < 8192 ? len - n : 8192));
		send_raw(c.a.fd, bulk, len, NULL, 0);
		fd = make_fd(&ino);
		assert_int_equal(
		    imsg_compose(&c.a, 2, 0, 0, fd, "payload", 7), 1);
		fd = make_fd(&ino2);
		assert_int_equal(imsg_compose(&c.a, 3, 0, 0, fd, NULL, 0), 1);
		assert_int_equal(imsgbuf_flush(&c.a), 0);
		for (n = 0; n < 8 + 2;) {
			assert_int_equal(imsgbuf_read(&c.b), 1);
			while (imsgbuf_get(&c.b, &imsg) == 1) {
				n++;
				if (imsg_get_type(&imsg) == 2)
					expect_fd(&imsg, ino);
				if (imsg_get_type(&imsg) == 3)
					expect_fd(&imsg, ino2);
				assert_int_equal(imsg_get_fd(&imsg), -1);
				imsg_free(&imsg);
			}
		}
		chan_close(&c);
	}
}

/* The descriptor comes with a header that comes in two parts. */
static void
test_split_header(void **state)
{
	struct chan c;
	struct imsg imsg;
	unsigned char hdr[IMSG_HEADER_SIZE];
	ino_t ino;
	size_t cut, len;
	int fd;

	(void)state;
	chan_open_fds(&c, 0);
	len = put_header(hdr, 1, IMSG_HEADER_SIZE | FD_MARK);
	for (cut = 1; cut < len; cut++) {
		fd = make_fd(&ino);
		send_raw(c.a.fd, hdr, cut, &fd, 1);
		(void)close(fd);
		assert_int_equal(imsgbuf_read(&c.b), 1);
		expect_none(&c.b);
		send_raw(c.a.fd, hdr + cut, len - cut, NULL, 0);
		assert_int_equal(imsgbuf_read(&c.b), 1);
		expect(&c.b, &imsg, 1);
		expect_fd(&imsg, ino);
		imsg_free(&imsg);
	}
	chan_close(&c);
}

/* Not announced, announced but not sent, too many, never a whole message. */
static void
test_unannounced(void **state)
{
	struct chan c;
	struct imsg imsg;
	ino_t ino, ino2;
	int fds[8], i, nfds;

	(void)state;
	chan_open_fds(&c, 0);
	fds[0] = make_fd(&ino);
	for (i = 1; i < 8; i++)
		fds[i] = make_fd(&ino2);
	nfds = count_fds();
	send_header(c.a.fd, 1, IMSG_HEADER_SIZE, fds, 1);
	assert_int_equal(imsgbuf_read(&c.b), 1);
	send_header(c.a.fd, 2, IMSG_HEADER_SIZE | FD_MARK, NULL, 0);
	assert_int_equal(imsgbuf_read(&c.b), 1);
	for (i = 2; i <= 8; i++) {
		send_header(
		    c.a.fd, 3, IMSG_HEADER_SIZE | FD_MARK, fds, (size_t)i);
		assert_int_equal(imsgbuf_read(&c.b), 1);
	}
	expect(&c.b, &imsg, 1);
	assert_int_equal(imsg_get_fd(&imsg), -1);
	imsg_free(&imsg);
	expect(&c.b, &imsg, 2);
	assert_int_equal(imsg_get_fd(&imsg), -1);
	imsg_free(&imsg);
	for (i = 2; i <= 8; i++) {
		expect(&c.b, &imsg, 3);
		expect_fd(&imsg, ino);
		imsg_free(&imsg);
	}
	assert_int_equal(count_fds(), nfds);

	/* Inside one message's payload, without end. */
	send_header(c.a.fd, 4, IMSG_HEADER_SIZE + 1000, NULL, 0);
	for (i = 0; i < 999; i++) {
		send_raw(c.a.fd, "x", 1, fds, 1 + (size_t)i % 8);
		assert_int_equal(imsgbuf_read(&c.b), 1);
		expect_none(&c.b);
	}
	assert_true(count_fds() <= nfds + 16);
	send_raw(c.a.fd, "x", 1, fds, 1);
	assert_int_equal(imsgbuf_read(&c.b), 1);
	expect(&c.b, &imsg, 4);
	assert_int_equal(imsg_get_fd(&imsg), -1);
	imsg_free(&imsg);
	assert_int_equal(count_fds(), nfds);
	for (i = 0; i < 8; i++)
		(void)close(fds[i]);
	chan_close(&c);
}

static void
test_not_allowed(void **state)
{
	struct chan c;
	struct imsg imsg;
	ino_t ino;
	int fd, nfds;

	(void)state;
	chan_open(&c, 0);
	fd = make_fd(&ino);
	nfds = count_fds();
	send_header(c.a.fd, 1, IMSG_HEADER_SIZE | FD_MARK, &fd, 1);
	assert_int_equal(imsgbuf_read(&c.b), 1);
	assert_int_equal(count_fds(), nfds);
	expect(&c.b, &imsg, 1);
	assert_int_equal(imsg_get_fd(&imsg), -1);
	imsg_free(&imsg);
	assert_int_equal(imsg_compose(&c.a, 1, 0, 0, fd, NULL, 0), -1);
	assert_int_equal(errno, EINVAL);
	assert_true(fd_inode(fd) == ino);
	(void)close(fd);
	chan_close(&c);
}

static void
test_compose_fails(void **state)
{
	struct chan c;
	char data[MAX_IMSGSIZE] = "x";
	struct iovec iov = { data, sizeof(data) };
	ino_t ino;
	int fd;

	(void)state;
	chan_open_fds(&c, 0);
	fd = make_fd(&ino);
	assert_int_equal(
	    imsg_compose(&c.a, 1, 0, 0, fd, data, sizeof(data)), -1);
	assert_int_equal(imsg_composev(&c.a, 1, 0, 0, fd, &iov, 1), -1);
	assert_true(fd_inode(fd) == ino);
	(void)close(fd);
	chan_close(&c);
}

/* What is queued, pending or in flight is closed with the channel. */
static void
test_clear(void **state)
{
	struct chan c;
	struct iovec iov = { NULL, 0 };
	ino_t ino;
	int fd, i, nfds;

	(void)state;
	chan_open_fds(&c, 0);
	nfds = count_fds();
	for (i = 0; i < 5; i++) {
		fd = make_fd(&ino);
		assert_int_equal(imsg_composev(&c.a, 1, 0, 0, fd, &iov, 1), 1);
	}
	assert_int_equal(imsgbuf_write(&c.a), 0);
	assert_int_equal(imsgbuf_queuelen(&c.a), 4);
	assert_int_equal(imsgbuf_read(&c.b), 1);
	assert_int_equal(count_fds(), nfds + 5);
	imsgbuf_clear(&c.b);
	assert_int_equal(count_fds(), nfds + 4);
	imsgbuf_clear(&c.a);
	assert_int_equal(count_fds(), nfds);
	chan_close(&c);
}

static void
set_limit(rlim_t n)
{
	struct rlimit rl;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &rl), 0);
	rl.rlim_cur = n;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &rl), 0);
}

/* Lost at the limit: that message goes without, the next has its own. */
static void
test_limit(void **state)
{
	struct chan c;
	struct imsg imsg;
	struct rlimit rl;
	ino_t ino[3];
	uint32_t i;
	int lowest, nfds;

	(void)state;
	chan_open_fds(&c, 0);
	for (i = 0; i < 3; i++)
		assert_int_equal(
		    imsg_compose(&c.a, i, 0, 0, make_fd(&ino[i]), NULL, 0), 1);
	assert_int_equal(imsgbuf_flush(&c.a), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &rl), 0);
	assert_int_not_equal(lowest = dup(c.a.fd), -1);
	(void)close(lowest);
	nfds = count_fds();

	set_limit((rlim_t)lowest);
	assert_int_equal(imsgbuf_read(&c.b), 1);
	set_limit(rl.rlim_cur);
	if (count_fds() != nfds) {
		/* Under valgrind, which does not tell the kernel. */
		chan_close(&c);
		skip();
	}
	assert_int_equal(imsgbuf_read(&c.b), 1);
	set_limit((rlim_t)lowest);
	assert_int_equal(imsgbuf_read(&c.b), 1);
	set_limit(rl.rlim_cur);
	for (i = 0; i < 3; i++) {
		expect(&c.b, &imsg, i);
		if (i == 1)
			expect_fd(&imsg, ino[i]);
		assert_int_equal(imsg_get_fd(&imsg), -1);
		imsg_free(&imsg);
	}
	chan_close(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_read_ahead),
		cmocka_unit_test(test_untaken),
		cmocka_unit_test(test_behind_bulk),
		cmocka_unit_test(test_split_header),
		cmocka_unit_test(test_unannounced),
		cmocka_unit_test(test_not_allowed),
		cmocka_unit_test(test_compose_fails),
		cmocka_unit_test(test_clear),
		cmocka_unit_test(test_limit),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
