/*
 * Descriptors that come before their message. Who sends them may have been
 * taken over: whose they are, how many there are and what they are is checked.
 */

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "compat/stream.h"
#include "fdset.h"

void
fdset_init(struct fdset *s)
{
	s->id = s->streams = 0;
	s->fds[0] = s->fds[1] = s->fds[2] = -1;
}

int
fdset_add(struct fdset *s, const struct msg_stream *m, int fd)
{
	if (m->stream > 2 || s->streams & 1U << m->stream ||
	    (s->streams != 0 && s->id != m->id)) {
		errno = EINVAL;
		return (-1);
	}
	if (fd != -1 && stream_kind(fd) == STREAM_OTHER) {
		errno = ENOTSUP;
		return (-1);
	}
	s->id = m->id;
	s->streams |= 1U << m->stream;
	s->fds[m->stream] = fd;
	return (0);
}

int
fdset_take(struct fdset *s, uint32_t id, uint32_t streams, int fds[3])
{
	if (streams != s->streams || (streams != 0 && id != s->id))
		return (-1);
	memcpy(fds, s->fds, sizeof(s->fds));
	fdset_init(s);
	return (0);
}

void
fdset_clear(struct fdset *s)
{
	int i;

	for (i = 0; i < 3; i++)
		if (s->fds[i] != -1)
			(void)close(s->fds[i]);
	fdset_init(s);
}
