/*
 * A broker that has been taken over: it stands where proctor-broker should
 * and says to priv and to the worker whatever the harness wants it to. What
 * the node sends are not terms but commands:
 *
 *	'W' channel fd length bytes	write these to priv (0) or the worker
 *(1), with a descriptor if fd is not 0 'M' seed count lies length pids send
 *that many mutated messages; one in lies of them may break the ring 'X' status
 *exit
 *
 * Numbers are of 32 bits in host order but the letters. pids is a count of
 * those that may be managed to no avail, they, and then others that may be
 * signalled to no avail. How many messages went out is a line on stderr.
 */

#include <sys/socket.h>

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto.h"

#define FD_MARK 0x80000000U /* in a header's length: a descriptor follows */
#define WORST (MSG_MAX + 4096)
#define PIDS_MAX 64

struct header {
	uint32_t type;
	uint32_t len;
	uint32_t peerid;
	uint32_t pid;
};

struct message {
	struct header h;
	uint8_t body[4096];
	size_t len; /* of the body */
};

static uint64_t state;
static int32_t pids[PIDS_MAX];
static uint32_t pids_count, unmanageable;

static uint32_t
rnd(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return ((uint32_t)(state >> 32) % below);
}

/* A number that is likely to be a limit of something. */
static int32_t
odd(void)
{
	static const int32_t limits[] = { 0, 1, -1, 2, -2, 9, 15, 19, 63, 64,
		65, 127, 128, 255, 256, 65535, 65536, INT32_MAX, INT32_MIN,
		INT32_MIN + 1, 32768, 4194304, 262144 };

	if (rnd(4) == 0)
		return ((int32_t)(rnd(UINT32_MAX) | 0x40000000U));
	return (limits[rnd(sizeof(limits) / sizeof(limits[0]))]);
}

static int32_t
a_pid(uint32_t count)
{
	int32_t pid;

	if (count == 0 || rnd(3) == 0)
		return (odd());
	pid = pids[rnd(count)];
	return (rnd(8) == 0 ? -pid : pid);
}

/* 0, or -1 if nobody is there any more. */
static int
put(int fd, const void *data, size_t len)
{
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };
	const uint8_t *p = data;
	ssize_t n;

	while (len > 0) {
		n = send(fd, p, len, MSG_NOSIGNAL);
		if (n == -1 && errno == EAGAIN) {
			(void)poll(&pfd, 1, -1);
			continue;
		}
		if (n == -1)
			return (-1);
		p += n;
		len -= (size_t)n;
	}
	return (0);
}

/* The first byte carries a descriptor, the rest follows. */
static int
put_fd(int fd, const uint8_t *data, size_t len)
{
	union {
		struct cmsghdr hdr;
		uint8_t buf[CMSG_SPACE(sizeof(int))];
	} c = { 0 };
	struct iovec iov = { (void *)(uintptr_t)data, 1 };
	struct msghdr msg = { 0 };
	struct cmsghdr *cmsg;
	const int passed = STDERR_FILENO;

	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	msg.msg_control = &c;
	msg.msg_controllen = sizeof(c.buf);
	cmsg = CMSG_FIRSTHDR(&msg);
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &passed, sizeof(passed));
	if (len == 0 || sendmsg(fd, &msg, MSG_NOSIGNAL) == -1)
		return (-1);
	return (put(fd, data + 1, len - 1));
}

static int
get(void *data, size_t len)
{
	struct pollfd pfd[2] = { { .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = RING_PRIV_FD } };
	uint8_t *p = data;
	ssize_t n;

	while (len > 0) {
		/* Without priv there is nobody to tell anything. */
		if (poll(pfd, 2, -1) == -1 || pfd[1].revents != 0)
			return (-1);
		if ((n = read(STDIN_FILENO, p, len)) <= 0)
			return (-1);
		p += n;
		len -= (size_t)n;
	}
	return (0);
}

static uint32_t
number(void)
{
	uint32_t n;

	if (get(&n, sizeof(n)) == -1)
		_exit(0);
	return (n);
}

/* Messages that are well-formed, with fields that are not what they seem. */

static void
body(struct message *m, uint32_t type, const void *data, size_t len)
{
	m->h.type = type;
	memcpy(m->body, data, len);
	m->len = len;
}

static void
make_request(struct message *m)
{
	static const uint32_t types[] = { IMSG_KILL, IMSG_KILL, IMSG_STOP,
		IMSG_LIST, IMSG_DEBUG, IMSG_SETPGID, IMSG_STATS, IMSG_PAUSE };
	struct msg_request r = { 0 };

	m->h.type = types[rnd(sizeof(types) / sizeof(types[0]))];
	r.tid = 1 + rnd(1000000);
	if (m->h.type == IMSG_DEBUG || m->h.type == IMSG_PAUSE)
		r.arg = (int32_t)rnd(2);
	if (m->h.type != IMSG_LIST && m->h.type != IMSG_DEBUG)
		r.pid = a_pid(pids_count);
	if (m->h.type == IMSG_KILL)
		r.arg = rnd(2) ? (int32_t)rnd(70) : odd();
	if (m->h.type == IMSG_SETPGID)
		r.arg = a_pid(pids_count);
	body(m, m->h.type, &r, sizeof(r));
}

