#ifndef OPENBSD_SYS_SOCKET_H
#define OPENBSD_SYS_SOCKET_H

#include <sys/types.h>
#include <sys/uio.h>

#define AF_UNSPEC 0
#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 24
#define SOCK_STREAM 1
#define SOCK_DGRAM 2
#define SOCK_RAW 3
#define SOCK_SEQPACKET 5
#define SOCK_CLOEXEC 0x8000
#define SOCK_NONBLOCK 0x4000
#define SOL_SOCKET 0xffff
#define SO_SNDBUF 0x1001
#define SO_RCVBUF 0x1002
#define SO_ERROR 0x1007
#define SO_TYPE 0x1008
#define SO_ACCEPTCONN 2
#define SO_RCVTIMEO 0x1006
#define SO_SNDTIMEO 0x1005
#define SO_DOMAIN 0x1024
#define SO_LINGER 0x80
#define SO_REUSEADDR 4
#define MSG_PEEK 2
#define MSG_TRUNC 0x10
#define MSG_CTRUNC 0x20
#define MSG_DONTWAIT 0x80
#define MSG_NOSIGNAL 0x400
#define MSG_CMSG_CLOEXEC 0x800
#define SCM_RIGHTS 1
#define SHUT_RD 0
#define SHUT_WR 1
#define SHUT_RDWR 2

struct sockaddr {
	uint8_t sa_len;
	sa_family_t sa_family;
	char sa_data[14];
};

struct sockaddr_storage {
	uint8_t ss_len;
	sa_family_t ss_family;
	uint8_t ss_pad[254];
} __attribute__((__aligned__(8)));

struct linger {
	int l_onoff, l_linger;
};

struct msghdr {
	void *msg_name;
	socklen_t msg_namelen;
	struct iovec *msg_iov;
	unsigned int msg_iovlen;
	void *msg_control;
	socklen_t msg_controllen;
	int msg_flags;
};

struct cmsghdr {
	socklen_t cmsg_len;
	int cmsg_level, cmsg_type;
};

#define CMSG_SPACE_OF(n) (((n) + 7UL) & ~7UL)
#define CMSG_DATA(c) \
	((unsigned char *)(c) + CMSG_SPACE_OF(sizeof(struct cmsghdr)))
#define CMSG_LEN(n) (CMSG_SPACE_OF(sizeof(struct cmsghdr)) + (n))
#define CMSG_SPACE(n) \
	(CMSG_SPACE_OF(sizeof(struct cmsghdr)) + CMSG_SPACE_OF(n))
#define CMSG_FIRSTHDR(m)                                   \
	((m)->msg_controllen >= sizeof(struct cmsghdr)     \
		? (struct cmsghdr *)(void *)(m)->msg_control \
		: (struct cmsghdr *)NULL)
#define CMSG_NXTHDR(m, c)                                                     \
	((unsigned char *)(c) + CMSG_SPACE_OF((c)->cmsg_len) +                \
			CMSG_SPACE_OF(sizeof(struct cmsghdr)) >               \
		    (unsigned char *)(m)->msg_control + (m)->msg_controllen \
		? (struct cmsghdr *)NULL                                      \
		: (struct cmsghdr *)(void *)((unsigned char *)(c) +           \
			CMSG_SPACE_OF((c)->cmsg_len)))

int accept(int, struct sockaddr *, socklen_t *);
int accept4(int, struct sockaddr *, socklen_t *, int);
int bind(int, const struct sockaddr *, socklen_t);
int connect(int, const struct sockaddr *, socklen_t);
int getpeereid(int, uid_t *, gid_t *);
int getpeername(int, struct sockaddr *, socklen_t *);
int getsockname(int, struct sockaddr *, socklen_t *);
int getsockopt(int, int, int, void *, socklen_t *);
int listen(int, int);
ssize_t recv(int, void *, size_t, int);
ssize_t recvmsg(int, struct msghdr *, int);
ssize_t send(int, const void *, size_t, int);
ssize_t sendmsg(int, const struct msghdr *, int);
int setsockopt(int, int, int, const void *, socklen_t);
int shutdown(int, int);
int socket(int, int, int);
int socketpair(int, int, int, int *);

#endif
