/*
 * The one way from a channel to a handler. A process has a table for each
 * of its channels; a message that the table does not list, that is too short
 * or too long for its row, that comes in a state its row does not allow, or
 * that carries a descriptor where none belongs means that the sender is
 * broken or taken over: fatal.
 */

#ifndef DISPATCH_H
#define DISPATCH_H

#include <sys/types.h>

#include <stdint.h>

#include "channel.h"

enum dispatch_fd {
	MSG_NOFD,
	MSG_FD /* may still arrive as -1: out of descriptors */
};

struct dispatch {
	uint32_t type;
	const char *name;
	size_t min; /* bytes of payload */
	size_t max;
	enum dispatch_fd fd;
	unsigned int states; /* a bit each, as the process numbers them */
	/*
	 * 0, or -1 if the payload is not what pack makes. Owns fd. The data
	 * live until the handler returns.
	 */
	int (*handler)(void *, const void *data, size_t len, int fd);
};

/* Handle one message that was read. 1 done, 0 there is none. */
int channel_dispatch(struct channel *, unsigned int state);

#endif