static void
make_winsz(struct message *m)
{
	struct msg_winsz w = { 0 };

	w.tid = 1 + rnd(1000000);
	w.pid = a_pid(pids_count);
	w.rows = (uint16_t)(1 + rnd(65535));
	w.cols = (uint16_t)(1 + rnd(65535));
	body(m, IMSG_WINSZ, &w, sizeof(w));
}

/* One of them, which may be more than the rule permits. */
static void
a_limit(struct leaf_limits *l)
{
	static const enum leaf_limit some[] = { LEAF_MEMORY_MAX, LEAF_PIDS_MAX,
		LEAF_SWAP_MAX };
	enum leaf_limit limit = some[rnd(3)];

	l->given = UINT64_C(1) << limit;
	l->value[limit] = rnd(2) ? LEAF_NO_LIMIT : rnd(INT32_MAX);
}

static void
make_cgroup_set(struct message *m)
{
	struct msg_cgroup_set s = { 0 };

	s.tid = 1 + rnd(1000000);
	s.pid = a_pid(pids_count);
	a_limit(&s.limits);
	body(m, IMSG_CGROUP_SET, &s, sizeof(s));
}

static void
make_ptyopts(struct message *m)
{
	struct msg_ptyopts o = { 0 };

	o.tid = 1 + rnd(1000000);
	o.pid = a_pid(pids_count);
	body(m, IMSG_PTYOPTS, &o, sizeof(o));
}

static void
make_refuse(struct message *m)
{
	static const uint32_t codes[] = { REPLY_BADARG, REPLY_ERRNO,
		REPLY_TEXT };
	uint8_t buf[MSG_REPLY_MAX];
	char text[MSG_TEXT_MAX];
	struct msg_reply r = { 0 };
	uint32_t i, n = rnd(MSG_TEXT_MAX - 1);

	r.tid = 1 + rnd(1000000);
	r.code = codes[rnd(3)];
	r.value = r.code == REPLY_ERRNO ? odd() : 0;
	r.stage = rnd(STAGES);
	for (i = 0; i < n; i++)
		text[i] = (char)(1 + rnd(255));
	text[n] = '\0';
	r.text.len = n;
	memcpy(buf, &r, sizeof(r));
	memcpy(buf + sizeof(r), text, n + 1);
	body(m, IMSG_REFUSE, buf, sizeof(r) + n + 1);
}

/* One string behind a struct msg_run. */
static uint32_t
tail(struct message *m, struct msg_str *s, const char *text)
{
	size_t n = strlen(text);

	s->off = (uint32_t)(m->len - sizeof(struct msg_run));
	s->len = (uint32_t)n;
	memcpy(m->body + m->len, text, n + 1);
	m->len += n + 1;
	return ((uint32_t)n + 1);
}

/* vec is an array of one string. */
static void
tail_vec(struct message *m, struct msg_vec *v, const char *text)
{
	struct msg_str s = { 0 };

	v->len = tail(m, &s, text);
	v->off = s.off;
	v->count = 1;
}

static const char *
a_user(char *buf, size_t size)
{
	static const char *const names[] = { "root", "mail", "_proctor",
		"nobody", "0", "daemon:root", "", ":", "daemon", "bin" };
	size_t n;

	(void)strlcpy(buf, names[rnd(sizeof(names) / sizeof(names[0]))], size);
	if (rnd(3) != 0 && (n = strlen(buf)) > 0)
		buf[rnd((uint32_t)n)] = (char)(1 + rnd(255));
	return (buf);
}

static void
make_run(struct message *m, int manage)
{
	struct msg_run r = { 0 };
	char user[32];
	uint32_t end;
	int i;

	m->len = sizeof(r);
	r.tid = 1 + rnd(1000000);
	r.kill_timeout = rnd(2) ? rnd(UINT32_MAX) : 1000;
	r.stop_signal = rnd(4) ? 0 : rnd(65);
	for (i = 0; i < 3; i++)
		(void)tail(m, &r.io[i].path, "");
	(void)tail(m, &r.executable, manage || rnd(2) ? "" : "/no/such");
	(void)tail(m, &r.cd, manage || rnd(3) ? "" : "/no/such");
	(void)tail(m, &r.user, manage ? "" : a_user(user, sizeof(user)));
	(void)tail(m, &r.kill, rnd(4) ? "" : "exec sleep 100");
	(void)tail(m, &r.arg0, manage || rnd(3) ? "" : "-x");
	(void)tail(m, &r.gid, manage || rnd(3) ? "" : "root");
	if (manage || rnd(3)) {
		(void)tail(m, &r.leaf_name, "");
	} else {
		r.flags |= RUN_CGROUP;
		(void)tail(m, &r.leaf_name, rnd(2) ? "" : "leaf");
		if (rnd(2))
			a_limit(&r.leaf);
	}
	if (manage) {
		/* Never a number by chance: only those that it must not. */
		do
			r.pid = a_pid(unmanageable);
		while (r.pid <= 1);
		r.args.off = (uint32_t)(m->len - sizeof(r));
	} else {
		tail_vec(m, &r.args, rnd(2) ? "/bin/true" : "/bin/sleep");
		r.nice = rnd(2) ? -(int32_t)rnd(21) : 0;
		r.flags |= r.nice != 0 ? RUN_NICE : 0;
		if (rnd(4) == 0 && (r.group = a_pid(pids_count)) > 0)
			r.flags |= RUN_GROUP;
		else
			r.group = 0;
	}
	end = (uint32_t)(m->len - sizeof(r));
	r.env.off = r.groups.off = r.modes.off = end;
	memcpy(m->body, &r, sizeof(r));
	m->h.type = manage ? IMSG_MANAGE : IMSG_RUN;
}

