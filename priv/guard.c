/*
 * The guard: the process that the node started, parent of priv. It holds no
 * descriptor but the log's and hears nobody. It hands the signals that it
 * gets on to priv, and if priv is killed it inherits all that is left of
 * priv's children and their descendants, which it kills: no process below
 * priv could find them all then.
 */

#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <paths.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "compat/proc.h"
#include "log.h"
#include "priv.h"

#define CLEAN_TICK 2 /* ms */
#define CLEAN_MAX 5000 /* ticks that processes may take to die */

static void
nothing(pid_t pid, void *arg)
{
	(void)pid;
	(void)arg;
}

static void
kill_one(pid_t pid, void *arg)
{
	(void)arg;
	proc_signal_descendants(pid, SIGKILL);
	(void)kill(pid, SIGKILL);
}

/* Kill what priv left, and what that leaves, until there is nothing. */
static void
guard_clean(void)
{
	struct timespec ts = { 0, CLEAN_TICK * 1000000L };
	int i, status;
	pid_t pid;

	for (i = 0; i < CLEAN_MAX; i++) {
		(void)proc_children(kill_one, NULL);
		while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
			continue;
		if (pid == -1)
			return;
		(void)nanosleep(&ts, NULL);
	}
	log_warnx("processes survive SIGKILL");
}

static void __attribute__((__noreturn__))
guard_main(pid_t priv, const sigset_t *set)
{
	int sig, status, nullfd;
	pid_t pid;

	setproctitle("guard");
	log_init("guard", log_getlevel());
	if ((nullfd = open(_PATH_DEVNULL, O_RDWR)) == -1 ||
	    dup2(nullfd, STDIN_FILENO) == -1 ||
	    dup2(nullfd, STDOUT_FILENO) == -1)
		fatal("%s", _PATH_DEVNULL);
	closefrom(STDERR_FILENO + 1);
	for (;;) {
		if (sigwait(set, &sig) != 0)
			continue;
		if (sig != SIGCHLD) {
			(void)kill(priv, sig);
			continue;
		}
		while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
			if (pid == priv)
				break;
		if (pid == priv)
			break;
	}
	if (WIFSIGNALED(status))
		log_warnx("priv was killed by signal %d", WTERMSIG(status));
	guard_clean();
	exit(WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_RING);
}

/* The signals that end proctor, and SIGCHLD. */
void
guard_signals(sigset_t *set)
{
	(void)sigemptyset(set);
	(void)sigaddset(set, SIGTERM);
	(void)sigaddset(set, SIGINT);
	(void)sigaddset(set, SIGHUP);
	(void)sigaddset(set, SIGCHLD);
}

/* What a process blocks that hears no signals but those. */
void
guard_mask(sigset_t *mask)
{
	(void)sigfillset(mask);
	(void)sigdelset(mask, SIGTERM);
	(void)sigdelset(mask, SIGINT);
	(void)sigdelset(mask, SIGHUP);
	(void)sigdelset(mask, SIGCHLD);
}

/*
 * Fork: the caller goes on in the child, which is priv. Where nobody can
 * inherit orphans a guard would be of no use and is left out.
 */
void
guard_start(void)
{
	sigset_t set;
	pid_t me = getpid(), pid;

	/*
	 * All are blocked from here on, those that end proctor until they are
	 * waited for: no other can kill guard or priv, neither SIGPIPE by a
	 * log that nobody reads nor what a terminal sends to the group.
	 */
	(void)sigfillset(&set);
	if (sigprocmask(SIG_SETMASK, &set, NULL) == -1)
		fatal("sigprocmask");
	guard_signals(&set);
	if (proc_subreaper() == -1 || proc_children(nothing, NULL) == -1) {
		log_warn("orphans of children cannot be found");
		return;
	}
	if ((pid = fork()) == -1)
		fatal("fork");
	if (pid != 0)
		guard_main(pid, &set);
	/* A guard that is killed ends priv in an orderly way. */
	if (proc_subreaper() == -1 || proc_die_with(me, SIGTERM) == -1)
		fatal("guard");
}
