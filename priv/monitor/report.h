/*
 * Handlers of what the worker reports. It parses nothing of the node's, but
 * reads what children write, and so it may have been taken over.
 */

#ifndef MONITOR_REPORT_H
#define MONITOR_REPORT_H

#include <sys/types.h>

int report_handle_lost(void *, const void *, size_t, int);
int report_handle_drained(void *, const void *, size_t, int);
int report_handle_cut(void *, const void *, size_t, int);

#endif
