/*
 * Tests of the frames that come from the node, by way of a pipe, in pieces of
 * every size. frame.c has its state in static variables, so each test is
 * played in a process of its own; there CHECK takes the place of cmocka's
 * assertions, which would go back to the parent's list of tests.
 */

#include <sys/ioctl.h>
#include <sys/types.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "broker/broker.h"
#include "etf_write.h"

#define nitems(a) (sizeof(a) / sizeof((a)[0]))

#define BYTES(s) (s), sizeof(s) - 1

#define SEED 0x9e3779b97f4a7c15ULL
#define MIB ((size_t)1 << 20)
#define HEAD_MAX 64 /* a stdin request is known by so many bytes */
#define FRAME_MAX (64 * MIB)
#define EVENTS_MAX 65536

#define CHECK(e) ((e) ? (void)0 : check_failed(#e, __LINE__))

static void check_failed(const char *, int) __attribute__((__noreturn__));

static void
check_failed(const char *what, int line)
{
	(void)dprintf(STDERR_FILENO, "line %d: %s\n", line, what);
	_exit(1);
}

/* How far the buffer has grown: frame.c calls this one, not the library's. */
static size_t grown;

void *
recallocarray(void *old, size_t oldn, size_t n, size_t size)
{
	void *p;

	CHECK(n > oldn);
	if (n * size > grown)
		grown = n * size;
	p = calloc(n, size);
	CHECK(p != NULL);
	memcpy(p, old, oldn * size);
	free(old);
	return (p);
}

/* What came out. Pieces of one stdin request count as one event. */
struct event {
	enum frame_kind kind;
	int32_t pid;
	size_t len;
};

static struct event events[EVENTS_MAX];
static size_t nevents;
static uint8_t *out; /* all their bytes */
static size_t out_len, out_size;

static int pipe_in, pipe_out; /* the ends to read and to write */
static int moved[2]; /* where bytes are moved to */
static size_t moved_bytes; /* of those taken */

static void
play(void (*test)(void))
{
	int p[2];

	CHECK(pipe(p) == 0);
	pipe_in = p[0];
	pipe_out = p[1];
	CHECK(fcntl(pipe_in, F_SETFL, O_NONBLOCK) == 0);
	CHECK(fcntl(pipe_out, F_SETFL, O_NONBLOCK) == 0);
	CHECK(pipe2(moved, O_NONBLOCK) == 0);
	test();
	_exit(0);
}

