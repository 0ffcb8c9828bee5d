/*
 * Limits of a leaf: #{Name => Value}, as an option of run and as a request.
 */

#include <errno.h>
#include <string.h>

#include "broker.h"
#include "cpulist.h"
#include "leaf_limit.h"

#define CPU_PERIOD 100000 /* us; the kernel's own */
#define DEVICE_MAX 32 /* bytes of "MAJOR:MINOR", with a NUL */

/* N, or max if that can be: LEAF_NO_LIMIT. */
static int
get_amount(struct etf *e, int none, uint64_t *v)
{
	char atom[ETF_ATOM_MAX];
	int64_t n;

	if (etf_get_int(e, &n) == 0) {
		*v = (uint64_t)n;
		return (n >= 0 ? 0 : -1);
	}
	if (!none || etf_get_atom(e, atom, sizeof(atom)) == -1 ||
	    strcmp(atom, "max") != 0)
		return (-1);
	*v = LEAF_NO_LIMIT;
	return (0);
}

static int
get_boolean(struct etf *e, uint64_t *v)
{
	char atom[ETF_ATOM_MAX];

	if (etf_get_atom(e, atom, sizeof(atom)) == -1)
		return (-1);
	*v = strcmp(atom, "true") == 0;
	return (*v || strcmp(atom, "false") == 0 ? 0 : -1);
}

/* max, or {Quota, Period} */
static int
get_cpu_max(struct etf *e, struct leaf_limits *l)
{
	uint32_t arity;

	l->given |= UINT64_C(1) << LEAF_CPU_PERIOD;
	l->value[LEAF_CPU_PERIOD] = CPU_PERIOD;
	if (etf_get_tuple(e, &arity) == -1)
		return (get_amount(e, 1, &l->value[LEAF_CPU_MAX]) == -1 ||
				l->value[LEAF_CPU_MAX] != LEAF_NO_LIMIT
			    ? -1
			    : 0);
	if (arity != 2 || get_amount(e, 0, &l->value[LEAF_CPU_MAX]) == -1)
		return (-1);
	return (get_amount(e, 0, &l->value[LEAF_CPU_PERIOD]));
}

/* "0-3,5" */
static int
get_list(struct etf *e, uint64_t *bits, unsigned int max)
{
	char text[CPULIST_MAX];
	size_t len;

	if (etf_get_text(e, text, sizeof(text), &len) == -1)
		return (-1);
	return (cpulist_read(text, len, bits, max));
}

/* One of the two numbers of a device, up to end. */
static int
device_number(const char **p, char end, uint32_t *n)
{
	uint64_t v = 0;
	const char *s = *p;

	for (; *s >= '0' && *s <= '9' && v <= UINT32_MAX; s++)
		v = v * 10 + (uint64_t)(*s - '0');
	if (s == *p || *s != end || v > UINT32_MAX)
		return (-1);
	*p = s + 1;
	*n = (uint32_t)v;
	return (0);
}

static int
get_device(struct etf *e, uint32_t *major, uint32_t *minor)
{
	char text[DEVICE_MAX];
	const char *p = text;
	size_t len;

	if (etf_get_text(e, text, sizeof(text), &len) == -1 ||
	    device_number(&p, ':', major) == -1)
		return (-1);
	return (device_number(&p, '\0', minor));
}

/* #{rbps => N, ...}: what is not said has no limit. */
static int
get_rates(struct etf *e, uint64_t rate[LEAF_RATES])
{
	char atom[ETF_ATOM_MAX];
	uint32_t i, n, j, seen = 0;

	for (j = 0; j < LEAF_RATES; j++)
		rate[j] = LEAF_NO_LIMIT;
	if (etf_get_map(e, &n) == -1)
		return (-1);
	for (i = 0; i < n; i++) {
		if (etf_get_atom(e, atom, sizeof(atom)) == -1)
			return (-1);
		for (j = 0; j < LEAF_RATES; j++)
			if (strcmp(atom, leaf_rate_name(j)) == 0)
				break;
		if (j == LEAF_RATES || seen & 1U << j ||
		    get_amount(e, 1, &rate[j]) == -1)
			return (-1);
		seen |= 1U << j;
	}
	return (0);
}

/* [{Device, Rates}] */
static int
get_io_max(struct etf *e, struct leaf_limits *l)
{
	uint32_t arity, i, n;

	if (etf_get_list(e, &n) == -1 || n == 0 || n > LEAF_IOS)
		return (-1);
	for (i = 0; i < n; i++)
		if (etf_get_tuple(e, &arity) == -1 || arity != 2 ||
		    get_device(e, &l->major[i], &l->minor[i]) == -1 ||
		    get_rates(e, l->rate[i]) == -1)
			return (-1);
	l->ios = n;
	return (etf_get_nil(e));
}

static int
get_value(struct etf *e, struct leaf_limits *l, enum leaf_limit limit)
{
	switch (limit) {
	case LEAF_OOM_GROUP:
	case LEAF_CPU_IDLE:
		return (get_boolean(e, &l->value[limit]));
	case LEAF_CPU_MAX:
		return (get_cpu_max(e, l));
	case LEAF_CPUS:
		return (get_list(e, l->cpus, LEAF_CPUS_MAX));
	case LEAF_MEMS:
		return (get_list(e, &l->mems, LEAF_MEMS_MAX));
	case LEAF_IO_MAX:
		return (get_io_max(e, l));
	default:
		return (get_amount(e, 1, &l->value[limit]));
	}
}

/* The name of a leaf, which is not empty. */
static int
get_name(struct etf *e, char name[LEAF_NAME_MAX])
{
	size_t len;

	if (*name != '\0' || etf_get_text(e, name, LEAF_NAME_MAX, &len) == -1 ||
	    len == 0)
		return (-1);
	return (leaf_name_check(name));
}

/* One key and its value; each once. */
static int
get_limit(struct etf *e, struct leaf_limits *l, char *name)
{
	char key[ETF_ATOM_MAX];
	int limit;

	if (etf_get_atom(e, key, sizeof(key)) == -1)
		return (-1);
	if (name != NULL && strcmp(key, "name") == 0)
		return (get_name(e, name));
	/* The period has the name of its quota, which comes before it. */
	for (limit = 0; limit < LEAF_LIMITS; limit++)
		if (strcmp(key, leaf_limit_name((enum leaf_limit)limit)) == 0)
			break;
	if (limit == LEAF_LIMITS || l->given & UINT64_C(1) << limit)
		return (-1);
	l->given |= UINT64_C(1) << limit;
	return (get_value(e, l, (enum leaf_limit)limit));
}

int
leaf_get(struct etf *e, struct leaf_limits *l, char *name)
{
	uint32_t i, n;

	memset(l, 0, sizeof(*l));
	if (name != NULL)
		*name = '\0';
	errno = EINVAL;
	if (etf_get_map(e, &n) == -1)
		return (-1);
	for (i = 0; i < n; i++)
		if (get_limit(e, l, name) == -1) {
			errno = EINVAL;
			return (-1);
		}
	errno = EINVAL;
	return (leaf_limits_check(l));
}
