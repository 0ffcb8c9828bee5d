/*
 * The launcher: a process that priv forks at start-up and that makes the
 * children, one at a time. It has few descriptors and little memory, and it
 * is waiting while a child is on its way to exec; priv stays free. It hears
 * priv only. The first half of this file runs in priv, the second in the
 * launcher.
 */

#include <sys/mman.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "priv.h"

#define LAUNCH_TIMEOUT 10000 /* ms that a child may take to its exec */
#define LAUNCHER_FD 3

static void
launcher_main(int, const struct spawn_base *) __attribute__((__noreturn__));

/* In priv. */
static struct channel channel;
static struct timer timeout;
static pid_t launcher_pid;
static pid_t *board; /* shared: the pid of the child on its way */
static uint64_t asked, answered;
static int held; /* times that the next answer was missed */
static uint32_t streams_id; /* whose those below are */
static int streams[3] = { -1, -1, -1 }; /* came before their IMSG_LAUNCHED */

/*
 * Fork the launcher. nofile: the limit that children get, the one that the
 * node gave us. What priv has open by now the launcher closes.
 */
void
launch_init(const struct rlimit *nofile)
{
	struct spawn_base base;
	int fds[2];

	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (board == MAP_FAILED)
		fatal("launcher: mmap");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == -1)
		fatal("launcher: socketpair");
	spawn_base_init(&base, nofile);
	base.parent = getpid();
	switch (launcher_pid = fork()) {
	case -1:
		fatal("launcher: fork");
	case 0:
		launcher_main(fds[1], &base);
	default:
		break;
	}
	(void)close(fds[1]);
	(void)close(base.null_fd);
	part_add("launcher", launcher_pid);
	if (fcntl(fds[0], F_SETFL, O_NONBLOCK) == -1)
		fatal("launcher: fcntl");
	channel_init(&channel, "launcher", fds[0], 1, priv_launcher_table,
	    priv_launcher_rows, NULL);
}

struct channel *
launch_channel(void)
{
	return (&channel);
}

int
launch_alive(void)
{
	return (channel.open);
}

/* Is there a child that priv asked for and has not heard of? */
int
launch_waiting(void)
{
	return (asked > answered);
}

uint64_t
launch_asked(void)
{
	return (asked);
}

uint64_t
launch_answered(void)
{
	return (answered);
}

/*
 * The child that the launcher was making when it died or was held: nobody
 * else would end it.
 */
static void
kill_halfborn(void)
{
	if (*board > 1 && child_kill_stray(*board))
		log_warnx("pid %d was held before it ran: killed", (int)*board);
}

/* A launcher that does not answer is of no use: its end is heard as such. */
void
launch_abandon(void)
{
	if (!launch_waiting() || !part_is(launcher_pid))
		return;
	(void)kill(launcher_pid, SIGKILL);
	/* It has a copy of the channel: no end of file before it is gone. */
	kill_halfborn();
}

/* The child first; if that was not what it waited for, the launcher. */
static void
launch_timeout(void *arg)
{
	(void)arg;
	if (held++)
		launch_abandon();
	kill_halfborn();
	timer_set(&timeout, LAUNCH_TIMEOUT, launch_timeout, NULL);
}

/* Ask for a child; launch_done() will hear of it. */
void
launch_run(const struct run *r)
{
	size_t len;
	void *msg;

	/* It was unpacked from a message, so it fits one. */
	if ((msg = proto_pack_run(r, &len)) == NULL)
		fatal("run");
	channel_send(&channel, IMSG_LAUNCH, -1, msg, len);
	free(msg);
	child_by_id(r->id)->launch = ++asked;
	if (asked == answered + 1)
		timer_set(&timeout, LAUNCH_TIMEOUT, launch_timeout, NULL);
}

static void
streams_close(void)
{
	int i;

	for (i = 0; i < 3; i++) {
		if (streams[i] != -1)
			(void)close(streams[i]);
		streams[i] = -1;
	}
}

int
launch_stream(void *arg, const void *data, size_t len, int fd)
{
	struct msg_stream m;

	(void)arg;
	if (proto_unpack_stream(data, len, &m) == -1 ||
	    streams[m.stream] != -1 ||
	    (streams_id != 0 && streams_id != m.id)) {
		if (fd != -1)
			(void)close(fd);
		return (-1);
	}
	streams_id = m.id;
	streams[m.stream] = fd;
	return (0);
}

