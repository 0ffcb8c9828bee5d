/*
 * A child's life in the worker: its descriptors, output, input and exit, in
 * whatever order these come. child.c, relay.c and feed.c are real, as are the
 * pipes; node, priv and libevent are replaced: what is sent to the first two
 * is written down.
 */

#include <sys/ioctl.h>
#include <sys/types.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "compat/stream.h"
#include "worker/worker.h"

#define WATCHED_MAX 16

static char said[1024]; /* to the node and to priv, in its order */
static int busy; /* the port */
static int moved[2]; /* from the broker */
static int refusal; /* errno of each watch, or 0 */
static int64_t now; /* ms */
static struct watched {
	struct event *ev;
	evutil_socket_t fd;
	short what;
	void (*fn)(evutil_socket_t, short, void *);
	void *arg;
	int pending;
} watched[WATCHED_MAX];

int __wrap_clock_gettime(clockid_t, struct timespec *);
static void say(const char *fmt, ...) __attribute__((__format__(printf, 1, 2)));

static void
say(const char *fmt, ...)
{
	size_t len = strlen(said);
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(said + len, sizeof(said) - len, fmt, ap);
	va_end(ap);
}

#define assert_said(want)                        \
	do {                                     \
		assert_string_equal(said, want); \
		*said = '\0';                    \
	} while (0)

/* The node. */
void
event_exit(const struct wchild *c)
{
	say("exit %d%s", (int)c->pid,
	    c->truncated == 2	? " cut 1"
	    : c->truncated == 4 ? " cut 2"
	    : c->truncated == 6 ? " cut both"
				: "");
	if (c->used != NULL)
		say(" used %d", (int)c->used[LEAF_MEMORY_PEAK]);
	say(";");
}

void
event_eof(pid_t pid, int number)
{
	say("eof %d %d;", (int)pid, number);
}

void
event_stdin_ack(pid_t pid, size_t n)
{
	say("ack %d %zu;", (int)pid, n);
}

void
event_output(int number, pid_t pid, const void *data, size_t len)
{
	say("out %d %d ", (int)pid, number);
	if (len > 16)
		say("%zu;", len);
	else
		say("%.*s;", (int)len, (const char *)data);
}

void
event_output_moved(int number, pid_t pid)
{
	(void)number;
	(void)pid;
	fail_msg("nothing can be moved");
}

void
reply_run(int64_t tid, pid_t pid)
{
	say("run %d %d;", (int)tid, (int)pid);
}

void
reply_nofd(int64_t tid, enum stage stage, int number, int error)
{
	say("nofd %d %s%d %s;", (int)tid, stage == STAGE_PTY ? "pty " : "",
	    number,
	    error == EMFILE   ? "emfile"
	    : error == ENOSPC ? "enospc"
			      : "?");
}

int
port_waiting(void)
{
	return (busy);
}

size_t
port_copy_max(void)
{
	return (1024);
}

size_t
port_move_max(void)
{
	return (1024);
}

int
zc_able(void)
{
	return (0);
}

ssize_t
zc_read(int fd, size_t len)
{
	(void)fd;
	(void)len;
	fail_msg("nothing can be moved");
	return (-1);
}

void
zc_copy(void *buf)
{
	(void)buf;
	fail_msg("nothing can be moved");
}

/* Priv. */
void
notify_child(uint32_t id, uint32_t type)
{
	say("%s %u;",
	    type == IMSG_DRAINED ? "drained"
	    : type == IMSG_CUT	 ? "cut"
				 : "idle",
	    id);
}

void
notify_nofd(uint32_t id, int number)
{
	say("lost %u %d;", id, number);
}

size_t
pty_eof(const struct wchild *c, char *buf, size_t size)
{
	(void)c;
	(void)buf;
	(void)size;
	return (0);
}

int
__wrap_clock_gettime(clockid_t clock, struct timespec *ts)
{
	assert_int_equal(clock, CLOCK_MONOTONIC);
	ts->tv_sec = (time_t)(now / 1000);
	ts->tv_nsec = (long)(now % 1000) * 1000000;
	return (0);
}

/* libevent, as much of it as they call. */
void
event_set(struct event *ev, evutil_socket_t fd, short what,
    void (*fn)(evutil_socket_t, short, void *), void *arg)
{
	struct watched *w;

	for (w = watched; w->ev != NULL && w->ev != ev; w++)
		assert_true(w < &watched[WATCHED_MAX - 1]);
	w->ev = ev;
	w->fd = fd;
	w->what = what;
	w->fn = fn;
	w->arg = arg;
	w->pending = 0;
}

