#ifndef TASK_WRITE_H
#define TASK_WRITE_H

#include <sys/types.h>

/*
 * All of it in one write(2) to a file that is there, relative to that folder.
 * 0, or -1 with errno.
 */
int file_write(int at, const char *path, const char *text, size_t len);

#endif
