/*
 * The switch of a tree of tasks: what the node sends, and what the tasks do. An
 * input is steps of two bytes and what they take: what happens, and to which
 * task. The tasks' processes are a table here: they die when they are killed.
 */

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* What it remembers has to be forgotten between inputs. */
#include "../../task/frame.c"

#include <signal.h>

#include "channel.h"
#include "compat/evset.h"
#include "compat/imsg_send.h"
#include "compat/mark.h"
#include "compat/pidfd.h"
#include "compat/proc.h"
#include "fuzz.h"
#include "reap.h"
#include "switch_state.h"
#include "task/ask.h"
#include "task/call.h"
#include "task/constant.h"
#include "task/death.h"
#include "task/message.h"
#include "task/peer.h"
#include "task/request.h"
#include "task/source.h"
#include "task/stop.h"
#include "task/stream.h"
#include "task/table.h"
#include "timer.h"

#define PROCESSES 12
#define PID 1000
#define ENOUGH 200 /* turns in which a tree that is killed has to end */

enum step { NODE, BYTES, SAYS, SAYS_WITH, DIES, CLOSES, TIME, STEPS };
enum kind { CHANNEL, PIDFD, PIPE, KINDS };

/* A task's process: its end of the channel; a pipe that ends with it. */
static struct {
	int channel;
	int pidfd;
	int life;
	ino_t number; /* of that pipe, whoever has a descriptor of it */
	int dead;
} processes[PROCESSES];
static int nprocesses;
static int64_t now;
static const sigset_t nothing;

/* Processes. */

static int
process_of(int pidfd)
{
	struct stat sb;
	int i;

	if (fstat(pidfd, &sb) == -1)
		return (-1);
	for (i = 0; i < nprocesses; i++)
		if (processes[i].number == sb.st_ino)
			return (i);
	return (-1);
}

static void
die(int i)
{
	if (processes[i].dead)
		return;
	processes[i].dead = 1;
	(void)close(processes[i].channel);
	processes[i].channel = -1;
	(void)close(processes[i].life);
}

void
pidfd_init(void)
{
}

/* The number is the file's: a duplicate of ours means the same. */
int
pidfd_pid(int fd, pid_t *pid)
{
	int i = process_of(fd);

	*pid = PID + i;
	return (i == -1 ? -1 : 0);
}

int
pidfd_of(pid_t pid)
{
	(void)pid;
	errno = ESRCH;
	return (-1);
}

int
pidfd_signal(int fd, int sig)
{
	int i = process_of(fd);

	if (i == -1 || processes[i].dead) {
		errno = ESRCH;
		return (-1);
	}
	if (sig == SIGKILL)
		die(i);
	return (0);
}

int
pidfd_queue(int fd, int sig, uint32_t value)
{
	(void)value;
	return (pidfd_signal(fd, sig));
}

int
pidfd_parent(int fd, pid_t *parent)
{
	(void)fd;
	(void)parent;
	return (-1);
}

int
pidfd_stopped(int fd)
{
	(void)fd;
	return (0);
}

int
pidfd_status(int fd, int *status)
{
	int i = process_of(fd);

	*status = SIGKILL;
	return (i != -1 && processes[i].dead ? 0 : -1);
}

int
mark_of(pid_t pid, uint32_t *mark)
{
	(void)pid;
	(void)mark;
	return (-1);
}

int
proc_children(void (*fn)(pid_t, void *), void *arg)
{
	(void)fn;
	(void)arg;
	return (0);
}

int
proc_children_of(pid_t pid, void (*fn)(pid_t, void *), void *arg)
{
	(void)pid;
	(void)fn;
	(void)arg;
	return (0);
}

int
proc_has_ended(pid_t pid)
{
	(void)pid;
	return (0);
}

pid_t
reap_ended(pid_t pid, int *status, struct rusage *ru)
{
	int i = pid - PID;

	if (i < 0 || i >= nprocesses || !processes[i].dead)
		return (0);
	*status = SIGKILL;
	memset(ru, 0, sizeof(*ru));
	return (pid);
}

int __wrap_kill(pid_t, int);
pid_t __wrap_getpgid(pid_t);

int
__wrap_kill(pid_t pid, int sig)
{
	(void)pid;
	(void)sig;
	return (0);
}

pid_t
__wrap_getpgid(pid_t pid)
{
	return (pid);
}

int __wrap_clock_gettime(clockid_t, struct timespec *);

int
__wrap_clock_gettime(clockid_t which, struct timespec *ts)
{
	(void)which;
	ts->tv_sec = (time_t)(now / 1000);
	ts->tv_nsec = (long)(now % 1000) * 1000000;
	return (0);
}

/* What the switch would have of calls. */
int
call_here(unsigned int number)
{
	return (number % 2 == 0);
}

const char *
constant_errno(int error)
{
	(void)error;
	return ("eany");
}

/* A new process: its number, or -1. fds: what is sent of it. */
static int
process_new(int fds[KINDS])
{
	int pair[2], life[2], i = nprocesses;
	struct stat sb;

	if (i == PROCESSES ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
		pair) == -1 ||
	    pipe2(life, O_CLOEXEC) == -1 || fstat(life[0], &sb) == -1)
		return (-1);
	processes[i].channel = pair[1];
	processes[i].pidfd = life[0];
	processes[i].life = life[1];
	processes[i].number = sb.st_ino;
	processes[i].dead = 0;
	fds[CHANNEL] = pair[0];
	fds[PIDFD] = life[0];
	nprocesses++;
	return (i);
}

