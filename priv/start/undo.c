/*
 * The first steps of a program that may be SUID-root: whatever its starter
 * has arranged around it is noted as data for children, and undone for us.
 */

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>

#include <errno.h>
#include <fcntl.h>
#include <paths.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/signals.h"
#include "compat/fresh.h"
#include "compat/proc.h"
#include "log.h"
#include "priv.h"

#define PORT_MAX 4 /* the highest descriptor that a port can have */
#define NOFILE_LEAST 4096

extern char **environ;

/* Descriptors 0 to 2 are open, whatever we were started with. */
void
start_descriptors(void)
{
	int fd;

	do {
		if ((fd = open(_PATH_DEVNULL, O_RDWR)) == -1)
			_exit(EXIT_START);
	} while (fd <= STDERR_FILENO);
	(void)close(fd);
}

/*
 * Standard error is the log: for processes of other users nothing that can be
 * read, as a terminal of the starter's could. Only what he may write to is
 * opened again with root's rights, and what cannot be (a socket) stays.
 */
void
start_log(void)
{
	int flags = fcntl(STDERR_FILENO, F_GETFL), fd = -1;

	if (flags == -1 || (flags & O_ACCMODE) == O_WRONLY)
		return;
	if ((flags & O_ACCMODE) == O_RDWR)
		fd =
		    proc_reopen(STDERR_FILENO, O_WRONLY | (flags & O_NONBLOCK));
	else
		fd = open(_PATH_DEVNULL, O_WRONLY);
	if (fd == -1)
		return;
	if (dup2(fd, STDERR_FILENO) == -1)
		fatal("log");
	(void)close(fd);
}

/* Nothing above the port's descriptors is ours. */
void
start_closefrom(void)
{
	closefrom(PORT_MAX + 1);
}

/* Nothing looks at argv[0], but the others begin behind it. */
void
start_arguments(int argc)
{
	if (argc < 1)
		_exit(EXIT_USAGE);
}

/*
 * Who it is for. Whoever is a process's real user may signal it: from here on
 * that is not the starter any more where we have root's rights, so that it
 * cannot end or stop one of several, which the others would take for more.
 */
void
start_starter(struct start *s)
{
	gid_t *groups;
	int n;

	(void)proc_privileged(); /* it may be seen by the ids alone */
	s->who.uid = getuid();
	s->who.gid = getgid();
	if ((n = getgroups(0, NULL)) == -1 ||
	    (groups = calloc((size_t)n + 1, sizeof(*groups))) == NULL ||
	    (n = getgroups(n, groups)) == -1)
		fatal("groups");
	s->who.groups = groups;
	s->who.ngroups = n;
	if (geteuid() == 0 && setresuid(0, 0, 0) == -1)
		fatal("real uid");
}

/* Data for children; no library of ours finds anything there. */
void
start_environ(struct start *s)
{
	static char *nothing[] = { NULL };

	s->environ = environ == NULL ? nothing : environ;
	environ = nothing;
}

void
start_umask(struct start *s)
{
	s->umask = umask(077);
}

void
start_directory(struct start *s)
{
	int fd;

	s->cwd = -1;
	if ((fd = proc_open_cwd()) != -1) {
		/* Where the port's descriptors may be there is no place. */
		s->cwd = fcntl(fd, F_DUPFD_CLOEXEC, PORT_MAX + 1);
		(void)close(fd);
	}
	if (chdir("/") == -1)
		fatal("chdir");
}

/* None is ignored, none is open, and no timer is on its way to one. */
void
start_signals(void)
{
	static const struct itimerval none;

	signals_block();
	(void)setitimer(ITIMER_REAL, &none, NULL);
	(void)setitimer(ITIMER_VIRTUAL, &none, NULL);
	(void)setitimer(ITIMER_PROF, &none, NULL);
	proc_signals_default();
}

/* Children get theirs back. 0 or -1. */
static int
limit_set(struct start *s, int resource, rlim_t soft, rlim_t hard)
{
	struct rlimit rl;

	rl.rlim_cur = soft;
	rl.rlim_max = hard;
	s->changed |= 1U << resource;
	return (setrlimit((proc_resource)resource, &rl));
}

/*
 * What a starter has limited to make us fail half way. In a container root
 * may be unable to lift a hard limit.
 */
static void
limits_lift(struct start *s)
{
	rlim_t hard, want;
	int i;

	for (i = 0; i < RLIM_NLIMITS; i++) {
		if (i == RLIMIT_CORE || i == proc_limit_nice ||
		    i == proc_limit_rtprio)
			continue;
		hard = s->limits[i].rlim_max;
		want = RLIM_INFINITY;
		if (i == RLIMIT_NOFILE)
			want = s->login[i].rlim_max > NOFILE_LEAST
				   ? s->login[i].rlim_max
				   : NOFILE_LEAST;
		if (hard < want && limit_set(s, i, want, want) == 0)
			continue;
		if (limit_set(s, i, hard, hard) == -1)
			log_debug("limit %d stays", i);
	}
}

/* No core; and where rights are given, no other limit either. */
void
start_limits(struct start *s)
{
	int i;

	for (i = 0; i < RLIM_NLIMITS; i++)
		if (getrlimit((proc_resource)i, &s->limits[i]) == -1)
			fatal("limit %d", i);
	if (limit_set(s, RLIMIT_CORE, 0, s->limits[RLIMIT_CORE].rlim_max) == -1)
		fatal("limit of cores");
	if (s->who.uid != 0 && geteuid() == 0) {
		login_limits(s);
		limits_lift(s);
		fresh_harmless();
	}
}

void
start_hidden(void)
{
	proc_hide();
}

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

/* The port is one, and what is not the port is closed. */
void
start_port(const struct args *a)
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

void
start_group(void)
{
	if (getpgid(0) == getpid())
		return;
	if (setpgid(0, 0) == -1) {
		log_warn("cannot lead a process group");
		exit(EXIT_REFUSED);
	}
}
