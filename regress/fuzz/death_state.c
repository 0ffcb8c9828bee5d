/* The end of tasks, and what it remembers. */

#include "../../task/death.c"

#include "switch_state.h"

void
death_forget(void)
{
	hurry = 0;
}
