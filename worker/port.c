/*
 * Frames to the node. What the node does not take at once waits: first the
 * frame that has been begun, its header and its body where that is moved, then
 * one queue. Output of children is written only when nothing waits, so there
 * is never more than the rest of one piece of it; replies and exits are small
 * and are added whatever waits, until port_full() stops their source.
 */

#include <sys/uio.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "worker.h"

#define PIECE_MAX 65536
#define HEAD_MAX 64 /* prefix and term before the bytes */
#define FULL_MARK (1UL << 20) /* bytes that may wait */

static struct queue waiting;
static uint8_t begun[HEAD_MAX]; /* the header of a body that is moved */
static size_t begun_len, begun_sent;
static struct event write_event;
static int port_fd, port_flags, prefix, dead;

static void
on_writable(int fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	port_flush(); /* and the loop looks who has waited for it */
}

void
port_init(int fd, int packet)
{
	port_fd = fd;
	prefix = packet;
	if ((port_flags = fcntl(fd, F_GETFL)) == -1 ||
	    fcntl(fd, F_SETFL, port_flags | O_NONBLOCK) == -1)
		fatal("port");
	queue_init(&waiting);
	body_init(fd);
	event_set(&write_event, fd, EV_WRITE, on_writable, NULL);
}

/* Leave it as it was: somebody else may have it open, too. */
void
port_end(void)
{
	(void)fcntl(port_fd, F_SETFL, port_flags);
}

size_t
port_piece(void)
{
	return (prefix == 2 ? 65535 - HEAD_MAX : PIECE_MAX);
}

size_t
port_move_max(void)
{
	/* With its header it fits the port's pipe. */
	return (prefix == 2 ? 65535 - HEAD_MAX : BODY_PIPE - 16384);
}

size_t
port_max(void)
{
	return (prefix == 2 ? UINT16_MAX : INT32_MAX);
}

int
port_waiting(void)
{
	return (begun_len > 0 || waiting.len > 0);
}

int
port_free(void)
{
	return (!port_waiting());
}

int
port_full(void)
{
	return (waiting.len >= FULL_MARK);
}

/* The node is gone: priv will hear of it and end us; until then, nothing
 * that children write may hold them. */
static void
port_died(void)
{
	if (!dead && errno != EPIPE && errno != ECONNRESET)
		log_warn("the port");
	if (!dead)
		log_debug("the node has closed the port");
	dead = 1;
	begun_len = 0;
	body_drop();
	queue_clear(&waiting);
}

static void
put_prefix(uint8_t *p, size_t len)
{
	int i;

	for (i = prefix - 1; i >= 0; i--) {
		p[i] = (uint8_t)len;
		len >>= 8;
	}
}

static void
wait_with(const void *data, size_t len)
{
	if (queue_add(&waiting, data, len) == -1)
		fatal("port");
}

/* One frame, of a term that is whole. */
void
port_term(const void *term, size_t len)
{
	uint8_t head[4];

	if (dead)
		return;
	put_prefix(head, len);
	wait_with(head, (size_t)prefix);
	wait_with(term, len);
}

/* What did not leave of head and data, which follow each other, waits. */
static void
wait_rest(const uint8_t *head, size_t headlen, const void *data, size_t len,
    size_t sent)
{
	if (sent < headlen) {
		wait_with(head + sent, headlen - sent);
		sent = headlen;
	}
	sent -= headlen;
	if (sent < len)
		wait_with((const uint8_t *)data + sent, len - sent);
}

/* The prefix and the term before len bytes; how long they are. */
static size_t
put_head(uint8_t head[HEAD_MAX], int number, pid_t pid, size_t len)
{
	size_t n;

	n = event_output_head(head + prefix, HEAD_MAX - (size_t)prefix, number,
	    pid, (uint32_t)len);
	put_prefix(head, n + len);
	return (n + (size_t)prefix);
}

/* len is at most port_piece(). */
void
port_output(int number, pid_t pid, const void *data, size_t len)
{
	uint8_t head[HEAD_MAX];
	struct iovec iov[2];
	size_t n;
	ssize_t sent = 0;

	if (dead)
		return;
	n = put_head(head, number, pid, len);
	iov[0].iov_base = head;
	iov[0].iov_len = n;
	iov[1].iov_base = (void *)(uintptr_t)data;
	iov[1].iov_len = len;
	if (!port_waiting())
		sent = writev(port_fd, iov, 2);
	if (sent == -1) {
		if (errno != EAGAIN && errno != EINTR) {
			port_died();
			return;
		}
		sent = 0;
	}
	wait_rest(head, n, data, len, (size_t)sent);
	port_flush();
}

/* The same of what body_take() has taken, when nothing waits. */
void
port_output_body(int number, pid_t pid)
{
	begun_len = put_head(begun, number, pid, body_left());
	begun_sent = 0;
	port_flush();
}

/* Write some of what waits, in its order; -1 as write(2). */
static ssize_t
flush_some(void)
{
	ssize_t n;

	if (begun_len == 0)
		return (queue_write(&waiting, port_fd, writev));
	if (begun_sent == begun_len) {
		if ((n = body_give()) == 0)
			fatalx("port: nothing moves");
		if (body_left() == 0)
			begun_len = 0;
		return (n);
	}
	n = write(port_fd, begun + begun_sent, begun_len - begun_sent);
	if (n > 0)
		begun_sent += (size_t)n;
	return (n);
}

/* Write what waits, as far as the node takes it. */
void
port_flush(void)
{
	while (port_waiting()) {
		if (flush_some() == -1) {
			if (errno == EINTR)
				continue;
			if (errno == EAGAIN)
				break;
			port_died();
		}
	}
	if (port_waiting() && !event_pending(&write_event, EV_WRITE, NULL) &&
	    event_add(&write_event, NULL) == -1)
		fatal("port");
}
