/*
 * proctor-worker: main and loop. Priv starts it with the port's writing end
 * on standard output and the channels at RING_PRIV_FD and RING_PEER_FD.
 */

#include <sys/resource.h>

#include <stdlib.h>
#include <unistd.h>

#include "compat/stream.h"
#include "log.h"
#include "ring_arg.h"
#include "sandbox.h"
#include "worker.h"

/* What the node may take, once priv is gone, to read what waits for it. */
#define LAST_WORDS 2 /* seconds */

struct channel worker_priv;
static struct channel worker_broker;
static struct event priv_event, priv_write_event, broker_event;
static int priv_gone;

#define FIXED(s) sizeof(struct s), sizeof(struct s)

static const struct dispatch priv_table[] = {
	{ IMSG_STREAM, "stream", FIXED(msg_stream), MSG_FD, 1, child_stream },
	{ IMSG_CHILD, "child", FIXED(msg_child), MSG_NOFD, 1, child_child },
	{ IMSG_EXIT, "exit", FIXED(msg_exit), MSG_NOFD, 1, child_exit },
	{ IMSG_REPLY, "reply", sizeof(struct msg_reply), MSG_REPLY_MAX,
	    MSG_NOFD, 1, reply_reply },
	{ IMSG_WINSZ, "winsz", FIXED(msg_winsz), MSG_NOFD, 1, pty_winsz },
	{ IMSG_PTYOPTS, "pty_opts", sizeof(struct msg_ptyopts),
	    sizeof(struct msg_ptyopts) + TTYMODES_MAX * sizeof(struct msg_mode),
	    MSG_NOFD, 1, pty_opts },
	{ IMSG_WELCOME, "welcome", sizeof(struct msg_welcome),
	    sizeof(struct msg_welcome) + WELCOME_USERS_MAX, MSG_NOFD, 1,
	    welcome_reply },
	{ IMSG_DOWN, "down", sizeof(struct msg_down), MSG_DOWN_MAX, MSG_NOFD, 1,
	    event_down },
	{ IMSG_PIDS, "pids", sizeof(struct msg_pids), MSG_MAX, MSG_NOFD, 1,
	    reply_pids },
};

static const struct dispatch broker_table[] = {
	{ IMSG_STDIN, "stdin", sizeof(struct msg_stdin),
	    sizeof(struct msg_stdin) + MSG_STDIN_MAX, MSG_NOFD, 1, feed_data },
	{ IMSG_ACK, "ack", FIXED(msg_ack), MSG_NOFD, 1, relay_ack },
	{ IMSG_STDIN_EOF, "stdin eof", FIXED(msg_stdin), MSG_NOFD, 1,
	    feed_eof },
};

/* Priv is heard as long as there is room for what it says. */
static int
priv_welcome(void)
{
	return (!port_full() && !child_held());
}

/* One round of what may have room by now; 0 if another is of no use. */
static int
settle_once(void)
{
	int more = 1; /* messages that priv_welcome() kept back */

	while (priv_welcome() && more)
		more = channel_dispatch(&worker_priv, 1);
	port_flush();
	relay_resume();
	port_flush();
	return ((relay_waiting() && port_free()) || (more && priv_welcome()));
}

/*
 * After any event: messages that had to wait, children that stand in line,
 * and the events that follow from what is full and what is not. How the loop
 * is to go on: without sleep if there is more.
 */
static int
worker_settle(void)
{
	int more = settle_once();

	/* What it sends has answers, too. */
	if (!worker_broker.open || port_full())
		(void)event_del(&broker_event);
	else if (!event_pending(&broker_event, EV_READ, NULL) &&
		 event_add(&broker_event, NULL) == -1)
		fatal("worker");
	if (priv_gone || !priv_welcome())
		(void)event_del(&priv_event);
	else if (!event_pending(&priv_event, EV_READ, NULL) &&
		 event_add(&priv_event, NULL) == -1)
		fatal("worker");
	if (!priv_gone && channel_queued(&worker_priv) > 0 &&
	    event_add(&priv_write_event, NULL) == -1)
		fatal("worker");
	return (more ? EVLOOP_ONCE | EVLOOP_NONBLOCK : EVLOOP_ONCE);
}

static void
on_priv(int fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	if (channel_read(&worker_priv) == 0)
		priv_gone = 1;
}

static void
on_priv_writable(int fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	if (channel_write(&worker_priv) == -1)
		priv_gone = 1;
}

/* The broker ends before us whenever the node does: no reason to follow. */
static void
on_broker(int fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	if (channel_read(&worker_broker) == 0) {
		(void)event_del(&broker_event);
		channel_close(&worker_broker);
		return;
	}
	while (channel_dispatch(&worker_broker, 1))
		continue;
}

static void
worker_limits(void)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) == -1)
		fatal("limit of descriptors");
	rl.rlim_cur = rl.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &rl) == -1)
		log_warn("limit of descriptors");
}

static void
on_timeout(int fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	*(int *)arg = 1;
}

/* Priv has said its last: what waits may still leave, but not for ever. */
static void
worker_last_words(void)
{
	struct timeval tv = { LAST_WORDS, 0 };
	struct event timer;
	int over = 0, how = EVLOOP_ONCE;

	evtimer_set(&timer, on_timeout, &over);
	(void)evtimer_add(&timer, &tv);
	while ((port_waiting() || relay_waiting()) && !over) {
		if (event_loop(how) != 0)
			break;
		how = worker_settle();
	}
}

int
main(int argc, char *argv[])
{
	struct ring_args args;
	int how = EVLOOP_ONCE;

	ring_join("worker", argc, argv, &args);
	worker_limits();
	stream_init(1);
	stream_tick_init();
	if (event_init() == NULL)
		fatal("libevent");
	port_init(STDOUT_FILENO, args.packet);
	feed_init(args.stdin_limit);
	welcome_init(args.stdin_limit);
	channel_init(&worker_priv, "priv", RING_PRIV_FD, 1, priv_table,
	    sizeof(priv_table) / sizeof(priv_table[0]), NULL);
	channel_init(&worker_broker, "broker", RING_PEER_FD, 0, broker_table,
	    sizeof(broker_table) / sizeof(broker_table[0]), NULL);
	event_set(
	    &priv_event, RING_PRIV_FD, EV_READ | EV_PERSIST, on_priv, NULL);
	event_set(
	    &priv_write_event, RING_PRIV_FD, EV_WRITE, on_priv_writable, NULL);
	event_set(
	    &broker_event, RING_PEER_FD, EV_READ | EV_PERSIST, on_broker, NULL);
	if (event_add(&priv_event, NULL) == -1 ||
	    event_add(&broker_event, NULL) == -1)
		fatal("libevent");
	ring_drop(&args);
	sandbox_worker();
	while (!priv_gone || !priv_welcome()) {
		if (event_loop(how) == -1)
			fatal("libevent");
		how = worker_settle();
	}
	worker_last_words();
	port_end();
	return (EXIT_CLEAN);
}
