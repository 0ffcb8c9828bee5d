/*
 * The bounded cursor under imsg: readers that never go past the end of what
 * they were given, and builders that never grow past their maximum.  It reads
 * the bytes of peers and of the Erlang node alike and trusts neither: every
 * length is compared with what is left before a byte is touched.
 */

#include <endian.h>
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

struct ibuf *
ibuf_dynamic(size_t len, size_t max)
{
	struct ibuf *buf;

	if (max == 0 || max < len) {
		errno = EINVAL;
		return (NULL);
	}
	if ((buf = ibuf_open(len)) == NULL)
		return (NULL);
	buf->max = max;
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

void *
ibuf_reserve(struct ibuf *buf, size_t len)
{
	void *p;

	if ((p = ibuf_extend(buf, len)) != NULL)
		memset(p, 0, len);
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

/* Add a value that must be at most max; the caller has put it in order. */
static int
ibuf_add_checked(struct ibuf *buf, uint64_t value, uint64_t max,
    const void *data, size_t len)
{
	if (value > max) {
		errno = EINVAL;
		return (-1);
	}
	return ((ibuf_add(buf, data, len)));
}

int
ibuf_add_n8(struct ibuf *buf, uint64_t value)
{
	uint8_t v = (uint8_t)value;

	return ((ibuf_add_checked(buf, value, UINT8_MAX, &v, sizeof(v))));
}

int
ibuf_add_n16(struct ibuf *buf, uint64_t value)
{
	uint16_t v = htobe16((uint16_t)value);

	return ((ibuf_add_checked(buf, value, UINT16_MAX, &v, sizeof(v))));
}

int
ibuf_add_n32(struct ibuf *buf, uint64_t value)
{
	uint32_t v = htobe32((uint32_t)value);

	return ((ibuf_add_checked(buf, value, UINT32_MAX, &v, sizeof(v))));
}

int
ibuf_add_n64(struct ibuf *buf, uint64_t value)
{
	value = htobe64(value);
	return ((ibuf_add(buf, &value, sizeof(value))));
}

int
ibuf_add_h16(struct ibuf *buf, uint64_t value)
{
	uint16_t v = (uint16_t)value;

	return ((ibuf_add_checked(buf, value, UINT16_MAX, &v, sizeof(v))));
}

int
ibuf_add_h32(struct ibuf *buf, uint64_t value)
{
	uint32_t v = (uint32_t)value;

	return ((ibuf_add_checked(buf, value, UINT32_MAX, &v, sizeof(v))));
}

int
ibuf_add_h64(struct ibuf *buf, uint64_t value)
{
	return ((ibuf_add(buf, &value, sizeof(value))));
}

int
ibuf_add_ibuf(struct ibuf *buf, const struct ibuf *from)
{
	return ((ibuf_add(buf, ibuf_data(from), ibuf_size(from))));
}

int
ibuf_add_strbuf(struct ibuf *buf, const char *str, size_t len)
{
	char *p;
	size_t slen;

	/* Also true of a len of 0, which has no room for the NUL. */
	if ((slen = strnlen(str, len)) == len) {
		errno = EOVERFLOW;
		return (-1);
	}
	if ((p = ibuf_reserve(buf, len)) == NULL)
		return (-1);
	memcpy(p, str, slen);
	return (0);
}

int
ibuf_add_zero(struct ibuf *buf, size_t len)
{
	if (len == 0)
		return (0);
	return ((ibuf_reserve(buf, len) == NULL ? -1 : 0));
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

void
ibuf_rewind(struct ibuf *buf)
{
	buf->rpos = 0;
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
ibuf_get(struct ibuf *buf, void *data, size_t len)
{
	void *p = ibuf_data(buf);

	if (ibuf_skip(buf, len) == -1)
		return (-1);
	if (len > 0)
		memcpy(data, p, len);
	return (0);
}

int
ibuf_get_n8(struct ibuf *buf, uint8_t *value)
{
	return ((ibuf_get(buf, value, sizeof(*value))));
}

int
ibuf_get_n16(struct ibuf *buf, uint16_t *value)
{
	if (ibuf_get_h16(buf, value) == -1)
		return (-1);
	*value = be16toh(*value);
	return (0);
}

int
ibuf_get_n32(struct ibuf *buf, uint32_t *value)
{
	if (ibuf_get_h32(buf, value) == -1)
		return (-1);
	*value = be32toh(*value);
	return (0);
}

int
ibuf_get_n64(struct ibuf *buf, uint64_t *value)
{
	if (ibuf_get_h64(buf, value) == -1)
		return (-1);
	*value = be64toh(*value);
	return (0);
}

int
ibuf_get_h16(struct ibuf *buf, uint16_t *value)
{
	return ((ibuf_get(buf, value, sizeof(*value))));
}

int
ibuf_get_h32(struct ibuf *buf, uint32_t *value)
{
	return ((ibuf_get(buf, value, sizeof(*value))));
}

int
ibuf_get_h64(struct ibuf *buf, uint64_t *value)
{
	return ((ibuf_get(buf, value, sizeof(*value))));
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

int
ibuf_get_strbuf(struct ibuf *buf, char *str, size_t len)
{
	const char *p = ibuf_data(buf);

	if (len == 0 || len > ibuf_size(buf) || p[len - 1] != '\0') {
		errno = EBADMSG;
		return (-1);
	}
	return ((ibuf_get(buf, str, len)));
}
