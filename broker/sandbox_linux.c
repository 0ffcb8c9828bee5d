/*
 * The broker's sandbox on Linux. It takes no descriptor, sends none and closes
 * none. A port that is a socket could be written to by who reads it, and be
 * read by who writes to it: the broker says nothing to the node, and the worker
 * hears nothing of it.
 */

#include <unistd.h>

#include "compat/sandbox_linux.h"
#include "compat/seccomp_linux.h"
#include "log.h"
#include "proto.h"
#include "sandbox.h"

static const int calls[] = {
	SYS_read, SYS_mremap,
	SYS_restart_syscall, /* stopped and continued in poll */
};

static const struct seccomp_row rows[] = {
	{ SYS_write, 0, IS_NOT, VALUES(STDIN_FILENO), NULL },
	{ SYS_writev, 0, IS_NOT, VALUES(STDIN_FILENO), NULL },
	/* From the port to the worker's pipe. */
	{ SYS_splice, 0, IS, VALUES(STDIN_FILENO),
	    ALSO(1, IS, VALUES(0),
		ALSO(1 | UPPER, IS, VALUES(0),
		    ALSO(2, IS, VALUES(RING_MOVED_FD),
			ALSO(3, IS, VALUES(0),
			    ALSO(3 | UPPER, IS, VALUES(0), NULL))))) },
};

static const struct seccomp_list list = LIST(calls, rows);
const struct seccomp_list *const seccomp_broker[] = { &seccomp_common, &list,
	NULL };

/*
 * It complains for all: they find the same kernel, and a log that says the same
 * thing four times is read less, not more.
 */
void
sandbox_broker(void)
{
	(void)sandbox_ring(seccomp_broker, log_warnx);
}
