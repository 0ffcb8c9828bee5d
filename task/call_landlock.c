/*
 * The call landlock: from here on no file can be reached by name but those
 * below these paths, and these only in that way. What is open stays open.
 */

#include <sys/stat.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <strings.h>
#include <unistd.h>

#include "call_linux.h"

/* The same on every machine that we know; headers may know less. */
#define NR_CREATE_RULESET 444
#define NR_ADD_RULE 445
#define NR_RESTRICT_SELF 446
#define CREATE_VERSION 1U
#define RULE_PATH_BENEATH 1

#define EXECUTE (1ULL << 0)
#define WRITE_FILE (1ULL << 1)
#define READ_FILE (1ULL << 2)
#define READ_DIR (1ULL << 3)
#define REMOVE (3ULL << 4)
#define MAKE (127ULL << 6)
#define REFER (1ULL << 13) /* version 2 */
#define TRUNCATE (1ULL << 14) /* 3 */
#define IOCTL (1ULL << 15) /* 5 */
#define OF_FILES (EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL)

struct ruleset {
	uint64_t fs;
	uint64_t net;
	uint64_t scoped;
};

struct beneath {
	uint64_t access;
	int32_t fd;
} __attribute__((__packed__));

struct word {
	const char *name;
	uint64_t bits;
	int version;
};

static const struct word accesses[] = {
	{ "execute", EXECUTE, 1 },
	{ "read", READ_FILE | READ_DIR, 1 },
	{ "write", WRITE_FILE | TRUNCATE, 1 },
	{ "make", MAKE | REFER, 1 },
	{ "remove", REMOVE, 1 },
	{ "ioctl", IOCTL, 1 },
	{ NULL, 0, 0 },
};

/* What is taken away besides. */
static const struct word scopes[] = {
	{ "tcp", 3, 4 },
	{ "abstract", 1, 6 },
	{ "signals", 2, 6 },
	{ NULL, 0, 0 },
};

static const struct word *
read_word(struct etf *term, const struct word *words)
{
	char name[16];

	if (etf_get_atom(term, name, sizeof(name)) == -1)
		return (NULL);
	for (; words->name != NULL; words++)
		if (strcasecmp(name, words->name) == 0)
			return (words);
	return (NULL);
}

/* Bits of files that a version knows. */
static uint64_t
known(int version)
{
	uint64_t bits = REFER - 1;

	if (version >= 2)
		bits |= REFER;
	if (version >= 3)
		bits |= TRUNCATE;
	if (version >= 5)
		bits |= IOCTL;
	return (bits);
}

/* 0; -1 with EINVAL, or ENOSYS if the kernel does not know all of it. */
static int
read_scopes(struct etf *term, int version, struct ruleset *r)
{
	const struct word *w;
	uint32_t i, n;

	errno = EINVAL;
	if (etf_get_list(term, &n) == -1)
		return (-1);
	for (i = 0; i < n; i++) {
		errno = EINVAL;
		if ((w = read_word(term, scopes)) == NULL)
			return (-1);
		errno = ENOSYS;
		if (version < w->version)
			return (-1);
		if (w == scopes)
			r->net = w->bits;
		else
			r->scoped |= w->bits;
	}
	return (0);
}

static int
add_path(int set, const char *path, uint64_t access)
{
	struct beneath b = { access, -1 };
	struct stat st;
	int r = -1, error;

	if ((b.fd = open(path, O_PATH | O_CLOEXEC)) == -1)
		return (-1);
	if (fstat(b.fd, &st) == 0) {
		if (!S_ISDIR(st.st_mode))
			b.access &= OF_FILES;
		r = (int)syscall(NR_ADD_RULE, set, RULE_PATH_BENEATH, &b, 0);
	}
	error = errno;
	(void)close(b.fd);
	errno = error;
	return (r);
}

/* {Path, Accesses} */
static int
read_path(struct call *c, struct etf *term, int set, uint64_t all)
{
	const struct word *w;
	char path[4096];
	uint64_t access = 0;
	uint32_t i, n;

	if (etf_get_tuple(term, &n) == -1 || n != 2 ||
	    etf_get_text(term, path, sizeof(path), NULL) == -1 ||
	    etf_get_list(term, &n) == -1)
		return (call_wrong(c, 1, EINVAL));
	for (i = 0; i < n; i++) {
		if ((w = read_word(term, accesses)) == NULL)
			return (call_wrong(c, 1, EINVAL));
		access |= w->bits;
	}
	if (n == 0 || etf_get_nil(term) == -1)
		return (call_wrong(c, 1, EINVAL));
	return (add_path(set, path, access & all));
}

static int
read_paths(struct call *c, int set, uint64_t all)
{
	struct etf *term = &c->a[0].term;
	uint32_t i, n;

	if (etf_get_list(term, &n) == -1)
		return (call_wrong(c, 1, EINVAL));
	for (i = 0; i < n; i++)
		if (read_path(c, term, set, all) == -1)
			return (-1);
	return (0);
}

int
call_landlock(struct call *c)
{
	struct ruleset r = { 0, 0, 0 };
	int set, error, done = -1;
	int version = (int)syscall(NR_CREATE_RULESET, NULL, 0, CREATE_VERSION);

	if (version < 1)
		return (-1);
	r.fs = known(version);
	if (c->a[1].given && read_scopes(&c->a[1].term, version, &r) == -1)
		return (errno == EINVAL ? call_wrong(c, 2, EINVAL) : -1);
	set = (int)syscall(NR_CREATE_RULESET, &r,
	    version < 4	  ? sizeof(r.fs)
	    : version < 6 ? 2 * sizeof(r.fs)
			  : sizeof(r),
	    0);
	if (set == -1)
		return (-1);
	if (read_paths(c, set, r.fs) == 0)
		done = (int)syscall(NR_RESTRICT_SELF, set, 0);
	error = errno;
	(void)close(set);
	errno = error;
	return (done);
}
