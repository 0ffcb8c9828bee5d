/*
 * What the broker asks for. It parses what a hostile node may have sent, so
 * it may have been taken over: each message is checked again here, as if it
 * came from the node itself.
 */

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* Refuse what policy does not permit: an answer and a log line. */
static int
run_forbid(const struct run *r, enum stage stage, const char *what)
{
	log_warnx("run refused: policy: %s: %s",
	    *r->user == '\0' ? "default user" : r->user, what);
	run_refuse(r, stage, EPERM, what);
	return (-1);
}

/*
 * A rule with cmd says what is executed, to the word. What could make
 * something else of that, or reach something else with the user's rights,
 * does not go with it.
 */
static int
run_exact(const struct run *r, const struct rule *rule)
{
	static const char *const names[3] = { "stdin", "stdout", "stderr" };
	int i;

	if (rule->cmd == NULL)
		return (0);
	for (i = 0; i < 3; i++)
		if (r->io[i].kind == IO_FILE)
			return (run_forbid(r, STAGE_POLICY, names[i]));
	if (*r->cd != '\0')
		return (run_forbid(r, STAGE_POLICY, "cd"));
	if ((r->env.count > 0 || r->flags & RUN_ENV_CLEAR) && !rule->keepenv)
		return (run_forbid(r, STAGE_POLICY, "env"));
	return (0);
}

/* What the rule leaves open. 0, or -1 and it was answered. */
static int
run_limits(const struct run *r, const struct rule *rule)
{
	const struct target *t = rule->target;

	if (rule->children != 0 && rule->living >= rule->children) {
		log_warnx("run refused: policy: %u children of %s are alive",
		    (unsigned int)rule->children, t->user);
		run_refuse(r, STAGE_LIMIT, EAGAIN, "children");
		return (-1);
	}
	if (r->flags & RUN_NICE && !permit_nice(rule, r->nice))
		return (run_forbid(r, STAGE_NICE, ""));
	if (*r->kill != '\0' && !permit_kill(rule, r->kill))
		return (run_forbid(r, STAGE_POLICY, "kill"));
	if (r->flags & RUN_CAPS && r->caps & ~t->ambient &&
	    r->caps != UINT64_MAX)
		return (run_forbid(r, STAGE_USER, "capabilities"));
	return (run_exact(r, rule));
}

/* The rule that permits it, or NULL and it was answered. */
static struct rule *
run_allowed(const struct run *r)
{
	const struct child *leader;
	const struct target *t;
	struct rule *rule;

	if ((rule = permit_run(r)) == NULL) {
		(void)run_forbid(r, STAGE_USER, r->user);
		return (NULL);
	}
	t = rule->target;
	if (run_limits(r, rule) == -1)
		return (NULL);
	if (!launch_alive(t)) {
		log_warnx("run refused: the launcher of %s is gone", t->user);
		run_refuse(r, STAGE_LAUNCHER, EPIPE, "");
		return (NULL);
	}
	if (!launch_room(t)) {
		log_warnx("run refused: the launcher of %s is held", t->user);
		run_refuse(r, STAGE_LAUNCHER, EAGAIN, "");
		return (NULL);
	}
	leader = child_by_pid(r->group);
	if (r->group != 0 &&
	    (leader == NULL || child_group(leader) != r->group)) {
		run_refuse(r, STAGE_GROUP, ESRCH, "");
		return (NULL);
	}
	return (rule);
}

/*
 * The environment that the rule asks for, behind that of the run, so that it
 * counts. Returns what is to be freed, NULL if there is no room.
 */
static char *
run_environ(struct run *r, const struct rule *rule)
{
	char *const *v;
	size_t len = r->env.len;
	char *buf, *p;

	for (v = rule->setenv; v != NULL && *v != NULL; v++)
		len += strlen(*v) + 1;
	if (len + r->args.len > RUN_STRINGS_MAX ||
	    (buf = malloc(len + 1)) == NULL)
		return (NULL);
	memcpy(buf, r->env.base, r->env.len);
	p = buf + r->env.len;
	for (v = rule->setenv; v != NULL && *v != NULL; v++) {
		p = stpcpy(p, *v) + 1;
		r->env.count++;
	}
	r->env.base = buf;
	r->env.len = (uint32_t)len;
	return (buf);
}

static void
run_launch(struct run *r, struct rule *rule)
{
	struct child *c;
	char *env;

	if ((env = run_environ(r, rule)) == NULL) {
		run_refuse(r, STAGE_LIMIT, E2BIG, "env");
		return;
	}
	if (rule->keepenv)
		r->flags |= RUN_KEEPENV;
	c = child_new(r, rule->target, rule);
	answer_reserve(c);
	r->id = c->id;
	launch_run(c, r);
	free(env);
}

int
request_run(void *arg, const void *data, size_t len, int fd)
{
	struct rule *rule;
	struct run r;

	(void)arg;
	(void)fd;
	if (proto_unpack_run(data, len, &r) == -1 || r.id != 0 || r.pid != 0 ||
	    r.flags & RUN_KEEPENV)
		return (-1);
	if (child_full())
		run_refuse(&r, STAGE_LIMIT, EAGAIN, "children");
	else if ((rule = run_allowed(&r)) != NULL)
		run_launch(&r, rule);
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
		answer_now(m.tid, REPLY_TEXT, ESRCH, "pid not alive");
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
		answer_now(tid, REPLY_TEXT, ESRCH, "pid not alive");
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
		answer_now(m.tid, REPLY_TEXT, ESRCH, "pid not alive");
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
		answer_now(m.tid, REPLY_TEXT, EPERM,
		    "Not allowed to send signal to all processes");
	else if ((c = managed(m.pid)) == NULL)
		answer_now(m.tid, REPLY_TEXT, EPERM,
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
	    r.code != REPLY_TEXT && r.code != REPLY_BADOPT &&
	    r.code != REPLY_TERM)
		return (-1);
	answer_reply(&r);
	return (0);
}

/* From here on the node is told more, and so is what it may be. */
int
request_hello(void *arg, const void *data, size_t len, int fd)
{
	static uint8_t buf[sizeof(struct msg_welcome) + WELCOME_USERS_MAX];
	struct msg_welcome w = { 0 };
	struct msg_request m;

	(void)arg;
	(void)fd;
	if (proto_unpack_request(data, len, &m) == -1 || m.pid != 0 ||
	    m.arg != HELLO_VERSION)
		return (-1);
	w.tid = m.tid;
	w.mode = mode_now();
	w.launcher = !launch_forks();
	w.users.len = (uint32_t)permit_users(
	    (char *)buf + sizeof(w), WELCOME_USERS_MAX, &w.users.count);
	memcpy(buf, &w, sizeof(w));
	answer(IMSG_WELCOME, buf, sizeof(w) + w.users.len);
	answer_unordered();
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
