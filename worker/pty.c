/*
 * Terminals of children: the worker holds the masters. Size and modes can be
 * changed while the child runs; its end of file is a character.
 */

#include <sys/ioctl.h>

#include <errno.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "compat/ptymodes.h"
#include "worker.h"

/* The master of a child's terminal, or -1 and the request is answered. */
static int
pty_master(pid_t pid, int64_t tid)
{
	const struct child *c = child_by_pid(pid);

	if (c == NULL || c->ended) {
		reply_text(tid, ESRCH, "pid not alive");
		return (-1);
	}
	if (!(c->tty & TTY_YES) || c->out[0].fd == -1) {
		reply_text(tid, ENOTTY, "pid has no pty");
		return (-1);
	}
	return (c->out[0].fd);
}

static void
pty_answer(int64_t tid, int r)
{
	if (r == 0)
		reply_ok(tid);
	else
		reply_text(tid, errno, strerror(errno));
}

int
pty_winsz(void *arg, const void *data, size_t len, int fd)
{
	struct winsize ws = { 0 };
	struct msg_winsz m;

	(void)arg;
	if (proto_unpack_winsz(data, len, &m) == -1)
		return (-1);
	if ((fd = pty_master(m.pid, m.tid)) == -1)
		return (0);
	ws.ws_row = m.rows;
	ws.ws_col = m.cols;
	pty_answer(m.tid, ioctl(fd, TIOCSWINSZ, &ws));
	return (0);
}

int
pty_opts(void *arg, const void *data, size_t len, int fd)
{
	struct msg_mode modes[TTYMODES_MAX];
	struct msg_ptyopts m;
	struct termios t;
	uint32_t i;
	int r;

	(void)arg;
	if (proto_unpack_ptyopts(data, len, &m, modes) == -1)
		return (-1);
	if ((fd = pty_master(m.pid, m.tid)) == -1)
		return (0);
	if ((r = tcgetattr(fd, &t)) == 0) {
		for (i = 0; i < m.count; i++)
			(void)ptymode_set(&t, modes[i].opcode, modes[i].value);
		r = ptymode_apply(fd, &t);
	}
	pty_answer(m.tid, r);
	return (0);
}

/* Does it send off what was typed before it? 0 is no character here. */
static int
ends_line(const struct termios *t, int c)
{
	if (c == '\n')
		return (1);
	if (c == '\r' && t->c_iflag & ICRNL && !(t->c_iflag & IGNCR))
		return (1);
	return (
	    c != _POSIX_VDISABLE && (c == t->c_cc[VEOF] || c == t->c_cc[VEOL]));
}

/*
 * What a terminal's user would type to end the input: behind the beginning
 * of a line it takes two, the first of which only sends the line off.
 * Returns how many characters were stored.
 */
size_t
pty_eof(const struct child *c, char *buf, size_t size)
{
	struct termios t;
	size_t n;

	if (tcgetattr(c->in.fd, &t) == -1 || t.c_cc[VEOF] == _POSIX_VDISABLE)
		return (0);
	n = ends_line(&t, c->in.last) ? 1 : 2;
	if (n > size)
		return (0);
	memset(buf, t.c_cc[VEOF], n);
	return (n);
}
