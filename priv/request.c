/*
 * What the broker asks for. It parses what a hostile node may have sent, so
 * it may have been taken over: each message is checked again here, as if it
 * came from the node itself.
 */

#include <errno.h>
#include <signal.h>
#include <string.h>

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

int
request_run(void *arg, const void *data, size_t len, int fd)
{
	struct child *c;
	struct run r;

	(void)arg;
	(void)fd;
	if (proto_unpack_run(data, len, &r) == -1 || r.id != 0)
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
	    (c->flags & (CHILD_ORPHAN | CHILD_LOST)))
		return (NULL);
	return (c);
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
	else if (kill(c->pid, m.arg) == -1)
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
