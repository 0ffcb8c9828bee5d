/*
 * With an imsg that is not ours, all is copied.
 */

#include "compat/imsg_send.h"

int
imsgbuf_send(
    struct imsgbuf *imsgbuf, uint32_t type, const struct iovec *iov, int iovcnt)
{
	return (imsg_composev(imsgbuf, type, 0, 0, -1, iov, iovcnt));
}

int
imsgbuf_unasked(const struct imsgbuf *imsgbuf)
{
	(void)imsgbuf;
	return (0);
}

int
imsgbuf_stuck(const struct imsgbuf *imsgbuf)
{
	(void)imsgbuf;
	return (0);
}

/* Whoever has such peers has channels of our own imsg. */
void
imsgbuf_nowait(struct imsgbuf *imsgbuf)
{
	(void)imsgbuf;
}

void
imsgbuf_shrink(struct imsgbuf *imsgbuf)
{
	(void)imsgbuf;
}
