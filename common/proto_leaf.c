/*
 * Packing, unpacking and checking of the messages about leaves; see proto.c.
 */

#include <string.h>

#include "proto.h"
#include "proto_leaf.h"
#include "proto_tail.h"

_Static_assert(sizeof(struct leaf_limits) ==
		   8UL * (1 + LEAF_VALUES + 1 + LEAF_CPUS_MAX / 64 + LEAF_IOS +
			     LEAF_IOS * LEAF_RATES + 1),
    "padding in leaf_limits");
_Static_assert(sizeof(struct msg_leaf_make) ==
		   8 + sizeof(struct leaf_limits) + LEAF_NAME_MAX,
    "padding in msg_leaf_make");
_Static_assert(sizeof(struct msg_leaf_done) == 24, "padding in msg_leaf_done");
_Static_assert(sizeof(struct msg_leaf_state) == 24 + 8 * LEAF_STATS_COUNT,
    "padding in msg_leaf_state");
_Static_assert(
    sizeof(struct msg_leaf_event) == 32, "padding in msg_leaf_event");
_Static_assert(sizeof(struct msg_cgroup_set) == 16 + sizeof(struct leaf_limits),
    "padding in msg_cgroup_set");

/* What a value may be at most and at least, but for LEAF_NO_LIMIT. */
static const struct {
	uint64_t min, max;
	int none; /* it may be LEAF_NO_LIMIT */
} leaf_ranges[LEAF_VALUES] = {
	[LEAF_MEMORY_MAX] = { 0, INT64_MAX, 1 },
	[LEAF_MEMORY_HIGH] = { 0, INT64_MAX, 1 },
	[LEAF_MEMORY_LOW] = { 0, INT64_MAX, 1 },
	[LEAF_MEMORY_MIN] = { 0, INT64_MAX, 1 },
	[LEAF_SWAP_MAX] = { 0, INT64_MAX, 1 },
	[LEAF_OOM_GROUP] = { 0, 1, 0 },
	[LEAF_PIDS_MAX] = { 0, INT32_MAX, 1 },
	[LEAF_CPU_WEIGHT] = { 1, 10000, 0 },
	[LEAF_CPU_MAX] = { 1000, INT64_MAX / 1000, 1 },
	[LEAF_CPU_PERIOD] = { 1000, 1000000, 0 },
	[LEAF_CPU_IDLE] = { 0, 1, 0 },
	[LEAF_IO_WEIGHT] = { 1, 10000, 0 },
};

static int
leaf_value_check(const struct leaf_limits *l, size_t i)
{
	uint64_t v = l->value[i];

	if (!(l->given & UINT64_C(1) << i))
		return (v == 0 ? 0 : -1);
	if (v == LEAF_NO_LIMIT)
		return (leaf_ranges[i].none ? 0 : -1);
	return (v >= leaf_ranges[i].min && v <= leaf_ranges[i].max ? 0 : -1);
}

static int
leaf_io_check(const struct leaf_limits *l)
{
	uint32_t i, j, used;

	if (l->ios > LEAF_IOS ||
	    (l->ios > 0) != !!(l->given & UINT64_C(1) << LEAF_IO_MAX))
		return (-1);
	for (i = 0; i < LEAF_IOS; i++) {
		used = i < l->ios;
		if (l->major[i] > (used ? LEAF_MAJOR_MAX : 0) ||
		    l->minor[i] > (used ? LEAF_MINOR_MAX : 0))
			return (-1);
		for (j = 0; j < LEAF_RATES; j++)
			if (used ? l->rate[i][j] == 0 : l->rate[i][j] != 0)
				return (-1);
	}
	return (0);
}

