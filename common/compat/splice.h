/*
 * Bytes from pipe to pipe without passing through user memory, where the
 * system can.
 */

#ifndef COMPAT_SPLICE_H
#define COMPAT_SPLICE_H

#include <sys/types.h>

/* Is fd a pipe that splice_move() takes? */
int splice_able(int fd);
/* Let the pipe hold size bytes if that is allowed; what it holds now. */
size_t splice_size(int fd, size_t size);
/* As read and write in one, not waiting; what has moved, or -1. */
ssize_t splice_move(int from, int to, size_t len);

#endif
