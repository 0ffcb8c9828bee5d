/*
 * A task that lies to the switch: it is ended, and all below it, and nobody
 * else. The task is a process that does nothing; what it sends is sent by the
 * case, which also plays the node.
 */

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compat/evset.h"
#include "compat/pidfd.h"
#include "compat/proc.h"
#include "log_util.h"
#include "task/ask.h"
#include "task/call.h"
#include "task/constant.h"
#include "task/death.h"
#include "task/frame.h"
#include "task/message.h"
#include "task/peer.h"
#include "task/stop.h"
#include "task/stream.h"
#include "task/table.h"
#include "timer.h"

#define SEQ 5 /* of what the task has been asked for */

/* What the switch would have of calls. */
int
call_here(unsigned int number)
{
	return (number == 0);
}

const char *
constant_errno(int error)
{
	(void)error;
	return ("eany");
}

void
fatal(const char *fmt, ...)
{
	fail_msg("fatal: %s", fmt);
	abort();
}

void
fatalx(const char *fmt, ...)
{
	fail_msg("fatal: %s", fmt);
	abort();
}

void
log_debug(const char *fmt, ...)
{
	(void)fmt;
}

static struct imsgbuf peer; /* the task's end of its channel */
static int frames; /* what the node would read */
static pid_t task_pid;
static struct task *task;

static pid_t
idle(void)
{
	pid_t pid = fork();

	assert_true(pid != -1);
	if (pid != 0)
		return (pid);
	for (;;)
		(void)pause();
}

static void
turns(int n)
{
	sigset_t mask;

	(void)sigemptyset(&mask);
	while (n-- > 0) {
		(void)evset_run(20, &mask);
		timer_run();
		death_strays();
		assert_int_equal(frame_flush(), 0);
		table_sweep();
	}
}

static void
sends(uint32_t type, int fd, const void *data, size_t len)
{
	assert_int_equal(imsg_compose(&peer, type, 0, 0, fd, data, len), 1);
	assert_int_equal(imsgbuf_flush(&peer), 0);
}

/* A task that has said that it is there, and has something to do. */
static int
begin(void **state)
{
	const struct task_here here = { 1, 0 };
	const struct task_call call = { SEQ, 0, 0 };
	int fds[2];

	(void)state;
	logged[0] = '\0';
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	assert_int_equal(imsgbuf_init(&peer, fds[1]), 0);
	imsgbuf_allow_fdpass(&peer);
	assert_int_equal(imsgbuf_set_maxsize(&peer, 2 << 20), 0);
	task_pid = idle();
	task = table_add(NULL, 1);
	task->born = 1;
	task->told_pid = task_pid;
	table_set_pid(task, task_pid);
	peer_open(task, fds[0]);
	assert_int_equal(peer_watch(task, pidfd_of(task_pid)), 0);
	sends(TASK_HERE, -1, &here, sizeof(here));
	turns(1);
	assert_int_equal(task->state, TASK_READY);
	ask_for(task, TASK_CALL, SEQ, 0, 0, &call, sizeof(call),
	    (const uint8_t *)"x", 1);
	return (0);
}

/* The cause of the exit of task number, which the node was told; or -1. */
static int
told_exit(uint32_t number)
{
	static uint8_t buf[1 << 20];
	ssize_t n = read(frames, buf, sizeof(buf));
	size_t at = 0;
	int cause = -1;

	while (n > 0 && at + 4 + WIRE_HEAD <= (size_t)n) {
		if (buf[at + 4] == WIRE_EXIT &&
		    frame_32(buf + at + 5) == number)
			cause = buf[at + 4 + WIRE_HEAD + 6];
		at += 4 + frame_32(buf + at);
	}
	return (cause);
}

static int
end(void **state)
{
	int i;

	(void)state;
	if (table_root != NULL)
		death_kill(table_root, CAUSE_TREE);
	for (i = 0; i < 100 && table_root != NULL; i++)
		turns(1);
	assert_null(table_root);
	(void)close(peer.fd);
	imsgbuf_clear(&peer);
	(void)told_exit(0);
	return (0);
}

/* It is dead, and the node knows why. */
static void
was_a_lie(const char *said)
{
	uint32_t number = task->number;
	int i;

	for (i = 0; i < 100 && table_root != NULL; i++)
		turns(1);
	assert_null(table_root);
	assert_int_equal(told_exit(number), CAUSE_LIE);
	assert_int_equal(kill(task_pid, 0), -1);
	if (strstr(logged, said) == NULL)
		fail_msg("%s: %s", said, logged);
}

static int
a_pipe(void)
{
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	(void)close(fds[1]);
	return (fds[0]);
}

