#ifndef OPENBSD_IMSG_H
#define OPENBSD_IMSG_H

#include <sys/types.h>
#include <sys/uio.h>
#include <stddef.h>
#include <stdint.h>

struct ibuf {
	unsigned char *buf;
	size_t size, max, wpos, rpos;
	int fd;
};

struct msgbuf;

struct imsgbuf {
	struct msgbuf *w;
	pid_t pid;
	uint32_t maxsize;
	int fd, flags;
};

struct imsg_hdr {
	uint32_t type, len, peerid, pid;
};

struct imsg {
	struct imsg_hdr hdr;
	void *data;
	struct ibuf *buf;
};

void *ibuf_data(const struct ibuf *);
size_t ibuf_size(const struct ibuf *);
int imsg_compose(struct imsgbuf *, uint32_t, uint32_t, pid_t, int,
    const void *, size_t);
int imsg_composev(struct imsgbuf *, uint32_t, uint32_t, pid_t, int,
    const struct iovec *, int);
void imsg_free(struct imsg *);
int imsg_get_fd(struct imsg *);
int imsg_get_ibuf(struct imsg *, struct ibuf *);
size_t imsg_get_len(struct imsg *);
uint32_t imsg_get_type(struct imsg *);
void imsgbuf_allow_fdpass(struct imsgbuf *);
void imsgbuf_clear(struct imsgbuf *);
int imsgbuf_flush(struct imsgbuf *);
int imsgbuf_init(struct imsgbuf *, int);
uint32_t imsgbuf_queuelen(struct imsgbuf *);
int imsgbuf_read(struct imsgbuf *);
int imsgbuf_set_maxsize(struct imsgbuf *, uint32_t);
int imsgbuf_write(struct imsgbuf *);

/* Of 7.8 and later, and of those before: configure asks which. */
#ifdef OPENBSD_IMSGBUF_GET
int imsgbuf_get(struct imsgbuf *, struct imsg *);
#else
ssize_t imsg_get(struct imsgbuf *, struct imsg *);
#endif

#endif
