/*
 * proctor: the program that the node starts. main() is the start-up steps in
 * their order, then the loop of priv.
 */

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/signals.h"
#include "compat/stream.h"
#include "log.h"
#include "policy/permit.h"
#include "priv.h"
#include "sandbox.h"

/* Above these the broker is not read, and the node has to wait. */
#define WAITING_MAX 64
#define WORKER_QUEUE_MAX 1024
#define LAUNCH_MAX (2 * (size_t)MSG_MAX) /* bytes */

/* The launchers come last, as many as there are. */
enum { POLL_BROKER, POLL_WORKER, POLL_CHILDREN, POLL_LAUNCHERS };

static int broker_ended;

/* Many children, many descriptors: as many as we may. */
static void
loop_limits(void)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) == -1)
		fatal("limit of descriptors");
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
		launch_waiting() < LAUNCH_MAX &&
		queue_len(&worker_channel) < WORKER_QUEUE_MAX);
}

/* want 0: hear only that it hung up. */
void
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
loop_signalled(void)
{
	int end, child;

	end = signals_got(SIGTERM);
	end |= signals_got(SIGINT);
	end |= signals_got(SIGHUP);
	if (end)
		stop_all(EXIT_CLEAN);
	child = signals_got(SIGCHLD);
	stray_signal(child);
	if (child)
		reap_sigchld();
}

static void
loop_once(struct pollfd *pfd)
{
	int ready;

	channel_poll(&pfd[POLL_BROKER], &broker_channel, broker_welcome());
	channel_poll(&pfd[POLL_WORKER], &worker_channel, 1);
	pfd[POLL_CHILDREN].fd = child_set();
	pfd[POLL_CHILDREN].events = POLLIN;
	pfd[POLL_CHILDREN].revents = 0;
	launch_poll(&pfd[POLL_LAUNCHERS]);
	ready =
	    signals_poll(pfd, POLL_LAUNCHERS + launch_count(), timer_wait());
	loop_signalled();
	if (ready > 0) {
		if (pfd[POLL_CHILDREN].revents != 0)
			reap_ended();
		if (pfd[POLL_BROKER].revents != 0)
			broker_heard(&pfd[POLL_BROKER]);
		launch_dispatch(&pfd[POLL_LAUNCHERS]);
		priv_dispatch_worker(&pfd[POLL_WORKER]);
	}
	timer_run();
	/*
	 * Last, so that what the others said counts for what the broker asks,
	 * and each time, as what was read before may have room now.
	 */
	priv_dispatch_broker();
	launch_send();
	if (queue_len(&worker_channel) > 0 &&
	    channel_write(&worker_channel) == -1)
		worker_died();
}

static void
loop(void)
{
	struct pollfd *pfd;

	pfd = calloc(POLL_LAUNCHERS + launch_count(), sizeof(*pfd));
	if (pfd == NULL)
		fatal("loop");
	while (!stop_done())
		loop_once(pfd);
	free(pfd);
}

/* Nothing of the starter's is believed from here on. */
static void
start(struct start *s, struct args *a, int argc, char *argv[])
{
	char *nothing[] = { NULL };

	start_descriptors();
	start_closefrom();
	start_arguments(argc);
	configtest(argc, argv);
	start_starter(s);
	start_environ(s);
	start_umask(s);
	start_directory(s);
	start_signals();
	start_limits(s);
	start_hidden();
	setproctitle_init(argc, argv, nothing);
	args_parse(a, argc, argv);
	log_init("proctor", a->debug);
	start_port(a);
	start_group();
}

int
main(int argc, char *argv[])
{
	static struct start s; /* until exit: so is what it points to */
	struct target *t;
	struct args args;

	start(&s, &args, argc, argv);
	mode_choose(&s, &args);
	login_check(&s);
	privdrop_init(&s);
	guard_group();
	guard_start(&s);

	log_init("priv", args.debug);
	setproctitle("-proctor: priv");
	for (t = runas_next(NULL); t != NULL; t = runas_next(t))
		launch_init(t);
	runas_release();
	parts_start(&s, &args);
	signals_catch();
	stream_init(0);
	loop_limits();
	child_init();
	parts_watch();
	stop_init(args.alarm);
	linger_init(args.linger);
	permit_counts();
	privdrop_priv();
	reaper_watch(); /* again: a change of user undoes it */
	sandbox_priv(launch_forks());
	loop();
	parts_end();
	return (stop_status());
}
