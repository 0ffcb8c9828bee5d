/*
 * What the broker asks for. It parses what a hostile node may have sent, so
 * it may have been taken over: each message is checked again here, as if it
 * came from the node itself.
 */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "keeper/keeper.h"
#include "limitname.h"
#include "log.h"
#include "policy/ceiling.h"
#include "policy/count.h"
#include "policy/leaf.h"
#include "policy/permit.h"
#include "policy/policy.h"
#include "policy/runas.h"
#include "policy/shape.h"

#include "monitor/audit.h"
#include "monitor/exit.h"
#include "monitor/foreign.h"
#include "monitor/group.h"
#include "monitor/launch.h"
#include "monitor/orphan.h"
#include "monitor/reply.h"
#include "monitor/request.h"
#include "monitor/stop.h"

/*
 * why: for the logs, which say what was refused to whom, and of a command the
 * program alone; or NULL. rule: what says so, or NULL.
 */
static void
run_refuse(const struct run *r, const struct rule *rule, enum stage stage,
    int error, const char *text, const char *why)
{
	if (why != NULL)
		audit_refused(r, rule, why);
	if (why != NULL)
		log_warnx("run refused: %.64s as %.64s, %.256s: %s",
		    runas_self_name(), permit_name(r->user), permit_program(r),
		    why);
	reply_stage(r->tid, REPLY_RUNFAIL, stage, error, text);
}

/*
 * Refuse what policy does not permit: a log line, and as an answer a sentence
 * about it. what: the thing that is refused, if it is not the whole.
 */
static int
run_forbid(const struct run *r, const struct rule *rule, enum stage stage,
    const char *what, const char *why)
{
	char text[256];

	if (stage == STAGE_USER)
		(void)snprintf(text, sizeof(text), "'%.100s': %s",
		    permit_name(r->user), why);
	else if (what == NULL)
		(void)snprintf(text, sizeof(text), "%.100s as %.64s: %s",
		    permit_program(r), permit_name(r->user), why);
	else
		(void)snprintf(text, sizeof(text), "%.100s: %s", what, why);
	run_refuse(r, rule, stage, EPERM, text, what == NULL ? why : text);
	return (-1);
}

/* The same, because of a line of the policy. */
static int
run_forbid_line(const struct run *r, const struct rule *rule, const char *what)
{
	char why[64];

	(void)snprintf(why, sizeof(why), "line %d has cmd", rule->line);
	return (run_forbid(r, rule, STAGE_POLICY, what, why));
}

/*
 * A rule with cmd says what is executed, to the word. What could make
 * something else of that, or reach something else with the user's rights,
 * does not go with it.
 */
static int
run_exact(const struct run *r, const struct rule *rule)
{
	static const char *const files[3] = { "a file for stdin",
		"a file for stdout", "a file for stderr" };
	const char *var = r->env.base;
	char what[80];
	size_t len;
	uint32_t i;

	if (rule->cmd == NULL)
		return (0);
	for (i = 0; i < 3; i++)
		if (r->io[i].kind == IO_FILE)
			return (run_forbid_line(r, rule, files[i]));
	if (*r->cd != '\0')
		return (run_forbid_line(r, rule, "cd"));
	if (*r->arg0 != '\0')
		return (run_forbid_line(r, rule, "arg0"));
	if (r->flags & RUN_UMASK)
		return (run_forbid_line(r, rule, "umask"));
	if (r->limits != 0)
		return (run_forbid_line(r, rule, "rlimit"));
	if (r->flags & RUN_ENV_CLEAR)
		return (run_forbid_line(r, rule, "env: clear"));
	for (i = 0; i < r->env.count; i++, var = strvec_next(var)) {
		if (shape_takes(rule, var))
			continue;
		/* Its value may be a secret. */
		len = strcspn(var, "=");
		(void)snprintf(what, sizeof(what), "env: %.*s",
		    len > 64 ? 64 : (int)len, var);
		return (run_forbid_line(r, rule, what));
	}
	return (0);
}

static int
run_forbid_nice(const struct run *r, const struct rule *rule)
{
	char what[32], why[64];

	(void)snprintf(what, sizeof(what), "nice %d", (int)r->nice);
	if (rule->line == 0)
		(void)snprintf(why, sizeof(why), "no rule permits that");
	else
		(void)snprintf(why, sizeof(why), "line %d permits %d at least",
		    rule->line, permit_lowest(rule));
	return (run_forbid(r, rule, STAGE_NICE, what, why));
}

