/*
 * Not in anybody's imsg: a message that is sent and not only queued, and what
 * has become of descriptors.
 */

#ifndef IMSG_SEND_H
#define IMSG_SEND_H

#include <sys/types.h>
#include <sys/queue.h>
#include <sys/uio.h>

#include <imsg.h>

#define IMSG_SEND_IOV 2 /* pieces at most */

/* As in any imsg since 2025: 1 a message, 0 there is none yet, -1 it broke. */
int imsgbuf_get(struct imsgbuf *, struct imsg *);

/*
 * As imsg_composev without a descriptor, but what the socket takes at once is
 * not copied; the rest is queued.
 */
int
imsgbuf_send(struct imsgbuf *, uint32_t type, const struct iovec *, int iovcnt);

/*
 * Never wait for this peer, whatever it makes of the socket's flags, which it
 * may share. Only a channel that passes descriptors can be such a one.
 */
void imsgbuf_nowait(struct imsgbuf *);

/*
 * Give back what large messages have needed, if nothing that was read waits:
 * for who has many channels. No message of it may be in use.
 */
void imsgbuf_shrink(struct imsgbuf *);

/*
 * Did the system refuse the last write for want of something that poll(2) does
 * not look at? Then try again in IMSG_STUCK_MS, and not when it says so.
 */
int imsgbuf_stuck(const struct imsgbuf *);
#define IMSG_STUCK_MS 10

/*
 * Has the peer sent a descriptor that no message has announced, or two with
 * one? They are closed.
 */
int imsgbuf_unasked(const struct imsgbuf *);

#endif
