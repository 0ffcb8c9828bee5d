/*
 * Launchers: processes that priv forks at start-up, one for each user that
 * children can run as, and that make the children, one at a time. A launcher
 * has few descriptors and little memory, and it is waiting while a child is
 * on its way to exec; priv stays free. It hears priv only. The first half of
 * this file runs in priv, the second in a launcher.
 */

#include <sys/mman.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compat/stream.h"
#include "log.h"
#include "priv.h"

#define LAUNCH_TIMEOUT 10000 /* ms that a child may take to its exec */
#define LAUNCHER_FD 3

/* As priv knows it. */
struct launcher {
	const char *user;
	pid_t *board; /* shared: the pid of the child on its way */
	TAILQ_HEAD(, child) queue; /* asked for, and not heard of */
	struct channel channel;
	struct timer timeout;
	pid_t pid;
	int held; /* times that the next answer was missed */
	uint32_t streams_id; /* whose those below are */
	int streams[3]; /* came before their IMSG_LAUNCHED */
};

static void
launcher_main(int, struct target *, pid_t *) __attribute__((__noreturn__));

static struct launcher launchers[LAUNCHERS_MAX];
static size_t launchers_count;
static size_t waiting; /* bytes of what is in their queues */

static pid_t *
board_new(void)
{
	pid_t *board;

	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (board == MAP_FAILED)
		fatal("launcher: mmap");
	return (board);
}

/* Fork a launcher for t. What priv has open by now it closes. */
void
launch_init(struct target *t)
{
	struct launcher *l = &launchers[launchers_count];
	int fds[2];

	if (launchers_count == LAUNCHERS_MAX)
		fatalx("more than %d users", LAUNCHERS_MAX);
	l->board = board_new();
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == -1)
		fatal("launcher: socketpair");
	t->base.parent = getpid();
	switch (l->pid = fork()) {
	case -1:
		fatal("launcher: fork");
	case 0:
		launcher_main(fds[1], t, l->board);
	default:
		break;
	}
	(void)close(fds[1]);
	part_add("launcher", l->pid);
	if (fcntl(fds[0], F_SETFL, O_NONBLOCK) == -1)
		fatal("launcher: fcntl");
	channel_init(&l->channel, "launcher", fds[0], 1, priv_launcher_table,
	    priv_launcher_rows, l);
	l->user = t->user;
	l->streams[0] = l->streams[1] = l->streams[2] = -1;
	TAILQ_INIT(&l->queue);
	t->launcher = l;
	launchers_count++;
}

/* Does priv make the children itself? */
int
launch_forks(void)
{
	return (0);
}

size_t
launch_count(void)
{
	return (launchers_count);
}

size_t
launch_waiting(void)
{
	return (waiting);
}

int
launch_alive(const struct target *t)
{
	return (t->launcher->channel.open);
}

int
launch_awaits(uint32_t id)
{
	const struct child *c;
	size_t i;

	for (i = 0; i < launchers_count; i++) {
		c = TAILQ_FIRST(&launchers[i].queue);
		if (c != NULL && (int32_t)(c->id - id) <= 0)
			return (1);
	}
	return (0);
}

/*
 * The child that the launcher was making when it died or was held: nobody
 * else would end it.
 */
static pid_t
kill_halfborn(const struct launcher *l)
{
	pid_t pid = *l->board; /* read once: it is the launcher's memory */

	if (child_kill_new(pid))
		log_warnx("pid %d was held before it ran: killed", (int)pid);
	return (pid);
}

/* A launcher that does not answer is of no use: its end is heard as such. */
static void
abandon(const struct launcher *l)
{
	if (TAILQ_EMPTY(&l->queue) || !part_is(l->pid))
		return;
	(void)kill(l->pid, SIGKILL);
	/* It has a copy of the channel: no end of file before it is gone. */
	(void)kill_halfborn(l);
}

void
launch_abandon(void)
{
	size_t i;

	for (i = 0; i < launchers_count; i++)
		abandon(&launchers[i]);
}

/* The child first; if that was not what it waited for, the launcher. */
static void
launch_timeout(void *arg)
{
	struct launcher *l = arg;

	if (l->held++)
		abandon(l);
	(void)kill_halfborn(l);
	timer_set(&l->timeout, LAUNCH_TIMEOUT, launch_timeout, l);
}

/* Ask for a child; launch_done() will hear of it. */
void
launch_run(struct child *c, const struct run *r)
{
	struct launcher *l = c->target->launcher;
	size_t len;
	void *msg;

	/* It was unpacked from a message, so it fits one. */
	if ((msg = proto_pack_run(r, &len)) == NULL)
		fatal("run");
	channel_send(&l->channel, IMSG_LAUNCH, -1, msg, len);
	free(msg);
	if (TAILQ_EMPTY(&l->queue))
		timer_set(&l->timeout, LAUNCH_TIMEOUT, launch_timeout, l);
	TAILQ_INSERT_TAIL(&l->queue, c, queue);
	waiting += c->asked = len;
}

