/*
 * What the broker asks for. It parses what a hostile node may have sent, so
 * it may have been taken over: each message is checked again here, as if it
 * came from the node itself.
 */

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "compat/proc.h"
#include "log.h"
#include "priv.h"

static void
run_refuse(const struct run *r, enum stage stage, int error, const char *text)
{
	struct reply rep = { 0 };

	rep.tid = r->tid;
	rep.code = REPLY_RUNFAIL;
	rep.stage = stage;
	rep.value = error;
	rep.text = text;
	answer_reply(&rep);
}

/* Is it the node's to ask for? If not, it was answered. */
static int
run_allowed(const struct run *r)
{
	const struct child *leader;

	if (*r->user != '\0' && !args_serves(r->user)) {
		log_warnx("run refused: user %s", r->user);
		run_refuse(r, STAGE_USER, EPERM, r->user);
		return (0);
	}
	if (r->caps != UINT64_MAX && r->caps & ~proc_ambient()) {
		log_warnx("run refused: capabilities");
		run_refuse(r, STAGE_USER, EPERM, "capabilities");
		return (0);
	}
	leader = child_by_pid(r->group);
	if (r->group != 0 &&
	    (leader == NULL || child_group(leader) != r->group)) {
		run_refuse(r, STAGE_GROUP, ESRCH, "");
		return (0);
	}
	return (1);
}

int
request_run(void *arg, const void *data, size_t len, int fd)
{
	struct child *c;
	struct run r;

	(void)arg;
	(void)fd;
	if (proto_unpack_run(data, len, &r) == -1 || r.id != 0 || r.pid != 0)
		return (-1);
	if (child_full()) {
		run_refuse(&r, STAGE_LIMIT, EAGAIN, "children");
		return (0);
	}
	if (!launch_alive()) {
		log_warnx("run refused: the launcher is gone");
		run_refuse(&r, STAGE_LAUNCHER, EPIPE, "");
		return (0);
	}
	if (!run_allowed(&r))
		return (0);
	c = child_new(&r);
	answer_reserve(c);
	r.id = c->id;
	launch_run(&r);
	return (0);
}

/* A managed child by the pid that the node named, or NULL. */
static struct child *
managed(int32_t pid)
{
	struct child *c;

	if (pid <= 1 || (c = child_by_pid(pid)) == NULL ||
	    (c->flags & CHILD_SILENT))
		return (NULL);
	return (c);
}

int
request_manage(void *arg, const void *data, size_t len, int fd)
{
	struct run r;

	(void)arg;
	(void)fd;
	if (proto_unpack_run(data, len, &r) == -1 || r.id != 0 || r.pid == 0 ||
	    r.flags & ~(uint32_t)RUN_MANAGE)
		return (-1);
	if (child_by_pid(r.pid) != NULL || child_full())
		answer_now(r.tid, REPLY_BADARG, 0, "");
	else if (child_manage(&r) == 0)
		return (0);
	else if (errno == ESRCH)
		answer_now(r.tid, REPLY_NOTFOUND, 0, "");
	else {
		log_warn("manage of pid %d refused", (int)r.pid);
		answer_now(r.tid, REPLY_ERRNO, errno, "");
	}
	return (0);
}

int
request_setpgid(void *arg, const void *data, size_t len, int fd)
{
	struct msg_request m;
	const struct child *c, *leader;

	(void)arg;
	(void)fd;
	if (proto_unpack_request(data, len, &m) == -1)
		return (-1);
	leader = managed(m.arg);
	if ((c = managed(m.pid)) == NULL || c->flags & CHILD_FOREIGN)
		answer_now(m.tid, REPLY_TEXT, 0, "pid not alive");
	else if (m.arg != 0 && (leader == NULL || child_group(leader) != m.arg))
		answer_now(m.tid, REPLY_ERRNO, EPERM, "");
	else if (setpgid(c->pid, m.arg) == -1)
		answer_now(m.tid, REPLY_ERRNO, errno, "");
	else
		answer_now(m.tid, REPLY_OK, 0, "");
	return (0);
}

