/*
 * What ioctl(2) takes for a request: of musl's libc that is an int.
 */

#ifndef COMPAT_IOCTL_H
#define COMPAT_IOCTL_H

#include <sys/ioctl.h>

typedef __typeof__(_Generic(
    &ioctl, int (*)(int, int, ...) : 0, default : 0UL)) ioctl_request;

#endif
