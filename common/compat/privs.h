/*
 * What the systems do differently about privileges. privs_linux.c or
 * privs_none.c implement the first part without any library, caps_linux.c or
 * privs_none.c the second with libcap, for priv alone.
 */

#ifndef COMPAT_PRIVS_H
#define COMPAT_PRIVS_H

#include <sys/types.h>

#include <stdint.h>

/*
 * Make sure that no exec and no change of user gives a capability back but
 * these, 1 << n for each: securebits locked, nothing else in the bounding set.
 * Capabilities held now survive changes of user from here on. Needs root. 0 or
 * -1.
 */
int privs_lock(uint64_t but);

/* Is that so? 1 or 0. */
int privs_locked(uint64_t but);

/*
 * Give up all capabilities. 0 or -1. Allocates nothing and takes no lock, as
 * a child that shares its launcher's memory calls it.
 */
int privs_clear(void);

/* Is no capability left, in any set but the bounding one? 1 or 0. */
int privs_none(void);

/* Of the sets below. */
#define CAP_OF_SETUID (1ULL << 7)
#define CAP_OF_SYS_ADMIN (1ULL << 21)

/*
 * Have these capabilities, 1 << n for each: permitted, and of these effective.
 * The inheritable ones are what a child may be given. 0 or -1. Allocates
 * nothing, as privs_clear().
 */
int privs_have(uint64_t permitted, uint64_t effective, uint64_t inheritable);

/* What is permitted. */
uint64_t privs_permitted(void);

/* Is exactly that so? 1 or 0. */
int privs_has(uint64_t permitted, uint64_t effective, uint64_t inheritable);

/* Have exec give these, which are inheritable, and no other. 0 or -1. */
int privs_pass(uint64_t caps);

/* Those that it gives. */
uint64_t privs_passed(void);

/*
 * These are inheritable, without which none is passed on; *before, if not NULL,
 * is what was. 0 or -1.
 */
int privs_inherit(uint64_t caps, uint64_t *before);

/*
 * Does uid 0 mean nothing, for good: is a program that root starts given
 * nothing but that? 1 or 0.
 */
int privs_plain_root(void);

/* Files are opened as that user from now on. 0 or -1. */
int privs_fsuid(uid_t);

/*
 * Have a new session keyring, root's and empty, instead of the one that was
 * inherited, which whoever has it may search. Needs root, whom it makes the
 * real user too. 0, also where there are no keyrings, or -1.
 */
int privs_keyring(void);

/* What privs_keep() and privs_only() speak of. */
#define PRIV_KILL 0x1
#define PRIV_NICE 0x2
#define PRIV_SETUID 0x4

/*
 * Keep these only, permitted and effective, and nothing inheritable or
 * ambient. What the process does not have it cannot keep. 0 or -1.
 */
int privs_keep(unsigned int);

/* Is nothing held but these, in any set but the bounding one? 1 or 0. */
int privs_only(unsigned int);

/* Can this process become another one, as real root can? 1 or 0. */
int privs_able(void);

/* Can it change its root directory? 1 or 0. */
int privs_chroot(void);

#endif
