/*
 * proctor-task: a tree of processes that a node drives by system calls. The
 * process that was started becomes the guard, its child the switch.
 */

#include <sys/auxv.h>

#include <stdlib.h>

#include "log.h"

int
main(void)
{
	log_init("proctor-task", 0);
	if (getauxval(AT_SECURE) != 0)
		fatalx("has more rights than its starter");
	return (0);
}
