/*
 * Tests of the order of answers: exec-port's in that of requests, native ones
 * as they come, and hello between the two.
 */

#include "monitor_util.h"

#include "monitor/reply.h"

/* A slot whose answer will be that the run has failed. */
static struct slot *
failing(struct slot **holder, int64_t tid)
{
	struct run r = run_plain(0);

	r.tid = tid;
	reply_open(holder, &r);
	return (*holder);
}

static void
run_fails(struct slot *s)
{
	struct launched l = { .stage = STAGE_EXEC, .text = "" };

	reply_failed(s, &l);
}

static void
hello(void)
{
	struct {
		struct msg_hello m;
		char tail[4 + MSG_TEXT_MAX];
	} w = { { .tid = 3, .users = { 0, 4, 1 } }, "www" };

	reply_send(
	    IMSG_HELLO_REPLY, &w, proto_pack_hello(&w, &w.m, "no leaves"));
}

/* A child that answers for itself. */
static struct child *
answering(pid_t pid)
{
	struct run r = run_plain(0);
	struct child *c = child_running(pid, 0);

	reply_open(&c->slot, &r);
	return (c);
}

/* Order in which two answers are complete, and what leaves when. */
static const struct order_row {
	const char *title;
	int native;
	int second_first;
	const char *one;
	const char *two;
} orders[] = {
	{ "in order", 0, 0, "1 runfail; stage 10", "2 runfail; stage 10" },
	{ "out of order", 0, 1, "",
	    "1 runfail; stage 10; 2 runfail; stage 10" },
	{ "native, in order", 1, 0, "1 runfail; stage 10",
	    "2 runfail; stage 10" },
	{ "native, out of order", 1, 1, "2 runfail; stage 10",
	    "1 runfail; stage 10" },
};

static void
order_row(const void *arg)
{
	const struct order_row *row = arg;
	struct slot *s[2];

	if (row->native) {
		hello();
		did("hello reply");
	}
	assert_int_equal(reply_ordered(), !row->native);
	(void)failing(&s[0], 1);
	(void)failing(&s[1], 2);
	assert_int_equal(reply_waiting(), row->native ? 0 : 2);
	run_fails(s[row->second_first]);
	did(row->one);
	run_fails(s[!row->second_first]);
	did(row->two);
	assert_null(s[0]);
	assert_null(s[1]);
	assert_int_equal(reply_waiting(), 0);
}

static void
test_order(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < nitems(orders); i++)
		apart(orders[i].title, order_row, &orders[i]);
}

/* What needs no launcher waits for what does, and takes its place behind. */
static void
test_behind(void)
{
	static const struct reply level = { 4, REPLY_LEVEL, 1, STAGE_NONE, 2,
		"" };
	struct slot *one;

	(void)failing(&one, 1);
	reply_code(2, REPLY_OK, 0, "");
	reply_code(3, REPLY_ERRNO, ESRCH, "");
	reply_term(&level);
	did("");
	assert_int_equal(reply_waiting(), 4);
	run_fails(one);
	did("1 runfail; stage 10; 2 ok; 3 errno; error 3; 4 level; error 1");
	assert_int_equal(reply_waiting(), 0);
	reply_code(5, REPLY_OK, 0, "");
	did("5 ok");
}

/* The first has its place; what the second has waits though it is complete. */
static void
test_first_open(void)
{
	struct msg_exit m = { .id = 1 };
	struct slot *one, *two, *three;

	(void)failing(&one, 1);
	(void)failing(&two, 2);
	(void)failing(&three, 3);
	run_fails(three);
	run_fails(one);
	did("1 runfail; stage 10");
	assert_int_equal(reply_waiting(), 2);
	/* It is first now: nothing of it waits. */
	reply_add(two, IMSG_EXIT, &m, sizeof(m));
	did("exit 1 0/0");
	run_fails(two);
	did("2 runfail; stage 10; 3 runfail; stage 10");
}

/* The list has those that are there when it leaves. */
static void
test_pids(void)
{
	struct slot *one;
	struct child *c;

	(void)child_running(101, 0);
	(void)failing(&one, 1);
	reply_pids(2);
	c = child_running(100, 0);
	child_running(102, 0)->refused = 1;
	did("");
	run_fails(one);
	did("1 runfail; stage 10; pids; 100; 101");
	c->refused = 1;
	reply_pids(3);
	did("pids; 101");
}

/*
 * Behind the answer to hello nothing has an order: what waits leaves in the
 * order that it has, and those that are not complete hold up nobody.
 */
static void
test_hello_waits(void)
{
	struct slot *one, *two, *three;

	(void)failing(&one, 1);
	hello();
	(void)failing(&two, 2);
	(void)failing(&three, 3);
	run_fails(three);
	reply_code(4, REPLY_OK, 0, "");
	did("");
	assert_true(reply_ordered());
	run_fails(one);
	did("1 runfail; stage 10; hello reply; 3 runfail; stage 10; 4 ok");
	assert_false(reply_ordered());
	assert_null(three);
	assert_non_null(two);
	reply_code(5, REPLY_OK, 0, "");
	did("5 ok");
	run_fails(two);
	did("2 runfail; stage 10");
	assert_null(two);
}

/* An end comes behind the answer that names whose it is. */
static void
test_added(void)
{
	struct msg_exit m = { .id = 1 };
	int fds[3] = { FD_FAKE, -1, FD_FAKE + 2 };
	struct slot *one;
	struct child *c;

	(void)failing(&one, 1);
	c = answering(100);
	reply_child(c, fds);
	assert_int_equal(fds[0], -1);
	assert_int_equal(fds[2], -1);
	reply_add(c->slot, IMSG_EXIT, &m, sizeof(m));
	reply_code(3, REPLY_OK, 0, "");
	did("");
	run_fails(one);
	did("1 runfail; stage 10; stream 1.0 fd 1000; stream 1.2 fd 1002; "
	    "child 1 pid 100; exit 1 0/0; 3 ok");
	assert_null(c->slot);
}

/* A holder that is gone is not written to. */
static void
test_released(void)
{
	int fds[3] = { -1, -1, -1 };
	struct slot *one, *two;
	struct child *c;

	(void)failing(&one, 1);
	c = answering(100);
	two = c->slot;
	reply_child(c, fds);
	reply_release(two);
	c->slot = NULL;
	reply_open(&c->slot, &(struct run){ .tid = 5 });
	run_fails(one);
	did("1 runfail; stage 10; child 1 pid 100");
	assert_non_null(c->slot);
	assert_ptr_not_equal(c->slot, two);
}

/* What of the terminal is told, and whether it lingers, goes with the child. */
static void
test_lingers(void)
{
	struct run r = run_plain(RUN_LINGER);
	int fds[3] = { FD_FAKE, -1, -1 };
	int out[3] = { -1, FD_FAKE + 1, -1 };
	struct child *c;

	c = child_running_as(100, &r);
	reply_open(&c->slot, &r);
	reply_child(c, fds);
	did("stream 1.0 fd 1000; child 1 pid 100");
	reply_open(&c->slot, &r);
	reply_child(c, out);
	did("stream 1.1 fd 1001; child 1 pid 100 lingers");
	r.stdin_ack = 7;
	reply_open(&c->slot, &r);
	reply_child(c, fds);
	did("child 1 pid 100 acks 7");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		CASE(test_behind),
		CASE(test_first_open),
		CASE(test_pids),
		CASE(test_hello_waits),
		CASE(test_added),
		CASE(test_released),
		CASE(test_lingers),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
