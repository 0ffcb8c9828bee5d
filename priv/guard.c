/*
 * The guard: the process that the node started. Its child is the reaper, and
 * that one's child is priv. Guard and reaper do the same: each hands the
 * signals that it gets on to its child, is told of its death, and ends as it
 * ended. If it was killed, all that it leaves falls to whoever waited for it,
 * who kills it: no process below could find it all then. If the one above is
 * killed, its child hears SIGTERM. So one of the three is always left to end
 * what was started.
 */

#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <paths.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/signals.h"
#include "compat/cgroup.h"
#include "compat/proc.h"
#include "log.h"
#include "priv.h"
#include "sandbox.h"

#define CLEAN_TICK 2 /* ms */
#define CLEAN_MAX 5000 /* ticks that processes may take to die */
#define ORDERLY 0x40 /* in the reaper's exit status: it has cleaned up */

static uid_t starter;
static int privileged; /* we may signal whom the starter may not */
static int mixed; /* and what falls to us can be others' */

/* Children that the starter had before it became us. */
static pid_t *strangers;
static size_t strangers_count;

static void
stranger_add(pid_t pid, void *arg)
{
	(void)arg;
	strangers =
	    reallocarray(strangers, strangers_count + 1, sizeof(*strangers));
	if (strangers == NULL)
		fatal("guard");
	strangers[strangers_count++] = pid;
}

/* Its number may be somebody else's from now on. */
static void
stranger_gone(pid_t pid)
{
	size_t i;

	for (i = 0; i < strangers_count; i++)
		if (strangers[i] == pid)
			strangers[i] = 0;
}

/*
 * Can pid be what has become of a child? Without rights of our own the kernel
 * knows whom we may signal. With them, whatever falls to the reaper is below
 * priv and cannot have become anybody that its rules do not name; but to the
 * guard falls also what the starter had before, of other users too, which it
 * could not signal and we could: only what can be seen to be ours is.
 */
int
guard_ours(pid_t pid)
{
	struct target *t;
	uid_t uid;

	if (starter == 0)
		return (1);
	if (!privileged)
		return (kill(pid, 0) == 0 || errno != EPERM);
	if (!mixed)
		return (1);
	if (proc_uid(pid, &uid) == -1)
		return (0);
	if (uid == starter || privdrop_ours(uid))
		return (1);
	for (t = runas_next(NULL); t != NULL; t = runas_next(t))
		if (t->uid == uid)
			return (1);
	return (0);
}

/* May the group that a process of ours leads be signalled as one? */
int
guard_groups(void)
{
	return (!mixed);
}

static void
kill_one(pid_t pid, void *arg)
{
	int *found = arg;
	size_t i;

	for (i = 0; i < strangers_count; i++)
		if (strangers[i] == pid)
			return;
	if (!guard_ours(pid))
		return;
	*found = 1;
	reaper_end(pid, SIGKILL);
}

/* Kill what the child left, and what that leaves, until there is nothing. */
static void
guard_clean(void)
{
	struct timespec ts = { 0, CLEAN_TICK * 1000000L };
	int i, found, status;
	pid_t pid;

	for (i = 0; i < CLEAN_MAX; i++) {
		found = 0;
		(void)proc_children(kill_one, &found);
		while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
			stranger_gone(pid);
		if (pid == -1 || !found)
			return;
		(void)nanosleep(&ts, NULL);
	}
	log_warnx("processes survive SIGKILL");
}

/*
 * Descriptors: null, null, the log, what is heard at number 3, the lock, the
 * control group.
 */
static void
guard_descriptors(int fd)
{
	int nullfd;

	if ((nullfd = open(_PATH_DEVNULL, O_RDWR)) == -1 ||
	    dup2(nullfd, STDIN_FILENO) == -1 ||
	    dup2(nullfd, STDOUT_FILENO) == -1 ||
	    (fd != -1 && fd != STDERR_FILENO + 1 &&
		dup2(fd, STDERR_FILENO + 1) == -1))
		fatal("descriptors");
	fd = STDERR_FILENO + 1 + (fd != -1);
	fd += uids_keep(fd);
	closefrom(fd + cgroup_keep(fd));
}

static void
guard_forward(pid_t child)
{
	static const int sigs[] = { SIGTERM, SIGINT, SIGHUP };
	size_t i;

	for (i = 0; i < sizeof(sigs) / sizeof(sigs[0]); i++)
		if (signals_got(sigs[i]))
			(void)kill(child, sigs[i]);
}

/* child, if it is among the dead; status is its own then. */
static pid_t
guard_reap(pid_t child, int *status)
{
	pid_t pid;

	while ((pid = waitpid(-1, status, WNOHANG)) > 0) {
		if (pid == child)
			return (pid);
		stranger_gone(pid);
		reaper_gone(pid);
	}
	return (0);
}

/* What a process that waits for its child is allowed, and what it has. */
void
guard_confine(const char *name, int fd)
{
	setproctitle("-proctor: %s", name);
	log_init(name, log_getlevel());
	guard_descriptors(fd);
	if (proc_children_open() == -1)
		fatal("children");
	mode_forget();
	runas_forget(NULL);
	signals_catch();
	privdrop_guard();
}

/* Until child has ended. It is heard from descriptor 3, if hears says so. */
void
guard_wait(const char *name, pid_t child, int hears)
{
	struct pollfd pfd = { .fd = hears ? STDERR_FILENO + 1 : -1,
		.events = POLLIN };
	int status, code;
	pid_t pid = 0;

	while (pid != child) {
		if (signals_poll(&pfd, 1, timer_wait()) > 0 &&
		    reaper_serve(pfd.fd, child) == -1)
			pfd.fd = -1;
		timer_run();
		guard_forward(child);
		if (signals_got(SIGCHLD))
			pid = guard_reap(child, &status);
	}
	if (WIFSIGNALED(status))
		log_warnx("%s was killed by signal %d", name, WTERMSIG(status));
	code = WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_RING;
	/* What falls to the guard else are strangers, and their orphans. */
	if (hears || !(code & ORDERLY)) {
		cgroup_kill();
		guard_clean();
	}
	cgroup_remove();
	exit(hears ? code | ORDERLY : code & ~ORDERLY);
}

/* Out of reach of whoever may write to the group that it was started in. */
void
guard_group(void)
{
	uid_t uid;
	gid_t gid;

	if (privdrop_part(&uid, &gid))
		(void)cgroup_make(gid);
}

/*
 * Fork twice: the caller goes on in the last child, which is priv. Where
 * nobody can inherit orphans these two would be of no use and are left out.
 */
void
guard_start(const struct start *s)
{
	pid_t guard = getpid(), pid;

	if (proc_subreaper() == -1 || proc_children_open() == -1) {
		log_warn("orphans of children cannot be found");
		cgroup_stay();
		return;
	}
	starter = s->who.uid;
	privileged = s->privileged;
	(void)proc_children(stranger_add, NULL);
	proc_children_close();
	if ((pid = fork()) == -1)
		fatal("fork");
	if (pid != 0) {
		cgroup_leave();
		mixed = privileged && starter != 0;
		guard_confine("guard", -1);
		sandbox_guard(cgroup_place());
		guard_wait("the reaper", pid, 0);
	}
	cgroup_stay();
	strangers_count = 0; /* they are the guard's */
	reaper_start(guard);
}
