/*
 * A process that waits for its child: see wait.h. When that dies it kills what
 * falls to it then, if the child was killed: no process below could find all
 * of that.
 */

#include <sys/wait.h>

#include <fcntl.h>
#include <paths.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/privdrop.h"
#include "clean.h"
#include "reap.h"
#include "signals.h"
#include "timer.h"
#include "compat/cgroup.h"
#include "compat/privs.h"
#include "compat/proc.h"
#include "log.h"
#include "policy/permit.h"
#include "policy/runas.h"
#include "policy/uids.h"
#include "proto.h"

#include "guard/family.h"
#include "guard/wait.h"

#define ORDERLY 0x40 /* in the exit status: what is left was killed */

static const struct waiter *waiter; /* that cleans */

static int
wait_wants(pid_t pid)
{
	return ((waiter->spares == NULL || !waiter->spares(pid)) &&
		family_has(pid));
}

static void
wait_kill(pid_t pid)
{
	family_signal(pid, SIGKILL);
}

/*
 * Null, null, the log, what is served at WAIT_FD, the lock of our uids, the
 * cgroup.
 */
static void
wait_descriptors(int fd)
{
	int nullfd;

	if ((nullfd = open(_PATH_DEVNULL, O_RDWR)) == -1 ||
	    dup2(nullfd, STDIN_FILENO) == -1 ||
	    dup2(nullfd, STDOUT_FILENO) == -1 ||
	    (fd != -1 && fd != WAIT_FD && dup2(fd, WAIT_FD) == -1))
		fatal("descriptors of guard or reaper");
	fd = WAIT_FD + (fd != -1);
	fd += uids_keep(fd);
	closefrom(fd + cgroup_keep(fd));
}

void
wait_confine(const char *name, int fd)
{
	setproctitle("-proctor: %s", name);
	log_init(name, log_getlevel());
	wait_descriptors(fd);
	if (proc_children_open() == -1)
		fatal("children of guard or reaper");
	permit_forget();
	runas_forget(NULL);
	signals_catch();
	privdrop(PRIV_KILL);
}

/* 1: the child is among the dead, and status is its own. */
static int
wait_reap(const struct waiter *w, int *status)
{
	pid_t pid;

	while ((pid = reap_ended(-1, status, NULL)) > 0) {
		if (pid == w->child.pid)
			return (1);
		w->reaped(pid);
	}
	return (0);
}

void
wait_for(struct waiter *w)
{
	static const int sigs[] = { SIGTERM, SIGINT, SIGHUP };
	struct pollfd pfd = { .fd = w->serve != NULL ? WAIT_FD : -1,
		.events = POLLIN };
	const struct cleaner cleaner = { wait_wants, wait_kill, w->reaped };
	int status, code, ended = 0;
	size_t i;

	stopped_check(&w->child);
	while (!ended) {
		if (signals_poll(&pfd, 1, timer_wait()) > 0 &&
		    w->serve != NULL && w->serve(pfd.fd) == -1)
			pfd.fd = -1;
		timer_run();
		for (i = 0; i < sizeof(sigs) / sizeof(sigs[0]); i++)
			if (signals_got(sigs[i]))
				(void)kill(w->child.pid, sigs[i]);
		if (signals_got(SIGCHLD) && !(ended = wait_reap(w, &status)))
			stopped_check(&w->child);
	}
	code = WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_RING;
	if (w->cleans || !(code & ORDERLY)) {
		cgroup_kill();
		waiter = w;
		clean_children(&cleaner);
	}
	cgroup_remove();
	if (w->parent != 0 && getppid() == w->parent)
		(void)kill(w->parent, SIGCONT);
	/* Last: a log is somebody else's, and may not be what it seems. */
	if (WIFSIGNALED(status))
		log_warnx("%s ended %s", w->child.name, reap_words(status));
	exit(w->cleans ? code | ORDERLY : code & ~ORDERLY);
}
