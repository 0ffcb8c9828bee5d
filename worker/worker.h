/*
 * worker: moves bytes between the children's descriptors and the node, and is
 * the only one that writes to the node: replies, output and exits leave here
 * in the order in which they became known. It holds no right but its
 * descriptors.
 */

#ifndef WORKER_H
#define WORKER_H

#include <sys/types.h>
#include <sys/queue.h>
#include <sys/tree.h>
#include <sys/time.h>
#include <sys/uio.h>

#include <stddef.h>
#include <stdint.h>

#include <event.h>

#include "dispatch.h"
#include "proto.h"

#define STREAM_ALL SIZE_MAX

/* Bytes that wait. */
TAILQ_HEAD(chunks, chunk);
struct queue {
	struct chunks chunks;
	size_t len;
};

/* A child's stdout or stderr. */
struct stream {
	TAILQ_ENTRY(stream) next;
	struct child *child;
	struct event ev;
	int fd; /* -1 if it is closed, or none of the node's */
	int number; /* 1 or 2 */
	int queued; /* readable, and waiting for the port */
	int bulk; /* it brings much at once: moved and not copied */
	int large; /* its pipe has been made larger */
	size_t left; /* bytes still to be read; STREAM_ALL while it runs */
	size_t credit; /* bytes that the node lets us send */
	int parked; /* there is none: not read until there is */
};

/* A child's stdin. */
struct feed {
	struct event ev;
	struct queue queue; /* what has to wait */
	int fd;
	int eof; /* close it once the queue is empty */
	int cut; /* some of it is lost: no more, and no end of it, either */
	int large; /* its pipe has been made larger */
	uint64_t fed; /* bytes that it has taken */
	int last; /* the byte last fed; '\n' where a line begins */
	size_t left; /* bytes that have left, and the node was not told */
	size_t own; /* bytes on their way that are not the node's */
};

struct child {
	RB_ENTRY(child) by_id;
	RB_ENTRY(child) by_pid;
	uint32_t id;
	pid_t pid;
	uint32_t tty; /* TTY_..., if it is on a terminal */
	int slave; /* of that, held open while the child runs */
	int refused; /* the node was never told of it */
	int lingers; /* priv wants to hear that its output is over */
	uint32_t truncated; /* 1 << n for each stream that was cut */
	int ended;
	uint32_t window; /* of each stream; 0: none */
	struct msg_exit end;
	struct stream out[2];
	struct feed in;
};

/* worker.c */
extern struct channel worker_priv;

/* child.c: the table, and what priv and broker say of it */
int child_stream(void *, const void *, size_t, int);
int child_child(void *, const void *, size_t, int);
int child_exit(void *, const void *, size_t, int);
struct child *child_by_pid(pid_t);
void child_note(const struct child *, uint32_t type);
void child_check(struct child *); /* frees it if it is over */
int child_held(void);

/* relay.c: child to node */
int relay_start(struct child *, int number, int fd);
void relay_finish(struct stream *, int cut); /* cut: others have it */
void relay_close(struct stream *);
void relay_hold(struct stream *); /* until it is released */
void relay_release(struct stream *);
void relay_resume(void);
int relay_ack(void *, const void *, size_t, int);
int relay_waiting(void); /* does anyone stand in line? */

/* queue.c: bytes that wait to be written */
void queue_init(struct queue *);
int queue_add(struct queue *, const void *, size_t); /* -1: no memory */
/* Some of them, by a function that is as writev(2), and returns as it does. */
ssize_t queue_write(
    struct queue *, int fd, ssize_t (*)(int, const struct iovec *, int));
void queue_clear(struct queue *);

/* feed.c: node to child */
void feed_init(int64_t limit);
int feed_start(struct child *, int fd);
void feed_close(struct child *);
int feed_data(void *, const void *, size_t, int);
int feed_eof(void *, const void *, size_t, int);

/* pty.c: terminals */
size_t pty_eof(const struct child *, char *buf, size_t size);
int pty_winsz(void *, const void *, size_t, int);
int pty_opts(void *, const void *, size_t, int);

/* port.c: frames to the node */
void port_init(int fd, int packet);
void port_end(void);
size_t port_piece(void); /* bytes of output that fit one frame */
size_t port_max(void); /* bytes of a term that fit one frame */
int port_free(void); /* nothing waits: output may be written */
int port_full(void); /* so much waits that priv should not be heard */
void port_term(const void *, size_t);
size_t port_move_max(void); /* the same if they are moved */
void port_output(int number, pid_t, const void *, size_t);
void port_output_body(int number, pid_t);
void port_flush(void);
int port_waiting(void);

/* zerocopy.c: output that is moved to the port */
#define BODY_PIPE (256UL * 1024) /* bytes in the pipes on the way */
void body_init(int port);
int body_able(void);
ssize_t body_take(int fd, size_t);
size_t body_left(void); /* not given to the port yet */
void body_copy(void *);
ssize_t body_give(void);
void body_drop(void);

/* reply.c: terms */
struct etf_writer;
extern const char *const stream_names[3];
extern int reply_native; /* the node has said hello */
void reply_open(struct etf_writer *, void *, size_t, int64_t tid);
void reply_close(const struct etf_writer *);
int reply_reply(void *, const void *, size_t, int);
int reply_pids(void *, const void *, size_t, int);
void reply_run(int64_t tid, pid_t);
void reply_lost(int64_t tid, int number);
void reply_ok(int64_t tid);
void reply_text(int64_t tid, int error, const char *);

/* event.c: what nobody has asked for */
void event_exit(const struct child *);
int event_down(void *, const void *, size_t, int);
void event_eof(pid_t, int number);
void event_stdin_ack(pid_t, size_t);
size_t event_output_head(uint8_t *, size_t, int number, pid_t, uint32_t len);

/* hello.c: the answer to hello */
void welcome_init(int64_t stdin_limit);
int welcome_reply(void *, const void *, size_t, int);

#endif
