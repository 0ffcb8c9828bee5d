/*
 * The port: two descriptors that the node has opened, or whoever started us.
 */

#include <sys/socket.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "compat/proc.h"
#include "log.h"
#include "proto.h"
#include "start/port.h"

/*
 * Why fd cannot be the port's end that is read (or written), or NULL. With
 * some of these it would never end, with others never begin.
 */
static const char *
port_odd(int fd, int reads, struct stat *st)
{
	socklen_t len = sizeof(int);
	int flags, mode, value = 0;

	if (fstat(fd, st) == -1 || (flags = fcntl(fd, F_GETFL)) == -1)
		return ("is not open");
	mode = flags & O_ACCMODE;
	if (proc_is_path(flags) || mode == (reads ? O_WRONLY : O_RDONLY))
		return (reads ? "cannot be read" : "cannot be written");
	if (S_ISDIR(st->st_mode))
		return ("is a directory");
	if (S_ISFIFO(st->st_mode))
		return (mode == O_RDWR
			    ? "is a FIFO opened for reading and writing"
			    : NULL);
	if (S_ISSOCK(st->st_mode))
		return (
		    getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &len) == -1 ||
			    value != SOCK_STREAM ||
			    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value,
				&len) == -1 ||
			    value != 0
			? "is a socket that is no stream"
			: NULL);
	return (S_ISCHR(st->st_mode) || S_ISREG(st->st_mode)
		    ? NULL
		    : "is nothing that bytes come from");
}

static void port_refuse(int fd, const char *why) __attribute__((__noreturn__));

static void
port_refuse(int fd, const char *why)
{
	log_warnx("the port's descriptor %d %s", fd, why);
	exit(EXIT_START);
}

/* What happens on fd sends nobody a signal, whatever was asked for. */
static void
port_disown(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	proc_disown(fd);
	if (flags != -1 && flags & O_ASYNC)
		(void)fcntl(fd, F_SETFL, flags & ~O_ASYNC);
}

void
port_check(const struct args *a)
{
	struct stat in, out;
	const char *why;
	int fd;

	for (fd = STDERR_FILENO + 1; fd <= PORT_MAX; fd++)
		if (a->port_out == STDOUT_FILENO)
			(void)close(fd);
	if ((why = port_odd(a->port_in, 1, &in)) != NULL)
		port_refuse(a->port_in, why);
	if ((why = port_odd(a->port_out, 0, &out)) != NULL)
		port_refuse(a->port_out, why);
	/* It would read what it has written. */
	if ((S_ISFIFO(in.st_mode) || S_ISREG(in.st_mode)) &&
	    in.st_dev == out.st_dev && in.st_ino == out.st_ino)
		port_refuse(a->port_out, "is the one that is read");
	port_disown(a->port_in);
	port_disown(a->port_out);
	port_disown(STDERR_FILENO);
}
