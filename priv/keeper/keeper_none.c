/*
 * Where there are no control groups, there are no leaves.
 */

#include "keeper/keeper.h"

int
keeper_start(struct keeper *k, int loud)
{
	(void)k;
	(void)loud;
	return (0);
}

int
keeper_alive(void)
{
	return (0);
}

const struct keeper_info *
keeper_info(void)
{
	static const struct keeper_info none = { .path = "",
		.reason = "this system has no control groups" };

	return (&none);
}
