/*
 * Leaves: a control group of one child each, and of all that it starts. The
 * table of them by number, which is how priv names them, and what is said of
 * them to priv.
 */

#ifndef KEEPER_LEAF_H
#define KEEPER_LEAF_H

#include <sys/types.h>
#include <sys/tree.h>

#include <stddef.h>
#include <stdint.h>

#include "timer.h"
#include "channel.h"
#include "compat/cgroup.h"
#include "keeper/watch.h"
#include "proto.h"

#define LEAF_PATH_MAX 96 /* tN/NAME, with its NUL */

struct leaf {
	RB_ENTRY(leaf) entry;
	uint32_t id;
	uint32_t used; /* 1 << n for each tree that it has a group in */
	char *path; /* below the instance; owned */
	struct watch state; /* of what says whether it is empty, and frozen */

	struct timer look; /* at that, where nothing tells */

	uint32_t freezes; /* asked for, and not answered: freeze.c */
	struct timer patience;

	unsigned int ending : 1; /* end.c */
	unsigned int killed : 1;
	unsigned int looks; /* at whether it is empty */
	unsigned int pause; /* ms to the next look */
	struct timer deadline;

	struct watch memory, pids; /* of what its limits do: event.c */
	struct timer tell;
	uint64_t told[3];
};

/*
 * To be called first: where answers go, the instance's path below the mount
 * point, and the trees; all are kept, and live as long.
 */
void leaf_init(struct channel *, const char *path, const struct cgroup_tree *,
    size_t count);

const struct cgroup_tree *leaf_trees(size_t *count);
/* The one that can kill, freeze and tell the end. */
const struct cgroup_tree *leaf_tree(void);

/* In the table by its id from now on, which nobody has. Fatal without memory.
 */
struct leaf *leaf_new(uint32_t id, uint32_t used, const char *path);
/* NULL: there is none. */
struct leaf *leaf_by_id(uint32_t id);
/* fn frees none. */
void leaf_each(void (*fn)(struct leaf *));
/* Out of the table, with all that is its own. */
void leaf_free(struct leaf *);

/* One write to a file of its: 0 or an errno. */
int leaf_put(const struct leaf *, const char *file, const char *text);

/* Tell priv. */
void leaf_say_done(uint32_t id, enum leaf_op, int error, const char *text);
void leaf_say_state(
    const struct leaf *, enum leaf_op, const uint64_t stat[LEAF_STATS_COUNT]);
void leaf_say_event(const struct leaf *, const uint64_t told[3]);
/* fd is the channel's from now on. left: come behind it. */
void leaf_say_door(uint32_t id, int fd, uint32_t left);

#endif
