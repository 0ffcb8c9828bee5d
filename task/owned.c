/* What a task has open for itself. */

#include <stddef.h>

#include "message.h"
#include "owned.h"

#define KEPT 4

static int kept[KEPT];
static size_t count;

void
owned_keep(int fd)
{
	if (fd != -1 && count < KEPT)
		kept[count++] = fd;
}

int
owned_is(int fd)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (kept[i] == fd)
			return (1);
	return (fd == TASK_CHANNEL_FD);
}
