/*
 * What the worker tells priv, besides reading what priv sends: that a child's
 * descriptor did not arrive, what has become of its streams, and that the port
 * is broken.
 */

#include "worker.h"

struct channel worker_priv;

void
notify_child(uint32_t id, uint32_t type)
{
	struct msg_note m = { 0 };

	m.id = id;
	channel_send(&worker_priv, type, -1, &m, sizeof(m));
	(void)channel_write(&worker_priv);
}

void
notify_nofd(uint32_t id, int number)
{
	struct msg_stream m;

	m.id = id;
	m.stream = (uint32_t)number;
	channel_send(&worker_priv, IMSG_LOST, -1, &m, sizeof(m));
	(void)channel_write(&worker_priv);
}

void
notify_shutdown(int status)
{
	struct msg_request m = { 0 };

	m.arg = status;
	channel_send(&worker_priv, IMSG_SHUTDOWN, -1, &m, sizeof(m));
}
