/*
 * A process by a descriptor, which means that one and no other for ever.
 * pidfd_linux.c, or pidfd_none.c where there is no such thing.
 */

#ifndef COMPAT_PIDFD_H
#define COMPAT_PIDFD_H

#include <sys/types.h>
#include <sys/resource.h>

#include <stdint.h>

/* To be called once, before a sandbox. Fatal on failure. */
void pidfd_init(void);

/*
 * One of pid, which is to be a child of ours that was not reaped. -1 with
 * errno.
 */
int pidfd_of(pid_t pid);

/*
 * The pid that it has here: 0 if it has none that can be seen. -1 with errno:
 * EINVAL, fd is no such descriptor; ESRCH, its process was reaped; or it cannot
 * be read.
 */
int pidfd_pid(int fd, pid_t *pid);

/*
 * Send it a signal; the second with a value for whoever takes that. 0, or -1
 * with errno: ESRCH if it was reaped.
 */
int pidfd_signal(int fd, int sig);
int pidfd_queue(int fd, int sig, uint32_t value);

/* Its parent's pid here. 0 or -1. */
int pidfd_parent(int fd, pid_t *parent);

/* Is it stopped? 1 or 0. */
int pidfd_stopped(int fd);

/*
 * The status, as of wait(2), of one that its parent, which is somebody else,
 * has reaped. 0, or -1: it cannot be told, or not yet.
 */
int pidfd_status(int fd, int *status);

#endif
