/*
 * Where there is no CLONE_PARENT, or configure was told so: priv forks the
 * children itself, with the same child-side code as a launcher.
 */

#include <unistd.h>

#include "log.h"
#include "priv.h"

static struct spawn_base base;

void
launch_init(const struct rlimit *nofile)
{
	spawn_base_init(&base, nofile);
	base.parent = getpid();
}

struct channel *
launch_channel(void)
{
	return (NULL);
}

int
launch_alive(void)
{
	return (1);
}

int
launch_waiting(void)
{
	return (0);
}

void
launch_run(const struct run *r)
{
	struct launched l;
	int fds[3];

	spawn_child(&base, r, &l, fds, NULL);
	if (launch_result(child_by_id(r->id), &l, fds) == -1)
		fatalx("launched pid %d twice", (int)l.pid);
}

uint64_t
launch_asked(void)
{
	return (0);
}

uint64_t
launch_answered(void)
{
	return (0);
}

void
launch_abandon(void)
{
}

void
launch_lost(void)
{
}

void
launch_ended(pid_t pid)
{
	(void)pid;
}

int
launch_stream(void *arg, const void *data, size_t len, int fd)
{
	(void)arg;
	(void)data;
	(void)len;
	(void)fd;
	return (-1);
}

int
launch_done(void *arg, const void *data, size_t len, int fd)
{
	return (launch_stream(arg, data, len, fd));
}
