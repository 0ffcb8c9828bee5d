/*
 * The keeper: what priv asks, what the kernel's files say, what time it is. An
 * input is steps of two bytes and what they take: what happens, and to which
 * leaf. The trees are counted, not made.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "compat/cgroup.h"
#include "fuzz.h"
#include "keeper/leaf.h"
#include "keeper/request.h"
#include "keeper/watch.h"
#include "oracle.h"
#include "proto.h"
#include "timer.h"

#define USERS 2
#define TREES 2
#define LEAVES 8
#define WATCHES (3 * LEAVES)
#define LONG 3600000 /* ms, behind which all is over */

enum step { MAKE, SET, ASK, KERNEL, CHANGED, TIME, TEXT, STEPS };

static struct cgroup_tree trees[TREES] = {
	{ 1, 1U << LEAF_CTL_MEMORY | 1U << LEAF_CTL_CPU, 3, CGROUP_AT_ONCE },
	{ 0, 1U << LEAF_CTL_PIDS, 4, CGROUP_EACH },
};
static struct channel priv;
static struct watch *watches[WATCHES];
static int64_t now;
static int groups; /* that there are */
static int lives[LEAVES]; /* what priv knows of */
static uint8_t busy, refuses;
static const uint8_t *text; /* what files say */
static size_t text_len;

/* tN/NAME, and nothing else: no way leads out of the instance. */
static void
check_name(const char *name)
{
	const char *slash = strchr(name, '/');

	if (name[0] != 't' || slash == NULL || strlen(name) >= LEAF_PATH_MAX ||
	    slash[1] == '\0' || strchr(slash + 1, '/') != NULL ||
	    strcmp(slash + 1, ".") == 0 || strcmp(slash + 1, "..") == 0)
		fuzz_wrong("no name of a leaf");
}

static int
refused(int bit)
{
	if (!(refuses & bit))
		return (0);
	errno = ENOSPC;
	return (-1);
}

int
cgroup_mkdir(const struct cgroup_tree *t, const char *name)
{
	(void)t;
	check_name(name);
	if (refused(t->v2 ? 1 : 2) == -1)
		return (-1);
	groups++;
	return (0);
}

int
cgroup_rmdir(int dir, const char *name)
{
	check_name(name);
	if (busy & (dir == trees[0].dir ? 1 : 2)) {
		errno = EBUSY;
		return (-1);
	}
	groups--;
	return (0);
}

int
cgroup_door(const struct cgroup_tree *t, const char *name)
{
	check_name(name);
	if (refused(t->v2 ? 4 : 8) == -1)
		return (-1);
	return (dup(STDERR_FILENO));
}

int
cgroup_put(int dir, const char *name, const char *value)
{
	(void)dir;
	(void)name;
	if (strlen(value) > 4096)
		fuzz_wrong("more than is written at once");
	return (refused(16));
}

int
cgroup_get(int dir, const char *name, char *buf, size_t size)
{
	(void)dir;
	(void)name;
	if (refused(32) == -1)
		return (-1);
	(void)snprintf(buf, size, "%.*s", (int)text_len, (const char *)text);
	return (0);
}

int
watch_add(struct watch *w, int dir, const char *path, const char *file,
    void (*fn)(void *), void *arg)
{
	int i;

	(void)dir;
	(void)file;
	check_name(path);
	if (w->number != 0)
		return (0);
	for (i = 0; i < WATCHES && watches[i] != NULL; i++)
		continue;
	if (i == WATCHES || refused(64) == -1) {
		errno = ENOSPC;
		return (-1);
	}
	watches[i] = w;
	w->number = i + 1;
	w->fn = fn;
	w->arg = arg;
	return (0);
}

void
watch_end(struct watch *w)
{
	if (w->number != 0)
		watches[w->number - 1] = NULL;
	w->number = 0;
}

void
channel_send(
    struct channel *c, uint32_t type, int fd, const void *data, size_t len)
{
	struct msg m = { .type = type, .data = data, .len = len, .fd = fd };

