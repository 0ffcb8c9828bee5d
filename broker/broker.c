/*
 * proctor-broker: main and loop. Priv starts it with the port's reading end
 * on standard input and the channels at RING_PRIV_FD and RING_PEER_FD.
 */

#include <sys/stat.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "broker.h"
#include "compat/splice.h"
#include "dispatch.h"
#include "log.h"
#include "starved.h"
#include "ring_arg.h"
#include "sandbox.h"

/* Messages that may wait for a slow peer before the node is not read. */
#define QUEUE_MAX 64

/*
 * Bytes that may wait for the worker: what the socket has not taken of a large
 * message, or many small ones that leave together. So little is queued that
 * the memory for it is always the same.
 */
#define AHEAD_MAX 65536

/* The same of requests for priv, one of which may be large. */
#define ASKED_MAX (2 * (size_t)MSG_MAX)

/* What the node may write ahead, so that it need not wait for us so often. */
#define PORT_PIPE (256UL * 1024)

static struct channel broker_priv, broker_worker;
static void broker_shutdown(int) __attribute__((__noreturn__));

/* What may be moved ahead: a child's window, and what its pages waste. */
#define MOVED_PIPE (512UL * 1024)
#define MOVED_PIPE_MIN 65536

/* Bytes of stdin, to the worker's pipe; until that is said. */
static int movable;
static size_t ahead; /* bytes read since nothing waited for the worker */
static size_t asked; /* bytes of requests since nothing waited for priv */

static void
send_shutdown(int status)
{
	struct msg_request m = { 0 };

	m.arg = status;
	channel_send(&broker_priv, IMSG_SHUTDOWN, -1, &m, sizeof(m));
}

static void
broker_shutdown(int status)
{
	struct pollfd pfd;
	int wait;

	send_shutdown(status);
	while (channel_queued(&broker_priv) > 0) {
		wait = channel_poll(&pfd, &broker_priv, 0);
		if (poll(&pfd, 1, wait) == -1 && errno != EINTR &&
		    !starved(errno))
			break;
		if (channel_write(&broker_priv) == -1)
			break;
	}
	exit(EXIT_CLEAN);
}

static int
ring_room(void)
{
	if (channel_queued(&broker_worker) == 0)
		ahead = 0;
	if (channel_queued(&broker_priv) == 0)
		asked = 0;
	return (channel_queued(&broker_priv) < QUEUE_MAX &&
		channel_queued(&broker_worker) < QUEUE_MAX &&
		ahead < AHEAD_MAX && asked < ASKED_MAX);
}

/* Handle what was read, as long as the ring takes it: is there more? */
static int
broker_dispatch_node(void)
{
	struct frame f;

	while (ring_room()) {
		switch (frame_next(&f)) {
		case FRAME_NONE:
			return (0);
		case FRAME_STDIN:
			request_stdin(f.pid, f.data, f.len);
			break;
		case FRAME_MOVED:
			request_moved(f.pid, f.len);
			continue;
		case FRAME_WHOLE:
			if (request_handle(f.data, f.len) == -1)
				broker_shutdown(EXIT_PEER);
			asked += f.len;
			if (movable && request_may_move()) {
				frame_moves(STDIN_FILENO, RING_MOVED_FD);
				movable = 0;
			}
			break;
		case FRAME_TOOBIG:
			log_warnx("the node sent a frame that is too large");
			broker_shutdown(EXIT_PEER);
		}
		ahead += f.len;
	}
	return (1);
}

/* An end of the port is the node's wish; an error of it is not. */
static void
broker_read_node(void)
{
	switch (frame_read(STDIN_FILENO)) {
	case 0:
		(void)broker_dispatch_node();
		broker_shutdown(EXIT_CLEAN);
	case -1:
		log_warn("the port cannot be read");
		broker_shutdown(EXIT_PEER);
	default:
		break;
	}
}

/* No process of the ring has anything to send to the broker but its end. */
static void
broker_dispatch_ring(struct channel *c, const struct pollfd *pfd)
{
	if (pfd->revents & (POLLIN | POLLHUP | POLLERR)) {
		if (channel_read(c) == 0)
			exit(EXIT_CLEAN);
		while (channel_dispatch(c, 1))
			continue;
	}
	if (channel_queued(c) > 0 && channel_write(c) == -1)
		exit(EXIT_CLEAN);
}

/* All that was read leaves before the next sleep, as far as it can. */
static void
broker_drain(void)
{
	int more;

	do {
		more = broker_dispatch_node();
		if (channel_write(&broker_priv) == -1 ||
		    channel_write(&broker_worker) == -1)
			exit(EXIT_CLEAN);
	} while (more && ring_room());
}

/* Sleep until there is something to do, and do it. */
static void
broker_once(void)
{
	struct pollfd pfd[3];
	int room, wait, other;

	/* What is left of the last read may have room by now. */
	broker_drain();
	room = ring_room();
	pfd[0].fd = STDIN_FILENO;
	pfd[0].events = (short)(room ? POLLIN : 0);
	wait = channel_poll(&pfd[1], &broker_priv, 1);
	if ((other = channel_poll(&pfd[2], &broker_worker, 1)) != -1)
		wait = other;
	if (poll(pfd, 3, wait) == -1) {
		if (errno == EINTR || starved(errno))
			return;
		fatal("poll");
	}
	/*
	 * The node has gone while it could not be read. If priv does not
	 * listen, our end tells it.
	 */
	if (!room && pfd[0].revents & (POLLHUP | POLLERR)) {
		send_shutdown(EXIT_CLEAN);
		(void)channel_write(&broker_priv);
		exit(EXIT_CLEAN);
	}
	if (room && pfd[0].revents != 0)
		broker_read_node();
	broker_dispatch_ring(&broker_priv, &pfd[1]);
	broker_dispatch_ring(&broker_worker, &pfd[2]);
}

int
main(int argc, char *argv[])
{
	struct ring_args args;

	ring_join("broker", argc, argv, &args);
	frame_init(args.packet);
	(void)splice_size(STDIN_FILENO, PORT_PIPE);
	movable = splice_able(STDIN_FILENO) &&
		  splice_size(RING_MOVED_FD, MOVED_PIPE) >= MOVED_PIPE_MIN;
	channel_init(&broker_priv, "priv", RING_PRIV_FD, 0, NULL, 0, NULL);
	channel_init(&broker_worker, "worker", RING_PEER_FD, 0, NULL, 0, NULL);
	request_init(&broker_priv, &broker_worker);
	ring_drop(&args);
	sandbox_broker();
	for (;;)
		broker_once();
}
