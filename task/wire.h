/*
 * What crosses between the node and the switch of proctor-task, on its
 * standard input and output.
 *
 * A frame is a length of 4 bytes, which counts what follows; then a type (1
 * byte), a task (4) and a sequence number (4); then what belongs to the type.
 * Numbers are unsigned, in network byte order. A term is Erlang's external
 * format with its version byte.
 *
 * Tasks are numbered by the switch, from TASK_ROOT up, and no number is used
 * again. TASK_TREE stands for the tree itself. The sequence number is the
 * node's: each answer has that of what it answers, and everything else 0.
 */

#ifndef TASK_WIRE_H
#define TASK_WIRE_H

#define WIRE_VERSION 1
#define WIRE_MAX (1U << 20) /* bytes of a frame, without its length */
#define WIRE_HEAD 9 /* of these the type, the task and the number */
#define WIRE_WINDOW 65536 /* bytes of input that may be under way */
#define WIRE_OUTPUT 1048576 /* and of a stream of output */

#define TASK_TREE 0
#define TASK_ROOT 1

/* From the node. */
enum wire_down {
	/*
	 * ms:32 number:16 term. Carry out a call with this tuple of arguments;
	 * WIRE_REPLY. ms: interrupt it then; 0 never.
	 */
	WIRE_CALL = 1,
	/*
	 * ms:32 flags:8 count:16, count times number:16 length:32 term. Carry
	 * out calls in their order; WIRE_RESULTS. One that makes a program of
	 * the task can only be the last. ms is for all.
	 */
	WIRE_BATCH,
	/* bytes. For the standard input of the program; WIRE_TAKEN. */
	WIRE_STDIN,
	/* stream:8. Close our end of it; WIRE_REPLY. */
	WIRE_CLOSE,
	/* stream:8 bytes:32. The node has taken so much of its output. */
	WIRE_ACK,
	/*
	 * scope:8 signal:8. Send it; WIRE_REPLY when that was done.
	 */
	WIRE_KILL,
	/*
	 * signal:8 ms:32. End the task and all below it: with this signal (0
	 * for none), and by SIGKILL when ms are over; WIRE_REPLY when none is
	 * left. In TASK_TREE: the whole tree, and then the program.
	 */
	WIRE_STOP,
	/* option:8 set:8 value:64, signed. WIRE_REPLY with the value. */
	WIRE_OPTION,
	/* WIRE_REPLY with a list of maps, a task each. */
	WIRE_LIST,
	/* rows:16 columns:16 of the program's terminal; WIRE_REPLY. */
	WIRE_WINSZ
};

/* To the node. */
enum wire_up {
	/* A map; once, before anything else: see wire.md. */
	WIRE_HELLO = 64,
	/* A term: ok, {ok, Value} or {error, {Stage, Errno, Detail}}. */
	WIRE_REPLY,
	/* A list of such terms. */
	WIRE_RESULTS,
	/*
	 * parent:32 pid:32 inner:32. The task is there; has the number of the
	 * call that made it, whose reply follows. pid is the one that the
	 * switch sees, inner the one that the parent sees.
	 */
	WIRE_BORN,
	/* streams:8. It is a program from here on; comes before the reply. */
	WIRE_EXEC,
	/* bytes, 1 to 65,536. */
	WIRE_STDOUT,
	WIRE_STDERR,
	/* stream:8 errno:8. Nothing more comes from it, or, with 0, goes. */
	WIRE_EOF,
	/* bytes:32. So much of its standard input has left. */
	WIRE_TAKEN,
	/* signal:8 siginfo. A signal that a task has caught. */
	WIRE_SIGNAL,
	/*
	 * how:8 value:32 core:8 cause:8 utime:64 stime:64 maxrss:64, times in
	 * microseconds, memory in KiB. The task is gone, after its output.
	 */
	WIRE_EXIT,
	/* A term: why the node will be answered nothing more. */
	WIRE_ERROR
};

/* Flags of WIRE_BATCH. */
#define BATCH_ALL 1 /* go on behind one that has failed */

/* Scopes of WIRE_KILL. */
enum wire_scope {
	SCOPE_PROCESS,
	SCOPE_GROUP, /* the process group that it leads */
	SCOPE_SUBTREE /* and all tasks and programs below it */
};

/* Options of WIRE_OPTION. */
enum wire_option {
	OPTION_MAXCHILD = 1, /* live children of a task */
	OPTION_MAXFORKDEPTH, /* tasks in a row below the root */
	OPTION_SIGNALONEOF, /* to a program whose input the tree closes */
	OPTION_KILL_TIMEOUT, /* ms from there to SIGKILL */
	OPTION_LINGER, /* ms that output is read behind the exit, -1 for ever */
	OPTION_WINDOW /* bytes of a stream of its next program, under way */
};

/* how of WIRE_EXIT. */
enum wire_how {
	HOW_EXITED, /* value: the status */
	HOW_SIGNALLED, /* value: the signal */
	HOW_UNKNOWN /* it has ended, and nobody can tell how */
};

/* cause of WIRE_EXIT. */
enum wire_cause {
	CAUSE_ITSELF,
	CAUSE_STOPPED, /* WIRE_STOP of it or of one above it */
	CAUSE_PARENT, /* one above it has ended */
	CAUSE_TREE, /* the tree ends */
	CAUSE_LIE /* it has sent the switch what cannot be */
};

#endif
