/*
 * The limit of file locks, which Linux has not looked at since 2.4, and which
 * /proc tells of everybody.
 */

#include <sys/resource.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compat/mark.h"

#define LINE "Max file locks"

int
mark_set(uint32_t n)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_LOCKS, &rl) == -1)
		return (-1);
	rl.rlim_cur = n;
	return (setrlimit(RLIMIT_LOCKS, &rl));
}

int
mark_of(pid_t pid, uint32_t *n)
{
	char path[32], buf[4096], *p, *end;
	unsigned long value;
	ssize_t len;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/limits", (int)pid);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return (-1);
	len = read(fd, buf, sizeof(buf) - 1);
	(void)close(fd);
	if (len <= 0)
		return (-1);
	buf[len] = '\0';
	if ((p = strstr(buf, LINE)) == NULL)
		return (-1);
	value = strtoul(p + strlen(LINE), &end, 10);
	if (end == p + strlen(LINE) || value > UINT32_MAX)
		return (-1);
	*n = (uint32_t)value;
	return (0);
}
