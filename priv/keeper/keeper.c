/*
 * The keeper: see keeper.h. It has no right but to the instance's groups, and
 * hears priv only.
 */

#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <paths.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/ownlog.h"
#include "base/privdrop.h"
#include "timer.h"
#include "compat/cgroup.h"
#include "dispatch.h"
#include "log.h"
#include "starved.h"
#include "policy/permit.h"
#include "policy/runas.h"
#include "proto.h"
#include "sandbox.h"

#include "keeper/end.h"
#include "keeper/keeper.h"
#include "keeper/leaf.h"
#include "keeper/request.h"
#include "keeper/watch.h"

#define KEEPER_FD 3
#define WATCH_FD 4
#define TREES_FD 5 /* and on */
#define KEEPER_STATE 1 /* there is no other */

static struct channel priv_channel;
static struct cgroup_tree trees[CGROUP_TREES];
static struct keeper_info info;
static int alive;

/* From here up: standard descriptors, priv, what is watched, the trees. */
static size_t
keeper_descriptors(int fd)
{
	size_t count;
	int nullfd;

	if ((nullfd = open(_PATH_DEVNULL, O_RDWR | O_CLOEXEC)) == -1 ||
	    (nullfd = fcntl(nullfd, F_DUPFD_CLOEXEC, 16)) == -1 ||
	    (fd = fcntl(fd, F_DUPFD_CLOEXEC, 16)) == -1 ||
	    dup2(nullfd, STDIN_FILENO) == -1 ||
	    dup2(nullfd, STDOUT_FILENO) == -1 ||
	    dup3(fd, KEEPER_FD, O_CLOEXEC) == -1)
		fatal("keeper: descriptors");
	count = cgroup_keep_trees(TREES_FD, trees);
	if (dup2(nullfd, WATCH_FD) == -1) /* so that it is nobody's else */
		fatal("keeper: descriptors");
	closefrom(TREES_FD + (int)count);
	return (count);
}

/* What has changed first: so that an answer is not older than what it says. */
static int
keeper_turn(struct pollfd *pfd)
{
	int n;

	if ((n = poll(pfd, 2, timer_wait())) == -1 && errno != EINTR &&
	    !starved(errno))
		fatal("keeper: poll");
	if (n > 0 && pfd[1].revents != 0)
		watch_run();
	timer_run();
	if (n > 0 && pfd[0].revents != 0) {
		if (channel_read(&priv_channel) != 1)
			return (0);
		while (channel_dispatch(&priv_channel, KEEPER_STATE))
			continue;
	}
	return (imsgbuf_flush(&priv_channel.ibuf) != -1);
}

static void keeper_main(int fd, uint32_t users) __attribute__((__noreturn__));

static void
keeper_main(int fd, uint32_t users)
{
	struct pollfd pfd[2] = { { .fd = KEEPER_FD, .events = POLLIN },
		{ .fd = -1, .events = POLLIN } };
	int dirs[CGROUP_TREES];
	size_t i, count;
	uid_t uid;
	gid_t gid;

	permit_forget();
	runas_forget(NULL);
	setproctitle("-proctor: keeper");
	log_init("keeper", log_getlevel());
	if (privdrop_ids(&uid, &gid))
		ownlog_open(); /* its flags are not priv's */
	count = keeper_descriptors(fd);
	(void)umask(0); /* leaves are made with the modes that they need */
	privdrop(0);
	pfd[1].fd = watch_start(WATCH_FD); /* counted for who we are now */
	for (i = 0; i < count; i++)
		dirs[i] = trees[i].dir;
	channel_init(&priv_channel, "priv", KEEPER_FD, 1, keeper_table,
	    keeper_rows, NULL);
	leaf_init(&priv_channel, cgroup_path(), trees, count);
	request_init(users);
	sandbox_keeper(dirs, count);
	while (keeper_turn(pfd))
		continue;
	/* At the end there are none; else there may be nobody else by now. */
	leaf_each(end_kill);
	exit(EXIT_CLEAN);
}

/* What there is, and what the leaves have. */
static void
keeper_note(int loud)
{
	void (*say)(const char *, ...) = loud ? log_warnx : log_debug;
	struct cgroup_tree list[CGROUP_TREES];
	static const char *const ways[CGROUP_HOWS] = {
		[CGROUP_AT_ONCE] = "",
		[CGROUP_STILL] = "; each is stopped and killed",
		[CGROUP_EACH] = "; each is killed",
	};
	char names[64] = "";
	size_t i, count;

	info.path = cgroup_path();
	info.reason = cgroup_reason();
	if (*info.path == '\0' || *info.reason != '\0') {
		say("no control group: %s", info.reason);
		return;
	}
	count = cgroup_trees(list);
	for (i = 0; i < count; i++)
		info.controllers |= list[i].controllers;
	for (i = 0; i < LEAF_CTLS; i++)
		if (info.controllers >> i & 1) {
			(void)strlcat(names, " ", sizeof(names));
			(void)strlcat(
			    names, cgroup_name(1, (int)i), sizeof(names));
		}
	info.how = list[0].how;
	alive = 1;
	say("control group %s, controllers%s%s", info.path,
	    names[0] == '\0' ? " none" : names, ways[info.how]);
}

int
keeper_start(struct keeper *k, int loud)
{
	int fds[2];

	keeper_note(loud);
	if (!alive) {
		cgroup_forget();
		return (0);
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == -1)
		fatal("keeper: socketpair");
	switch (k->pid = fork()) {
	case -1:
		fatal("keeper: fork");
	case 0:
		keeper_main(fds[1], runas_count());
	default:
		break;
	}
	cgroup_forget();
	(void)close(fds[1]);
	/* By a number that those of the trees do not have any more. */
	if ((k->fd = fcntl(fds[0], F_DUPFD_CLOEXEC, 0)) == -1 ||
	    fcntl(k->fd, F_SETFL, O_NONBLOCK) == -1)
		fatal("keeper: fcntl");
	(void)close(fds[0]);
	return (1);
}

int
keeper_alive(void)
{
	return (alive);
}

const struct keeper_info *
keeper_info(void)
{
	return (&info);
}
