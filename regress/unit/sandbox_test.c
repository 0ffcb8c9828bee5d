/*
 * Tests of the sandbox: a table of things to do, and how each ends in each of
 * the seven processes. A test forks, prepares what such a process has open,
 * enters the sandbox, does the one thing. Nothing here needs root, and root
 * changes nothing. On other systems than Linux, and in builds without a
 * sandbox, all are skipped, and counted as that.
 */

#include <sys/types.h>
#include <sys/epoll.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <netinet/in.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "compat/proc.h"
#include "compat/seccomp_calls.h"
#include "log.h"
#include "proto.h"
#include "sandbox.h"

/* How a process ends: an errno, or one of these. */
#define WELL 0
#define REFUSED 1000 /* by the filter */
#define STRANGE 1001
#define UNPREPARED 255 /* exit status */
#define SECRET 0x1122334455667788ULL /* a launcher's */

enum part { GUARD, REAPER, PRIV, LAUNCHER, BROKER, WORKER, KEEPER, PARTS };

/* What is there when the sandbox is entered. */
static int life[2], pipefd[2], sock[2], master, slave, set, children, null,
    plain;
static pid_t someone; /* a child that waits to be killed */

static void
on_signal(int sig)
{
	(void)sig;
}

static void
prepare(void)
{
	char path[64];
	const char *name;

	(void)snprintf(
	    path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	if (pipe(life) == -1 || pipe(pipefd) == -1 ||
	    (set = epoll_create1(0)) == -1 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sock) == -1 ||
	    (master = posix_openpt(O_RDWR | O_NOCTTY)) == -1 ||
	    grantpt(master) == -1 || unlockpt(master) == -1 ||
	    (name = ptsname(master)) == NULL ||
	    (slave = open(name, O_RDWR | O_NOCTTY)) == -1 ||
	    (children = open(path, O_RDONLY)) == -1 ||
	    (null = open("/dev/null", O_RDWR)) == -1 ||
	    dup2(null, STDIN_FILENO) == -1 || dup2(null, STDOUT_FILENO) == -1 ||
	    (plain = open("/tmp", O_RDWR | O_TMPFILE, 0600)) == -1 ||
	    write(plain, "abcdef", 6) != 6 ||
	    signal(SIGUSR1, on_signal) == SIG_ERR || (someone = fork()) == -1)
		_exit(UNPREPARED);
	if (someone != 0) {
		(void)close(life[0]);
		return;
	}
	/*
	 * Until the other has ended, however it did: its death would not send
	 * a signal out of a Landlock that has signals in its scope.
	 */
	(void)close(life[1]);
	_exit(read(life[0], path, 1) == 0 ? WELL : errno);
}

static int writes; /* guard and reaper have to stop who is in a leaf */

static void
enter(enum part part)
{
	switch (part) {
	case GUARD:
		sandbox_guard(NULL, 0, writes);
		break;
	case REAPER:
		sandbox_reaper(NULL, 0, writes);
		break;
	case PRIV:
		sandbox_priv(0);
		break;
	case LAUNCHER:
		(void)sandbox_launcher(getuid(), SECRET, 0);
		break;
	case BROKER:
		sandbox_broker();
		break;
	case WORKER:
		sandbox_worker();
		break;
	default:
		sandbox_keeper(NULL, 0);
	}
}

static int
ending(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status))
		return (WTERMSIG(status) == SIGSYS ? REFUSED : STRANGE);
	return (
	    WEXITSTATUS(status) == UNPREPARED ? STRANGE : WEXITSTATUS(status));
}

/*
 * With SANDBOX_DEBUG a refused call is a line in the log and this status,
 * but for a launcher and its children.
 */
static int
refused(int got)
{
#ifdef SANDBOX_DEBUG
	if (got == EXIT_RING)
		return (1);
#endif
	return (got == REFUSED);
}

/* Acts: 0, or -1 with errno. */
static int
act_bytes(void)
{
	char buf[4] = "abc";

	if (write(pipefd[1], buf, sizeof(buf)) != 4 ||
	    read(pipefd[0], buf, sizeof(buf)) != 4)
		return (-1);
	return (0);
}

static int
act_close(void)
{
	return (close(pipefd[0]));
}

static int
act_readv(void)
{
	struct iovec iov[1];
	char buf[4];

	iov[0].iov_base = buf;
	iov[0].iov_len = sizeof(buf);
	return (write(pipefd[1], "abc", 4) == 4 && readv(pipefd[0], iov, 1) == 4
		    ? 0
		    : -1);
}

static int
act_writev(void)
{
	struct iovec iov[1];
	char buf[4] = "abc";

	iov[0].iov_base = buf;
	iov[0].iov_len = sizeof(buf);
	return (writev(pipefd[1], iov, 1) == 4 ? 0 : -1);
}

static int
act_poll(void)
{
	struct pollfd pfd = { .fd = pipefd[0], .events = POLLIN };

	return (poll(&pfd, 1, 1));
}

static int
act_ppoll(void)
{
	const struct timespec ts = { 0, 1000 };
	struct pollfd pfd = { .fd = pipefd[0], .events = POLLIN };

	return (ppoll(&pfd, 1, &ts, NULL));
}

static int
act_sendmsg(void)
{
	struct msghdr msg = { 0 };
	struct iovec iov = { sock, 1 };

	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	return (sendmsg(sock[0], &msg, MSG_NOSIGNAL) == 1 ? 0 : -1);
}

static int
act_recvmsg(void)
{
	struct msghdr msg = { 0 };

	return (recvmsg(sock[1], &msg, MSG_DONTWAIT) == -1 && errno == EAGAIN
		    ? 0
		    : -1);
}

