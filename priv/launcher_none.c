/*
 * Where there is no CLONE_PARENT, or configure was told so: priv forks the
 * children itself, with the same child-side code as a launcher.
 */

#include <unistd.h>

#include "log.h"
#include "priv.h"

void
launch_init(struct target *t)
{
	t->base.parent = getpid();
}

int
launch_forks(void)
{
	return (1);
}

size_t
launch_count(void)
{
	return (0);
}

int
launch_busy(void)
{
	return (0);
}

int
launch_room(const struct target *t)
{
	(void)t;
	return (1);
}

int
launch_alive(const struct target *t)
{
	(void)t;
	return (1);
}

int
launch_awaits(uint32_t id)
{
	(void)id;
	return (0);
}

void
launch_run(struct child *c, const struct run *r)
{
	struct launched l;
	int fds[3];

	spawn_child(&c->target->base, r, &l, fds, NULL);
	if (launch_result(c, &l, fds) == -1)
		fatalx("launched pid %d twice", (int)l.pid);
}

void
launch_abandon(void)
{
}

void
launch_close(void)
{
}

void
launch_ended(pid_t pid)
{
	(void)pid;
}

void
launch_poll(struct pollfd *pfd)
{
	(void)pfd;
}

void
launch_dispatch(const struct pollfd *pfd)
{
	(void)pfd;
}

void
launch_send(void)
{
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
