/*
 * Frames to the node. What the node does not take at once waits: first the
 * frame whose bytes are moved, if it has been begun: its head, and the bytes
 * where zerocopy.c has them; then one queue. Output of children is written
 * only when nothing waits, so there is never more than the rest of one piece
 * of it; replies and exits are small and are queued whatever waits, until
 * port_full() stops their source.
 */

#include <sys/ioctl.h>
#include <sys/uio.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "compat/stream.h"
#include "log.h"
#include "starved.h"
#include "worker.h"

#define PIECE_MAX 65536
#define HEAD_MAX (PORT_PREFIX_MAX + PORT_TERM_MAX)
#define FULL_MARK (1UL << 20) /* bytes that may wait */

static struct queue waiting;
static uint8_t head[HEAD_MAX]; /* of a frame whose bytes are moved */
static size_t head_len, head_sent;
static struct callback write_event;
static int port_fd, port_unwaiting, prefix, dead;

void
port_init(int fd, int packet)
{
	int flags;

	if ((flags = fcntl(fd, F_GETFL)) == -1 || stream_unwaiting(fd) == -1)
		fatal("port: flags");
	port_unwaiting = (flags & O_NONBLOCK) != 0;
	port_fd = fd;
	prefix = packet;
	queue_init(&waiting);
	zc_init(fd);
	/* Behind any event the loop goes on with what has waited. */
	callback_set(&write_event, fd, EV_WRITE, NULL, NULL);
}

/* Another process may have it open, too. */
void
port_end(void)
{
	(void)ioctl(port_fd, FIONBIO, &port_unwaiting);
}

size_t
port_copy_max(void)
{
	return (prefix == 2 ? 65535 - HEAD_MAX : PIECE_MAX);
}

size_t
port_move_max(void)
{
	/* With its head it fits the port's pipe. */
	return (prefix == 2 ? 65535 - HEAD_MAX : PIPE_LARGE - 16384);
}

size_t
port_term_max(void)
{
	return (prefix == 2 ? UINT16_MAX : INT32_MAX);
}

int
port_waiting(void)
{
	return (head_len > 0 || waiting.len > 0);
}

int
port_full(void)
{
	return (waiting.len >= FULL_MARK);
}

int
port_dead(void)
{
	return (dead);
}

/* Nobody reads: what children write is dropped, so that they go on. */
static void
port_drop(void)
{
	dead = 1;
	head_len = 0;
	zc_close();
	queue_clear(&waiting);
}

/*
 * It could not be written, as errno says. That the node is gone priv hears from
 * the broker, and ends us; any other error it hears from us.
 */
static void
port_died(void)
{
	if (errno == EPIPE || errno == ECONNRESET)
		log_debug("the node has closed the port");
	else if (!dead) {
		log_warn("the port cannot be written");
		notify_shutdown(EXIT_PEER);
	}
	port_drop();
}

static void
port_put_prefix(uint8_t *p, size_t len)
{
	int i;

	for (i = prefix - 1; i >= 0; i--) {
		p[i] = (uint8_t)len;
		len >>= 8;
	}
}

static void
port_queue(const void *data, size_t len)
{
	if (queue_add(&waiting, data, len) == -1)
		fatal("what waits for the port");
}

void
port_term(const void *term, size_t len)
{
	uint8_t bytes[PORT_PREFIX_MAX];

	if (dead)
		return;
	port_put_prefix(bytes, len);
	port_queue(bytes, (size_t)prefix);
	port_queue(term, len);
}

/* The length before the term's beginning; where it begins now. */
static uint8_t *
port_begin(struct port_head *h, size_t len)
{
	uint8_t *start = h->bytes + PORT_PREFIX_MAX - prefix;

	port_put_prefix(start, h->len + len);
	return (start);
}

/* What was not sent of start and data, which follow each other. */
static void
port_queue_rest(const uint8_t *start, size_t startlen, const void *data,
    size_t len, size_t sent)
{
	if (sent < startlen) {
		port_queue(start + sent, startlen - sent);
		sent = startlen;
	}
	sent -= startlen;
	if (sent < len)
		port_queue((const uint8_t *)data + sent, len - sent);
}

void
port_output(struct port_head *h, const void *data, size_t len)
{
	struct iovec iov[2];
	ssize_t sent = 0;

	if (dead)
		return;
	iov[0].iov_base = port_begin(h, len);
	iov[0].iov_len = (size_t)prefix + h->len;
	iov[1].iov_base = (void *)(uintptr_t)data;
	iov[1].iov_len = len;
	if (!port_waiting())
		sent = writev(port_fd, iov, 2);
	if (sent == -1) {
		if (errno != EAGAIN && errno != EINTR && !starved(errno)) {
			port_died();
			return;
		}
		sent = 0;
	}
	port_queue_rest(
	    iov[0].iov_base, iov[0].iov_len, data, len, (size_t)sent);
	port_flush();
}

void
port_output_moved(struct port_head *h)
{
	const uint8_t *start = port_begin(h, zc_pending());

	head_len = (size_t)prefix + h->len;
	head_sent = 0;
	memcpy(head, start, head_len);
	port_flush();
}

/* Write some of what waits, in its order; as write(2). */
static ssize_t
port_flush_some(void)
{
	ssize_t n;

	if (head_len == 0)
		return (queue_write(&waiting, port_fd, writev));
	if (head_sent == head_len) {
		if ((n = zc_write()) == 0)
			fatalx("port: nothing moves");
		if (zc_pending() == 0)
			head_len = 0;
		return (n);
	}
	n = write(port_fd, head + head_sent, head_len - head_sent);
	if (n > 0)
		head_sent += (size_t)n;
	return (n);
}

void
port_flush(void)
{
	while (port_waiting()) {
		if (port_flush_some() == -1) {
			if (errno == EINTR)
				continue;
			if (errno == EAGAIN || starved(errno))
				break;
			port_died();
		}
	}
	if (port_waiting() && !event_pending(&write_event.ev, EV_WRITE, NULL) &&
	    event_add(&write_event.ev, NULL) == -1)
		fatal("watching the port");
}
