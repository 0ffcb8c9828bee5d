/*
 * The steps of a child from birth to exec, the same in every mode and on
 * every system. spawn_child() runs in a launcher (or in priv, where there is
 * none); child_main() runs in the child, which may share the launcher's
 * memory: it allocates nothing, and what it stores in its spawn the launcher
 * reads.
 */

#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "signals.h"
#include "compat/cgroup.h"
#include "compat/privs.h"
#include "compat/proc.h"
#include "compat/pty.h"
#include "compat/ptymodes.h"
#include "leafset.h"
#include "log.h"
#include "policy/runas.h"
#include "proto.h"

#include "launcher/any.h"
#include "launcher/bounds.h"
#include "launcher/environ.h"
#include "launcher/login.h"
#include "launcher/spawn.h"

/*
 * AddressSanitizer cannot know the stack of a child that shares memory, and
 * would complain about it whenever such a function does not return.
 */
#define CHILD_SIDE __attribute__((__no_sanitize_address__))

/* What the child tells when it cannot go on. */
struct failure {
	uint32_t stage;
	int32_t error;
	uint32_t stream; /* STAGE_RLIMIT: enum bound */
};

struct spawn {
	const struct spawn_base *base;
	const struct run *run;
	const struct leafset *leaf; /* or NULL */
	const char *path; /* what is executed */
	char **argv;
	char *text; /* the command line, where it had to be changed */
	char **envp;
	int ends[3]; /* the child's ends of its pipes, or -1 */
	int slave; /* its terminal, or -1 */
	int fifo; /* its stdin is one, and may have no writer yet */
	struct failure failure;
};

static int
fail(struct spawn *s, enum stage stage, int stream)
{
	s->failure.stage = stage;
	s->failure.error = errno;
	s->failure.stream = (uint32_t)stream;
	return (-1);
}

/*
 * Enter its leaf: so what it does and makes from here on is in there. 0 is
 * whoever writes it.
 */
static int
child_leaf(struct spawn *s)
{
	uint32_t i;

	if (s->leaf == NULL)
		return (0);
	errno = EMFILE;
	if (s->leaf->lost)
		return (fail(s, STAGE_CGROUP, 0));
	for (i = 0; i < s->leaf->count; i++) {
		if (cgroup_join(s->leaf->fds[i]) == -1)
			return (fail(s, STAGE_CGROUP, 0));
		(void)close(s->leaf->fds[i]);
	}
	return (0);
}

static int
child_pipes(struct spawn *s)
{
	int i, fd;

	for (i = 0; i < 3; i++) {
		switch (s->run->io[i].kind) {
		case IO_PIPE:
			fd = s->slave != -1 ? s->slave : s->ends[i];
			break;
		case IO_NULL:
			fd = s->base->null_fd;
			break;
		default:
			continue;
		}
		if (dup2(fd, i) == -1)
			return (fail(s, STAGE_PIPE, i));
	}
	return (0);
}

/* Is fd, of stderr, the regular file that stdout goes to? */
static int
child_shares(const struct spawn *s, int fd)
{
	struct stat out, err;

	return (s->run->io[1].kind == IO_FILE && fstat(1, &out) == 0 &&
		fstat(fd, &err) == 0 && S_ISREG(err.st_mode) &&
		out.st_dev == err.st_dev && out.st_ino == err.st_ino);
}

/* Not by open(2): it may be the file that stdout has been opened for. */
static int
child_truncate(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return (-1);
	return (S_ISREG(st.st_mode) ? ftruncate(fd, 0) : 0);
}

