/*
 * Reading Erlang's external term format, as much of it as crosses a port.
 *
 * The reader is a cursor over a buffer that somebody hostile filled. It
 * never reads past the end, never allocates, and never believes a length or
 * a count that the remaining bytes cannot hold. Every getter returns 0 and
 * moves the cursor behind what it read, or returns -1 and leaves the cursor
 * where it was; nothing is stored on failure.
 *
 * Use it in two steps: etf_check() once over a whole frame says whether it is
 * a term at all (a peer that sends anything else is broken); after that a
 * getter that fails means only that the term is not of the shape asked for.
 */

#ifndef ETF_READ_H
#define ETF_READ_H

#include <sys/types.h>

#include <stdint.h>

#include "etf.h"

#define ETF_MAX_DEPTH 32 /* lists, tuples and maps in each other */
#define ETF_MAX_ELEMENTS (8 << 20) /* terms in one frame, all counted */
#define ETF_ATOM_MAX \
	(ETF_ATOM_CHARS * 4 + 1) /* an atom's text in UTF-8 with its NUL */

struct etf {
	const uint8_t *p; /* next byte */
	size_t left; /* bytes from p to the end of the frame */
};

enum etf_type {
	ETF_INT, /* any integer that fits int64_t */
	ETF_BIGINT, /* any larger one */
	ETF_FLOAT,
	ETF_ATOM,
	ETF_TUPLE,
	ETF_NIL,
	ETF_LIST, /* LIST_EXT */
	ETF_STRING, /* STRING_EXT: a list of bytes */
	ETF_BINARY,
	ETF_BITS,
	ETF_MAP,
	ETF_OTHER /* pid, port, reference, fun, export: can only be skipped */
};

/*
 * Is the frame of len bytes exactly one well-formed term with its version
 * byte? 0 if so; -1 if it is truncated, has bytes left over, has an unknown
 * tag, is compressed, or passes one of the limits above. A list's tail may be
 * any term, and a map's keys may repeat: whoever reads them must see to that.
 */
int etf_check(const void *frame, size_t len);

/* Start reading at the version byte; -1 if it is missing or not 131. */
int etf_open(struct etf *, const void *frame, size_t len);

/*
 * The type of the next term; the cursor stays. -1 at the end, or where no term
 * begins.
 */
int etf_type(const struct etf *, enum etf_type *);

/* The head of a tuple: its elements follow. */
int etf_get_tuple(struct etf *, uint32_t *arity);

/*
 * The head of a list: n elements follow, and behind them its tail, to be
 * taken by etf_get_nil(). With n 0 the whole list was taken and no tail
 * follows. STRING_EXT is not a list here: etf_get_text() takes it.
 */
int etf_get_list(struct etf *, uint32_t *n);
int etf_get_nil(struct etf *);

/* The head of a map: n keys follow, each with its value behind it. */
int etf_get_map(struct etf *, uint32_t *n);

/* Any integer encoding whose value fits. */
int etf_get_int(struct etf *, int64_t *);

/* The same for one that has 64 bits and no sign. */
int etf_get_uint(struct etf *, uint64_t *);

/*
 * An integer that is to be a process's number. 0 for one that can be none: no
 * process that a node could mean has it.
 */
int etf_get_pid(struct etf *, int32_t *);

/*
 * The atom's text as NUL-terminated UTF-8, whichever encoding it came in. Not
 * an atom with a NUL in it: it would pass for a shorter one.
 */
int etf_get_atom(struct etf *, char *buf, size_t size);

/* A binary's bytes: *data points into the frame. */
int etf_get_binary(struct etf *, const uint8_t **data, size_t *len);

/* The same for STRING_EXT: the bytes that it is a list of. */
int etf_get_bytes(struct etf *, const uint8_t **data, size_t *len);

/*
 * Only a binary's head, for bytes that are not all there yet: unlike the
 * other getters it believes *len, which may pass the end.
 */
int etf_get_binary_head(struct etf *, uint32_t *len);

/*
 * Text in any of the ways that Erlang has for it: a binary, a list of bytes
 * or of code points, [] for "". The result is NUL-terminated; *len, if not
 * NULL, is its length without the NUL.
 *
 * A binary is taken as it is, UTF-8 or not: file names are bytes. A list whose
 * elements are all bytes and together valid UTF-8 is taken as these bytes:
 * [195,169] is "\303\251", as is [233]. The elements of any other list are
 * code points and are turned into UTF-8. Nested lists are not text.
 *
 * -1 with errno: EINVAL not text (or a NUL byte, a surrogate or a number that
 * is no code point in it), ENOSPC buf too small.
 */
int etf_get_text(struct etf *, char *buf, size_t size, size_t *len);

/* Pass over one whole term of any type. */
int etf_skip(struct etf *);

#endif
