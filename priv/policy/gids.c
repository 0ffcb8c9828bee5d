/*
 * Sets of groups: see gids.h. They are small, and not sorted.
 */

#include "policy/gids.h"

int
gids_has(const struct gids *g, gid_t gid)
{
	int i;

	for (i = 0; i < g->n; i++)
		if (g->list[i] == gid)
			return (1);
	return (0);
}

int
gids_equal(const struct gids *a, const struct gids *b)
{
	int i;

	if (a->n != b->n)
		return (0);
	for (i = 0; i < a->n; i++)
		if (!gids_has(b, a->list[i]))
			return (0);
	return (1);
}
