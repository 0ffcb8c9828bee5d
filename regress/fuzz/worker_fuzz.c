/*
 * The worker: what priv and broker send, what children write and close, and
 * how the node reads. An input is steps. Pipes, terminals and the port are
 * real, libevent is events.c, and the node is node_view.c.
 */

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "compat/pty.h"
#include "events.h"
#include "fuzz.h"
#include "input.h"
#include "node_view.h"
#include "oracle.h"
#include "port_state.h"

int worker_main(int, char *[]);

/* Its loop, without what is before it. */
#define main worker_main
#include "../../worker/worker.c"
#undef main

#define PIDS 3
#define PID 100
#define LIMIT 4096 /* of stdin that waits */
#define SENT_MAX 64
#define WINDOW_LEAST 1000
#define ENOUGH 1000 /* turns in which all has to leave */

enum step {
	BIRTH,
	EXIT,
	WRITE,
	CLOSE,
	READ,
	NODE,
	FEED,
	ACK,
	SAYS,
	TIME,
	STEPS
};

static struct input *steps;
static int port[2];
static int deaf; /* the node reads nothing */
static int lied; /* who has sent something is broken */
static struct {
	uint32_t type;
	int fd;
	size_t len;
	uint8_t *data;
} sent[SENT_MAX]; /* by priv, and not read yet */
static int sent_first, sent_count;

/* What the worker begins with. */

void
ring_join(const char *who, int argc, char *argv[], struct ring_args *a)
{
	(void)who;
	(void)argc;
	(void)argv;
	(void)a;
	abort();
}

void
ring_drop(const struct ring_args *a)
{
	(void)a;
}

void
nofile_raise(void)
{
}

const char *const *
sandbox_worker(void)
{
	static const char *const none[] = { NULL };

	return (none);
}

int
hangup_open(int fd)
{
	(void)fd;
	return (-1);
}

int __wrap_clock_gettime(clockid_t, struct timespec *);

int
__wrap_clock_gettime(clockid_t which, struct timespec *ts)
{
	(void)which;
	ts->tv_sec = (time_t)(events_now / 1000);
	ts->tv_nsec = (long)(events_now % 1000) * 1000000;
	return (0);
}

/* Its channels. */

void
channel_init(struct channel *c, const char *peer, int fd, int passes_fds,
    const struct dispatch *table, size_t rows, void *arg)
{
	(void)c;
	(void)peer;
	(void)fd;
	(void)passes_fds;
	(void)table;
	(void)rows;
	(void)arg;
}

int
channel_read(struct channel *c)
{
	(void)c;
	return (1);
}

int
channel_write(struct channel *c)
{
	(void)c;
	return (0);
}

int
channel_queued(struct channel *c)
{
	(void)c;
	return (0);
}

void
channel_close(struct channel *c)
{
	(void)c;
}

void
channel_send(
    struct channel *c, uint32_t type, int fd, const void *data, size_t len)
{
	struct msg m = { .type = type, .data = data, .len = len, .fd = fd };

	if (c != &worker_priv || fd != -1 ||
	    oracle_unpack(type, data, len) == -1 || proto_unpack(&m) == -1)
		fuzz_wrong("priv would not believe this");
	if (type != IMSG_LOST && type != IMSG_DRAINED && type != IMSG_CUT &&
	    type != IMSG_IDLE && type != IMSG_SHUTDOWN)
		fuzz_wrong("priv would not take this");
}

/* One that priv has sent; the row is looked for in the worker's tables. */
int
channel_dispatch(struct channel *c, unsigned int state)
{
	struct msg m = { 0 };

	if (c != &worker_priv || sent_count == 0)
		return (0);
	m.type = sent[sent_first].type;
	m.fd = sent[sent_first].fd;
	m.data = sent[sent_first].data;
	m.len = sent[sent_first].len;
	if (oracle_dispatch(worker_priv_table, worker_priv_rows, state, &m) ==
	    -1) {
		lied = 1;
		if (m.fd != -1)
			(void)close(m.fd);
	}
	free(sent[sent_first].data);
	sent_first = (sent_first + 1) % SENT_MAX;
	sent_count--;
	return (1);
}