static int
child_open(struct spawn *s, int stream)
{
	const struct run_io *io = &s->run->io[stream];
	int fd, flags = O_CLOEXEC | O_NOCTTY | O_NONBLOCK;

	if (stream == 0)
		flags |= O_RDONLY;
	else
		flags |= O_WRONLY | O_CREAT | (io->append ? O_APPEND : 0);
	/* Non-blocking, so that a FIFO without a peer holds nobody up. */
	if ((fd = open(io->path, flags, (mode_t)io->perm)) == -1)
		return (fail(s, STAGE_OPEN, stream));
	errno = EACCES;
	if (s->base->change && proc_is_procfs(fd))
		return (fail(s, STAGE_OPEN, stream));
	if (stream == 2 && child_shares(s, fd))
		fd = 1;
	else if (stream != 0 && !io->append && child_truncate(fd) == -1)
		return (fail(s, STAGE_OPEN, stream));
	if ((flags = fcntl(fd, F_GETFL)) == -1 ||
	    fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) == -1 ||
	    dup2(fd, stream) == -1)
		return (fail(s, STAGE_OPEN, stream));
	return (0);
}

/* Files, then streams that follow another, then those that are closed. */
static int
child_files(struct spawn *s)
{
	const struct run_io *io = s->run->io;
	struct stat st;
	int i;

	/* A FIFO is opened when it holds nobody up: child_fifo(). */
	s->fifo = io[0].kind == IO_FILE && stat(io[0].path, &st) == 0 &&
		  S_ISFIFO(st.st_mode);
	for (i = s->fifo; i < 3; i++)
		if (io[i].kind == IO_FILE && child_open(s, i) == -1)
			return (-1);
	for (i = 1; i < 3; i++)
		if ((io[i].kind == IO_STDOUT || io[i].kind == IO_STDERR) &&
		    io[3 - i].kind != IO_CLOSE && dup2(3 - i, i) == -1)
			return (fail(s, STAGE_OPEN, i));
	for (i = 0; i < 3; i++)
		if (io[i].kind == IO_CLOSE ||
		    ((io[i].kind == IO_STDOUT || io[i].kind == IO_STDERR) &&
			io[3 - i].kind == IO_CLOSE))
			(void)close(i);
	return (0);
}

/* The child itself says why it cannot run, and ends. */
static void __attribute__((__noreturn__)) CHILD_SIDE
child_complain(const char *what, const char *path)
{
	char head[64], tail[128];
	struct iovec iov[3];

	(void)snprintf(tail, sizeof(tail), "': %s\n", strerror(errno));
	(void)snprintf(
	    head, sizeof(head), "Pid %d: cannot %s '", (int)getpid(), what);
	iov[0].iov_base = head;
	iov[0].iov_len = strlen(head);
	iov[1].iov_base = (void *)(uintptr_t)path;
	iov[1].iov_len = strlen(path);
	iov[2].iov_base = tail;
	iov[2].iov_len = strlen(tail);
	if (writev(STDERR_FILENO, iov, 3) == -1)
		_exit(1); /* nobody listens */
	_exit(1);
}

/*
 * Wait for the writer of a FIFO, as any program that opens one does. That may
 * take for ever, so nobody waits for this child any more, and it holds nothing
 * but its streams. What can be known to be wrong is said before.
 */
static int
child_fifo(struct spawn *s)
{
	const char *path = s->run->io[0].path;
	int fd;

	if (s->run->flags & RUN_EXEC_ANSWER && access(s->path, X_OK) == -1)
		return (fail(s, STAGE_EXEC, 0));
	setproctitle("-proctor: child that waits for its stdin");
	closefrom(3);
	if ((fd = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC)) == -1)
		child_complain("open", path);
	errno = EACCES;
	if ((s->base->change && proc_is_procfs(fd)) || dup2(fd, 0) == -1)
		child_complain("open", path);
	return (0);
}

/* A terminal makes a session; else it is only a process group. */
static int
child_session(struct spawn *s)
{
	if (s->slave == -1) {
		if (setpgid(0, s->run->group) == -1)
			return (fail(s, STAGE_GROUP, 0));
	} else if (setsid() == -1 || ioctl(s->slave, TIOCSCTTY, 0) == -1)
		return (fail(s, STAGE_PTY, 0));
	signals_discard_typed();
	return (0);
}

