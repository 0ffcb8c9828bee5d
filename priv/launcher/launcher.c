/*
 * A launcher: priv forks one at start-up for each user that children can run
 * as. It has few descriptors and little memory, and it is waiting while a
 * child is on its way to exec; priv stays free. It hears priv only.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/ownlog.h"
#include "compat/bounds.h"
#include "compat/cgroup.h"
#include "dispatch.h"
#include "leafset.h"
#include "log.h"
#include "starved.h"
#include "policy/permit.h"
#include "policy/runas.h"
#include "proto.h"

#include "launcher/launcher.h"
#include "launcher/login.h"
#include "launcher/privdrop.h"
#include "launcher/spawn.h"

#define LAUNCHER_FD 3
#define LAUNCHER_STATE 0x1 /* there is no other */

static struct channel priv_channel;
static struct spawn_base launcher_base;
static struct leafset leaf; /* of the next child, if it is to have one */
static pid_t *launcher_in_flight;

static int
launcher_leaf(const struct msg *msg)
{
	return (leafset_add(&leaf, &msg->leaf, msg->fd));
}

static int
launcher_launch(const struct msg *msg)
{
	uint8_t buf[MSG_LAUNCHED_MAX];
	struct msg_stream m = { 0 };
	struct launched l;
	const struct run *r = &msg->run;
	int fds[3];

	if (r->flags & RUN_CGROUP ? !leafset_complete(&leaf, r->id)
				  : leaf.count != 0)
		return (-1);
	spawn_child(&launcher_base, r, leaf.count != 0 ? &leaf : NULL, &l, fds,
	    launcher_in_flight);
	leafset_clear(&leaf);
	m.id = r->id;
	for (m.stream = 0; m.stream < 3; m.stream++)
		if (fds[m.stream] != -1)
			channel_send(&priv_channel, IMSG_STREAM, fds[m.stream],
			    &m, sizeof(m));
	/*
	 * Who reads a terminal takes one that somebody has open for one that is
	 * written to: before priv knows of the child, we have it no more.
	 */
	if (r->flags & RUN_PTY && imsgbuf_flush(&priv_channel.ibuf) == -1)
		exit(EXIT_RING);
	channel_send(&priv_channel, IMSG_LAUNCHED, -1, buf,
	    proto_pack_launched(buf, &l));
	if (imsgbuf_flush(&priv_channel.ibuf) == -1)
		exit(EXIT_RING);
	*launcher_in_flight = 0;
	return (0);
}

static const struct dispatch launcher_table[] = {
	{ IMSG_LEAF, LAUNCHER_STATE, launcher_leaf },
	{ IMSG_LAUNCH, LAUNCHER_STATE, launcher_launch },
};

/*
 * From here up: standard descriptors, priv, /dev/null, the starter's cwd, its
 * own score.
 */
static void
launcher_descriptors(int fd, struct spawn_base *b)
{
	int *const mine[] = { &fd, &b->null_fd, &b->cwd, &b->score_fd };
	int next = LAUNCHER_FD;
	size_t i;

	for (i = 0; i < sizeof(mine) / sizeof(mine[0]); i++)
		if (*mine[i] != -1 &&
		    (*mine[i] = fcntl(*mine[i], F_DUPFD_CLOEXEC, 16)) == -1)
			fatal("launcher: descriptors");
	if (dup2(b->null_fd, STDIN_FILENO) == -1 ||
	    dup2(b->null_fd, STDOUT_FILENO) == -1)
		fatal("launcher: descriptors");
	for (i = 0; i < sizeof(mine) / sizeof(mine[0]); i++)
		if (*mine[i] != -1 &&
		    (*mine[i] = dup3(*mine[i], next++, O_CLOEXEC)) == -1)
			fatal("launcher: descriptors");
	closefrom(next);
}

void
launcher_main(int fd, struct runas *t, pid_t *in_flight)
{
	struct pollfd pfd = { .fd = LAUNCHER_FD, .events = POLLIN };
	const char *what;

	permit_forget();
	runas_forget(t);
	setproctitle("-proctor: launcher of %s", t->user);
	log_init("launcher", log_getlevel());
	if (t->base.change)
		ownlog_open(); /* its flags are not priv's */
	launcher_in_flight = in_flight;
	launcher_base = t->base;
	cgroup_enter_launch(t->number);
	launcher_base.score_fd = bounds_score_open(!t->base.change);
	launcher_descriptors(fd, &launcher_base);
	if (t->base.login && login_begin(t->base.starter, &what) == -1)
		fatal("launcher: %s", what);
	privdrop_launcher(t);
	channel_init(&priv_channel, "priv", LAUNCHER_FD, 1, launcher_table,
	    sizeof(launcher_table) / sizeof(launcher_table[0]), NULL);
	/*
	 * Poll, and do not block in recvmsg: the socket's write space also
	 * wakes that, on the child's first time slice.
	 */
	while ((poll(&pfd, 1, -1) == 1 || errno == EINTR || starved(errno)) &&
	       channel_read(&priv_channel) == 1)
		while (channel_dispatch(&priv_channel, LAUNCHER_STATE))
			continue;
	exit(EXIT_CLEAN);
}
