/*
 * Other ends where only reading and writing tell of them.
 */

#include "compat/hangup.h"

int
hangup_open(int fd)
{
	(void)fd;
	return (-1);
}
