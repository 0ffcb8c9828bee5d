/*
 * The keeper: the process that has the leaves, one control group a child. priv
 * forks it at start-up and asks it by IMSG_LEAF_MAKE, IMSG_LEAF_SET and
 * IMSG_LEAF_ASK; proto.h says how each is answered.
 */

#ifndef KEEPER_KEEPER_H
#define KEEPER_KEEPER_H

#include <sys/types.h>

#include <stdint.h>

#include "compat/cgroup.h"

/* The keeper as priv has it. */
struct keeper {
	pid_t pid;
	int fd; /* the channel to it, which does not block */
};

/* What the node is told of it. */
struct keeper_info {
	const char *path; /* of the instance, below the mount point */
	uint32_t controllers; /* 1 << enum leaf_controller */
	enum cgroup_how how; /* all in a leaf are killed */
	const char *reason; /* why there are no leaves; else "" */
};

/*
 * Fork it, while we are root: 1 and it is in k, or 0: there are no leaves,
 * and keeper_info() says why. loud: so does the log, of either. Fatal on
 * failure. What priv has open by now it closes.
 */
int keeper_start(struct keeper *k, int loud);

/* 1 or 0: are there leaves? As keeper_start() has found. */
int keeper_alive(void);

/* Never NULL. It and what it points to live until exit. */
const struct keeper_info *keeper_info(void);

#endif