static int
act_send(void)
{
	char c = 'x';

	if (send(sock[0], &c, 1, MSG_NOSIGNAL) != 1)
		return (-1);
	return (recv(sock[1], &c, 1, 0) == 1 ? 0 : -1);
}

/* A log that is a datagram socket could reach others. */
static int
act_send_to(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	return (sendto(sock[0], "x", 1, MSG_NOSIGNAL, (struct sockaddr *)&sun,
		    sizeof(sun)) == 1
		    ? 0
		    : -1);
}

#if LONG_MAX > INT32_MAX
/* No address, but for who looks at its lower half only. */
static int
act_send_to_high(void)
{
	return (syscall(SYS_sendto, sock[0], "x", 1L, (long)MSG_NOSIGNAL,
		    1UL << 32, 0L) == 1
		    ? 0
		    : -1);
}
#endif

/* Arena, mmap, trimming. */
static int
act_memory(void)
{
	size_t n;
	char *p, *q;

	for (n = 1000; n < (64U << 20); n *= 3) {
		if ((p = malloc(n)) == NULL)
			return (-1);
		*(volatile char *)(p + n - 1) = 'x'; /* or none is made */
		q = malloc(100000);
		free(p);
		free(q);
		if (q == NULL)
			return (-1);
	}
	return (0);
}

/* mremap. */
static int
act_grow(void)
{
	size_t n;
	char *p = NULL, *q;

	for (n = 1000; n < (64U << 20); n *= 3) {
		if ((q = realloc(p, n)) == NULL)
			return (-1);
		*(volatile char *)(q + n - 1) = 'x';
		p = q;
	}
	free(p);
	return (0);
}

static int
act_log(void)
{
	log_warnx("this is a test's line");
	return (0);
}

/* Without a vdso. */
static int
act_clock(void)
{
	struct timespec ts;

	return ((int)syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &ts));
}

static int
act_fatal(void)
{
	fatalx("this is a test's end");
}

static int
act_mmap_exec(void)
{
	void *p;

	p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
	    -1, 0);
	return (p == MAP_FAILED ? -1 : 0);
}

static int
act_mprotect_exec(void)
{
	void *p;

	p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return (mprotect(p, 4096, PROT_READ | PROT_EXEC));
}

static int
act_mmap_file(void)
{
	return (mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, plain,
		    0) == MAP_FAILED
		    ? -1
		    : 0);
}

static int
act_open(void)
{
	return (open("/etc/passwd", O_RDONLY) == -1 ? -1 : 0);
}

static int
act_open_write(void)
{
	return (open("/dev/null", O_WRONLY) == -1 ? -1 : 0);
}

static int
act_open_create(void)
{
	char path[64];
	int fd;

	(void)snprintf(
	    path, sizeof(path), "/tmp/sandbox_test.%d", (int)getpid());
	if ((fd = open(path, O_RDONLY | O_CREAT, 0600)) == -1)
		return (-1);
	(void)unlink(path);
	return (0);
}

static int
act_open_proc(void)
{
	char buf[64];
	int fd;

	if ((fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC)) == -1)
		return (-1);
	return (read(fd, buf, sizeof(buf)) > 0 ? 0 : -1);
}

/* As libc does it: opendir, fopen, what they call by the way. */
static int
act_walk_proc(void)
{
	char buf[64];
	DIR *dir;
	FILE *f;
	int r;

	if ((dir = opendir("/proc/self/task")) == NULL)
		return (-1);
	r = readdir(dir) == NULL ? -1 : 0;
	(void)closedir(dir);
	if ((f = fopen("/proc/self/stat", "re")) == NULL)
		return (-1);
	if (fgets(buf, sizeof(buf), f) == NULL)
		r = -1;
	(void)fclose(f);
	return (r);
}

static int
act_pread(void)
{
	char buf[64];

	return (pread(children, buf, sizeof(buf), 0) > 0 ? 0 : -1);
}

static int
act_unlink(void)
{
	return (unlink("/nonexistent") == -1 && errno == ENOENT ? 0 : -1);
}

/* Which directories, Landlock says. */
static int
act_rmdir(void)
{
	return (unlinkat(AT_FDCWD, "/nonexistent", AT_REMOVEDIR) == -1 &&
			errno == ENOENT
		    ? 0
		    : -1);
}

static int
act_socket(void)
{
	return (socket(AF_INET, SOCK_STREAM, 0) == -1 ? -1 : 0);
}

static int
act_fork(void)
{
	pid_t pid;

	if ((pid = fork()) == 0)
		_exit(0);
	return (pid == -1 ? -1 : 0);
}

static int
act_clone3(void)
{
	return (syscall(SYS_clone3, NULL, 0UL) == -1 ? -1 : 0);
}

/* By the shell, and as libc makes it: clone3, then clone. */
static int
act_system(void)
{
	return (system("true"));
}

static int
act_exec(void)
{
	static char name[] = "true";
	char *argv[] = { name, NULL }, *envp[] = { NULL };

	return (execve("/bin/true", argv, envp));
}

static int
act_kill(void)
{
	if (kill(someone, SIGKILL) == -1)
		return (-1);
	return (waitpid(someone, NULL, 0) == someone ? 0 : -1);
}

/* Signal 0: nobody would feel it. */
static int
act_kill_all(void)
{
	return (kill(-1, 0) == -1 && errno != ESRCH && errno != EPERM ? -1 : 0);
}

static int
act_kill_own_group(void)
{
	return (kill(0, 0));
}

