/* What ptrace(2) wants first: libcs do not agree. */

#ifndef COMPAT_PTRACE_H
#define COMPAT_PTRACE_H

#include <sys/ptrace.h>

#ifdef __GLIBC__
typedef enum __ptrace_request ptrace_request;
#else
typedef int ptrace_request;
#endif

#endif
