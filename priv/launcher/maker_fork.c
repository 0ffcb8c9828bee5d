/*
 * Where there is no CLONE_PARENT, or configure was told so: priv forks the
 * children itself, with the same child-side code as a launcher.
 */

#include <unistd.h>

#include "policy/runas.h"

#include "launcher/maker.h"

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
