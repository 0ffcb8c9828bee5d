/*
 * The worker's sandbox on Linux: libevent, descriptors from priv, pipes,
 * terminals. It sends none, and so none has another number than it began with.
 */

#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <fcntl.h>
#include <unistd.h>

#include "compat/sandbox_linux.h"
#include "compat/seccomp_linux.h"
#include "log.h"
#include "sandbox.h"

#define RWF_NOWAIT_BIT 8 /* RWF_NOWAIT, which not every header has */

static const int calls[] = {
	SYS_write,
	SYS_close,
	SYS_mremap,
	SYS_epoll_wait,
	SYS_epoll_pwait,
	SYS_epoll_pwait2,
	SYS_epoll_ctl,
	SYS_clock_gettime, /* these where there is no vdso */
	SYS_clock_gettime64,
	SYS_gettimeofday,
	SYS_writev,
	SYS_vmsplice,
	SYS_statx,
	SYS_fstat, /* where there is no statx */
	SYS_newfstatat,
	SYS_rt_sigreturn,
	SYS_sigreturn,
};

/* What is written to a file, as a log can be, is written where it is due. */
#define AND_DUE                                  \
	ALSO(3, IS, VALUES(UINT32_MAX), /* -1 */ \
	    ALSO(OFFSET_UPPER, IS, VALUES(UINT32_MAX), NULL))

static const struct seccomp_row rows[] = {
	/*
	 * Nothing that would type into a terminal, or have signals sent; and
	 * nothing of this with a port or a log that is one.
	 */
	{ SYS_ioctl, 1, IS,
	    VALUES(FIONBIO, FIONREAD, TIOCSWINSZ, TCGETS, TCSETS, TCGETS2,
		TCSETS2),
	    ALSO(0, IS_NOT, VALUES(STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO),
		NULL) },
	{ SYS_ioctl, 1, IS, VALUES(FIONBIO),
	    ALSO(0, IS, VALUES(STDOUT_FILENO), NULL) },
	{ SYS_fcntl, 1, IS, VALUES(F_GETFL, F_GETPIPE_SZ, F_SETPIPE_SZ),
	    ALSO(0, IS_NOT, VALUES(STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO),
		NULL) },
	/* Nothing from the port, which may be a socket. */
	{ SYS_read, 0, IS_NOT, VALUES(STDOUT_FILENO), NULL },
	{ SYS_recvmsg, 0, IS_NOT, VALUES(STDOUT_FILENO), NULL },
	{ SYS_preadv2, 5, IS, VALUES(RWF_NOWAIT_BIT),
	    ALSO(0, IS_NOT, VALUES(STDOUT_FILENO), AND_DUE) },
	{ SYS_pwritev2, 5, IS, VALUES(RWF_NOWAIT_BIT), AND_DUE },
	{ SYS_splice, 1, IS, VALUES(0),
	    ALSO(1 | UPPER, IS, VALUES(0),
		ALSO(3, IS, VALUES(0),
		    ALSO(3 | UPPER, IS, VALUES(0),
			ALSO(0, IS_NOT, VALUES(STDOUT_FILENO), NULL)))) },
	{ SYS_setitimer, 0, IS, VALUES(0), NULL }, /* ITIMER_REAL */
	SECCOMP_LINGER,
};

static const struct seccomp_list list = LIST(calls, rows);
const struct seccomp_list *const seccomp_worker[] = { &seccomp_common, &list,
	NULL };

const char *const *
sandbox_worker(void)
{
	return (sandbox_ring(seccomp_worker, log_debug));
}
