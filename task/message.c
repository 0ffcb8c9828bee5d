/*
 * The table of what crosses between the switch and a task, for the check in
 * common/dispatch.c: that program of ours which has this one has no other.
 */

#include <stddef.h>
#include <string.h>

#include "proto.h"

#include "task/message.h"
#include "task/wire.h"

_Static_assert(sizeof(struct task_call) == 8, "padding in task_call");
_Static_assert(sizeof(struct task_batch) == 8, "padding in task_batch");
_Static_assert(sizeof(struct task_limits) == 12, "padding in task_limits");
_Static_assert(sizeof(struct task_here) == 8, "padding in task_here");
_Static_assert(sizeof(struct task_reply) == 8, "padding in task_reply");
_Static_assert(sizeof(struct task_born) == 16, "padding in task_born");
_Static_assert(sizeof(struct task_stream) == 8, "padding in task_stream");
_Static_assert(sizeof(struct task_exec) == 16, "padding in task_exec");
_Static_assert(sizeof(struct task_signal) == 136, "padding in task_signal");
_Static_assert(sizeof(struct task_exit) == 40, "padding in task_exit");

/* What a message means is for its handler: its length was checked. */
static int
unpack(struct msg *m)
{
	(void)m;
	return (0);
}

#define FIXED(s) sizeof(struct s), sizeof(struct s), 0
#define AND(s) sizeof(struct s), sizeof(struct s) + WIRE_MAX, 0
#define WITH_FD(s) sizeof(struct s), sizeof(struct s), 1

static const struct msg_type types[] = {
	[TASK_CALL] = { "call", AND(task_call), unpack },
	[TASK_BATCH] = { "batch", AND(task_batch), unpack },
	[TASK_LIMITS] = { "limits", FIXED(task_limits), unpack },
	[TASK_HERE] = { "here", FIXED(task_here), unpack },
	[TASK_REPLY] = { "reply", AND(task_reply), unpack },
	[TASK_BORN] = { "born", WITH_FD(task_born), unpack },
	[TASK_PIDFD] = { "pidfd", WITH_FD(task_born), unpack },
	[TASK_STREAM] = { "stream", WITH_FD(task_stream), unpack },
	[TASK_EXEC] = { "exec", AND(task_exec), unpack },
	[TASK_SIGNAL] = { "signal", FIXED(task_signal), unpack },
	[TASK_EXIT] = { "exit", FIXED(task_exit), unpack },
};

const struct msg_type *
proto_type(uint32_t type)
{
	if (type >= sizeof(types) / sizeof(types[0]) ||
	    types[type].unpack == NULL)
		return (NULL);
	return (&types[type]);
}

int
proto_unpack(struct msg *m)
{
	const struct msg_type *t = proto_type(m->type);

	if (t == NULL || m->len < t->min || m->len > t->max)
		return (-1);
	return (t->unpack(m));
}