/* What the starter was given, or a login, and not what we have. */
static int
child_limits(struct spawn *s)
{
	const struct spawn_base *b = s->base;
	const struct run *r = s->run;
	const char *what;
	int i;

	if (b->login && b->from_root && login_begin(b->starter, &what) == -1)
		return (fail(s, STAGE_LIMIT, 0));
	/* What nobody may do by himself is done by priv: child_renice(). */
	if (r->flags & RUN_NICE && (r->nice >= 0 || !b->change) &&
	    setpriority(PRIO_PROCESS, 0, r->nice) == -1)
		return (fail(s, STAGE_NICE, 0));
	for (i = 0; i < RLIM_NLIMITS; i++)
		if (b->limits & 1U << i &&
		    setrlimit((proc_resource)i, &b->rlimits[i]) == -1)
			return (fail(s, STAGE_LIMIT, 0));
	(void)umask(r->flags & RUN_UMASK ? (mode_t)r->umask : b->umask);
	if (b->score_fd == -1 && bounds_child_score(r, !b->change) == -1)
		return (fail(s, STAGE_RLIMIT, BOUND_SCORE));
	return (0);
}

static int
child_bounds(struct spawn *s)
{
	uint32_t what;

	return (bounds_child(s->run, &what) == -1
		    ? fail(s, STAGE_RLIMIT, (int)what)
		    : 0);
}

static int
child_descriptors(struct spawn *s)
{
	proc_cloexec_from(3);
	return (bounds_child_descriptors(s->run) == -1
		    ? fail(s, STAGE_RLIMIT, LIMIT_NOFILE)
		    : 0);
}

/* None; or those that its rule gives it, which come into effect by exec. */
static int
child_caps(uint64_t caps)
{
	if (privs_have(caps, 0, caps) == -1)
		return (-1);
	return (privs_pass(caps));
}

/*
 * Become the user: its launcher has the groups, and the right to do this. It
 * is proved after that nothing else is left.
 */
static int
child_user(struct spawn *s)
{
	const struct spawn_base *b = s->base;
	uint64_t caps = b->caps;
	uid_t u[3];
	gid_t g[3];

	if (!b->change)
		return (proc_keep_ambient(s->run->caps) == -1
			    ? fail(s, STAGE_USER, 0)
			    : 0);
	if (s->run->flags & RUN_CAPS)
		caps &= s->run->caps;
	if (b->from_root &&
	    (privs_lock(0) == -1 || (b->keyring && privs_keyring() == -1) ||
		setgroups((proc_ngroups)b->ngroups, b->groups) == -1 ||
		setresgid(b->gid, b->gid, b->gid) == -1))
		return (fail(s, STAGE_USER, 0));
	if (setresuid(b->uid, b->uid, b->uid) == -1)
		return (fail(s, STAGE_USER, 0));
	/*
	 * A change of ids may undo that; as long as it has a right that the
	 * user has not, it is not his to trace, and nor is what it shares.
	 */
	proc_undumpable();
	if (child_caps(caps) == -1 || proc_set_no_new_privs() == -1)
		return (fail(s, STAGE_USER, 0));
	if (getresuid(&u[0], &u[1], &u[2]) == -1 ||
	    getresgid(&g[0], &g[1], &g[2]) == -1)
		return (fail(s, STAGE_USER, 0));
	errno = EPERM;
	if (u[0] != b->uid || u[1] != b->uid || u[2] != b->uid ||
	    g[0] != b->gid || g[1] != b->gid || g[2] != b->gid ||
	    getgroups(0, NULL) != b->ngroups || !privs_has(caps, 0, caps))
		return (fail(s, STAGE_USER, 0));
	return (0);
}

/*
 * It begins where the starter was; one who may not be there, in the root. A
 * process that dies takes it along: said last, as a change of user undoes it.
 */
static int
child_place(struct spawn *s)
{
	const struct spawn_base *b = s->base;

	if (b->cwd != -1 && fchdir(b->cwd) == -1 && chdir("/") == -1)
		return (fail(s, STAGE_CHDIR, 0));
	if (*s->run->cd != '\0' && chdir(s->run->cd) == -1)
		return (fail(s, STAGE_CHDIR, 0));
	if (proc_die_with(b->parent, SIGKILL) == -1)
		return (fail(s, STAGE_FORK, 0));
	return (0);
}