int
leaf_limits_check(const struct leaf_limits *l)
{
	uint64_t any = 0;
	size_t i;

	if (l->given >> LEAF_LIMITS != 0 || l->pad != 0)
		return (-1);
	for (i = 0; i < LEAF_VALUES; i++)
		if (leaf_value_check(l, i) == -1)
			return (-1);
	for (i = 0; i < LEAF_CPUS_MAX / 64; i++)
		any |= l->cpus[i];
	if ((any != 0) != !!(l->given & UINT64_C(1) << LEAF_CPUS) ||
	    (l->mems != 0) != !!(l->given & UINT64_C(1) << LEAF_MEMS) ||
	    !(l->given & UINT64_C(1) << LEAF_CPU_MAX) !=
		!(l->given & UINT64_C(1) << LEAF_CPU_PERIOD))
		return (-1);
	return (leaf_io_check(l));
}

int
leaf_name_check(const char *name)
{
	size_t len = strlen(name);

	return (len < LEAF_NAME_MAX && strspn(name, LEAF_NAME_BYTES) == len &&
			*name != '.'
		    ? 0
		    : -1);
}

int
proto_unpack_leaf_make(struct msg *msg)
{
	struct msg_leaf_make *m = &msg->leaf_make;
	size_t len;

	memcpy(m, msg->data, sizeof(*m));
	if ((len = strnlen(m->name, LEAF_NAME_MAX)) == LEAF_NAME_MAX ||
	    leaf_name_check(m->name) == -1)
		return (-1);
	for (; len < LEAF_NAME_MAX; len++)
		if (m->name[len] != '\0')
			return (-1);
	return (leaf_limits_check(&m->limits));
}

int
proto_unpack_leaf_ask(struct msg *msg)
{
	struct msg_leaf_ask *m = &msg->leaf_ask;

	memcpy(m, msg->data, sizeof(*m));
	return (m->op >= LEAF_KILL && m->op < LEAF_OPS ? 0 : -1);
}

int
proto_unpack_leaf(struct msg *msg)
{
	struct msg_leaf *m = &msg->leaf;

	memcpy(m, msg->data, sizeof(*m));
	return (m->left < LEAF_FILES_MAX ? 0 : -1);
}

size_t
proto_pack_leaf_done(
    void *buf, uint32_t id, enum leaf_op op, int error, const char *text)
{
	struct msg_leaf_done m = { 0 };
	size_t len;

	m.id = id;
	m.op = op;
	m.error = error;
	len = text_put(buf, sizeof(m), &m.text, text);
	memcpy(buf, &m, sizeof(m));
	return (len);
}

int
proto_unpack_leaf_done(struct msg *msg)
{
	struct msg_leaf_done *m = &msg->leaf_done.m;

	memcpy(m, msg->data, sizeof(*m));
	if (m->op >= LEAF_OPS || m->error < 0 || m->pad != 0)
		return (-1);
	return (text_get(msg, sizeof(*m), &m->text, &msg->leaf_done.text));
}

size_t
proto_pack_leaf_state(
    void *buf, const struct msg_leaf_state *state, const char *path)
{
	struct msg_leaf_state m = *state;
	size_t len;

	len = text_put(buf, sizeof(m), &m.path, path);
	memcpy(buf, &m, sizeof(m));
	return (len);
}

int
proto_unpack_leaf_state(struct msg *msg)
{
	struct msg_leaf_state *m = &msg->leaf_state.m;

	memcpy(m, msg->data, sizeof(*m));
	if (m->op != LEAF_STATS && m->op != LEAF_END)
		return (-1);
	return (text_get(msg, sizeof(*m), &m->path, &msg->leaf_state.path));
}

int
proto_unpack_leaf_event(struct msg *msg)
{
	struct msg_leaf_event *m = &msg->leaf_event;

	memcpy(m, msg->data, sizeof(*m));
	return (m->pad == 0 ? 0 : -1);
}

int
proto_unpack_cgroup_set(struct msg *msg)
{
	struct msg_cgroup_set *m = &msg->cgroup_set;

	memcpy(m, msg->data, sizeof(*m));
	return (m->pad == 0 ? leaf_limits_check(&m->limits) : -1);
}
