/*
 * What a rule makes of a run.
 */

#ifndef POLICY_SHAPE_H
#define POLICY_SHAPE_H

struct rule;
struct run;

/*
 * At start: put into the rule what of the starter's environment it takes, so
 * that all of it is settled before a run is seen. Fatal without memory, and
 * for a rule with cmd whose user is not in passwd any more.
 */
void shape_rule(struct rule *, char *const *starter);

/*
 * May a run under that rule bring that variable? Under a rule with cmd
 * nothing but what is harmless, and that with keepenv only.
 */
int shape_takes(const struct rule *, const char *var);

/*
 * Make of a run what its rule says: its streams and its environment, which
 * point to what is returned. That is to be freed once the run was asked for;
 * NULL if it is too large, or there is no memory.
 */
char *shape_run(struct run *, const struct rule *);

#endif