/* The pipes that came, if they are those that were announced. */
static int
streams_take(const struct launched *l, int fds[3])
{
	uint32_t i;

	if (streams_id != 0 && streams_id != l->id)
		return (-1);
	streams_id = 0;
	for (i = 0; i < 3; i++) {
		if (streams[i] != -1 && !(l->streams & 1U << i))
			return (-1);
		fds[i] = streams[i];
		streams[i] = -1;
	}
	return (0);
}

int
launch_done(void *arg, const void *data, size_t len, int fd)
{
	struct launched l;
	struct child *c;
	int fds[3];

	(void)arg;
	(void)fd;
	if (proto_unpack_launched(data, len, &l) == -1)
		return (-1);
	if ((c = child_by_id(l.id)) == NULL || c->pid != 0 ||
	    c->launch != answered + 1 || streams_take(&l, fds) == -1)
		return (-1);
	answered++;
	held = 0;
	timer_clear(&timeout);
	if (launch_waiting())
		timer_set(&timeout, LAUNCH_TIMEOUT, launch_timeout, NULL);
	return (launch_result(c, &l, fds));
}

static void
answer_lost(struct child *c)
{
	struct launched l = { 0 };

	if (c->pid != 0)
		return;
	l.stage = STAGE_LAUNCHER;
	l.error = EPIPE;
	l.text = "";
	if (c->flags & CHILD_HELPER)
		stop_helper_failed(c);
	answer_failed(c, &l);
	child_free(c);
}

/* The launcher is gone: its children live, new ones are refused. */
void
launch_lost(void)
{
	log_warnx("the launcher has died: no more children can be made");
	channel_close(&channel);
	timer_clear(&timeout);
	streams_close();
	kill_halfborn();
	answered = asked;
	child_each(answer_lost);
	stop_check();
}

/* pid was reaped: the channel may still be held open by a child. */
void
launch_ended(pid_t pid)
{
	if (pid != launcher_pid || !channel.open)
		return;
	while (channel_read(&channel) == 1 &&
	       channel_dispatch(&channel, stop_state()))
		continue;
	launch_lost();
}

/* In the launcher. */
static struct channel priv_channel;
static struct spawn_base launcher_base;

static int
launcher_launch(void *arg, const void *data, size_t len, int fd)
{
	uint8_t buf[MSG_LAUNCHED_MAX];
	struct msg_stream m = { 0 };
	struct launched l;
	struct run r;
	int fds[3];

	(void)arg;
	(void)fd;
	if (proto_unpack_run(data, len, &r) == -1)
		return (-1);
	spawn_child(&launcher_base, &r, &l, fds, board);
	m.id = r.id;
	for (m.stream = 0; m.stream < 3; m.stream++)
		if (fds[m.stream] != -1)
			channel_send(&priv_channel, IMSG_STREAM, fds[m.stream],
			    &m, sizeof(m));
	channel_send(&priv_channel, IMSG_LAUNCHED, -1, buf,
	    proto_pack_launched(buf, &l));
	if (imsgbuf_flush(&priv_channel.ibuf) == -1)
		exit(EXIT_RING);
	*board = 0;
	return (0);
}

static const struct dispatch launcher_table[] = {
	{ IMSG_LAUNCH, "launch", sizeof(struct msg_run), MSG_MAX, MSG_NOFD,
	    STATE_RUN, launcher_launch },
};

static void
launcher_main(int fd, const struct spawn_base *base)
{
	sigset_t all;
	int nullfd;

	setproctitle("launcher");
	log_init("launcher", log_getlevel());
	/* No handler and nothing pending can run in a child's place. */
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	nullfd = fcntl(base->null_fd, F_DUPFD_CLOEXEC, 16);
	if (nullfd == -1 || (fd = fcntl(fd, F_DUPFD_CLOEXEC, 16)) == -1 ||
	    dup2(nullfd, STDIN_FILENO) == -1 ||
	    dup2(nullfd, STDOUT_FILENO) == -1 ||
	    dup3(fd, LAUNCHER_FD, O_CLOEXEC) == -1 ||
	    dup3(nullfd, LAUNCHER_FD + 1, O_CLOEXEC) == -1)
		fatal("launcher: descriptors");
	closefrom(LAUNCHER_FD + 2);
	launcher_base = *base;
	launcher_base.null_fd = LAUNCHER_FD + 1;
	channel_init(
	    &priv_channel, "priv", LAUNCHER_FD, 1, launcher_table, 1, NULL);
	while (channel_read(&priv_channel) == 1)
		while (channel_dispatch(&priv_channel, STATE_RUN))
			continue;
	exit(EXIT_CLEAN);
}
