/*
 * How much a child that a rule permits may have of what setrlimit(2) limits.
 */

#ifndef POLICY_CEILING_H
#define POLICY_CEILING_H

struct rule;
struct run;

/* The first limit, by its number, that a run wants above the rule's; or -1. */
int ceiling_exceeded(const struct rule *, const struct run *);

/*
 * Give a run, where it says nothing, what its rule says, or less if whom it
 * runs as has no more. The rule has a runas.
 */
void ceiling_lower(const struct rule *, struct run *);

#endif
