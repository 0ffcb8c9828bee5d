/* A system in which processes have no such number. */

#include "compat/mark.h"

int
mark_set(uint32_t n)
{
	(void)n;
	return (-1);
}

int
mark_of(pid_t pid, uint32_t *n)
{
	(void)pid;
	(void)n;
	return (-1);
}
