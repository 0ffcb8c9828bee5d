/*
 * Writing Erlang's external term format, as much of it as crosses a port.
 */

#ifndef ETF_WRITE_H
#define ETF_WRITE_H

#include <sys/types.h>

#include <stdint.h>

#include "etf.h"

/*
 * The writer fills a fixed buffer. The first term that does not fit sets
 * full, and nothing is written from then on: test it once, at the end. So does
 * what is no term at all: an atom that is not UTF-8 or has more than 255
 * characters, a length that has no room in its field.
 */
struct etf_writer {
	uint8_t *buf;
	size_t size;
	size_t len;
	int full;
};

void etf_writer_init(struct etf_writer *, void *buf, size_t size);
void etf_put_version(struct etf_writer *);
void etf_put_tuple(struct etf_writer *, uint32_t arity);
/* n pairs of terms follow. */
void etf_put_map(struct etf_writer *, uint32_t n);
/* n > 0: n elements and etf_put_nil() must follow; 0 writes the whole []. */
void etf_put_list(struct etf_writer *, uint32_t n);
void etf_put_nil(struct etf_writer *);
/*
 * The same where it is not known yet how many there are: elements follow what
 * the first has returned, and the second gets that and their number.
 */
size_t etf_begin_list(struct etf_writer *);
void etf_end_list(struct etf_writer *, size_t at, uint32_t n);
void etf_put_int(struct etf_writer *, int64_t);
void etf_put_uint(struct etf_writer *, uint64_t);
void etf_put_atom(struct etf_writer *, const char *utf8);
void etf_put_binary(struct etf_writer *, const void *, size_t);
/* Only a binary's head: len bytes will follow on the wire. */
void etf_put_binary_head(struct etf_writer *, uint32_t len);
/*
 * An Erlang string: a list of code points. Bytes that are not UTF-8 are
 * written as a number each.
 */
void etf_put_string(struct etf_writer *, const char *utf8);

#endif
