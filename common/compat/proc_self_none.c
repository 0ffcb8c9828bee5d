/* What a process denies others, and itself, where the system has no such. */

#include "proc.h"

void
proc_title_init(int argc, char *argv[], char *envp[])
{
	(void)argc;
	(void)argv;
	(void)envp;
}

void
proc_undumpable(void)
{
}

int
proc_set_no_new_privs(void)
{
	return (0);
}
