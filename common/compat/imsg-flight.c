/*
 * Descriptors on their way: sent, and not read. The system counts them for the
 * user of whoever has sent them, and refuses more than that may have open;
 * all others of that user cannot send any then. So few are sent ahead of a peer
 * that does not read, and a refusal is waited out, but not for ever.
 */

#include <sys/socket.h>

#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "compat/imsg_send.h"
#include "imsg-channel.h"

/*
 * Room for about 70 descriptors with their messages, as the system counts it:
 * it calls a socket writable while a quarter is in use at most.
 */
#define FLIGHT_ROOM 212992

#define FLIGHT_WAIT 2000 /* ms that refusals are waited out */

/* Where sockets have more room than that this one has not. */
void
flight_init(int s)
{
	int room;
	socklen_t len = sizeof(room);

	if (getsockopt(s, SOL_SOCKET, SO_SNDBUF, &room, &len) == -1 ||
	    room <= FLIGHT_ROOM)
		return;
	room = FLIGHT_ROOM / 2; /* the system doubles it */
	(void)setsockopt(s, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
}

/* Can one more be sent? If not, poll(2) tells when. */
int
flight_room(int s)
{
	struct pollfd pfd = { .fd = s, .events = POLLOUT };

	return (poll(&pfd, 1, 0) != 0);
}

static int64_t
now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return ((int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000);
}

/*
 * The message goes without its descriptor, and says so: or else the peer would
 * give it the next that comes.
 */
static void
flight_lose(struct ibuf *msg)
{
	uint32_t len = (uint32_t)ibuf_size(msg);

	(void)close(msg->fd);
	msg->fd = -1;
	memcpy(msg->buf + offsetof(struct imsg_hdr, len), &len, sizeof(len));
}

/* The head of the queue was refused. Once it took too long, all are lost. */
void
flight_refused(struct imsg_channel *ch)
{
	struct ibuf *msg = TAILQ_FIRST(&ch->queue);
	int64_t now = now_ms();

	if (ch->refused == 0)
		ch->refused = now;
	if (msg->fd != -1 && now - ch->refused > FLIGHT_WAIT)
		flight_lose(msg);
	else
		ch->stuck = 1;
}

int
imsgbuf_stuck(const struct imsgbuf *imsgbuf)
{
	return (imsgbuf->ch->stuck);
}
