/*
 * Handlers of what the broker asks for. It parses what a hostile node may have
 * sent, so it may have been taken over: each message is checked again, as if
 * it came from the node itself. -1: the broker is broken.
 */

#ifndef MONITOR_REQUEST_H
#define MONITOR_REQUEST_H

#include "proto.h"

int request_handle_run(const struct msg *);
int request_handle_manage(const struct msg *);
int request_handle_setpgid(const struct msg *);
int request_handle_winsz(const struct msg *);
int request_handle_ptyopts(const struct msg *);
int request_handle_stop(const struct msg *);
int request_handle_kill(const struct msg *);
int request_handle_list(const struct msg *);
int request_handle_debug(const struct msg *);
int request_handle_refuse(const struct msg *);
int request_handle_shutdown(const struct msg *);
int request_handle_hello(const struct msg *);

#endif
