/*
 * The descriptors of one child's streams, which come before the message that
 * is about the child: an IMSG_STREAM each.
 */

#ifndef FDSET_H
#define FDSET_H

#include <sys/types.h>

#include <stdint.h>

#include "proto.h"

struct fdset {
	uint32_t id; /* whose they are, if there are any */
	uint32_t streams; /* 1 << n for each that was announced */
	int fds[3]; /* -1 if it did not arrive, or was not announced */
};

/* None has come yet. */
#define FDSET_INITIALIZER          \
	{                          \
		0, 0,              \
		{                  \
			-1, -1, -1 \
		}                  \
	}
void fdset_init(struct fdset *);

/*
 * One has come, with fd, or -1 if that did not arrive. Takes fd. 0; or -1 if
 * it can be none of them, and fd is the caller's still: errno EINVAL it is
 * another child's than those before, or came before; ENOTSUP fd is neither a
 * pipe nor a terminal. Such a one must not be closed: that could wait for
 * whoever has made it.
 */
int fdset_add(struct fdset *, const struct msg_stream *, int fd);

/*
 * The message about child id has come, with these streams. They are the
 * caller's from now on, as fds, and the set is empty. -1 if others have come:
 * the set is as it was.
 */
int fdset_take(struct fdset *, uint32_t id, uint32_t streams, int fds[3]);

/* Close all that have come: the set is empty. */
void fdset_clear(struct fdset *);

#endif
