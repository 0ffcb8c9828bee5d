/* What FreeBSD's sys/procctl.h has, as far as tasks need it. */

#ifndef STUBS_PROCCTL_H
#define STUBS_PROCCTL_H

#include <sys/types.h>
#include <sys/wait.h>

int procctl(idtype_t, id_t, int, void *);

#endif