static int
act_kill_thread(void)
{
	return ((int)syscall(SYS_tgkill, getpid(), getpid(), 0));
}

static int
act_handler(void)
{
	return (kill(getpid(), SIGUSR1));
}

static int
act_pidfd(void)
{
	int fd;

	if ((fd = (int)syscall(SYS_pidfd_open, someone, 0U)) == -1 ||
	    syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0U) == -1)
		return (-1);
	return (waitpid(someone, NULL, 0) == someone ? 0 : -1);
}

static int
act_waitid(void)
{
	siginfo_t si;

	return (waitid(P_PID, (id_t)someone, &si, WEXITED | WNOHANG));
}

static int
act_pidfd_group(void)
{
	return (
	    syscall(SYS_pidfd_send_signal, pipefd[0], 0, NULL, 1U << 2) == -1
		? -1
		: 0);
}

static int
act_wait(void)
{
	const struct timespec now = { 0, 0 };
	sigset_t mask;

	(void)sigemptyset(&mask);
	(void)sigaddset(&mask, SIGCHLD);
	return (
	    sigtimedwait(&mask, NULL, &now) == -1 && errno == EAGAIN ? 0 : -1);
}

static int
act_nice(void)
{
	return (setpriority(PRIO_PROCESS, (id_t)someone, 5));
}

static int
act_nice_user(void)
{
	/* A uid that nobody has. */
	return (setpriority(PRIO_USER, 4294967000U, 5));
}

static int
act_setpgid(void)
{
	if (setpgid(someone, 0) == -1)
		return (-1);
	return (getpgid(someone) == someone ? 0 : -1);
}

static int
act_epoll(void)
{
	struct epoll_event ev = { .events = EPOLLIN };

	if (epoll_ctl(set, EPOLL_CTL_ADD, pipefd[0], &ev) == -1)
		return (-1);
	return (epoll_wait(set, &ev, 1, 0));
}

static int
act_splice(void)
{
	if (write(pipefd[1], "abc", 3) != 3)
		return (-1);
	return (splice(pipefd[0], NULL, null, NULL, 3, 0) == 3 ? 0 : -1);
}

static int
splice_at(off_t *from, off_t *to)
{
	if (write(pipefd[1], "abc", 3) != 3)
		return (-1);
	return (splice(from == NULL ? pipefd[0] : plain, from,
		    to == NULL ? pipefd[1] : plain, to, 3, 0) == 3
		    ? 0
		    : -1);
}

static int
act_splice_from(void)
{
	off_t at = 1;

	return (splice_at(&at, NULL));
}

static int
act_splice_to(void)
{
	off_t at = 1;

	return (splice_at(NULL, &at));
}

/* As writev(2), and where it is due, but that it never waits. */
static int
write_at(long at, long upper, long flags)
{
	struct iovec iov = { pipefd, 1 };
	long n = syscall(SYS_pwritev2, plain, &iov, 1L, at, upper, flags);

	return (n == 1 || (n == -1 && (errno == EOPNOTSUPP || errno == EAGAIN))
		    ? 0
		    : -1);
}

static int
act_write_due(void)
{
	return (write_at(-1, -1, 8));
}

/* Over what stands there: at the beginning, or behind 4 GiB. */
static int
act_write_over(void)
{
	return (write_at(0, 0, 8));
}

static int
act_write_over_high(void)
{
	return (write_at((long)UINT32_MAX, 0, 8));
}

static int
act_write_flags(void)
{
	return (write_at(-1, -1, 0));
}

static int
act_read_at(void)
{
	struct iovec iov = { pipefd, 1 };

	return (
	    syscall(SYS_preadv2, plain, &iov, 1L, 0L, 0L, 8L) == 1 ? 0 : -1);
}

static int
nonblock(int fd, int yes)
{
	return (ioctl(fd, FIONBIO, &yes));
}

static int
act_nonblock(void)
{
	return (fcntl(pipefd[0], F_GETFL) == -1 ? -1 : nonblock(pipefd[0], 1));
}

static int
act_nonblock_port(void)
{
	return (nonblock(STDOUT_FILENO, 0));
}

static int
act_nonblock_log(void)
{
	return (nonblock(STDERR_FILENO, 0));
}

/* O_APPEND off, O_ASYNC on: whatever it is. */
static int
act_flags(void)
{
	return (fcntl(pipefd[0], F_SETFL, O_NONBLOCK));
}

static int
act_flags_log(void)
{
	return (fcntl(STDERR_FILENO, F_GETFL) == -1 ? -1 : 0);
}

/* Without a filter ENOTTY, if there is none. */
static int
modes(int fd)
{
	struct termios t;

	return (tcgetattr(fd, &t) == -1 && errno != ENOTTY ? -1 : 0);
}

static int
act_modes_port(void)
{
	return (modes(STDOUT_FILENO));
}

static int
act_modes_log(void)
{
	return (modes(STDERR_FILENO));
}

static int
act_pipe_size(void)
{
	return (fcntl(pipefd[0], F_SETPIPE_SZ, 4096) == -1 ? -1 : 0);
}

static int
act_setown(void)
{
	return (fcntl(pipefd[0], F_SETOWN, someone));
}

static int
act_winsz(void)
{
	struct winsize ws = { 24, 80, 0, 0 };
	struct termios t;
	int n;

	if (ioctl(pipefd[0], FIONREAD, &n) == -1 ||
	    ioctl(master, TIOCSWINSZ, &ws) == -1 || tcgetattr(master, &t) == -1)
		return (-1);
	return (tcsetattr(master, TCSANOW, &t));
}

