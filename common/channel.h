/*
 * Channels between the processes: messages of proto.h over a socketpair, with
 * descriptors where they are allowed. What comes in is handled by way of
 * dispatch.h only.
 */

#ifndef CHANNEL_H
#define CHANNEL_H

#include <sys/types.h>

#include <poll.h>
#include <stdint.h>

#include <imsg.h>

struct dispatch;

struct channel {
	const char *peer; /* whom it leads to, for the log */
	struct imsgbuf ibuf;
	const struct dispatch *table; /* what the peer may send */
	size_t rows;
	void *arg; /* for the handlers */
	size_t ahead; /* bytes that were queued since nothing was */
	int open;
};

/*
 * Set up one end. fd becomes the channel's, and so do table and peer, which
 * live as long as it does. Messages may have up to MSG_MAX bytes. passes_fds:
 * descriptors may pass, both ways. Fatal on failure.
 */
void channel_init(struct channel *, const char *peer, int fd, int passes_fds,
    const struct dispatch *table, size_t rows, void *arg);

/*
 * Drop what is queued and close the descriptor. The channel may be asked
 * afterwards, and is closed: nothing comes, and what is sent is dropped.
 */
void channel_close(struct channel *);

/*
 * The same for a peer that may have sent descriptors which nobody has read:
 * one of them may be a socket that lingers, and close(2) would wait for it. The
 * channel is of no use to either side from here on, and its descriptor stays
 * until we end: then the kernel closes it, and waits for nothing.
 */
void channel_shut(struct channel *);

/*
 * Read once. 1 go on; 0 the peer closed it or it broke, or it is closed: what
 * came before can be dispatched still.
 */
int channel_read(struct channel *);

/* Write what is queued. 0, or -1 if the peer is gone or it is closed. */
int channel_write(struct channel *);

/* How many messages wait to be written; 0 if it is closed. */
int channel_queued(struct channel *);

/* Bytes of messages that may wait to be written: more than do, or as many. */
size_t channel_ahead(struct channel *);

/*
 * Fill in pfd for poll(2). want 0: learn only that the peer hung up. Whether
 * there is room to write is asked for if something is queued. How long to
 * sleep at most, in ms, where poll(2) cannot tell when that can be written,
 * or -1.
 */
int channel_poll(struct pollfd *pfd, struct channel *, int want);

/*
 * Queue a copy of a message; fatal if there is no memory. fd -1 for none, else
 * the channel's from now on. On a closed channel it is dropped.
 */
void
channel_send(struct channel *, uint32_t type, int fd, const void *, size_t);

/* The same of a message in two pieces, without a descriptor. */
void channel_send2(struct channel *, uint32_t type, const void *head,
    size_t headlen, const void *, size_t);

#endif
