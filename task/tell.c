/* What the switch itself tells the node: see tell.h and wire.h. */

#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "etf_write.h"
#include "log.h"
#include "version.h"

#include "task/call.h"
#include "task/constant.h"
#include "task/frame.h"
#include "task/table.h"
#include "task/tell.h"

#define SMALL 1024 /* bytes of an answer of ours */
#define ROW 512 /* and of a task in the list */

static void
tell_term(uint8_t type, uint32_t task, uint32_t seq, struct etf_writer *w)
{
	if (w->full)
		fatalx("an answer of ours has no room");
	frame_put(type, task, seq, w->buf, w->len, NULL, 0);
}

void
tell_ok(uint32_t task, uint32_t seq)
{
	struct etf_writer w;
	uint8_t buf[SMALL];

	etf_writer_init(&w, buf, sizeof(buf));
	etf_put_version(&w);
	etf_put_atom(&w, "ok");
	tell_term(WIRE_REPLY, task, seq, &w);
}

void
tell_value(uint32_t task, uint32_t seq, int64_t value)
{
	struct etf_writer w;
	uint8_t buf[SMALL];

	etf_writer_init(&w, buf, sizeof(buf));
	etf_put_version(&w);
	etf_put_tuple(&w, 2);
	etf_put_atom(&w, "ok");
	etf_put_int(&w, value);
	tell_term(WIRE_REPLY, task, seq, &w);
}

static void
put_error(struct etf_writer *w, const char *stage, int error,
    const char *detail, int64_t number)
{
	etf_put_tuple(w, 2);
	etf_put_atom(w, "error");
	etf_put_tuple(w, 3);
	etf_put_atom(w, stage);
	etf_put_atom(w, constant_errno(error));
	if (detail != NULL)
		etf_put_atom(w, detail);
	else
		etf_put_int(w, number);
}

void
tell_error(uint32_t task, uint32_t seq, const char *stage, int error,
    const char *detail, int64_t number)
{
	struct etf_writer w;
	uint8_t buf[SMALL];

	etf_writer_init(&w, buf, sizeof(buf));
	etf_put_version(&w);
	put_error(&w, stage, error, detail, number);
	tell_term(WIRE_REPLY, task, seq, &w);
}

void
tell_error_of_batch(uint32_t task, uint32_t seq, const char *stage, int error,
    const char *detail, int64_t number)
{
	struct etf_writer w;
	uint8_t buf[SMALL];

	etf_writer_init(&w, buf, sizeof(buf));
	etf_put_version(&w);
	etf_put_list(&w, 1);
	put_error(&w, stage, error, detail, number);
	etf_put_nil(&w);
	tell_term(WIRE_RESULTS, task, seq, &w);
}

static void
put_pair(struct etf_writer *w, const char *key, int64_t value)
{
	etf_put_atom(w, key);
	etf_put_int(w, value);
}

static const char *
state_name(const struct task *t)
{
	if (t->dead)
		return ("dead");
	switch (t->state) {
	case TASK_NEW:
		return ("new");
	case TASK_READY:
		return (TAILQ_EMPTY(&t->asked) ? "call" : "busy");
	case TASK_PROGRAM:
		return ("program");
	case TASK_LEAVING:
	case TASK_AGAIN:
		break;
	}
	return ("exec");
}

static void
put_task(struct etf_writer *w, const struct task *t)
{
	etf_put_map(w, 8);
	put_pair(w, "task", t->number);
	put_pair(w, "parent", t->parent == NULL ? 0 : t->parent->number);
	put_pair(w, "pid", t->told_pid);
	put_pair(w, "inner", t->inner);
	put_pair(w, "own", t->own);
	put_pair(w, "depth", t->depth);
	put_pair(w, "children", table_children(t));
	etf_put_atom(w, "state");
	etf_put_atom(w, state_name(t));
}

void
tell_list(uint32_t task, uint32_t seq)
{
	struct etf_writer w;
	struct task *t;
	uint32_t n = 0;
	size_t size;
	uint8_t *buf;

	for (t = table_first(); t != NULL; t = table_after(t))
		n += !t->told;
	size = SMALL + (size_t)n * ROW;
	if (size > WIRE_MAX - WIRE_HEAD)
		size = WIRE_MAX - WIRE_HEAD;
	if ((buf = malloc(size)) == NULL)
		fatal("no memory for a list");
	etf_writer_init(&w, buf, size);
	etf_put_version(&w);
	etf_put_tuple(&w, 2);
	etf_put_atom(&w, "ok");
	etf_put_list(&w, n);
	for (t = table_first(); t != NULL; t = table_after(t))
		if (!t->told)
			put_task(&w, t);
	if (n > 0)
		etf_put_nil(&w);
	if (w.full)
		tell_error(task, seq, "wire", EMSGSIZE, "list", 0);
	else
		tell_term(WIRE_REPLY, task, seq, &w);
	free(buf);
}

