/*
 * A run, of which an input says the parts: nearly all of them could be asked
 * for, so that what is behind the check of a message is reached.
 */

#include <string.h>

#include "input.h"
#include "proto.h"

#define TEXT_MAX 64
#define WORDS_MAX 8

enum text {
	PATH0,
	PATH1,
	PATH2,
	EXECUTABLE,
	CD,
	USER,
	KILL,
	ARG0,
	GID,
	LEAF,
	TEXTS
};

static char texts[TEXTS][TEXT_MAX];
static char words[3][WORDS_MAX * TEXT_MAX];

static const char *
text(struct input *in, enum text which, int given)
{
	texts[which][0] = '\0';
	return (given ? input_text(in, texts[which], TEXT_MAX) : texts[which]);
}

static void
vector(struct input *in, struct strvec *v, char *room, uint32_t count)
{
	uint32_t i;

	memset(v, 0, sizeof(*v));
	v->base = room;
	for (i = 0; i < count; i++) {
		(void)input_text(in, room + v->len, TEXT_MAX);
		v->len += (uint32_t)strlen(room + v->len) + 1;
	}
	v->count = count;
}

static void
streams(struct input *in, struct run *r)
{
	static const enum io_kind kinds[3][6] = {
		{ IO_PIPE, IO_NULL, IO_CLOSE, IO_FILE, IO_PIPE, IO_NULL },
		{ IO_PIPE, IO_NULL, IO_CLOSE, IO_FILE, IO_STDERR, IO_PIPE },
		{ IO_PIPE, IO_NULL, IO_CLOSE, IO_FILE, IO_STDOUT, IO_INHERIT },
	};
	int i;

	for (i = 0; i < 3; i++) {
		r->io[i].kind = kinds[i][input_byte(in) % 6];
		r->io[i].path =
		    text(in, (enum text)i, r->io[i].kind == IO_FILE);
		if (r->io[i].kind != IO_FILE)
			continue;
		r->io[i].append = i == 0 ? 0 : input_byte(in) & 1;
		r->io[i].perm = i == 0 ? 0 : (uint32_t)input_number(in) & 0777;
	}
}

static void
bounds(struct input *in, struct run *r)
{
	uint32_t i;

	r->limits = (uint32_t)input_number(in);
	for (i = 0; i < RUN_LIMITS; i++) {
		if (!(r->limits & 1U << i))
			continue;
		r->soft[i] = input_number(in);
		r->hard[i] = r->soft[i] + input_byte(in);
	}
	r->cpu_time = input_byte(in);
	r->io_priority = input_byte(in) & 0x1f;
	r->cpus[0] = input_number(in);
}

static void
leaf(struct input *in, struct run *r)
{
	uint32_t i;

	r->leaf_name = text(in, LEAF, 1);
	r->leaf.given = input_number(in);
	for (i = 0; i < LEAF_VALUES; i++)
		if (r->leaf.given & UINT64_C(1) << i)
			r->leaf.value[i] = input_number(in);
}

/* What goes with a flag. */
static void
flagged(struct input *in, struct run *r)
{
	if (r->flags & RUN_GROUP)
		r->group = (int32_t)input_number(in);
	if (r->flags & RUN_NICE)
		r->nice = input_byte(in) % 41 - 20;
	if (r->flags & RUN_SUCCESS)
		r->success = input_byte(in);
	if (r->flags & RUN_CAPS)
		r->caps = input_number(in);
	if (r->flags & RUN_LINGER)
		r->linger = (uint32_t)input_number(in);
	if (r->flags & RUN_UMASK)
		r->umask = (uint32_t)input_number(in) & 0777;
	if (r->flags & RUN_SCORE)
		r->score = (uint32_t)input_number(in) % (RUN_SCORE_MAX + 1);
	if (r->flags & RUN_PTY) {
		r->rows = r->cols = input_byte(in);
		r->modes_count = input_byte(in) & 1;
		r->modes[0].opcode = input_byte(in);
		r->modes[0].value = (uint32_t)input_number(in);
	}
}

void
input_run(struct input *in, struct run *r)
{
	uint8_t more = input_byte(in);

	memset(r, 0, sizeof(*r));
	r->tid = (int64_t)input_number(in);
	r->flags = (uint32_t)input_number(in) & RUN_FLAGS;
	flagged(in, r);
	streams(in, r);
	r->kill_timeout = input_number(in);
	r->timeout = input_number(in);
	r->idle = more & 1 ? input_number(in) : 0;
	r->stop_signal = more & 1 ? input_byte(in) : 0;
	r->window = more & 2 ? (uint32_t)input_number(in) : 0;
	r->stdin_ack = more & 2 ? (uint32_t)input_number(in) : 0;
	if (more & 4)
		bounds(in, r);
	r->leaf_name = text(in, LEAF, 0);
	if (more & 8 && r->flags & RUN_CGROUP)
		leaf(in, r);
	r->executable = text(in, EXECUTABLE, more & 16);
	r->arg0 = text(in, ARG0, more & 16);
	r->user = text(in, USER, more & 32);
	r->gid = text(in, GID, more & 32);
	r->cd = text(in, CD, more & 64);
	r->kill = text(in, KILL, more & 64);
	vector(in, &r->args, words[0],
	    r->flags & RUN_SHELL ? 1 : 1U + input_byte(in) % WORDS_MAX);
	vector(in, &r->env, words[1],
	    more & 128 ? input_byte(in) % (WORDS_MAX + 1U) : 0);
	vector(in, &r->groups, words[2],
	    r->flags & RUN_GROUPS ? input_byte(in) % (WORDS_MAX + 1U) : 0);
}
