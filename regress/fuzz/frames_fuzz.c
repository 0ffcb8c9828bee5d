/*
 * The broker, from the port to the channels: frames, terms, requests, options.
 * The first byte says how long a length is, and whether the node has said
 * hello; the second how much comes at once; the others are what the node sends.
 * Whatever the broker makes of it has to be a message that is believed.
 * MESSAGES names a folder: they are seeds of messages_fuzz.c.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What it remembers has to be forgotten between inputs. */
#include "../../broker/frame.c"

#include "fuzz.h"
#include "oracle.h"
#include "request_state.h"

#define PACKET_4 1
#define NATIVE 2

static struct channel to_nobody;

static struct {
	const uint8_t *p;
	size_t left;
	size_t piece;
} port;

static const char *folder;
static unsigned int kept;

ssize_t __wrap_read(int, void *, size_t);

ssize_t
__wrap_read(int fd, void *out, size_t size)
{
	size_t n = port.left < port.piece ? port.left : port.piece;

	(void)fd;
	if (n > size)
		n = size;
	memcpy(out, port.p, n);
	port.p += n;
	port.left -= n;
	return ((ssize_t)n);
}

static void
keep(uint32_t type, const void *m, size_t n)
{
	char path[4096];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%u", folder, kept++);
	if ((f = fopen(path, "w")) == NULL || putc((int)type, f) == EOF ||
	    fwrite(m, 1, n, f) != n || fclose(f) == EOF)
		fuzz_wrong("a seed cannot be written");
}

void
channel_send(struct channel *c, uint32_t type, int fd, const void *m, size_t n)
{
	(void)c;
	if (fd != -1)
		fuzz_wrong("the broker sends a descriptor");
	if (oracle_unpack(type, m, n) == -1)
		fuzz_wrong("priv would not believe this");
	if (folder != NULL)
		keep(type, m, n);
}

void
channel_send2(struct channel *c, uint32_t type, const void *head, size_t n,
    const void *bytes, size_t len)
{
	uint8_t *m;

	if ((m = malloc(n + len)) == NULL)
		abort();
	memcpy(m, head, n);
	if (len > 0)
		memcpy(m + n, bytes, len);
	channel_send(c, type, -1, m, n + len);
	free(m);
}

void
fuzz_begin(void)
{
	folder = getenv("MESSAGES");
	request_init(&to_nobody, &to_nobody);
	frame_init(4);
}

/* As the broker does: 0 when it would end. */
static int
handle(void)
{
	struct frame f;

	for (;;)
		switch (frame_next(&f)) {
		case FRAME_NONE:
			return (1);
		case FRAME_STDIN:
			request_stdin(f.pid, f.data, f.len);
			break;
		case FRAME_WHOLE:
			if (request_handle(f.data, f.len) == -1)
				return (0);
			break;
		case FRAME_MOVED: /* nothing is */
		case FRAME_TOOBIG:
			return (0);
		}
}

void
fuzz_one(const uint8_t *data, size_t len)
{
	if (len < 2)
		return;
	prefix = data[0] & PACKET_4 ? 4 : 2;
	request_remember((data[0] & NATIVE) != 0);
	start = end = stream_left = 0;
	stream_tried = 0;
	port.p = data + 2;
	port.left = len - 2;
	port.piece = data[1] == 0 ? len : data[1];
	while (frame_read(0) == 1 && handle())
		continue;
}