/* The first that was asked for: it is heard of now, or never. */
static struct child *
queue_take(struct launcher *l)
{
	struct child *c = TAILQ_FIRST(&l->queue);

	if (c == NULL)
		return (NULL);
	TAILQ_REMOVE(&l->queue, c, queue);
	waiting -= c->asked;
	c->asked = 0;
	return (c);
}

static void
streams_close(struct launcher *l)
{
	int i;

	for (i = 0; i < 3; i++) {
		if (l->streams[i] != -1)
			(void)close(l->streams[i]);
		l->streams[i] = -1;
	}
}

int
launch_stream(void *arg, const void *data, size_t len, int fd)
{
	struct launcher *l = arg;
	struct msg_stream m;

	if (proto_unpack_stream(data, len, &m) == -1 ||
	    l->streams[m.stream] != -1 ||
	    (l->streams_id != 0 && l->streams_id != m.id))
		return (-1);
	/* Not closed either: that could wait for whoever has made it. */
	if (fd != -1 && stream_kind(fd) == STREAM_OTHER) {
		log_warnx("the launcher of %s sent what is no pipe and no"
			  " terminal",
		    l->user);
		return (-1);
	}
	l->streams_id = m.id;
	l->streams[m.stream] = fd;
	return (0);
}

/* The pipes that came, if they are those that were announced. */
static int
streams_take(struct launcher *l, const struct launched *m, int fds[3])
{
	uint32_t i;

	if (l->streams_id != 0 && l->streams_id != m->id)
		return (-1);
	l->streams_id = 0;
	for (i = 0; i < 3; i++) {
		if (l->streams[i] != -1 && !(m->streams & 1U << i))
			return (-1);
		fds[i] = l->streams[i];
		l->streams[i] = -1;
	}
	return (0);
}

int
launch_done(void *arg, const void *data, size_t len, int fd)
{
	struct launcher *l = arg;
	struct launched m;
	struct child *c;
	int fds[3];

	(void)fd;
	if (proto_unpack_launched(data, len, &m) == -1)
		return (-1);
	c = TAILQ_FIRST(&l->queue);
	if (c == NULL || c->id != m.id || streams_take(l, &m, fds) == -1)
		return (-1);
	(void)queue_take(l);
	l->held = 0;
	timer_clear(&l->timeout);
	if (!TAILQ_EMPTY(&l->queue))
		timer_set(&l->timeout, LAUNCH_TIMEOUT, launch_timeout, l);
	return (launch_result(c, &m, fds));
}

static void
answer_lost(struct child *c)
{
	struct launched m = { 0 };

	m.stage = STAGE_LAUNCHER;
	m.error = EPIPE;
	m.text = "";
	if (c->flags & CHILD_HELPER)
		stop_helper_failed(c);
	answer_failed(c, &m);
	child_free(c);
}

/* The node knows it at once, and we are of use to those who live only. */
static void
tell_lost(const struct launcher *l)
{
	uint8_t buf[MSG_DOWN_MAX];

	log_warnx("the launcher of %s has died: proctor ends when no child is"
		  " left",
	    l->user);
	channel_send(
	    &worker_channel, IMSG_DOWN, -1, buf, proto_pack_down(buf, l->user));
	stop_when_idle();
}

/* A launcher is gone: its children live, new ones are refused. */
static void
launch_lost(struct launcher *l)
{
	struct child *c;

	if (stop_state() == STATE_RUN)
		tell_lost(l);
	channel_shut(&l->channel);
	timer_clear(&l->timeout);
	streams_close(l);
	(void)child_stray(kill_halfborn(l));
	while ((c = queue_take(l)) != NULL)
		answer_lost(c);
	stop_check();
}

/* Read once and handle what is there by now: how many messages that was. */
static int
hear(struct channel *c, int *alive)
{
	int n = 0;

	*alive = channel_read(c);
	while (channel_dispatch(c, stop_state()))
		n++;
	return (n);
}

/*
 * It is gone; what it said before counts still. There may be no end of file:
 * a child on its way to exec has the channel, too.
 */
static void
hear_last(struct launcher *l)
{
	int alive;

	while (hear(&l->channel, &alive) > 0 && alive)
		continue;
	launch_lost(l);
}

/* pid was reaped; was it one of them? */
void
launch_ended(pid_t pid)
{
	size_t i;

	for (i = 0; i < launchers_count; i++)
		if (pid == launchers[i].pid && launchers[i].channel.open)
			hear_last(&launchers[i]);
}

/* launch_count() of them. */
void
launch_poll(struct pollfd *pfd)
{
	size_t i;

	for (i = 0; i < launchers_count; i++)
		channel_poll(&pfd[i], &launchers[i].channel, 1);
}