/* As aligned as what a channel reads, and no byte longer. */
static void
send_to(uint32_t type, int fd, const void *data, size_t len)
{
	int i = (sent_first + sent_count) % SENT_MAX;

	if (sent_count == SENT_MAX) {
		lied = 1;
		return;
	}
	sent[i].type = type;
	sent[i].fd = fd;
	sent[i].len = len;
	if ((sent[i].data = malloc(len + 1)) == NULL)
		abort();
	memcpy(sent[i].data, data, len);
	sent_count++;
}

static void
broker_sends(uint32_t type, const void *data, size_t len)
{
	struct msg m = { .type = type, .data = data, .len = len, .fd = -1 };

	if (!port_full() && oracle_dispatch(worker_broker_table,
				worker_broker_rows, 1, &m) == -1)
		lied = 1;
}

static void
turn(void)
{
	int i;

	(void)event_loop(EVLOOP_ONCE | EVLOOP_NONBLOCK);
	for (i = 0; i < 4 && worker_update_events() & EVLOOP_NONBLOCK; i++)
		continue;
}

/* Births and exits. */

static void
open_pipe(struct kid *k, int n, int *theirs)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) == -1)
		abort();
	k->ends[n] = fds[n != 0];
	*theirs = fds[n == 0];
}

static void
open_terminal(struct kid *k, uint32_t wanted, int theirs[3])
{
	char name[64];

	if ((theirs[1] = pty_open(name, sizeof(name))) == -1 ||
	    (theirs[2] = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC)) == -1 ||
	    (k->ends[1] = open(
		 name, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)) == -1)
		abort();
	if (wanted & 1)
		theirs[0] = fcntl(theirs[1], F_DUPFD_CLOEXEC, 0);
}

static int
new_kid(int32_t pid)
{
	int i;

	/* Its pid is nobody's, or that of one whose exit was told of. */
	for (i = 1; i <= KIDS; i++)
		if (kids[i].known && kids[i].pid == pid && !kids[i].exiting)
			return (0);
	for (i = 1; i <= KIDS; i++)
		if (!kids[i].known)
			return (i);
	return (0);
}

static void
send_streams(uint32_t id, uint32_t wanted, const int fds[3])
{
	struct msg_stream m;

	m.id = id;
	for (m.stream = 0; m.stream < 3; m.stream++)
		if (wanted & 1U << m.stream)
			send_to(IMSG_STREAM, fds[m.stream], &m, sizeof(m));
}

static void
birth(void)
{
	static const uint32_t ttys[] = { 0, 0, 0, 0, TTY_YES,
		TTY_YES | TTY_STDERR, TTY_YES | TTY_SILENT, 0 };
	struct msg_child m = { 0 };
	int fds[3] = { -1, -1, -1 }, i;
	uint8_t how = input_byte(steps);
	struct kid *k;

	m.pid = PID + input_byte(steps) % PIDS;
	if ((m.id = (uint32_t)new_kid(m.pid)) == 0)
		return;
	k = &kids[m.id];
	k->known = 1;
	k->pid = m.pid;
	m.tid = TID_FIRST + m.id;
	m.tty = ttys[how >> 3 & 7];
	m.streams = m.tty != 0 ? 6 | (how & 1) : how & 7;
	k->counted = m.tty == 0;
	if (how & 64) {
		m.window = input_number(steps) % (RUN_WINDOW_MAX / 2);
		/* A smaller one takes too many turns in the end. */
		m.window += m.window != 0 ? WINDOW_LEAST : 0;
		m.idle = m.streams & 6
			     ? input_number(steps) % (RUN_TIMEOUT_MAX + 1)
			     : 0;
		m.stdin_ack =
		    (uint32_t)(input_number(steps) % (RUN_WINDOW_MAX + 1));
	}
	m.linger = how & 128 && m.tty == 0 && m.streams & 6;
	if (m.tty != 0)
		open_terminal(k, m.streams, fds);
	for (i = 0; i < 3 && m.tty == 0; i++)
		if (m.streams & 1U << i)
			open_pipe(k, i, &fds[i]);
	/* A descriptor may get lost on its way. */
	if (how == 255 && fds[1] != -1) {
		(void)close(fds[1]);
		fds[1] = -1;
	}
	send_streams(m.id, m.streams, fds);
	send_to(IMSG_CHILD, -1, &m, sizeof(m));
}

