/*
 * Capabilities, in lists of their names.
 */

#include <sys/types.h>
#include <sys/syscall.h>
#include <linux/capability.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "call_linux.h"
#include "constant.h"
#include "value.h"

#define WORD 32 /* capabilities in one word of a set */
#define WHOLE 64 /* and in both */

static void
put_set(struct etf_writer *out, const char *key, uint64_t set)
{
	const struct constant_kind *kind = constant_kind("cap", 3);
	uint32_t n = 0;
	size_t list;
	int i;

	etf_put_atom(out, key);
	list = etf_begin_list(out);
	for (i = 0; i < WHOLE; i++) {
		if ((set >> i & 1) == 0)
			continue;
		value_name(out, constant_name(kind, i), i);
		n++;
	}
	etf_end_list(out, list, n);
}

static uint64_t
both(uint32_t low, uint32_t high)
{
	return ((uint64_t)high << WORD | low);
}

int
call_capget(struct call *c)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3,
		c->a[0].given ? (int)c->a[0].number : 0 };
	struct __user_cap_data_struct d[2];

	memset(d, 0, sizeof(d));
	if (syscall(SYS_capget, &head, d) == -1)
		return (-1);
	etf_put_map(c->out, 3);
	put_set(c->out, "effective", both(d[0].effective, d[1].effective));
	put_set(c->out, "permitted", both(d[0].permitted, d[1].permitted));
	put_set(
	    c->out, "inheritable", both(d[0].inheritable, d[1].inheritable));
	return (0);
}

static int
read_set(struct call *c, int arg, uint64_t *set)
{
	const struct arg *a = &c->a[arg];
	size_t i;

	*set = 0;
	for (i = 0; i < a->len; i++) {
		if (a->numbers[i] < 0 || a->numbers[i] >= WHOLE)
			return (call_wrong(c, arg + 1, EINVAL));
		*set |= UINT64_C(1) << a->numbers[i];
	}
	return (0);
}

/* Effective, permitted, inheritable. */
int
call_capset(struct call *c)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3,
		0 };
	struct __user_cap_data_struct d[2];
	uint64_t set[3];
	int i;

	for (i = 0; i < 3; i++)
		if (read_set(c, i, &set[i]) == -1)
			return (-1);
	for (i = 0; i < 2; i++) {
		d[i].effective = (uint32_t)(set[0] >> WORD * i);
		d[i].permitted = (uint32_t)(set[1] >> WORD * i);
		d[i].inheritable = (uint32_t)(set[2] >> WORD * i);
	}
	return (value_done((int)syscall(SYS_capset, &head, d)));
}
