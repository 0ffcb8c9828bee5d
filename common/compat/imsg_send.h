/*
 * Not in anybody's imsg: a message that is sent and not only queued.
 */

#ifndef IMSG_SEND_H
#define IMSG_SEND_H

#include <sys/types.h>
#include <sys/queue.h>
#include <sys/uio.h>

#include <imsg.h>

#define IMSG_SEND_IOV 2 /* pieces at most */

/*
 * As imsg_composev without a descriptor, but what the socket takes at once is
 * not copied; the rest is queued.
 */
int
imsgbuf_send(struct imsgbuf *, uint32_t type, const struct iovec *, int iovcnt);

/*
 * Was the last write put off because of descriptors that are on their way? Then
 * try again in IMSG_STUCK_MS: no event says that it can be.
 */
#define IMSG_STUCK_MS 10
int imsgbuf_stuck(const struct imsgbuf *);

#endif