static void
exit_of(int i, uint8_t how)
{
	struct msg_leaf_state used = { .op = LEAF_END };
	uint8_t buf[MSG_LEAF_STATE_MAX];
	struct msg_exit m = { 0 };
	struct kid *k = &kids[i];

	if (!k->known || k->exiting)
		return;
	k->exiting = 1;
	memcpy(k->owed, k->wrote, sizeof(k->owed));
	m.id = used.id = (uint32_t)i;
	m.status = m.raw = how & 1 ? -1 : how;
	m.reason = how % REASONS;
	m.killed = how >> 1 & 1;
	m.cut = how >> 2 & 1;
	if (how & 8)
		send_to(IMSG_LEAF_STATE, -1, buf,
		    proto_pack_leaf_state(buf, &used, "/x"));
	send_to(IMSG_EXIT, -1, &m, sizeof(m));
}

/* What children do. */

static void
child_writes(struct kid *k, int n, size_t len)
{
	uint8_t bytes[65536];
	size_t i;
	ssize_t done;

	if (len > sizeof(bytes))
		len = sizeof(bytes);
	for (i = 0; i < len; i++)
		bytes[i] = (uint8_t)(k->wrote[n] + i);
	done = write(k->ends[n + 1], bytes, len);
	if (done > 0)
		k->wrote[n] += (uint64_t)done;
}

static void
child_closes(struct kid *k, int n)
{
	if (k->ends[n] != -1)
		(void)close(k->ends[n]);
	k->ends[n] = -1;
}

static void
child_reads(struct kid *k, size_t len)
{
	uint8_t bytes[8192];

	if (len > sizeof(bytes))
		len = sizeof(bytes);
	if (k->ends[0] != -1 && read(k->ends[0], bytes, len) == -1)
		return;
}

/* What else there is to be said. */

static void
feeds(int32_t pid)
{
	static uint8_t buf[sizeof(struct msg_stdin) + MSG_STDIN_MAX];
	struct msg_stdin m = { pid, 0 };
	size_t len = (size_t)input_number(steps);

	memcpy(buf, &m, sizeof(m));
	if (len == 0)
		broker_sends(IMSG_STDIN_EOF, &m, sizeof(m));
	else
		broker_sends(IMSG_STDIN, buf,
		    sizeof(m) + (len > MSG_STDIN_MAX ? MSG_STDIN_MAX : len));
}

static void
acks(int32_t pid, uint32_t stream, uint64_t bytes)
{
	const struct msg_ack m = { pid, stream, bytes };

	broker_sends(IMSG_ACK, &m, sizeof(m));
}

static void
replies(void)
{
	uint8_t buf[MSG_REPLY_MAX];
	struct reply r = { 0 };
	char text[200];

	r.tid = input_byte(steps);
	r.code = input_byte(steps) % REPLY_CODES;
	r.stage = input_byte(steps) % STAGES;
	r.value = (int32_t)input_number(steps);
	r.level = input_byte(steps) % 3;
	r.text = input_text(steps, text, sizeof(text));
	send_to(IMSG_REPLY, -1, buf, proto_pack_reply(buf, &r));
}

static void
hello(void)
{
	struct {
		struct msg_hello m;
		char rest[4 + MSG_TEXT_MAX];
	} w = { { .users = { 0, 4, 1 } }, "www" };
	char text[200] = "x";

	w.m.tid = input_byte(steps);
	w.m.privilege = input_byte(steps) % PRIVILEGES;
	w.m.launcher = w.m.leaves = input_byte(steps) & 1;
	if (w.m.leaves)
		w.m.controllers = input_byte(steps) & 31;
	(void)input_text(steps, text + 1, sizeof(text) - 1);
	send_to(IMSG_HELLO_REPLY, -1, &w, proto_pack_hello(&w, &w.m, text));
}

/* A type, and what follows as it is. */
static void
says(void)
{
	uint32_t type = input_byte(steps) % (IMSG_PAUSE + 2);
	uint8_t buf[256 + sizeof(uint64_t)] = { 0 };
	const uint8_t *p;
	size_t len;

	if (type == IMSG_REPLY) {
		replies();
		return;
	}
	if (type == IMSG_HELLO_REPLY) {
		hello();
		return;
	}
	len = input_bytes(steps, 255, &p);
	memcpy(buf, p, len);
	/* These have a state of their own here. */
	if (type == IMSG_CHILD || type == IMSG_EXIT || type == IMSG_STREAM)
		return;
	send_to(type, -1, buf, len);
}

