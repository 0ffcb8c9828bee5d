/*
 * The task program's sandboxes on Linux. Tasks have none: what a node may ask
 * of them is all that their user may.
 */

#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include "compat/sandbox_linux.h"
#include "compat/seccomp_linux.h"
#include "log.h"
#include "sandbox.h"

#define READING                                                         \
	(O_RDONLY | O_CLOEXEC | O_DIRECTORY | O_NONBLOCK | O_NOFOLLOW | \
	    O_NOCTTY | O_LARGEFILE)
#define RWF_NOWAIT_BIT 8 /* RWF_NOWAIT, which not every header has */
#define PIDFD_INFO 0xc040ff0b /* as compat/pidfd_linux.c asks it */

/* Who is below us is read in /proc, and Landlock shows no other file. */
static const int reading_calls[] = {
	SYS_getdents64,
	SYS_pread64,
	SYS_lseek,
	SYS_readv,
	FSTAT_BY_STATX,
};

static const struct seccomp_row reading_rows[] = {
	{ SYS_openat, 2, LACKS, VALUES((uint32_t)~READING), NULL },
	{ SYS_open, 1, LACKS, VALUES((uint32_t)~READING), NULL },
	{ SYS_fcntl, 1, IS, VALUES(F_SETFD, F_GETFL), NULL },
};

static const struct seccomp_list reading = LIST(reading_calls, reading_rows);

static const int switch_calls[] = {
	SYS_recvmsg,
	SYS_sendmsg,
	SYS_mremap,
	SYS_epoll_pwait,
	SYS_epoll_ctl,
	SYS_shutdown,
	SYS_vmsplice,
	SYS_writev,
	SYS_statx,
	SYS_getppid,
};

/* Streams are whoever's has made them: nothing is done that could wait. */
static const struct seccomp_row switch_rows[] = {
	{ SYS_ioctl, 1, IS, VALUES(FIONBIO, FIONREAD, TIOCSWINSZ, PIDFD_INFO),
	    ALSO(0, IS_NOT, VALUES(STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO),
		NULL) },
	{ SYS_fcntl, 1, IS, VALUES(F_GETPIPE_SZ, F_SETPIPE_SZ),
	    ALSO(0, IS_NOT, VALUES(STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO),
		NULL) },
	{ SYS_getsockopt, 1, IS, VALUES(SOL_SOCKET), NULL },
	{ SYS_preadv2, 5, IS, VALUES(RWF_NOWAIT_BIT), NULL },
	{ SYS_pwritev2, 5, IS, VALUES(RWF_NOWAIT_BIT), NULL },
	{ SYS_splice, 1, IS, VALUES(0), ALSO(3, IS, VALUES(0), NULL) },
	{ SYS_setitimer, 0, IS, VALUES(0), NULL }, /* ITIMER_REAL */
	SECCOMP_LINGER,
};

static const struct seccomp_list moving = LIST(switch_calls, switch_rows);

const struct seccomp_list *const seccomp_task_guard[] = { &seccomp_common,
	&seccomp_signals, &reading, NULL };
const struct seccomp_list *const seccomp_switch[] = { &seccomp_common,
	&seccomp_signals, &reading, &moving, NULL };

void
sandbox_task_guard(void)
{
	sandbox_alone();
	(void)sandbox_confine(
	    seccomp_task_guard, LANDLOCK_READ_PROC, NULL, 0, log_debug);
}

void
sandbox_switch(void)
{
	sandbox_alone();
	(void)sandbox_confine(
	    seccomp_switch, LANDLOCK_READ_PROC, NULL, 0, log_debug);
}
