/*
 * What of runs the system's log is told, by base/trail.h: each child of
 * somebody else, or by a rule of root's file, and each refusal. Of one rule no
 * more than so many at once; how many more there were is told, too.
 */

#ifndef MONITOR_AUDIT_H
#define MONITOR_AUDIT_H

#include <sys/types.h>

#include "policy/starter.h"

struct child;
struct launched;
struct rule;
struct run;

/*
 * Have it told, for that starter, if this start has rights that the starter has
 * not. While we are root. Fatal without memory.
 */
void audit_init(const struct starter_env *);

/*
 * A start that a starter without rights of his own has asked for is refused,
 * and ends: as that user, or NULL.
 */
void
audit_no_start(const struct starter_env *, const char *user, const char *why);

/* What is not told yet is, at the end. */
void audit_end(void);

/* A run was refused. rule: the one that says so, or NULL. */
void audit_refused(const struct run *, const struct rule *, const char *why);

/* A process was not to be managed, with that errno. */
void audit_unmanaged(pid_t, int error);

/*
 * c is asked for, by its rule; and what has become of that. What is between
 * these, c->audit, is freed with the child. Fatal without memory.
 */
void audit_asked(struct child *c, const struct run *);
void audit_answered(struct child *c, const struct launched *);

#endif