static void
put_names(struct etf_writer *w, int absent)
{
	uint32_t n = 0;
	unsigned int i;

	for (i = 0; i < call_rows_count; i++)
		n += !absent || !call_here(i);
	etf_put_list(w, n);
	for (i = 0; i < call_rows_count; i++)
		if (!absent || !call_here(i))
			etf_put_atom(w, call_rows[i].name);
	if (n > 0)
		etf_put_nil(w);
}

void
tell_hello(pid_t root_pid)
{
	static const char *const features[] = { "batch", "interrupt", "pidfd",
		"stdin_window", "usage" };
	const uint32_t count = sizeof(features) / sizeof(features[0]);
	static uint8_t buf[65536];
	struct etf_writer w;
	uint32_t i;

	etf_writer_init(&w, buf, sizeof(buf));
	etf_put_version(&w);
	etf_put_map(&w, 9);
	etf_put_atom(&w, "version");
	etf_put_binary(&w, PROCTOR_VERSION, strlen(PROCTOR_VERSION));
	put_pair(&w, "protocol", WIRE_VERSION);
	put_pair(&w, "pid", getpid());
	put_pair(&w, "root", TASK_ROOT);
	put_pair(&w, "root_pid", root_pid);
	etf_put_atom(&w, "system");
	etf_put_atom(&w, PLATFORM);
	etf_put_atom(&w, "calls");
	put_names(&w, 0);
	etf_put_atom(&w, "absent");
	put_names(&w, 1);
	etf_put_atom(&w, "features");
	etf_put_list(&w, count);
	for (i = 0; i < count; i++)
		etf_put_atom(&w, features[i]);
	etf_put_nil(&w);
	tell_term(WIRE_HELLO, TASK_TREE, 0, &w);
}

void
tell_born(const struct task *t, uint32_t seq)
{
	uint8_t b[12];

	frame_to_32(b, t->parent == NULL ? TASK_TREE : t->parent->number);
	frame_to_32(b + 4, (uint32_t)t->told_pid);
	frame_to_32(b + 8, (uint32_t)t->inner);
	frame_put(WIRE_BORN, t->number, seq, b, sizeof(b), NULL, 0);
}

void
tell_exec(const struct task *t, unsigned int streams)
{
	uint8_t b = (uint8_t)streams;

	frame_put(WIRE_EXEC, t->number, 0, &b, 1, NULL, 0);
}

void
tell_eof(const struct task *t, int stream, int error)
{
	uint8_t b[2] = { (uint8_t)stream, (uint8_t)error };

	frame_put(WIRE_EOF, t->number, 0, b, sizeof(b), NULL, 0);
}

void
tell_taken(const struct task *t, uint32_t bytes)
{
	uint8_t b[4];

	frame_to_32(b, bytes);
	frame_put(WIRE_TAKEN, t->number, 0, b, sizeof(b), NULL, 0);
}

void
tell_exit(const struct task *t)
{
	uint8_t b[31];
	uint32_t value = 0;

	memset(b, 0, sizeof(b));
	if (!t->known || t->status == -1)
		b[0] = HOW_UNKNOWN;
	else if (WIFEXITED(t->status))
		value = (uint32_t)WEXITSTATUS(t->status);
	else {
		b[0] = HOW_SIGNALLED;
		value = (uint32_t)WTERMSIG(t->status);
		b[5] = WCOREDUMP(t->status) != 0;
	}
	frame_to_32(b + 1, value);
	b[6] = (uint8_t)t->cause;
	frame_to_64(b + 7, t->utime);
	frame_to_64(b + 15, t->stime);
	frame_to_64(b + 23, t->maxrss);
	frame_put(WIRE_EXIT, t->number, 0, b, sizeof(b), NULL, 0);
}

void
tell_broken(const char *what)
{
	struct etf_writer w;
	uint8_t buf[SMALL];

	etf_writer_init(&w, buf, sizeof(buf));
	etf_put_version(&w);
	put_error(&w, "wire", EPROTO, what, 0);
	tell_term(WIRE_ERROR, TASK_TREE, 0, &w);
}
