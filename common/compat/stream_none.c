/*
 * What is a pipe and what a terminal, by what everybody's fstat(2) says.
 */

#include <sys/stat.h>

#include <unistd.h>

#include "compat/stream.h"

void
stream_init(void)
{
}

enum stream_kind
stream_kind(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return (STREAM_OTHER);
	if (S_ISFIFO(st.st_mode))
		return (STREAM_PIPE);
	return (S_ISCHR(st.st_mode) ? STREAM_TERMINAL : STREAM_OTHER);
}
