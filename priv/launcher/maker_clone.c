/*
 * Launchers make the children: see maker.h. This runs in priv, as root, but
 * for what the fork of maker_start() does.
 */

#include <sys/mman.h>
#include <sys/socket.h>

#include <fcntl.h>
#include <unistd.h>

#include "log.h"
#include "policy/runas.h"

#include "launcher/launcher.h"
#include "launcher/maker.h"

int
maker_start(
    struct maker *m, struct runas *t, const struct maker *others, size_t count)
{
	size_t i;
	int fds[2];

	m->in_flight = mmap(NULL, sizeof(pid_t), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (m->in_flight == MAP_FAILED)
		fatal("launcher: mmap");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == -1)
		fatal("launcher: socketpair");
	t->base.parent = getpid();
	switch (m->pid = fork()) {
	case -1:
		fatal("launcher: fork");
	case 0:
		/* What others have in flight is none of its business. */
		for (i = 0; i < count; i++)
			if (munmap(others[i].in_flight, sizeof(pid_t)) == -1)
				fatal("launcher: munmap");
		launcher_main(fds[1], t, m->in_flight);
	default:
		break;
	}
	(void)close(fds[1]);
	m->fd = fds[0];
	if (fcntl(m->fd, F_SETFL, O_NONBLOCK) == -1)
		fatal("launcher: fcntl");
	return (1);
}
