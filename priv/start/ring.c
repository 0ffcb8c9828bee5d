/*
 * The processes of the ring that priv starts: broker and worker, each a
 * program of its own, with its descriptors at fixed numbers and no other.
 */

#include <sys/socket.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <limits.h>
#include <paths.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/ownlog.h"
#include "base/privdrop.h"
#include "compat/privs.h"
#include "compat/proc.h"
#include "keeper/keeper.h"
#include "libexecdir.h"
#include "log.h"
#include "monitor/channels.h"
#include "monitor/keep.h"
#include "monitor/ring.h"
#include "monitor/table.h"
#include "policy/permit.h"
#include "start/groups.h"
#include "start/ring.h"

#define RING_DIR LIBEXECDIR "/proctor"
#define EMPTY_DIR RING_DIR "/empty"

static int privileged; /* children may be somebody else than the starter */
static const char *root = ""; /* of broker and worker */

/* In, out, the channels and the pipe, to where the programs look for them. */
#define RING_FDS 5
static const int ring_at[RING_FDS] = { STDIN_FILENO, STDOUT_FILENO,
	RING_PRIV_FD, RING_PEER_FD, RING_MOVED_FD };

static void
ring_descriptors(const int from[RING_FDS])
{
	int fds[RING_FDS], i;

	for (i = 0; i < RING_FDS; i++)
		if ((fds[i] = fcntl(from[i], F_DUPFD_CLOEXEC, 16)) == -1)
			fatal("ring: descriptors");
	for (i = 0; i < RING_FDS; i++)
		if (dup2(fds[i], ring_at[i]) == -1)
			fatal("ring: descriptor %d", ring_at[i]);
	closefrom(RING_MOVED_FD + 1);
}

/*
 * The directory that broker and worker see nothing but. Only root in a
 * container has to do without.
 */
static void
ring_root(void)
{
	struct stat st;
	uid_t uid;
	gid_t gid;

	if (!privdrop_ids(&uid, &gid))
		return;
	root = EMPTY_DIR;
	if (proc_privileged())
		return;
	if (!privs_chroot())
		log_warnx("root may not chroot here: broker and worker do"
			  " without");
	if (!privs_chroot() || stat(EMPTY_DIR, &st) == -1)
		root = "";
}

/*
 * The signals of a terminal are not for them: blocked, from their first
 * instruction on. Any other ends them, which priv notices.
 */
static void
ring_signals(void)
{
	static const int terminal[] = { SIGINT, SIGQUIT, SIGHUP, SIGTSTP,
		SIGTTIN, SIGTTOU };
	sigset_t set;
	size_t i;

	(void)sigemptyset(&set);
	for (i = 0; i < sizeof(terminal) / sizeof(terminal[0]); i++)
		(void)sigaddset(&set, terminal[i]);
	(void)sigprocmask(SIG_SETMASK, &set, NULL);
}

static void
ring_exec(const char *name, const struct args *a) __attribute__((__noreturn__));

static void
ring_exec(const char *name, const struct args *a)
{
	char dir[PATH_MAX], path[PATH_MAX], packet[8], debug[8], limit[32],
	    u[16], g[16];
	char *argv[8], *envp[1] = { NULL };
	uid_t uid;
	gid_t gid;

	/* Privileged: ignore the directory of the executable. */
	if (privileged || proc_own_dir(dir, sizeof(dir)) == -1)
		(void)strlcpy(dir, RING_DIR, sizeof(dir));
	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >=
	    (int)sizeof(path))
		fatalx("path of %s is too long", name);
	(void)snprintf(packet, sizeof(packet), "%d", a->packet);
	(void)snprintf(debug, sizeof(debug), "%d", a->debug);
	(void)snprintf(limit, sizeof(limit), "%lld", (long long)a->stdin_limit);
	argv[0] = (char *)(uintptr_t)name;
	argv[1] = packet;
	argv[2] = debug;
	argv[3] = limit;
	argv[4] = NULL;
	if (privdrop_ids(&uid, &gid)) {
		(void)snprintf(u, sizeof(u), "%u", (unsigned int)uid);
		(void)snprintf(g, sizeof(g), "%u", (unsigned int)gid);
		argv[4] = u;
		argv[5] = g;
		argv[6] = (char *)(uintptr_t)root;
		argv[7] = NULL;
	}
	ring_signals();
	(void)execve(path, argv, envp);
	fatal("%s", path);
}

static void
ring_fork(const char *name, const struct args *a, const int fds[RING_FDS])
{
	pid_t pid;

	switch (pid = fork()) {
	case -1:
		fatal("%s: fork", name);
	case 0:
		ring_descriptors(fds);
		if (privileged)
			ownlog_open(); /* its flags are not priv's */
		ring_exec(name, a);
	default:
		ring_add(name, pid);
	}
}

static void
ring_pair(int fds[2])
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
		fds) == -1)
		fatal("socketpair");
}

/* Each with one end of what lies between them. */
static void
ring_fork_both(const struct args *a, int broker, int worker, int nullfd)
{
	int peers[2], moved[2];

	ring_pair(peers);
	if (pipe2(moved, O_CLOEXEC | O_NONBLOCK) == -1)
		fatal("ring: pipe");
	ring_fork("proctor-broker", a,
	    (int[]){ a->port_in, nullfd, broker, peers[0], moved[1] });
	ring_fork("proctor-worker", a,
	    (int[]){ nullfd, a->port_out, worker, peers[1], moved[0] });
	(void)close(broker);
	(void)close(worker);
	(void)close(peers[0]);
	(void)close(peers[1]);
	(void)close(moved[0]);
	(void)close(moved[1]);
}

/* It hears priv only, and is started before what reads the port is. */
static void
ring_keeper(void)
{
	struct keeper k;

	if (!keeper_start(&k, groups_told()))
		return;
	ring_add("keeper", k.pid);
	keep_init(k.pid);
	channel_init(&keeper_channel, "keeper", k.fd, 1, priv_keeper_table,
	    priv_keeper_rows, NULL);
}

void
ring_start(const struct starter_env *st, const struct args *a)
{
	int broker[2], worker[2], nullfd;

	/* Root that runs children as root may do so from anywhere. */
	privileged = proc_privileged() ||
		     (st->privileged && permit_uid(st->who.uid) == NULL);
	ring_root();
	ring_keeper();
	ring_pair(broker);
	ring_pair(worker);
	if ((nullfd = open(_PATH_DEVNULL, O_RDWR | O_CLOEXEC)) == -1)
		fatal("ring: %s", _PATH_DEVNULL);
	ring_fork_both(a, broker[1], worker[1], nullfd);
	if (a->port_in != STDIN_FILENO) {
		(void)close(a->port_in);
		(void)close(a->port_out);
	}
	if (dup2(nullfd, STDIN_FILENO) == -1 ||
	    dup2(nullfd, STDOUT_FILENO) == -1)
		fatal("priv: %s", _PATH_DEVNULL);
	(void)close(nullfd);
	channel_init(&broker_channel, "broker", broker[0], 0, priv_broker_table,
	    priv_broker_rows, NULL);
	channel_init(&worker_channel, "worker", worker[0], 1, priv_worker_table,
	    priv_worker_rows, NULL);
}
