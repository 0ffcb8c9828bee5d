/*
 * The bounded cursor under imsg: readers that never go past the end of what
 * they were given, and builders that never grow past their maximum.  It reads
 * the bytes of peers and of the Erlang node alike and trusts neither: every
 * length is compared with what is left before a byte is touched.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "imsg.h"

struct ibuf *
ibuf_open(size_t len)
{
	struct ibuf *buf;

	if ((buf = calloc(1, sizeof(*buf))) == NULL)
		return (NULL);
	if (len > 0 && (buf->buf = malloc(len)) == NULL) {
		free(buf);
		return (NULL);
	}
	buf->size = buf->max = len;
	buf->fd = -1;
	return (buf);
}

void
ibuf_free(struct ibuf *buf)
{
	if (buf == NULL)
		return;
	if (buf->fd != -1)
		(void)close(buf->fd);
	free(buf->buf);
	free(buf);
}

void
ibuf_from_buffer(struct ibuf *buf, void *data, size_t len)
{
	memset(buf, 0, sizeof(*buf));
	buf->buf = data;
	buf->size = buf->wpos = len;
	buf->fd = -1;
}

/*
 * Make the memory need bytes large, need being within the maximum.  Growing
 * to twice the size keeps many small additions cheap.
 */
static int
ibuf_grow(struct ibuf *buf, size_t need)
{
	unsigned char *nbuf;
	size_t nsize;

	nsize = buf->size > buf->max / 2 ? buf->max : buf->size * 2;
	if (nsize < need)
		nsize = need;
	nbuf = reallocarray(buf->buf, nsize, 1);
	if (nbuf == NULL)
		return (-1);
	buf->buf = nbuf;
	buf->size = nsize;
	return (0);
}

/*
 * Append len bytes that hold whatever was in that memory before: the caller
 * writes all of them, for they will be sent.
 */
static void *
ibuf_extend(struct ibuf *buf, size_t len)
{
	void *p;

	if (buf->max == 0) {
		errno = EINVAL;
		return (NULL);
	}
	if (len > buf->max - buf->wpos) {
		errno = ERANGE;
		return (NULL);
	}
	if (buf->buf == NULL || len > buf->size - buf->wpos) {
		if (ibuf_grow(buf, buf->wpos + len) == -1)
			return (NULL);
	}
	p = buf->buf + buf->wpos;
	buf->wpos += len;
	return (p);
}

int
ibuf_add(struct ibuf *buf, const void *data, size_t len)
{
	void *p;

	if (len == 0)
		return (0);
	if ((p = ibuf_extend(buf, len)) == NULL)
		return (-1);
	memcpy(p, data, len);
	return (0);
}

size_t
ibuf_size(const struct ibuf *buf)
{
	return (buf->wpos - buf->rpos);
}

void *
ibuf_data(const struct ibuf *buf)
{
	return (buf->buf == NULL ? NULL : buf->buf + buf->rpos);
}

int
ibuf_skip(struct ibuf *buf, size_t len)
{
	if (len > ibuf_size(buf)) {
		errno = EBADMSG;
		return (-1);
	}
	buf->rpos += len;
	return (0);
}

int
ibuf_get_ibuf(struct ibuf *buf, size_t len, struct ibuf *view)
{
	void *p = ibuf_data(buf);

	if (ibuf_skip(buf, len) == -1)
		return (-1);
	ibuf_from_buffer(view, p, len);
	return (0);
}
