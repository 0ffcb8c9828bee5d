/*
 * Descriptors on their way: how many a peer that does not read is sent, and
 * what becomes of those that the system refuses. Its refusals and the time are
 * played.
 */

#include <poll.h>
#include <time.h>

#include "compat/imsg_send.h"
#include "imsg_util.h"

#define MANY 200
#define BOUND 128

static int64_t now = 1000; /* ms */
static int refusal; /* errno of each sendmsg with a descriptor, or 0 */
static int tries;

ssize_t __real_sendmsg(int, const struct msghdr *, int);
ssize_t __wrap_sendmsg(int, const struct msghdr *, int);
int __real_poll(struct pollfd *, nfds_t, int);
int __wrap_poll(struct pollfd *, nfds_t, int);
int __wrap_clock_gettime(clockid_t, struct timespec *);

ssize_t
__wrap_sendmsg(int s, const struct msghdr *msg, int flags)
{
	tries++;
	if (refusal != 0 && msg->msg_controllen > 0) {
		errno = refusal;
		return (-1);
	}
	return (__real_sendmsg(s, msg, flags));
}

/* A pause takes no time but ours. */
int
__wrap_poll(struct pollfd *pfd, nfds_t n, int ms)
{
	if (n > 0)
		return (__real_poll(pfd, n, ms));
	assert_true(ms > 0);
	now += ms;
	return (0);
}

int
__wrap_clock_gettime(clockid_t id, struct timespec *ts)
{
	(void)id;
	ts->tv_sec = (time_t)(now / 1000);
	ts->tv_nsec = (long)(now % 1000) * 1000000;
	return (0);
}

static void
compose_fd(struct chan *c, uint32_t type, ino_t *ino)
{
	assert_int_equal(
	    imsg_compose(&c->a, type, 0, 0, make_fd(ino), "x", 1), 1);
}

static int
is_writable(struct chan *c)
{
	struct pollfd pfd = { .fd = c->a.fd, .events = POLLOUT };

	return (__real_poll(&pfd, 1, 0) == 1);
}

/* Write until that is of no use, and go on in the same way. */
static void
write_all(struct chan *c)
{
	uint32_t before;

	do {
		before = imsgbuf_queuelen(&c->a);
		assert_int_equal(imsgbuf_write(&c->a), 0);
	} while (imsgbuf_queuelen(&c->a) != before);
}

/* Read until got messages were taken, or nothing comes: how many then. */
static uint32_t
take_all(struct chan *c, const ino_t *ino, uint32_t got)
{
	struct imsg imsg;
	uint32_t before;

	do {
		before = got;
		assert_int_equal(imsgbuf_read(&c->b), 1);
		while (imsgbuf_get(&c->b, &imsg) == 1) {
			assert_int_equal(imsg_get_type(&imsg), got);
			expect_fd(&imsg, ino[got++]);
			imsg_free(&imsg);
		}
	} while (got != before);
	return (got);
}

static void
bounded(int room)
{
	struct chan c;
	ino_t ino[MANY];
	uint32_t i, got = 0;

	chan_open(&c, SOCK_NONBLOCK);
	if (room > 0)
		assert_int_equal(setsockopt(c.a.fd, SOL_SOCKET, SO_SNDBUF,
				     &room, sizeof(room)),
		    0);
	imsgbuf_allow_fdpass(&c.a);
	imsgbuf_allow_fdpass(&c.b);
	for (i = 0; i < MANY; i++)
		compose_fd(&c, i, &ino[i]);
	write_all(&c);
	assert_in_range(MANY - imsgbuf_queuelen(&c.a), 4, BOUND);
	/* There is something to wait for. */
	assert_false(is_writable(&c));
	assert_false(imsgbuf_stuck(&c.a));
	while ((got = take_all(&c, ino, got)) < MANY) {
		assert_true(is_writable(&c));
		write_all(&c);
	}
	assert_int_equal(imsgbuf_queuelen(&c.a), 0);
	chan_close(&c);
}

static void
test_bound(void **state)
{
	(void)state;
	bounded(0);
}

static void
test_bound_in_large_socket(void **state)
{
	(void)state;
	bounded(4 << 20);
}

/* It may be over soon: nothing is lost. */
static void
test_refused(void **state)
{
	static const int errors[] = { ETOOMANYREFS, EMFILE, ENOBUFS };
	struct chan c;
	ino_t ino[2];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		chan_open_fds(&c, SOCK_NONBLOCK);
		compose_fd(&c, 0, &ino[0]);
		compose_fd(&c, 1, &ino[1]);
		refusal = errors[i];
		write_all(&c);
		now += 1900;
		write_all(&c);
		assert_true(imsgbuf_stuck(&c.a));
		assert_int_equal(imsgbuf_queuelen(&c.a), 2);
		refusal = 0;
		write_all(&c);
		assert_false(imsgbuf_stuck(&c.a));
		assert_int_equal(take_all(&c, ino, 0), 2);
		chan_close(&c);
	}
}

static void
expect_lost(struct chan *c, uint32_t type)
{
	struct imsg imsg;

	expect(&c->b, &imsg, type);
	assert_int_equal(imsg_get_len(&imsg), 1);
	assert_int_equal(imsg_get_fd(&imsg), -1);
	imsg_free(&imsg);
}

/*
 * In the end messages go without, and the next that has one gets its own. The
 * reader has all of them at once.
 */
static void
test_lost(void **state)
{
	struct chan c;
	ino_t ino[4];
	uint32_t i;

	(void)state;
	chan_open_fds(&c, SOCK_NONBLOCK);
	for (i = 0; i < 4; i++)
		compose_fd(&c, i, &ino[i]);
	refusal = ETOOMANYREFS;
	assert_int_equal(imsgbuf_write(&c.a), 0);
	now += 2001;
	assert_int_equal(imsgbuf_write(&c.a), 0);
	assert_false(imsgbuf_stuck(&c.a));
	assert_int_equal(imsgbuf_write(&c.a), 0); /* without */
	assert_int_equal(imsgbuf_write(&c.a), 0); /* the second, at once */
	assert_int_equal(imsgbuf_write(&c.a), 0);
	assert_int_equal(imsgbuf_queuelen(&c.a), 2);
	refusal = 0;
	assert_int_equal(imsgbuf_write(&c.a), 0);
	refusal = ETOOMANYREFS;
	assert_int_equal(imsgbuf_write(&c.a), 0);
	/* One went through, so that this one is waited for again. */
	assert_true(imsgbuf_stuck(&c.a));
	refusal = 0;
	write_all(&c);
	for (i = 0; i < 4; i++)
		assert_int_equal(imsgbuf_read(&c.b), 1);
	expect_lost(&c, 0);
	expect_lost(&c, 1);
	assert_int_equal(take_all(&c, ino, 2), 4);
	chan_close(&c);
}

/* Who waits in a flush does not spin, and not for ever. */
static void
test_flush(void **state)
{
	struct chan c;
	ino_t ino[3];
	int64_t before = now;
	uint32_t i;

	(void)state;
	chan_open_fds(&c, SOCK_NONBLOCK);
	for (i = 0; i < 3; i++)
		compose_fd(&c, i, &ino[i]);
	refusal = ETOOMANYREFS;
	tries = 0;
	assert_int_equal(imsgbuf_flush(&c.a), 0);
	refusal = 0;
	assert_in_range(now - before, 2000, 2100);
	assert_in_range(tries, 3, 300);
	for (i = 0; i < 3; i++) {
		assert_int_equal(imsgbuf_read(&c.b), 1);
		expect_lost(&c, i);
	}
	chan_close(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_bound_in_large_socket),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_flush),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