static void
turn(void)
{
	(void)evset_run(0, &nothing);
	timer_run();
	death_strays();
	if (frame_flush() == -1)
		fuzz_wrong("nobody takes what there is nobody for");
	source_release();
	table_sweep();
}

/* Steps. */

/* A frame, or many, as the node sends them; -1: it is broken. */
static int
node(const uint8_t *p, size_t len)
{
	const char *what;
	struct frame f;
	int n;

	if (len > IN_SIZE - in.end)
		return (-1);
	memcpy(in.buf + in.end, p, len);
	in.end += len;
	while ((n = frame_next(&f)) == 1 && (n = request_take(&f, &what)) == 0)
		continue;
	memmove(in.buf, in.buf + in.off, in.end - in.off);
	in.end -= in.off;
	in.off = 0;
	return (n);
}

/* Bytes, whatever they are. */
static void
bytes(int i, const uint8_t *p, size_t len)
{
	if (i < nprocesses && processes[i].channel != -1)
		(void)send(
		    processes[i].channel, p, len, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static int
some_fd(enum kind kind)
{
	int fds[KINDS], pair[2];

	if (kind == PIPE)
		return (pipe2(pair, O_CLOEXEC) == 0 ? pair[0] : -1);
	/* The channel of one that is about to be born, and then its pidfd. */
	if (kind == CHANNEL)
		return (process_new(fds) == -1 ? -1 : fds[CHANNEL]);
	return (dup(processes[nprocesses - 1].pidfd));
}

/* A message of a type, with what there is of its bytes. */
static void
says(int i, uint32_t type, int fd, const uint8_t *p, size_t len)
{
	struct imsgbuf box;

	if (i >= nprocesses || processes[i].channel == -1)
		return;
	if (imsgbuf_init(&box, processes[i].channel) == -1)
		abort();
	imsgbuf_allow_fdpass(&box);
	imsgbuf_nowait(&box);
	if (imsg_compose(&box, type, 0, 0, fd, p, len) == 1)
		(void)imsgbuf_write(&box);
	imsgbuf_clear(&box);
}

static size_t
shorter(size_t a, size_t b)
{
	return (a < b ? a : b);
}

/* How many bytes it has taken; -1: the node is broken. */
static ssize_t
step(enum step what, uint8_t which, const uint8_t *p, size_t left)
{
	int i = which % PROCESSES;
	size_t n = 0;

	switch (what) {
	case NODE:
		n = shorter(which, left);
		return (node(p, n) == -1 ? -1 : (ssize_t)n);
	case BYTES:
		n = shorter(64, left);
		bytes(i, p, n);
		break;
	case SAYS:
		n = shorter(which / PROCESSES * 8U + 1, left);
		if (n > 0)
			says(i, p[0] % (TASK_EXIT + 2U), -1, p + 1, n - 1);
		break;
	case SAYS_WITH:
		n = left < 2 || p[1] < 128 ? 10 : 18;
		n = shorter(n, left);
		if (n >= 2)
			says(i, p[0] % (TASK_EXIT + 2U),
			    some_fd((enum kind)(p[1] % KINDS)), p + 2, n - 2);
		break;
	case DIES:
		if (i < nprocesses)
			die(i);
		break;
	case CLOSES:
		if (i < nprocesses && processes[i].channel != -1)
			(void)shutdown(processes[i].channel, SHUT_WR);
		break;
	case TIME:
	case STEPS:
		now += (int64_t)which * which;
		break;
	}
	return ((ssize_t)n);
}

void
fuzz_begin(void)
{
	int null;

	evset_open();
	death_setup(stop_gone);
	stream_setup(death_check);
	request_init(1000);
	if ((null = open("/dev/null", O_WRONLY | O_CLOEXEC)) == -1)
		abort();
	frame_init(-1, null);
}

static void
begin(void)
{
	int fds[KINDS];
	struct task *t;

	nprocesses = 0;
	in.off = in.end = 0;
	if (process_new(fds) == -1)
		abort();
	t = table_add(NULL, PID);
	t->told_pid = PID;
	t->born = 1;
	table_set_pid(t, PID);
	peer_open(t, fds[CHANNEL]);
	if (peer_watch(t, fds[PIDFD]) == -1)
		abort();
}

/* However it was: who kills all of them is left with nobody. */
static void
end(void)
{
	int i;

	if (table_root != NULL)
		death_kill(table_root, CAUSE_TREE);
	for (i = 0; i < ENOUGH && table_root != NULL; i++) {
		now += 1000;
		turn();
	}
	if (table_root != NULL || table_count != 0)
		fuzz_wrong("a task has no end");
	stop_over();
	(void)frame_flush();
	stop_forget();
	death_forget();
}

void
fuzz_one(const uint8_t *data, size_t len)
{
	ssize_t n = 0;
	int base = dup(STDERR_FILENO);

	begin();
	while (len >= 2 && table_root != NULL && n != -1) {
		enum step what = (enum step)(data[0] % STEPS);
		uint8_t which = data[1];

		n = step(what, which, data + 2, len - 2);
		if (n == -1)
			break;
		data += 2 + n;
		len -= 2 + (size_t)n;
		turn();
	}
	end();
	(void)close_range((unsigned int)base, ~0U, 0);
}
