/*
 * broker: reads the port and turns each request into one message. It holds
 * no right and no descriptor but the port's reading end and its two
 * channels; all that it reads is hostile.
 */

#ifndef BROKER_H
#define BROKER_H

#include <sys/types.h>

#include <stdint.h>

#include "dispatch.h"
#include "etf_read.h"
#include "proto.h"

extern struct channel broker_priv, broker_worker;

/* frame.c */
enum frame_kind {
	FRAME_NONE, /* read more first */
	FRAME_WHOLE, /* data is a frame's body */
	FRAME_STDIN, /* data is the next piece of a stdin request's bytes */
	FRAME_TOOBIG /* the peer is broken */
};

struct frame {
	const uint8_t *data; /* until the next call */
	size_t len;
	int32_t pid; /* FRAME_STDIN */
};

/* packet: bytes of the length prefix, 2 or 4. */
void frame_init(int packet);
/* Read once from fd: 1 went well, 0 end of file, -1 error. */
int frame_read(int fd);
enum frame_kind frame_next(struct frame *);

/* request.c: -1 if the frame is not {Integer, Tuple}: the peer is broken. */
int request_handle(const uint8_t *, size_t);
void request_stdin(int32_t pid, const uint8_t *, size_t);
void request_text(char *, size_t, const char *what, const char *name);
void request_refuse(int64_t tid, enum reply_code, int value, const char *);

/*
 * options.c: the arguments of {run, Cmd, Options}. 0 and r filled in, until
 * the next call; or -1 and why is what to answer.
 */
struct refusal {
	enum reply_code code;
	int value; /* REPLY_BADOPT: where the name begins in text */
	char text[MSG_TEXT_MAX];
};
int options_run(struct etf *, struct run *r, struct refusal *why);
/* From here on there are the options of the native dialect, too. */
void options_native(void);
/* The same for {manage, Pid, Options}. */
int options_manage(struct etf *, struct run *r, struct refusal *why);

/* ttymodes.c: [{Name, Value}] into TTYMODES_MAX modes; -1 with errno EINVAL. */
int options_modes(struct etf *, struct msg_mode *modes, uint32_t *count);

/* strings.c: strings back to back, at most RUN_STRINGS_MAX bytes in all */
struct strings {
	char *base;
	size_t size;
	size_t len;
	uint32_t count;
};
/* The next term's text; -1 with errno EINVAL no text, E2BIG no room. */
int strings_add(struct strings *, struct etf *);
/* Put sep in the place of the last NUL and go on behind it: "K" -> "K=V". */
int strings_append(struct strings *, char sep, struct etf *);

#endif