	(void)c;
	if (oracle_unpack(type, data, len) == -1 || proto_unpack(&m) == -1)
		fuzz_wrong("priv would not believe this");
	if (type == IMSG_LEAF)
		(void)close(fd);
	if (type == IMSG_LEAF_DONE && m.leaf_done.m.op == LEAF_MAKE)
		lives[m.leaf_done.m.id - 1] = m.leaf_done.m.error == 0;
	if (type == IMSG_LEAF_STATE && m.leaf_state.m.op == LEAF_END) {
		if (!lives[m.leaf_state.m.id - 1])
			fuzz_wrong("a leaf ends twice");
		lives[m.leaf_state.m.id - 1] = 0;
	}
}

int __wrap_clock_gettime(clockid_t, struct timespec *);

int
__wrap_clock_gettime(clockid_t which, struct timespec *ts)
{
	(void)which;
	ts->tv_sec = (time_t)(now / 1000);
	ts->tv_nsec = (long)(now % 1000) * 1000000;
	return (0);
}

static int
ask(uint32_t type, const void *data, size_t len)
{
	struct msg m = { .type = type, .data = data, .len = len, .fd = -1 };

	return (oracle_dispatch(keeper_table, keeper_rows, 1, &m));
}

/* Of a size that is fixed: what the input has of it, and then zeros. */
static int
ask_of(uint32_t type, uint32_t id, size_t size, const uint8_t **p, size_t *left)
{
	struct msg_leaf_make m = { 0 };
	size_t n = size - sizeof(id) < *left ? size - sizeof(id) : *left;

	memcpy(&m, &id, sizeof(id));
	memcpy((uint8_t *)&m + sizeof(id), *p, n);
	*p += n;
	*left -= n;
	return (ask(type, &m, size));
}

/* Nobody is in a group that is just being made. */
static int
make(uint32_t id, const uint8_t **p, size_t *left)
{
	uint8_t before = busy;
	int n;

	busy = 0;
	n = ask_of(IMSG_LEAF_MAKE, id, sizeof(struct msg_leaf_make), p, left);
	busy = before;
	return (n);
}

static void
changed(uint8_t which)
{
	struct watch *w = watches[which % WATCHES];

	if (w != NULL)
		w->fn(w->arg);
}

/* -1: priv has asked what it cannot, and the keeper is over. */
static int
step(enum step what, uint8_t which, const uint8_t **p, size_t *left)
{
	uint32_t id = which % LEAVES + 1;

	switch (what) {
	case MAKE:
		return (make(id, p, left));
	case SET:
		return (ask_of(
		    IMSG_LEAF_SET, id, sizeof(struct msg_leaf_make), p, left));
	case ASK:
		return (ask_of(
		    IMSG_LEAF_ASK, id, sizeof(struct msg_leaf_ask), p, left));
	case KERNEL:
		busy = which & 3;
		refuses = which >> 2;
		break;
	case CHANGED:
		changed(which);
		break;
	case TIME:
		now += (int64_t)which * which;
		timer_run();
		break;
	case TEXT:
	case STEPS:
		text = *p;
		text_len = which < *left ? which : *left;
		*p += text_len;
		*left -= text_len;
		break;
	}
	return (0);
}

void
fuzz_begin(void)
{
	leaf_init(&priv, "/inst", trees, TREES);
	request_init(USERS);
}

/* Each is ended, by a kernel that lets it. */
static void
end_all(void)
{
	struct msg_leaf_ask m = { 0, LEAF_END };
	uint32_t i;
	int n;

	busy = refuses = 0;
	for (i = 1; i <= LEAVES; i++) {
		m.id = i;
		if (leaf_by_id(i) != NULL)
			(void)ask(IMSG_LEAF_ASK, &m, sizeof(m));
	}
	for (n = 0; n < 8; n++) {
		now += LONG;
		timer_run();
		for (i = 0; i < WATCHES; i++)
			changed((uint8_t)i);
	}
	for (i = 1; i <= LEAVES; i++)
		if (leaf_by_id(i) != NULL || lives[i - 1])
			fuzz_wrong("a leaf has no end");
	if (groups != 0)
		fuzz_wrong("a group is left, or was removed twice");
}

void
fuzz_one(const uint8_t *data, size_t len)
{
	text = data;
	text_len = 0;
	busy = refuses = 0;
	groups = 0;
	while (len >= 2) {
		enum step what = (enum step)(data[0] % STEPS);
		uint8_t which = data[1];

		data += 2;
		len -= 2;
		if (step(what, which, &data, &len) == -1)
			break;
	}
	end_all();
}