static int
a_channel(void)
{
	int fds[2];

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	(void)close(fds[1]);
	return (fds[0]);
}

static int
a_datagram(void)
{
	int fds[2];

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fds), 0);
	(void)close(fds[1]);
	return (fds[0]);
}

static int
a_file(void)
{
	return (open("/dev/null", O_RDWR | O_CLOEXEC));
}

static int
a_pidfd(void)
{
	return (pidfd_of(getpid()));
}

struct word {
	uint32_t type;
	int (*fd)(void); /* NULL: none */
	uint32_t w[4]; /* the first words of its struct */
	size_t len; /* of all of it */
};

#define HERE(again)                              \
	{                                        \
		TASK_HERE, NULL, { 1, again }, 8 \
	}
#define REPLY(seq, results)                           \
	{                                             \
		TASK_REPLY, NULL, { seq, results }, 9 \
	}
#define BORN(fd, seq, inner)                      \
	{                                         \
		TASK_BORN, fd, { seq, inner }, 16 \
	}
#define PIDFD(fd, inner)                           \
	{                                          \
		TASK_PIDFD, fd, { SEQ, inner }, 16 \
	}
#define STREAM(fd, n, pty)                     \
	{                                      \
		TASK_STREAM, fd, { n, pty }, 8 \
	}
#define EXEC(seq, streams, again)                               \
	{                                                       \
		TASK_EXEC, NULL, { seq, streams, 0, again }, 17 \
	}

static const struct lie {
	const char *title;
	struct word words[3]; /* a type of 0 ends them */
	const char *said;
} lies[] = {
	{ "a type that there is not", { { 99, NULL, { 0 }, 4 } },
	    "message type 99" },
	{ "a message of the switch", { { TASK_CALL, NULL, { SEQ }, 8 } },
	    "message type" },
	{ "too short", { { TASK_EXIT, NULL, { 2 }, 8 } }, "exit of 8 bytes" },
	{ "too long", { { TASK_HERE, NULL, { 2 }, 12 } }, "here of 12 bytes" },
	{ "nothing", { { TASK_REPLY, NULL, { 0 }, 0 } }, "reply of 0 bytes" },
	{ "a descriptor where there is none",
	    { { TASK_REPLY, a_pipe, { SEQ }, 9 } }, "with a descriptor" },
	{ "here again", { HERE(0) }, "here out of turn" },
	{ "an answer to what was not asked", { REPLY(SEQ + 1, 0) }, "reply" },
	{ "an answer too much", { REPLY(SEQ, 0), REPLY(SEQ, 0) }, "reply" },
	{ "an answer of no kind", { REPLY(SEQ, 2) }, "broken reply" },
	{ "a birth that nobody asked for", { BORN(a_channel, SEQ + 1, 7) },
	    "broken born" },
	{ "a birth with a pipe", { BORN(a_pipe, SEQ, 7) }, "broken born" },
	{ "a birth with another socket", { BORN(a_datagram, SEQ, 7) },
	    "broken born" },
	{ "a birth of nobody", { BORN(a_channel, SEQ, 0) }, "broken born" },
	{ "a birth of everybody", { BORN(a_channel, SEQ, (uint32_t)-1) },
	    "broken born" },
	{ "two births at once",
	    { BORN(a_channel, SEQ, 7), BORN(a_channel, SEQ, 8) },
	    "broken born" },
	{ "an answer before the pidfd",
	    { BORN(a_channel, SEQ, 7), REPLY(SEQ, 0) }, "broken reply" },
	{ "a pidfd of nobody", { PIDFD(a_pidfd, 7) }, "broken pidfd" },
	{ "a pidfd of another one",
	    { BORN(a_channel, SEQ, 7), PIDFD(a_pidfd, 8) }, "broken pidfd" },
	{ "a pidfd that is none", { BORN(a_channel, SEQ, 7), PIDFD(a_pipe, 7) },
	    "broken pidfd" },
	{ "a fourth stream", { STREAM(a_pipe, 3, 0) }, "broken stream" },
	{ "a stream twice", { STREAM(a_pipe, 1, 0), STREAM(a_pipe, 1, 0) },
	    "broken stream" },
	{ "a stream that is a file", { STREAM(a_file, 1, 0) },
	    "broken stream" },
	{ "a stream that is a socket", { STREAM(a_channel, 1, 0) },
	    "broken stream" },
	{ "a pipe that is to be a terminal", { STREAM(a_pipe, 1, 1) },
	    "broken stream" },
	{ "a stream of no kind", { STREAM(a_pipe, 1, 2) }, "broken stream" },
	{ "an exec that nobody asked for", { EXEC(SEQ + 1, 0, 0) },
	    "broken exec" },
	{ "an exec with a stream that has not come", { EXEC(SEQ, 2, 0) },
	    "broken exec" },
	{ "an exec without one that has come",
	    { STREAM(a_pipe, 1, 0), EXEC(SEQ, 0, 0) }, "broken exec" },
	{ "an exec of itself with streams",
	    { STREAM(a_pipe, 1, 0), EXEC(SEQ, 2, 1) }, "broken exec" },
	{ "an exec in an exec", { EXEC(SEQ, 0, 0), EXEC(SEQ, 0, 0) },
	    "exec out of turn" },
	{ "itself again, and it was to be another",
	    { EXEC(SEQ, 0, 0), HERE(1) }, "here out of turn" },
	{ "a new one, and it was to be itself", { EXEC(SEQ, 0, 1), HERE(0) },
	    "broken here" },
	{ "a signal that is none", { { TASK_SIGNAL, NULL, { 0 }, 136 } },
	    "broken signal" },
	{ "a signal that there is not", { { TASK_SIGNAL, NULL, { 65 }, 136 } },
	    "broken signal" },
	{ "an end that is none",
	    { { TASK_EXIT, NULL, { 7, 0, CLD_STOPPED }, 40 } }, "broken exit" },
};

