/*
 * Handlers of what the broker asks of a child's leaf: see request.h.
 */

#ifndef MONITOR_REQUEST_LEAF_H
#define MONITOR_REQUEST_LEAF_H

#include "proto.h"

int request_handle_cgroup_set(const struct msg *);
int request_handle_stats(const struct msg *);
int request_handle_pause(const struct msg *);

#endif
