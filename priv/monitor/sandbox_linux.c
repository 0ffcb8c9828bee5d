/*
 * Priv's sandbox on Linux: signals, priorities, groups and ends of children;
 * messages.
 */

#include <sys/resource.h>
#include <sys/socket.h>

#include <fcntl.h>

#include "compat/seccomp_linux.h"
#include "compat/sandbox_linux.h"
#include "log.h"
#include "sandbox.h"

static const int calls[] = {
	SYS_writev,
	SYS_sendmsg,
	SYS_recvmsg,
	SYS_recvfrom,
	SYS_recv,
	SYS_shutdown, /* of a launcher: its channel stays till we end */
	SYS_mremap,
	SYS_epoll_wait,
	SYS_epoll_pwait,
	SYS_epoll_ctl,
	SYS_statx,
	SYS_fstatfs, /* of what the keeper sends */
	SYS_setpgid,
};

static const struct seccomp_row rows[] = {
	{ SYS_setpriority, 0, IS, VALUES(PRIO_PROCESS), NULL },
	{ SYS_getpriority, 0, IS, VALUES(PRIO_PROCESS), NULL },
	/* Children are counted by locks. */
	{ SYS_fcntl, 1, IS, VALUES(F_SETLK, F_GETLK), NULL },
	SECCOMP_LINGER,
};

static const struct seccomp_list list = LIST(calls, rows);
const struct seccomp_list *const seccomp_priv[] = { &seccomp_common,
	&seccomp_signals, &list, NULL };

/* Without a launcher it forks, opens and executes whatever is asked. */
void
sandbox_priv(int forks)
{
	if (!forks)
		(void)sandbox_confine(seccomp_priv, 0, NULL, 0, log_debug);
}