/* At most three. */
static void
says(const struct word *words)
{
	static uint8_t body[256];
	const struct word *w;

	for (w = words; w < words + 3 && w->type != 0; w++) {
		memset(body, 0, sizeof(body));
		memcpy(body, w->w, sizeof(w->w));
		sends(w->type, w->fd == NULL ? -1 : w->fd(), body, w->len);
	}
}

static void
test_lies(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		if (i > 0)
			(void)begin(NULL);
		says(lies[i].words);
		was_a_lie(lies[i].said);
		if (i + 1 < sizeof(lies) / sizeof(lies[0]))
			(void)end(NULL);
	}
}

/*
 * A descriptor that does not come may be one that we had no room for: the node
 * is told that there is no new task, and who made it lives.
 */
static void
test_lost(void **state)
{
	static const struct word words[2][3] = {
		{ BORN(NULL, SEQ, 7), PIDFD(NULL, 7), REPLY(SEQ, 0) },
		{ BORN(a_channel, SEQ, 7), PIDFD(NULL, 7), REPLY(SEQ, 0) },
	};
	static uint8_t buf[1 << 20];
	ssize_t n;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		if (i > 0)
			(void)begin(NULL);
		says(words[i]);
		turns(3);
		assert_non_null(table_root);
		assert_null(TAILQ_FIRST(&table_root->children));
		n = read(frames, buf, sizeof(buf));
		assert_true(n > 0);
		assert_non_null(memmem(buf, (size_t)n, "limit", 5));
		if (i == 0)
			(void)end(NULL);
	}
}

/* With rights of its own the switch signals nobody that is not below it. */
static void
test_stranger(void **state)
{
	const struct task_born m = { SEQ, 7, 0, 0 };
	pid_t stranger = idle();
	int status;

	(void)state;
	peer_init(1);
	sends(TASK_BORN, a_channel(), &m, sizeof(m));
	sends(TASK_PIDFD, pidfd_of(stranger), &m, sizeof(m));
	was_a_lie("broken pidfd");
	peer_init(0);
	assert_int_equal(waitpid(stranger, &status, WNOHANG), 0);
	assert_int_equal(kill(stranger, SIGKILL), 0);
	assert_int_equal(waitpid(stranger, &status, 0), stranger);
}

/* A descriptor that nobody has announced, and bytes that are no message. */
static void
test_no_message(void **state)
{
	const uint32_t bad[4] = { TASK_HERE, 3, 0, 0 };

	(void)state;
	assert_int_equal(write(peer.fd, bad, sizeof(bad)), sizeof(bad));
	was_a_lie("message from task");
}

/* A task that has closed its channel and lives on. */
static void
test_out_of_reach(void **state)
{
	uint32_t number = task->number;
	int i;

	(void)state;
	assert_int_equal(shutdown(peer.fd, SHUT_RDWR), 0);
	for (i = 0; i < 300 && table_root != NULL; i++)
		turns(1);
	assert_null(table_root);
	assert_int_equal(told_exit(number), CAUSE_LIE);
}

