/*
 * worker: moves bytes between the children's descriptors and the node, and is
 * the only process that writes to the node: replies, output and exits leave
 * in the order in which they became known. It holds no right but its
 * descriptors.
 *
 * Calls go down this list, from file to file, and never up:
 *
 *	worker
 *	dispatch
 *	child
 *	relay, feed, pty
 *	event, reply, hello, idle
 *	leaf
 *	term
 *	port, notify
 *	queue, zerocopy, pipe, callback, etf_write, errname
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

/* callback.c: an event, and who is called with what when it comes */
struct callback {
	struct event ev; /* for event_add() and event_del() */
	void (*fn)(void *arg);
	void *arg;
};

/*
 * To be called before the event is added; fn may be NULL, which wakes up the
 * loop and no more. A timer has fd -1 and no what.
 */
void callback_set(
    struct callback *, int fd, short what, void (*fn)(void *), void *arg);

/* A child's stdout or stderr. */
struct stream {
	TAILQ_ENTRY(stream) next;
	struct wchild *child;
	struct callback readable;
	int fd; /* -1 if it is closed, or not the node's */
	int number; /* 1 or 2 */
	int queued; /* readable, and waiting for the port */
	int bulk; /* it brings much at once: moved and not copied */
	int large; /* its pipe has been made larger */
	int paused; /* not read before relay_unpause() */
	size_t left; /* bytes still to be read; STREAM_ALL while it runs */
	size_t credit; /* bytes that the node lets us send */
};

/* A child's stdin. */
struct feed {
	struct callback writable;
	struct queue queue; /* bytes that the child has not taken */
	int fd; /* -1 if it is closed, or not the node's */
	int eof; /* close it once the queue is empty */
	int cut; /* some input was lost: neither more of it, nor its end */
	int large; /* its pipe has been made larger */
	int last; /* the byte last fed; '\n' where a line begins */
	uint64_t fed; /* bytes that it has taken */
	size_t left; /* bytes that have left and are not acknowledged yet */
	size_t worth; /* how many of these are worth an acknowledgement */
	size_t own; /* bytes on their way that are not the node's */
};

/* A child, as far as the worker knows of it. */
struct wchild {
	RB_ENTRY(wchild) by_id;
	RB_ENTRY(wchild) by_pid;
	uint32_t id;
	pid_t pid;
	uint32_t tty; /* TTY_..., if it is on a terminal */
	int slave; /* of that, held open while the child runs */
	int refused; /* the node was never told of it */
	int lingers; /* priv waits for the end of its output */
	int ended;
	uint32_t truncated; /* 1 << n for each stream that was cut */
	uint32_t window; /* of each stream; 0: none */
	uint64_t idle; /* ms that it may be silent; 0: for ever */
	int64_t heard; /* when it was not, as idle.c knows the time */
	struct callback quiet; /* looks whether it is */
	struct msg_exit end; /* once it has ended */
	uint64_t *used; /* LEAF_STATS_COUNT of its leaf, if it had one; owned */
	struct stream out[2];
	struct feed in;
};

/* dispatch.c: what priv and broker may send */
extern const struct dispatch worker_priv_table[];
extern const size_t worker_priv_rows;
extern const struct dispatch worker_broker_table[];
extern const size_t worker_broker_rows;

/*
 * child.c: the table of children.
 */
void wchild_init(void);

/* The child of that id, or the one that the node knows by that pid; or NULL. */
struct wchild *wchild_by_id(uint32_t id);
struct wchild *wchild_by_pid(pid_t);

/*
 * A new child, as priv describes it. Takes fds, -1 where a descriptor did not
 * arrive. What cannot be used fails the run: the node has its reply then, and
 * priv ends the child. Fatal without memory.
 */
void wchild_start(const struct msg_child *, const int fds[3]);

/* What its leaf has used, before its exit: 0, or -1 if it was said already. */
int wchild_used(struct wchild *, const struct msg_leaf_state *);

/* The child has ended. It is freed once its output has left. */
void wchild_exit(struct wchild *, const struct msg_exit *);

/*
 * Does a new child wait for the exit of an old one that had its pid? Nothing
 * may be read from priv until then.
 */
int wchild_waits_for_pid(void);

