/*
 * broker: reads the port and turns each request into one message. It holds
 * no right and no descriptor but the port's reading end and its two
 * channels; all that it reads is hostile.
 *
 * Calls go down this list, from file to file, and never up:
 *
 *	broker
 *	request, frame
 *	options
 *	strings, bounds, ttymodes, leaf, capname
 *	etf_read
 */

#ifndef BROKER_H
#define BROKER_H

#include <sys/types.h>

#include <stdint.h>

#include "channel.h"
#include "etf_read.h"
#include "proto.h"

/*
 * frame.c: frames from the node.
 */
enum frame_kind {
	FRAME_NONE, /* read more first */
	FRAME_WHOLE, /* data is a frame's body */
	FRAME_STDIN, /* data is the next piece of a stdin request's bytes */
	FRAME_MOVED, /* the next len bytes of one were moved: no data */
	FRAME_TOOBIG /* the peer is broken */
};

struct frame {
	const uint8_t *data; /* until the next frame_read() */
	size_t len;
	int32_t pid; /* FRAME_STDIN, FRAME_MOVED */
};

/* packet: bytes of the length prefix, 2 or 4. Fatal without memory. */
void frame_init(int packet);

/*
 * From now on bytes of a large stdin request may be moved: what is read from is
 * a pipe as well, of which a read takes as much as it asks for, and no more.
 */
void frame_moves(int from, int to);

/* Read once from fd. 1 go on, 0 end of file, -1 error. Fatal without memory. */
int frame_read(int fd);

/* The next of what was read; fills in the frame for WHOLE and STDIN. */
enum frame_kind frame_next(struct frame *);

/*
 * request.c: what the node asks for.
 */

/* Whom the messages go to; they stay the caller's, to be read and written. */
void request_init(struct channel *priv, struct channel *worker);

/*
 * One frame. 0, or -1 if it is not {Integer, Tuple}: the peer is broken. A
 * request that is wrong is refused, and that is 0.
 */
int request_handle(const uint8_t *, size_t);

/* Bytes for a child, at most MSG_STDIN_MAX. */
void request_stdin(int32_t pid, const uint8_t *, size_t);

/* So many are in the pipe to the worker, at most MSG_MOVED_MAX. */
void request_moved(int32_t pid, size_t);

/* Has the node said that what it writes to the port can be moved? */
int request_may_move(void);

/*
 * options.c: the arguments of {run, Cmd, Options} and {manage, Pid, Options},
 * with the cursor behind the name. native: with the options of the native
 * dialect. 0 and the run filled in, its strings until the next call; or -1 and
 * why is what to reply.
 */
struct refusal {
	enum reply_code code;
	int value; /* REPLY_BADOPT: where the name begins in text */
	char text[MSG_TEXT_MAX];
};
int options_run(struct etf *, int native, struct run *, struct refusal *why);
int options_manage(struct etf *, int native, struct run *, struct refusal *why);

/*
 * bounds.c: values of rlimit, cpus and ionice. 0, or -1 with errno EINVAL.
 */
int bounds_get_limits(struct etf *, struct run *);
int bounds_get_cpus(struct etf *, uint64_t cpus[RUN_CPUS / 64]);
int bounds_get_io(struct etf *, uint32_t *priority);

/*
 * ttymodes.c: [{Name, Value}] into TTYMODES_MAX modes. 0, or -1 with errno
 * EINVAL.
 */
int ttymodes_get(struct etf *, struct msg_mode *modes, uint32_t *count);

/*
 * leaf.c: #{Limit => Value}. name has room for LEAF_NAME_MAX bytes, or is NULL:
 * then it is no key. What is not said is not given. 0, or -1 with errno EINVAL.
 */
int leaf_get(struct etf *, struct leaf_limits *, char *name);

/*
 * strings.c: strings back to back in base, which is the caller's.
 */
struct strings {
	char *base;
	size_t size;
	size_t len;
	uint32_t count;
};

/*
 * Append the next term's text. 0; or -1 with errno EINVAL if it is no text,
 * E2BIG if there is no room.
 */
int strings_add(struct strings *, struct etf *);

/* The same behind the last string, with sep between them: "K" -> "K=V". */
int strings_append(struct strings *, char sep, struct etf *);

/* "what: name", cut if it is too long; only what if name is "". */
void strings_describe(char *, size_t, const char *what, const char *name);

#endif
