/*
 * proctor: the program that the node starts. main() is the start-up steps in
 * their order, then the loop of priv.
 */

#include <errno.h>
#include <fcntl.h>
#include <paths.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compat/proc.h"
#include "log.h"
#include "priv.h"

/* Above these the broker is not read, and the node has to wait. */
#define WAITING_MAX 64
#define WORKER_QUEUE_MAX 1024

extern char **environ;

enum { POLL_BROKER, POLL_WORKER, POLL_LAUNCHER, POLL_CHILDREN, POLL_MAX };

static volatile sig_atomic_t got_end, got_child;
static int broker_ended;

static void
on_signal(int sig)
{
	if (sig == SIGCHLD)
		got_child = 1;
	else
		got_end = 1;
}

/* Descriptors 0 to 2 are open, whatever we were started with. */
static void
start_descriptors(void)
{
	int fd;

	do {
		if ((fd = open(_PATH_DEVNULL, O_RDWR)) == -1)
			exit(EXIT_START);
	} while (fd <= STDERR_FILENO);
	(void)close(fd);
}

/* Nothing above the port's descriptors is ours. */
static void
start_closefrom(const struct args *a)
{
	int first;

	first =
	    a->port_out > STDERR_FILENO ? a->port_out + 1 : STDERR_FILENO + 1;
	closefrom(first);
	if (fcntl(a->port_in, F_GETFD) == -1 ||
	    fcntl(a->port_out, F_GETFD) == -1) {
		log_warn("the port's descriptors %d and %d", a->port_in,
		    a->port_out);
		exit(EXIT_START);
	}
}

/* No signal is ignored, whoever ignored it before; see guard_start(). */
static void
start_signals(void)
{
	proc_signals_default();
}

static void
start_group(void)
{
	if (getpgid(0) == getpid())
		return;
	if (setpgid(0, 0) == -1) {
		log_warn("cannot lead a process group");
		exit(EXIT_REFUSED);
	}
}

/* The loop's handlers; the signals are open in ppoll() only. */
static void
loop_signals(void)
{
	struct sigaction sa;
	sigset_t set;

	guard_signals(&set);
	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = on_signal;
	sa.sa_mask = set;
	if (sigaction(SIGTERM, &sa, NULL) == -1 ||
	    sigaction(SIGINT, &sa, NULL) == -1 ||
	    sigaction(SIGHUP, &sa, NULL) == -1 ||
	    sigaction(SIGCHLD, &sa, NULL) == -1)
		fatal("sigaction");
}

/* Many children, many descriptors: as many as we may. */
static void
loop_limits(const struct rlimit *nofile)
{
	struct rlimit rl = *nofile;

	rl.rlim_cur = rl.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &rl) == -1)
		log_warn("limit of descriptors");
}

static int
queue_len(struct channel *c)
{
	return (c != NULL && c->open ? (int)imsgbuf_queuelen(&c->ibuf) : 0);
}

static int
broker_welcome(void)
{
	return (broker_channel.open && answer_waiting() < WAITING_MAX &&
		queue_len(&worker_channel) < WORKER_QUEUE_MAX);
}

/* want 0: hear only that it hung up. */
static void
channel_poll(struct pollfd *pfd, struct channel *c, int want)
{
	pfd->fd = c != NULL && c->open ? c->ibuf.fd : -1;
	pfd->events = (short)(want ? POLLIN : 0);
	if (queue_len(c) > 0)
		pfd->events |= POLLOUT;
	pfd->revents = 0;
}

/* What was read and could not be handled before waits in the channel. */
static void
priv_dispatch_broker(void)
{
	while (stop_state() == STATE_RUN && broker_welcome())
		if (!channel_dispatch(&broker_channel, stop_state()))
			break;
	if (stop_state() == STATE_STOP)
		channel_close(&broker_channel);
	else if (broker_ended && broker_welcome()) {
		log_warnx("the broker has died");
		channel_close(&broker_channel);
		stop_all(EXIT_RING);
	}
}

/*
 * A broker that has gone while it could not be heard: the node is gone, or
 * it has died; its exit status will tell. Its requests are nobody's now.
 */