/*
 * relay.c: from a child to the node.
 */

/* closed: called when a stream was closed by what was read; may free it. */
void relay_init(void (*closed)(struct wchild *));

/*
 * Begin to read a child's stream, 1 or 2. Takes fd. 0, or -1 if it cannot be
 * watched: then relay_close() it.
 */
int relay_start(struct wchild *, int number, int fd);

/*
 * The child has ended: what is in the pipe is all that it can have written;
 * that is sent, then the stream is closed. cut: others have the pipe open, and
 * the time that the child may linger for them is over. Never calls closed.
 */
void relay_finish(struct stream *, int cut);

/* Close it now, if it is open. */
void relay_close(struct stream *);

/* Do not read it before relay_unpause(). Nothing happens if it is closed. */
void relay_pause(struct stream *);
void relay_unpause(struct stream *);

/* The node is done with so many bytes of stream 1 or 2. */
void relay_ack(struct wchild *, uint32_t number, uint64_t bytes);

/* Read those that wait for the port, as long as it takes their output. */
void relay_serve(void);

/* Does any stream wait for the port? */
int relay_waiting(void);

/*
 * feed.c: from the node to a child.
 */

/*
 * limit: bytes that may wait for one child. moved: the pipe that has those
 * which the broker moves; reading it does not wait.
 */
void feed_init(int64_t limit, int moved);

/* Takes fd. 0, or -1 if it cannot be used: then feed_close() it. */
int feed_start(struct wchild *, int fd);

/* Close it now, if it is open; what waits is dropped. */
void feed_close(struct wchild *);

/* Bytes for it, or their end. Dropped if it is closed, or was cut. */
void feed_data(struct wchild *, const uint8_t *, size_t);
void feed_eof(struct wchild *);

/*
 * The same of bytes that are in the pipe; the child may be NULL, as it is gone.
 * 0, or -1 if they are not there.
 */
int feed_moved(struct wchild *, size_t);

/*
 * idle.c: children that may not be silent for long.
 */

/* To be called first: how many ms it may, or 0. */
void idle_init(struct wchild *, uint64_t ms);

/* It begins now. Fatal without memory. */
void idle_start(struct wchild *);

/* It was not silent, or could not speak until now. */
void idle_heard(struct wchild *);

/* It has ended: nobody looks any more. */
void idle_end(struct wchild *);

/*
 * pty.c: terminals.
 */

/* The characters that end input, at most size of them; how many. */
size_t pty_eof(const struct wchild *, char *buf, size_t size);

/* A request of the node, and its reply. The child may be NULL: there is none.*/
void pty_winsz(const struct wchild *, const struct msg_winsz *);
void pty_opts(
    const struct wchild *, const struct msg_ptyopts *, const struct msg_mode *);

/*
 * event.c: what the node is sent without having asked. In the exec-port
 * dialect that is output and exits alone; the others do nothing there.
 */
void event_exit(const struct wchild *);
void event_leaf(const struct wchild *, const struct msg_leaf_event *);
void event_down(const char *user);
void event_eof(pid_t, int number);
void event_stdin_ack(pid_t, size_t bytes);

/* Output: at most port_copy_max() bytes. */
void event_output(int number, pid_t, const void *, size_t);
/* The same of what zc_read() has read; only while nothing waits. */
void event_output_moved(int number, pid_t);

/*
 * reply.c: replies, in the dialect that the node speaks. One to transaction 0
 * is not sent, as nobody waits for it.
 */
void reply_send(const struct reply *);

/* The child runs. */
void reply_run(int64_t tid, pid_t);

/* A run fails, as its descriptor for stream number did not arrive. */
void reply_nofd(int64_t tid, enum stage, int number, int error);

void reply_ok(int64_t tid);
void reply_text(int64_t tid, int error, const char *);

/* {stats, Pid} */
void reply_stats(const struct msg_leaf_state *, const char *path);

/* pids: m->count of int32_t, not aligned. */
void reply_pids(const struct msg_pids *m, const uint8_t *pids);

/*
 * hello.c: the reply to hello. After it the dialect is the native one. sandbox
 * is what sandbox_worker() has returned.
 */
