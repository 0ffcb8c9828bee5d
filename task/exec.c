/*
 * A task becomes a program: it keeps its pid, and the switch has its pipes. All
 * that can fail is tried before it is told, but for exec(2) itself.
 */

#include <sys/types.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "answer.h"
#include "bounds.h"
#include "calls.h"
#include "caught.h"
#include "compat/proc.h"
#include "compat/task_os.h"
#include "execio.h"
#include "execopts.h"
#include "family.h"
#include "log.h"
#include "self.h"

extern char **environ;

/*
 * Where it is while it tries: the directory is that of the program from here
 * on, or again what it was.
 */
static int
enter(const char *cd, int *before)
{
	*before = -1;
	if (cd == NULL)
		return (0);
	if ((*before = proc_open_cwd()) == -1)
		return (-1);
	return (chdir(cd));
}

static void
leave(int before)
{
	if (before == -1)
		return;
	if (fchdir(before) == -1)
		fatal("the way back from a directory");
	(void)close(before);
}

static void
run(const struct program *p)
{
	if (p->fd != -1)
		(void)os_exec(p->fd, p->argv, p->envp);
	else if (p->search)
		(void)execvpe(p->file, p->argv, p->envp);
	else
		(void)execve(p->file, p->argv, p->envp);
}

/* Nobody is told anything before this; -1 with errno and step. */
static int
become(struct program *p)
{
	int set, before, error;

	p->io.step = "cd";
	if (enter(p->cd, &before) == -1) {
		error = errno;
		leave(before);
		errno = error;
		return (-1);
	}
	if ((set = execio_take(&p->io)) != -1) {
		/* What has come is the task's still, and not the program's. */
		caught_fetch();
		answer_exec((uint32_t)set, 0);
		caught_release(!p->keep_signals);
		bounds_exec_begin();
		run(p);
		bounds_exec_end();
		p->io.step = p->fd == -1 ? "execve" : "fexecve";
	}
	error = errno;
	caught_restore();
	execio_undo(&p->io);
	leave(before);
	errno = error;
	return (-1);
}

static int
exec(struct call *c, struct program *p)
{
	if (family_count() > 0)
		return (call_failed(c, "state", EACCES, c->row->name));
	if (execio_open(&p->io) == -1 || become(p) == -1)
		return (call_failed(c, "exec", errno, p->io.step));
	return (0);
}

static void
program_init(struct program *p)
{
	memset(p, 0, sizeof(*p));
	execio_init(&p->io);
	p->fd = -1;
	p->envp = environ;
	p->keep_signals = 1;
}

static int
call_execvp(struct call *c)
{
	struct program p;

	program_init(&p);
	p.file = c->a[0].text;
	p.argv = c->a[1].texts;
	p.search = 1;
	return (exec(c, &p));
}

static int
call_execve(struct call *c)
{
	struct program p;

	program_init(&p);
	p.file = c->a[0].text;
	p.argv = c->a[1].texts;
	p.envp = c->a[2].texts;
	return (exec(c, &p));
}

static int
call_fexecve(struct call *c)
{
	struct program p;

	program_init(&p);
	p.fd = (int)c->a[0].number;
	p.argv = c->a[1].texts;
	p.envp = c->a[2].texts;
	return (exec(c, &p));
}

/* The native one: signals as the system has them, unless it is told to. */
static int
call_exec(struct call *c)
{
	struct program p;
	char *alone[2] = { NULL, NULL };

	program_init(&p);
	p.keep_signals = 0;
	p.file = c->a[0].text;
	p.argv = c->a[1].texts;
	if (c->a[2].given)
		p.envp = c->a[2].texts;
	if (c->a[3].given && execopts_read(c, &c->a[3].term, &p) == -1)
		return (call_wrong(c, 4, EINVAL));
	if (p.argv[0] == NULL)
		p.argv = alone;
	if (p.argv[0] == NULL || p.arg0 != NULL)
		p.argv[0] =
		    (char *)(uintptr_t)(p.arg0 != NULL ? p.arg0 : p.file);
	return (exec(c, &p));
}

static int
call_exit(struct call *c)
{
	answer_ok();
	answer_send();
	_exit((int)(c->a[0].number & 0xff));
}

const struct call_handler exec_handlers[] = {
	{ "execvp", call_execvp },
	{ "execve", call_execve },
	{ "fexecve", call_fexecve },
	{ "exec", call_exec },
	{ "exit", call_exit },
	{ NULL, NULL },
};
