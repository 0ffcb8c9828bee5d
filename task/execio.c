/*
 * Opening what a program is to have as descriptors 0, 1 and 2. Until then all
 * of it is close-on-exec, and above those.
 */

#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "compat/pty.h"
#include "message.h"
#include "self.h"
#include "execio.h"

#define FIRST (TASK_CHANNEL_FD + 1)

static const char *const names[3] = { "stdin", "stdout", "stderr" };

void
execio_init(struct execio *s)
{
	int i;

	memset(s, 0, sizeof(*s));
	for (i = 0; i < 3; i++)
		s->theirs[i] = s->ours[i] = s->before[i] = -1;
}

static void
drop(int *fd)
{
	if (*fd != -1)
		(void)close(*fd);
	*fd = -1;
}

static void
drop_all(struct execio *s)
{
	int error = errno, i;

	for (i = 0; i < 3; i++) {
		drop(&s->theirs[i]);
		drop(&s->ours[i]);
	}
	errno = error;
}

/* The same descriptor where no program has one: the caller may have closed 0.
 */
static int
above(int fd)
{
	int error, up;

	if (fd == -1 || fd >= FIRST)
		return (fd);
	up = fcntl(fd, F_DUPFD_CLOEXEC, FIRST);
	error = errno;
	(void)close(fd);
	errno = error;
	return (up);
}

static int
open_pipe(struct execio *s, int i)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) == -1)
		return (-1);
	s->theirs[i] = above(fds[i == 0 ? 0 : 1]);
	s->ours[i] = above(fds[i == 0 ? 1 : 0]);
	return (s->theirs[i] == -1 || s->ours[i] == -1 ? -1 : 0);
}

/* A FIFO whose other end nobody has does not hold the task up. */
static int
open_file(struct execio *s, int i)
{
	int fd, flags = O_CLOEXEC | O_NOCTTY | O_NONBLOCK;

	if (i == 0)
		flags |= O_RDONLY;
	else
		flags |= O_WRONLY | O_CREAT |
			 (s->io[i].to == TO_APPEND ? O_APPEND : O_TRUNC);
	fd = s->theirs[i] = above(open(s->io[i].path, flags, 0666));
	if (fd == -1 || (flags = fcntl(fd, F_GETFL)) == -1)
		return (-1);
	return (fcntl(fd, F_SETFL, flags & ~O_NONBLOCK));
}

/* One that the program has for all of its streams that are the switch's. */
static int
open_terminal(struct execio *s)
{
	struct winsize size = { .ws_row = s->rows, .ws_col = s->columns };
	struct termios t;
	char name[64];
	int slave;

	if ((s->ours[1] = above(pty_open(name, sizeof(name)))) == -1)
		return (-1);
	slave = s->theirs[1] = above(open(name, O_RDWR | O_NOCTTY | O_CLOEXEC));
	if (slave == -1 || tcgetattr(slave, &t) == -1)
		return (-1);
	t.c_lflag &= ~(tcflag_t)ECHO;
	if (tcsetattr(slave, TCSANOW, &t) == -1 ||
	    (s->rows != 0 && ioctl(slave, TIOCSWINSZ, &size) == -1))
		return (-1);
	s->theirs[0] = fcntl(slave, F_DUPFD_CLOEXEC, FIRST);
	s->theirs[2] = fcntl(slave, F_DUPFD_CLOEXEC, FIRST);
	s->ours[0] = fcntl(s->ours[1], F_DUPFD_CLOEXEC, FIRST);
	return (s->theirs[0] == -1 || s->theirs[2] == -1 || s->ours[0] == -1
		    ? -1
		    : 0);
}

static int
open_one(struct execio *s, int i)
{
	switch (s->io[i].to) {
	case TO_SWITCH:
		return (s->pty ? 0 : open_pipe(s, i));
	case TO_NULL:
		s->theirs[i] = above(open("/dev/null", O_RDWR | O_CLOEXEC));
		break;
	case TO_FILE:
	case TO_APPEND:
		return (open_file(s, i));
	case TO_STDOUT:
		if (s->theirs[1] == -1)
			return (0);
		s->theirs[i] = fcntl(s->theirs[1], F_DUPFD_CLOEXEC, FIRST);
		break;
	default:
		return (0);
	}
	return (s->theirs[i] == -1 ? -1 : 0);
}

int
execio_open(struct execio *s)
{
	int i;

	s->step = "pty";
	if (s->pty && open_terminal(s) == -1) {
		drop_all(s);
		return (-1);
	}
	for (i = 0; i < 3; i++) {
		/* The terminal is for those that are not said otherwise. */
		if (s->io[i].to != TO_SWITCH) {
			drop(&s->theirs[i]);
			if (i == 0)
				drop(&s->ours[i]);
		}
		s->step = names[i];
		if (open_one(s, i) == -1) {
			drop_all(s);
			return (-1);
		}
	}
	return (0);
}

/* A session of its own, whose terminal that is. */
static int
take_terminal(int slave)
{
	if (setsid() == -1 && getsid(0) != getpid())
		return (-1);
	return (ioctl(slave, TIOCSCTTY, 0));
}

static int
take_one(struct execio *s, int i)
{
	struct task_stream m = { (uint32_t)i, (uint32_t)s->pty };

	s->before[i] = fcntl(i, F_DUPFD_CLOEXEC, FIRST);
	if (s->theirs[i] == -1)
		(void)close(i);
	else if (dup2(s->theirs[i], i) == -1)
		return (-1);
	drop(&s->theirs[i]);
	if (s->ours[i] == -1)
		return (0);
	self_send(TASK_STREAM, s->ours[i], &m, sizeof(m));
	s->ours[i] = -1;
	return (1 << i);
}

int
execio_take(struct execio *s)
{
	int i, r, set = 0;

	for (i = 0; i < 3 && s->pty; i++)
		if (s->io[i].to == TO_SWITCH) {
			s->step = "pty";
			if (take_terminal(s->theirs[i]) == -1)
				return (-1);
			break;
		}
	for (i = 0; i < 3; i++) {
		s->step = names[i];
		if ((r = take_one(s, i)) == -1)
			return (-1);
		set |= r;
	}
	return (set);
}

void
execio_undo(struct execio *s)
{
	int i;

	for (i = 0; i < 3; i++)
		if (s->before[i] != -1) {
			(void)dup2(s->before[i], i);
			drop(&s->before[i]);
		}
	drop_all(s);
}
