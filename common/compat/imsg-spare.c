/*
 * Memory for messages.  That of messages which were sent is kept for the next
 * ones: not more than so many and so many bytes, and those that were used
 * last, so what a burst has left behind makes room for what is sent after it.
 * A spare holds the bytes of an old message; none of them is ever sent again,
 * for ibuf_add and the others write every byte that they append.
 */

#include <stdlib.h>

#include "imsg-channel.h"

#define SPARE_MIN 128
#define SPARE_EXTRA 64 /* room for headers before a power of two */

/* The sizes are few, so that a spare fits other messages than its last. */
static size_t
spare_size(size_t len)
{
	size_t size = SPARE_MIN;

	if (len > IMSG_SPARE_BYTES / 2)
		return (len);
	while (size + SPARE_EXTRA < len)
		size *= 2;
	return (size + SPARE_EXTRA);
}

static void
spare_remove(struct imsg_channel *ch, struct ibuf *msg)
{
	TAILQ_REMOVE(&ch->spares, msg, entry);
	ch->nspares--;
	ch->spare_bytes -= msg->size;
}

struct ibuf *
spare_take(struct imsg_channel *ch, size_t len, size_t max)
{
	size_t size = spare_size(len);
	struct ibuf *msg;

	TAILQ_FOREACH (msg, &ch->spares, entry)
		if (msg->size == size)
			break;
	if (msg != NULL)
		spare_remove(ch, msg);
	else if ((msg = ibuf_open(size)) == NULL)
		return (NULL);
	msg->max = max;
	msg->wpos = msg->rpos = 0;
	return (msg);
}

void
spare_keep(struct imsg_channel *ch, struct ibuf *msg)
{
	if (msg->size > IMSG_SPARE_BYTES) {
		ibuf_free(msg);
		return;
	}
	TAILQ_INSERT_HEAD(&ch->spares, msg, entry);
	ch->nspares++;
	ch->spare_bytes += msg->size;
	while (ch->nspares > IMSG_SPARES_MAX ||
	       ch->spare_bytes > IMSG_SPARE_BYTES) {
		msg = TAILQ_LAST(&ch->spares, ibufqueue);
		spare_remove(ch, msg);
		ibuf_free(msg);
	}
}

void
spare_clear(struct imsg_channel *ch)
{
	struct ibuf *msg;

	while ((msg = TAILQ_FIRST(&ch->spares)) != NULL) {
		spare_remove(ch, msg);
		ibuf_free(msg);
	}
}
