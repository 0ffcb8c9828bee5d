/* What the node asks for, by the table of wire.h. */

#ifndef TASK_REQUEST_H
#define TASK_REQUEST_H

#include <sys/resource.h>

struct frame;

/* fds: descriptors that the switch may have. */
void request_init(rlim_t fds);

/* 0; or -1: the frame is none that a node could send, as what says. */
int request_take(const struct frame *, const char **what);

#endif