void hello_init(int64_t stdin_limit, const char *const *sandbox);
void hello_reply(
    const struct msg_hello *, const struct strvec *users, const char *cgroup);

/*
 * leaf.c: what a leaf says of itself.
 */

struct etf_writer;

/* How many of those are known, and a key with its value for each. */
uint32_t leaf_count_stats(const uint64_t stat[LEAF_STATS_COUNT]);
void leaf_put_stats(struct etf_writer *, const uint64_t stat[LEAF_STATS_COUNT]);

/* The map of an exit: those that are of a life that is over. */
void leaf_put_used(struct etf_writer *, const uint64_t stat[LEAF_STATS_COUNT]);

/*
 * term.c: terms for the node.
 */
extern int term_native; /* the node has said hello */

/* {Tid, ...: one more term has to follow, and then term_send(). */
void term_open(struct etf_writer *, void *buf, size_t size, int64_t tid);

/* Send it; fatal if it did not fit buf. */
void term_send(const struct etf_writer *);

/*
 * port.c: frames to the node.
 */

/* packet: bytes of the length before a frame. Fatal on failure. */
void port_init(int fd, int packet);

/* Give the port back as it was. */
void port_end(void);

/*
 * A frame's head, to be followed by bytes that do not stand in it: a term's
 * beginning, PORT_TERM_MAX bytes at most, with room before it for the length.
 */
#define PORT_PREFIX_MAX 4
#define PORT_TERM_MAX 60
struct port_head {
	uint8_t bytes[PORT_PREFIX_MAX + PORT_TERM_MAX];
	size_t len; /* of the term's beginning */
};

/* The most bytes that may follow a head: copied, and moved. */
size_t port_copy_max(void);
size_t port_move_max(void);
/* The most bytes of a whole term. */
size_t port_term_max(void);

/* Queue a frame of a whole term. Fatal without memory. */
void port_term(const void *, size_t);

/* Write a frame; what the node does not take is queued. */
void port_output(struct port_head *, const void *, size_t);
/* The same with what zc_read() has read; only while nothing waits. */
void port_output_moved(struct port_head *);

/* Write what waits, as far as the node takes it. */
void port_flush(void);

/* Does anything wait? Output may be written only if not. */
int port_waiting(void);
/* Does so much wait that nothing may be read that has replies? */
int port_full(void);

/* Could it not be written, as nobody reads it any more? */
int port_dead(void);

/*
 * notify.c: what the worker tells priv, whose channel worker_priv is.
 */
extern struct channel worker_priv;

/* type: IMSG_DRAINED, IMSG_CUT or IMSG_IDLE. Leaves at once. */
void notify_child(uint32_t id, uint32_t type);
/* A descriptor of the child did not arrive. Leaves at once. */
void notify_nofd(uint32_t id, int number);
/* The port is broken: all have to end. */
void notify_shutdown(int status);

/*
 * queue.c: bytes that wait to be written.
 */
void queue_init(struct queue *);
/* Append a copy. 0, or -1 if there is no memory: some of it may be there. */
int queue_add(struct queue *, const void *, size_t);
/* Write some, by put, which is as writev(2); returns as that does. */
ssize_t queue_write(
    struct queue *, int fd, ssize_t (*put)(int, const struct iovec *, int));
/* Drop all of it. */
void queue_clear(struct queue *);

/*
 * zerocopy.c: output that is moved to the port.
 */
void zc_init(int port);
/* Can anything be moved? If not, none of the others may be called. */
int zc_able(void);
/* As read(2), to be written by zc_write(); only while nothing is pending. */
ssize_t zc_read(int fd, size_t);
/* Bytes that were read and not written. */
size_t zc_pending(void);
/* Copy what is pending to buf instead. */
void zc_copy(void *buf);
/* Write some of it to the port, as write(2). */
ssize_t zc_write(void);
/* Drop what is pending: nothing can be moved from now on. */
void zc_close(void);

/*
 * pipe.c: larger pipes.
 */
#define PIPE_LARGE (256UL * 1024) /* bytes in one */
/*
 * Make fd's pipe a large one, if not too many are: count is how many there
 * are already. 1 if it is large now, and one more is to be counted; else 0.
 */
int pipe_grow(int fd, int count);

#endif
