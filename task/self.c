/*
 * A task's channel, and its end. The switch is trusted, as far as a message of
 * its can be one.
 */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "channel.h"
#include "compat/proc.h"
#include "dispatch.h"
#include "log.h"
#include "message.h"
#include "self.h"

static struct channel channel;
static const struct dispatch *table;
static size_t table_rows;
static pid_t made_by;
static int is_new;

void
self_init(const struct dispatch *rows, size_t n)
{
	table = rows;
	table_rows = n;
}

/* Nobody is there who would hear why. */
void
self_arm(void)
{
	if (proc_die_with(made_by, SIGKILL) == -1)
		_exit(0);
}

void
self_take(int fd)
{
	channel_close(&channel);
	if (dup3(fd, TASK_CHANNEL_FD, O_CLOEXEC) == -1)
		fatal("a task's channel");
	(void)close(fd);
	is_new = 1;
}

void
self_begin(pid_t parent, int again)
{
	struct task_here here;

	made_by = parent;
	self_arm();
	channel_init(
	    &channel, "switch", TASK_CHANNEL_FD, 1, table, table_rows, NULL);
	memset(&here, 0, sizeof(here));
	here.inner = (uint32_t)getpid();
	here.again = (uint32_t)again;
	self_send(TASK_HERE, -1, &here, sizeof(here));
	self_flush();
}

int
self_is_new(void)
{
	int r = is_new;

	is_new = 0;
	return (r);
}

void
self_send(uint32_t type, int fd, const void *data, size_t len)
{
	channel_send(&channel, type, fd, data, len);
}

void
self_send2(uint32_t type, const void *head, size_t headlen, const void *data,
    size_t len)
{
	channel_send2(&channel, type, head, headlen, data, len);
}

void
self_flush(void)
{
	struct pollfd pfd;
	int ms;

	while (channel_queued(&channel) > 0) {
		if (channel_write(&channel) == -1)
			_exit(0);
		ms = channel_poll(&pfd, &channel, 0);
		if (channel_queued(&channel) > 0)
			(void)poll(&pfd, 1, ms);
	}
}

int
self_dispatch(void)
{
	return (channel_dispatch(&channel, 1));
}

int
self_read(void)
{
	return (channel_read(&channel));
}
