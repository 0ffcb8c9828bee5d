/*
 * What imsg.c and imsg-channel.c share, and nobody else includes.
 */

#ifndef IMSG_CHANNEL_H
#define IMSG_CHANNEL_H

#include "imsg.h"

#define IMSG_FD_MARK 0x80000000U /* in len: a descriptor comes with it */
#define IMSG_FD_PENDING 16
#define IMSG_READ_MAX (1U << 20) /* bytes read ahead of any message */
#define IMSG_READ_KEEP 65536 /* and those that imsgbuf_shrink() leaves */

/*
 * A descriptor whose message has not been taken yet, and the stretch of the
 * stream that the same recvmsg returned.  The sender attaches it to the first
 * byte of its message and the kernel returns it with that byte, perhaps behind
 * bytes sent earlier, perhaps before the rest of the header, but never
 * together with the next message's descriptor.  So it belongs to the announcing
 * message that starts inside the stretch; should the kernel lose it at our
 * descriptor limit, that message alone goes without.
 */
struct pending {
	uint64_t start;
	uint64_t end;
	int fd;
};

struct imsg_channel {
	TAILQ_HEAD(, ibuf) queue; /* to be written */
	uint32_t queuelen;
	uint32_t maxsize;
	pid_t pid;
	int fdpass;
	int nowait; /* see imsgbuf_nowait() */
	unsigned char *buf; /* read and not taken: rpos to wpos */
	size_t size;
	size_t rpos;
	size_t wpos;
	size_t high; /* the highest wpos since the memory was taken */
	uint64_t taken; /* where in the stream rpos is */
	struct pending pending[IMSG_FD_PENDING]; /* in the stream's order */
	size_t npending;
	int unasked; /* see imsgbuf_unasked() */
	int stuck; /* see imsgbuf_stuck() */
	int64_t refused; /* ms; since when descriptors are, or 0 */
};

/* Room for size bytes from the peer; 0 or -1. */
int read_resize(struct imsg_channel *, size_t size);

int pending_take(struct imsg_channel *);
void pending_expire(struct imsg_channel *);

/* Bound what can be sent through this socket ahead of its reader. */
void flight_init(int s);

/* Has the socket room for one more descriptor?  If not, wait for POLLOUT. */
int flight_room(int s);

/* The system has refused the message at the head of the queue, for now. */
void flight_refused(struct imsg_channel *);

#endif
