/*
 * Tests of the channels between the processes and of the check before every
 * handler. A peer that breaks the rules must end the process, with EXIT_RING
 * and one line in the log: each such case is played in a process of its own.
 */

#include "imsg_util.h"

#include <sys/wait.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>

#include "dispatch.h"
#include "log.h"
#include "proto.h"

#define nitems(a) (sizeof(a) / sizeof((a)[0]))

#define STATE_A 0x1
#define STATE_B 0x2

#define FIXED 1
#define RANGE 2
#define WITH_FD 3
#define BROKEN 4
#define ANY_LENGTH 5
#define NO_STATE 6
#define UNKNOWN 7 /* to the table */
#define NOT_PACKED 8 /* does not unpack */
#define UNTYPED 9 /* to proto.c */

/* What the handlers were given last; data is a copy. */
static struct {
	int calls;
	int row;
	const void *arg;
	uint8_t data[64];
	size_t len;
	int fd;
	int unpacked; /* as unpack() has left it */
} got;

static int
note(int row, const struct msg *m)
{
	got.calls++;
	got.row = row;
	got.arg = m->arg;
	got.len = m->len;
	got.fd = m->fd;
	got.unpacked = m->request.arg;
	if (m->len <= sizeof(got.data))
		memcpy(got.data, m->data, m->len);
	return (0);
}

static int
on_fixed(const struct msg *m)
{
	return (note(FIXED, m));
}

static int
on_range(const struct msg *m)
{
	return (note(RANGE, m));
}

static int
on_fd(const struct msg *m)
{
	return (note(WITH_FD, m));
}

static int
on_broken(const struct msg *m)
{
	(void)note(BROKEN, m);
	return (-1);
}

static int
on_any(const struct msg *m)
{
	return (note(ANY_LENGTH, m));
}

/* In the place of proto.c's: messages of any shape. */
static int
unpack(struct msg *m)
{
	m->request.arg = (int32_t)m->type + 100;
	return (0);
}

static int
unpack_not(struct msg *m)
{
	(void)m;
	return (-1);
}

static const struct msg_type types[] = {
	[FIXED] = { "fixed", 8, 8, 0, unpack },
	[RANGE] = { "range", 2, 5, 0, unpack },
	[WITH_FD] = { "with", 1, 4, 1, unpack },
	[BROKEN] = { "handled", 1, 1, 0, unpack },
	[ANY_LENGTH] = { "any", 0, MSG_MAX, 0, unpack },
	[NO_STATE] = { "never", 1, 8, 1, unpack },
	[UNKNOWN] = { "unknown", 1, 8, 0, unpack },
	[NOT_PACKED] = { "packed", 1, 1, 0, unpack_not },
};

const struct msg_type *
proto_type(uint32_t type)
{
	return (type < nitems(types) && types[type].unpack != NULL
		    ? &types[type]
		    : NULL);
}

int
proto_unpack(struct msg *m)
{
	return (proto_type(m->type)->unpack(m));
}

static const struct dispatch table[] = {
	{ FIXED, STATE_A, on_fixed },
	{ RANGE, STATE_A | STATE_B, on_range },
	{ WITH_FD, STATE_B, on_fd },
	{ BROKEN, STATE_A, on_broken },
	{ ANY_LENGTH, STATE_A, on_any },
	{ NO_STATE, 0, on_fd },
	{ NOT_PACKED, STATE_A, on_any },
	{ UNTYPED, STATE_A, on_any },
};

static int arg_mark;

/* The channel under test, and a socket for what a peer might send. */
static struct channel chan;
static int peer;

static void
start(int passes_fds)
{
	int s[2];

	memset(&got, 0, sizeof(got));
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s), 0);
	assert_int_equal(fcntl(s[0], F_SETFL, O_NONBLOCK), 0);
	channel_init(
	    &chan, "peer", s[0], passes_fds, table, nitems(table), &arg_mark);
	peer = s[1];
}

static void
end(void)
{
	channel_close(&chan);
	if (peer != -1)
		(void)close(peer);
}

