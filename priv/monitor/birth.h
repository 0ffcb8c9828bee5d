/*
 * Births: what becomes of a launch, whoever made the process. All that is
 * said of it comes from a launcher, and is not trusted.
 */

#ifndef MONITOR_BIRTH_H
#define MONITOR_BIRTH_H

#include <sys/types.h>

#include "monitor/child.h"

/*
 * c, which is CHILD_ASKED, was launched, or was not, as l says; c->started is
 * called, and c is freed if it does not run. fds, -1 where there is none, are
 * taken over. 0, or -1 if l cannot be true: then c is as it was.
 */
int birth_result(struct child *c, struct launched *l, int fds[3]);

/*
 * c will not be launched, as that has failed, or its launcher is gone. Frees c,
 * once its leaf is gone if it has one.
 */
void birth_fail(struct child *c, enum stage, int error, const char *text);
void birth_lost(struct child *c);

/*
 * Take in a process that never became a child that anybody is told of: it is
 * waited for, and ended with all others. 1 if it lives, else 0; 0, too, if pid
 * is no child of ours or one that is known.
 */
int birth_adopt(pid_t);

/* Kill a child of ours that is in no table. 1 if it was killed, else 0. */
int birth_kill(pid_t);

#endif
