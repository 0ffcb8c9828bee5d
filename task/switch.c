/*
 * The switch: the only one that reads and writes the node's frames. It has a
 * channel to each task and the pipes of programs, and carries out no call. The
 * tree is in the kernel; the wiring is a star.
 */

#include <sys/resource.h>
#include <sys/socket.h>

#include <fcntl.h>
#include <paths.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "compat/evset.h"
#include "compat/pidfd.h"
#include "compat/privs.h"
#include "compat/proc.h"
#include "log.h"
#include "nofile.h"
#include "proto.h"
#include "reap.h"
#include "sandbox.h"
#include "signals.h"
#include "timer.h"

#include "task/death.h"
#include "task/frame.h"
#include "task/guard.h"
#include "task/message.h"
#include "task/peer.h"
#include "task/request.h"
#include "task/source.h"
#include "task/stop.h"
#include "task/stream.h"
#include "task/switch.h"
#include "task/table.h"
#include "task/tell.h"

#define LAST_MS 1000 /* for what is to be told last */
#define BUSY 16 /* turns that bring something, before signals are heard */

static struct source node;
static struct watch to_node;
static sigset_t mask;
static int node_gone;
static int status = EXIT_CLEAN;

static void root_be(int fd, void (*root)(int)) __attribute__((__noreturn__));

static void
root_be(int fd, void (*root)(int))
{
	int nullfd;

	if ((nullfd = open(_PATH_DEVNULL, O_RDWR)) == -1 ||
	    dup2(nullfd, STDIN_FILENO) == -1 ||
	    dup2(nullfd, STDOUT_FILENO) == -1)
		fatal("descriptors of the root task");
	if (fd != TASK_CHANNEL_FD && dup2(fd, TASK_CHANNEL_FD) == -1)
		fatal("channel of the root task");
	if (fcntl(TASK_CHANNEL_FD, F_SETFD, FD_CLOEXEC) == -1)
		fatal("channel of the root task");
	closefrom(TASK_CHANNEL_FD + 1);
	/* What tasks and programs send to their group is not for us. */
	if (setsid() == -1)
		fatal("session of the root task");
	root(0);
	exit(EXIT_RING);
}

/* Before anything that is not for tasks: limits, signals, the sandbox. */
static pid_t
root_start(int *channel, void (*root)(int))
{
	pid_t pid, parent = getpid();
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == -1)
		fatal("channel to the root task");
	if ((pid = fork()) == -1)
		fatal("fork of the root task");
	if (pid == 0) {
		if (proc_die_with(parent, SIGKILL) == -1)
			_exit(EXIT_RING);
		root_be(fds[1], root);
	}
	(void)close(fds[1]);
	*channel = fds[0];
	return (pid);
}

static void
root_add(pid_t pid, int channel)
{
	struct task *t;
	int fd;

	/* Before anything is forked: what would not be ended is not begun. */
	if ((fd = pidfd_of(pid)) == -1 || pidfd_signal(fd, 0) == -1)
		fatal("no tree of tasks without pidfds");
	t = table_add(NULL, pid);
	t->told_pid = pid;
	t->born = 1;
	table_set_pid(t, pid);
	peer_open(t, channel);
	if (peer_watch(t, fd) == -1)
		fatal("the root task");
}

static void
node_end(void)
{
	node_gone = 1;
	(void)source_set(&node, 0);
	if (!stop_under_way())
		stop_tree(0, -1, -1);
}

static void
node_broken(const char *what)
{
	log_warnx("the node has sent a frame that cannot be: %s", what);
	tell_broken(what);
	status = EXIT_PEER;
	node_end();
}

static void
on_node(void *arg, int events)
{
	const char *what = "length";
	struct frame f;
	int n, more;

	(void)arg;
	(void)events;
	if (source_hold(&node))
		return;
	more = frame_read();
	while ((n = frame_next(&f)) == 1 && (n = request_take(&f, &what)) == 0)
		continue;
	if (n == -1)
		node_broken(what);
	else if (!more)
		node_end();
}

/* That it can be written to is all: it is written at the end of each turn. */
static void
on_room(void *arg, int events)
{
	(void)arg;
	(void)events;
}

static void
node_watch(void)
{
	if (fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK) == -1 ||
	    fcntl(STDOUT_FILENO, F_SETFL, O_NONBLOCK) == -1)
		fatal("the node's pipes");
	frame_init(STDIN_FILENO, STDOUT_FILENO);
	to_node.fd = STDOUT_FILENO;
	to_node.fn = on_room;
	node.watch.fd = STDIN_FILENO;
	node.watch.fn = on_node;
	if (source_set(&node, EVSET_IN) == -1)
		fatal("the node's pipes");
}

static void
reap_all(void)
{
	struct rusage ru;
	int how;
	pid_t pid;

	while ((pid = reap_ended(-1, &how, &ru)) > 0)
		death_reaped(pid, how, &ru);
}

/*
 * Until something is the case, or a deadline over. Signals are heard while
 * there is nothing else, and now and then.
 */
static void
switch_wait(void)
{
	static unsigned int busy;
	int ms = timer_wait();

	if (evset_set(&to_node, frame_waiting() > 0 ? EVSET_OUT : 0) == -1 &&
	    (ms == -1 || ms > SOURCE_RETRY))
		ms = SOURCE_RETRY;
	if (!evset_run(ms, &mask))
		busy = 0;
	else if (++busy % BUSY == 0)
		signals_take();
}

static void
switch_turn(void)
{
	switch_wait();
	timer_run();
	if (signals_got(SIGCHLD))
		reap_all();
	if ((signals_got(SIGTERM) | signals_got(SIGINT) |
		signals_got(SIGHUP)) &&
	    !stop_under_way())
		stop_tree(0, -1, -1);
	death_strays();
	if (frame_flush() == -1 && !node_gone)
		node_end();
	source_release();
	table_sweep();
}

/* What is to be told leaves, if somebody takes it. */
static void
switch_flush(void)
{
	struct pollfd pfd = { .fd = STDOUT_FILENO, .events = POLLOUT };

	while (frame_flush() == 0 && frame_waiting() > 0)
		if (poll(&pfd, 1, LAST_MS) != 1)
			return;
}

static void
switch_confine(void)
{
	setproctitle("-proctor-task: switch");
	log_init("task switch", log_getlevel());
	nofile_raise();
	if (proc_subreaper() == -1 || proc_children_open() == -1)
		fatal("the end of tasks");
	pidfd_init();
	signals_catch();
	stream_setup(death_check);
	death_setup(stop_gone);
	if (privs_keep(PRIV_KILL) == -1)
		fatal("capabilities of the switch");
	peer_init(!privs_none());
}

void
switch_main(void (*root)(int))
{
	struct rlimit rl;
	int channel;
	pid_t pid;

	pid = root_start(&channel, root);
	switch_confine();
	evset_open();
	signals_mask(&mask);
	if (getrlimit(RLIMIT_NOFILE, &rl) == -1)
		fatal("limit of descriptors");
	request_init(rl.rlim_cur);
	root_add(pid, channel);
	node_watch();
	sandbox_switch();
	while (table_root != NULL)
		switch_turn();
	guard_clean();
	stop_over();
	switch_flush();
	guard_wake();
	exit(status);
}