/* The worker has the terminal; priv knows only whose it is. */
static void
pass_on(uint32_t type, int64_t tid, int32_t pid, const void *data, size_t len)
{
	if (managed(pid) == NULL)
		answer_now(tid, REPLY_TEXT, 0, "pid not alive");
	else
		answer(type, data, len);
}

int
request_winsz(void *arg, const void *data, size_t len, int fd)
{
	struct msg_winsz m;

	(void)arg;
	(void)fd;
	if (proto_unpack_winsz(data, len, &m) == -1)
		return (-1);
	pass_on(IMSG_WINSZ, m.tid, m.pid, data, len);
	return (0);
}

int
request_ptyopts(void *arg, const void *data, size_t len, int fd)
{
	struct msg_mode modes[MODES_MAX];
	struct msg_ptyopts m;

	(void)arg;
	(void)fd;
	if (proto_unpack_ptyopts(data, len, &m, modes) == -1)
		return (-1);
	pass_on(IMSG_PTYOPTS, m.tid, m.pid, data, len);
	return (0);
}

int
request_stop(void *arg, const void *data, size_t len, int fd)
{
	struct msg_request m;
	struct child *c;

	(void)arg;
	(void)fd;
	if (proto_unpack_request(data, len, &m) == -1 || m.arg != 0)
		return (-1);
	if ((c = managed(m.pid)) == NULL) {
		answer_now(m.tid, REPLY_TEXT, 0, "pid not alive");
		return (0);
	}
	stop_child(c);
	answer_now(m.tid, REPLY_OK, 0, "");
	return (0);
}

static int
signal_valid(int sig)
{
	return (sig >= 0 && sig < NSIG);
}

int
request_kill(void *arg, const void *data, size_t len, int fd)
{
	struct msg_request m;
	const struct child *c;

	(void)arg;
	(void)fd;
	if (proto_unpack_request(data, len, &m) == -1)
		return (-1);
	if (m.pid == -1)
		answer_now(m.tid, REPLY_BADARG, 0, "");
	else if (m.pid < 0)
		answer_now(m.tid, REPLY_TEXT, 0,
		    "Not allowed to send signal to all processes");
	else if ((c = managed(m.pid)) == NULL)
		answer_now(m.tid, REPLY_TEXT, 0,
		    "Cannot kill a pid not managed by this application");
	else if (!signal_valid(m.arg))
		answer_now(m.tid, REPLY_ERRNO, EINVAL, "");
	else if (child_signal(c, m.arg) == -1)
		answer_now(m.tid, REPLY_ERRNO, errno, "");
	else
		answer_now(m.tid, REPLY_OK, 0, "");
	return (0);
}

int
request_list(void *arg, const void *data, size_t len, int fd)
{
	struct msg_request m;

	(void)arg;
	(void)fd;
	if (proto_unpack_request(data, len, &m) == -1 || m.pid != 0 ||
	    m.arg != 0)
		return (-1);
	answer_list(m.tid);
	return (0);
}

int
request_debug(void *arg, const void *data, size_t len, int fd)
{
	struct msg_request m;

	(void)arg;
	(void)fd;
	if (proto_unpack_request(data, len, &m) == -1 || m.pid != 0 ||
	    m.arg < 0 || m.arg > LOG_LEVEL_MAX)
		return (-1);
	answer_level(m.tid, log_getlevel(), m.arg);
	log_setlevel(m.arg);
	return (0);
}

/* The broker itself refuses something: the answer goes in its turn. */
int
request_refuse(void *arg, const void *data, size_t len, int fd)
{
	struct reply r;

	(void)arg;
	(void)fd;
	if (proto_unpack_reply(data, len, &r) == -1)
		return (-1);
	if (r.code != REPLY_BADARG && r.code != REPLY_ERRNO &&
	    r.code != REPLY_TEXT)
		return (-1);
	answer_reply(&r);
	return (0);
}

int
request_shutdown(void *arg, const void *data, size_t len, int fd)
{
	struct msg_request m;

	(void)arg;
	(void)fd;
	if (proto_unpack_request(data, len, &m) == -1 ||
	    (m.arg != EXIT_CLEAN && m.arg != EXIT_PEER))
		return (-1);
	stop_all(m.arg);
	return (0);
}