static void
broker_heard(const struct pollfd *pfd)
{
	if (broker_welcome())
		broker_ended = !channel_read(&broker_channel);
	else if (pfd->revents & (POLLHUP | POLLERR))
		stop_all(EXIT_CLEAN);
}

static void
worker_died(void)
{
	if (!worker_channel.open)
		return;
	log_warnx("the worker has died");
	channel_close(&worker_channel);
	stop_all(EXIT_RING);
}

static void
priv_dispatch_worker(const struct pollfd *pfd)
{
	int alive = 1;

	if (pfd->revents & (POLLIN | POLLHUP | POLLERR)) {
		alive = channel_read(&worker_channel);
		while (channel_dispatch(&worker_channel, stop_state()))
			continue;
	}
	if (alive && queue_len(&worker_channel) > 0)
		alive = channel_write(&worker_channel) == 0;
	if (!alive)
		worker_died();
}

static void
priv_dispatch_launcher(const struct pollfd *pfd)
{
	struct channel *c = launch_channel();
	int alive = 1;

	if (c == NULL || !c->open)
		return;
	if (pfd->revents & (POLLIN | POLLHUP | POLLERR)) {
		alive = channel_read(c);
		while (channel_dispatch(c, stop_state()))
			continue;
	}
	if (alive && queue_len(c) > 0 && channel_write(c) == -1)
		/* It is gone; what it said before still counts. */
		while ((alive = channel_read(c)))
			while (channel_dispatch(c, stop_state()))
				continue;
	if (!alive)
		launch_lost();
}

/* ppoll() itself delivers no signal if a descriptor was ready. */
static void
loop_signalled(void)
{
	const struct timespec now = { 0, 0 };
	sigset_t set;
	int sig;

	guard_signals(&set);
	while ((sig = sigtimedwait(&set, NULL, &now)) != -1)
		on_signal(sig);
	if (got_end) {
		got_end = 0;
		stop_all(EXIT_CLEAN);
	}
	if (got_child) {
		got_child = 0;
		reap_sigchld();
	}
}

static void
loop_once(void)
{
	struct pollfd pfd[POLL_MAX];
	struct timespec ts;
	sigset_t mask;
	int ms;

	channel_poll(&pfd[POLL_BROKER], &broker_channel, broker_welcome());
	channel_poll(&pfd[POLL_WORKER], &worker_channel, 1);
	channel_poll(&pfd[POLL_LAUNCHER], launch_channel(), 1);
	pfd[POLL_CHILDREN].fd = child_set();
	pfd[POLL_CHILDREN].events = POLLIN;
	pfd[POLL_CHILDREN].revents = 0;
	ms = timer_wait();
	ts.tv_sec = ms / 1000;
	ts.tv_nsec = (ms % 1000) * 1000000L;
	guard_mask(&mask);
	if (ppoll(pfd, POLL_MAX, ms == -1 ? NULL : &ts, &mask) == -1) {
		if (errno != EINTR)
			fatal("ppoll");
		loop_signalled();
		return;
	}
	loop_signalled();
	if (pfd[POLL_CHILDREN].revents != 0)
		reap_ended();
	if (pfd[POLL_BROKER].revents != 0)
		broker_heard(&pfd[POLL_BROKER]);
	priv_dispatch_launcher(&pfd[POLL_LAUNCHER]);
	priv_dispatch_worker(&pfd[POLL_WORKER]);
	timer_run();
	/*
	 * Last, so that what the others said counts for what the broker asks,
	 * and each time, as what was read before may have room now.
	 */
	priv_dispatch_broker();
}

int
main(int argc, char *argv[])
{
	struct args args;
	struct rlimit nofile;

	start_descriptors();
	setproctitle_init(argc, argv, environ);
	args_parse(&args, argc, argv);
	start_closefrom(&args);
	start_signals();
	args_user(&args);
	start_group();
	log_init("guard", args.debug);
	if (getrlimit(RLIMIT_NOFILE, &nofile) == -1)
		fatal("limit of descriptors");

	guard_start();

	log_init("priv", args.debug);
	setproctitle("priv");
	launch_init(&nofile);
	parts_start(&args);
	loop_signals();
	loop_limits(&nofile);
	child_init();
	stop_init(args.alarm);
	while (!stop_done())
		loop_once();
	parts_end();
	return (stop_status());
}
