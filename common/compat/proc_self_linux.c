/* What a process denies others, and itself, on Linux. */

#include <sys/prctl.h>

#include <unistd.h>

#include "proc.h"

void
proc_title_init(int argc, char *argv[], char *envp[])
{
	setproctitle_init(argc, argv, envp);
}

void
proc_undumpable(void)
{
	(void)prctl(PR_SET_DUMPABLE, 0UL, 0UL, 0UL, 0UL);
}

int
proc_set_no_new_privs(void)
{
	return (prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL));
}