static int
run_forbid_limit(const struct run *r, const struct rule *rule, int limit)
{
	char what[32], why[64];

	(void)snprintf(what, sizeof(what), "rlimit %s", limitname[limit]);
	(void)snprintf(why, sizeof(why), "line %d permits %llu at most",
	    rule->line, (unsigned long long)rule->ceiling[limit]);
	return (run_forbid(r, rule, STAGE_LIMIT, what, why));
}

/* What the rule leaves open. 0, or -1 and it was answered. */
static int
run_limits(const struct run *r, const struct rule *rule)
{
	const struct runas *t = rule->runas;
	int limit;

	if ((limit = ceiling_exceeded(rule, r)) != -1)
		return (run_forbid_limit(r, rule, limit));
	if (r->flags & RUN_NICE && r->nice < permit_lowest(rule))
		return (run_forbid_nice(r, rule));
	if (*r->kill != '\0' && permit_kill(rule, r->kill) == NULL)
		return (run_forbid(r, rule, STAGE_POLICY, "a kill command",
		    "no rule permits its shell that"));
	if (r->flags & RUN_CAPS && r->caps & ~t->ambient &&
	    r->caps != UINT64_MAX)
		return (run_forbid(r, rule, STAGE_POLICY, "capabilities",
		    "they are not there to be kept"));
	/*
	 * Another user could have the starter's terminal by it, and where there
	 * are any it is a log that does not block, or none: base/ownlog.h.
	 */
	if (r->io[2].kind == IO_INHERIT && t->base.change)
		return (run_forbid(r, rule, STAGE_POLICY, "stderr: inherit",
		    "only a start without privileges has one to give"));
	return (run_exact(r, rule));
}

/* The rule that permits it, or NULL and it was answered. */
static struct rule *
run_allowed(const struct run *r)
{
	const struct child *leader;
	const struct runas *t;
	struct rule *rule;
	char why[128];
	int user;

	if ((rule = permit_run(r)) == NULL) {
		user = permit_why_run(r, why, sizeof(why));
		(void)run_forbid(
		    r, NULL, user ? STAGE_USER : STAGE_POLICY, NULL, why);
		return (NULL);
	}
	t = rule->runas;
	if (run_limits(r, rule) == -1)
		return (NULL);
	if (!launch_alive(t)) {
		run_refuse(
		    r, rule, STAGE_LAUNCHER, EPIPE, "", "its launcher is gone");
		return (NULL);
	}
	if (!launch_room(t)) {
		run_refuse(r, rule, STAGE_LAUNCHER, EAGAIN, "",
		    "its launcher has too much to do");
		return (NULL);
	}
	leader = child_by_pid(r->group);
	if (r->group != 0 && (leader == NULL || group_of(leader) != r->group)) {
		run_refuse(r, rule, STAGE_GROUP, ESRCH, "", NULL);
		return (NULL);
	}
	return (rule);
}

/*
 * A leaf, with the limits of its rule, if the run or that asks for one. 0, or
 * -1 and it was answered.
 */
static int
run_leaf(struct run *r, const struct rule *rule)
{
	const char *above;
	char why[64];

	switch (permit_leaf(rule, &r->leaf, r->flags & RUN_CGROUP, &above)) {
	case 0:
		return (0);
	case 1:
		break;
	default:
		(void)snprintf(why, sizeof(why), "line %d permits less of %s",
		    rule->line, above);
		run_refuse(r, rule, STAGE_LIMIT, EPERM, above, why);
		return (-1);
	}
	r->flags |= RUN_CGROUP;
	if (keeper_alive())
		return (0);
	run_refuse(r, rule, STAGE_CGROUP, ENODEV, keeper_info()->reason,
	    "there are no leaves");
	return (-1);
}

/* What became of it: see struct child. */
static void
run_started(struct child *c, const struct launched *l, int fds[3])
{
	audit_answered(c, l);
	if (l->stage != STAGE_NONE) {
		reply_failed(c->slot, l);
		return;
	}
	reply_child(c, fds);
	stop_child_started(c);
}