static void CHILD_SIDE
child_main(void *arg)
{
	struct spawn *s = arg;
	sigset_t none;

	if (child_leaf(s) == -1 || child_pipes(s) == -1 ||
	    child_session(s) == -1 || child_limits(s) == -1 ||
	    child_user(s) == -1 || child_bounds(s) == -1 ||
	    child_place(s) == -1 || child_files(s) == -1 ||
	    child_descriptors(s) == -1)
		return;
	/* Handlers go with exec, if that comes at once; nothing is ignored. */
	if (s->fifo)
		signals_uncatch();
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (s->fifo && child_fifo(s) == -1)
		return;
	(void)execve(s->path, s->argv, s->envp);
	/*
	 * In the exec-port dialect it complains; in the other one whoever asked
	 * for it is told, unless that one wants an exit, too, or could not
	 * wait.
	 */
	if (s->run->flags & RUN_EXEC_ANSWER && !s->fifo)
		(void)fail(s, STAGE_EXEC, 0);
	else
		child_complain("execute", s->path);
}

static char **
spawn_argv(struct spawn *s)
{
	const struct run *r = s->run;
	const char *p = r->args.base;
	char **argv;
	size_t i, n = 0;

	if ((argv = calloc((size_t)r->args.count + 3, sizeof(*argv))) == NULL)
		return (NULL);
	s->path = *r->executable != '\0' ? r->executable
		  : r->flags & RUN_SHELL ? s->base->shell
					 : p;
	if (r->flags & RUN_SHELL) {
		argv[n++] = (char *)(uintptr_t)s->path;
		argv[n++] = (char *)(uintptr_t) "-c";
		/*
		 * It takes what begins with a sign for options, behind -c as
		 * well. An empty line before it makes it a command for all
		 * shells, and changes nothing for any other interpreter. It is
		 * done here, behind all that compares it.
		 */
		if (*p == '-' || *p == '+') {
			if (asprintf(&s->text, "\n%s", p) == -1) {
				s->text = NULL;
				free(argv);
				return (NULL);
			}
			p = s->text; /* there is no other word */
		}
	}
	for (i = 0; i < r->args.count; i++, p = strvec_next(p))
		argv[n++] = (char *)(uintptr_t)p;
	if (*r->arg0 != '\0')
		argv[0] = (char *)(uintptr_t)r->arg0;
	return (argv);
}

static void
close_ends(int *fds, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (fds[i] != -1)
			(void)close(fds[i]);
		fds[i] = -1;
	}
}

/*
 * Make the terminal: whoever makes it owns it. Its modes and size are set
 * before anyone can read from it.
 */
static int
spawn_pty(struct spawn *s, int mine[3])
{
	const struct run *r = s->run;
	struct winsize ws = { 0 };
	struct termios t;
	char name[64];
	uint32_t i;

	if ((mine[1] = pty_open(name, sizeof(name))) == -1)
		return (fail(s, STAGE_PTY, 0));
	s->slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (s->slave == -1 || tcgetattr(s->slave, &t) == -1)
		return (fail(s, STAGE_PTY, 0));
	if (!(r->flags & RUN_PTY_ECHO))
		t.c_lflag &= ~(tcflag_t)ECHO;
	for (i = 0; i < r->modes_count; i++)
		(void)ptymode_set(&t, r->modes[i].opcode, r->modes[i].value);
	ws.ws_row = (unsigned short)r->rows;
	ws.ws_col = (unsigned short)r->cols;
	if (ptymode_apply(s->slave, &t) == -1 ||
	    (r->rows != 0 && ioctl(s->slave, TIOCSWINSZ, &ws) == -1))
		return (fail(s, STAGE_PTY, 0));
	if ((mine[2] = fcntl(s->slave, F_DUPFD_CLOEXEC, 0)) == -1)
		return (fail(s, STAGE_PTY, 0));
	if (r->io[0].kind == IO_PIPE &&
	    (mine[0] = fcntl(mine[1], F_DUPFD_CLOEXEC, 0)) == -1)
		return (fail(s, STAGE_PTY, 0));
	return (0);
}