static void
step(enum step what)
{
	uint8_t which = input_byte(steps);
	struct kid *k = &kids[1 + which % KIDS];
	int n = which / KIDS & 1;

	switch (what) {
	case BIRTH:
		birth();
		break;
	case EXIT:
		exit_of(1 + which % KIDS, input_byte(steps));
		break;
	case WRITE:
		if (k->known && k->ends[n + 1] != -1)
			child_writes(k, n, (size_t)input_number(steps));
		break;
	case CLOSE:
		if (k->known)
			child_closes(k, which / KIDS % 3);
		break;
	case READ:
		if (k->known)
			child_reads(k, (size_t)input_number(steps));
		break;
	case NODE:
		if (!deaf)
			(void)node_reads(port[0], (size_t)input_number(steps));
		if (which == 255 && !deaf) {
			deaf = 1;
			(void)close(port[0]);
		}
		break;
	case FEED:
		feeds(PID + which % PIDS);
		break;
	case ACK:
		acks(PID + which % PIDS, 1U + (which & 1), input_number(steps));
		break;
	case SAYS:
		says();
		break;
	case TIME:
	case STEPS:
		events_now += (int64_t)which * which;
		break;
	}
}

void
fuzz_begin(void)
{
	(void)signal(SIGPIPE, SIG_IGN);
	feed_init(LIMIT);
	stream_init();
	stream_io_init();
	wchild_init();
	hello_init(LIMIT, sandbox_worker());
	worker_broker.open = worker_priv.open = 1;
	callback_set(&priv_event, -1, EV_READ | EV_PERSIST, NULL, NULL);
	callback_set(&priv_write_event, -1, EV_WRITE, NULL, NULL);
	callback_set(&broker_event, -1, EV_READ | EV_PERSIST, NULL, NULL);
	callback_set(&broker_timer, -1, 0, on_broker_late, &worker_broker);
}

static void
begin(uint8_t how)
{
	int i, n;

	if (pipe2(port, O_CLOEXEC | O_NONBLOCK) == -1)
		abort();
	port_init(port[1], how & 1 ? 4 : 2);
	node_begin(how & 1 ? 4 : 2);
	for (i = 1; i <= KIDS; i++)
		for (n = 0; n < 3; n++)
			kids[i].ends[n] = -1;
	term_native = 0;
	deaf = lied = 0;
	sent_first = sent_count = 0;
}

static int
somebody_is_left(void)
{
	uint32_t i;

	for (i = 1; i <= KIDS; i++)
		if (wchild_by_id(i) != NULL)
			return (1);
	return (sent_count > 0 || port_waiting());
}

/*
 * All end, and the node reads it all: then nobody is left. If it was lied to it
 * would have ended, but all that it has can leave still.
 */
static void
end(void)
{
	int i, n;

	for (n = 0; n < ENOUGH; n++) {
		for (i = 1; i <= KIDS && sent_count < SENT_MAX - 2; i++)
			exit_of(i, 0);
		for (i = 0; i < PIDS; i++) {
			acks(PID + i, 1, RUN_WINDOW_MAX);
			acks(PID + i, 2, RUN_WINDOW_MAX);
		}
		while (!deaf && node_reads(port[0], 1 << 20) > 0)
			continue;
		lied = 0;
		turn();
		if (n > KIDS && !somebody_is_left())
			break;
	}
	while (!deaf && node_reads(port[0], 1 << 20) > 0)
		continue;
	if (somebody_is_left())
		fuzz_wrong("a child or a message is left");
	for (i = 1; i <= KIDS; i++)
		if (!deaf && kids[i].told && !kids[i].over)
			fuzz_wrong("a child without an exit");
}

void
fuzz_one(const uint8_t *data, size_t len)
{
	struct input in = { data, len };
	int i, n;

	steps = &in;
	begin(input_byte(&in));
	while (in.left > 0 && !lied) {
		step((enum step)(input_byte(&in) % STEPS));
		turn();
	}
	end();
	for (i = 1; i <= KIDS; i++)
		for (n = 0; n < 3; n++)
			child_closes(&kids[i], n);
	(void)event_del(&broker_timer.ev);
	port_forget();
	(void)close(port[1]);
	if (!deaf)
		(void)close(port[0]);
}
