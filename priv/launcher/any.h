/*
 * Whom a run of root's names, where that may be anybody.
 */

#ifndef LAUNCHER_ANY_H
#define LAUNCHER_ANY_H

struct run;
struct spawn_base;

/*
 * Make of b what a child of r's user begins with: ids, groups, environment.
 * 0, to be undone by any_end(); or -1 with errno, ENOENT if there is no such
 * user or group, EPERM if it is root or one of ours.
 */
int any_begin(struct spawn_base *b, const struct run *r);
void any_end(struct spawn_base *);

#endif