static void
set_pending(const struct event *ev, int pending)
{
	struct watched *w;

	for (w = watched; w < &watched[WATCHED_MAX]; w++)
		if (w->ev == ev)
			w->pending = pending;
}

int
event_add(struct event *ev, const struct timeval *tv)
{
	if (tv != NULL)
		assert_true(tv->tv_sec <= 86400 && tv->tv_usec >= 0);
	if (refusal != 0) {
		errno = refusal;
		return (-1);
	}
	set_pending(ev, 1);
	return (0);
}

int
event_del(struct event *ev)
{
	set_pending(ev, 0);
	return (0);
}

/* All that is watched is called back, ready or not, once. */
static void
turn(void)
{
	struct watched *w;

	for (w = watched; w < &watched[WATCHED_MAX]; w++)
		if (w->pending) {
			w->pending = (w->what & EV_PERSIST) != 0;
			w->fn(w->fd, w->what, w->arg);
		}
	relay_serve();
}

/* The child's ends of its pipes. */
struct ends {
	int fds[3];
};

static void
ends_close(struct ends *e)
{
	int i;

	for (i = 0; i < 3; i++) {
		if (e->fds[i] != -1)
			(void)close(e->fds[i]);
		e->fds[i] = -1;
	}
}

/* Start a child with these streams; lost: one of them did not arrive. */
static void
start(struct ends *e, struct msg_child *m, int lost)
{
	int fds[3] = { -1, -1, -1 }, p[2], i;

	memset(e->fds, 0xff, sizeof(e->fds));
	for (i = 0; i < 3; i++) {
		if (!(m->streams & 1U << i) || lost == i)
			continue;
		assert_int_equal(pipe2(p, O_CLOEXEC), 0);
		fds[i] = p[i == 0];
		e->fds[i] = p[i != 0];
		assert_int_equal(fcntl(e->fds[i], F_SETFL, O_NONBLOCK), 0);
	}
	wchild_start(m, fds);
}

static void
print(const struct ends *e, int i, const char *text)
{
	assert_int_equal(
	    write(e->fds[i], text, strlen(text)), (int)strlen(text));
}

static void
end(uint32_t id, int cut)
{
	struct msg_exit m = { .id = id, .cut = (uint32_t)cut };

	assert_non_null(wchild_by_id(id));
	wchild_exit(wchild_by_id(id), &m);
}

static int
setup(void **state)
{
	(void)state;
	*said = '\0';
	busy = 0;
	memset(watched, 0, sizeof(watched));
	return (0);
}

/* What it has printed is sent before its exit, whichever comes first. */
static void
test_exit_after_output(void **state)
{
	struct msg_child m = { .tid = 5, .id = 1, .pid = 7, .streams = 6 };
	struct ends e;

	(void)state;
	start(&e, &m, -1);
	assert_said("run 5 7;");
	print(&e, 1, "a");
	turn();
	assert_said("out 7 1 a;");
	print(&e, 1, "b");
	print(&e, 2, "c");
	ends_close(&e);
	busy = 1;
	end(1, 0);
	turn();
	assert_said("");
	busy = 0;
	relay_serve();
	assert_said("out 7 1 b;out 7 2 c;exit 7;");
	assert_null(wchild_by_id(1));
	assert_null(wchild_by_pid(7));
	assert_int_equal(relay_waiting(), 0);
}

/* All its output has ended: the node is told, then of its exit. */
static void
test_exit_after_eof(void **state)
{
	struct msg_child m = {
		.tid = 5, .id = 1, .pid = 7, .streams = 6, .linger = 1
	};
	struct ends e;

	(void)state;
	start(&e, &m, -1);
	ends_close(&e);
	turn();
	assert_said("run 5 7;eof 7 1;eof 7 2;drained 1;");
	turn();
	assert_said("");
	end(1, 0);
	assert_said("exit 7;");
}

