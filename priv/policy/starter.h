/*
 * The starter: the user who started proctor, or had it started by a node. All
 * of it was noted before anything else was done, and is data: it belongs to
 * main(), lives until exit, and nothing of it is believed.
 */

#ifndef POLICY_STARTER_H
#define POLICY_STARTER_H

#include <sys/types.h>
#include <sys/resource.h>

/* Who it is, as far as rules ask. */
struct starter {
	uid_t uid;
	gid_t gid;
	const gid_t *groups; /* supplementary */
	int ngroups;
};

/* What it gave us. */
struct starter_env {
	struct starter who; /* real ids and groups */
	pid_t node; /* the process that had us started */
	char **environ; /* data for children: nothing of ours looks there */
	mode_t umask;
	int cwd; /* its working directory, or -1 */
	struct rlimit limits[RLIM_NLIMITS];
	unsigned int changed; /* 1 << n: limits that are not theirs any more */
	struct rlimit login[RLIM_NLIMITS]; /* what others' children have */
	int privileged; /* root has started it, or a SUID bit with a policy */
};

#endif
