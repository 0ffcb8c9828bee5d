/*
 * Handlers of what the worker reports. It parses nothing of the node's, but
 * reads what children write, and so it may have been taken over.
 */

#ifndef MONITOR_REPORT_H
#define MONITOR_REPORT_H

#include "proto.h"

int report_handle_lost(const struct msg *);
int report_handle_drained(const struct msg *);
int report_handle_cut(const struct msg *);
int report_handle_idle(const struct msg *);

#endif
