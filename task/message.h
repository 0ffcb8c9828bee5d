/*
 * What crosses between the switch and a task: imsg, by common/dispatch.h.
 * Payloads are structs in host byte order without padding, and what follows
 * them. A task is hostile to the switch: what it sends ends it, and all below
 * it, if it cannot be.
 */

#ifndef TASK_MESSAGE_H
#define TASK_MESSAGE_H

#include <sys/types.h>

#include <stdint.h>

/* The channel of a task, in each of them. */
#define TASK_CHANNEL_FD 3

enum task_message {
	/* switch to task */
	TASK_CALL = 1, /* struct task_call and the term */
	TASK_BATCH, /* struct task_batch and the calls, as in wire.h */
	TASK_LIMITS, /* struct task_limits; a child inherits them, one deeper */
	/* task to switch */
	TASK_HERE, /* struct task_here; the first */
	TASK_REPLY, /* struct task_reply and a term */
	TASK_BORN, /* struct task_born and a descriptor: the child's channel */
	TASK_PIDFD, /* struct task_born and a descriptor: the child's pidfd */
	TASK_STREAM, /* struct task_stream and a descriptor: our end of it */
	TASK_EXEC, /* struct task_exec and the reply if it works */
	TASK_SIGNAL, /* struct task_signal */
	TASK_EXIT /* struct task_exit: a child was reaped */
};

struct task_call {
	uint32_t seq;
	uint16_t number; /* of the call, in the table */
	uint16_t pad;
};

struct task_batch {
	uint32_t seq;
	uint16_t count;
	uint16_t flags;
};

struct task_limits {
	uint32_t children; /* live ones that it may have */
	uint32_t depth; /* tasks in a row that may be below it */
	uint32_t mark; /* its number: see compat/mark.h */
};

struct task_here {
	uint32_t inner; /* its own getpid() */
	uint32_t again; /* 1: it is no new one, it has become itself again */
};

struct task_reply {
	uint32_t seq;
	uint32_t results; /* 1: the answer to TASK_BATCH */
};

/* A child: TASK_BORN comes first, TASK_PIDFD behind it, then the reply. */
struct task_born {
	uint32_t seq; /* of the call that made it */
	int32_t inner; /* its pid as the parent sees it */
	uint32_t flags; /* of clone(2); 0 for fork */
	uint32_t pad;
};

/* A terminal is two streams, 0 and 1, with a descriptor for each. */
struct task_stream {
	uint32_t stream; /* 0, 1 or 2 */
	uint32_t pty;
};

/*
 * The next that is heard is the end of the channel: it has become a program.
 * Or TASK_REPLY: it has not, and the streams are dropped.
 */
struct task_exec {
	uint32_t seq;
	uint32_t streams; /* 1 << n for each TASK_STREAM before */
	uint32_t results; /* as in struct task_reply, of what follows */
	uint32_t again; /* 1: reexec; TASK_HERE comes then, not the end */
};

struct task_signal {
	uint32_t signo;
	uint32_t pad;
	uint8_t info[128]; /* siginfo_t */
};

struct task_exit {
	int32_t inner;
	int32_t status; /* as of waitid: si_status */
	uint32_t code; /* si_code */
	uint32_t pad;
	uint64_t utime, stime, maxrss; /* us, us, KiB */
};

#endif
