/*
 * Children by number and by pid: the same trees in priv and in the worker,
 * each of its own struct with the members id, pid, by_id and by_pid.
 */

#ifndef CHILD_TREE_H
#define CHILD_TREE_H

#include <sys/types.h>

#include "compat/tree.h"

/*
 * The trees ids and pids of struct child, and child_by_id() and child_by_pid(),
 * which are NULL for what is in none.
 */
#define CHILD_TREES(child)                                               \
	static int cmp_id(const struct child *a, const struct child *b)  \
	{                                                                \
		return (a->id < b->id ? -1 : a->id > b->id);             \
	}                                                                \
                                                                         \
	static int cmp_pid(const struct child *a, const struct child *b) \
	{                                                                \
		return (a->pid < b->pid ? -1 : a->pid > b->pid);         \
	}                                                                \
                                                                         \
	static RB_HEAD(id_tree, child) ids = RB_INITIALIZER(&ids);       \
	TREE_GENERATE(id_tree, child, by_id, cmp_id)                     \
	static RB_HEAD(pid_tree, child) pids = RB_INITIALIZER(&pids);    \
	TREE_GENERATE(pid_tree, child, by_pid, cmp_pid)                  \
                                                                         \
	struct child *child##_by_id(uint32_t id)                         \
	{                                                                \
		struct child key;                                        \
                                                                         \
		key.id = id;                                             \
		return (RB_FIND(id_tree, &ids, &key));                   \
	}                                                                \
                                                                         \
	struct child *child##_by_pid(pid_t pid)                          \
	{                                                                \
		struct child key;                                        \
                                                                         \
		key.pid = pid;                                           \
		return (RB_FIND(pid_tree, &pids, &key));                 \
	}

#endif