/* Others have the pipe: what was there is sent, and the rest is missing. */
static void
test_exit_with_others(void **state)
{
	struct msg_child m = { .tid = 5, .id = 1, .pid = 7, .streams = 2 };
	struct ends e;

	(void)state;
	start(&e, &m, -1);
	print(&e, 1, "a");
	end(1, 0);
	print(&e, 1, "b");
	turn();
	assert_said("run 5 7;out 7 1 a;exit 7 cut 1;");
	ends_close(&e);

	/* And nothing was there, but they may write still. */
	m.streams = 6;
	start(&e, &m, -1);
	end(1, 0);
	assert_said("run 5 7;exit 7 cut both;");
	ends_close(&e);

	/* Their time is over, and they have ended since. */
	start(&e, &m, -1);
	(void)close(e.fds[2]);
	e.fds[2] = -1;
	turn();
	ends_close(&e);
	end(1, 1);
	assert_said("run 5 7;eof 7 2;exit 7 cut 1;");
}

/* A descriptor did not arrive: the run fails, and the node hears no more. */
static void
test_lost(void **state)
{
	struct msg_child m = { .tid = 5, .id = 1, .pid = 7, .streams = 7 };
	struct ends e;
	int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		char want[64];

		start(&e, &m, i);
		(void)snprintf(
		    want, sizeof(want), "nofd 5 %d emfile;lost 1 %d;", i, i);
		assert_said(want);
		assert_null(wchild_by_pid(7));
		/* Its pipes are closed. */
		assert_int_equal(write(e.fds[i == 2 ? 1 : 2], "x", 1), -1);
		ends_close(&e);
		end(1, 0);
		assert_said("");
		assert_null(wchild_by_id(1));
	}
}

/* It did arrive and cannot be watched: for which reason. */
static void
test_unwatched(void **state)
{
	struct msg_child m = { .tid = 5, .id = 1, .pid = 7, .streams = 7 };
	struct ends e;

	(void)state;
	refusal = ENOSPC;
	start(&e, &m, -1);
	refusal = 0;
	assert_said("nofd 5 1 enospc;lost 1 1;");
	ends_close(&e);
	end(1, 0);
	m.tty = TTY_YES;
	start(&e, &m, 0);
	assert_said("nofd 5 pty 0 emfile;lost 1 0;");
	ends_close(&e);
	end(1, 0);
}

/* A pid comes again before the old child's output has left. */
static void
test_pid_again(void **state)
{
	struct msg_child m = {
		.tid = 5, .id = 1, .pid = 7, .streams = 2, .window = 2
	};
	struct ends old, new;

	(void)state;
	start(&old, &m, -1);
	print(&old, 1, "abcd");
	turn();
	/* It waits for its window. */
	assert_said("run 5 7;out 7 1 ab;");
	ends_close(&old);
	end(1, 0);
	turn();
	assert_said("");
	assert_int_equal(wchild_waits_for_pid(), 0);

	m.tid = 6;
	m.id = 2;
	start(&new, &m, -1);
	assert_int_equal(wchild_waits_for_pid(), 1);
	print(&new, 1, "x");
	assert_ptr_equal(wchild_by_pid(7), wchild_by_id(1));
	/* The window counts no more, as all others would wait for it. */
	turn();
	assert_int_equal(wchild_waits_for_pid(), 0);
	assert_said("out 7 1 cd;exit 7;run 6 7;out 7 1 x;");
	assert_ptr_equal(wchild_by_pid(7), wchild_by_id(2));
	ends_close(&new);
	turn();
	end(2, 0);
	assert_said("eof 7 1;exit 7;");
}

/* No more than the window is sent before it is acknowledged. */
static void
test_window(void **state)
{
	struct msg_child m = {
		.tid = 5, .id = 1, .pid = 7, .streams = 2, .window = 3
	};
	struct ends e;

	(void)state;
	start(&e, &m, -1);
	print(&e, 1, "abcdefghij");
	turn();
	turn();
	assert_said("run 5 7;out 7 1 abc;");
	relay_ack(wchild_by_id(1), 1, 2);
	turn();
	turn();
	assert_said("out 7 1 de;");
	/* More than the window is none the more. */
	relay_ack(wchild_by_id(1), 1, UINT64_MAX);
	turn();
	turn();
	assert_said("out 7 1 fgh;");
	ends_close(&e);
	end(1, 0);
	turn();
	assert_said("");
	relay_ack(wchild_by_id(1), 1, 3);
	turn();
	assert_said("out 7 1 ij;exit 7;");
}

