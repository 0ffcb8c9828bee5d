/*
 * Larger pipes, so that who reads and who writes wake each other less often.
 * Not for everyone: the system counts what all pipes of a user hold.
 */

#include "compat/splice.h"
#include "worker.h"

#define LARGE_MAX 16 /* of output, and as many of input */

int
pipe_grow(int fd, int count)
{
	return (count < LARGE_MAX && splice_size(fd, PIPE_LARGE) >= PIPE_LARGE);
}
