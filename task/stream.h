/*
 * The streams of programs. Output is read when the node takes it, and input
 * waits in a window: a program that does not read holds up nobody. Whoever made
 * a pipe may have kept it, so that nothing is done with one that could wait.
 */

#ifndef TASK_STREAM_H
#define TASK_STREAM_H

#include <sys/types.h>

#include <stdint.h>

struct task;

/* Before the sandbox. closed: all output of a task is read, or cut. */
void stream_setup(void (*closed)(struct task *));

/*
 * fd is to be stream number of the program that t becomes. 0; or -1: it can be
 * none, and must not even be closed.
 */
int stream_next(struct task *, uint32_t number, int tty, int fd);

/* It has become one: with these streams. -1 others have come. */
int stream_check(const struct task *, uint32_t streams);
void stream_begin(struct task *);

/* It has not: those are dropped. */
void stream_forget(struct task *);

/*
 * Bytes for its standard input: 0, or -1 they are more than the window. With
 * none it is closed behind what waits.
 */
int stream_input(struct task *, const uint8_t *, size_t);
void stream_close_input(struct task *);

/* At once, and nobody is told. */
void stream_end_input(struct task *);

/* Our end of one, at once. 0, or -1: it is closed. */
int stream_close(struct task *, uint32_t number);

/* The node has taken so much. 0, or -1: that was more than it had. */
int stream_ack(struct task *, uint32_t number, uint32_t bytes);

/* The size of its terminal: 0, or -1 with errno. */
int stream_winsz(struct task *, unsigned int rows, unsigned int columns);

/* Is any output open still? 1 or 0. */
int stream_open(const struct task *);

/* It has ended: what is in the pipes is read, and no more. */
void stream_cut(struct task *);

/* All of them, at once. */
void stream_drop(struct task *);

#endif
