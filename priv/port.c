/*
 * The port's two descriptors, and the log: what they are, before anybody
 * works with them. They come from the starter, who may have made them to be
 * anything, and to send signals to whoever reads from them.
 */

#include <sys/stat.h>

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "compat/proc.h"
#include "log.h"
#include "priv.h"

/* Why it cannot be read from, or written to; NULL if it can. */
static const char *
port_fault(int fd, int how, const struct stat *st)
{
	int flags = fcntl(fd, F_GETFL);

	if (S_ISDIR(st->st_mode))
		return ("is a directory");
	if ((flags & O_ACCMODE) != O_RDWR && (flags & O_ACCMODE) != how)
		return (how == O_RDONLY ? "cannot be read from"
					: "cannot be written to");
	/* With a writer in ourselves it has no end. */
	if (how == O_RDONLY && S_ISFIFO(st->st_mode) &&
	    (flags & O_ACCMODE) == O_RDWR)
		return ("is a FIFO that is open for writing, too");
	return (NULL);
}

static void
port_check(int fd, int how, struct stat *st)
{
	const char *fault;

	if (fstat(fd, st) == -1) {
		log_warn("the port's descriptor %d", fd);
		exit(EXIT_START);
	}
	if ((fault = port_fault(fd, how, st)) != NULL) {
		log_warnx("the port's descriptor %d %s", fd, fault);
		exit(EXIT_START);
	}
}

/* Nobody is sent a signal because it can be read from. */
static void
port_disown(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	proc_disown(fd);
	if (flags != -1 && flags & O_ASYNC)
		(void)fcntl(fd, F_SETFL, flags & ~O_ASYNC);
}

/* What is written would be read again. */
static int
same_file(const struct stat *a, const struct stat *b)
{
	return ((S_ISREG(a->st_mode) || S_ISFIFO(a->st_mode)) &&
		a->st_dev == b->st_dev && a->st_ino == b->st_ino);
}

/* The port is open and can be one, and what is not the port is closed. */
void
start_port(const struct args *a)
{
	struct stat in, out;
	int fd;

	for (fd = STDERR_FILENO + 1; fd <= PORT_MAX; fd++)
		if (a->port_out == STDOUT_FILENO)
			(void)close(fd);
	port_check(a->port_in, O_RDONLY, &in);
	port_check(a->port_out, O_WRONLY, &out);
	if (same_file(&in, &out)) {
		log_warnx("the port's descriptors %d and %d are the same file",
		    a->port_in, a->port_out);
		exit(EXIT_START);
	}
	port_disown(a->port_in);
	port_disown(a->port_out);
	port_disown(STDERR_FILENO);
}
