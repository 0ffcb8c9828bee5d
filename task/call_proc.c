/*
 * Calls about processes, and their limits.
 */

#include <sys/types.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "calls.h"
#include "compat/proc.h"
#include "family.h"
#include "value.h"

static pid_t
pid_of(const struct call *c, int n)
{
	return ((pid_t)c->a[n].number);
}

static int
do_kill(struct call *c)
{
	return (kill(pid_of(c, 0), (int)c->a[1].number));
}

static void
put_how(struct etf_writer *out, int status)
{
	if (WIFCONTINUED(status)) {
		etf_put_atom(out, "continued");
		return;
	}
	etf_put_tuple(out, 2);
	if (WIFEXITED(status)) {
		etf_put_atom(out, "exit_status");
		etf_put_int(out, WEXITSTATUS(status));
	} else if (WIFSIGNALED(status)) {
		etf_put_atom(out, "termsig");
		value_signal(out, WTERMSIG(status));
	} else {
		etf_put_atom(out, "stopsig");
		value_signal(out, WSTOPSIG(status));
	}
}

static int
do_waitpid(struct call *c)
{
	struct rusage ru;
	int status = 0;
	pid_t pid;

	pid = wait4(pid_of(c, 0), &status, (int)c->a[1].number, &ru);
	if (pid == -1)
		return (-1);
	if (pid != 0 && (WIFEXITED(status) || WIFSIGNALED(status)))
		family_ended(pid, status, &ru);
	etf_put_tuple(c->out, 3);
	etf_put_int(c->out, pid);
	etf_put_int(c->out, status);
	etf_put_list(c->out, pid != 0);
	if (pid == 0)
		return (0);
	put_how(c->out, status);
	etf_put_nil(c->out);
	return (0);
}

static int
do_getpid(struct call *c)
{
	return (value_always(c, getpid()));
}

static int
do_getppid(struct call *c)
{
	return (value_always(c, getppid()));
}

static int
do_getpgrp(struct call *c)
{
	return (value_always(c, getpgrp()));
}

static int
do_getsid(struct call *c)
{
	return (value_number(c, getsid(pid_of(c, 0))));
}

static int
do_setsid(struct call *c)
{
	return (value_number(c, setsid()));
}

static int
do_setpgid(struct call *c)
{
	return (setpgid(pid_of(c, 0), pid_of(c, 1)));
}

/* -1 is a priority, too. */
static int
do_getpriority(struct call *c)
{
	int priority;

	errno = 0;
	priority =
	    getpriority((proc_which)c->a[0].number, (id_t)c->a[1].number);
	if (priority == -1 && errno != 0)
		return (-1);
	etf_put_int(c->out, priority);
	return (0);
}

static int
do_setpriority(struct call *c)
{
	return (setpriority((proc_which)c->a[0].number, (id_t)c->a[1].number,
	    (int)c->a[2].number));
}

static int
do_getrlimit(struct call *c)
{
	struct rlimit rl;

	if (getrlimit((proc_resource)c->a[0].number, &rl) == -1)
		return (-1);
	value_rlimit(c->out, &rl);
	return (0);
}

static int
do_setrlimit(struct call *c)
{
	struct rlimit rl;

	value_to_rlimit(&c->a[1], &rl);
	return (setrlimit((proc_resource)c->a[0].number, &rl));
}

/* What ps(1) shows of it. */
static int
do_setproctitle(struct call *c)
{
	setproctitle("-%s", c->a[0].text);
	return (0);
}

const struct call_handler call_proc_handlers[] = {
	{ "kill", do_kill },
	{ "waitpid", do_waitpid },
	{ "getpid", do_getpid },
	{ "getppid", do_getppid },
	{ "getpgrp", do_getpgrp },
	{ "getsid", do_getsid },
	{ "setsid", do_setsid },
	{ "setpgid", do_setpgid },
	{ "getpriority", do_getpriority },
	{ "setpriority", do_setpriority },
	{ "getrlimit", do_getrlimit },
	{ "setrlimit", do_setrlimit },
	{ "setproctitle", do_setproctitle },
	{ NULL, NULL },
};
