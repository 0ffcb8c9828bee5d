/*
 * No sandbox: for the sanitizers and for debuggers, which need system calls
 * that no sandbox of ours permits, and for systems that we do not know.
 */

#include <sys/types.h>

#include <stddef.h>

#include "sandbox.h"

#ifdef __linux__
#include <sys/prctl.h>

/* LeakSanitizer and debuggers attach to the process. */
static void
dumpable(void)
{
	(void)prctl(PR_SET_DUMPABLE, 1UL, 0UL, 0UL, 0UL);
}
#else
static void
dumpable(void)
{
}
#endif

void
sandbox_guard(const int *places, size_t count, int write)
{
	(void)places;
	(void)count;
	(void)write;
	dumpable();
}

void
sandbox_reaper(const int *places, size_t count, int write)
{
	sandbox_guard(places, count, write);
}

void
sandbox_keeper(const int *dirs, size_t count)
{
	sandbox_guard(dirs, count, 1);
}

void
sandbox_priv(int forks)
{
	(void)forks;
	dumpable();
}

int
sandbox_launcher(uid_t uid, uint64_t secret, uint64_t caps)
{
	(void)uid;
	(void)secret;
	(void)caps;
	dumpable();
	return (0);
}

void
sandbox_broker(void)
{
	dumpable();
}

const char *const *
sandbox_worker(void)
{
	static const char *const none[] = { NULL };

	dumpable();
	return (none);
}

void
sandbox_task_guard(void)
{
	dumpable();
}

void
sandbox_switch(void)
{
	dumpable();
}
