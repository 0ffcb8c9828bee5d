/*
 * Which of the ways to be started this is, and what is permitted in it.
 */

#ifndef START_PRIVILEGE_H
#define START_PRIVILEGE_H

#include "policy/starter.h"
#include "start/args.h"

/*
 * Find that out, and say it to policy/permit.h: the rules that there are, and
 * whom children can run as by them. With PRIVILEGE_NONE all rights are given up
 * for good. start and args must live as long as the policy. Exits, after a line
 * in the log, if nothing may be done.
 */
void privilege_choose(struct starter_env *, const struct args *);

/* Why that is no more than what its starter has, with PRIVILEGE_NONE. */
const char *privilege_why_plain(void);

#endif
