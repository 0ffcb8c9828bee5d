/*
 * Frames to the node: in their order and whole, whatever the node takes and
 * when. libevent, and what is moved, are replaced.
 */

#include <sys/types.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "worker/worker.h"

static int fds[2]; /* the port's pipe */
static int wanted; /* the port is watched for room */
static int shutdowns;
static uint8_t moved[300000]; /* what zerocopy.c would have */
static size_t moved_len;

/* What the node is to read, and what it has read. */
static uint8_t want[4000000], got[4000000];
static size_t want_len, got_len;

void
event_set(struct event *ev, evutil_socket_t fd, short what,
    void (*fn)(evutil_socket_t, short, void *), void *arg)
{
	(void)ev;
	(void)fd;
	(void)what;
	(void)fn;
	(void)arg;
}

int
event_add(struct event *ev, const struct timeval *tv)
{
	(void)ev;
	(void)tv;
	wanted = 1;
	return (0);
}

int
event_pending(const struct event *ev, short what, struct timeval *tv)
{
	(void)ev;
	(void)what;
	(void)tv;
	return (wanted);
}

void
notify_shutdown(int status)
{
	assert_int_equal(status, EXIT_PEER);
	shutdowns++;
}

void
zc_init(int port)
{
	(void)port;
}

size_t
zc_pending(void)
{
	return (moved_len);
}

ssize_t
zc_write(void)
{
	ssize_t n;

	if ((n = write(fds[1], moved, moved_len)) > 0) {
		moved_len -= (size_t)n;
		memmove(moved, moved + n, moved_len);
	}
	return (n);
}

void
zc_close(void)
{
	moved_len = 0;
}

static void
expect(const void *data, size_t len)
{
	assert_true(len <= sizeof(want) - want_len);
	memcpy(want + want_len, data, len);
	want_len += len;
}

static void
expect_prefix(int prefix, size_t len)
{
	const uint8_t be[4] = { (uint8_t)(len >> 24), (uint8_t)(len >> 16),
		(uint8_t)(len >> 8), (uint8_t)len };

	expect(be + 4 - prefix, (size_t)prefix);
}

static void
begin(int prefix)
{
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
	wanted = shutdowns = 0;
	want_len = got_len = 0;
	port_init(fds[1], prefix);
	assert_int_equal(port_waiting(), 0);
	assert_int_equal(fcntl(fds[1], F_GETFL) & O_NONBLOCK, O_NONBLOCK);
}

/* The node reads so many bytes, or all that is there. */
static void
take(size_t len)
{
	ssize_t n;

	while (len > 0 &&
	       (n = read(fds[0], got + got_len,
		    len < sizeof(got) - got_len ? len
						: sizeof(got) - got_len)) > 0) {
		got_len += (size_t)n;
		len -= (size_t)n;
	}
	wanted = 0;
	port_flush();
}

static void
finish(void)
{
	while (port_waiting()) {
		assert_int_equal(wanted, 1);
		take(SIZE_MAX);
	}
	take(SIZE_MAX);
	assert_int_equal(got_len, want_len);
	assert_memory_equal(got, want, want_len);
	port_end();
	assert_int_equal(fcntl(fds[1], F_GETFL) & O_NONBLOCK, 0);
	(void)close(fds[0]);
	(void)close(fds[1]);
}

static void
term(int prefix, const char *text)
{
	port_term(text, strlen(text));
	expect_prefix(prefix, strlen(text));
	expect(text, strlen(text));
}

static struct port_head *
head(int prefix, size_t len)
{
	static struct port_head h;

	memset(&h, 0xaa, sizeof(h));
	h.len = 9;
	memcpy(h.bytes + PORT_PREFIX_MAX, "beginning", h.len);
	expect_prefix(prefix, h.len + len);
	expect("beginning", h.len);
	return (&h);
}

static void
output(int prefix, const uint8_t *data, size_t len)
{
	struct port_head *h = head(prefix, len);

	port_output(h, data, len);
	expect(data, len);
}

static void
test_order(void **state)
{
	static uint8_t data[65536];
	static const int prefixes[2] = { 2, 4 };
	size_t i, len;
	int p;

	(void)state;
	for (i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7 + i / 253);
	for (i = 0; i < 2; i++) {
		p = prefixes[i];
		begin(p);
		assert_int_equal(port_copy_max(), p == 2 ? 65535 - 64 : 65536);
		assert_int_equal(port_term_max(), p == 2 ? 65535 : INT32_MAX);
		output(p, data, 10);
		assert_int_equal(port_waiting(), 0);
		term(p, "term");
		/* A term waits for a flush; output does not overtake it. */
		assert_int_equal(port_waiting(), 1);
		output(p, data, 3);
		for (len = 1; len < 200000; len += port_copy_max() / 3)
			output(p, data,
			    len < port_copy_max() ? len : port_copy_max());
		term(p, "last");
		assert_int_equal(port_full(), 0);
		assert_int_equal(wanted, 1);
		take(1);
		take(70000);
		finish();
	}
}

/* What is moved comes behind its head, and before all that was sent since. */
static void
test_moved(void **state)
{
	struct port_head *h;
	size_t len = port_move_max();

	(void)state;
	begin(4);
	memset(moved, 'm', len);
	moved_len = len;
	h = head(4, len);
	expect(moved, len);
	port_output_moved(h);
	/* It has no longer to be there. */
	memset(h, 0, sizeof(*h));
	assert_int_equal(port_waiting(), 1);
	term(4, "behind");
	output(4, (const uint8_t *)"more", 4);
	take(7);
	finish();
	assert_int_equal(moved_len, 0);
}

static void
test_full(void **state)
{
	char text[1024] = "";
	int i;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	begin(4);
	for (i = 0; !port_full(); i++) {
		term(4, text);
		port_flush();
	}
	/* A pipe, and a mebibyte that waits. */
	assert_in_range(i, 1024, 1024 + 512);
	finish();
	assert_int_equal(port_full(), 0);
}

/* The node is gone: nothing waits for it any more, and nobody is told. */
static void
test_gone(void **state)
{
	(void)state;
	begin(4);
	term(4, "term");
	(void)close(fds[0]);
	port_flush();
	assert_int_equal(port_waiting(), 0);
	term(4, "term");
	output(4, (const uint8_t *)"more", 4);
	assert_int_equal(port_waiting(), 0);
	assert_int_equal(shutdowns, 0);
	(void)close(fds[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_moved),
		cmocka_unit_test(test_full),
		/* The last, as there is no way back. */
		cmocka_unit_test(test_gone),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