/* What is fed is acknowledged; what does not fit waits; too much is cut. */
static void
test_feed(void **state)
{
	static uint8_t data[65536], got[200000];
	struct msg_child m = { .tid = 5, .id = 1, .pid = 7, .streams = 1 };
	struct ends e;
	struct wchild *c;

	(void)state;
	start(&e, &m, -1);
	c = wchild_by_pid(7);
	feed_data(c, data, 0);
	feed_data(c, data, 10);
	assert_said("run 5 7;ack 7 10;");
	/* Older kernels have no room behind that in the page that it has. */
	assert_int_equal(read(e.fds[0], got, sizeof(got)), 10);
	feed_data(c, data, sizeof(data));
	assert_said("ack 7 65536;");
	/* The pipe is full. */
	feed_data(c, data, 100);
	feed_eof(c);
	turn();
	assert_said("");
	assert_true(c->in.fd != -1);
	assert_int_equal(read(e.fds[0], got, sizeof(got)), sizeof(data));
	turn();
	assert_said("ack 7 100;");
	assert_int_equal(read(e.fds[0], got, sizeof(got)), 100);
	assert_int_equal(read(e.fds[0], got, sizeof(got)), 0);
	/* There is nothing behind its end. */
	feed_data(c, data, 10);
	assert_said("");
	ends_close(&e);
	end(1, 0);
	assert_said("exit 7;");

	start(&e, &m, -1);
	c = wchild_by_pid(7);
	feed_data(c, data, sizeof(data));
	*said = '\0';
	feed_data(c, data, 1000); /* the limit */
	assert_said("");
	feed_data(c, data, 1);
	assert_said("cut 1;eof 7 0;");
	feed_data(c, data, 1);
	feed_eof(c);
	assert_said("");
	/* It must not take what it has for all. */
	assert_int_equal(read(e.fds[0], got, sizeof(got)), sizeof(data));
	turn();
	assert_int_equal(read(e.fds[0], got, sizeof(got)), -1);
	assert_int_equal(errno, EAGAIN);
	ends_close(&e);
	end(1, 0);
	assert_said("exit 7;");

	/* It has closed its stdin. */
	start(&e, &m, -1);
	c = wchild_by_pid(7);
	ends_close(&e);
	feed_data(c, data, 1);
	assert_said("run 5 7;eof 7 0;");
	end(1, 0);
	assert_said("exit 7;");
}

/* The broker has moved that, and says so. */
static void
move(struct wchild *c, const char *bytes, size_t len)
{
	assert_int_equal(write(moved[1], bytes, len), len);
	assert_int_equal(feed_moved(c, len), 0);
}

static int
moved_left(void)
{
	int n;

	assert_int_equal(ioctl(moved[0], FIONREAD, &n), 0);
	return (n);
}

/* A child whose pipe is full. */
static struct wchild *
start_full(struct ends *e, uint32_t id, pid_t pid)
{
	static uint8_t data[65536];
	struct msg_child m = { .tid = 5, .id = id, .pid = pid, .streams = 1 };

	start(e, &m, -1);
	feed_data(wchild_by_pid(pid), data, sizeof(data));
	*said = '\0';
	return (wchild_by_pid(pid));
}

/* What it reads behind what its pipe was full of. */
static void
assert_behind(struct ends *e, const char *want)
{
	static uint8_t got[65536];
	char behind[64] = "";

	assert_int_equal(read(e->fds[0], got, sizeof(got)), sizeof(got));
	turn();
	turn();
	assert_int_equal(
	    read(e->fds[0], behind, sizeof(behind) - 1), strlen(want));
	assert_string_equal(behind, want);
}

/*
 * What the broker has moved goes on without a copy. What does not fit waits
 * where it is, for one child; in no case is anything left there of another.
 */
