/*
 * The filter of a launcher and its children on Linux. cap_setuid is good for
 * three things: to set uids, which is what is looked at here; to map them into
 * a user namespace, which it cannot make, but an accomplice of its user outside
 * can; and to claim one on a local socket. The last two no filter can see:
 * SECURITY.md.
 */

#include <sys/ioctl.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <linux/sched.h>

#include "compat/privs.h"
#include "compat/proc.h"
#include "compat/seccomp_linux.h"
#include "log.h"
#include "sandbox.h"

/* What sandbox_launcher() fills in. */
static uint32_t uids[] = { 0, (uint32_t)-1 }; /* the first */
static uint32_t secrets[2];

static const int calls[] = {
	SYS_setns,
	UID16_CALL(SYS_setuid),
	UID16_CALL(SYS_setfsuid),
	UID16_CALL(SYS_setreuid),
	UID16_CALL(SYS_setresuid),
};

#define OTHER_UID IS_NOT, uids, COUNT(uids), NULL

/*
 * A child may not make children for priv, which would know nothing of them. A
 * launcher must: it says a secret in the two arguments that the kernel does
 * not look at with its flags, which are the last on every machine.
 */
#define PARENT_WITHOUT(arg, half)                \
	SYS_clone, 0, HAS, VALUES(CLONE_PARENT), \
	    ALSO(arg, IS_NOT, &secrets[half], 1, NULL)

/*
 * No file of a launcher's own uid may be set-user-ID, which could be another
 * instance's later; who makes it, launcher or child, a filter cannot tell.
 */
#define SUID_IF_MADE(arg)     \
	HAS, VALUES(S_ISUID), \
	    ALSO(arg, HAS, VALUES(O_CREAT | (O_TMPFILE & ~O_DIRECTORY)), NULL)

static const struct seccomp_row rows[] = {
	{ UID_CALL(SYS_setuid), 0, OTHER_UID },
	{ UID_CALL(SYS_setfsuid), 0, OTHER_UID },
	{ UID_CALL(SYS_setreuid), 0, OTHER_UID },
	{ UID_CALL(SYS_setreuid), 1, OTHER_UID },
	{ UID_CALL(SYS_setresuid), 0, OTHER_UID },
	{ UID_CALL(SYS_setresuid), 1, OTHER_UID },
	{ UID_CALL(SYS_setresuid), 2, OTHER_UID },
	{ SYS_unshare, 0, HAS, VALUES(CLONE_NEWUSER), NULL },
	{ SYS_clone, 0, HAS, VALUES(CLONE_NEWUSER), NULL },
	{ PARENT_WITHOUT(3, 0) },
	{ PARENT_WITHOUT(4, 1) },
	/* Type into somebody else's terminal: from a child, its starter's. */
	{ SYS_ioctl, 1, IS, VALUES(TIOCSTI, TIOCLINUX), NULL },
	{ SYS_chmod, 1, HAS, VALUES(S_ISUID), NULL },
	{ SYS_fchmod, 1, HAS, VALUES(S_ISUID), NULL },
	{ SYS_fchmodat, 2, HAS, VALUES(S_ISUID), NULL },
	{ SYS_fchmodat2, 2, HAS, VALUES(S_ISUID), NULL },
	{ SYS_mknod, 1, HAS, VALUES(S_ISUID), NULL },
	{ SYS_mknodat, 2, HAS, VALUES(S_ISUID), NULL },
	{ SYS_creat, 1, HAS, VALUES(S_ISUID), NULL },
	{ SYS_open, 2, SUID_IF_MADE(1) },
	{ SYS_openat, 3, SUID_IF_MADE(2) },
};
const struct seccomp_list seccomp_launcher = LIST(calls, rows);

/* What each capability is for, of the calls above. */
static const struct {
	int call;
	uint64_t cap;
} means[] = {
	{ UID_CALL(SYS_setuid), CAP_OF_SETUID },
	{ UID_CALL(SYS_setfsuid), CAP_OF_SETUID },
	{ UID_CALL(SYS_setreuid), CAP_OF_SETUID },
	{ UID_CALL(SYS_setresuid), CAP_OF_SETUID },
	{ UID16_CALL(SYS_setuid), CAP_OF_SETUID },
	{ UID16_CALL(SYS_setfsuid), CAP_OF_SETUID },
	{ UID16_CALL(SYS_setreuid), CAP_OF_SETUID },
	{ UID16_CALL(SYS_setresuid), CAP_OF_SETUID },
	{ SYS_setns, CAP_OF_SYS_ADMIN },
};

static int
is_free(int call, uint64_t caps)
{
	size_t i;

	for (i = 0; i < COUNT(means); i++)
		if (means[i].call == call && caps & means[i].cap)
			return (1);
	return (0);
}

/* Without what the capabilities are for. */
static const struct seccomp_list *
refused(uint64_t caps)
{
	static struct seccomp_row some_rows[COUNT(rows)];
	static int some_calls[COUNT(calls)];
	static struct seccomp_list some = { some_calls, 0, some_rows, 0 };
	size_t i;

	if (caps == 0)
		return (&seccomp_launcher);
	for (i = 0; i < COUNT(calls); i++)
		if (!is_free(calls[i], caps))
			some_calls[some.ncalls++] = calls[i];
	for (i = 0; i < COUNT(rows); i++)
		if (!is_free(rows[i].call, caps))
			some_rows[some.nrows++] = rows[i];
	return (&some);
}

/*
 * What they do is in memory; libc takes clone when there is no clone3, and who
 * calls the others has to go on without them on older systems.
 */
static const int absent_calls[] = {
	SYS_clone3,
	SYS_openat2,
	SYS_io_uring_setup,
};
const struct seccomp_list seccomp_absent = { absent_calls, COUNT(absent_calls),
	NULL, 0 };

/* Only this, as the children inherit it; they are no part of ours. */
int
sandbox_launcher(uid_t uid, uint64_t secret, uint64_t caps)
{
	uids[0] = uid;
	secrets[0] = (uint32_t)secret;
	secrets[1] = (uint32_t)(secret >> 32);
	if (proc_set_no_new_privs() == -1)
		fatal("no_new_privs");
	if (seccomp_refuse(refused(caps), &seccomp_absent) == -1)
		log_warnx("this system has no system call filter: a launcher "
			  "is not held to its uid");
	return (1);
}
