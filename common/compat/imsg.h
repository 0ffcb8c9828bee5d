/*
 * imsg for systems whose C library has none: typed messages, some of them
 * with a descriptor, over a stream socketpair between processes that do not
 * trust one another.  The names and contracts are those of OpenBSD 7.8's
 * libutil, whose own header is used there; of its functions there are those
 * that are called.
 *
 * The peer is never believed.  A length is checked before a byte is allocated
 * for it, a descriptor that no message announces is closed, and what a getter
 * cannot prove to be there it does not read.  What a message means is for its
 * reader to check: type, id and pid are only what the sender wrote.
 *
 * Unless said otherwise a function returns 0, or -1 with errno set; one that
 * allocates may fail with ENOMEM.  The members of the structures are private,
 * but for imsgbuf.fd.  Nothing here is safe to share between threads.
 */

#ifndef IMSG_H
#define IMSG_H

#include <sys/types.h>
#include <sys/queue.h>
#include <sys/uio.h>

#include <stddef.h>
#include <stdint.h>

#define IMSG_HEADER_SIZE 16
#define MAX_IMSGSIZE 16384 /* header and payload, unless set otherwise */

/*
 * Bytes with two cursors: written up to wpos, read up to rpos.  One that was
 * made by ibuf_open owns its memory; one that was filled in by
 * ibuf_from_buffer or imsg_get_ibuf is a view: it owns nothing, cannot be
 * added to and must not be given to ibuf_free.
 */
struct ibuf {
	TAILQ_ENTRY(ibuf) entry;
	unsigned char *buf;
	size_t size; /* allocated */
	size_t wpos;
	size_t rpos;
	int fd; /* to be sent with it, or -1 */
};

/* The header as it is on the wire, in host order; len counts the header. */
struct imsg_hdr {
	uint32_t type;
	uint32_t len;
	uint32_t peerid;
	uint32_t pid;
};

/* A received message.  One of all zeroes is empty and holds nothing. */
struct imsg {
	struct imsg_hdr hdr;
	struct ibuf payload; /* a view of the channel's memory */
	int fd;
	int has_fd;
};

struct imsg_channel;

/* One end of a channel.  It may be moved in memory. */
struct imsgbuf {
	struct imsg_channel *ch;
	int fd;
};

/*
 * Readers.  Each takes bytes from the front of what is unread, or fails with
 * EBADMSG when there are too few: then nothing is consumed and the result is
 * not written.
 */

/* Pass over len bytes. */
int ibuf_skip(struct ibuf *, size_t len);

/* How many bytes are unread, and where; ibuf_data may be NULL if none is. */
size_t ibuf_size(const struct ibuf *);
void *ibuf_data(const struct ibuf *);

/* Make a view of len bytes that stay the caller's and must outlive it. */
void ibuf_from_buffer(struct ibuf *, void *, size_t len);

/*
 * The builder.
 */

/* A buffer for exactly len bytes; NULL on failure.  Ends with ibuf_free. */
struct ibuf *ibuf_open(size_t len);

/*
 * Append len bytes, which must not lie in the buffer itself; ERANGE if there
 * is no room for them, and then the buffer is as it was.
 */
int ibuf_add(struct ibuf *, const void *, size_t len);

/* Free a buffer that owns its memory; NULL is ignored. */
void ibuf_free(struct ibuf *);

/*
 * The channel.
 */

/*
 * Set up one end.  fd is a connected stream socket, blocking or not; it stays
 * the caller's, who closes it after imsgbuf_clear.
 */
int imsgbuf_init(struct imsgbuf *, int fd);

/*
 * Let descriptors pass in both directions.  Until then the kernel discards
 * whatever descriptor the peer tries to send.
 */
void imsgbuf_allow_fdpass(struct imsgbuf *);

/*
 * Set the largest payload, both ways.  ERANGE if it cannot be expressed in a
 * header.  The memory to read such a message is allocated here.
 */
int imsgbuf_set_maxsize(struct imsgbuf *, uint32_t payload);

/*
 * Read what is there with one system call.  Returns 1 to go on, also after
 * EAGAIN and EINTR and when there is no room because messages have not been
 * taken; 0 if the peer has closed; -1 on any other error.  Call imsgbuf_get
 * until it returns 0 before the next read: no more than 16 descriptors are
 * kept for messages that nobody has taken yet, and more are closed.
 */
int imsgbuf_read(struct imsgbuf *);

/*
 * Write queued messages with one system call.  Returns 0, also when the socket
 * would block, and then imsgbuf_queuelen tells what is left.  -1 on any other
 * error, EPIPE if the peer has closed: SIGPIPE is to be ignored or blocked.
 */
int imsgbuf_write(struct imsgbuf *);

/* Write until nothing is queued.  Spins on a non-blocking socket. */
int imsgbuf_flush(struct imsgbuf *);

/* How many messages wait to be written, in full or in part. */
uint32_t imsgbuf_queuelen(struct imsgbuf *);

/*
 * End the use of a channel: drop everything queued in either direction and
 * close the descriptors among it, but not fd.  After it only imsgbuf_init may
 * be called, or imsgbuf_clear again, which then does nothing.
 */
void imsgbuf_clear(struct imsgbuf *);

/*
 * Receiving.
 */

/*
 * Take the next message from what has been read.  Returns 1 with a message,
 * whose payload, which is not copied, stays valid until imsg_free or the next
 * imsgbuf_read, imsgbuf_set_maxsize or imsgbuf_clear of the channel; 0 if none
 * is complete; -1 with ERANGE if the header's length is impossible: the
 * peer is broken and the stream is of no more use.  But for 1 the message is
 * left empty.
 */
int imsgbuf_get(struct imsgbuf *, struct imsg *);

/* Free a message, and close its descriptor if nobody took it. */
void imsg_free(struct imsg *);

/* What the sender put into the header: to be checked, not trusted. */
uint32_t imsg_get_type(struct imsg *);

/* How many bytes of the payload have not been taken yet. */
size_t imsg_get_len(struct imsg *);

/*
 * Take all that is left of the payload as a view, valid until imsg_free.
 * EBADMSG if nothing is left.
 */
int imsg_get_ibuf(struct imsg *, struct ibuf *);

/*
 * Take the descriptor, close-on-exec and now the caller's to close; -1 if
 * there is none, or the announced one was lost at our descriptor limit.
 */
int imsg_get_fd(struct imsg *);

/*
 * Sending.  Messages are queued without bound: the caller watches
 * imsgbuf_queuelen.  A pid of 0 stands for the caller's as of imsgbuf_init.
 */

/*
 * Queue a copy of a message, with a descriptor unless fd is -1.  Returns 1,
 * and fd belongs to the queue and is closed once it is sent; or -1, and fd is
 * still the caller's: ERANGE if the payload is larger than the maximum, EINVAL
 * if there is a descriptor but the channel does not pass them.
 */
int imsg_compose(struct imsgbuf *, uint32_t type, uint32_t id, pid_t pid,
    int fd, const void *, size_t len);

/* The same from pieces. */
int imsg_composev(struct imsgbuf *, uint32_t type, uint32_t id, pid_t pid,
    int fd, const struct iovec *, int iovcnt);

#endif
