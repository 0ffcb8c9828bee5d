/*
 * A channel's reading end, up to the handlers: lengths, descriptors, the table,
 * what is unpacked. An input is pieces, each with two bytes before it: how long
 * it is, and how many descriptors came with it.
 */

#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compat/imsg-channel.h"
#include "dispatch.h"
#include "fuzz.h"

#define TYPES_MAX 64
#define FDS_MAX 3

static struct dispatch table[TYPES_MAX];
static size_t rows;
static struct channel channel;
static int null;

static struct {
	const uint8_t *p;
	size_t left;
} wire;

ssize_t __wrap_recvmsg(int, struct msghdr *, int);

static void
give_fds(struct msghdr *m, int n)
{
	struct cmsghdr *c = m->msg_control;
	int fds[FDS_MAX], i;

	for (i = 0; i < n; i++)
		if ((fds[i] = fcntl(null, F_DUPFD_CLOEXEC, 0)) == -1)
			abort();
	memset(c, 0, CMSG_SPACE(sizeof(fds)));
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN((size_t)n * sizeof(fds[0]));
	memcpy(CMSG_DATA(c), fds, (size_t)n * sizeof(fds[0]));
	m->msg_controllen = CMSG_SPACE((size_t)n * sizeof(fds[0]));
}

ssize_t
__wrap_recvmsg(int fd, struct msghdr *m, int flags)
{
	size_t n;
	int fds;

	(void)fd;
	(void)flags;
	if (wire.left < 3) {
		m->msg_controllen = 0;
		return (0);
	}
	n = (size_t)wire.p[0] + 1;
	fds = wire.p[1] % (FDS_MAX + 1);
	wire.p += 2;
	wire.left -= 2;
	if (n > wire.left)
		n = wire.left;
	if (n > m->msg_iov->iov_len)
		n = m->msg_iov->iov_len;
	memcpy(m->msg_iov->iov_base, wire.p, n);
	wire.p += n;
	wire.left -= n;
	if (fds > 0)
		give_fds(m, fds);
	else
		m->msg_controllen = 0;
	return ((ssize_t)n);
}

static int
handler(const struct msg *m)
{
	if (m->fd != -1 && !proto_type(m->type)->passes_fd)
		fuzz_wrong("a descriptor where none belongs");
	if (m->fd != -1 && close(m->fd) == -1)
		fuzz_wrong("a descriptor that is none");
	return (0);
}

void
fuzz_begin(void)
{
	uint32_t i;
	int fds[2];

	for (i = 0; i < TYPES_MAX; i++)
		if (proto_type(i) != NULL)
			table[rows++] = (struct dispatch){ i, 1, handler };
	if ((null = open("/dev/null", O_RDWR | O_CLOEXEC)) == -1 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == -1)
		abort();
	channel_init(&channel, "peer", fds[0], 1, table, rows, NULL);
}

/* The lowest number that is free. */
static int
free_fd(void)
{
	int fd = fcntl(null, F_DUPFD_CLOEXEC, 0);

	if (fd == -1 || close(fd) == -1)
		abort();
	return (fd);
}

/* As a new one, but for its memory, which is large. */
static void
forget(void)
{
	struct imsg_channel *ch = channel.ibuf.ch;

	ch->taken = UINT64_MAX;
	pending_expire(ch);
	ch->rpos = ch->wpos = ch->taken = 0;
	ch->unasked = 0;
}

void
fuzz_one(const uint8_t *data, size_t len)
{
	char why[DISPATCH_WHY];
	int n = 1, before;

	before = free_fd();
	wire.p = data;
	wire.left = len;
	while (n != -1 && channel_read(&channel))
		while ((n = channel_try(&channel, 1, why)) == 1)
			continue;
	forget();
	/* The one that came with what was no message may stay: dispatch.h. */
	if (n != -1 && free_fd() != before)
		fuzz_wrong("a descriptor is open still");
	if (n == -1)
		(void)close_range((unsigned int)before, ~0U, 0);
}
