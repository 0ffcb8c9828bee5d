/*
 * Processes that are no children of ours, and that the node manages all the
 * same: each is held by its pidfd, so a pid that comes again is never taken
 * for it.
 */

#ifndef MONITOR_FOREIGN_H
#define MONITOR_FOREIGN_H

#include "monitor/child.h"

/*
 * Take in the process that r names. 0 and it was answered, or -1 with errno:
 * ESRCH there is none, EPERM nobody may have it, EAGAIN it may be a child that
 * is about to be named, EACCES its priority may not be raised so far.
 */
int foreign_manage(const struct run *r);

/*
 * Send sig to a child or to a managed process, which has to be one that may
 * be had still. 0, or -1 with errno.
 */
int foreign_signal(const struct child *, int sig);

#endif
