/*
 * Terms for the node: how each begins, and how it leaves.
 */

#include "etf_write.h"
#include "log.h"
#include "worker.h"

int term_native;

void
term_open(struct etf_writer *w, void *buf, size_t size, int64_t tid)
{
	etf_writer_init(w, buf, size);
	etf_put_version(w);
	etf_put_tuple(w, 2);
	etf_put_int(w, tid);
}

void
term_send(const struct etf_writer *w)
{
	if (w->full)
		fatalx("a term does not fit its buffer");
	port_term(w->buf, w->len);
}
