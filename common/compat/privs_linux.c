/*
 * Privileges on Linux, by bare system calls.
 */

#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/securebits.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "privs.h"

#define CAP_MAX 64

/*
 * uid 0 means nothing to exec and to changes of user; no ambient capability
 * can be raised; and all that for good.
 */
#define LOCKED_BITS                                                      \
	(SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP | \
	    SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED |    \
	    SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED)

int
privs_lock(void)
{
	unsigned long cap;

	if (prctl(PR_SET_SECUREBITS, (unsigned long)LOCKED_BITS, 0UL, 0UL,
		0UL) == -1)
		return (-1);
	for (cap = 0; cap < CAP_MAX; cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0UL, 0UL, 0UL) == -1) {
			/* Beyond the last one that this kernel has. */
			if (errno == EINVAL)
				return (0);
			return (-1);
		}
	return (0);
}

int
privs_locked(void)
{
	unsigned long cap;
	int in = 0;

	if (prctl(PR_GET_SECUREBITS, 0UL, 0UL, 0UL, 0UL) != LOCKED_BITS)
		return (0);
	/* -1 for the first that this kernel does not have. */
	for (cap = 0; cap < CAP_MAX && in == 0; cap++)
		in = prctl(PR_CAPBSET_READ, cap, 0UL, 0UL, 0UL);
	return (in != 1);
}

int
privs_clear(void)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3,
		0 };
	struct __user_cap_data_struct none[2];

	memset(none, 0, sizeof(none));
	if (prctl(PR_CAP_AMBIENT, (unsigned long)PR_CAP_AMBIENT_CLEAR_ALL, 0UL,
		0UL, 0UL) == -1)
		return (-1);
	return ((int)syscall(SYS_capset, &head, none));
}

int
privs_none(void)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3,
		0 };
	struct __user_cap_data_struct have[2], none[2];

	memset(none, 0, sizeof(none));
	memset(have, 0xff, sizeof(have));
	return (syscall(SYS_capget, &head, have) == 0 &&
		memcmp(have, none, sizeof(have)) == 0);
}

int
privs_fsuid(uid_t uid)
{
	(void)setfsuid(uid);
	/* It tells the one before, and changes nothing for an invalid one. */
	return ((uid_t)setfsuid((uid_t)-1) == uid ? 0 : -1);
}

int
privs_keyring(void)
{
	/* The real user has it, and its quota counts. */
	if (setresuid(0, 0, 0) == -1)
		return (-1);
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) != -1)
		return (0);
	/* A kernel without; or a container that may not use them at all. */
	return (errno == ENOSYS || errno == EPERM ? 0 : -1);
}
