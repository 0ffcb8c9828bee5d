/*
 * Control groups. An instance has one of its own wherever it can be made, so
 * that all of it can be killed in one instant whatever it forks, and so that
 * the next start finds what is left if everybody dies at once:
 *
 *	PLACE/proctor/guards/	privileged: guards and reapers, of all instances
 *	PLACE/proctor/ID/	privileged: an instance
 *	PLACE/proctor.ID/	plain: the same, without a folder
 *	    ring/		priv, keeper, broker, worker; plain: launchers
 *	    tN/			of the user with that number among those that
 *				children can be
 *		launch/		privileged: its launcher
 *		cN/		a leaf: one child's, and what becomes of it; or
 *the next child's
 *
 * PLACE is where root or the starter said; else, privileged, the nearest place
 * above where the starter is in which nobody but root may write: whoever may
 * write to a group can freeze all that is in it, kill it in one instant, or
 * move processes apart and kill some of them. Plain, it is where we are.
 *
 * That is the tree of version 2; where that cannot be had, of the freezer of
 * version 1. Controllers that it does not have may be in other trees of version
 * 1, with the same names, without ring and launch.
 *
 * configure chooses cgroup_linux.c, with what is below it, or cgroup_none.c,
 * where all of this does nothing.
 */

#ifndef COMPAT_CGROUP_H
#define COMPAT_CGROUP_H

#include <sys/types.h>

#include <limits.h>
#include <stdint.h>
#include <stdio.h>

#define CGROUP_V2 (-1) /* in place of an enum leaf_controller: that tree */
#define CGROUP_FREEZER (-2) /* that of version 1's freezer */
#define CGROUP_TREES 6 /* what contains, and of each controller */

/* How all that is in a group is killed. */
enum cgroup_how {
	CGROUP_AT_ONCE, /* by its cgroup.kill */
	CGROUP_STILL, /* each, while all of them stand still */
	CGROUP_EACH, /* each, while others may be born */
	CGROUP_HOWS
};

/* A tree as the keeper has it: the first is the one that contains. */
struct cgroup_tree {
	int v2;
	uint32_t controllers; /* of leaves: 1 << enum leaf_controller */
	int dir; /* the instance's group in it */
	enum cgroup_how how;
};

/* cgroup_linux.c: an instance's groups. */

/*
 * Kill and remove what dead instances have left in the same place, make a
 * group, and if it is privileged go beside it, as the guard. gid is that one's,
 * which may remove it. path: the place, or NULL. While still root. 0, or -1:
 * then cgroup_reason() says why, and the others do nothing.
 */
int cgroup_make(int privileged, gid_t gid, const char *path);

/*
 * Make what is in it, for so many users, which is uid's from then on, and try
 * it: a process is to enter a leaf and be killed there. forks: priv makes the
 * children. While still root. 0, or -1: there are no leaves.
 */
int cgroup_users(uint32_t count, uid_t uid, gid_t gid, int forks);

/* Why there is none, or are no leaves: "" if there are. */
const char *cgroup_reason(void);

/* The instance's path below the mount point; "" if there is none. */
const char *cgroup_path(void);

/* Priv enters it, and so do those whom it forks; while still root. */
void cgroup_enter(void);
/* A launcher, of the user with that number: while still root. */
void cgroup_enter_launch(uint32_t number);

/*
 * Of the caller: keep only what says that the instance lives, and what kills
 * it; or what guard and reaper need, from that descriptor on: how many there
 * are.
 */
void cgroup_forget(void);
int cgroup_keep(int at);

/* The trees: how many. */
size_t cgroup_trees(struct cgroup_tree[CGROUP_TREES]);
/* The same, and what the keeper needs is at that descriptor and behind it. */
size_t cgroup_keep_trees(int at, struct cgroup_tree[CGROUP_TREES]);

/*
 * What has to be there for the sandbox of guard and reaper: directories below
 * which they remove others, and whether they write to files there: they have to
 * where they are to stop who is in a leaf. How many: at most CGROUP_TREES.
 */
size_t cgroup_places(int dirs[CGROUP_TREES], int *write);

/* Guard and reaper: kill all that is left, in one instant if that can be had.
 */
void cgroup_kill(void);

/*
 * Priv, when guard and reaper are dead: the same, and priv too, where one write
 * does that; else nothing.
 */
