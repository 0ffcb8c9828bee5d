/*
 * What a starter has arranged around us: each of these notes it as data for
 * children, in the order of main(), and undoes it. All are fatal on failure.
 */

#ifndef START_UNDO_H
#define START_UNDO_H

#include "policy/starter.h"

/* Descriptors 0 to 2 are open. Without a line in the log, as there is none. */
void undo_descriptors(void);

/* s->who; and root is our real user, too, where it is the effective one. */
void undo_ids(struct starter_env *s);

/* s->environ; no library of ours finds anything there from here on. */
void undo_environ(struct starter_env *s);

/* s->cwd; ours is the root directory. */
void undo_directory(struct starter_env *s);

/* All are blocked, none is ignored, and no timer is on its way to one. */
void undo_signals(void);

/*
 * s->limits, s->login and s->changed; no core, and where rights are given no
 * other limit either.
 */
void undo_limits(struct starter_env *s);

/* We lead a process group. Exits if that cannot be. */
void undo_group(void);

#endif
