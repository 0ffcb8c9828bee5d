/*
 * The guard: what was started. It is a subreaper, as the switch is, so that of
 * the two whoever is left ends what the other has left. It reads nothing but
 * /proc, and hears nobody but signals.
 */

#include <sys/wait.h>

#include <fcntl.h>
#include <paths.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "clean.h"
#include "compat/privs.h"
#include "compat/proc.h"
#include "log.h"
#include "proto.h"
#include "reap.h"
#include "sandbox.h"
#include "signals.h"
#include "stopped.h"

#include "task/guard.h"

static pid_t guard;

static int
all(pid_t pid)
{
	(void)pid;
	return (1);
}

static int
wants(pid_t pid)
{
	return (!stranger_is(pid));
}

static void
kill_below(pid_t pid)
{
	proc_signal_descendants(getpid(), pid, SIGKILL, all);
	(void)kill(pid, SIGKILL);
}

void
guard_clean(void)
{
	static const struct cleaner cleaner = { wants, kill_below,
		stranger_gone };

	clean_children(&cleaner);
}

static void
guard_confine(void)
{
	int nullfd;

	setproctitle("-proctor-task: guard");
	log_init("task guard", log_getlevel());
	if ((nullfd = open(_PATH_DEVNULL, O_RDWR)) == -1 ||
	    dup2(nullfd, STDIN_FILENO) == -1 ||
	    dup2(nullfd, STDOUT_FILENO) == -1)
		fatal("descriptors of the guard");
	closefrom(STDERR_FILENO + 1);
	if (proc_children_open() == -1)
		fatal("children of the guard");
	signals_catch();
	if (privs_keep(PRIV_KILL) == -1)
		fatal("capabilities of the guard");
	/* Who has stopped it must not outlive who could continue it. */
	(void)proc_die_with(getppid(), SIGCONT);
	sandbox_task_guard();
}

static void guard_main(pid_t) __attribute__((__noreturn__));

static void
guard_main(pid_t child)
{
	static const int sigs[] = { SIGTERM, SIGINT, SIGHUP };
	struct stopped below = { .name = "the switch", .pid = child };
	int status = 0;
	pid_t pid = 0;
	size_t i;

	guard_confine();
	stopped_check(&below);
	while (pid != child) {
		(void)signals_poll(NULL, 0, timer_wait());
		timer_run();
		for (i = 0; i < sizeof(sigs) / sizeof(sigs[0]); i++)
			if (signals_got(sigs[i]))
				(void)kill(child, SIGTERM);
		(void)signals_got(SIGCHLD);
		while (
		    pid != child && (pid = reap_ended(-1, &status, NULL)) > 0)
			stranger_gone(pid);
		if (pid != child)
			stopped_check(&below);
	}
	guard_clean();
	if (WIFSIGNALED(status))
		log_warnx(
		    "the switch was killed by signal %d", WTERMSIG(status));
	exit(WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_RING);
}

void
guard_start(void)
{
	sigset_t set;
	pid_t pid;

	guard = getpid();
	(void)sigfillset(&set);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	if (proc_subreaper() == -1 || proc_children_open() == -1)
		fatal("the end of tasks");
	stranger_note();
	proc_children_close();
	if ((pid = fork()) == -1)
		fatal("fork of the switch");
	if (pid != 0)
		guard_main(pid);
	if (proc_die_with(guard, SIGTERM) == -1)
		exit(EXIT_RING);
}

void
guard_wake(void)
{
	if (getppid() == guard)
		(void)kill(guard, SIGCONT);
}
