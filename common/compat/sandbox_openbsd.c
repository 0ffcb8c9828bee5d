/*
 * The sandbox on OpenBSD: pledge(2), and unveil(2) where no path is needed.
 * There is no launcher here, so priv makes the children, and they live under
 * its promises until exec. Compiles elsewhere against regress/stubs.
 */

#include <sys/types.h>

#include <unistd.h>

#include "log.h"
#include "sandbox.h"

/* No path leads anywhere, whatever is promised. */
static void
no_paths(void)
{
	if (unveil("/", "") == -1 || unveil(NULL, NULL) == -1)
		fatal("unveil");
}

static void
promise(const char *promises)
{
	if (pledge(promises, NULL) == -1)
		fatal("pledge");
}

/*
 * stdio: its socket, its log, wait. proc: signals. There is no /proc to read;
 * where nobody can adopt orphans there is no guard at all.
 */
void
sandbox_guard(const int *places, size_t count, int write)
{
	sandbox_reaper(places, count, write);
}

void
sandbox_reaper(const int *places, size_t count, int write)
{
	(void)places; /* there are no control groups */
	(void)count;
	(void)write;
	no_paths();
	promise("stdio proc");
}

void
sandbox_keeper(const int *dirs, size_t count)
{
	(void)dirs;
	(void)count;
	fatalx("there is no keeper here");
}

/*
 * stdio: messages, wait. rpath wpath cpath tty: a child's directory, files
 * (which it may create) and terminal. proc exec: fork, signals, sessions,
 * exec. id: its user, groups, limits and priority. sendfd: its pipes to the
 * worker. flock: children are counted by locks. A child may name any path, so
 * none is hidden; and without exec promises, what it executes has none of this.
 */
void
sandbox_priv(int forks)
{
	if (!forks)
		fatalx("priv makes the children here");
	promise("stdio rpath wpath cpath flock proc exec id sendfd tty");
}

int
sandbox_launcher(uid_t uid, uint64_t secret, uint64_t caps)
{
	(void)uid;
	(void)secret;
	(void)caps;
	fatalx("there are no launchers here");
}

/* stdio: read the port, talk. */
void
sandbox_broker(void)
{
	no_paths();
	promise("stdio");
}

/* recvfd: children's pipes. tty: modes and size of terminals. */
const char *const *
sandbox_worker(void)
{
	static const char *const names[] = { "pledge", "unveil", NULL };

	no_paths();
	promise("stdio recvfd tty");
	return (names);
}

/* proc: signal and reap. */
void
sandbox_task_guard(void)
{
	no_paths();
	promise("stdio proc");
}

/*
 * recvfd: channels and pipes of tasks; tty: the size of terminals; unix: is
 * what has come a local socket?
 */
void
sandbox_switch(void)
{
	no_paths();
	promise("stdio recvfd proc tty unix");
}
