/*
 * What the imsg tests share: a channel with both ends in one process, raw
 * bytes in the place of a peer, and a count of open descriptors.
 */

#ifndef IMSG_UTIL_H
#define IMSG_UTIL_H

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <imsg.h>

#define FD_MARK 0x80000000U

struct chan {
	struct imsgbuf a;
	struct imsgbuf b;
	int nfds; /* open before the channel was */
};

static inline int
count_fds(void)
{
	DIR *dir;
	int n = 0;

	dir = opendir("/proc/self/fd");
	assert_non_null(dir);
	while (readdir(dir) != NULL)
		n++;
	(void)closedir(dir);
	return (n);
}

static inline void
chan_open(struct chan *c, int flags)
{
	int s[2];

	c->nfds = count_fds();
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0, s), 0);
	assert_int_equal(imsgbuf_init(&c->a, s[0]), 0);
	assert_int_equal(imsgbuf_init(&c->b, s[1]), 0);
}

static inline void
chan_open_fds(struct chan *c, int flags)
{
	chan_open(c, flags);
	imsgbuf_allow_fdpass(&c->a);
	imsgbuf_allow_fdpass(&c->b);
}

/* Every test ends here, so every test looks for leaked descriptors. */
static inline void
chan_close(struct chan *c)
{
	imsgbuf_clear(&c->a);
	imsgbuf_clear(&c->b);
	if (c->a.fd != -1)
		(void)close(c->a.fd);
	(void)close(c->b.fd);
	assert_int_equal(count_fds(), c->nfds);
}

/* The peer of b goes away. */
static inline void
chan_hangup(struct chan *c)
{
	assert_int_equal(close(c->a.fd), 0);
	c->a.fd = -1;
}

/* Send bytes and descriptors past imsg, as a hostile peer would. */
static inline void
send_raw(int s, const void *data, size_t len, const int *fds, size_t nfds)
{
	union {
		struct cmsghdr hdr;
		unsigned char buf[CMSG_SPACE(8 * sizeof(int))];
	} control;
	struct msghdr msg;
	struct cmsghdr *cmsg;
	struct iovec iov;
	unsigned char copy[65536 + 64];

	assert_true(len <= sizeof(copy) && nfds <= 8);
	memcpy(copy, data, len);
	iov.iov_base = copy;
	iov.iov_len = len;
	memset(&msg, 0, sizeof(msg));
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	if (nfds > 0) {
		memset(&control, 0, sizeof(control));
		msg.msg_control = &control;
		msg.msg_controllen = (__typeof__(msg.msg_controllen))CMSG_SPACE(
		    nfds * sizeof(int));
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len =
		    (__typeof__(cmsg->cmsg_len))CMSG_LEN(nfds * sizeof(int));
		memcpy(CMSG_DATA(cmsg), fds, nfds * sizeof(int));
	}
	assert_int_equal(sendmsg(s, &msg, MSG_NOSIGNAL), (ssize_t)len);
}

/* Write a header to p and return how long it is. */
static inline size_t
put_header(unsigned char *p, uint32_t type, uint32_t len)
{
	uint32_t hdr[4] = { type, len, 7, 9 };

	memcpy(p, hdr, sizeof(hdr));
	return (sizeof(hdr));
}

static inline void
send_header(int s, uint32_t type, uint32_t len, const int *fds, size_t nfds)
{
	unsigned char hdr[IMSG_HEADER_SIZE];

	send_raw(s, hdr, put_header(hdr, type, len), fds, nfds);
}

/* The next message must be there and of this type. */
static inline void
expect(struct imsgbuf *ibuf, struct imsg *imsg, uint32_t type)
{
	assert_int_equal(imsgbuf_get(ibuf, imsg), 1);
	assert_int_equal(imsg_get_type(imsg), type);
}

static inline void
expect_none(struct imsgbuf *ibuf)
{
	struct imsg imsg;

	assert_int_equal(imsgbuf_get(ibuf, &imsg), 0);
}

/* A descriptor that can be told from any other by its inode. */
static inline int
make_fd(ino_t *ino)
{
	struct stat st;
	int p[2];

	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	(void)close(p[1]);
	assert_int_equal(fstat(p[0], &st), 0);
	*ino = st.st_ino;
	return (p[0]);
}

static inline ino_t
fd_inode(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return (st.st_ino);
}

/* The message must carry just this descriptor, not to be inherited. */
static inline void
expect_fd(struct imsg *imsg, ino_t ino)
{
	int fd = imsg_get_fd(imsg);

	assert_int_not_equal(fd, -1);
	assert_true(fd_inode(fd) == ino);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(imsg_get_fd(imsg), -1);
	(void)close(fd);
}

/* All of the payload, which has to be len bytes, in out. */
static __attribute__((__unused__)) void
expect_data(struct imsg *imsg, void *out, size_t len)
{
	struct ibuf view;

	assert_int_equal(imsg_get_len(imsg), len);
	assert_int_equal(imsg_get_ibuf(imsg, &view), 0);
	assert_int_equal(ibuf_size(&view), len);
	memcpy(out, ibuf_data(&view), len);
}

#endif
