/*
 * The one way from a channel to a handler. A process has a table for each
 * of its channels; a message that the table does not list, that is too short
 * or too long for its row, that comes in a state its row does not allow, or
 * that carries a descriptor where none belongs means that the sender is
 * broken or taken over: fatal.
 */

#ifndef DISPATCH_H
#define DISPATCH_H

#include <sys/types.h>

#include <stdint.h>

#include <imsg.h>

enum dispatch_fd {
	MSG_NOFD,
	MSG_FD /* may still arrive as -1: out of descriptors */
};

struct dispatch {
	uint32_t type;
	const char *name;
	size_t min; /* bytes of payload */
	size_t max;
	enum dispatch_fd fd;
	unsigned int states; /* a bit each, as the process numbers them */
	/*
	 * 0, or -1 if the payload is not what pack makes. Owns fd. The data
	 * live until the handler returns.
	 */
	int (*handler)(void *, const void *data, size_t len, int fd);
};

struct channel {
	const char *peer; /* whom it leads to, for the log */
	struct imsgbuf ibuf;
	const struct dispatch *table;
	size_t rows;
	void *arg; /* for the handlers */
	int open;
};

/* fd becomes the channel's; messages of up to MSG_MAX. Fatal on failure. */
void channel_init(struct channel *, const char *peer, int fd, int passes_fds,
    const struct dispatch *, size_t rows, void *arg);
void channel_close(struct channel *);

/*
 * The same for a peer that may have sent descriptors which nobody has read:
 * one of them may be a socket that lingers, and close(2) would wait for it. The
 * channel is of no use to either side from here on, and its descriptor stays
 * until we end: then the kernel closes it, and waits for nothing.
 */
void channel_shut(struct channel *);

/* Read once. 1 go on, 0 the peer closed it or it broke: the channel is open
 * still and what came before can be dispatched. */
int channel_read(struct channel *);

/* Handle one message that was read. 1 done, 0 there is none. */
int channel_dispatch(struct channel *, unsigned int state);

/* Write what is queued. 0, or -1 if the peer is gone. */
int channel_write(struct channel *);

/*
 * Queue a message; fatal if there is no memory. fd -1 for none, else the
 * channel's from now on. On a closed channel it is dropped.
 */
void
channel_send(struct channel *, uint32_t type, int fd, const void *, size_t);
void channel_send2(struct channel *, uint32_t type, const void *head,
    size_t headlen, const void *, size_t);

#endif