static void
in_child(void (*test)(void))
{
	pid_t pid;
	int status;

	(void)fflush(NULL);
	if ((pid = fork()) == 0)
		play(test);
	assert_int_not_equal(pid, -1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void
keep(const uint8_t *data, size_t len)
{
	if (len == 0)
		return;
	if (out_size - out_len < len) {
		out_size = 2 * (out_size + len);
		out = realloc(out, out_size);
		CHECK(out != NULL);
	}
	memcpy(out + out_len, data, len);
	out_len += len;
}

/* Bytes that were moved are those that are in the pipe. */
static void
fetch_moved(struct frame *f)
{
	static uint8_t bytes[MSG_MOVED_MAX];
	size_t len = 0;
	ssize_t n;

	CHECK(f->len > 0 && f->len <= sizeof(bytes));
	for (; len < f->len; len += (size_t)n) {
		n = read(moved[0], bytes + len, f->len - len);
		CHECK(n > 0);
	}
	f->data = bytes;
	moved_bytes += len;
}

/* Take one frame or piece; 0 if there is none. */
static int
take(void)
{
	struct frame f = { NULL, 0, 0 };
	struct event *last = nevents > 0 ? &events[nevents - 1] : NULL;
	enum frame_kind kind;

	kind = frame_next(&f);
	if (kind == FRAME_NONE)
		return (0);
	CHECK(
	    kind == FRAME_WHOLE || kind == FRAME_STDIN || kind == FRAME_MOVED);
	if (kind == FRAME_MOVED)
		fetch_moved(&f);
	keep(f.data, f.len);
	if (kind == FRAME_MOVED)
		kind = FRAME_STDIN;
	else if (kind == FRAME_STDIN)
		CHECK(f.len > 0 && f.len <= MSG_STDIN_MAX);
	if (kind == FRAME_STDIN && last != NULL && last->kind == FRAME_STDIN &&
	    last->pid == f.pid) {
		last->len += f.len;
		return (1);
	}
	CHECK(nevents < EVENTS_MAX);
	events[nevents].kind = kind;
	events[nevents].pid = kind == FRAME_STDIN ? f.pid : 0;
	events[nevents++].len = f.len;
	return (1);
}

static void
take_all(void)
{
	while (take())
		continue;
}

/* All that the pipe has is read, in as many reads as that takes, and taken. */
static void
take_rest(void)
{
	int there;

	do {
		take_all();
		CHECK(ioctl(pipe_in, FIONREAD, &there) == 0);
		CHECK(there == 0 || frame_read(pipe_in) == 1);
	} while (there > 0);
}

/* Into the pipe, and from there with one read into the buffer. */
static size_t
feed_once(const uint8_t *p, size_t len)
{
	ssize_t n;

	n = write(pipe_out, p, len);
	CHECK(n > 0);
	CHECK(frame_read(pipe_in) == 1);
	return ((size_t)n);
}

/* All of it, in pieces of at most step bytes; take what there is of each. */
static void
feed(const uint8_t *p, size_t len, size_t step)
{
	size_t n;

	for (; len > 0; p += n, len -= n) {
		n = feed_once(p, len < step ? len : step);
		take_all();
	}
}

/* What the nth event must be, and its bytes, which begin at *at. */
static void
check_event(size_t n, enum frame_kind kind, int32_t pid, size_t *at,
    const uint8_t *data, size_t len)
{
	CHECK(n < nevents);
	CHECK(events[n].kind == kind);
	CHECK(events[n].pid == pid);
	CHECK(events[n].len == len);
	CHECK(out_len - *at >= len);
	CHECK(len == 0 || memcmp(out + *at, data, len) == 0);
	*at += len;
}

static void
forget(void)
{
	nevents = 0;
	out_len = 0;
}

/* A frame under construction: room for the prefix, then the term. */
struct wire {
	uint8_t *p;
	size_t len; /* with the prefix */
	size_t prefix;
	struct etf_writer w;
};

static void
wire_begin(struct wire *f, int prefix, size_t room)
{
	f->prefix = (size_t)prefix;
	f->p = malloc(f->prefix + room);
	CHECK(f->p != NULL);
	etf_writer_init(&f->w, f->p + f->prefix, room);
}

static void
wire_prefix(uint8_t *p, size_t prefix, size_t value)
{
	size_t i;

	for (i = prefix; i > 0; i--, value >>= 8)
		p[i - 1] = (uint8_t)value;
	CHECK(value == 0);
}

static void
wire_end(struct wire *f)
{
	CHECK(f->w.full == 0);
	wire_prefix(f->p, f->prefix, f->w.len);
	f->len = f->prefix + f->w.len;
}

/* {Tid, {stdin, Pid, the binary of which will follow. */
static void
wire_stdin_head(struct wire *f, int64_t tid, const char *name, int64_t pid)
{
	etf_put_version(&f->w);
	etf_put_tuple(&f->w, 2);
	etf_put_int(&f->w, tid);
	etf_put_tuple(&f->w, 3);
	etf_put_atom(&f->w, name);
	etf_put_int(&f->w, pid);
}

static void
fill(uint8_t *p, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		p[i] = (uint8_t)(i ^ i >> 8 ^ i >> 16);
}

static uint8_t *
payload(size_t len)
{
	uint8_t *p;

	p = malloc(len + 1);
	CHECK(p != NULL);
	fill(p, len);
	return (p);
}

static void
wire_stdin(struct wire *f, int prefix, int32_t pid, size_t len)
{
	uint8_t *p;

	p = payload(len);
	wire_begin(f, prefix, len + HEAD_MAX);
	wire_stdin_head(f, 0, "stdin", pid);
	etf_put_binary(&f->w, p, len);
	wire_end(f);
	free(p);
}

/* Any other frame of len bytes: its content is not looked at. */
static void
wire_other(struct wire *f, int prefix, size_t len)
{
	wire_begin(f, prefix, len);
	fill(f->p + prefix, len);
	f->w.len = len;
	wire_end(f);
}

static void
check_whole(size_t n, size_t *at, const struct wire *f)
{
	check_event(
	    n, FRAME_WHOLE, 0, at, f->p + f->prefix, f->len - f->prefix);
}

/* The bytes of a stdin request are the last of its frame. */
static void
check_stdin(size_t n, size_t *at, const struct wire *f, int32_t pid, size_t len)
{
	check_event(n, FRAME_STDIN, pid, at, f->p + f->len - len, len);
}

/* Frames of many sizes, cut at each byte: a read ends there. */
static void
split_everywhere(int prefix)
{
	static const size_t sizes[] = { 0, 1, 2, 3, 63, 64, 65, 255, 256, 300 };
	struct wire f;
	size_t at, cut, i;

	frame_init(prefix);
	for (i = 0; i < nitems(sizes); i++) {
		wire_other(&f, prefix, sizes[i]);
		for (cut = 1; cut < f.len; cut++) {
			forget();
			at = 0;
			feed(f.p, cut, cut);
			CHECK(nevents == 0);
			feed(f.p + cut, f.len - cut, f.len);
			CHECK(nevents == 1);
			check_whole(0, &at, &f);
		}
		free(f.p);
	}
}

static void
play_split_2(void)
{
	split_everywhere(2);
}

static void
play_split_4(void)
{
	split_everywhere(4);
}

static void
test_split(void **state)
{
	(void)state;
	in_child(play_split_2);
	in_child(play_split_4);
}

/*
 * A stdin request cut at each byte. From HEAD_MAX bytes on it is known for
 * what it is; less, and it is collected.
 */
static void
split_stdin(int prefix)
{
	struct wire f;
	size_t at, cut;

	frame_init(prefix);
	wire_stdin(&f, prefix, 4711, 200);
	for (cut = 1; cut < f.len; cut++) {
		forget();
		at = 0;
		feed(f.p, cut, cut);
		CHECK((nevents > 0) == (cut >= (size_t)prefix + HEAD_MAX));
		feed(f.p + cut, f.len - cut, f.len);
		CHECK(nevents == 1);
		if (cut >= (size_t)prefix + HEAD_MAX)
			check_stdin(0, &at, &f, 4711, 200);
		else
			check_whole(0, &at, &f);
		CHECK(out_len == at);
	}
	/* All at once is whole at once. */
	forget();
	at = 0;
	feed(f.p, f.len, f.len);
	CHECK(nevents == 1);
	check_whole(0, &at, &f);
	free(f.p);
}

static void
play_split_stdin_2(void)
{
	split_stdin(2);
}

static void
play_split_stdin_4(void)
{
	split_stdin(4);
}

static void
test_split_stdin(void **state)
{
	(void)state;
	in_child(play_split_stdin_2);
	in_child(play_split_stdin_4);
}

/* 1,000 frames, among them empty ones, in as few reads as there may be. */
static void
play_many(void)
{
	struct wire f;
	uint8_t all[32768];
	size_t at = 0, i, len = 0;

	frame_init(2);
	for (i = 0; i < 1000; i++) {
		wire_other(&f, 2, i % 40);
		CHECK(sizeof(all) - len >= f.len);
		memcpy(all + len, f.p, f.len);
		len += f.len;
		free(f.p);
	}
	feed(all, len, len);
	CHECK(nevents == 1000);
	for (i = 0; i < 1000; i++) {
		wire_other(&f, 2, i % 40);
		check_whole(i, &at, &f);
		free(f.p);
	}
	CHECK(at == out_len && grown == 0);
}

static void
test_many(void **state)
{
	(void)state;
	in_child(play_many);
}

static void
play_empty(void)
{
	static const uint8_t zeroes[16];

	frame_init(4);
	feed(zeroes, 3, 1);
	CHECK(nevents == 0);
	feed(zeroes, 1, 1);
	CHECK(nevents == 1);
	feed(zeroes, 16, 16);
	CHECK(nevents == 5 && out_len == 0 && events[4].len == 0);
	feed(zeroes, 12, 1);
	CHECK(nevents == 8);
}

/* The largest frame of a prefix of two bytes, and one that follows. */
static void
play_full_2(void)
{
	struct wire f, next;
	size_t at = 0;

	frame_init(2);
	wire_other(&f, 2, 65535);
	wire_other(&next, 2, 5);
	feed(f.p, f.len, 1000);
	feed(next.p, next.len, 1);
	CHECK(nevents == 2);
	check_whole(0, &at, &f);
	check_whole(1, &at, &next);
	free(f.p);
	free(next.p);
}

static void
test_sizes(void **state)
{
	(void)state;
	in_child(play_empty);
	in_child(play_full_2);
}

/*
 * f, whose len bytes came as a stdin request for pid, or if that is 0 as it
 * was, and another frame behind it have gone through.
 */
static void
check_both(struct wire *f, struct wire *next, int32_t pid, size_t len)
{
	size_t at = 0;

	CHECK(nevents == 2);
	if (pid != 0)
		check_stdin(0, &at, f, pid, len);
	else
		check_whole(0, &at, f);
	check_whole(1, &at, next);
	CHECK(at == out_len);
	CHECK(grown == 0);
	free(f->p);
	free(next->p);
}

/*
 * A stdin request of len bytes in pieces of step: passed on in order and
 * complete, and the buffer stays as it was.
 */
static void
stream_stdin(int prefix, size_t len, size_t step)
{
	struct wire f, next;

	forget();
	wire_stdin(&f, prefix, 2, len);
	wire_other(&next, prefix, 9);
	feed(f.p, f.len, step);
	CHECK(out_len == (f.len <= step ? f.len - f.prefix : len));
	feed(next.p, next.len, next.len);
	check_both(&f, &next, f.len <= HEAD_MAX || f.len <= step ? 0 : 2, len);
}

static void
play_stream_2(void)
{
	frame_init(2);
	stream_stdin(2, 1, 65536);
	stream_stdin(2, 100, 1);
	stream_stdin(2, 65500, 1);
	stream_stdin(2, 65500, 65);
	stream_stdin(2, 65500, 66);
	stream_stdin(2, 65500, 4096);
	stream_stdin(2, 65500, 65501);
}

static void
play_stream_4(void)
{
	frame_init(4);
	stream_stdin(4, 1, 65536);
	stream_stdin(4, 100, 1);
	stream_stdin(4, 65535, 65536);
	stream_stdin(4, 65535, 1021);
	stream_stdin(4, 65536, 65536);
	stream_stdin(4, MIB, 65536);
	stream_stdin(4, MIB, 4095);
	stream_stdin(4, 16 * MIB, 65536);
}

static void
test_stream(void **state)
{
	(void)state;
	in_child(play_stream_2);
	in_child(play_stream_4);
}

/* Long, and there as a whole before any of it is taken. */
static void
whole_long(int32_t pid, enum frame_kind kind)
{
	struct wire f, next;
	size_t n;

	forget();
	wire_stdin(&f, 4, pid, 100000);
	wire_other(&next, 4, 9);
	for (n = 0; n < f.len;)
		n += feed_once(f.p + n, f.len - n);
	(void)feed_once(next.p, next.len);
	take_all();
	check_both(&f, &next, kind == FRAME_STDIN ? pid : 0, 100000);
}

/* In pieces, too, unless it is for nobody. */
static void
play_whole_long(void)
{
	frame_init(4);
	whole_long(2, FRAME_STDIN);
	whole_long(1, FRAME_WHOLE);
	whole_long(3, FRAME_STDIN);
}

static void
test_whole_long(void **state)
{
	(void)state;
	in_child(play_whole_long);
}

/* Two requests for one child: neither eats what is the other's. */
static void
play_two_streams(void)
{
	struct wire f;
	size_t at = 0, i;

	frame_init(4);
	wire_stdin(&f, 4, INT32_MAX, 200000);
	for (i = 0; i < 3; i++)
		feed(f.p, f.len, 40000);
	CHECK(nevents == 1 && out_len == 600000);
	CHECK(events[0].kind == FRAME_STDIN && events[0].pid == INT32_MAX);
	for (i = 0; i < 3; i++, at += 200000)
		CHECK(memcmp(out + at, f.p + f.len - 200000, 200000) == 0);
	free(f.p);
}

/* More has been read than one piece may hold. */
static void
play_long_pieces(void)
{
	struct wire f;
	size_t at = 0, n, step = 40000;

	frame_init(4);
	wire_stdin(&f, 4, 6, 200000);
	for (n = 0; n < 160000; n += step)
		CHECK(feed_once(f.p + n, step) == step);
	take_all();
	feed(f.p + n, f.len - n, step);
	CHECK(nevents == 1);
	check_stdin(0, &at, &f, 6, 200000);
	free(f.p);
}

/* The node ends in the middle: what came has been passed on. */
static void
play_cut_stream(void)
{
	struct wire f;

	frame_init(4);
	wire_stdin(&f, 4, 7, 1000);
	feed(f.p, 600, 600);
	CHECK(nevents == 1 && out_len == 600 - (f.len - 1000));
	CHECK(frame_read(pipe_in) == 1); /* EAGAIN */
	CHECK(take() == 0);
	CHECK(close(pipe_out) == 0);
	CHECK(frame_read(pipe_in) == 0);
	CHECK(take() == 0);
	CHECK(frame_read(pipe_in) == 0);
	CHECK(close(pipe_in) == 0);
	CHECK(frame_read(pipe_in) == -1); /* EBADF */
	free(f.p);
}

static void
test_streams(void **state)
{
	(void)state;
	in_child(play_two_streams);
	in_child(play_long_pieces);
	in_child(play_cut_stream);
}

/* The first request of 100000 bytes is copied, and those behind it are moved.
 */
static void
moved_begin(struct wire *f)
{
	CHECK(fcntl(pipe_out, F_SETPIPE_SZ, 1 << 20) != -1);
	CHECK(fcntl(moved[1], F_SETPIPE_SZ, 1 << 20) != -1);
	frame_init(4);
	frame_moves(pipe_in, moved[1]);
	wire_stdin(f, 4, 7, 100000);
	CHECK(write(pipe_out, f->p, f->len) == (ssize_t)f->len);
	take_rest();
	CHECK(nevents == 1);
	CHECK(events[0].len == 100000 && moved_bytes == 0);
}

static void
moved_write(const struct wire *f, size_t len)
{
	CHECK(write(pipe_out, f->p, len) == (ssize_t)len);
}

/* The request's bytes so often, which came to one event. */
static void
moved_check(const struct wire *f, size_t times)
{
	size_t i;

	CHECK(events[0].len == times * 100000);
	for (i = 0; i < times; i++)
		CHECK(memcmp(out + i * 100000, f->p + f->len - 100000,
			  100000) == 0);
}

/* Read a head, and all behind it is moved, but not what is behind that. */
static void
play_moved(void)
{
	struct wire f, other;
	size_t at;

	moved_begin(&f);
	wire_other(&other, 4, 30);
	moved_write(&f, f.len);
	moved_write(&other, other.len);
	CHECK(frame_read(pipe_in) == 1);
	CHECK(take() == 1 && moved_bytes == 100000 && take() == 0);
	moved_check(&f, 2);
	take_rest();
	at = 200000;
	check_whole(1, &at, &other);
}

/* Nothing is moved over what has not been taken. */
static void
play_moved_untaken(void)
{
	struct wire f;

	moved_begin(&f);
	moved_write(&f, f.len - 50000);
	CHECK(frame_read(pipe_in) == 1); /* its head */
	CHECK(take() == 1 && moved_bytes == 50000);
	CHECK(write(pipe_out, f.p + f.len - 50000, 20000) == 20000);
	CHECK(frame_read(pipe_in) == 1);
	CHECK(write(pipe_out, f.p + f.len - 30000, 30000) == 30000);
	CHECK(frame_read(pipe_in) == 1);
	CHECK(take() == 1 && moved_bytes == 70000);
	take_rest();
	CHECK(moved_bytes == 100000);
	moved_check(&f, 2);
}

/* While the pipe is full, and where nothing can be moved, it is copied. */
static void
play_moved_full(void)
{
	static uint8_t junk[1 << 20];
	struct wire f;

	moved_begin(&f);
	CHECK(write(moved[1], junk, sizeof(junk)) == sizeof(junk));
	moved_write(&f, f.len);
	take_rest();
	CHECK(moved_bytes == 0);
	CHECK(read(moved[0], junk, sizeof(junk)) == sizeof(junk));
	moved_write(&f, f.len);
	take_rest();
	CHECK(moved_bytes == 100000);
	frame_moves(pipe_in, 9999);
	moved_write(&f, f.len);
	moved_write(&f, f.len);
	take_rest();
	CHECK(moved_bytes == 100000);
	moved_check(&f, 5);
}

/* 17 others, and all is read; the next large one begins anew. */
static void
play_moved_others(void)
{
	struct wire f, other;
	int i;

	moved_begin(&f);
	wire_other(&other, 4, 30);
	for (i = 0; i < 17; i++)
		moved_write(&other, other.len);
	moved_write(&f, f.len);
	take_rest();
	CHECK(moved_bytes == 0);
	moved_write(&f, f.len);
	for (i = 0; i < 16; i++)
		moved_write(&other, other.len);
	moved_write(&f, f.len);
	take_rest();
	CHECK(moved_bytes == 200000);
}

/* The node ends in the middle: what came has been moved. */
static void
play_moved_cut(void)
{
	struct wire f;

	moved_begin(&f);
	moved_write(&f, f.len - 10000);
	take_rest();
	CHECK(moved_bytes == 90000);
	CHECK(close(pipe_out) == 0);
	CHECK(frame_read(pipe_in) == 0 && take() == 0);
}

static void
test_moved(void **state)
{
	(void)state;
	in_child(play_moved);
	in_child(play_moved_untaken);
	in_child(play_moved_full);
	in_child(play_moved_others);
	in_child(play_moved_cut);
}

static void
put_pid(struct wire *f, int64_t pid)
{
	wire_stdin_head(f, 0, "stdin", pid);
}

static void
put_tail(struct wire *f, size_t claim, size_t len)
{
	etf_put_binary_head(&f->w, (uint32_t)claim);
	CHECK(f->w.full == 0 && f->w.size - f->w.len >= len);
	fill(f->w.buf + f->w.len, len);
	f->w.len += len;
}

static void
put_head(struct wire *f, uint32_t outer, uint32_t inner)
{
	etf_put_version(&f->w);
	etf_put_tuple(&f->w, outer);
	etf_put_int(&f->w, 0);
	etf_put_tuple(&f->w, inner);
	etf_put_atom(&f->w, "stdin");
	etf_put_int(&f->w, 4711);
}

/* What is not a stdin request, though much speaks for it. */
#define LOOKALIKES 26

static void
put_lookalike(struct wire *f, int which)
{
	static const int64_t pids[] = { 0, 1, -1, -2, INT32_MIN, -4711,
		(int64_t)INT32_MAX + 1, ((int64_t)1 << 32) + 4711, INT64_MAX,
		INT64_MIN };

	if (which < (int)nitems(pids)) {
		put_pid(f, pids[which]);
		put_tail(f, 200, 200);
		return;
	}
	switch (which) {
	case 10: /* the binary ends before the frame */
		put_pid(f, 4711);
		put_tail(f, 199, 200);
		break;
	case 11: /* or behind it */
		put_pid(f, 4711);
		put_tail(f, 201, 200);
		break;
	case 12:
		put_pid(f, 4711);
		put_tail(f, 0xffffffff, 200);
		break;
	case 13:
		put_pid(f, 4711);
		put_tail(f, 0, 200);
		break;
	case 14:
	case 15:
	case 16:
	case 17:
		wire_stdin_head(f, 0,
		    which == 14	  ? "stdi"
		    : which == 15 ? "stdinx"
		    : which == 16 ? "stdout"
				  : "",
		    4711);
		put_tail(f, 200, 200);
		break;
	case 18:
	case 19:
		put_head(f, which == 18 ? 1 : 3, 3);
		put_tail(f, 200, 200);
		break;
	case 20:
	case 21:
		put_head(f, 2, which == 20 ? 2 : 4);
		put_tail(f, 200, 200);
		break;
	case 22: /* another version */
		put_pid(f, 4711);
		put_tail(f, 200, 200);
		f->w.buf[0] = 132;
		break;
	case 23: /* a list of bytes, which is not a binary */
		put_pid(f, 4711);
		etf_put_string(&f->w, "some text that is longer than any head "
				      "could be, so that nothing is decided "
				      "for want of bytes");
		break;
	case 24: /* no end: the atom eof and then rubbish */
		put_pid(f, 4711);
		etf_put_atom(&f->w, "eof");
		put_tail(f, 200, 200);
		break;
	default: /* no transaction */
		etf_put_version(&f->w);
		etf_put_tuple(&f->w, 2);
		etf_put_atom(&f->w, "zero");
		etf_put_tuple(&f->w, 3);
		etf_put_atom(&f->w, "stdin");
		etf_put_int(&f->w, 4711);
		put_tail(f, 200, 200);
		break;
	}
}

/* Each is collected whole, and what follows is not touched by it. */
static void
play_lookalikes(void)
{
	struct wire f, next;
	size_t at, step;
	int i;

	frame_init(4);
	wire_stdin(&next, 4, 5, 300);
	for (i = 0; i < LOOKALIKES; i++) {
		wire_begin(&f, 4, 512);
		put_lookalike(&f, i);
		wire_end(&f);
		for (step = 1; step < f.len; step += 13) {
			forget();
			at = 0;
			feed(f.p, f.len, step);
			CHECK(nevents == 1);
			check_whole(0, &at, &f);
			feed(next.p, next.len, 100);
			CHECK(nevents == 2);
			check_stdin(1, &at, &next, 5, 300);
		}
		free(f.p);
	}
	free(next.p);
}

static void
test_lookalikes(void **state)
{
	(void)state;
	in_child(play_lookalikes);
}

/* Any form of the numbers and the atom that a node may choose. */
static void
play_other_forms(void)
{
	static const struct {
		const char *bytes;
		size_t len;
	} heads[] = {
		{ BYTES("\x83\x68\x02\x61\x00\x68\x03\x64\x00\x05"
			"stdin\x61\x07") },
		{ BYTES("\x83\x68\x02\x61\x00\x68\x03\x73\x05"
			"stdin\x61\x07") },
		{ BYTES("\x83\x68\x02\x62\x00\x00\x00\x00\x68\x03\x76"
			"\x00\x05stdin\x62\x00\x00\x00\x07") },
		{ BYTES("\x83\x69\x00\x00\x00\x02\x6e\x01\x01\x09\x69"
			"\x00\x00\x00\x03\x77\x05stdin\x6e\x01\x00\x07") },
	};
	struct wire f;
	size_t at, i;

	frame_init(4);
	for (i = 0; i < nitems(heads); i++) {
		wire_begin(&f, 4, 512);
		memcpy(f.w.buf, heads[i].bytes, heads[i].len);
		f.w.len = heads[i].len;
		put_tail(&f, 200, 200);
		wire_end(&f);
		forget();
		at = 0;
		feed(f.p, f.len, 100);
		CHECK(nevents == 1);
		check_stdin(0, &at, &f, 7, 200);
		free(f.p);
	}
}

static void
test_other_forms(void **state)
{
	(void)state;
	in_child(play_other_forms);
}

static void
claim(size_t len, enum frame_kind want)
{
	struct frame f;
	uint8_t p[4];

	wire_prefix(p, 4, len);
	frame_init(4);
	CHECK(feed_once(p, 3) == 3);
	CHECK(frame_next(&f) == FRAME_NONE);
	CHECK(feed_once(p + 3, 1) == 1);
	CHECK(frame_next(&f) == want);
	CHECK(frame_next(&f) == want);
	CHECK(grown == 0);
}

static void
play_claim_limit(void)
{
	claim(FRAME_MAX, FRAME_NONE);
}

static void
play_claim_more(void)
{
	claim(FRAME_MAX + 1, FRAME_TOOBIG);
}

static void
play_claim_sign(void)
{
	claim(0x80000000UL, FRAME_TOOBIG);
}

static void
play_claim_most(void)
{
	claim(0xffffffffUL, FRAME_TOOBIG);
}

/* A good frame and a stdin request first: too big is too big. */
static void
play_late_claim(void)
{
	static const uint8_t p[4] = { 0x04, 0, 0, 1 };
	struct wire f;
	struct frame next;

	frame_init(4);
	wire_stdin(&f, 4, 5, 100000);
	feed(f.p, f.len, 50000);
	CHECK(feed_once(f.p, 100) == 100);
	CHECK(feed_once(f.p + 100, 65000) == 65000);
	take_all();
	CHECK(feed_once(f.p + 65100, f.len - 65100) == f.len - 65100);
	CHECK(feed_once(p, 4) == 4);
	while (events[0].len < 200000)
		CHECK(take() == 1);
	CHECK(frame_next(&next) == FRAME_TOOBIG);
	free(f.p);
}

static void
test_too_big(void **state)
{
	(void)state;
	in_child(play_claim_limit);
	in_child(play_claim_more);
	in_child(play_claim_sign);
	in_child(play_claim_most);
	in_child(play_late_claim);
}

/* Grows with what has arrived, not with what a length claims. */
static void
play_large(void)
{
	struct wire f;
	size_t fed;

	frame_init(4);
	wire_other(&f, 4, 4 * MIB);
	wire_prefix(f.p, 4, FRAME_MAX);
	for (fed = 0; fed < f.len;) {
		fed += feed_once(
		    f.p + fed, f.len - fed < 65536 ? f.len - fed : 65536);
		CHECK(take() == 0);
		CHECK(grown <= 2 * (fed + 2 * 65536));
	}
	free(f.p);
}

/* A large frame that is no stdin request is collected whole. */
static void
play_large_whole(void)
{
	struct wire f, in;
	size_t at = 0;

	frame_init(4);
	wire_other(&f, 4, 4 * MIB);
	wire_stdin(&in, 4, 9, MIB);
	feed(f.p, f.len, 65536);
	CHECK(nevents == 1 && grown <= 8 * MIB + 4 * 65536);
	feed(in.p, in.len, 65536);
	feed(f.p, f.len, 65536);
	CHECK(nevents == 3);
	check_whole(0, &at, &f);
	check_stdin(1, &at, &in, 9, MIB);
	check_whole(2, &at, &f);
	CHECK(grown <= 8 * MIB + 4 * 65536);
	free(f.p);
	free(in.p);
}

static void
test_large(void **state)
{
	(void)state;
	in_child(play_large);
	in_child(play_large_whole);
}

static uint64_t random_state = SEED;

static size_t
below(size_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return ((size_t)((random_state * 0x2545f4914f6cdd1dULL >> 16) % n));
}

#define MIXED 2000

static struct wire mixed[MIXED];
static size_t mixed_payload[MIXED]; /* of stdin requests */

static size_t
mixed_make(int prefix)
{
	size_t all = 0, i, len;

	for (i = 0; i < MIXED; i++) {
		len = below(8) == 0 ? below(60000) : below(200);
		if (below(2)) {
			wire_stdin(&mixed[i], prefix, (int32_t)(2 + i), len);
			mixed_payload[i] = len + 1;
		} else
			wire_other(&mixed[i], prefix, len);
		all += mixed[i].len;
	}
	return (all);
}

/* The events must be the frames, in order; a stdin request either way. */
static void
mixed_check(void)
{
	size_t at = 0, i;

	CHECK(nevents == MIXED);
	for (i = 0; i < MIXED; i++) {
		if (events[i].kind == FRAME_STDIN) {
			CHECK(mixed_payload[i] > 0);
			check_stdin(i, &at, &mixed[i], (int32_t)(2 + i),
			    mixed_payload[i] - 1);
		} else
			check_whole(i, &at, &mixed[i]);
	}
	CHECK(at == out_len);
}

/*
 * Frames of all kinds in pieces of any size; now and then nothing is taken
 * for some reads, as when the ring is full.
 */
static void
mixed_play(int prefix)
{
	uint8_t *wire, *p;
	size_t i, left, n;

	frame_init(prefix);
	left = mixed_make(prefix);
	p = wire = malloc(left);
	CHECK(wire != NULL);
	for (i = 0; i < MIXED; i++) {
		memcpy(p, mixed[i].p, mixed[i].len);
		p += mixed[i].len;
	}
	for (p = wire; left > 0; p += n, left -= n) {
		n = 1 + below(below(2) ? 300 : 65536);
		n = feed_once(p, n < left ? n : left);
		for (i = below(2) ? 0 : below(40); i > 0 && take(); i--)
			continue;
		if (below(8) == 0)
			take_all();
	}
	take_all();
	mixed_check();
	CHECK(grown <= 8 * MIB);
	free(wire);
}

/*
 * Where bytes are moved, whatever else stands between them; frames in a row
 * that are small end that, and large ones begin it again.
 */
static void
mixed_moved(int prefix)
{
	size_t i, at, n;

	frame_init(prefix);
	frame_moves(pipe_in, moved[1]);
	(void)mixed_make(prefix);
	for (i = 0; i < MIXED; i++) {
		for (at = 0; at < mixed[i].len; at += n) {
			n = 1 + below(below(2) ? 300 : 65536);
			if (n > mixed[i].len - at)
				n = mixed[i].len - at;
			CHECK(
			    write(pipe_out, mixed[i].p + at, n) == (ssize_t)n);
			if (at + n < mixed[i].len || below(4) == 0)
				take_rest();
		}
		take_rest();
	}
	mixed_check();
	CHECK(moved_bytes > MIB);
}

static void
play_mixed_moved_2(void)
{
	mixed_moved(2);
}

static void
play_mixed_moved_4(void)
{
	random_state ^= 2;
	mixed_moved(4);
}

static void
play_mixed_2(void)
{
	mixed_play(2);
}

static void
play_mixed_4(void)
{
	random_state ^= 1;
	mixed_play(4);
}

static void
test_mixed(void **state)
{
	(void)state;
	print_message("seed %#llx\n", SEED);
	in_child(play_mixed_2);
	in_child(play_mixed_4);
	in_child(play_mixed_moved_2);
	in_child(play_mixed_moved_4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_split_stdin),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_stream),
		cmocka_unit_test(test_whole_long),
		cmocka_unit_test(test_streams),
		cmocka_unit_test(test_moved),
		cmocka_unit_test(test_lookalikes),
		cmocka_unit_test(test_other_forms),
		cmocka_unit_test(test_too_big),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_mixed),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
