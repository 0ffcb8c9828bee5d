/*
 * What the system's log is told: see audit.h.
 */

#include <sys/queue.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/trail.h"
#include "compat/proc.h"
#include "log.h"
#include "policy/permit.h"
#include "policy/policy.h"
#include "policy/runas.h"
#include "timer.h"

#include "monitor/audit.h"
#include "monitor/child.h"

/* Of one rule: as many at once, and each PULSE so many more. */
#define BURST 100
#define RATE 10
#define PULSE 1000 /* ms */

struct audit {
	SLIST_ENTRY(audit) entry;
	const struct rule *rule; /* NULL: of what no rule permits */
	struct timer timer;
	int left; /* that may be told now */
	unsigned int kept; /* and were not */
};

static SLIST_HEAD(, audit) audits = SLIST_HEAD_INITIALIZER(audits);
static struct audit unruled = { .left = BURST };
static const struct starter_env *starter;

static void
audit_add(struct audit *a)
{
	SLIST_INSERT_HEAD(&audits, a, entry);
}

static void
audit_rule(struct rule *r)
{
	if ((r->audit = calloc(1, sizeof(*r->audit))) == NULL)
		fatal("no memory for the audit");
	r->audit->rule = r;
	r->audit->left = BURST;
	audit_add(r->audit);
}

void
audit_init(const struct starter_env *s)
{
	if (!s->privileged && !proc_privileged())
		return;
	if (!trail_open()) {
		if (s->privileged)
			log_warnx("there is no system log: no audit lines");
		return;
	}
	starter = s;
	audit_add(&unruled);
	permit_each(audit_rule);
}

/* What all records have. */
static void
audit_begin(int level, const char *what, const char *result)
{
	trail_begin(level, what);
	trail_word("result", result);
	trail_number("starter", (long long)starter->who.uid);
	trail_number("node", (long long)starter->node);
}

void
audit_no_start(const struct starter_env *s, const char *user, const char *why)
{
	if (!trail_open())
		return;
	starter = s;
	audit_begin(LOG_NOTICE, "start", "refused");
	if (user != NULL)
		trail_quote("user", user, TRAIL_WHY_MAX);
	trail_quote("why", why, TRAIL_WHY_MAX);
	trail_send();
	trail_close();
}

static void
audit_more(struct audit *a)
{
	if (a->kept == 0)
		return;
	audit_begin(LOG_NOTICE, "more", "unlogged");
	if (a->rule != NULL)
		trail_number("line", a->rule->line);
	trail_number("count", (long long)a->kept);
	trail_send();
	a->kept = 0;
	a->left--;
}

static void
audit_refill(void *arg)
{
	struct audit *a = arg;

	a->left += RATE;
	audit_more(a);
	if (a->left >= BURST)
		a->left = BURST;
	else
		timer_set(&a->timer, PULSE, audit_refill, a);
}

void
audit_end(void)
{
	struct audit *a;

	SLIST_FOREACH(a, &audits, entry)
	audit_more(a);
	trail_close();
}

/* Is there room for one more? 1, or 0 and it is counted. */
static int
audit_may(const struct rule *r)
{
	struct audit *a = r != NULL && r->audit != NULL ? r->audit : &unruled;

	if (a->left <= 0) {
		a->kept++;
		return (0);
	}
	a->left--;
	if (!a->timer.set)
		timer_set(&a->timer, PULSE, audit_refill, a);
	return (1);
}

static const char *
audit_user(const struct run *r, const struct rule *rule)
{
	if (*r->user == '\0' && rule != NULL && !rule->runas->base.any)
		return (rule->runas->user);
	return (permit_name(r->user));
}

/* The shell of a kill command is not the default user's. */
static const char *
audit_program(const struct run *r, const struct rule *rule)
{
	if (r->flags & RUN_SHELL && *r->executable == '\0' && rule != NULL &&
	    !rule->runas->base.any)
		return (rule->runas->base.shell);
	return (permit_program(r));
}