/* A whole message of len bytes, "abc...", with or without a descriptor. */
static void
send_msg(uint32_t type, size_t len, int fd)
{
	unsigned char msg[IMSG_HEADER_SIZE + 64];
	uint32_t size = (uint32_t)(IMSG_HEADER_SIZE + len);
	size_t i;

	assert_true(len <= 64);
	(void)put_header(msg, type, fd == -1 ? size : size | FD_MARK);
	for (i = 0; i < len; i++)
		msg[IMSG_HEADER_SIZE + i] = (unsigned char)('a' + i);
	send_raw(peer, msg, size, &fd, fd == -1 ? 0 : 1);
}

/* Read until there is a message, and handle it. */
static void
expect_handled(int row, size_t len, unsigned int state)
{
	int calls = got.calls;

	while (channel_dispatch(&chan, state) == 0)
		assert_int_equal(channel_read(&chan), 1);
	assert_int_equal(got.calls, calls + 1);
	assert_int_equal(got.row, row);
	assert_int_equal(got.unpacked, row + 100);
	assert_int_equal(got.len, len);
	assert_ptr_equal(got.arg, &arg_mark);
	if (len <= 26)
		assert_memory_equal(
		    got.data, "abcdefghijklmnopqrstuvwxyz", len);
}

/* Good messages, each at both ends of what its row allows. */
static const struct {
	uint32_t type;
	size_t len;
	unsigned int state;
} good[] = {
	{ FIXED, 8, STATE_A },
	{ RANGE, 2, STATE_A },
	{ RANGE, 5, STATE_B },
	{ RANGE, 3, STATE_A | STATE_B },
	{ WITH_FD, 1, STATE_B },
	{ WITH_FD, 4, STATE_A | STATE_B },
	{ ANY_LENGTH, 1, STATE_A },
	{ ANY_LENGTH, 26, STATE_A },
};

static void
test_good(void **state)
{
	size_t i;
	int nfds = count_fds();

	(void)state;
	start(1);
	for (i = 0; i < nitems(good); i++) {
		send_msg(good[i].type, good[i].len, -1);
		expect_handled((int)good[i].type, good[i].len, good[i].state);
		assert_int_equal(got.fd, -1);
	}
	/* And all of them waiting at once. */
	for (i = 0; i < nitems(good); i++)
		send_msg(good[i].type, good[i].len, -1);
	for (i = 0; i < nitems(good); i++)
		expect_handled((int)good[i].type, good[i].len, good[i].state);
	assert_int_equal(channel_dispatch(&chan, STATE_A), 0);
	end();
	assert_int_equal(count_fds(), nfds);
}

static void
test_fd(void **state)
{
	ino_t ino;
	int fd, nfds = count_fds();

	(void)state;
	start(1);
	fd = make_fd(&ino);
	send_msg(WITH_FD, 3, fd);
	(void)close(fd);
	expect_handled(WITH_FD, 3, STATE_B);
	assert_int_not_equal(got.fd, -1);
	assert_true(fd_inode(got.fd) == ino);
	assert_true(fcntl(got.fd, F_GETFD) & FD_CLOEXEC);
	(void)close(got.fd);
	end();
	assert_int_equal(count_fds(), nfds);
}

/* A channel that passes none is not broken by one: it never arrives. */
static void
test_smuggled_fd(void **state)
{
	ino_t ino;
	int fd, nfds = count_fds();

	(void)state;
	start(0);
	fd = make_fd(&ino);
	send_msg(FIXED, 8, fd);
	send_msg(WITH_FD, 4, fd);
	(void)close(fd);
	expect_handled(FIXED, 8, STATE_A);
	assert_int_equal(got.fd, -1);
	expect_handled(WITH_FD, 4, STATE_B);
	assert_int_equal(got.fd, -1);
	end();
	assert_int_equal(count_fds(), nfds);
}