static void
test_feed_moved(void **state)
{
	struct msg_child m = { .tid = 5, .id = 1, .pid = 7, .streams = 1 };
	struct ends e, e2;
	struct wchild *c, *c2;
	char got[16] = "";

	(void)state;
	start(&e, &m, -1);
	c = wchild_by_pid(7);
	assert_int_equal(feed_moved(c, 1), -1);
	move(c, "abc", 3);
	assert_said("run 5 7;ack 7 3;");
	assert_int_equal(read(e.fds[0], got, sizeof(got)), 3);
	assert_string_equal(got, "abc");
	assert_int_equal(feed_moved(c, 1), -1);
	ends_close(&e);
	end(1, 0);
	assert_said("exit 7;");

	/* It waits, also for its end; what is said of more is not there. */
	c = start_full(&e, 1, 7);
	move(c, "ab", 2);
	move(c, "cd", 2);
	assert_int_equal(feed_moved(c, 1), -1);
	feed_eof(c);
	move(c, "none", 4);
	turn();
	assert_said("");
	assert_behind(&e, "abcd");
	assert_said("ack 7 4;");
	assert_int_equal(read(e.fds[0], got, sizeof(got)), 0);
	assert_int_equal(moved_left(), 0);
	ends_close(&e);
	end(1, 0);
	assert_said("exit 7;");

	/* Others' bytes come behind it, and its own that were not moved. */
	c = start_full(&e, 1, 7);
	c2 = start_full(&e2, 2, 8);
	move(c, "ab", 2);
	assert_int_equal(moved_left(), 2);
	move(c2, "12", 2);
	assert_int_equal(moved_left(), 2);
	move(c, "cd", 2);
	feed_data(c, (const uint8_t *)"ef", 2);
	assert_int_equal(moved_left(), 0);
	move(c, "gh", 2);
	assert_behind(&e, "abcdefgh");
	assert_behind(&e2, "12");
	assert_said("ack 7 8;ack 8 2;");
	ends_close(&e);
	ends_close(&e2);
	end(1, 0);
	end(2, 0);
	assert_said("exit 7;exit 8;");
}

/* Nothing stays in the pipe of what nobody takes, and what waits has a limit.
 */
static void
test_feed_moved_dropped(void **state)
{
	char data[1001] = "";
	struct ends e;
	struct wchild *c;

	(void)state;
	move(NULL, "abc", 3);
	assert_int_equal(moved_left(), 0);

	c = start_full(&e, 1, 7);
	move(c, data, 500);
	feed_data(c, (const uint8_t *)data, 400);
	move(c, data, 100);
	assert_said("");
	assert_int_equal(moved_left(), 100);
	move(c, data, 1);
	assert_said("cut 1;eof 7 0;");
	assert_int_equal(moved_left(), 0);
	move(c, data, 1);
	assert_int_equal(moved_left(), 0);
	ends_close(&e);
	end(1, 0);
	assert_said("exit 7;");

	/* It has closed its stdin, before and with some of it waiting. */
	c = start_full(&e, 1, 7);
	move(c, data, 500);
	ends_close(&e);
	turn();
	assert_said("eof 7 0;");
	assert_int_equal(moved_left(), 0);
	move(c, data, 500);
	assert_int_equal(moved_left(), 0);
	end(1, 0);
	assert_said("exit 7;");

	/* It has ended. */
	c = start_full(&e, 1, 7);
	move(c, data, 500);
	end(1, 0);
	assert_said("exit 7;");
	assert_int_equal(moved_left(), 0);
	ends_close(&e);
}

/* Little is not worth an acknowledgement, where the node has said how much is.
 */
static void
test_feed_worth(void **state)
{
	static uint8_t data[65536], got[200000];
	struct msg_child m = {
		.tid = 5, .id = 1, .pid = 7, .streams = 1, .stdin_ack = 100
	};
	struct ends e;
	struct wchild *c;

	(void)state;
	start(&e, &m, -1);
	c = wchild_by_pid(7);
	feed_data(c, data, 99);
	assert_said("run 5 7;");
	feed_data(c, data, 1);
	assert_said("ack 7 100;");
	feed_data(c, data, 1000);
	assert_said("ack 7 1000;");
	assert_int_equal(read(e.fds[0], got, sizeof(got)), 1100);
	/* What has waited counts when it has left. */
	feed_data(c, data, sizeof(data));
	assert_said("ack 7 65536;");
	feed_data(c, data, 60);
	assert_int_equal(read(e.fds[0], got, sizeof(got)), sizeof(data));
	turn();
	assert_said("");
	feed_data(c, data, 40);
	assert_said("ack 7 100;");
	/* Nor is it worth one at the end. */
	feed_data(c, data, 1);
	feed_eof(c);
	assert_said("");
	assert_int_equal(read(e.fds[0], got, sizeof(got)), 101);
	assert_int_equal(read(e.fds[0], got, sizeof(got)), 0);
	ends_close(&e);
	end(1, 0);
	assert_said("exit 7;");
}

