/*
 * Calls on descriptors.
 */

#include <sys/time.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "compat/ioctl.h"
#include "calls.h"
#include "cstruct.h"
#include "message.h"
#include "value.h"

static int
fd_of(const struct call *c, int n)
{
	return ((int)c->a[n].number);
}

static int
do_open(struct call *c)
{
	return (value_number(c,
	    open(c->a[0].text, (int)c->a[1].number, (mode_t)c->a[2].number)));
}

static int
do_close(struct call *c)
{
	return (close(fd_of(c, 0)));
}

/* Right into the answer; what it has no room for stays where it is. */
static int
do_read(struct call *c)
{
	struct etf_writer *out = c->out;
	size_t n = (size_t)c->a[1].number, room = out->size - out->len;
	ssize_t got;

	if (room < VALUE_HEAD + VALUE_REST + 1) {
		out->full = 1;
		return (0);
	}
	room -= VALUE_HEAD + VALUE_REST;
	got = read(
	    fd_of(c, 0), out->buf + out->len + VALUE_HEAD, n < room ? n : room);
	if (got == -1)
		return (-1);
	etf_put_binary_head(out, (uint32_t)got);
	out->len += (size_t)got;
	return (0);
}

static int
do_write(struct call *c)
{
	return (
	    value_number(c, write(fd_of(c, 0), c->a[1].bytes, c->a[1].len)));
}

static int
do_lseek(struct call *c)
{
	return (value_number(
	    c, lseek(fd_of(c, 0), (off_t)c->a[1].number, (int)c->a[2].number)));
}

/* A number of milliseconds, or #{sec, usec}; [] is for ever. */
static int
read_time(
    const struct arg *a, struct timespec *ts, const struct timespec **wait)
{
	struct etf e = a->term;
	char key[ETF_ATOM_MAX];
	int64_t n, sec = 0, usec = 0;
	uint32_t pairs;

	*wait = NULL;
	if (!a->given || (etf_get_list(&e, &pairs) == 0 && pairs == 0))
		return (0);
	if (etf_get_int(&e, &n) == 0) {
		sec = n / 1000;
		usec = n % 1000 * 1000;
	} else if (etf_get_map(&e, &pairs) == -1)
		return (-1);
	else
		while (pairs-- > 0) {
			if (etf_get_atom(&e, key, sizeof(key)) == -1 ||
			    etf_get_int(&e, &n) == -1)
				return (-1);
			if (strcmp(key, "sec") == 0)
				sec = n;
			else if (strcmp(key, "usec") == 0)
				usec = n;
			else
				return (-1);
		}
	if (sec < 0 || sec > INT32_MAX || usec < 0 || usec > 999999)
		return (-1);
	ts->tv_sec = (time_t)sec;
	ts->tv_nsec = (long)usec * 1000;
	*wait = ts;
	return (0);
}

/* What is left of so much time, of which some has passed before. */
static const struct timespec *
rest(struct call *c, struct timespec *ts)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	if (!c->timed)
		timespecadd(&now, ts, &c->until);
	c->timed = 1;
	if (timespeccmp(&now, &c->until, >=))
		timespecclear(ts);
	else
		timespecsub(&c->until, &now, ts);
	return (ts);
}

/* What select(2) calls ready, of each of its three sets. */
static const struct {
	short ask;
	short ready;
} events[] = {
	{ POLLIN, POLLIN | POLLHUP | POLLERR },
	{ POLLOUT, POLLOUT | POLLERR },
	{ POLLPRI, POLLPRI },
};

static int
fill_set(const struct arg *a, struct pollfd *fds, short ask)
{
	size_t i;

	for (i = 0; i < a->len; i++) {
		if (a->numbers[i] < 0 || a->numbers[i] > INT32_MAX ||
		    a->numbers[i] == TASK_CHANNEL_FD)
			return (-1);
		fds[i].fd = (int)a->numbers[i];
		fds[i].events = ask;
	}
	return (0);
}

static void
put_set(struct etf_writer *out, const struct pollfd *fds, size_t n, short ready)
{
	size_t i, list = etf_begin_list(out);
	uint32_t count = 0;

	for (i = 0; i < n; i++) {
		if ((fds[i].revents & ready) == 0)
			continue;
		etf_put_int(out, fds[i].fd);
		count++;
	}
	etf_end_list(out, list, count);
}

static int
do_select(struct call *c)
{
	const struct timespec *wait;
	struct timespec ts;
	struct pollfd *fds;
	size_t i, at = 0, n = c->a[0].len + c->a[1].len + c->a[2].len;

	if (read_time(&c->a[3], &ts, &wait) == -1)
		return (call_wrong(c, 4, EINVAL));
	if ((fds = call_alloc(c, n * sizeof(*fds))) == NULL)
		return (-1);
	for (i = 0; i < 3; at += c->a[i++].len) {
		if (fill_set(&c->a[i], fds + at, events[i].ask) == 0)
			continue;
		errno = EBADF;
		return (-1);
	}
	if (ppoll(fds, (nfds_t)n, wait == NULL ? NULL : rest(c, &ts), NULL) ==
	    -1)
		return (-1);
	for (i = 0; i < n; i++) {
		if ((fds[i].revents & POLLNVAL) != 0) {
			errno = EBADF;
			return (-1);
		}
	}
	etf_put_tuple(c->out, 3);
	for (i = at = 0; i < 3; at += c->a[i++].len)
		put_set(c->out, fds + at, c->a[i].len, events[i].ready);
	return (0);
}

/* The result, and with memory what is in that now. */
static int
put_result(struct call *c, int result, const struct arg *a)
{
	if (result == -1)
		return (-1);
	etf_put_tuple(c->out, 2);
	etf_put_int(c->out, result);
	cstruct_write(c->out, a);
	return (0);
}

static int
do_fcntl(struct call *c)
{
	const struct arg *a = &c->a[2];
	int cmd = (int)c->a[1].number;

	if (a->buffer)
		return (put_result(c, fcntl(fd_of(c, 0), cmd, a->memory), a));
	return (value_number(c, fcntl(fd_of(c, 0), cmd, (long)a->number)));
}

static int
do_ioctl(struct call *c)
{
	const struct arg *a = &c->a[2];
	ioctl_request request = (ioctl_request)(unsigned int)c->a[1].number;
	int r;

	if (a->buffer)
		r = ioctl(fd_of(c, 0), request, a->memory);
	else
		r = ioctl(fd_of(c, 0), request, (long)a->number);
	return (put_result(c, r, a));
}

static int
do_dup(struct call *c)
{
	return (value_number(c, dup(fd_of(c, 0))));
}

static int
do_dup2(struct call *c)
{
	return (value_number(c, dup2(fd_of(c, 0), fd_of(c, 1))));
}

static int
do_pipe(struct call *c)
{
	int fds[2];

	if (pipe2(fds, (int)c->a[0].number) == -1)
		return (-1);
	return (value_two(c, fds[0], fds[1]));
}

const struct call_handler call_file_handlers[] = {
	{ "open", do_open },
	{ "close", do_close },
	{ "read", do_read },
	{ "write", do_write },
	{ "lseek", do_lseek },
	{ "select", do_select },
	{ "fcntl", do_fcntl },
	{ "ioctl", do_ioctl },
	{ "dup", do_dup },
	{ "dup2", do_dup2 },
	{ "pipe", do_pipe },
	{ NULL, NULL },
};
