/*
 * Where there is no CLONE_PARENT, or configure was told so: priv forks the
 * children itself, with the same child-side code as a launcher.
 */

#include <unistd.h>

#include "policy/runas.h"

#include "launcher/maker.h"
#include "launcher/spawn.h"

int
maker_start(
    struct maker *m, struct runas *t, const struct maker *others, size_t count)
{
	(void)m;
	(void)others;
	(void)count;
	t->base.parent = getpid();
	return (0);
}

void
maker_make(
    const struct runas *t, const struct run *r, struct launched *l, int fds[3])
{
	spawn_child(&t->base, r, l, fds, NULL);
}
