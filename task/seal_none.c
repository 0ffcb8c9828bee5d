/* A system on which nothing can be sealed. */

#include <errno.h>

#include "seal.h"

int
seal(const struct call_set *denied, int before)
{
	(void)denied;
	(void)before;
	errno = ENOSYS;
	return (-1);
}
