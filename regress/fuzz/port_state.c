/* The port, and what it remembers. */

#include "../../worker/port.c"

#include "port_state.h"

void
port_forget(void)
{
	if (write_event.fn != NULL || write_event.ev.ev_fd != 0)
		(void)event_del(&write_event.ev);
	zc_close();
	queue_clear(&waiting);
	head_len = 0;
	dead = 0;
}
