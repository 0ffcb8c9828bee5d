/*
 * Where the control groups of instances are made.
 */

#ifndef POLICY_PLACE_H
#define POLICY_PLACE_H

/*
 * What is wrong with the path of a control group, or NULL. It is as
 * /proc/self/cgroup has it, below the mount point and with a slash in front.
 */
const char *place_fault(const char *);

#endif
