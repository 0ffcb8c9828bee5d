/*
 * The answer that is being written.
 */

#include <errno.h>
#include <string.h>

#include "answer.h"
#include "constant.h"
#include "message.h"
#include "self.h"
#include "wire.h"

#define SPARE \
	64 /* bytes for the error that is the last of a list, and its end */

static uint8_t buf[WIRE_MAX - WIRE_HEAD];
static struct etf_writer w;
static uint32_t seq, count;
static int results;
static size_t term; /* where it begins */

void
answer_begin(uint32_t number, int many)
{
	seq = number;
	results = many;
	count = 0;
	etf_writer_init(&w, buf, sizeof(buf) - (size_t)(many ? SPARE : 0));
	etf_put_version(&w);
	if (many)
		etf_put_list(&w, 1); /* how many is said at the end */
	term = w.len;
}

uint32_t
answer_seq(void)
{
	return (seq);
}

struct etf_writer *
answer_next(void)
{
	term = w.len;
	count++;
	return (&w);
}

static void
again(void)
{
	w.len = term;
	w.full = 0;
}

void
answer_ok(void)
{
	again();
	etf_put_atom(&w, "ok");
}

void
answer_error(const char *stage, int error, const char *detail)
{
	again();
	etf_put_tuple(&w, 2);
	etf_put_atom(&w, "error");
	etf_put_tuple(&w, 3);
	etf_put_atom(&w, stage);
	etf_put_atom(&w, constant_errno(error));
	etf_put_atom(&w, detail);
}

int
answer_fits(const char *detail)
{
	if (!w.full)
		return (1);
	w.size = sizeof(buf) - 1;
	answer_error("wire", EMSGSIZE, detail);
	return (0);
}

/* A list says how many it has, and where it ends. */
static void
finish(void)
{
	size_t i;

	if (!results)
		return;
	w.size = sizeof(buf);
	if (count == 0) {
		w.len = 1;
		etf_put_nil(&w);
		return;
	}
	for (i = 0; i < 4; i++)
		buf[2 + i] = (uint8_t)(count >> (24 - 8 * i));
	etf_put_nil(&w);
}

void
answer_send(void)
{
	struct task_reply head;

	finish();
	memset(&head, 0, sizeof(head));
	head.seq = seq;
	head.results = (uint32_t)results;
	self_send2(TASK_REPLY, &head, sizeof(head), buf, w.len);
	self_flush();
}

void
answer_exec(uint32_t streams, int itself)
{
	struct task_exec head;
	struct etf_writer before = w;

	memset(&head, 0, sizeof(head));
	head.seq = seq;
	head.streams = streams;
	head.results = (uint32_t)results;
	head.again = (uint32_t)itself;
	answer_ok();
	finish();
	self_send2(TASK_EXEC, &head, sizeof(head), buf, w.len);
	self_flush();
	w = before;
}
