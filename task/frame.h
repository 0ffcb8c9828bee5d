/*
 * Frames of the node: those that came, and those that are to leave. Only the
 * switch has the two descriptors.
 */

#ifndef TASK_FRAME_H
#define TASK_FRAME_H

#include <sys/types.h>

#include <stdint.h>

struct frame {
	uint8_t type;
	uint32_t task;
	uint32_t seq;
	const uint8_t *data; /* lives until frame_next() is called again */
	size_t len;
};

/* Numbers in network byte order. */
uint16_t frame_16(const uint8_t *);
uint32_t frame_32(const uint8_t *);
uint64_t frame_64(const uint8_t *);
void frame_to_32(uint8_t *, uint32_t);
void frame_to_64(uint8_t *, uint64_t);

/* Fatal on failure. */
void frame_init(int in, int out);

/* Read once: 1 go on, 0 the node has closed it, or it failed. */
int frame_read(void);

/* The next one: 1, 0 there is none yet, -1 what is there can be none. */
int frame_next(struct frame *);

/*
 * Append a frame of these pieces, of which the second may be none, to what is
 * to leave. Longer ones than WIRE_MAX are never made.
 */
void frame_put(uint8_t type, uint32_t task, uint32_t seq, const void *head,
    size_t headlen, const void *, size_t);

/*
 * The same of at most so many bytes that are moved out of a pipe, and not
 * copied. How many were: 0 if there are few, or others wait to leave, or the
 * system cannot do it.
 */
size_t frame_move(uint8_t type, uint32_t task, int pipe, size_t);

/* How much waits to leave. */
size_t frame_waiting(void);

/* Let leave what can: 0, or -1 nobody takes it any more. */
int frame_flush(void);

#endif
