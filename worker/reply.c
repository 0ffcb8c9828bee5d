/*
 * Replies, as terms of the dialect that the node speaks.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errname.h"
#include "etf_write.h"
#include "log.h"
#include "worker.h"

/* A text may become a list with five bytes a character. */
#define TERM_MAX (MSG_TEXT_MAX * 2 * 5 + 128)

static void
put_error(struct etf_writer *w)
{
	etf_put_tuple(w, 2);
	etf_put_atom(w, "error");
}

/* Stages by their names, and what people read around their details. */
static const struct {
	const char *name;
	const char *head;
	const char *tail;
} stages[STAGES] = {
#include "stages.h"
};

static void
put_runfail(struct etf_writer *w, const struct reply *r)
{
	char text[MSG_TEXT_MAX + 256];

	(void)snprintf(text, sizeof(text), "Couldn't start pid: %s%s%s: %s",
	    stages[r->stage].head, r->text, stages[r->stage].tail,
	    strerror(r->value));
	put_error(w);
	etf_put_string(w, text);
}

/* {Stage, Errno, Detail} */
static void
put_stage(struct etf_writer *w, const struct reply *r)
{
	etf_put_tuple(w, 3);
	etf_put_atom(w, stages[r->stage].name);
	etf_put_atom(w, errname(r->value));
	etf_put_binary(w, r->text, strlen(r->text));
}

/* An option's name, as the node wrote it: a binary if it can be no atom. */
static void
put_name(struct etf_writer *w, const char *name)
{
	struct etf_writer before = *w;

	etf_put_atom(w, name);
	if (!w->full)
		return;
	*w = before;
	etf_put_binary(w, name, strlen(name));
}

/* What is different in the native dialect. 0 if this reply is the same. */
static int
reply_put_native(struct etf_writer *w, const struct reply *r)
{
	switch (r->code) {
	case REPLY_ERRNO:
	case REPLY_TEXT:
		put_error(w);
		if (r->stage == STAGE_NONE)
			etf_put_atom(w, errname(r->value));
		else
			put_stage(w, r);
		return (1);
	case REPLY_RUNFAIL:
		put_error(w);
		put_stage(w, r);
		return (1);
	case REPLY_BADOPT:
		put_error(w);
		etf_put_tuple(w, 2);
		etf_put_atom(w, "badopt");
		put_name(w, r->text + r->value);
		return (1);
	default:
		return (0);
	}
}

static void
put_reply(struct etf_writer *w, const struct reply *r)
{
	if (term_native && reply_put_native(w, r))
		return;
	switch (r->code) {
	case REPLY_OK:
		etf_put_atom(w, "ok");
		break;
	case REPLY_NOTFOUND:
		put_error(w);
		etf_put_atom(w, "not_found");
		break;
	case REPLY_BADARG:
		put_error(w);
		etf_put_atom(w, "badarg");
		break;
	case REPLY_ERRNO:
		put_error(w);
		etf_put_atom(w, errname(r->value));
		break;
	case REPLY_TEXT:
	case REPLY_BADOPT:
		put_error(w);
		etf_put_string(w, r->text);
		break;
	case REPLY_TERM:
		put_error(w);
		put_stage(w, r);
		break;
	case REPLY_LEVEL:
		etf_put_tuple(w, 2);
		etf_put_atom(w, "ok");
		etf_put_int(w, r->value);
		break;
	case REPLY_PAUSED:
		etf_put_tuple(w, 2);
		etf_put_atom(w, "ok");
		etf_put_atom(w, r->value ? "cgroup" : "signal");
		break;
	default:
		put_runfail(w, r);
		break;
	}
}

void
reply_send(const struct reply *r)
{
	uint8_t buf[TERM_MAX];
	struct etf_writer w;

	term_open(&w, buf, sizeof(buf), r->tid);
	put_reply(&w, r);
	if (r->tid != 0)
		term_send(&w);
}

void
reply_ok(int64_t tid)
{
	struct reply r = { .tid = tid, .code = REPLY_OK, .text = "" };

	reply_send(&r);
}

void
reply_text(int64_t tid, int error, const char *text)
{
	struct reply r = {
		.tid = tid, .code = REPLY_TEXT, .value = error, .text = text
	};

	reply_send(&r);
}

void
reply_nofd(int64_t tid, enum stage stage, int number, int error)
{
	struct reply r = { 0 };

	r.tid = tid;
	r.code = REPLY_RUNFAIL;
	r.stage = stage;
	r.value = error;
	r.text = stage == STAGE_PTY ? "" : proto_stream_names[number];
	reply_send(&r);
}

/* {Tid, {ok, #{path, ...}}} */
void
reply_stats(const struct msg_leaf_state *m, const char *path)
{
	uint8_t buf[MSG_TEXT_MAX + 1024];
	struct etf_writer w;

	term_open(&w, buf, sizeof(buf), m->tid);
	etf_put_tuple(&w, 2);
	etf_put_atom(&w, "ok");
	etf_put_map(&w, 1 + leaf_count_stats(m->stat));
	etf_put_atom(&w, "path");
	etf_put_binary(&w, path, strlen(path));
	leaf_put_stats(&w, m->stat);
	if (m->tid != 0)
		term_send(&w);
}

void
reply_pids(const struct msg_pids *m, const uint8_t *pids)
{
	struct reply r = { .tid = m->tid, .code = REPLY_ERRNO, .text = "" };
	struct etf_writer w;
	size_t size;
	int32_t pid;
	uint32_t i;
	void *buf;

	size = 64 + (size_t)m->count * 5;
	if (size > port_term_max()) {
		r.value = EMSGSIZE;
		reply_send(&r);
		return;
	}
	if ((buf = malloc(size)) == NULL)
		fatal("reply with pids");
	term_open(&w, buf, size, m->tid);
	etf_put_list(&w, m->count);
	for (i = 0; i < m->count; i++) {
		memcpy(&pid, pids + i * sizeof(pid), sizeof(pid));
		etf_put_int(&w, pid);
	}
	if (m->count > 0)
		etf_put_nil(&w);
	if (m->tid != 0)
		term_send(&w);
	free(buf);
}

/* {Tid, {pid, Pid}} */
void
reply_run(int64_t tid, pid_t pid)
{
	uint8_t buf[64];
	struct etf_writer w;

	if (tid == 0)
		return;
	term_open(&w, buf, sizeof(buf), tid);
	etf_put_tuple(&w, 2);
	etf_put_atom(&w, "pid");
	etf_put_int(&w, pid);
	term_send(&w);
}
