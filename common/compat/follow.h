/*
 * Who descends from a process, where nobody can adopt orphans but the kernel
 * tells of each fork: follow_kqueue.c, or follow_none.c.
 */

#ifndef COMPAT_FOLLOW_H
#define COMPAT_FOLLOW_H

#include <sys/types.h>

#define FOLLOW_BORN 1 /* pid is a new descendant */
#define FOLLOW_ENDED 2 /* pid has ended; with the first, at once */
#define FOLLOW_LOST 4 /* the kernel could not follow one, a child of pid */
#define FOLLOW_SIGNAL 8 /* pid is a signal that has come, and is blocked */

struct follow_event {
	unsigned int what;
	pid_t pid;
};

/* 1 or 0: is there such a thing here? */
extern const int follow_able;

/*
 * A descriptor that tells of child, which has not forked yet, of all that it
 * and they fork, and of SIGTERM, SIGINT and SIGHUP. -1 with errno.
 */
int follow_open(pid_t child);

/* 1 an event; 0 there was none for ms, -1 is for ever; -1 with errno. */
int follow_next(int fd, int ms, struct follow_event *);

#endif