/* Not a terminal, so that without a filter it is ENOTTY for all. */
static int
act_typing(void)
{
	char c = 'x';

	return (ioctl(pipefd[0], TIOCSTI, &c));
}

#if LONG_MAX > INT32_MAX
static int
act_typing_high(void)
{
	char c = 'x';

	/* The kernel takes the lower half. */
	return ((int)syscall(SYS_ioctl, pipefd[0], TIOCSTI | 1UL << 32, &c));
}
#endif

static int
act_setctty(void)
{
	return (ioctl(pipefd[0], TIOCSCTTY, 0));
}

static int
act_setuid_own(void)
{
	if (setresuid(getuid(), (uid_t)-1, getuid()) == -1 ||
	    setreuid((uid_t)-1, getuid()) == -1)
		return (-1);
	(void)setfsuid(getuid());
	return (setuid(getuid()));
}

static int
act_rlimit(void)
{
	struct rlimit rl;

	return (getrlimit(RLIMIT_NOFILE, &rl));
}

static int
act_prctl(void)
{
	return (prctl(PR_SET_DUMPABLE, 1UL, 0UL, 0UL, 0UL));
}

static int
act_linger(void)
{
	const struct linger l = { 0, 0 };

	return (setsockopt(sock[0], SOL_SOCKET, SO_LINGER, &l, sizeof(l)));
}

/* TCP_CONGESTION has the same number; without a filter EOPNOTSUPP. */
static int
act_congestion(void)
{
	return (setsockopt(sock[0], IPPROTO_TCP, SO_LINGER, "reno", 4) == -1 &&
			errno != EOPNOTSUPP
		    ? -1
		    : 0);
}

/*
 * The port's two ends, the wrong way, as a socket or a terminal can be used.
 * Without a filter ENOTSOCK or EINVAL, as it is none here.
 */
static int
act_port_write(void)
{
	return (write(STDIN_FILENO, "x", 1) == 1 ? 0 : -1);
}

static int
act_port_writev(void)
{
	struct iovec iov = { (void *)(uintptr_t) "x", 1 };

	return (writev(STDIN_FILENO, &iov, 1) == 1 ? 0 : -1);
}

static int
act_port_send(void)
{
	return (
	    send(STDIN_FILENO, "x", 1, 0) == -1 && errno == ENOTSOCK ? 0 : -1);
}

static int
act_port_read(void)
{
	char c;

	return (read(STDOUT_FILENO, &c, 1) == 0 ? 0 : -1);
}

static int
act_port_recvmsg(void)
{
	struct msghdr msg = { 0 };

	return (recvmsg(STDOUT_FILENO, &msg, 0) == -1 && errno == ENOTSOCK
		    ? 0
		    : -1);
}

static int
act_port_preadv2(void)
{
	char c;
	struct iovec iov = { &c, 1 };

	return (
	    syscall(SYS_preadv2, STDOUT_FILENO, &iov, 1L, -1L, -1L, 8) == -1 &&
		    errno != EOPNOTSUPP
		? -1
		: 0);
}

static int
act_port_splice(void)
{
	return (splice(STDOUT_FILENO, NULL, pipefd[1], NULL, 1, 0) == -1 &&
			errno != EINVAL
		    ? -1
		    : 0);
}

