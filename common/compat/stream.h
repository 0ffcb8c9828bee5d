/*
 * Pipes and terminals of children. They were made by a process that may have
 * been taken over, and that can have kept them: their flags are whatever it
 * likes, at any time, and so they must not be what keeps us from waiting.
 */

#ifndef COMPAT_STREAM_H
#define COMPAT_STREAM_H

#include <sys/types.h>
#include <sys/uio.h>

enum stream_kind {
	STREAM_OTHER, /* nothing of what we make */
	STREAM_PIPE,
	STREAM_TERMINAL
};

/* Before the sandbox. Fatal on failure. */
void stream_init(void);

/*
 * What fd is. Asks nobody who could be slow, as the server of a file system
 * can be; what is something else must not even be closed.
 */
enum stream_kind stream_kind(int fd);

/* Let it not wait, as long as nobody says otherwise: 0, or -1 with errno. */
int stream_unwaiting(int fd);

/*
 * In the worker alone: stream_io and stream_tick. To be called before the
 * sandbox, and fatal on failure.
 */
void stream_io_init(void);

/*
 * As read(2) and writev(2), of pipes and of terminals: EAGAIN rather than a
 * wait. For terminals it may take a second to find out, and is EIO then.
 */
ssize_t stream_get_pipe(int fd, void *, size_t);
ssize_t stream_put_pipe(int fd, const struct iovec *, int);
ssize_t stream_get_terminal(int fd, void *, size_t);
ssize_t stream_put_terminal(int fd, const struct iovec *, int);

/* What stream_io_init() does for terminals: no call else sleeps with them. */
void stream_tick_init(void);
/* So many more terminals are there, or less. */
void stream_terminals(int more);

#endif
