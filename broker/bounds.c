/*
 * How much a child may have: limits of setrlimit(2), processors, its turn at
 * disks.
 */

#include <errno.h>
#include <string.h>

#include "broker.h"
#include "cpulist.h"
#include "limitname.h"

/* A number, or infinity. */
static int
limit_get_value(struct etf *e, uint64_t *value)
{
	char atom[ETF_ATOM_MAX];
	int64_t n;

	if (etf_get_int(e, &n) == 0) {
		*value = (uint64_t)n;
		return (n >= 0 && *value <= LIMIT_MAX ? 0 : -1);
	}
	*value = LIMIT_NONE;
	if (etf_get_atom(e, atom, sizeof(atom)) == -1)
		return (-1);
	return (strcmp(atom, "infinity") == 0 ? 0 : -1);
}

/* {Name, Value} or {Name, {Soft, Hard}} */
static int
limit_get(struct etf *e, struct run *r)
{
	char name[ETF_ATOM_MAX];
	uint32_t arity;
	int n;

	if (etf_get_tuple(e, &arity) == -1 || arity != 2 ||
	    etf_get_atom(e, name, sizeof(name)) == -1 ||
	    (n = limitname_number(name)) == -1 || r->limits & 1U << n)
		return (-1);
	r->limits |= 1U << n;
	if (etf_get_tuple(e, &arity) == -1) {
		if (limit_get_value(e, &r->soft[n]) == -1)
			return (-1);
		r->hard[n] = r->soft[n];
		return (0);
	}
	if (arity != 2 || limit_get_value(e, &r->soft[n]) == -1 ||
	    limit_get_value(e, &r->hard[n]) == -1)
		return (-1);
	return (r->soft[n] <= r->hard[n] ? 0 : -1);
}

int
bounds_get_limits(struct etf *e, struct run *r)
{
	uint32_t i, n;

	errno = EINVAL;
	if (etf_get_list(e, &n) == -1)
		return (-1);
	for (i = 0; i < n; i++)
		if (limit_get(e, r) == -1)
			return (-1);
	return (n == 0 ? 0 : etf_get_nil(e));
}

int
bounds_get_cpus(struct etf *e, uint64_t cpus[RUN_CPUS / 64])
{
	char text[CPULIST_MAX];
	size_t len;
	int r;

	r = etf_get_text(e, text, sizeof(text), &len);
	errno = EINVAL;
	return (r == -1 ? -1 : cpulist_read(text, len, cpus, RUN_CPUS));
}

/* idle, {best_effort, 0..7} or {realtime, 0..7} */
int
bounds_get_io(struct etf *e, uint32_t *priority)
{
	char atom[ETF_ATOM_MAX];
	uint32_t arity;
	int64_t level;

	errno = EINVAL;
	if (etf_get_atom(e, atom, sizeof(atom)) == 0) {
		*priority = IO_PRIORITY(IO_IDLE, 0);
		return (strcmp(atom, "idle") == 0 ? 0 : -1);
	}
	if (etf_get_tuple(e, &arity) == -1 || arity != 2 ||
	    etf_get_atom(e, atom, sizeof(atom)) == -1 ||
	    etf_get_int(e, &level) == -1 || level < 0 || level > 7)
		return (-1);
	if (strcmp(atom, "best_effort") == 0)
		*priority = IO_PRIORITY(IO_BEST_EFFORT, (uint32_t)level);
	else if (strcmp(atom, "realtime") == 0)
		*priority = IO_PRIORITY(IO_REALTIME, (uint32_t)level);
	else
		return (-1);
	return (0);
}
