/*
 * The signals of a system that its C library numbers when it runs: 0, where
 * there are none.
 */

#ifndef COMPAT_REALTIME_H
#define COMPAT_REALTIME_H

#include <signal.h>

#ifdef SIGRTMIN
#define REALTIME_FIRST SIGRTMIN
#define REALTIME_LAST SIGRTMAX
#else
#define REALTIME_FIRST 0
#define REALTIME_LAST 0
#endif

#endif
