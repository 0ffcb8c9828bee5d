#ifndef OPENBSD_SYS_PARAM_H
#define OPENBSD_SYS_PARAM_H

#include <sys/types.h>
#include <limits.h>
#include <signal.h>

#define MAXPATHLEN PATH_MAX

#endif