/* A connection that has bytes for who never reads them, and waits for that. */
static int
make_lingering(int *other)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	const struct linger for_ever = { 1, 1000 };
	socklen_t len = sizeof(in);
	char bytes[4096] = { 0 };
	int fd, server;

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	server = socket(AF_INET, SOCK_STREAM, 0);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(server, (struct sockaddr *)&in, len), 0);
	assert_int_equal(listen(server, 1), 0);
	assert_int_equal(getsockname(server, (struct sockaddr *)&in, &len), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&in, len), 0);
	*other = accept(server, NULL, NULL);
	assert_int_not_equal(*other, -1);
	assert_int_equal(
	    setsockopt(fd, SOL_SOCKET, SO_LINGER, &for_ever, sizeof(for_ever)),
	    0);
	while (send(fd, bytes, sizeof(bytes), MSG_DONTWAIT) != -1)
		continue;
	(void)close(server);
	return (fd);
}

/* What was sent and not read is closed by nobody who could have to wait. */
static void
test_shut(void **state)
{
	int fd, other;
	char c;

	(void)state;
	start(1);
	fd = make_lingering(&other);
	send_msg(WITH_FD, 3, fd);
	(void)close(fd); /* not the last */
	(void)alarm(10);
	channel_shut(&chan);
	(void)alarm(0);
	assert_int_equal(chan.open, 0);
	assert_int_equal(read(peer, &c, 1), 0);
	assert_int_equal(channel_read(&chan), 0);
	assert_int_equal(channel_write(&chan), -1);
	(void)close(peer);
	(void)close(other);
}

static void
test_partial(void **state)
{
	unsigned char msg[IMSG_HEADER_SIZE + 8];
	size_t i, len;

	(void)state;
	start(1);
	len = put_header(msg, FIXED, sizeof(msg));
	memcpy(msg + len, "abcdefgh", 8);
	for (i = 0; i < sizeof(msg); i++) {
		assert_int_equal(channel_read(&chan), 1);
		assert_int_equal(channel_dispatch(&chan, STATE_A), 0);
		send_raw(peer, msg + i, 1, NULL, 0);
	}
	expect_handled(FIXED, 8, STATE_A);
	end();
}

/* The largest message that there is, in one piece or made of two. */
static void
test_largest(void **state)
{
	struct channel from;
	uint8_t *p;

	(void)state;
	start(0);
	assert_int_equal(fcntl(peer, F_SETFL, O_NONBLOCK), 0);
	channel_init(&from, "from", peer, 0, NULL, 0, NULL);
	peer = -1;
	p = calloc(1, MSG_MAX);
	assert_non_null(p);
	channel_send(&from, ANY_LENGTH, -1, p, MSG_MAX);
	channel_send2(&from, ANY_LENGTH, p, 16, p, MSG_MAX - 16);
	free(p);
	while (got.calls < 2) {
		assert_int_equal(channel_write(&from), 0);
		assert_int_equal(channel_read(&chan), 1);
		(void)channel_dispatch(&chan, STATE_A);
	}
	assert_int_equal(got.len, MSG_MAX);
	channel_close(&from);
	end();
}

/* From one channel to another, by way of what both have queued. */
static void
test_send(void **state)
{
	struct channel from;
	ino_t ino;
	int fd, nfds = count_fds();

	(void)state;
	start(1);
	channel_init(&from, "from", peer, 1, NULL, 0, NULL);
	peer = -1;
	fd = make_fd(&ino);
	channel_send(&from, FIXED, -1, "abcdefgh", 8);
	channel_send(&from, WITH_FD, fd, "abc", 3);
	channel_send2(&from, RANGE, "ab", 2, "cde", 3);
	channel_send2(&from, RANGE, "ab", 2, NULL, 0);
	channel_send2(&from, RANGE, NULL, 0, "ab", 2);
	assert_int_equal(channel_ahead(&from), 20);
	while (imsgbuf_queuelen(&from.ibuf) > 0)
		assert_int_equal(channel_write(&from), 0);
	assert_int_equal(channel_write(&from), 0);
	assert_int_equal(channel_ahead(&from), 0);
	expect_handled(FIXED, 8, STATE_A);
	expect_handled(WITH_FD, 3, STATE_B);
	assert_true(fd_inode(got.fd) == ino);
	(void)close(got.fd);
	expect_handled(RANGE, 5, STATE_A);
	expect_handled(RANGE, 2, STATE_A);
	expect_handled(RANGE, 2, STATE_A);
	channel_close(&from);
	end();
	assert_int_equal(count_fds(), nfds);
}

