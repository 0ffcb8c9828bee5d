/*
 * The guard: the process that the node started, parent of priv. It hears
 * nobody but priv. It hands the signals that it gets on to priv, and if priv
 * is killed it inherits all that is left of priv's children and their
 * descendants, which it kills: no process below priv could find them all
 * then.
 *
 * It is also priv's eyes: priv cannot open a file, so the guard looks into
 * /proc for it. What priv may ask for are the real uid of a process, and a
 * signal to the descendants of one of its own children.
 */

#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <paths.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "compat/proc.h"
#include "log.h"
#include "priv.h"
#include "sandbox.h"

#define ANSWER_MAX 5 /* seconds; its starter can stop it as it begins */
#define CLEAN_TICK 2 /* ms */
#define CLEAN_MAX 5000 /* ticks that processes may take to die */

enum guard_op { GUARD_SIGNAL, GUARD_UID };

struct guard_request {
	int32_t op;
	int32_t pid;
	int32_t sig;
};

struct guard_answer {
	int32_t found;
	uint32_t uid;
};

static int guard_fd = -1; /* in priv: to the guard */
static pid_t guard_pid;
static uid_t starter, own; /* the latter after the drop */

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
 * Can pid be what has become of a child? The starter can have descendants of
 * other users that it could not signal, and we could: whatever it could not
 * have had made by us is left alone.
 */
static int
guard_ours(pid_t pid)
{
	struct target *t;
	uid_t uid;

	if (starter == 0 || proc_uid(pid, &uid) == -1 || uid == starter ||
	    uid == own)
		return (1);
	for (t = target_next(NULL); t != NULL; t = target_next(t))
		if (t->uid == uid)
			return (1);
	return (0);
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
	proc_signal_descendants(getpid(), pid, SIGKILL, guard_ours);
	(void)kill(pid, SIGKILL);
}

/* Kill what priv left, and what that leaves, until there is nothing. */
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

/* 0, or -1 if priv is not to be heard any more. */
static int
guard_serve(int fd, pid_t priv)
{
	struct guard_answer a = { 0 };
	struct guard_request q;
	uid_t uid;

	if (recv(fd, &q, sizeof(q), 0) != (ssize_t)sizeof(q))
		return (-1);
	switch (q.op) {
	case GUARD_SIGNAL:
		if (q.sig != SIGTERM && q.sig != SIGKILL)
			return (-1);
		proc_signal_descendants(priv, q.pid, q.sig, guard_ours);
		break;
	case GUARD_UID:
		if (proc_uid(q.pid, &uid) == 0) {
			a.found = 1;
			a.uid = uid;
		}
		break;
	default:
		return (-1);
	}
	return (send(fd, &a, sizeof(a), MSG_NOSIGNAL) == -1 ? -1 : 0);
}

/* Its descriptors: null, null, the log, and priv at number 3. */
static void
guard_descriptors(int fd)
{
	int nullfd;

	if ((nullfd = open(_PATH_DEVNULL, O_RDWR)) == -1 ||
	    dup2(nullfd, STDIN_FILENO) == -1 ||
	    dup2(nullfd, STDOUT_FILENO) == -1 ||
	    (fd != STDERR_FILENO + 1 && dup2(fd, STDERR_FILENO + 1) == -1))
		fatal("guard: descriptors");
	closefrom(STDERR_FILENO + 2);
}

static void
guard_forward(pid_t priv)
{
	static const int sigs[] = { SIGTERM, SIGINT, SIGHUP };
	size_t i;

	for (i = 0; i < sizeof(sigs) / sizeof(sigs[0]); i++)
		if (signals_got(sigs[i]))
			(void)kill(priv, sigs[i]);
}

/* priv, if it is among the dead; status is its own then. */
static pid_t
guard_reap(pid_t priv, int *status)
{
	pid_t pid;

	while ((pid = waitpid(-1, status, WNOHANG)) > 0) {
		if (pid == priv)
			return (pid);
		stranger_gone(pid);
	}
	return (0);
}

static void __attribute__((__noreturn__)) guard_main(pid_t priv, int fd)
{
	struct pollfd pfd = { .fd = STDERR_FILENO + 1, .events = POLLIN };
	int status;
	pid_t pid = 0;

	setproctitle("-proctor: guard");
	log_init("guard", log_getlevel());
	guard_descriptors(fd);
	if (proc_children_open() == -1)
		fatal("guard: children");
	signals_catch();
	privdrop_guard();
	own = getuid();
	sandbox_guard();
	while (pid != priv) {
		if (signals_poll(&pfd, 1, -1) > 0 &&
		    guard_serve(pfd.fd, priv) == -1)
			pfd.fd = -1;
		guard_forward(priv);
		if (signals_got(SIGCHLD))
			pid = guard_reap(priv, &status);
	}
	if (WIFSIGNALED(status))
		log_warnx("priv was killed by signal %d", WTERMSIG(status));
	guard_clean();
	exit(WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_RING);
}

/*
 * Fork: the caller goes on in the child, which is priv. Where nobody can
 * inherit orphans a guard would be of no use and is left out.
 */
void
guard_start(const struct start *s)
{
	static const struct timeval patience = { ANSWER_MAX, 0 };
	int fds[2];
	pid_t pid;

	if (proc_subreaper() == -1 || proc_children_open() == -1) {
		log_warn("orphans of children cannot be found");
		return;
	}
	starter = s->who.uid;
	(void)proc_children(stranger_add, NULL);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) == -1)
		fatal("guard: socketpair");
	guard_pid = getpid();
	if ((pid = fork()) == -1)
		fatal("fork");
	if (pid != 0)
		guard_main(pid, fds[1]);
	(void)close(fds[1]);
	guard_fd = fds[0];
	if (setsockopt(guard_fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
		sizeof(patience)) == -1)
		fatal("guard: patience");
	if (proc_subreaper() == -1 || proc_children_open() == -1)
		fatal("guard");
	guard_watch();
}

/*
 * A guard that is killed ends priv in an orderly way. To be said again after
 * each change of user.
 */
void
guard_watch(void)
{
	if (guard_fd != -1 && proc_die_with(guard_pid, SIGTERM) == -1)
		fatal("guard");
}

/* A stopped one must not stop priv: it goes on as if there was none. */
static void
guard_lost(void)
{
	log_warn("the guard does not answer");
	(void)close(guard_fd);
	guard_fd = -1;
}

/* It answers at once: it has nothing else to do. 0 or -1. */
static int
guard_ask(int op, pid_t pid, int sig, struct guard_answer *a)
{
	struct guard_request q = { op, pid, sig };

	if (guard_fd == -1)
		return (-1);
	if (send(guard_fd, &q, sizeof(q), MSG_NOSIGNAL) != -1 &&
	    recv(guard_fd, a, sizeof(*a), 0) == (ssize_t)sizeof(*a))
		return (0);
	guard_lost();
	return (-1);
}

/* Signal all descendants of a child, except those in its own group. */
void
guard_signal(pid_t child, int sig)
{
	struct guard_answer a;

	(void)guard_ask(GUARD_SIGNAL, child, sig, &a);
}

/* The real uid of a process: see proc_uid(). */
int
guard_uid(pid_t pid, uid_t *uid)
{
	struct guard_answer a;

	if (guard_ask(GUARD_UID, pid, 0, &a) == -1 || !a.found)
		return (-1);
	*uid = a.uid;
	return (0);
}