/* What its leaf has used is said once, and goes with its exit. */
static void
test_used(void **state)
{
	struct msg_child m = { .tid = 5, .id = 1, .pid = 7 };
	struct msg_leaf_state used = { .id = 1, .op = LEAF_END };
	struct ends e;
	struct wchild *c;

	(void)state;
	used.stat[LEAF_MEMORY_PEAK] = 4096;
	start(&e, &m, -1);
	c = wchild_by_pid(7);
	assert_int_equal(wchild_used(c, &used), 0);
	used.stat[LEAF_MEMORY_PEAK] = 1;
	assert_int_equal(wchild_used(c, &used), -1);
	ends_close(&e);
	end(1, 0);
	assert_said("run 5 7;exit 7 used 4096;");
}

/* Time passes, then libevent looks. */
static void
pass(int64_t ms)
{
	now += ms;
	turn();
}

static void
start_idle(struct ends *e, uint64_t idle, uint32_t window)
{
	struct msg_child m = {
		.tid = 5, .id = 1, .pid = 7, .streams = 6, .idle = idle
	};

	m.window = window;
	start(e, &m, -1);
	assert_said("run 5 7;");
}

/* Silence is told of when it has lasted, once; output on either ends it. */
static void
test_idle(void **state)
{
	struct ends e;
	int i;

	(void)state;
	start_idle(&e, 100, 0);
	pass(99);
	assert_said("");
	for (i = 1; i < 3; i++) {
		print(&e, i, "a");
		turn();
		assert_said(i == 1 ? "out 7 1 a;" : "out 7 2 a;");
		pass(99);
		assert_said("");
	}
	pass(1);
	assert_said("idle 1;");
	pass(1000);
	assert_said("");
	ends_close(&e);
	end(1, 0);
	assert_said("exit 7;");
}

/* It could not speak: by its window, and then as the node did not read. */
static void
test_idle_held(void **state)
{
	struct ends e;

	(void)state;
	start_idle(&e, 100, 1);
	print(&e, 1, "ab");
	turn();
	assert_said("out 7 1 a;");
	pass(500);
	pass(500);
	assert_said("");
	now += 99; /* nobody has looked when it can speak again */
	relay_ack(wchild_by_id(1), 1, 1);
	turn();
	assert_said("out 7 1 b;");
	pass(500);
	assert_said("");
	relay_ack(wchild_by_id(1), 1, 1);
	turn();
	busy = 1;
	print(&e, 2, "c");
	turn();
	pass(500);
	pass(500);
	assert_said("");
	busy = 0;
	turn();
	assert_said("out 7 2 c;");
	relay_ack(wchild_by_id(1), 2, 1);
	turn();
	pass(99);
	assert_said("");
	pass(1);
	assert_said("idle 1;");
	ends_close(&e);
	end(1, 0);
	assert_said("exit 7;");
}

/* Nobody looks at one that has ended, though its output waits. */
static void
test_idle_over(void **state)
{
	struct ends e;

	(void)state;
	start_idle(&e, 100, 0);
	print(&e, 1, "a");
	ends_close(&e);
	busy = 1;
	end(1, 0);
	pass(500);
	assert_said("");
	busy = 0;
	turn();
	assert_said("out 7 1 a;exit 7;");
	pass(500);
	assert_said("");
}

/* Longer than any timer. */
static void
test_idle_for_ever(void **state)
{
	struct ends e;

	(void)state;
	start_idle(&e, RUN_TIMEOUT_MAX, 0);
	pass(86400000);
	pass(86400000);
	assert_said("");
	ends_close(&e);
	turn();
	assert_said("eof 7 1;eof 7 2;");
	end(1, 0);
	assert_said("exit 7;");
}

static int
setup_all(void **state)
{
	(void)state;
	stream_init();
	stream_io_init();
	wchild_init();
	if (pipe2(moved, O_NONBLOCK) == -1)
		return (-1);
	feed_init(1000, moved[0]);
	return (0);
}

#define CASE(fn) cmocka_unit_test_setup(fn, setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_idle),
		CASE(test_idle_held),
		CASE(test_idle_over),
		CASE(test_idle_for_ever),
		CASE(test_exit_after_output),
		CASE(test_exit_after_eof),
		CASE(test_exit_with_others),
		CASE(test_lost),
		CASE(test_unwatched),
		CASE(test_pid_again),
		CASE(test_window),
		CASE(test_feed),
		CASE(test_feed_worth),
		CASE(test_feed_moved),
		CASE(test_feed_moved_dropped),
		CASE(test_used),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return (cmocka_run_group_tests(tests, setup_all, NULL));
}