void cgroup_kill_last(void);

/*
 * The reaper: kill whoever is left in a leaf of it, tN/NAME, that cgroup.kill
 * does not find, or where there is none: see cgroup_kill_each().
 */
void cgroup_kill_leaf(const char *path);

/* At their end: remove it, killing first what should not be there. */
void cgroup_remove(void);

/* cgroup_tree.c: files and directories in a tree. */

/* Write text to a file with one write(2). 0, or -1 with errno. */
int cgroup_put(int dir, const char *name, const char *text);
/* Read it, as a string, cut to size. 0, or -1 with errno. */
int cgroup_get(int dir, const char *name, char *buf, size_t size);
/* A directory; -1 with errno. */
int cgroup_open(int dir, const char *name);
/* Is a word one of those of a text? */
int cgroup_has_word(const char *text, const char *word);
/* What the kernel calls a controller in a tree. */
const char *cgroup_name(int v2, int controller);
/* Have what is in dir use what it has of our controllers, as far as it can. */
void cgroup_enable(int dir);
/* Those that what is in dir has. */
uint32_t cgroup_enabled(int dir);
/*
 * In version 1 a new group of processors has none: have it get what the one
 * above has. 0, also in other trees, or -1 with errno.
 */
int cgroup_inherit(int dir, const char *name);
/*
 * Make a group; give what a process of another user's enters it by, which is
 * the caller's to close; enter it by that, which allocates nothing. 0 or a
 * descriptor, or -1 with errno.
 */
int cgroup_mkdir(const struct cgroup_tree *, const char *name);
int cgroup_door(const struct cgroup_tree *, const char *name);
int cgroup_join(int fd);
/*
 * Remove a directory with all that are below it. 0, or -1 with errno: EBUSY if
 * there are processes in one.
 */
int cgroup_rmdir(int dir, const char *name);

/*
 * cgroup_hold.c: have all that is in a group stand still, or go on. 0, or -1
 * with errno. Do they, 1 or 0; -1 with errno.
 */
int cgroup_hold(const struct cgroup_tree *, const char *name, int hold);
int cgroup_is_held(const struct cgroup_tree *, const char *name);
/* The file for that, and what is written to it. */
const char *cgroup_hold_file(int v2);
const char *cgroup_hold_text(int v2, int hold);

/*
 * cgroup_each.c: kill each that is in a group, or below it, by its number; all
 * of them stand still meanwhile, if that is how. The kernel's cgroup.kill does
 * not meet a process whose first thread has ended: it signals that one alone.
 */
void cgroup_kill_each(const struct cgroup_tree *, const char *name);
/* The same of all in the tree, who were told to stand still already. */
void cgroup_kill_held(const struct cgroup_tree *);
/*
 * cgroup_rmdir(), waiting for processes that were killed to be gone, and
 * killing each that is not.
 */
int cgroup_rmdir_wait(const struct cgroup_tree *, const char *name);

/* cgroup_trial.c */

/*
 * Whether a child can enter a leaf that is made by uid, in t0 of the instance
 * that t is, and be killed there: 0, or -1 with errno. ETIMEDOUT: it does not
 * run, or does not die, and priv would not either. While still root.
 */
int
cgroup_trial(const struct cgroup_tree *t, int privileged, uid_t uid, gid_t gid);

/* cgroup_place.c: where a group can be made. */

struct cgroup_place {
	int fd;
	char path[PATH_MAX]; /* below the mount point: "" or "/a/b" */
	int delegated; /* what is in it is ours to arrange */
};

/*
 * The place for us in the tree of a controller, or CGROUP_V2 or _FREEZER. path:
 * as somebody has said, made if it is not there, or NULL. privileged: only root
 * may write in it and above it. 0, or -1 with errno.
 */
int cgroup_find(
    int controller, int privileged, const char *path, struct cgroup_place *);

/*
 * Of the lines of mountinfo, from where f is: the next that shows the group
 * of that path in the tree of a controller (NULL: of version 2). Its mount
 * point, of at most size bytes, and what of the path is below that. 0, or -1 if
 * there is none.
 */
int cgroup_mounted(FILE *f, const char *controller, const char *path,
    char *point, size_t size, const char **below);

/* Are those files of the group in dir root's alone, if they exist? */
int cgroup_is_roots(int dir);

#endif
