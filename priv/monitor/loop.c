/*
 * The loop of priv: see loop.h.
 */

#include <poll.h>
#include <signal.h>
#include <stdlib.h>

#include "signals.h"
#include "timer.h"
#include "log.h"
#include "proto.h"

#include "monitor/channels.h"
#include "monitor/launch.h"
#include "monitor/contain.h"
#include "monitor/keep.h"
#include "monitor/loop.h"
#include "monitor/phase.h"
#include "monitor/reply.h"
#include "monitor/ring.h"
#include "monitor/stop.h"
#include "monitor/stray.h"
#include "monitor/watch.h"

/* Above these the broker is not read, and the node has to wait. */
#define WAITING_MAX 64
#define WORKER_QUEUE_MAX 1024
#define WORKER_BYTES_MAX (256UL * 1024)

/* The launchers come last, as many as there are. */
enum { POLL_BROKER, POLL_WORKER, POLL_KEEPER, POLL_CHILDREN, POLL_LAUNCHERS };

static int broker_ended;

static int
worker_has_room(void)
{
	return (channel_queued(&worker_channel) < WORKER_QUEUE_MAX &&
		channel_ahead(&worker_channel) < WORKER_BYTES_MAX);
}

static int
broker_may_read(void)
{
	return (broker_channel.open && reply_waiting() < WAITING_MAX &&
		!launch_busy() && !keep_busy() && worker_has_room());
}

/*
 * What was read and could not be handled before waits in the channel. 1 or 0:
 * can there be more, for which there is no room?
 */
static int
priv_dispatch_broker(void)
{
	int more = 1;

	while (phase_now() == PHASE_RUN && more && broker_may_read())
		more = channel_dispatch(&broker_channel, phase_state());
	if (phase_now() != PHASE_RUN)
		channel_close(&broker_channel);
	else if (broker_ended && broker_may_read()) {
		log_warnx("the broker has died");
		channel_close(&broker_channel);
		stop_all(EXIT_RING);
	}
	return (more && phase_now() == PHASE_RUN);
}

/*
 * A broker that has gone while it could not be heard: the node is gone, or
 * it has died; its exit status will tell. Its requests are nobody's now.
 */
static void
broker_read(const struct pollfd *pfd)
{
	if (broker_may_read())
		broker_ended = !channel_read(&broker_channel);
	else if (pfd->revents & (POLLHUP | POLLERR))
		stop_all(EXIT_CLEAN);
}

/* The worker, or the keeper. */
static void
ring_died(struct channel *c)
{
	if (!c->open)
		return;
	log_warnx("the %s has died", c->peer);
	if (c == &keeper_channel) {
		channel_shut(c);
		contain_lost();
	} else
		channel_close(c);
	stop_all(EXIT_RING);
}

/* What waits for it leaves, as far as there is room. */
static void
ring_write(struct channel *c)
{
	if (channel_queued(c) > 0 && channel_write(c) == -1)
		ring_died(c);
}

static void
ring_dispatch(struct channel *c, const struct pollfd *pfd)
{
	int alive = 1;

	if (pfd->revents & (POLLIN | POLLHUP | POLLERR)) {
		alive = channel_read(c);
		while (channel_dispatch(c, phase_state()))
			continue;
	}
	if (!alive)
		ring_died(c);
}

static void
loop_signalled(void)
{
	int end, child;

	end = signals_got(SIGTERM);
	end |= signals_got(SIGINT);
	end |= signals_got(SIGHUP);
	if (end)
		stop_all(EXIT_CLEAN);
	child = signals_got(SIGCHLD);
	watch_signal(child);
	if (child)
		ring_check();
}

static int
earlier(int a, int b)
{
	if (a == -1 || b == -1)
		return (a == -1 ? b : a);
	return (a < b ? a : b);
}

/*
 * What the broker asks, as long as there is room for the answers: they leave
 * meanwhile, and what makes room for more wakes nobody.
 */
static void
loop_serve(void)
{
	int more;

	do {
		more = priv_dispatch_broker();
		launch_send();
		contain_tell(worker_has_room);
		stop_check();
		/* The keeper last: little of that is waited for. */
		ring_write(&worker_channel);
		ring_write(&keeper_channel);
	} while (more && broker_may_read());
}

static void
loop_once(struct pollfd *pfd)
{
	int ready, wait;

	/* Nothing is ever queued for the broker. */
	(void)channel_poll(
	    &pfd[POLL_BROKER], &broker_channel, broker_may_read());
	wait = channel_poll(&pfd[POLL_WORKER], &worker_channel, 1);
	wait =
	    earlier(wait, channel_poll(&pfd[POLL_KEEPER], &keeper_channel, 1));
	pfd[POLL_CHILDREN].fd = watch_fd();
	pfd[POLL_CHILDREN].events = POLLIN;
	pfd[POLL_CHILDREN].revents = 0;
	wait = earlier(wait, launch_poll(&pfd[POLL_LAUNCHERS]));
	ready = signals_poll(
	    pfd, POLL_LAUNCHERS + launch_count(), earlier(wait, timer_wait()));
	loop_signalled();
	if (ready > 0) {
		if (pfd[POLL_CHILDREN].revents != 0)
			watch_dispatch();
		if (pfd[POLL_BROKER].revents != 0)
			broker_read(&pfd[POLL_BROKER]);
		ring_dispatch(&keeper_channel, &pfd[POLL_KEEPER]);
		launch_dispatch(&pfd[POLL_LAUNCHERS]);
		ring_dispatch(&worker_channel, &pfd[POLL_WORKER]);
		ring_write(&worker_channel);
	}
	stray_check();
	timer_run();
	/*
	 * Last, so that what the others said counts for what the broker asks,
	 * and each time, as what was read before may have room now.
	 */
	loop_serve();
}

int
loop_run(void)
{
	struct pollfd *pfd;

	pfd = calloc(POLL_LAUNCHERS + launch_count(), sizeof(*pfd));
	if (pfd == NULL)
		fatal("no memory for the loop");
	while (phase_now() != PHASE_DONE)
		loop_once(pfd);
	free(pfd);
	return (phase_status());
}