static void
run_launch(struct run *r, struct rule *rule)
{
	struct child *c;
	char *env, why[64];
	int place;

	if ((env = shape_run(r, rule)) == NULL) {
		run_refuse(r, rule, STAGE_LIMIT, E2BIG, "env", NULL);
		return;
	}
	if (count_take(rule, &place) == -1) {
		(void)snprintf(why, sizeof(why), "line %d permits %u children",
		    rule->line, (unsigned int)rule->children);
		run_refuse(r, rule, STAGE_LIMIT, EAGAIN, "children", why);
		free(env);
		return;
	}
	/* From here on it has one, or it has not. */
	r->linger = exit_linger(r);
	r->flags &= ~(uint32_t)RUN_LINGER;
	if (r->linger != 0)
		r->flags |= RUN_LINGER;
	c = child_new_run(CHILD_RUN, r, rule->runas, rule);
	c->started = run_started;
	c->place = place;
	if (c->kill != NULL)
		c->kill_rule = permit_kill(rule, c->kill);
	audit_asked(c, r);
	reply_open(&c->slot, r);
	r->id = c->id;
	launch_run(c, r);
	free(env);
}

int
request_handle_run(const struct msg *msg)
{
	struct rule *rule;
	struct run r = msg->run;

	if (r.id != 0 || r.pid != 0 || r.flags & RUN_KEEPENV)
		return (-1);
	r.user = permit_whom(r.user, r.gid);
	r.gid = "";
	if (strlen(r.user) >= RUN_PATH_MAX) {
		run_refuse(&r, NULL, STAGE_USER, ENAMETOOLONG, "", NULL);
		return (0);
	}
	if (child_table_full())
		run_refuse(&r, NULL, STAGE_LIMIT, EAGAIN, "children", NULL);
	else if ((rule = run_allowed(&r)) != NULL && run_leaf(&r, rule) == 0)
		run_launch(&r, rule);
	return (0);
}

int
request_handle_manage(const struct msg *msg)
{
	const struct child *c;
	struct run r = msg->run;
	char text[32] = "";
	int error;

	if (r.id != 0 || r.pid == 0 || r.flags & ~(uint32_t)RUN_MANAGE)
		return (-1);
	c = child_by_pid(r.pid);
	if ((c != NULL && c->kind != CHILD_RING) || child_table_full())
		reply_code(r.tid, REPLY_BADARG, 0, "");
	else if (foreign_manage(&r) == 0)
		return (0);
	else if (errno == ESRCH)
		reply_code(r.tid, REPLY_NOTFOUND, 0, "");
	else {
		error = errno;
		log_warn("manage of pid %d refused", (int)r.pid);
		audit_unmanaged(r.pid, error);
		/* It is only ever about its priority. */
		if (error == EACCES)
			(void)snprintf(text, sizeof(text), "nice %d", r.nice);
		reply_stage(r.tid, REPLY_ERRNO,
		    error == EACCES ? STAGE_NICE : STAGE_NONE, error, text);
	}
	return (0);
}

int
request_handle_setpgid(const struct msg *msg)
{
	const struct msg_request *m = &msg->request;
	const struct child *c, *leader;

	leader = child_named(m->arg);
	if ((c = child_named(m->pid)) == NULL || c->kind == CHILD_FOREIGN ||
	    c->state == CHILD_LINGERING)
		reply_code(m->tid, REPLY_TEXT, ESRCH, "pid not alive");
	else if (m->arg != 0 && (leader == NULL || group_of(leader) != m->arg))
		reply_code(m->tid, REPLY_ERRNO, EPERM, "");
	else if (setpgid(c->pid, m->arg) == -1)
		reply_code(m->tid, REPLY_ERRNO, errno, "");
	else
		reply_code(m->tid, REPLY_OK, 0, "");
	return (0);
}

/* The worker has the terminal; priv knows only whose it is. */
static void
pass_on(uint32_t type, int64_t tid, int32_t pid, const void *data, size_t len)
{
	if (child_named(pid) == NULL)
		reply_code(tid, REPLY_TEXT, ESRCH, "pid not alive");
	else
		reply_send(type, data, len);
}

int
request_handle_winsz(const struct msg *msg)
{
	const struct msg_winsz *m = &msg->winsz;

	pass_on(IMSG_WINSZ, m->tid, m->pid, msg->data, msg->len);
	return (0);
}

