/*
 * Privileges where there are no capabilities: root, or nothing.
 */

#include <errno.h>
#include <unistd.h>

#include "privs.h"

int
privs_lock(uint64_t but)
{
	errno = ENOSYS;
	return (but == 0 ? 0 : -1);
}

int
privs_locked(uint64_t but)
{
	return (but == 0);
}

int
privs_have(uint64_t permitted, uint64_t effective, uint64_t inheritable)
{
	errno = ENOSYS;
	return (permitted == 0 && effective == 0 && inheritable == 0 ? 0 : -1);
}

int
privs_has(uint64_t permitted, uint64_t effective, uint64_t inheritable)
{
	return (permitted == 0 && effective == 0 && inheritable == 0);
}

uint64_t
privs_passed(void)
{
	return (0);
}

int
privs_inherit(uint64_t caps, uint64_t *before)
{
	if (before != NULL)
		*before = 0;
	errno = ENOSYS;
	return (caps == 0 ? 0 : -1);
}

int
privs_plain_root(void)
{
	return (0);
}

uint64_t
privs_permitted(void)
{
	return (0);
}

int
privs_pass(uint64_t caps)
{
	errno = ENOSYS;
	return (caps == 0 ? 0 : -1);
}

int
privs_clear(void)
{
	return (0);
}

int
privs_none(void)
{
	return (1);
}

int
privs_fsuid(uid_t uid)
{
	(void)uid;
	return (0);
}

int
privs_keyring(void)
{
	return (0);
}

int
privs_keep(unsigned int privs)
{
	(void)privs;
	return (0);
}

int
privs_only(unsigned int privs)
{
	(void)privs;
	return (1);
}

int
privs_able(void)
{
	return (geteuid() == 0);
}

int
privs_chroot(void)
{
	return (geteuid() == 0);
}
