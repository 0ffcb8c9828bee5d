/*
 * What becomes of launches, where monitor_launch.c stands for launch.c.
 */

#ifndef MONITOR_LAUNCH_FAKE_H
#define MONITOR_LAUNCH_FAKE_H

#include <sys/types.h>

#include <stdint.h>

/* The child of that number was made, and is pid. */
void launched(uint32_t id, pid_t pid);

/* It was not. */
void launch_fails(uint32_t id);

#endif
