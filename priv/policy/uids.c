/*
 * The uids of one instance. Whoever has a process's uid may signal it, slow it
 * down or take what the system counts for a user: so no two instances have one
 * in common, nor has a launcher one with any other process of ours. They are
 * taken, a slot for each instance, from the range that /etc/subuid gives to
 * _proctor, where nobody else's are. Who has which slot says a lock on a byte
 * of a file, which guard, reaper and priv hold as long as one of them lives.
 * They are taken in turn, so that what an instance has left of its own finds
 * none with its uid for long.
 */

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <paths.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "compat/lock.h"
#include "compat/privs.h"
#include "log.h"
#include "policy/policy.h"
#include "policy/uids.h"

#define RANGES "/etc/subuid"
#define LOCKS _PATH_VARRUN "proctor.uids"
#define SLOTS_MAX 65536
#define OWNERS 1024 /* read at once */

static uid_t first;
static uint32_t slots; /* of the range; 0: there is none */
static int lock_fd = -1;

/* Does root's file say it? The first range of that name that fits is it. */
static int
range_find(const char *name)
{
	unsigned long long from, count;
	size_t len = strlen(name);
	char line[256];
	FILE *f;
	int fd;

	if ((fd = policy_open(RANGES)) == -1)
		return (0);
	if ((f = fdopen(fd, "r")) == NULL)
		fatal("uids: %s", RANGES);
	while (slots == 0 && fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, name, len) != 0 || line[len] != ':' ||
		    sscanf(line + len, ":%llu:%llu", &from, &count) != 2)
			continue;
		if (from == 0 || from >= UINT32_MAX ||
		    count > UINT32_MAX - from)
			continue;
		first = (uid_t)from;
		slots = (uint32_t)(count / UIDS_SLOT);
		if (slots > SLOTS_MAX)
			slots = SLOTS_MAX;
	}
	(void)fclose(f);
	return (slots > 0);
}

static const char *
refusal(const char *, ...) __attribute__((__format__(printf, 1, 2)));

/* Why there is none. */
static const char *
refusal(const char *fmt, ...)
{
	static char why[128];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	return (why);
}

/*
 * It is root's, like the directory, and nobody else can open it. -1: it cannot
 * be had.
 */
static int
locks_open(void)
{
	struct stat st;
	int fd, high;

	fd = open(LOCKS, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1 || fstat(fd, &st) == -1 || !S_ISREG(st.st_mode) ||
	    st.st_uid != 0 || (st.st_mode & (S_IWGRP | S_IWOTH)) ||
	    (high = fcntl(fd, F_DUPFD_CLOEXEC, 16)) == -1)
		return (-1);
	(void)close(fd);
	return (high); /* out of the way of those with fixed numbers */
}

/* The file begins with the slot whose turn it is. */
#define TURN_AT 0

/* Where it has the starter of the instance in that slot. */
static off_t
owner_at(uint32_t slot)
{
	return (TURN_AT + (off_t)sizeof(uint32_t) +
		(off_t)slot * (off_t)sizeof(uid_t));
}

/* How many slots that starter has besides ours. */
static uint32_t
slots_of(uid_t starter)
{
	uid_t owners[OWNERS];
	uint32_t at = 0, i, n = 0;
	ssize_t len;

	while (at < slots && (len = pread(lock_fd, owners, sizeof(owners),
				  owner_at(at))) > 0) {
		for (i = 0; i < (size_t)len / sizeof(owners[0]); i++)
			n += owners[i] == starter &&
			     lock_is_held(lock_fd, (off_t)at + i) == 1;
		at += OWNERS;
	}
	return (n);
}

static const char *
slots_none(const char *part)
{
	return (refusal("%s the uids that %s has for its instances are taken",
	    part, RANGES));
}

/*
 * The next slot that nobody has: 0; or -1 where there are no locks, or *why
 * says what there is not. One starter cannot have them all, which is known once
 * it has taken one more: so nobody waits for anybody, and nobody can be made
 * to.
 */
static int
slot_take(uid_t starter, uint32_t *slot, const char **why)
{
	uint32_t turn, n, i = 0;

	if (pread(lock_fd, &turn, sizeof(turn), TURN_AT) !=
	    (ssize_t)sizeof(turn))
		turn = 0; /* a new file */
	for (n = 0; n < slots; n++) {
		i = (turn % slots + n) % slots;
		if (lock_byte(lock_fd, (off_t)i) == 0)
			break;
		if (errno == ENOSYS)
			return (-1);
		if (errno != EAGAIN && errno != EACCES)
			fatal("%s: lock", LOCKS);
	}
	if (n == slots) {
		*why = slots_none("all of");
		return (-1);
	}
	turn = i + 1;
	if (pwrite(lock_fd, &starter, sizeof(starter), owner_at(i)) !=
		(ssize_t)sizeof(starter) ||
	    pwrite(lock_fd, &turn, sizeof(turn), TURN_AT) !=
		(ssize_t)sizeof(turn))
		fatal("%s: write", LOCKS);
	if (starter != 0 && slots_of(starter) >= (slots + 1) / 2) {
		*why = slots_none("by its starter half of");
		return (-1);
	}
	*slot = i;
	return (0);
}

/* A user namespace may not have all of them: NULL, or why not. */
static const char *
slot_prove(uid_t from)
{
	uint32_t i;

	for (i = 0; i < UIDS_SLOT; i++)
		if (privs_fsuid(from + i) == -1)
			return (
			    refusal("there is no uid %u here, which %s names",
				(unsigned int)(from + i), RANGES));
	if (privs_fsuid(0) == -1)
		fatal("file-system uid");
	return (NULL);
}

int
uids_take(const char *name, uid_t starter, uid_t *uid, const char **why)
{
	uint32_t slot;

	*why = NULL;
	if (!range_find(name))
		return (-1);
	if ((lock_fd = locks_open()) == -1) {
		*why = refusal("%s: %s", LOCKS, strerror(errno));
		return (-1);
	}
	if (slot_take(starter, &slot, why) == -1) {
		(void)close(lock_fd); /* and with that what was taken */
		lock_fd = -1;
		return (-1);
	}
	*uid = first + slot * UIDS_SLOT;
	return ((*why = slot_prove(*uid)) == NULL ? 0 : -1);
}

int
uids_has(uid_t uid)
{
	return (uid >= first && uid - first < slots * UIDS_SLOT);
}

int
uids_keep(int at)
{
	if (lock_fd == -1)
		return (0);
	if (dup3(lock_fd, at, O_CLOEXEC) == -1)
		fatal("%s: descriptor", LOCKS);
	lock_fd = at;
	return (1);
}