/* What came before the end of a peer is still handled. */
static void
test_end_of_peer(void **state)
{
	(void)state;
	start(1);
	assert_int_equal(channel_read(&chan), 1);
	send_msg(FIXED, 8, -1);
	send_msg(RANGE, 4, -1);
	(void)close(peer);
	peer = -1;
	while (channel_read(&chan) == 1)
		continue;
	assert_int_equal(chan.open, 1);
	expect_handled(FIXED, 8, STATE_A);
	expect_handled(RANGE, 4, STATE_A);
	assert_int_equal(channel_dispatch(&chan, STATE_A), 0);
	assert_int_equal(channel_read(&chan), 0);
	end();
}

/* The peer is gone, and what it was sent lies unread: an error to the reader.
 */
static void
test_reset(void **state)
{
	(void)state;
	start(1);
	channel_send(&chan, FIXED, -1, "abcdefgh", 8);
	assert_int_equal(channel_write(&chan), 0);
	(void)close(peer);
	peer = -1;
	assert_int_equal(channel_read(&chan), 0);
	assert_int_equal(channel_read(&chan), 0);
	(void)signal(SIGPIPE, SIG_IGN);
	channel_send(&chan, FIXED, -1, "abcdefgh", 8);
	assert_int_equal(channel_write(&chan), -1);
	end();
}

static void
test_closed(void **state)
{
	ino_t ino;
	char c;
	int fds[3], i, nfds = count_fds();

	(void)state;
	start(1);
	for (i = 0; i < 3; i++)
		fds[i] = make_fd(&ino);
	channel_send(&chan, WITH_FD, fds[0], "a", 1);
	channel_close(&chan);
	assert_int_equal(fcntl(fds[0], F_GETFD), -1);
	assert_int_equal(chan.open, 0);
	assert_int_equal(read(peer, &c, 1), 0);
	channel_send(&chan, WITH_FD, fds[1], "a", 1);
	assert_int_equal(fcntl(fds[1], F_GETFD), -1);
	channel_send(&chan, WITH_FD, fds[2], NULL, 0);
	assert_int_equal(fcntl(fds[2], F_GETFD), -1);
	channel_send(&chan, FIXED, -1, "abcdefgh", 8);
	channel_send2(&chan, FIXED, "a", 1, "b", 1);
	/* Once closed, its number may be somebody else's. */
	assert_int_equal(dup2(peer, chan.ibuf.fd), chan.ibuf.fd);
	channel_close(&chan);
	assert_int_not_equal(fcntl(chan.ibuf.fd, F_GETFD), -1);
	(void)close(chan.ibuf.fd);
	end();
	assert_int_equal(count_fds(), nfds);
}

/*
 * Play a case in a child that has to come to its end there. Checks how it
 * ended; line gets all that it logged.
 */
