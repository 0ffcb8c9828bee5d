/*
 * Files of a leaf that come before its message. Who sends them may have been
 * taken over: whose they are and how many there are is checked.
 */

#include <string.h>
#include <unistd.h>

#include "leafset.h"

void
leafset_init(struct leafset *s)
{
	memset(s, 0, sizeof(*s));
}

int
leafset_add(struct leafset *s, const struct msg_leaf *m, int fd)
{
	if (m->left >= LEAF_FILES_MAX ||
	    (s->count != 0 &&
		(m->id != s->id || s->left == 0 || m->left != s->left - 1)))
		return (-1);
	s->id = m->id;
	s->left = m->left;
	s->lost |= fd == -1;
	s->fds[s->count++] = fd;
	return (0);
}

int
leafset_complete(const struct leafset *s, uint32_t id)
{
	return (s->count != 0 && s->left == 0 && s->id == id);
}

void
leafset_clear(struct leafset *s)
{
	uint32_t i;

	for (i = 0; i < s->count; i++)
		if (s->fds[i] != -1)
			(void)close(s->fds[i]);
	leafset_init(s);
}