static int
act_ptrace(void)
{
	return ((int)ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static int
act_io_uring(void)
{
	(void)syscall(SYS_io_uring_setup, 0U, NULL); /* many have none */
	return (0);
}

static int
act_unshare(void)
{
	return (unshare(CLONE_NEWUSER | CLONE_NEWPID));
}

/* Without a filter a child that ends at once. */
static int
act_clone_user(void)
{
	long pid;

	pid = syscall(
	    SYS_clone, (long)CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, 0L);
	if (pid == 0)
		_exit(0);
	return (pid == -1 ? -1 : 0);
}

static int
act_setns(void)
{
	return (setns(pipefd[0], 0));
}

#ifdef __x86_64__
/* getpid, by the numbers and the door of 32-bit programs. */
static int
act_i386(void)
{
	long r = 20;

	__asm__ volatile("int $0x80"
			 : "+a"(r)
			 :
			 : "memory", "r8", "r9", "r10", "r11");
	return (r > 0 ? 0 : -1);
}

static int
act_x32(void)
{
	return (syscall(0x40000000L | SYS_getpid) == -1 ? -1 : 0);
}
#endif

#define R REFUSED

static const struct row {
	const char *what;
	int (*act)(void);
	int want[PARTS]; /* as in enum part */
} rows[] = {
	{ "read and write", act_bytes, { 0, 0, 0, 0, 0, 0, 0 } },
	{ "close", act_close, { 0, 0, 0, 0, R, 0, 0 } },
	{ "readv", act_readv, { 0, 0, R, 0, R, R, R } },
	{ "writev", act_writev, { R, R, 0, 0, 0, 0, 0 } },
	{ "memory", act_memory, { 0, 0, 0, 0, 0, 0, 0 } },
	{ "memory grows", act_grow, { R, R, 0, 0, 0, 0, 0 } },
	{ "log", act_log, { 0, 0, 0, 0, 0, 0, 0 } },
	{ "clock", act_clock, { 0, 0, 0, 0, R, 0, 0 } },
	{ "poll", act_poll, { 0, 0, 0, 0, 0, 0, 0 } },
	{ "wait with signals", act_ppoll, { 0, 0, 0, 0, R, R, R } },
	{ "fatal", act_fatal, { 5, 5, 5, 5, 5, 5, 5 } },
	{ "send a descriptor", act_sendmsg, { R, R, 0, 0, R, R, 0 } },
	{ "receive a descriptor", act_recvmsg, { R, R, 0, 0, R, 0, 0 } },
	{ "talk to the reaper", act_send, { R, 0, 0, 0, R, R, R } },
	{ "send to somebody", act_send_to, { R, R, R, 0, R, R, R } },
#if LONG_MAX > INT32_MAX
	{ "the same, in the upper half", act_send_to_high,
	    { R, R, R, WELL, R, R, R } },
#endif
	{ "map a file", act_mmap_file, { R, R, R, 0, R, R, R } },
	{ "executable memory", act_mmap_exec, { R, R, R, 0, R, R, R } },
	{ "memory made executable", act_mprotect_exec,
	    { R, R, R, 0, R, R, R } },
	{ "open a file", act_open, { EACCES, EACCES, R, 0, R, R, EACCES } },
	{ "open to write", act_open_write, { R, R, R, 0, R, R, EACCES } },
	{ "make a file", act_open_create, { R, R, R, 0, R, R, R } },
	{ "open a file of /proc", act_open_proc, { 0, 0, R, 0, R, R, EACCES } },
	{ "walk /proc", act_walk_proc, { 0, 0, R, 0, R, R, EACCES } },
	{ "read what was open", act_pread, { 0, 0, R, 0, R, R, R } },
	{ "unlink", act_unlink, { R, R, R, 0, R, R, R } },
	{ "remove a directory", act_rmdir, { 0, 0, R, 0, R, R, 0 } },
	{ "socket", act_socket, { R, R, R, 0, R, R, R } },
	{ "fork", act_fork, { R, R, R, 0, R, R, R } },
	{ "clone3", act_clone3, { R, R, R, ENOSYS, R, R, R } },
	{ "a command", act_system, { R, R, R, 0, R, R, R } },
	{ "exec", act_exec, { R, R, R, 0, R, R, R } },
	{ "kill a process and reap it", act_kill, { 0, 0, 0, 0, R, R, R } },
	{ "kill everybody", act_kill_all, { R, R, R, 0, R, R, R } },
	{ "kill its own group", act_kill_own_group, { R, R, R, 0, R, R, R } },
	{ "kill a thread", act_kill_thread, { R, R, R, 0, R, R, R } },
	{ "signal handler", act_handler, { 0, 0, 0, 0, R, R, R } },
	{ "kill by pidfd and reap", act_pidfd, { 0, 0, 0, 0, R, R, R } },
	{ "look whether it is dead", act_waitid, { 0, 0, 0, 0, R, R, R } },
	{ "kill a group by pidfd", act_pidfd_group,
	    { R, R, R, EBADF, R, R, R } },
	{ "wait for signals", act_wait, { 0, 0, 0, 0, R, R, R } },
	{ "renice a process", act_nice, { R, R, 0, 0, R, R, R } },
	{ "renice a user", act_nice_user, { R, R, R, ESRCH, R, R, R } },
	{ "process group", act_setpgid, { R, R, 0, 0, R, R, R } },
	{ "epoll", act_epoll, { R, R, 0, 0, R, 0, R } },
	{ "splice", act_splice, { R, R, R, 0, R, 0, R } },
	{ "splice from the middle", act_splice_from, { R, R, R, 0, R, R, R } },
	{ "splice into the middle", act_splice_to, { R, R, R, 0, R, R, R } },
	{ "write without a wait", act_write_due, { R, R, R, 0, R, 0, R } },
	{ "write over", act_write_over, { R, R, R, 0, R, R, R } },
	{ "write over behind 4 GiB", act_write_over_high,
	    { R, R, R, 0, R, R, R } },
	{ "write with a wait", act_write_flags, { R, R, R, 0, R, R, R } },
	{ "read from the middle", act_read_at, { R, R, R, 0, R, R, R } },
	{ "not to block", act_nonblock, { R, R, R, 0, R, 0, R } },
	{ "a port that waits", act_nonblock_port, { R, R, R, 0, R, 0, R } },
	{ "a log that waits", act_nonblock_log, { R, R, R, 0, R, R, R } },
	{ "linger no more", act_linger, { R, R, 0, 0, R, 0, R } },
	{ "the same option of TCP", act_congestion, { R, R, R, 0, R, R, R } },
	{ "write to what the port is read from", act_port_write,
	    { 0, 0, 0, 0, R, 0, 0 } },
	{ "the same, of pieces", act_port_writev, { R, R, 0, 0, R, 0, 0 } },
	{ "send to it", act_port_send, { R, R, R, 0, R, R, R } },
	{ "read what the port is written to", act_port_read,
	    { 0, 0, 0, 0, 0, R, 0 } },
	{ "receive from it", act_port_recvmsg, { R, R, 0, 0, R, R, 0 } },
	{ "read it without a wait", act_port_preadv2, { R, R, R, 0, R, R, R } },
	{ "splice from it", act_port_splice, { R, R, R, 0, R, R, R } },
	{ "flags", act_flags, { R, R, R, 0, R, R, R } },
	{ "flags of the log", act_flags_log, { 0, 0, R, 0, R, R, 0 } },
	{ "modes of a port", act_modes_port, { R, R, R, 0, R, R, R } },
	{ "modes of a log", act_modes_log, { R, R, R, 0, R, R, R } },
	{ "size of a pipe", act_pipe_size, { R, R, R, 0, R, 0, R } },
	{ "have signals sent", act_setown, { R, R, R, 0, R, R, R } },
	{ "terminal's size and modes", act_winsz, { R, R, R, 0, R, 0, R } },
	{ "type into a terminal", act_typing, { R, R, R, EPERM, R, R, R } },
#if LONG_MAX > INT32_MAX
	{ "the same, disguised", act_typing_high, { R, R, R, EPERM, R, R, R } },
#endif
	{ "take a terminal", act_setctty, { R, R, R, ENOTTY, R, R, R } },
	{ "set its own uid", act_setuid_own, { R, R, R, 0, R, R, R } },
	{ "look at a limit", act_rlimit, { R, R, R, 0, R, R, R } },
	{ "prctl", act_prctl, { R, R, R, 0, R, R, R } },
	{ "ptrace", act_ptrace, { R, R, R, 0, R, R, R } },
	{ "io_uring", act_io_uring, { R, R, R, 0, R, R, R } },
	{ "user namespace", act_unshare, { R, R, R, EPERM, R, R, R } },
	{ "clone into one", act_clone_user, { R, R, R, EPERM, R, R, R } },
	{ "enter a namespace", act_setns, { R, R, R, EPERM, R, R, R } },
#ifdef __x86_64__
	{ "32-bit call", act_i386, { R, R, R, R, R, R, R } },
	{ "x32 call", act_x32, { R, R, R, ENOSYS, R, R, R } },
#endif
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static const char *const parts[PARTS] = { "guard", "reaper", "priv", "launcher",
	"broker", "worker", "keeper" };

/* A process that does one thing; part PARTS: in no sandbox. */
static int
attempt(enum part part, int (*act)(void))
{
	pid_t pid;

	if ((pid = fork()) == 0) {
		prepare();
		if (part != PARTS)
			enter(part);
		_exit(act() == 0 ? WELL : errno);
	}
	assert_true(pid > 0);
	return (ending(pid));
}

static void
test_row(void **state)
{
	const struct row *r = *state;
	int got, part, bad = 0, want;

	if (r->want[LAUNCHER] == R && attempt(PARTS, r->act) != WELL) {
		print_message("this kernel has no such calls\n");
		skip();
	}
	for (part = 0; part < PARTS; part++) {
		want = r->want[part];
		got = attempt((enum part)part, r->act);
		if (want == R ? refused(got) : got == want)
			continue;
		print_error(
		    "%s: %s: %d, not %d\n", parts[part], r->what, got, want);
		bad = 1;
	}
	assert_false(bad);
}

/* What a launcher for somebody else may not: set the uid that it has. */
static int
act_uid_0(void)
{
	return ((int)syscall(UID_CALL(SYS_setuid), getuid()));
}

static int
act_uid_1(void)
{
	return ((int)syscall(UID_CALL(SYS_setfsuid), getuid()));
}

static int
act_uid_2(void)
{
	return ((int)syscall(UID_CALL(SYS_setreuid), getuid(), -1));
}

static int
act_uid_3(void)
{
	return ((int)syscall(UID_CALL(SYS_setreuid), -1, getuid()));
}

static int
act_uid_4(void)
{
	return ((int)syscall(UID_CALL(SYS_setresuid), getuid(), -1, -1));
}

static int
act_uid_5(void)
{
	return ((int)syscall(UID_CALL(SYS_setresuid), -1, getuid(), -1));
}

static int
act_uid_6(void)
{
	return ((int)syscall(UID_CALL(SYS_setresuid), -1, -1, getuid()));
}

/* The upper half is nothing to the kernel. */
#if LONG_MAX > INT32_MAX
static int
act_uid_7(void)
{
	return ((int)syscall(
	    UID_CALL(SYS_setresuid), -1, -1, 1UL << 32 | getuid()));
}
#endif

#ifdef SYS_setuid32
static long uid16_call;

static int
act_uid16(void)
{
	return ((int)syscall(uid16_call, getuid(), getuid(), getuid()));
}
#endif

static int
launch(uid_t uid, int (*act)(void))
{
	pid_t pid;

	if ((pid = fork()) == 0) {
		(void)sandbox_launcher(uid, SECRET, 0);
		errno = 0;
		_exit(act() != -1 ? WELL : errno);
	}
	assert_true(pid > 0);
	return (ending(pid));
}

static void
test_launcher_uid(void **state)
{
	static int (*const acts[])(void) = {
		act_uid_0,
		act_uid_1,
		act_uid_2,
		act_uid_3,
		act_uid_4,
		act_uid_5,
		act_uid_6,
#if LONG_MAX > INT32_MAX
		act_uid_7,
#endif
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		assert_int_equal(launch(getuid() + 1, acts[i]), EPERM);
		assert_int_equal(launch(getuid(), acts[i]), WELL);
	}
}

#ifdef SYS_setuid32
/* Of what they are given they take 16 bits: the filter's uid need not be it. */
static void
test_launcher_uid16(void **state)
{
	static const long calls[] = { SYS_setuid, SYS_setfsuid, SYS_setreuid,
		SYS_setresuid };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		uid16_call = calls[i];
		assert_int_equal(launch(getuid(), act_uid16), EPERM);
	}
}
#endif

/* A file of one's own, in all ways that there are, with more or less mode. */
static char suid_path[64];
static mode_t suid_mode;

static int
act_chmod(void)
{
	return (chmod(suid_path, suid_mode));
}

static int
act_fchmod(void)
{
	return (fchmod(open(suid_path, O_RDONLY), suid_mode));
}

static int
act_fchmodat(void)
{
	return (fchmodat(AT_FDCWD, suid_path, suid_mode, 0));
}

/* Not every kernel has it. */
static int
act_fchmodat2(void)
{
	long r = syscall(452L, AT_FDCWD, suid_path, (long)suid_mode, 0L);

	return (r == -1 && errno == ENOSYS ? act_chmod() : (int)r);
}

static int
act_mknod(void)
{
	(void)unlink(suid_path);
	return (mknod(suid_path, S_IFREG | suid_mode, 0));
}

static int
act_creat(void)
{
	(void)unlink(suid_path);
	return (creat(suid_path, suid_mode));
}

static int
act_open_mode(void)
{
	(void)unlink(suid_path);
	return (open(suid_path, O_RDWR | O_CREAT, suid_mode));
}

static int
act_tmpfile(void)
{
	return (open("/tmp", O_RDWR | O_TMPFILE, suid_mode));
}

#ifdef __x86_64__
static int
act_open_old(void)
{
	(void)unlink(suid_path);
	return ((int)syscall(
	    SYS_open, suid_path, O_RDWR | O_CREAT, (long)suid_mode));
}

static int
act_mknod_old(void)
{
	(void)unlink(suid_path);
	return ((int)syscall(
	    SYS_mknod, suid_path, (long)(S_IFREG | suid_mode), 0L));
}

static int
act_chmod_old(void)
{
	return ((int)syscall(SYS_chmod, suid_path, (long)suid_mode));
}
#endif

/* What stands in the mode of who makes nothing is no mode. */
static int
act_open_makes_nothing(void)
{
	return ((int)syscall(
	    SYS_openat, AT_FDCWD, suid_path, O_RDONLY, (long)suid_mode));
}

/* What a filter could not look into. */
static int
act_openat2(void)
{
	return ((int)syscall(437L, AT_FDCWD, suid_path, NULL, 0L));
}

static int
act_uring(void)
{
	return ((int)syscall(SYS_io_uring_setup, 0L, NULL));
}

static void
test_launcher_suid(void **state)
{
	static int (*const acts[])(void) = {
		act_chmod,
		act_fchmod,
		act_fchmodat,
		act_fchmodat2,
		act_mknod,
		act_creat,
		act_open_mode,
		act_tmpfile,
#ifdef __x86_64__
		act_open_old,
		act_mknod_old,
		act_chmod_old,
#endif
	};
	size_t i;
	int fd;

	(void)state;
	(void)strlcpy(suid_path, "/tmp/sandbox_test.XXXXXX", sizeof(suid_path));
	assert_true((fd = mkstemp(suid_path)) != -1);
	(void)close(fd);
	for (i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		suid_mode = S_ISGID | 0700;
		assert_int_equal(launch(getuid(), acts[i]), WELL);
		suid_mode = S_ISUID | 0700;
		assert_int_equal(launch(getuid(), acts[i]), EPERM);
		suid_mode = 0700;
		assert_int_equal(launch(getuid(), act_creat), WELL);
	}
	suid_mode = S_ISUID | 0700;
	assert_int_equal(launch(getuid(), act_open_makes_nothing), WELL);
	assert_int_equal(launch(getuid(), act_openat2), ENOSYS);
	assert_int_equal(launch(getuid(), act_uring), ENOSYS);
	assert_int_equal(unlink(suid_path), 0);
}

/* A child for one's parent, which ends at once. */
static int
sibling(unsigned long flags, unsigned long one, unsigned long two)
{
	long pid = syscall(SYS_clone, CLONE_PARENT | flags, 0UL, 0UL, one, two);

	if (pid == 0)
		_exit(WELL);
	return (pid == -1 ? -1 : 0);
}

#define LOW ((unsigned long)(SECRET & UINT32_MAX))
#define HIGH ((unsigned long)(SECRET >> 32))

static int
act_sibling(void)
{
	return (sibling(SIGCHLD, LOW, HIGH));
}

static int
act_sibling_plain(void)
{
	return (sibling(SIGCHLD, 0, 0));
}

static int
act_sibling_low(void)
{
	return (sibling(0, LOW, 0));
}

static int
act_sibling_high(void)
{
	return (sibling(0, 0, HIGH));
}

static int
act_child(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(WELL);
	return (pid == -1 || waitpid(pid, NULL, 0) != pid ? -1 : 0);
}

/* For the launcher's parent children are made by the launcher only. */
static void
test_launcher_parent(void **state)
{
	(void)state;
	assert_int_equal(launch(getuid(), act_sibling_plain), EPERM);
	assert_int_equal(launch(getuid(), act_sibling_low), EPERM);
	assert_int_equal(launch(getuid(), act_sibling_high), EPERM);
	assert_int_equal(launch(getuid(), act_child), WELL);
	assert_int_equal(launch(getuid(), act_sibling), WELL);
	assert_true(waitpid(-1, NULL, 0) > 0); /* our own */
	assert_int_equal(waitpid(-1, NULL, 0), -1);
}

/* What one has that may set any uid. */
static int
act_become(void)
{
	if (setresuid(4711, 4711, 4711) == -1)
		return (-1);
	return (getuid() == 4711 ? 0 : -1);
}

static int
act_become_root(void)
{
	return (setresuid((uid_t)-1, 0, (uid_t)-1));
}

static void
test_launcher_root(void **state)
{
	(void)state;
	if (getuid() != 0) {
		print_message("only root can become another user\n");
		skip();
	}
	assert_int_equal(launch(4711, act_become), WELL);
	assert_int_equal(launch(4711, act_become_root), EPERM);
	assert_int_equal(launch(4712, act_become), EPERM);
}

/* From outside: a process that is in its sandbox and waits. */
static int hold[2];

static pid_t
hold_part(enum part part, int out)
{
	int ready[2];
	char c = 'x';
	pid_t pid;

	assert_int_equal(pipe(hold), 0);
	assert_int_equal(pipe(ready), 0);
	if ((pid = fork()) == 0) {
		(void)close(hold[1]);
		if (out != -1 && ((null = open("/dev/null", O_WRONLY)) == -1 ||
				     dup2(null, STDERR_FILENO) == -1 ||
				     dup2(out, STDOUT_FILENO) == -1))
			_exit(UNPREPARED);
		enter(part);
		if (write(ready[1], &c, 1) != 1)
			_exit(UNPREPARED);
		_exit(read(hold[0], &c, 1) == 0 ? WELL : errno);
	}
	assert_true(pid > 0);
	assert_int_equal(close(hold[0]), 0);
	assert_int_equal(close(ready[1]), 0);
	assert_int_equal(read(ready[0], &c, 1), 1);
	assert_int_equal(close(ready[0]), 0);
	return (pid);
}

static void
release(pid_t pid)
{
	assert_int_equal(close(hold[1]), 0);
	assert_int_equal(ending(pid), WELL);
}

/* A line of /proc/PID/status. */
static void
assert_status(pid_t pid, const char *line)
{
	char path[64], got[256];
	int found = 0;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	assert_non_null(f = fopen(path, "r"));
	while (fgets(got, sizeof(got), f) != NULL)
		if (strcmp(got, line) == 0)
			found = 1;
	(void)fclose(f);
	if (!found)
		fail_msg("no %s", line);
}

static void
test_state(void **state)
{
	int part;
	pid_t pid;

	(void)state;
	for (part = 0; part < PARTS; part++) {
		pid = hold_part((enum part)part, -1);
		assert_status(pid, "NoNewPrivs:\t1\n");
		assert_status(pid, "Seccomp:\t2\n");
		release(pid);
	}
}

static rlim_t
limit_of(pid_t pid, proc_resource what)
{
	struct rlimit rl;

	assert_int_equal(prlimit(pid, what, NULL, &rl), 0);
	assert_true(rl.rlim_cur == rl.rlim_max);
	return (rl.rlim_cur);
}

static void
test_limits(void **state)
{
	static const enum part who[2] = { BROKER, WORKER };
	FILE *file;
	pid_t pid;
	int i, none;

	(void)state;
	assert_non_null(file = tmpfile());
	assert_true((none = open("/dev/null", O_WRONLY)) != -1);
	for (i = 0; i < 2; i++) {
		pid = hold_part(who[i], none);
		assert_true(limit_of(pid, RLIMIT_FSIZE) == 0);
		assert_true(limit_of(pid, RLIMIT_NPROC) == 0);
		assert_true(limit_of(pid, RLIMIT_CORE) == 0);
		release(pid);
		/* The port is a file: it must take what is written. */
		pid = hold_part(who[i], fileno(file));
		assert_true(limit_of(pid, RLIMIT_FSIZE) != 0);
		assert_true(limit_of(pid, RLIMIT_NPROC) == 0);
		release(pid);
	}
	assert_int_equal(close(none), 0);
	(void)fclose(file);
}

/* Where priv makes the children it gives up nothing. */
static int
act_open_both(void)
{
	return (open("/dev/null", O_RDWR) == -1 ? -1 : 0);
}

/* To write is not refused, but is anywhere else; nothing is made. */
static void
test_writes(void **state)
{
	int part;

	(void)state;
	writes = 1;
	for (part = GUARD; part <= REAPER; part++) {
		assert_int_equal(
		    attempt((enum part)part, act_open_write), EACCES);
		assert_true(refused(attempt((enum part)part, act_open_both)));
		assert_true(refused(attempt((enum part)part, act_open_create)));
	}
	writes = 0;
}

static void
test_priv_forks(void **state)
{
	pid_t pid;

	(void)state;
	if ((pid = fork()) == 0) {
		sandbox_priv(1);
		_exit(act_fork() == 0 && act_open() == 0 ? WELL : errno);
	}
	assert_true(pid > 0);
	assert_int_equal(ending(pid), WELL);
}

/* What it says of itself is what the kernel has. */
static void
test_names(void **state)
{
	const char *const *names;
	pid_t pid;
	int landlock;

	(void)state;
	landlock = syscall(SYS_landlock_create_ruleset, NULL, 0UL, 1U) > 0;
	if ((pid = fork()) == 0) {
		names = sandbox_worker();
		if (landlock && strcmp(*names++, "landlock") != 0)
			_exit(1);
		_exit(strcmp(*names, "syscall_filter") == 0 && names[1] == NULL
			  ? WELL
			  : 2);
	}
	assert_true(pid > 0);
	assert_int_equal(ending(pid), WELL);
}

int
main(void)
{
	static const struct CMUnitTest others[] = {
		cmocka_unit_test(test_state),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_launcher_uid),
#ifdef SYS_setuid32
		cmocka_unit_test(test_launcher_uid16),
#endif
		cmocka_unit_test(test_launcher_suid),
		cmocka_unit_test(test_launcher_parent),
		cmocka_unit_test(test_launcher_root),
		cmocka_unit_test(test_writes),
		cmocka_unit_test(test_priv_forks),
	};
	static struct CMUnitTest
	    tests[ROWS + sizeof(others) / sizeof(others[0])];
	size_t i;

	log_init("sandbox_test", 0);
	for (i = 0; i < ROWS; i++) {
		tests[i].name = rows[i].what;
		tests[i].test_func = test_row;
		tests[i].initial_state = (void *)(uintptr_t)&rows[i];
	}
	memcpy(tests + ROWS, others, sizeof(others));
	if (prctl(PR_GET_SECCOMP) == -1 && errno == EINVAL) {
		print_message("this kernel has no system call filters\n");
		cmocka_set_skip_filter("*");
	}
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