static void
run_fatal(void (*play)(const void *), const void *arg, char *line, size_t size)
{
	size_t len = 0;
	ssize_t n;
	pid_t pid;
	int p[2], status;

	assert_int_equal(pipe(p), 0);
	(void)fflush(NULL);
	if ((pid = fork()) == 0) {
		if (dup2(p[1], STDERR_FILENO) == -1)
			_exit(98);
		play(arg);
		_exit(99);
	}
	assert_int_not_equal(pid, -1);
	(void)close(p[1]);
	while (
	    len < size - 1 && (n = read(p[0], line + len, size - 1 - len)) > 0)
		len += (size_t)n;
	line[len] = '\0';
	(void)close(p[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != EXIT_RING)
		fail_msg("status %#x, log: %s", (unsigned int)status, line);
}

/* It ended as a broken peer has to end it, and says so in one line. */
static void
assert_fatal(void (*play)(const void *), const void *arg, const char *what)
{
	char line[4096];
	const char *eol;

	run_fatal(play, arg, line, sizeof(line));
	eol = strchr(line, '\n');
	if (eol == NULL || eol[1] != '\0' || strstr(line, what) == NULL)
		fail_msg("not one line with \"%s\": %s", what, line);
}

struct bad {
	uint32_t type;
	size_t len;
	int with_fd;
	unsigned int state;
	const char *what;
};

static const struct bad bad[] = {
	{ UNKNOWN, 1, 0, STATE_A, "peer sent message type 7" },
	{ UNKNOWN, 0, 0, STATE_A, "peer sent message type 7" },
	{ UNKNOWN, 1, 1, STATE_A, "peer sent message type 7" },
	{ 0, 8, 0, STATE_A, "peer sent message type 0" },
	{ 0x7fffffff, 8, 0, STATE_A, "message type 2147483647" },
	{ 0xffffffff, 8, 0, STATE_A, "message type 4294967295" },
	{ FIXED | 0x80000000U, 8, 0, STATE_A, "message type 2147483649" },
	{ FIXED | 0x100, 8, 0, STATE_A, "message type 257" },
	{ FIXED, 7, 0, STATE_A, "peer sent fixed of 7 bytes" },
	{ FIXED, 9, 0, STATE_A, "peer sent fixed of 9 bytes" },
	{ FIXED, 0, 0, STATE_A, "peer sent fixed of 0 bytes" },
	{ RANGE, 1, 0, STATE_A, "peer sent range of 1 bytes" },
	{ RANGE, 6, 0, STATE_B, "peer sent range of 6 bytes" },
	{ WITH_FD, 0, 0, STATE_B, "peer sent with of 0 bytes" },
	{ WITH_FD, 5, 1, STATE_B, "peer sent with of 5 bytes" },
	{ FIXED, 8, 0, STATE_B, "peer sent fixed out of turn" },
	{ FIXED, 8, 0, 0, "peer sent fixed out of turn" },
	{ FIXED, 8, 0, ~(unsigned int)STATE_A, "peer sent fixed out of turn" },
	{ WITH_FD, 1, 1, STATE_A, "peer sent with out of turn" },
	{ NO_STATE, 8, 0, ~0U, "peer sent never out of turn" },
	{ FIXED, 8, 1, STATE_A, "peer sent fixed with a descriptor" },
	{ RANGE, 2, 1, STATE_A, "peer sent range with a descriptor" },
	{ ANY_LENGTH, 0, 1, STATE_A, "peer sent any with a descriptor" },
	{ ANY_LENGTH, 0, 0, STATE_A, "peer sent an empty any" },
	{ BROKEN, 1, 0, STATE_A, "peer sent a broken handled" },
	{ NOT_PACKED, 1, 0, STATE_A, "peer sent a broken packed" },
	{ UNTYPED, 1, 0, STATE_A, "peer sent message type 9" },
};

static void
play_bad(const void *arg)
{
	const struct bad *b = arg;
	ino_t ino;

	start(1);
	send_msg(b->type, b->len, b->with_fd ? make_fd(&ino) : -1);
	(void)channel_read(&chan);
	(void)channel_dispatch(&chan, b->state);
}

static void
test_bad(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < nitems(bad); i++)
		assert_fatal(play_bad, &bad[i], bad[i].what);
}

/* A table of no rows, as the broker's: nothing is allowed. */
static void
play_no_table(const void *arg)
{
	(void)arg;
	start(0);
	chan.table = NULL;
	chan.rows = 0;
	send_msg(FIXED, 8, -1);
	(void)channel_read(&chan);
	(void)channel_dispatch(&chan, STATE_A);
}

/* A good message before the bad one is handled, and then it is over. */
static void
play_good_then_bad(const void *arg)
{
	(void)arg;
	start(0);
	send_msg(FIXED, 8, -1);
	send_msg(FIXED, 7, -1);
	(void)channel_read(&chan);
	if (channel_dispatch(&chan, STATE_A) != 1 || got.calls != 1)
		_exit(97);
	(void)channel_dispatch(&chan, STATE_A);
}

