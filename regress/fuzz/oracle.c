#include <stdlib.h>
#include <string.h>

#include "dispatch.h"
#include "fuzz.h"
#include "oracle.h"
#include "proto.h"

/* What does not give its own bytes again could be written in two ways. */
static void
same(const struct msg *m, const void *packed, size_t len)
{
	if (len != m->len || memcmp(packed, m->data, len) != 0)
		fuzz_wrong("it is packed otherwise than it came");
}

static void
run_again(const struct msg *m)
{
	size_t len;
	void *packed;

	if ((packed = proto_pack_run(&m->run, &len)) == NULL)
		fuzz_wrong("what was unpacked is not packed");
	same(m, packed, len);
	free(packed);
}

static void
again(const struct msg *m)
{
	uint8_t buf[4096];

	switch (m->type) {
	case IMSG_RUN:
	case IMSG_MANAGE:
	case IMSG_LAUNCH:
		run_again(m);
		break;
	case IMSG_REFUSE:
	case IMSG_REPLY:
		same(m, buf, proto_pack_reply(buf, &m->reply));
		break;
	case IMSG_LAUNCHED:
		same(m, buf, proto_pack_launched(buf, &m->launched));
		break;
	case IMSG_DOWN:
		same(m, buf, proto_pack_down(buf, m->down.user));
		break;
	case IMSG_LEAF_DONE:
		same(m, buf,
		    proto_pack_leaf_done(buf, m->leaf_done.m.id,
			(enum leaf_op)m->leaf_done.m.op,
			(int)m->leaf_done.m.error, m->leaf_done.text));
		break;
	case IMSG_LEAF_STATE:
		same(m, buf,
		    proto_pack_leaf_state(
			buf, &m->leaf_state.m, m->leaf_state.path));
		break;
	default:
		break;
	}
}

int
oracle_unpack(uint32_t type, const void *data, size_t len)
{
	const struct msg_type *t = proto_type(type);
	struct msg m;

	memset(&m, 0, sizeof(m));
	m.type = type;
	m.fd = -1;
	m.data = data;
	m.len = len;
	if (t == NULL || len < t->min || len > t->max || len == 0 ||
	    proto_unpack(&m) == -1)
		return (-1);
	again(&m);
	return (0);
}

int
oracle_dispatch(const struct dispatch *table, size_t rows, unsigned int state,
    struct msg *m)
{
	size_t i;

	if (oracle_unpack(m->type, m->data, m->len) == -1 ||
	    proto_unpack(m) == -1)
		return (-1);
	for (i = 0; i < rows; i++)
		if (table[i].type == m->type)
			return (
			    table[i].states & state ? table[i].handler(m) : -1);
	return (-1);
}
