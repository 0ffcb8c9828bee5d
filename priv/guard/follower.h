/*
 * The guard where no process can adopt orphans, but one can be told of all
 * that another forks (compat/follow.h).
 */

#ifndef GUARD_FOLLOWER_H
#define GUARD_FOLLOWER_H

#include <sys/types.h>

/*
 * Fork: this returns in the child, which is priv, once its parent follows it;
 * the caller's process becomes the guard. When priv has ended, however it did,
 * all that descends from it is killed, and the guard ends as priv has.
 */
void follower_start(void);

/*
 * That loop: until child has ended and nobody is left, or does not die. fd is
 * of follow_open(child). Returns the status of wait(2).
 */
int follower_loop(int fd, pid_t child);

#endif
