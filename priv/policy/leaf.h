/*
 * What a rule says of the leaves of its children. Each of its limits is the
 * most that a request may ask for, and what it gets that says nothing; under
 * cmd a request may ask for none.
 */

#ifndef POLICY_LEAF_H
#define POLICY_LEAF_H

struct leaf_limits;
struct rule;

/*
 * The limits of a run that rule permits, which has asked for those in l; wanted
 * is not 0 if it has asked for a leaf. 1: its child has one, with what is in l
 * then; 0: it has none; -1: *name is the limit, a key of {cgroup, Map}, that
 * the rule does not permit.
 */
int permit_leaf(const struct rule *rule, struct leaf_limits *l, int wanted,
    const char **name);

/*
 * Other limits for a leaf that is there by that rule: 0, with what is in l
 * then, or -1 as above.
 */
int permit_leaf_set(
    const struct rule *rule, struct leaf_limits *l, const char **name);

#endif
