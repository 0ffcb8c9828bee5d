/*
 * The steps of a child from birth to exec.
 */

#ifndef LAUNCHER_SPAWN_H
#define LAUNCHER_SPAWN_H

#include <sys/types.h>

struct launched;
struct leafset;
struct run;
struct spawn_base;

/*
 * Make a child as r says, from what b has, and wait until it has called exec
 * or failed, which l says. leaf: what it enters first, or NULL. fds are the
 * node's ends of its pipes or -1, the caller's. in_flight: where its pid is put
 * before it runs, or NULL.
 */
void spawn_child(const struct spawn_base *b, const struct run *r,
    const struct leafset *leaf, struct launched *l, int fds[3],
    pid_t *in_flight);

#endif
