/*
 * Calls on sockets. An address is {inet, {A, B, C, D}, Port}, {inet6, {A, ...},
 * Port}, {local, Path}, or what the system makes of one, as a cstruct.
 */

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <arpa/inet.h>
#include <netinet/in.h>

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "calls.h"
#include "cstruct.h"
#include "value.h"

union address {
	struct sockaddr any;
	struct sockaddr_in inet;
	struct sockaddr_in6 inet6;
	struct sockaddr_un local;
	struct sockaddr_storage most;
};

/* n numbers of a tuple, and behind it a port. */
static int
read_numbers(struct etf *e, uint32_t n, int64_t max, int64_t *numbers)
{
	uint32_t i, arity;

	if (etf_get_tuple(e, &arity) == -1 || arity != n)
		return (-1);
	for (i = 0; i <= n; i++)
		if (etf_get_int(e, &numbers[i]) == -1 || numbers[i] < 0 ||
		    numbers[i] > (i < n ? max : UINT16_MAX))
			return (-1);
	return (0);
}

static int
read_inet(struct etf *e, struct sockaddr_in *sin)
{
	int64_t n[5];

	if (read_numbers(e, 4, UINT8_MAX, n) == -1)
		return (-1);
	sin->sin_family = AF_INET;
	sin->sin_port = htons((uint16_t)n[4]);
	sin->sin_addr.s_addr =
	    htonl((uint32_t)(n[0] << 24 | n[1] << 16 | n[2] << 8 | n[3]));
	return (0);
}

static int
read_inet6(struct etf *e, struct sockaddr_in6 *sin6)
{
	uint8_t *b = sin6->sin6_addr.s6_addr;
	int64_t n[9];
	int i;

	if (read_numbers(e, 8, UINT16_MAX, n) == -1)
		return (-1);
	sin6->sin6_family = AF_INET6;
	sin6->sin6_port = htons((uint16_t)n[8]);
	for (i = 0; i < 8; i++) {
		*b++ = (uint8_t)(n[i] >> 8);
		*b++ = (uint8_t)(n[i] & 0xff);
	}
	return (0);
}

/* A path, or with a NUL in front of it a name that is in no file system. */
static int
read_local(struct etf *e, struct sockaddr_un *sun, socklen_t *len)
{
	const uint8_t *path;
	char text[sizeof(sun->sun_path)];
	size_t n;

	if (etf_get_binary(e, &path, &n) == -1) {
		if (etf_get_text(e, text, sizeof(text), &n) == -1)
			return (-1);
		path = (const uint8_t *)text;
	}
	if (n == 0 || n >= sizeof(sun->sun_path) ||
	    (path[0] != '\0' && memchr(path, '\0', n) != NULL))
		return (-1);
	sun->sun_family = AF_UNIX;
	memcpy(sun->sun_path, path, n);
	/* What ends a path is counted, and a name has no end. */
	*len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n +
			   (path[0] != '\0'));
	return (0);
}

static int
read_named(struct etf e, union address *to, socklen_t *len)
{
	char family[ETF_ATOM_MAX];
	uint32_t arity;

	if (etf_get_tuple(&e, &arity) == -1 ||
	    etf_get_atom(&e, family, sizeof(family)) == -1)
		return (-1);
	if (strcmp(family, "local") == 0 && arity == 2)
		return (read_local(&e, &to->local, len));
	if (strcmp(family, "inet") == 0 && arity == 3) {
		*len = sizeof(to->inet);
		return (read_inet(&e, &to->inet));
	}
	*len = sizeof(to->inet6);
	if (strcmp(family, "inet6") == 0 && arity == 3)
		return (read_inet6(&e, &to->inet6));
	return (-1);
}

static int
read_address(struct call *c, int n, union address *to, socklen_t *len)
{
	struct arg *a = &c->a[n];
	enum etf_type type;

	*len = 0;
	memset(to, 0, sizeof(*to));
	if (etf_type(&a->term, &type) == 0 && type == ETF_TUPLE) {
		if (read_named(a->term, to, len) == -1)
			return (call_wrong(c, n + 1, EINVAL));
		return (0);
	}
	if (cstruct_read(c, a) == -1)
		return (call_wrong(c, n + 1, errno));
	if (a->len > sizeof(*to))
		return (call_wrong(c, n + 1, EINVAL));
	if (a->len > 0)
		memcpy(to, a->memory, a->len);
	*len = (socklen_t)a->len;
	return (0);
}

