/*
 * proctor-worker: main and loop. Priv starts it with the port's writing end
 * on standard output and the channels at RING_PRIV_FD and RING_PEER_FD.
 */

#include <unistd.h>

#include "compat/hangup.h"
#include "compat/stream.h"
#include "log.h"
#include "nofile.h"
#include "ring_arg.h"
#include "sandbox.h"
#include "worker.h"

/* What the node may take, once priv is gone, to read what waits for it. */
#define LAST_WORDS 2 /* seconds */

/* What the broker may take to say that the node is gone. */
#define BROKER_MAX 5 /* seconds */

static struct channel worker_broker;
static struct callback priv_event, priv_write_event, broker_event;
static struct callback hangup_event, broker_timer;
static int priv_gone;

/* Priv is read as long as there is room for what it sends. */
static int
priv_may_read(void)
{
	return (!port_full() && !wchild_waits_for_pid());
}

/* One round of what may have room by now; 0 if another is of no use. */
static int
worker_drain(void)
{
	int more = 1; /* messages that priv_may_read() kept back */

	while (priv_may_read() && more)
		more = channel_dispatch(&worker_priv, 1);
	port_flush();
	relay_serve();
	port_flush();
	return (
	    (relay_waiting() && !port_waiting()) || (more && priv_may_read()));
}

static void
worker_watch(struct callback *c, int want)
{
	if (!want)
		(void)event_del(&c->ev);
	else if (!event_pending(&c->ev, EV_READ, NULL) &&
		 event_add(&c->ev, NULL) == -1)
		fatal("watching a channel");
}

/*
 * Nobody reads the port any more. The broker hears it, too: what it has read
 * before has its turn, it tells priv, and it ends. One that does not was taken
 * over, or is held.
 */
static void
on_hangup(void *arg)
{
	static const struct timeval tv = { BROKER_MAX, 0 };
	static int heard;
	struct callback *late = arg;

	if (!heard++ && event_add(&late->ev, &tv) == -1)
		fatal("waiting for the broker");
}

static void
on_broker_late(void *arg)
{
	const struct channel *broker = arg;

	if (!broker->open || priv_gone)
		return;
	log_warnx("nobody reads the port, and the broker has not said so");
	notify_shutdown(EXIT_CLEAN);
}

static void
hangup_init(void)
{
	int fd = hangup_open(STDOUT_FILENO);

	callback_set(&broker_timer, -1, 0, on_broker_late, &worker_broker);
	callback_set(&hangup_event, fd, EV_READ, on_hangup, &broker_timer);
	if (fd != -1 && event_add(&hangup_event.ev, NULL) == -1)
		fatal("watching the port's end");
}

/*
 * After any event: messages that had to wait, streams that are queued, and the
 * events that follow from what is full and what is not. How the loop is to go
 * on: without sleep if there is more.
 */
static int
worker_update_events(void)
{
	int more = worker_drain();

	if (port_dead())
		on_hangup(&broker_timer);
	/* Its requests cause replies as well. */
	worker_watch(&broker_event, worker_broker.open && !port_full());
	worker_watch(&priv_event, !priv_gone && priv_may_read());
	if (!priv_gone && channel_queued(&worker_priv) > 0 &&
	    event_add(&priv_write_event.ev, NULL) == -1)
		fatal("watching priv");
	return (more ? EVLOOP_ONCE | EVLOOP_NONBLOCK : EVLOOP_ONCE);
}

/* Only read: worker_drain() handles as much as there is room for. */
static void
worker_dispatch_priv(void *arg)
{
	struct channel *priv = arg;

	if (channel_read(priv) == 0)
		priv_gone = 1;
}

static void
worker_write_priv(void *arg)
{
	struct channel *priv = arg;

	if (channel_write(priv) == -1)
		priv_gone = 1;
}

/* The broker ends before us whenever the node does: no reason to follow. */
static void
worker_dispatch_broker(void *arg)
{
	struct channel *broker = arg;

	if (channel_read(broker) == 0) {
		(void)event_del(&broker_event.ev);
		channel_close(broker);
		return;
	}
	while (channel_dispatch(broker, 1))
		continue;
}

static void
on_timeout(void *arg)
{
	int *over = arg;

	*over = 1;
}

/* Priv is gone: what waits may still leave, but not for ever. */
static void
worker_last_words(void)
{
	struct timeval tv = { LAST_WORDS, 0 };
	struct callback timer;
	int over = 0, how = EVLOOP_ONCE;

	callback_set(&timer, -1, 0, on_timeout, &over);
	(void)event_add(&timer.ev, &tv);
	while ((port_waiting() || relay_waiting()) && !over) {
		if (event_loop(how) != 0)
			break;
		how = worker_update_events();
	}
}

int
main(int argc, char *argv[])
{
	struct ring_args args;
	int how = EVLOOP_ONCE;

	ring_join("worker", argc, argv, &args);
	nofile_raise();
	stream_init();
	stream_io_init();
	if (event_init() == NULL)
		fatal("event_init");
	port_init(STDOUT_FILENO, args.packet);
	hangup_init();
	feed_init(args.stdin_limit, RING_MOVED_FD);
	wchild_init();
	channel_init(&worker_priv, "priv", RING_PRIV_FD, 1, worker_priv_table,
	    worker_priv_rows, NULL);
	channel_init(&worker_broker, "broker", RING_PEER_FD, 0,
	    worker_broker_table, worker_broker_rows, NULL);
	callback_set(&priv_event, RING_PRIV_FD, EV_READ | EV_PERSIST,
	    worker_dispatch_priv, &worker_priv);
	callback_set(&priv_write_event, RING_PRIV_FD, EV_WRITE,
	    worker_write_priv, &worker_priv);
	callback_set(&broker_event, RING_PEER_FD, EV_READ | EV_PERSIST,
	    worker_dispatch_broker, &worker_broker);
	if (event_add(&priv_event.ev, NULL) == -1 ||
	    event_add(&broker_event.ev, NULL) == -1)
		fatal("event_add");
	ring_drop(&args);
	hello_init(args.stdin_limit, sandbox_worker());
	while (!priv_gone || !priv_may_read()) {
		if (event_loop(how) == -1)
			fatal("event_loop");
		how = worker_update_events();
	}
	worker_last_words();
	port_end();
	return (EXIT_CLEAN);
}