/* ends: the child's, mine: the node's */
static int
spawn_pipes(struct spawn *s, int mine[3])
{
	int i, fds[2];

	if (s->run->flags & RUN_PTY)
		return (spawn_pty(s, mine));
	for (i = 0; i < 3; i++) {
		if (s->run->io[i].kind != IO_PIPE)
			continue;
		if (pipe2(fds, O_CLOEXEC) == -1)
			return (fail(s, STAGE_PIPE, i));
		s->ends[i] = fds[i == 0 ? 0 : 1];
		mine[i] = fds[i == 0 ? 1 : 0];
	}
	return (0);
}

static const char *
failure_text(const struct spawn *s)
{
	switch (s->failure.stage) {
	case STAGE_PIPE:
		return (proto_stream_names[s->failure.stream]);
	case STAGE_OPEN:
		return (s->run->io[s->failure.stream].path);
	case STAGE_EXEC:
		return (s->path);
	case STAGE_CHDIR:
		return (s->run->cd);
	case STAGE_USER:
		return (s->run->user); /* of others priv knows it */
	case STAGE_RLIMIT:
		return (bound_name(s->failure.stream));
	default:
		return ("");
	}
}

/* The child itself: its pid, or -1 and nothing was made. */
static pid_t
spawn_make(struct spawn *s, pid_t *in_flight)
{
	const struct run *r = s->run;
	int fd = s->base->score_fd, before = 0;
	pid_t pid;

	if (bounds_lend_score(fd, r, &before) == -1) {
		(void)fail(s, STAGE_RLIMIT, BOUND_SCORE);
		return (-1);
	}
	/*
	 * It may wait for the writer of a FIFO; or be killed for want of memory
	 * in its leaf, and with it the kernel kills whoever shares that.
	 */
	pid = proc_make_child(child_main, s, &s->failure, sizeof(s->failure),
	    in_flight,
	    r->io[0].kind == IO_FILE || LEAF_GIVEN(&r->leaf, LEAF_MEMORY_MAX));
	if (pid == -1)
		(void)fail(s, STAGE_FORK, 0);
	bounds_own_score(fd, r, before);
	return (pid);
}

/*
 * Make the child that r describes. l says what became of it; if it runs,
 * fds are the node's ends of its pipes and the caller's, else all are -1.
 * in_flight: see proc_make_child().
 */
void
spawn_child(const struct spawn_base *b, const struct run *r,
    const struct leafset *leaf, struct launched *l, int fds[3],
    pid_t *in_flight)
{
	struct spawn_base any = *b;
	struct spawn s = { .base = &any,
		.run = r,
		.leaf = leaf,
		.ends = { -1, -1, -1 },
		.slave = -1 };
	pid_t pid = 0;
	uint32_t i;

	memset(l, 0, sizeof(*l));
	fds[0] = fds[1] = fds[2] = -1;
	if (b->any && any_begin(&any, r) == -1)
		(void)fail(&s, STAGE_USER, 0);
	else if ((s.argv = spawn_argv(&s)) == NULL ||
		 (s.envp = spawn_environ(&any, r)) == NULL)
		(void)fail(&s, STAGE_FORK, 0);
	else if (spawn_pipes(&s, fds) == 0)
		pid = spawn_make(&s, in_flight);
	close_ends(s.ends, 3);
	close_ends(&s.slave, 1);
	if (s.failure.stage != STAGE_NONE)
		close_ends(fds, 3);
	l->id = r->id;
	l->pid = pid == -1 ? 0 : pid;
	l->stage = s.failure.stage;
	l->error = s.failure.error;
	l->text = failure_text(&s);
	for (i = 0; i < 3; i++)
		if (fds[i] != -1)
			l->streams |= 1U << i;
	if (s.envp != any.environ && s.envp != any.keepenv)
		free(s.envp);
	if (any.environ != b->environ)
		any_end(&any);
	free(s.argv);
	free(s.text);
}
