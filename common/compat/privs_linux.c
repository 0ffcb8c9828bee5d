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
#define ROOT_BITS                                                        \
	(SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP | \
	    SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED)
#define AMBIENT_BITS \
	(SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED)

/* Who has some to pass on raises them, and has no others. */
static int
locked_bits(uint64_t but)
{
	return (but != 0 ? ROOT_BITS : ROOT_BITS | AMBIENT_BITS);
}

int
privs_lock(uint64_t but)
{
	unsigned long cap;

	if (prctl(PR_SET_SECUREBITS, (unsigned long)locked_bits(but), 0UL, 0UL,
		0UL) == -1)
		return (-1);
	for (cap = 0; cap < CAP_MAX; cap++) {
		if (but & 1ULL << cap)
			continue;
		if (prctl(PR_CAPBSET_DROP, cap, 0UL, 0UL, 0UL) == -1) {
			/* Beyond the last one that this kernel has. */
			if (errno == EINVAL)
				return (0);
			return (-1);
		}
	}
	return (0);
}

int
privs_locked(uint64_t but)
{
	unsigned long cap;
	int in = 0;

	if (prctl(PR_GET_SECUREBITS, 0UL, 0UL, 0UL, 0UL) != locked_bits(but))
		return (0);
	/* -1 for the first that this kernel does not have. */
	for (cap = 0; cap < CAP_MAX && in != -1; cap++) {
		in = prctl(PR_CAPBSET_READ, cap, 0UL, 0UL, 0UL);
		if (in == 1 && !(but & 1ULL << cap))
			return (0);
	}
	return (1);
}

static void
put_set(struct __user_cap_data_struct data[2], uint64_t permitted,
    uint64_t effective, uint64_t inheritable)
{
	int i;

	for (i = 0; i < 2; i++) {
		data[i].permitted = (uint32_t)(permitted >> 32 * i);
		data[i].effective = (uint32_t)(effective >> 32 * i);
		data[i].inheritable = (uint32_t)(inheritable >> 32 * i);
	}
}

int
privs_have(uint64_t permitted, uint64_t effective, uint64_t inheritable)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3,
		0 };
	struct __user_cap_data_struct data[2];

	put_set(data, permitted, effective, inheritable);
	return ((int)syscall(SYS_capset, &head, data));
}

int
privs_has(uint64_t permitted, uint64_t effective, uint64_t inheritable)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3,
		0 };
	struct __user_cap_data_struct have[2], want[2];

	memset(have, 0xff, sizeof(have));
	put_set(want, permitted, effective, inheritable);
	return (syscall(SYS_capget, &head, have) == 0 &&
		memcmp(have, want, sizeof(have)) == 0);
}

uint64_t
privs_passed(void)
{
	uint64_t caps = 0;
	unsigned long cap;

	for (cap = 0; cap < CAP_MAX; cap++)
		if (prctl(PR_CAP_AMBIENT, (unsigned long)PR_CAP_AMBIENT_IS_SET,
			cap, 0UL, 0UL) == 1)
			caps |= 1ULL << cap;
	return (caps);
}

int
privs_inherit(uint64_t caps, uint64_t *before)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3,
		0 };
	struct __user_cap_data_struct d[2];
	int i;

	if (syscall(SYS_capget, &head, d) == -1)
		return (-1);
	if (before != NULL)
		*before = (uint64_t)d[1].inheritable << 32 | d[0].inheritable;
	for (i = 0; i < 2; i++)
		d[i].inheritable = (uint32_t)(caps >> 32 * i);
	return ((int)syscall(SYS_capset, &head, d));
}

int
privs_plain_root(void)
{
	int bits = prctl(PR_GET_SECUREBITS, 0UL, 0UL, 0UL, 0UL);

	return (bits != -1 && (bits & ROOT_BITS) == ROOT_BITS);
}

uint64_t
privs_permitted(void)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3,
		0 };
	struct __user_cap_data_struct have[2];

	if (syscall(SYS_capget, &head, have) == -1)
		return (0);
	return ((uint64_t)have[1].permitted << 32 | have[0].permitted);
}

int
privs_pass(uint64_t caps)
{
	unsigned long cap;

	if (prctl(PR_CAP_AMBIENT, (unsigned long)PR_CAP_AMBIENT_CLEAR_ALL, 0UL,
		0UL, 0UL) == -1)
		return (-1);
	for (cap = 0; cap < CAP_MAX; cap++)
		if (caps & 1ULL << cap &&
		    prctl(PR_CAP_AMBIENT, (unsigned long)PR_CAP_AMBIENT_RAISE,
			cap, 0UL, 0UL) == -1)
			return (-1);
	return (0);
}

int
privs_clear(void)
{
	return (privs_pass(0) == -1 ? -1 : privs_have(0, 0, 0));
}

int
privs_none(void)
{
	return (privs_has(0, 0, 0));
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
