/*
 * The environment of a child.
 */

#ifndef LAUNCHER_ENVIRON_H
#define LAUNCHER_ENVIRON_H

struct run;
struct spawn_base;

/*
 * What b has, changed as r says: an array for execve(2), which points into
 * both and is the caller's to free. NULL with errno.
 */
char **spawn_environ(const struct spawn_base *b, const struct run *r);

#endif
