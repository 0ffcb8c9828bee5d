/*
 * A task becomes itself again, by a descriptor of its program, so that it needs
 * no file system. What it may be asked for must not change by that: all of it
 * is handed over in memory that nobody can write to any more, whose number is
 * in the environment.
 */

#include <sys/socket.h>
#include <sys/types.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "answer.h"
#include "bounds.h"
#include "calls.h"
#include "caught.h"
#include "compat/task_os.h"
#include "family.h"
#include "filter.h"
#include "message.h"
#include "reexec.h"
#include "owned.h"
#include "self.h"
#include "version.h"

#define VARIABLE "PROCTOR_TASK"

extern char **environ;

struct handover {
	char version[32]; /* of the program: it is the same */
	struct filter filter;
	struct bounds bounds;
	struct family_limits limits;
	int program;
	unsigned char caught[CAUGHT_SIGNALS];
};

static int program = -1;

void
reexec_init(void)
{
	program = os_program();
	owned_keep(program);
}

static int
survive(int fd, int yes)
{
	return (fcntl(fd, F_SETFD, yes ? 0 : FD_CLOEXEC));
}

static int
hand_over(void)
{
	struct handover h;

	memset(&h, 0, sizeof(h));
	(void)strlcpy(h.version, PROCTOR_VERSION, sizeof(h.version));
	h.filter = filter;
	h.bounds = bounds;
	h.limits = family_limits;
	h.program = program;
	memcpy(h.caught, caught, sizeof(h.caught));
	return (os_hand_over(&h, sizeof(h)));
}

/* The environment with ours in it, and no other one; NULL: no memory. */
static char **
add_variable(struct call *c, char **envp, int fd)
{
	char **all, *text;
	size_t n, size = sizeof(VARIABLE "=") + 11;

	for (n = 0; envp[n] != NULL; n++)
		;
	all = call_alloc(c, (n + 2) * sizeof(*all));
	text = call_alloc(c, size);
	if (all == NULL || text == NULL)
		return (NULL);
	(void)snprintf(text, size, VARIABLE "=%d", fd);
	all[0] = text;
	for (n = 1; *envp != NULL; envp++)
		if (strncmp(*envp, VARIABLE "=", sizeof(VARIABLE)) != 0)
			all[n++] = *envp;
	all[n] = NULL;
	return (all);
}

/* With ids that differ it would be a program with more rights than its user. */
static int
is_of_one_mind(void)
{
	return (getuid() == geteuid() && getgid() == getegid());
}

static int
become_again(struct call *c, char **argv, char **envp)
{
	int error, fd = hand_over();

	if (fd == -1)
		return (-1);
	envp = add_variable(c, envp, fd);
	if (envp != NULL && survive(TASK_CHANNEL_FD, 1) == 0 &&
	    survive(program, 1) == 0) {
		caught_fetch();
		answer_exec(0, 1);
		(void)os_exec(program, argv, envp);
	}
	error = errno;
	(void)survive(TASK_CHANNEL_FD, 0);
	(void)survive(program, 0);
	(void)close(fd);
	errno = error;
	return (-1);
}

static int
call_reexec(struct call *c)
{
	static char name[] = "proctor-task";
	char *alone[] = { name, NULL };
	char **argv = alone, **envp = environ;

	if (family_count() > 0)
		return (call_failed(c, "state", EACCES, c->row->name));
	if (c->a[0].given && c->a[0].texts[0] != NULL)
		argv = c->a[0].texts;
	if (c->a[1].given)
		envp = c->a[1].texts;
	errno = program == -1 ? ENOSYS : EPERM;
	if (program == -1 || !is_of_one_mind() ||
	    become_again(c, argv, envp) == -1)
		return (call_failed(c, "exec", errno, c->row->name));
	return (0);
}

static int
is_socket(int fd)
{
	int type;
	socklen_t len = sizeof(type);

	return (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0);
}

int
reexec_resume(void)
{
	struct handover h;
	const char *text = getenv(VARIABLE), *error;
	int fd;

	if (text == NULL)
		return (0);
	fd = (int)strtonum(text, TASK_CHANNEL_FD + 1, INT32_MAX, &error);
	if (error != NULL || os_handed(fd, &h, sizeof(h)) == -1 ||
	    strncmp(h.version, PROCTOR_VERSION, sizeof(h.version)) != 0 ||
	    !is_socket(TASK_CHANNEL_FD))
		return (0);
	(void)unsetenv(VARIABLE);
	filter = h.filter;
	bounds = h.bounds;
	family_limits = h.limits;
	program = h.program;
	owned_keep(program);
	(void)survive(TASK_CHANNEL_FD, 0);
	(void)survive(program, 0);
	caught_init(h.caught);
	return (1);
}

const struct call_handler reexec_handlers[] = {
	{ "reexec", call_reexec },
	{ NULL, NULL },
};
