/*
 * What is a file of a control group.
 */

#ifndef COMPAT_CGROUP_FILE_H
#define COMPAT_CGROUP_FILE_H

/*
 * 1 or 0: is it in a tree of control groups, of either version? Whoever has
 * sent it can open nothing of a file system with a server, which would be
 * asked.
 */
int cgroup_is_file(int fd);

#endif
