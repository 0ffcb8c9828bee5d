/*
 * Privileges where there are no capabilities: root, or nothing.
 */

#include <unistd.h>

#include "privs.h"

int
privs_lock(void)
{
	return (0);
}

int
privs_locked(void)
{
	return (1);
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
