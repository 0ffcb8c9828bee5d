/*
 * An imsg from before 2025, which says how long a message is.
 */

#include "compat/imsg_send.h"

/* Ours never had it. */
ssize_t imsg_get(struct imsgbuf *, struct imsg *);

int
imsgbuf_get(struct imsgbuf *imsgbuf, struct imsg *imsg)
{
	ssize_t n = imsg_get(imsgbuf, imsg);

	return (n > 0 ? 1 : (int)n);
}
