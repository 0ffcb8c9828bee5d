/* The stop of the tree, and what it remembers. */

#include "../../task/stop.c"

#include "switch_state.h"

void
stop_forget(void)
{
	ending = 0;
}
