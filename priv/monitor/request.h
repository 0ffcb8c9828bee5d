/*
 * Handlers of what the broker asks for. It parses what a hostile node may have
 * sent, so it may have been taken over: each message is checked again, as if
 * it came from the node itself. -1: the broker is broken.
 */

#ifndef MONITOR_REQUEST_H
#define MONITOR_REQUEST_H

#include <sys/types.h>

int request_handle_run(void *, const void *, size_t, int);
int request_handle_manage(void *, const void *, size_t, int);
int request_handle_setpgid(void *, const void *, size_t, int);
int request_handle_winsz(void *, const void *, size_t, int);
int request_handle_ptyopts(void *, const void *, size_t, int);
int request_handle_stop(void *, const void *, size_t, int);
int request_handle_kill(void *, const void *, size_t, int);
int request_handle_list(void *, const void *, size_t, int);
int request_handle_debug(void *, const void *, size_t, int);
int request_handle_refuse(void *, const void *, size_t, int);
int request_handle_shutdown(void *, const void *, size_t, int);
int request_handle_hello(void *, const void *, size_t, int);

#endif