static void
dispatch_launcher(struct launcher *l, const struct pollfd *pfd)
{
	struct channel *c = &l->channel;
	int alive = 1;

	if (!c->open)
		return;
	if (pfd->revents & (POLLIN | POLLHUP | POLLERR))
		(void)hear(c, &alive);
	if (!alive)
		launch_lost(l);
	else if (imsgbuf_queuelen(&c->ibuf) > 0 && channel_write(c) == -1)
		hear_last(l);
}

void
launch_dispatch(const struct pollfd *pfd)
{
	size_t i;

	for (i = 0; i < launchers_count; i++)
		dispatch_launcher(&launchers[i], &pfd[i]);
}

/*
 * What waits for launchers leaves now. One that cannot be written to has hung
 * up, which is heard in its turn.
 */
void
launch_send(void)
{
	struct channel *c;
	size_t i;

	for (i = 0; i < launchers_count; i++) {
		c = &launchers[i].channel;
		if (c->open && imsgbuf_queuelen(&c->ibuf) > 0)
			(void)channel_write(c);
	}
}

/* They hear that it is over. */
void
launch_close(void)
{
	size_t i;

	for (i = 0; i < launchers_count; i++)
		channel_shut(&launchers[i].channel);
}

/* In the launcher. */
static struct channel priv_channel;
static struct spawn_base launcher_base;
static pid_t *launcher_board;

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
	spawn_child(&launcher_base, &r, &l, fds, launcher_board);
	m.id = r.id;
	for (m.stream = 0; m.stream < 3; m.stream++)
		if (fds[m.stream] != -1)
			channel_send(&priv_channel, IMSG_STREAM, fds[m.stream],
			    &m, sizeof(m));
	channel_send(&priv_channel, IMSG_LAUNCHED, -1, buf,
	    proto_pack_launched(buf, &l));
	if (imsgbuf_flush(&priv_channel.ibuf) == -1)
		exit(EXIT_RING);
	*launcher_board = 0;
	return (0);
}

static const struct dispatch launcher_table[] = {
	{ IMSG_LAUNCH, STATE_RUN, .raw = launcher_launch },
};

/* From here up: standard descriptors, priv, /dev/null, the starter's cwd. */
static void
launcher_descriptors(int fd, struct spawn_base *b)
{
	int nullfd, cwd = -1;

	nullfd = fcntl(b->null_fd, F_DUPFD_CLOEXEC, 16);
	if (b->cwd != -1)
		cwd = fcntl(b->cwd, F_DUPFD_CLOEXEC, 16);
	if (nullfd == -1 || (fd = fcntl(fd, F_DUPFD_CLOEXEC, 16)) == -1 ||
	    (b->cwd != -1 && cwd == -1) || dup2(nullfd, STDIN_FILENO) == -1 ||
	    dup2(nullfd, STDOUT_FILENO) == -1 ||
	    dup3(fd, LAUNCHER_FD, O_CLOEXEC) == -1 ||
	    dup3(nullfd, LAUNCHER_FD + 1, O_CLOEXEC) == -1 ||
	    (cwd != -1 && dup3(cwd, LAUNCHER_FD + 2, O_CLOEXEC) == -1))
		fatal("launcher: descriptors");
	b->null_fd = LAUNCHER_FD + 1;
	if (cwd != -1)
		b->cwd = LAUNCHER_FD + 2;
	closefrom(cwd != -1 ? LAUNCHER_FD + 3 : LAUNCHER_FD + 2);
}

/*
 * Until priv says something. Who sleeps in recvmsg is woken by the room that
 * its last answer leaves, too: just when the child begins to run.
 */
static int
launcher_sleep(void)
{
	struct pollfd pfd = { .fd = LAUNCHER_FD, .events = POLLIN };

	return (poll(&pfd, 1, -1) == 1 || errno == EINTR);
}

/* Those that were made before it: what they have on their way is not its. */
static void
launcher_forget(void)
{
	size_t i;

	for (i = 0; i < launchers_count; i++)
		if (munmap(launchers[i].board, sizeof(pid_t)) == -1)
			fatal("launcher: munmap");
}

static void
launcher_main(int fd, struct target *t, pid_t *board)
{
	const char *what;

	launcher_forget();
	mode_forget();
	runas_forget(t);
	setproctitle("-proctor: launcher of %s", t->user);
	log_init("launcher", log_getlevel());
	launcher_board = board;
	launcher_base = t->base;
	launcher_descriptors(fd, &launcher_base);
	if (t->base.login && login_begin(t->base.start, &what) == -1)
		fatal("launcher: %s", what);
	privdrop_launcher(t);
	channel_init(
	    &priv_channel, "priv", LAUNCHER_FD, 1, launcher_table, 1, NULL);
	while (launcher_sleep() && channel_read(&priv_channel) == 1)
		while (channel_dispatch(&priv_channel, STATE_RUN))
			continue;
	exit(EXIT_CLEAN);
}