/* It is ended between the two messages about a child: that ends, too. */
static void
test_birth_and_end(void **state)
{
	const struct task_born m = { SEQ, 7, 0, 0 };
	pid_t child = idle();
	int i;

	(void)state;
	sends(TASK_BORN, a_channel(), &m, sizeof(m));
	turns(1);
	assert_non_null(task->newborn);
	death_kill(task, CAUSE_STOPPED);
	sends(TASK_PIDFD, pidfd_of(child), &m, sizeof(m));
	for (i = 0; i < 100 && table_root != NULL; i++)
		turns(1);
	assert_null(table_root);
	assert_int_equal(kill(child, 0), -1);
}

/* Of task number the node was told these, in this order. */
static void
told(uint32_t number, const uint8_t *types, size_t count)
{
	static uint8_t buf[1 << 20];
	ssize_t n = read(frames, buf, sizeof(buf));
	size_t at = 0, i = 0;

	for (; n > 0 && at + 4 + WIRE_HEAD <= (size_t)n;
	     at += 4 + frame_32(buf + at)) {
		if (frame_32(buf + at + 5) != number)
			continue;
		assert_true(i < count);
		assert_int_equal(buf[at + 4], types[i++]);
	}
	assert_int_equal(i, count);
}

/* It catches a signal between the two: the node hears of it behind its birth.
 */
static void
test_early_signal(void **state)
{
	static const uint8_t both[] = { WIRE_BORN, WIRE_SIGNAL };
	const struct task_born m = { SEQ, 7, 0, 0 };
	const struct task_here here = { 7, 0 };
	const struct task_signal sig = { SIGUSR1, 0, { 0 } };
	struct imsgbuf young;
	uint32_t number;
	int fds[2];

	(void)state;
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	assert_int_equal(imsgbuf_init(&young, fds[1]), 0);
	sends(TASK_BORN, fds[0], &m, sizeof(m));
	turns(1);
	number = task->newborn->number;
	assert_int_equal(
	    imsg_compose(&young, TASK_HERE, 0, 0, -1, &here, sizeof(here)), 1);
	assert_int_equal(
	    imsg_compose(&young, TASK_SIGNAL, 0, 0, -1, &sig, sizeof(sig)), 1);
	assert_int_equal(imsgbuf_flush(&young), 0);
	turns(2);
	told(number, NULL, 0);
	sends(TASK_PIDFD, pidfd_of(idle()), &m, sizeof(m));
	turns(2);
	told(number, both, 2);
	(void)close(fds[1]);
	imsgbuf_clear(&young);
}

/* And if the second one does not come. */
static void
test_half_born(void **state)
{
	const struct task_born m = { SEQ, 7, 0, 0 };
	uint32_t number;
	int i;

	(void)state;
	sends(TASK_BORN, a_channel(), &m, sizeof(m));
	turns(1);
	number = task->newborn->number;
	assert_int_equal(kill(task_pid, SIGKILL), 0);
	for (i = 0; i < 100 && table_root != NULL; i++)
		turns(1);
	assert_null(table_root);
	/* The node was never told of it. */
	assert_int_equal(told_exit(number), -1);
}

/* What it may send, in one go: nothing of that is a lie. */
static void
test_truth(void **state)
{
	const struct task_signal sig = { SIGUSR1, 0, { 0 } };
	const struct task_exit nobody = { 99, 0, CLD_EXITED, 0, 0, 0, 0 };
	const struct task_reply reply = { SEQ, 0 };

	(void)state;
	sends(TASK_SIGNAL, -1, &sig, sizeof(sig));
	sends(TASK_EXIT, -1, &nobody, sizeof(nobody));
	sends(TASK_REPLY, -1, &reply, sizeof(reply));
	turns(3);
	assert_non_null(table_root);
	assert_string_equal(logged, "");
	assert_true(TAILQ_EMPTY(&task->asked));
}

static int
prepare(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	frames = fds[0];
	frame_init(open("/dev/null", O_RDONLY | O_CLOEXEC), fds[1]);
	evset_open();
	pidfd_init();
	assert_int_equal(proc_children_open(), 0);
	stream_setup(death_check);
	death_setup(stop_gone);
	(void)signal(SIGPIPE, SIG_IGN);
	return (0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_truth, begin, end),
		cmocka_unit_test_setup_teardown(test_lies, begin, end),
		cmocka_unit_test_setup_teardown(test_lost, begin, end),
		cmocka_unit_test_setup_teardown(test_stranger, begin, end),
		cmocka_unit_test_setup_teardown(test_birth_and_end, begin, end),
		cmocka_unit_test_setup_teardown(test_early_signal, begin, end),
		cmocka_unit_test_setup_teardown(test_half_born, begin, end),
		cmocka_unit_test_setup_teardown(test_no_message, begin, end),
		cmocka_unit_test_setup_teardown(test_out_of_reach, begin, end),
	};

	return (cmocka_run_group_tests(tests, prepare, NULL));
}
