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

/* The master of a child's terminal; or -1, and the request has its reply. */
static int
pty_master(const struct wchild *c, int64_t tid)
{
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
pty_reply(int64_t tid, int r)
{
	if (r == 0)
		reply_ok(tid);
	else
		reply_text(tid, errno, strerror(errno));
}

void
pty_winsz(const struct wchild *c, const struct msg_winsz *m)
{
	struct winsize ws = { 0 };
	int fd;

	if ((fd = pty_master(c, m->tid)) == -1)
		return;
	ws.ws_row = m->rows;
	ws.ws_col = m->cols;
	pty_reply(m->tid, ioctl(fd, TIOCSWINSZ, &ws));
}

void
pty_opts(const struct wchild *c, const struct msg_ptyopts *m,
    const struct msg_mode *modes)
{
	struct termios t;
	uint32_t i;
	int fd, r;

	if ((fd = pty_master(c, m->tid)) == -1)
		return;
	if ((r = tcgetattr(fd, &t)) == 0) {
		for (i = 0; i < m->count; i++)
			(void)ptymode_set(&t, modes[i].opcode, modes[i].value);
		r = ptymode_apply(fd, &t);
	}
	pty_reply(m->tid, r);
}

/* Does c send off what was typed before it? A 0 in c_cc is no character. */
static int
pty_ends_line(const struct termios *t, int c)
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
pty_eof(const struct wchild *c, char *buf, size_t size)
{
	struct termios t;
	size_t n;

	if (tcgetattr(c->in.fd, &t) == -1 || t.c_cc[VEOF] == _POSIX_VDISABLE)
		return (0);
	n = pty_ends_line(&t, c->in.last) ? 1 : 2;
	if (n > size)
		return (0);
	memset(buf, t.c_cc[VEOF], n);
	return (n);
}
