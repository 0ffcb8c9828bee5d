/*
 * Whom children can run as: one of these for each user, group, list of groups
 * and set of capabilities that a rule permits the starter. Each was looked up
 * while we were still root, and gets a launcher of its own. They live until
 * exit.
 */

#ifndef POLICY_RUNAS_H
#define POLICY_RUNAS_H

#include <sys/types.h>
#include <sys/queue.h>

#include <stdint.h>

#include "policy/starter.h"

struct launcher;
struct leaf;
struct rule;

/* What a child starts from. Nothing that it points to is its own. */
struct spawn_base {
	const struct starter_env *starter;
	const char *shell;
	char **environ;
	char **keepenv; /* the same for RUN_KEEPENV */
	mode_t umask;
	int change; /* becomes uid */
	int from_root; /* and gid and groups, which a launcher has already */
	int keyring; /* takes an empty session keyring, which that has, too */
	uid_t uid;
	gid_t gid;
	const gid_t *groups;
	int ngroups;
	uint64_t caps; /* capabilities that it has, by its rule */
	int any; /* whom a run names: launcher/any.c makes a base for each */
	int login; /* nothing of the starter's attributes: launcher/login.c */
	unsigned int limits; /* 1 << n: to be set */
	const struct rlimit *rlimits; /* to those */
	pid_t parent; /* whose death is the child's */
	int null_fd; /* /dev/null */
	int score_fd; /* of the maker's score, compat/bounds.h; or -1 */
	int cwd; /* or -1 */
};

struct runas {
	TAILQ_ENTRY(runas) entry;
	char *user; /* a name, or a number that has none */
	uid_t uid;
	gid_t gid;
	uid_t own; /* its launcher's uid */
	uint32_t number; /* among them, from 0 */
	gid_t *groups; /* as login would set them */
	int ngroups;
	int listed; /* or as a rule lists them */
	int keepenv; /* children of it may have the starter's environment */
	uint64_t ambient; /* capabilities that its children may keep */
	int other; /* somebody else than the starter */
	struct spawn_base base;
	struct launcher *launcher;
	struct leaf *spare; /* for the next child; monitor/contain.c's */
};

/*
 * To be called first. from_root: children are made by priv, which is root
 * still, so that each sets gid and groups itself. Looks up what the starter
 * is called. Fatal without memory.
 */
void runas_init(const struct starter_env *, int from_root);

/* The starter's name: a number if passwd does not know him. */
const char *runas_self_name(void);

/*
 * The one that a rule, resolved, speaks of; made if it is the first to do so.
 * The starter has his own environment, shell and groups, everybody else those
 * of a login. Fatal if that user is not in passwd any more, and on any failure.
 */
struct runas *runas_get(const struct rule *);

/* Whoever a run of root's names, by a launcher that keeps all rights. Once. */
struct runas *runas_any(void);

/* The one that uid is, by the first of its names; NULL if nobody is. */
struct runas *runas_by_uid(const char *uid);

/*
 * The shell for command lines of a user, or of user:group; NULL if nobody is
 * called so. A user has one shell, whatever the group.
 */
const char *runas_shell(const char *user);

/*
 * Close, and wipe, what launchers have of their own by now. Without effect
 * where priv makes the children.
 */
void runas_release(void);

/*
 * In the launcher of t: wipe what the others are, and the starter's
 * environment unless a child of t may have that. NULL: where no child is made.
 */
void runas_forget(struct runas *t);

/* One after another; the first for NULL, NULL behind the last. */
struct runas *runas_next(struct runas *);

/* How many there are. */
uint32_t runas_count(void);

#endif