int
request_handle_ptyopts(const struct msg *msg)
{
	const struct msg_ptyopts *m = &msg->ptyopts.m;

	pass_on(IMSG_PTYOPTS, m->tid, m->pid, msg->data, msg->len);
	return (0);
}

int
request_handle_stop(const struct msg *msg)
{
	const struct msg_request *m = &msg->request;
	struct child *c;

	if (m->arg != 0)
		return (-1);
	if ((c = child_named(m->pid)) == NULL) {
		reply_code(m->tid, REPLY_TEXT, ESRCH, "pid not alive");
		return (0);
	}
	stop_child(c);
	reply_code(m->tid, REPLY_OK, 0, "");
	return (0);
}

int
request_handle_kill(const struct msg *msg)
{
	const struct msg_request *m = &msg->request;
	const struct child *c;

	if (m->pid == -1)
		reply_code(m->tid, REPLY_BADARG, 0, "");
	else if (m->pid < 0)
		reply_code(m->tid, REPLY_TEXT, EPERM,
		    "Not allowed to send signal to all processes");
	else if ((c = child_named(m->pid)) == NULL)
		reply_code(m->tid, REPLY_TEXT, EPERM,
		    "Cannot kill a pid not managed by this application");
	else if (m->arg < 0 || m->arg >= NSIG)
		reply_code(m->tid, REPLY_ERRNO, EINVAL, "");
	else if (c->state == CHILD_LINGERING)
		reply_code(m->tid, REPLY_ERRNO, ESRCH, "");
	else if (foreign_signal(c, m->arg) == -1)
		reply_code(m->tid, REPLY_ERRNO, errno, "");
	else
		reply_code(m->tid, REPLY_OK, 0, "");
	return (0);
}

int
request_handle_list(const struct msg *msg)
{
	const struct msg_request *m = &msg->request;

	if (m->pid != 0 || m->arg != 0)
		return (-1);
	reply_pids(m->tid);
	return (0);
}

int
request_handle_debug(const struct msg *msg)
{
	const struct msg_request *m = &msg->request;
	struct reply r = { 0 };

	if (m->pid != 0 || m->arg < 0 || m->arg > LOG_LEVEL_MAX)
		return (-1);
	r.tid = m->tid;
	r.code = REPLY_LEVEL;
	r.value = log_getlevel();
	r.level = m->arg;
	r.text = "";
	reply_term(&r);
	log_setlevel(m->arg);
	return (0);
}

/* The broker itself refuses something: the answer goes in its turn. */
int
request_handle_refuse(const struct msg *msg)
{
	const struct reply *r = &msg->reply;

	if (r->code != REPLY_BADARG && r->code != REPLY_ERRNO &&
	    r->code != REPLY_TEXT && r->code != REPLY_BADOPT &&
	    r->code != REPLY_TERM)
		return (-1);
	reply_term(r);
	return (0);
}

/* The node speaks the native dialect: the reply says what this start may do. */
int
request_handle_hello(const struct msg *msg)
{
	static uint8_t
	    buf[sizeof(struct msg_hello) + HELLO_USERS_MAX + MSG_TEXT_MAX];
	const struct keeper_info *keeper = keeper_info();
	struct msg_hello w = { 0 };
	const struct msg_request *m = &msg->request;

	if (m->pid != 0 || m->arg != HELLO_VERSION)
		return (-1);
	w.tid = m->tid;
	w.privilege = permit_privilege();
	w.launcher = !MAKER_IN_PRIV;
	w.users.len = (uint32_t)permit_users(
	    (char *)buf + sizeof(w), HELLO_USERS_MAX, &w.users.count);
	w.leaves = (uint32_t)keeper_alive();
	w.controllers = keeper->controllers;
	w.kill = (uint32_t)keeper->how;
	w.orphans = (uint32_t)orphan_who();
	reply_send(IMSG_HELLO_REPLY, buf,
	    proto_pack_hello(
		buf, &w, w.leaves ? keeper->path : keeper->reason));
	return (0);
}

int
request_handle_shutdown(const struct msg *msg)
{
	const struct msg_request *m = &msg->request;

	if ((m->arg != EXIT_CLEAN && m->arg != EXIT_PEER))
		return (-1);
	stop_all(m->arg);
	return (0);
}