/* Behind argv[0], into buf: what is over is cut off. */
static void
audit_args(const struct run *r, char *buf, size_t size)
{
	const char *arg = r->args.base;
	size_t n = 0;
	uint32_t i;

	*buf = '\0';
	if (r->flags & RUN_SHELL) {
		n = (size_t)snprintf(buf, size, "\"-c\" \"");
		(void)trail_escape(buf + n, size - n - 1, arg);
		(void)strlcat(buf, "\"", size);
		return;
	}
	for (i = 1; i < r->args.count; i++) {
		arg = strvec_next(arg);
		if (size - n < 16) {
			(void)strlcat(buf, " ...", size);
			return;
		}
		n += (size_t)snprintf(
		    buf + n, size - n, "%s\"", i == 1 ? "" : " ");
		n += trail_escape(buf + n, size - n - 8, arg);
		n += (size_t)snprintf(buf + n, size - n, "\"");
	}
}

static void
audit_target(const char *user, const struct rule *rule, const char *program)
{
	trail_quote("user", user, TRAIL_WHY_MAX);
	if (rule != NULL && !rule->runas->base.any)
		trail_number("uid", (long long)rule->runas->uid);
	if (rule != NULL)
		trail_number("line", rule->line);
	trail_quote("program", program, TRAIL_PROGRAM_MAX);
}

void
audit_refused(const struct run *r, const struct rule *rule, const char *why)
{
	char args[TRAIL_ARGS_MAX];

	if (!trail_is_open() || !audit_may(rule))
		return;
	audit_begin(LOG_NOTICE, "run", "refused");
	audit_target(audit_user(r, rule), rule, audit_program(r, rule));
	trail_quote("why", why, TRAIL_WHY_MAX);
	if (rule != NULL && rule->log_args) {
		audit_args(r, args, sizeof(args));
		if (*args != '\0')
			trail_raw("args", args);
	}
	trail_send();
}

void
audit_unmanaged(pid_t pid, int error)
{
	if (!trail_is_open() || !audit_may(NULL))
		return;
	audit_begin(LOG_NOTICE, "manage", "refused");
	trail_number("pid", (long long)pid);
	trail_quote("why", strerror(error), TRAIL_WHY_MAX);
	trail_send();
}

/* User, program and arguments, each with a NUL. */
void
audit_asked(struct child *c, const struct run *r)
{
	const struct rule *rule = c->rule;
	const char *user = audit_user(r, rule);
	const char *program = audit_program(r, rule);
	size_t nuser = strlen(user) + 1, nprogram = strlen(program) + 1;
	char args[TRAIL_ARGS_MAX] = "";

	if (!trail_is_open() || rule->nolog ||
	    (rule->line == 0 && !rule->runas->other && !rule->runas->base.any))
		return;
	if (rule->log_args)
		audit_args(r, args, sizeof(args));
	c->audit = malloc(nuser + nprogram + strlen(args) + 1);
	if (c->audit == NULL)
		fatal("no memory for the audit");
	memcpy(c->audit, user, nuser);
	memcpy(c->audit + nuser, program, nprogram);
	memcpy(c->audit + nuser + nprogram, args, strlen(args) + 1);
}

void
audit_answered(struct child *c, const struct launched *l)
{
	int runs = l->stage == STAGE_NONE;
	const char *program, *args;

	if (c->audit == NULL || !audit_may(c->rule))
		return;
	program = strvec_next(c->audit);
	args = strvec_next(program);
	audit_begin(LOG_INFO, c->kind == CHILD_KILLER ? "kill_command" : "run",
	    runs ? "started" : "failed");
	audit_target(c->audit, c->rule, program);
	if (runs)
		trail_number("pid", (long long)c->pid);
	else
		trail_quote("why", strerror(l->error), TRAIL_WHY_MAX);
	if (*args != '\0')
		trail_raw("args", args);
	trail_send();
	free(c->audit);
	c->audit = NULL;
}
