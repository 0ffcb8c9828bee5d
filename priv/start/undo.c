/*
 * The first steps of a program that may be SUID-root: whatever its starter
 * has arranged around it is noted as data for children, and undone for us.
 */

#include <sys/time.h>

#include <errno.h>
#include <fcntl.h>
#include <paths.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "compat/fresh.h"
#include "compat/proc.h"
#include "log.h"
#include "proto.h"
#include "start/login.h"
#include "start/port.h"
#include "start/undo.h"

#define NOFILE_LEAST 4096

extern char **environ;

void
undo_descriptors(void)
{
	int fd;

	do {
		if ((fd = open(_PATH_DEVNULL, O_RDWR)) == -1) {
			log_warn("%s", _PATH_DEVNULL);
			_exit(EXIT_START);
		}
	} while (fd <= STDERR_FILENO);
	(void)close(fd);
}

/*
 * The real user of a process may signal it. From here on that is not the
 * starter any more where we have root's rights: it could end or stop one of
 * our processes, and the others would take that for more than it is.
 */
void
undo_ids(struct starter_env *s)
{
	gid_t *groups;
	int n;

	(void)proc_privileged(); /* it may be seen by the ids alone */
	s->who.uid = getuid();
	s->who.gid = getgid();
	if ((n = getgroups(0, NULL)) == -1 ||
	    (groups = calloc((size_t)n + 1, sizeof(*groups))) == NULL ||
	    (n = getgroups(n, groups)) == -1)
		fatal("groups of the starter");
	s->who.groups = groups;
	s->who.ngroups = n;
	if (geteuid() == 0 && setresuid(0, 0, 0) == -1)
		fatal("real uid");
}

void
undo_environ(struct starter_env *s)
{
	static char *nothing[] = { NULL };

	s->environ = environ == NULL ? nothing : environ;
	environ = nothing;
}

void
undo_directory(struct starter_env *s)
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

void
undo_signals(void)
{
	static const struct itimerval none;
	sigset_t all;

	/*
	 * No other signal can kill guard or priv from here on, neither SIGPIPE
	 * by a log that nobody reads nor what a terminal sends to the group.
	 */
	(void)sigfillset(&all);
	if (sigprocmask(SIG_SETMASK, &all, NULL) == -1)
		fatal("sigprocmask");
	(void)setitimer(ITIMER_REAL, &none, NULL);
	(void)setitimer(ITIMER_VIRTUAL, &none, NULL);
	(void)setitimer(ITIMER_PROF, &none, NULL);
	proc_signals_default();
}

/* Children get theirs back. 0 or -1. */
static int
undo_set_limit(struct starter_env *s, int resource, rlim_t soft, rlim_t hard)
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
undo_lift_limits(struct starter_env *s)
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
		if (hard < want && undo_set_limit(s, i, want, want) == 0)
			continue;
		if (undo_set_limit(s, i, hard, hard) == -1)
			log_debug("limit %s stays", login_limit(i));
	}
}

void
undo_limits(struct starter_env *s)
{
	int i;

	for (i = 0; i < RLIM_NLIMITS; i++)
		if (getrlimit((proc_resource)i, &s->limits[i]) == -1)
			fatal("undo: limit %d", i);
	if (undo_set_limit(
		s, RLIMIT_CORE, 0, s->limits[RLIMIT_CORE].rlim_max) == -1)
		fatal("limit of cores");
	if (s->who.uid != 0 && geteuid() == 0) {
		login_limits(s);
		undo_lift_limits(s);
		fresh_harmless();
	}
}

void
undo_group(void)
{
	if (getpgid(0) == getpid())
		return;
	if (setpgid(0, 0) == -1) {
		log_warn("cannot lead a process group");
		exit(EXIT_REFUSED);
	}
}
