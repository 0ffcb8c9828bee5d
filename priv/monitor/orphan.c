/*
 * What priv asks the reaper: see orphan.h.
 */

#include <sys/socket.h>
#include <sys/time.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "compat/proc.h"
#include "log.h"

#include "monitor/orphan.h"

#define ANSWER_MAX 5 /* seconds; its starter can stop it as it begins */

static struct guard_link reaper = { -1, 0, 0 };
static uint32_t last_seq;
static int answer_pending; /* the last one did not come */

void
orphan_init(const struct guard_link *link)
{
	static const struct timeval patience = { ANSWER_MAX, 0 };

	reaper = *link;
	if (reaper.fd != -1 && setsockopt(reaper.fd, SOL_SOCKET, SO_RCVTIMEO,
				   &patience, sizeof(patience)) == -1)
		fatal("patience with the reaper");
	orphan_watch_reaper();
}

enum orphans
orphan_who(void)
{
	if (reaper.fd != -1)
		return (ORPHANS_REAPER);
	return (reaper.guard != 0 ? ORPHANS_GUARD : ORPHANS_NONE);
}

void
orphan_watch_reaper(void)
{
	if (reaper.fd != -1 && proc_die_with(reaper.reaper, SIGTERM) == -1)
		fatal("the reaper has died");
}

int
orphan_wake_reaper(void)
{
	struct pollfd pfd = { .fd = reaper.fd };

	/* Of a dead one the other end is closed. */
	if (reaper.fd != -1 && poll(&pfd, 1, 0) == 0)
		(void)kill(reaper.reaper, SIGCONT);
	return (!(pfd.revents & POLLHUP));
}

int
orphan_is_guard(pid_t pid)
{
	return (
	    reaper.fd != -1 && (pid == reaper.guard || pid == reaper.reaper));
}

/* recv(2); one with a time limit does not go on by itself after a SIGCONT. */
static int
orphan_recv(struct reaper_answer *a, int flags)
{
	ssize_t n;

	do
		n = recv(reaper.fd, a, sizeof(*a), flags);
	while (n == -1 && errno == EINTR);
	return (n == (ssize_t)sizeof(*a) && a->seq == last_seq ? 0 : -1);
}

/* 0 or -1. A stopped reaper must not stop priv for longer than once. */
static int
orphan_send(struct reaper_request *q, struct reaper_answer *a)
{
	if (reaper.fd == -1 ||
	    (answer_pending && orphan_recv(a, MSG_DONTWAIT) == -1))
		return (-1);
	answer_pending = 0;
	q->seq = ++last_seq;
	if (send(reaper.fd, q, sizeof(*q), MSG_NOSIGNAL) == -1) {
		log_warn("the reaper cannot be asked");
		return (-1);
	}
	if (orphan_recv(a, 0) == 0)
		return (0);
	log_warn("the reaper does not answer");
	answer_pending = 1;
	return (-1);
}

static int
orphan_ask(enum reaper_op op, pid_t pid, int sig, struct reaper_answer *a)
{
	struct reaper_request q = { .op = (int32_t)op, .pid = pid, .sig = sig };

	return (orphan_send(&q, a));
}

int
orphan_uid(pid_t pid, uid_t *uid)
{
	struct reaper_answer a;

	if (orphan_ask(REAPER_UID, pid, 0, &a) == -1 || !a.found)
		return (-1);
	*uid = a.uid;
	return (0);
}

void
orphan_signal_descendants(pid_t child, int sig)
{
	struct reaper_answer a;

	(void)orphan_ask(REAPER_DESCENDANTS, child, sig, &a);
}

void
orphan_kill_group(pid_t group)
{
	struct reaper_answer a;

	(void)orphan_ask(REAPER_GROUP, group, SIGKILL, &a);
}

void
orphan_kill_leaf(const char *path)
{
	struct reaper_request q = { .op = REAPER_LEAF, .sig = SIGKILL };
	struct reaper_answer a;

	if (strlcpy(q.path, path, sizeof(q.path)) < sizeof(q.path))
		(void)orphan_send(&q, &a);
}

int
orphan_end_all(int sig)
{
	struct reaper_answer a;

	if (orphan_ask(REAPER_ORPHANS, 0, sig, &a) == -1)
		return (0);
	return (a.found);
}

int
orphan_children(int skip, pid_t pids[REAPER_PIDS])
{
	struct reaper_answer a;
	int i;

	if (orphan_ask(REAPER_CHILDREN, skip, 0, &a) == -1)
		return (0);
	for (i = 0; i < a.found && i < REAPER_PIDS; i++)
		pids[i] = a.pids[i];
	return (i);
}
