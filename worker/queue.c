/*
 * Bytes that wait to be written, in chunks. Chunks that are done with are kept
 * for the next bytes, a few of them for all queues: memory is allocated only
 * while a queue grows beyond these, because somebody does not read. It comes
 * from the system and not from the heap, where the few that are kept would
 * hold what a burst has needed; so that goes back as it leaves.
 */

#include <sys/mman.h>
#include <sys/uio.h>

#include <string.h>

#include "worker.h"

#define CHUNK_SIZE 65536 /* with what stands before the bytes */
#define CHUNK_BYTES (CHUNK_SIZE - sizeof(struct chunk))
#define SPARES_MAX 8 /* chunks kept, of all queues */
#define WRITE_MAX 8 /* chunks written at once */

struct chunk {
	TAILQ_ENTRY(chunk) next;
	size_t start; /* the bytes are from here to end */
	size_t end;
	uint8_t data[];
};

static struct chunks spares = TAILQ_HEAD_INITIALIZER(spares);
static int spares_count;

static struct chunk *
chunk_get(void)
{
	struct chunk *c;

	if ((c = TAILQ_FIRST(&spares)) != NULL) {
		TAILQ_REMOVE(&spares, c, next);
		spares_count--;
	} else {
		c = mmap(NULL, CHUNK_SIZE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANON, -1, 0);
		if (c == MAP_FAILED)
			return (NULL);
	}
	c->start = c->end = 0;
	return (c);
}

static void
chunk_put(struct chunk *c)
{
	if (spares_count == SPARES_MAX) {
		(void)munmap(c, CHUNK_SIZE);
		return;
	}
	TAILQ_INSERT_HEAD(&spares, c, next);
	spares_count++;
}

void
queue_init(struct queue *q)
{
	TAILQ_INIT(&q->chunks);
	q->len = 0;
}

int
queue_add(struct queue *q, const void *data, size_t len)
{
	const uint8_t *p = data;
	struct chunk *c;
	size_t n;

	for (; len > 0; p += n, len -= n) {
		c = TAILQ_LAST(&q->chunks, chunks);
		if (c == NULL || c->end == CHUNK_BYTES) {
			if ((c = chunk_get()) == NULL)
				return (-1);
			TAILQ_INSERT_TAIL(&q->chunks, c, next);
		}
		n = CHUNK_BYTES - c->end;
		if (n > len)
			n = len;
		memcpy(c->data + c->end, p, n);
		c->end += n;
		q->len += n;
	}
	return (0);
}

/* The first n bytes are done with. */
static void
queue_drain(struct queue *q, size_t n)
{
	struct chunk *c;

	q->len -= n;
	while ((c = TAILQ_FIRST(&q->chunks)) != NULL) {
		if (n < c->end - c->start) {
			c->start += n;
			return;
		}
		n -= c->end - c->start;
		TAILQ_REMOVE(&q->chunks, c, next);
		chunk_put(c);
	}
}

void
queue_clear(struct queue *q)
{
	queue_drain(q, q->len);
}

ssize_t
queue_write(
    struct queue *q, int fd, ssize_t (*put)(int, const struct iovec *, int))
{
	struct iovec iov[WRITE_MAX];
	struct chunk *c;
	int count = 0;
	ssize_t n;

	TAILQ_FOREACH (c, &q->chunks, next) {
		if (count == WRITE_MAX)
			break;
		iov[count].iov_base = c->data + c->start;
		iov[count].iov_len = c->end - c->start;
		count++;
	}
	if ((n = put(fd, iov, count)) > 0)
		queue_drain(q, (size_t)n);
	return (n);
}
