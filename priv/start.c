/*
 * The first steps of a program that may be SUID-root: whatever its starter
 * has arranged around it is noted as data for children, and undone for us.
 */

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <paths.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compat/proc.h"
#include "log.h"
#include "priv.h"

#define NOFILE_LEAST 4096
#define NOFILE_NEED 1024 /* what programs may expect */

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
	if (geteuid() != 0)
		return;
	if (setresuid(0, 0, 0) == -1 || setresgid(0, 0, 0) == -1)
		fatal("real ids");
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

/* None is ignored, none is open, and no alarm is on its way. */
void
start_signals(void)
{
	signals_block();
	(void)alarm(0);
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
		want = i == RLIMIT_NOFILE ? NOFILE_LEAST : RLIM_INFINITY;
		if (hard < want && limit_set(s, i, want, want) == 0)
			continue;
		if (limit_set(s, i, hard, hard) == -1)
			log_debug("limit %d stays", i);
	}
}

/*
 * What other users' children are to have, as far as it can be had; s->odd is
 * what is too little for them.
 */
static void
limits_system(struct start *s)
{
	struct rlimit *want, rl;
	rlim_t need;
	int i;

	proc_limits_system(s->system);
	for (i = 0; i < RLIM_NLIMITS; i++) {
		want = &s->system[i];
		if (getrlimit((proc_resource)i, &rl) == -1)
			fatal("limit %d", i);
		if (rl.rlim_max >= want->rlim_max ||
		    limit_set(s, i, rl.rlim_cur, want->rlim_max) == 0)
			continue;
		need = want->rlim_cur;
		if (i == RLIMIT_NOFILE && need > NOFILE_NEED)
			need = NOFILE_NEED;
		if (rl.rlim_max < need)
			s->odd |= 1U << i;
		want->rlim_max = rl.rlim_max;
		if (want->rlim_cur > want->rlim_max)
			want->rlim_cur = want->rlim_max;
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
	memcpy(s->system, s->limits, sizeof(s->system));
	if (s->who.uid != 0 && geteuid() == 0) {
		limits_lift(s);
		limits_system(s);
	}
}

void
start_hidden(void)
{
	proc_hide();
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
