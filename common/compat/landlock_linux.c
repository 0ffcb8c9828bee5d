/*
 * Landlock: what a process may reach by name. What it has open stays open,
 * and what it is sent is open already. The kernel says how much of this it
 * knows; older headers know less than the kernel, so the numbers are here.
 */

#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "sandbox_linux.h"

/* The same on every machine that we know. */
#define NR_CREATE_RULESET 444
#define NR_ADD_RULE 445
#define NR_RESTRICT_SELF 446

#define CREATE_VERSION 1U /* create_ruleset: tell the version only */
#define RULE_PATH_BENEATH 1

/* Rights on files: bits from 0 up to the highest that a version knows. */
#define FS_WRITE_FILE (1ULL << 1)
#define FS_READ_FILE (1ULL << 2)
#define FS_READ_DIR (1ULL << 3)
#define FS_REMOVE_DIR (1ULL << 4)
#define FS_MAKE_DIR (1ULL << 7)
#define FS_BITS_1 13 /* execute, write, read, remove, make */
#define FS_BITS_2 14 /* refer */
#define FS_BITS_3 15 /* truncate */
#define FS_BITS_5 16 /* ioctl on devices */

#define NET_TCP 3ULL /* bind and connect, from version 4 */
#define SCOPE_ABSTRACT_SOCKETS 1ULL /* from version 6 */
#define SCOPE_SIGNALS 2ULL /* from version 6; 7 adds nothing to refuse */

struct ruleset {
	uint64_t fs;
	uint64_t net;
	uint64_t scoped;
};

struct path_beneath {
	uint64_t allowed;
	int32_t fd;
} __attribute__((__packed__));

/*
 * A kernel without it, one that was started without it, or a container whose
 * own filter refuses it: there is none.
 */
static int
landlock_version(void)
{
	long n;

	n = syscall(NR_CREATE_RULESET, NULL, 0UL, CREATE_VERSION);
	if (n == -1 && errno != ENOSYS && errno != EOPNOTSUPP && errno != EPERM)
		fatal("version of Landlock");
	return ((int)n);
}

static int
fs_bits(int v)
{
	if (v == 1)
		return (FS_BITS_1);
	if (v == 2)
		return (FS_BITS_2);
	return (v < 5 ? FS_BITS_3 : FS_BITS_5);
}

/* All that this version can refuse. */
static void
landlock_refuse(struct ruleset *r, int v, int flags)
{
	memset(r, 0, sizeof(*r));
	r->fs = (1ULL << fs_bits(v)) - 1;
	if (v >= 4)
		r->net = NET_TCP;
	if (v >= 6 && flags & LANDLOCK_ALONE)
		r->scoped = SCOPE_ABSTRACT_SOCKETS | SCOPE_SIGNALS;
}

static void
landlock_allow(int ruleset, int fd, uint64_t what)
{
	struct path_beneath rule;

	rule.allowed = what;
	rule.fd = fd;
	if (syscall(NR_ADD_RULE, ruleset, RULE_PATH_BENEATH, &rule, 0U) == -1)
		fatal("Landlock: rule");
}

static void
allow_proc(int ruleset)
{
	int fd;

	if ((fd = open("/proc", O_PATH | O_CLOEXEC)) == -1) {
		log_warn("/proc");
		return;
	}
	landlock_allow(ruleset, fd, FS_READ_FILE | FS_READ_DIR);
	(void)close(fd);
}

/*
 * With hidepid a /proc shows a process only to those who could trace it, and
 * nobody under Landlock can trace one that is not: it would be blind.
 */
static int
proc_hides(void)
{
	char line[1024];
	int hides = 0;
	FILE *f;

	if ((f = fopen("/proc/self/mountinfo", "re")) == NULL)
		return (0);
	while (fgets(line, sizeof(line), f) != NULL)
		if (strstr(line, " /proc ") != NULL &&
		    strstr(line, " - proc ") != NULL)
			hides = strstr(line, "hidepid=") != NULL;
	(void)fclose(f);
	return (hides);
}

int
landlock_restrict(int flags, const int *dirs, size_t count)
{
	uint64_t below = FS_READ_DIR | FS_READ_FILE | FS_REMOVE_DIR;
	struct ruleset r;
	size_t i;
	int fd, v;

	if ((v = landlock_version()) < 1)
		return (-1);
	if (flags & LANDLOCK_READ_PROC && proc_hides()) {
		log_debug("/proc has hidepid: no Landlock");
		return (0);
	}
	landlock_refuse(&r, v, flags);
	fd = (int)syscall(NR_CREATE_RULESET, &r, sizeof(r), 0U);
	if (fd == -1)
		fatal("Landlock: ruleset");
	if (flags & LANDLOCK_READ_PROC)
		allow_proc(fd);
	if (flags & (LANDLOCK_MAKE | LANDLOCK_WRITE))
		below |= FS_WRITE_FILE;
	if (flags & LANDLOCK_MAKE)
		below |= FS_MAKE_DIR;
	for (i = 0; i < count; i++)
		landlock_allow(fd, dirs[i], below);
	if (syscall(NR_RESTRICT_SELF, fd, 0U) == -1)
		fatal("Landlock: restriction");
	(void)close(fd);
	return (0);
}