/* The header's length is impossible: the payload needs not come at all. */
static void
play_length(const void *arg)
{
	start(1);
	send_header(peer, FIXED, *(const uint32_t *)arg, NULL, 0);
	(void)channel_read(&chan);
	(void)channel_dispatch(&chan, STATE_A);
}

/* A descriptor, or two, and a message that announces none or one. */
static void
play_unasked(const void *arg)
{
	const uint32_t *mark = arg;
	const int fds[] = { STDERR_FILENO, STDERR_FILENO };
	unsigned char msg[IMSG_HEADER_SIZE + 8] = { 0 };

	start(1);
	(void)put_header(msg, FIXED, sizeof(msg) | *mark);
	send_raw(peer, msg, sizeof(msg), fds, *mark != 0 ? 2 : 1);
	(void)channel_read(&chan);
	(void)channel_dispatch(&chan, STATE_A);
}

/* One that waits when it is closed: nobody waits for that. */
static void
play_lingering(const void *arg)
{
	unsigned char msg[IMSG_HEADER_SIZE + 8] = { 0 };
	int fd, other;

	(void)arg;
	start(1);
	fd = make_lingering(&other);
	(void)put_header(msg, FIXED, sizeof(msg));
	send_raw(peer, msg, sizeof(msg), &fd, 1);
	(void)close(fd); /* not the last */
	(void)alarm(10);
	(void)channel_read(&chan);
	(void)alarm(0);
	(void)channel_dispatch(&chan, STATE_A);
	(void)close(other);
}

static void
test_bad_streams(void **state)
{
	static const uint32_t lengths[] = { 0, 1, IMSG_HEADER_SIZE - 1,
		IMSG_HEADER_SIZE + MSG_MAX + 1, 0x7fffffff, 0xffffffff,
		FD_MARK };
	static const uint32_t marks[] = { 0, FD_MARK };
	size_t i;

	(void)state;
	for (i = 0; i < nitems(marks); i++)
		assert_fatal(play_unasked, &marks[i],
		    "peer sent a descriptor with nothing");
	assert_fatal(
	    play_lingering, NULL, "peer sent a descriptor with nothing");
	assert_fatal(play_no_table, NULL, "peer sent message type 1");
	assert_fatal(play_good_then_bad, NULL, "peer sent fixed of 7 bytes");
	for (i = 0; i < nitems(lengths); i++)
		assert_fatal(play_length, &lengths[i], "message from peer: ");
}

static void
play_send_too_long(const void *arg)
{
	(void)arg;
	start(0);
	channel_send(&chan, FIXED, -1, "", MSG_MAX + 1UL);
}

static void
play_send2_too_long(const void *arg)
{
	(void)arg;
	start(0);
	channel_send2(&chan, FIXED, "", 1, "", MSG_MAX);
}

static void
play_send2_overflow(const void *arg)
{
	(void)arg;
	start(0);
	channel_send2(&chan, FIXED, "", 16, "", SIZE_MAX - 8);
}

static void
play_send_fd(const void *arg)
{
	(void)arg;
	start(0);
	channel_send(&chan, FIXED, STDERR_FILENO, "a", 1);
}

/* Mistakes of our own. */
static void
test_bad_sends(void **state)
{
	(void)state;
	assert_fatal(play_send_too_long, NULL, "message to peer: ");
	assert_fatal(
	    play_send2_too_long, NULL, "message of two pieces to peer: ");
	assert_fatal(
	    play_send2_overflow, NULL, "message of two pieces to peer: ");
	assert_fatal(play_send_fd, NULL, "message to peer: ");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_fd),
		cmocka_unit_test(test_smuggled_fd),
		cmocka_unit_test(test_partial),
		cmocka_unit_test(test_largest),
		cmocka_unit_test(test_send),
		cmocka_unit_test(test_end_of_peer),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_closed),
		cmocka_unit_test(test_shut),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_bad_streams),
		cmocka_unit_test(test_bad_sends),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
