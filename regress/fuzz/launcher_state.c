/* A launcher's table, and what it remembers. */

#include "../../priv/launcher/launcher.c"

#include "launcher_state.h"

const struct dispatch *
launcher_begin(size_t *rows, const struct spawn_base *b, pid_t *board)
{
	leafset_init(&leaf);
	launcher_base = *b;
	launcher_in_flight = board;
	*rows = sizeof(launcher_table) / sizeof(launcher_table[0]);
	return (launcher_table);
}
