/*
 * The one way from a channel to a handler. A process has a table for each
 * of its channels; a message that the table does not list, that is too short
 * or too long for its type, that comes in a state its row does not allow, that
 * carries a descriptor where none belongs, or that does not unpack means that
 * the sender is broken or taken over: fatal.
 */

#ifndef DISPATCH_H
#define DISPATCH_H

#include <sys/types.h>

#include <stdint.h>

#include "channel.h"
#include "proto.h"

struct dispatch {
	uint32_t type;
	unsigned int states; /* a bit each, as the process numbers them */
	/*
	 * 0, or -1 if the message cannot be true: fatal. Owns the descriptor,
	 * which may be -1 though the type has one: out of descriptors. The
	 * message lives until the handler returns.
	 */
	int (*handler)(const struct msg *);
};

/* Handle one message that was read. 1 done, 0 there is none. */
int channel_dispatch(struct channel *, unsigned int state);

/*
 * The same for a peer that may be hostile without being one of us: -1 if it
 * has sent what it may not, which why, of DISPATCH_WHY bytes, says in words. A
 * descriptor that came with that stays open: closing one that one did not ask
 * for could wait. A handler may close its channel.
 */
#define DISPATCH_WHY 128
int channel_try(struct channel *, unsigned int state, char *why);

#endif