static void
put_inet(struct etf_writer *out, const struct sockaddr_in *sin)
{
	uint32_t host = ntohl(sin->sin_addr.s_addr);
	int i;

	etf_put_atom(out, "inet");
	etf_put_tuple(out, 4);
	for (i = 24; i >= 0; i -= 8)
		etf_put_int(out, host >> i & 0xff);
	etf_put_int(out, ntohs(sin->sin_port));
}

static void
put_inet6(struct etf_writer *out, const struct sockaddr_in6 *sin6)
{
	const uint8_t *b = sin6->sin6_addr.s6_addr;
	int i;

	etf_put_atom(out, "inet6");
	etf_put_tuple(out, 8);
	for (i = 0; i < 16; i += 2)
		etf_put_int(out, b[i] << 8 | b[i + 1]);
	etf_put_int(out, ntohs(sin6->sin6_port));
}

/* One of no family that has a name here is bytes. */
static void
put_address(struct etf_writer *out, const union address *from, socklen_t len)
{
	size_t head = offsetof(struct sockaddr_un, sun_path), n;

	if (len > sizeof(*from))
		len = sizeof(*from);
	if (len >= sizeof(from->inet) && from->any.sa_family == AF_INET) {
		etf_put_tuple(out, 3);
		put_inet(out, &from->inet);
	} else if (len >= sizeof(from->inet6) &&
		   from->any.sa_family == AF_INET6) {
		etf_put_tuple(out, 3);
		put_inet6(out, &from->inet6);
	} else if (len >= head && from->any.sa_family == AF_UNIX) {
		n = len - head;
		if (n > 0 && from->local.sun_path[0] != '\0')
			n = strnlen(from->local.sun_path, n);
		etf_put_tuple(out, 2);
		etf_put_atom(out, "local");
		etf_put_binary(out, from->local.sun_path, n);
	} else
		etf_put_binary(out, from, len);
}

static int
fd_of(const struct call *c, int n)
{
	return ((int)c->a[n].number);
}

static int
do_socket(struct call *c)
{
	return (value_number(c, socket((int)c->a[0].number, (int)c->a[1].number,
				    (int)c->a[2].number)));
}

static int
do_socketpair(struct call *c)
{
	int fds[2];

	if (socketpair((int)c->a[0].number, (int)c->a[1].number,
		(int)c->a[2].number, fds) == -1)
		return (-1);
	return (value_two(c, fds[0], fds[1]));
}

static int
do_bind(struct call *c)
{
	union address to;
	socklen_t len;

	if (read_address(c, 1, &to, &len) == -1)
		return (-1);
	return (bind(fd_of(c, 0), &to.any, len));
}

/* One that was interrupted goes on, and is asked for again. */
static int
do_connect(struct call *c)
{
	union address to;
	socklen_t len;

	if (read_address(c, 1, &to, &len) == -1)
		return (-1);
	return (connect(fd_of(c, 0), &to.any, len));
}

static int
do_listen(struct call *c)
{
	return (listen(fd_of(c, 0), (int)c->a[1].number));
}

static int
do_accept(struct call *c)
{
	union address from;
	socklen_t len = sizeof(from);
	int fd;

	memset(&from, 0, sizeof(from));
	if ((fd = accept(fd_of(c, 0), &from.any, &len)) == -1)
		return (-1);
	etf_put_tuple(c->out, 2);
	etf_put_int(c->out, fd);
	put_address(c->out, &from, len);
	return (0);
}

const struct call_handler call_net_handlers[] = {
	{ "socket", do_socket },
	{ "socketpair", do_socketpair },
	{ "bind", do_bind },
	{ "listen", do_listen },
	{ "accept", do_accept },
	{ "connect", do_connect },
	{ NULL, NULL },
};
