/*
 * Tests of what the system's log is sent: what is quoted can end no quote and
 * no record, and has room whatever it is.
 */

#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/trail.h"
#include "log_util.h"

static int end = -1; /* of the socket that it has connected to */
static int journald; /* there is one */

int __wrap_connect(int, const struct sockaddr *, socklen_t);

/* Whoever listens. */
int
__wrap_connect(int fd, const struct sockaddr *sa, socklen_t len)
{
	const struct sockaddr_un *sun = (const void *)sa;
	int fds[2];

	assert_int_equal(len, sizeof(*sun));
	if (strcmp(sun->sun_path, "/run/systemd/journal/socket") == 0) {
		if (!journald) {
			errno = ENOENT;
			return (-1);
		}
	} else
		assert_string_equal(sun->sun_path, "/dev/log");
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds), 0);
	assert_int_equal(dup2(fds[0], fd), fd);
	(void)close(fds[0]);
	end = fds[1];
	return (0);
}

static const char *
received(void)
{
	static char buf[65536];
	ssize_t n = recv(end, buf, sizeof(buf) - 1, MSG_DONTWAIT);

	assert_true(n >= 0);
	buf[n] = '\0';
	assert_int_equal(strlen(buf), n);
	return (buf);
}

static void
begin(int native)
{
	journald = native;
	assert_int_equal(trail_open(), 1);
}

static void
finish(void)
{
	trail_close();
	(void)close(end);
}

static void
test_escape(void **state)
{
	static const struct {
		const char *text, *shown;
	} rows[] = {
		{ "", "" },
		{ "a b~", "a b~" },
		{ "\"\\", "\\042\\134" },
		{ "\n\x1b\x7f", "\\012\\033\\177" },
		{ "\xc3\xa9\xff", "\\303\\251\\377" },
	};
	char buf[64];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(trail_escape(buf, sizeof(buf), rows[i].text),
		    strlen(rows[i].shown));
		assert_string_equal(buf, rows[i].shown);
	}
}

/* Of each length, and into room of each size. */
static void
test_cut(void **state)
{
	char text[41], whole[200], *buf;
	size_t len, size, n;

	(void)state;
	for (len = 0; len <= 40; len++) {
		for (n = 0; n < len; n++)
			text[n] = n % 3 == 0 ? '\n' : 'x';
		text[len] = '\0';
		(void)trail_escape(whole, sizeof(whole), text);
		for (size = 8; size < 120; size++) {
			/* Of that size, for sanitizers and valgrind. */
			assert_non_null(buf = malloc(size));
			n = trail_escape(buf, size, text);
			assert_true(n < size);
			assert_int_equal(strlen(buf), n);
			if (strcmp(buf, whole) != 0) {
				assert_true(n >= 3);
				assert_string_equal(buf + n - 3, "...");
				assert_memory_equal(buf, whole, n - 3);
				assert_true(size < strlen(whole) + 8);
			}
			free(buf);
		}
	}
}

static void
record(size_t size)
{
	char args[TRAIL_ARGS_MAX], text[8192];

	memset(text, '\1', size);
	text[size] = '\0';
	(void)trail_escape(args, sizeof(args), text);
	trail_begin(LOG_NOTICE, "run");
	trail_word("result", "refused");
	trail_number("starter", 4294967295LL);
	trail_quote("user", text, TRAIL_WHY_MAX);
	trail_quote("program", text, TRAIL_PROGRAM_MAX);
	trail_quote("why", text, TRAIL_WHY_MAX);
	trail_raw("args", args);
	trail_send();
}

/* However much there is to be said, nothing of it is left out. */
static void
test_room(void **state)
{
	const char *got;
	size_t size;

	(void)state;
	for (size = 0; size < 8000; size = size * 2 + 1) {
		begin(0);
		record(size);
		got = received();
		assert_non_null(strstr(got, "]: run result=refused starter="
					    "4294967295 user=\""));
		assert_memory_equal(got, "<85>proctor[", 12);
		assert_non_null(strstr(got, " program=\""));
		assert_non_null(strstr(got, " why=\""));
		assert_non_null(strstr(got, "\" args="));
		assert_null(strchr(got, '\n'));
		assert_true(strlen(got) < 5000);
		finish();
		begin(1);
		record(size);
		got = received();
		assert_memory_equal(got, "MESSAGE=run result=refused", 26);
		assert_non_null(strstr(got, "\nPRIORITY=5\n"));
		assert_non_null(strstr(got, "\nPROCTOR_PROGRAM="));
		assert_non_null(strstr(got, "\nPROCTOR_ARGS="));
		assert_int_equal(got[strlen(got) - 1], '\n');
		finish();
	}
}

/* What is not taken is counted, and who reads it may be gone. */
static void
test_lost(void **state)
{
	int sent;

	(void)state;
	begin(0);
	for (sent = 0; sent < 1000; sent++)
		record(0);
	log_clear();
	while (strncmp(received(), "<85>", 4) == 0)
		if (poll(&(struct pollfd){ .fd = end, .events = POLLIN }, 1,
			0) == 0)
			break;
	record(1);
	assert_non_null(strstr(received(), "]: lost count="));
	assert_non_null(strstr(received(), "user=\"\\001\""));
	assert_int_equal(log_lines, 0);
	(void)close(end);
	record(0);
	record(0);
	assert_int_equal(log_lines, 1);
	assert_non_null(strstr(logged, "takes no audit lines"));
	trail_close();
	assert_int_equal(log_lines, 2);
	assert_non_null(strstr(logged, "has lost the last 2 audit lines"));
	record(0);
}

static void
drain(void)
{
	struct pollfd pfd = { .fd = end, .events = POLLIN };

	while (poll(&pfd, 1, 0) == 1)
		(void)received();
}

/* So is what was the last of all: as a record, or if there is no room either
 * as a line of our own log. */
static void
test_lost_last(void **state)
{
	int sent, room;

	(void)state;
	for (room = 0; room < 2; room++) {
		begin(0);
		for (sent = 0; sent < 1000; sent++)
			record(0);
		if (room)
			drain();
		log_clear();
		trail_close();
		assert_int_equal(log_lines, room ? 0 : 1);
		if (room)
			assert_non_null(strstr(received(), "]: lost count="));
		else
			assert_non_null(strstr(logged, "has lost the last"));
		(void)close(end);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_escape),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_lost_last),
	};

	return (cmocka_run_group_tests_name("trail", tests, NULL, NULL));
}
