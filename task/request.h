/* What the node asks for, by the table of wire.h. */

#ifndef TASK_REQUEST_H
#define TASK_REQUEST_H

struct frame;

/* fds: descriptors that the switch may have. */
void request_init(unsigned long fds);

/* 0; or -1: the frame is none that a node could send, as what says. */
int request_take(const struct frame *, const char **what);

#endif