static void
make_stdin(struct message *m)
{
	struct msg_stdin s = { 0 };

	do
		s.pid = a_pid(pids_count);
	while (s.pid <= 1);
	body(m, rnd(2) ? IMSG_STDIN : IMSG_STDIN_EOF, &s, sizeof(s));
	if (m->h.type == IMSG_STDIN) {
		m->len += rnd(64);
		memset(m->body + sizeof(s), 'x', m->len - sizeof(s));
	}
}

/* Any bits, anywhere but in the pid of a manage. */
static void
lie(struct message *m)
{
	uint8_t *p = (uint8_t *)&m->h;
	uint32_t i, n = 1 + rnd(4), at;
	size_t pid = offsetof(struct msg_run, pid);

	for (i = 0; i < n; i++) {
		if (rnd(4) == 0) {
			p[rnd(sizeof(m->h))] ^= (uint8_t)(1U << rnd(8));
			continue;
		}
		at = rnd((uint32_t)m->len + 1);
		if (at == m->len)
			m->len = rnd((uint32_t)sizeof(m->body));
		else if (at < pid || at >= pid + 4)
			m->body[at] ^= (uint8_t)(1U << rnd(8));
	}
	/* It must not become a manage, whose pid nobody has looked at. */
	if (m->h.type == IMSG_MANAGE)
		m->h.type = IMSG_RUN;
}

static int
send_mutated(uint32_t lies)
{
	struct message m = { 0 };
	uint32_t kind = rnd(20);
	int fd = RING_PRIV_FD;

	if (kind < 9)
		make_request(&m);
	else if (kind < 11)
		make_winsz(&m);
	else if (kind < 12 && rnd(2))
		make_cgroup_set(&m);
	else if (kind < 12)
		make_ptyopts(&m);
	else if (kind < 13)
		make_refuse(&m);
	else if (kind < 16)
		make_run(&m, 1);
	else if (kind < 17)
		make_run(&m, 0);
	else {
		make_stdin(&m);
		fd = RING_PEER_FD;
	}
	m.h.len = (uint32_t)(sizeof(m.h) + m.len);
	m.h.pid = rnd(UINT32_MAX);
	m.h.peerid = rnd(UINT32_MAX);
	if (rnd(lies) == 0) {
		lie(&m);
		if (rnd(2))
			fd = RING_PRIV_FD + (int)rnd(2);
	}
	if (put(fd, &m.h, sizeof(m.h)) == -1)
		return (-1);
	return (put(fd, m.body, m.len));
}

static void
mutate(void)
{
	uint32_t count, i, lies;

	state = 0x9e3779b97f4a7c15ULL ^ ((uint64_t)number() << 17);
	count = number();
	lies = number();
	unmanageable = number();
	pids_count = number();
	if (pids_count > PIDS_MAX || unmanageable > pids_count)
		errx(1, "too many pids");
	if (get(pids, pids_count * sizeof(pids[0])) == -1)
		_exit(0);
	for (i = 0; i < count; i++)
		if (send_mutated(lies) == -1)
			break;
	(void)fprintf(stderr, "hostile: %u messages\n", i);
}

static void
relay(void)
{
	static uint8_t buf[WORST];
	uint32_t channel = number(), passed = number(), len = number();
	int fd;

	if (len > sizeof(buf))
		errx(1, "too long");
	if (get(buf, len) == -1)
		_exit(0);
	fd = channel == 0 ? RING_PRIV_FD : RING_PEER_FD;
	if ((passed ? put_fd(fd, buf, len) : put(fd, buf, len)) == -1)
		_exit(0);
}

int
main(void)
{
	char what;

	(void)signal(SIGPIPE, SIG_IGN);
	while (get(&what, 1) == 0) {
		switch (what) {
		case 'W':
			relay();
			break;
		case 'M':
			mutate();
			break;
		default:
			return ((int)number());
		}
	}
	return (0);
}
