/*
 * Limits of leaves as words: see limit.h.
 */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "check/limit.h"
#include "cpulist.h"
#include "leaf_limit.h"
#include "proto.h"

static void put(char *buf, size_t size, const char *, ...)
    __attribute__((__format__(printf, 3, 4)));

static void
put(char *buf, size_t size, const char *fmt, ...)
{
	size_t len = strlen(buf);
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(buf + len, size - len, fmt, ap);
	va_end(ap);
}

static void
put_value(char *buf, size_t size, const struct leaf_limits *l, size_t i)
{
	char list[CPULIST_MAX];

	if (i == LEAF_CPUS || i == LEAF_MEMS) {
		if (i == LEAF_CPUS)
			(void)cpulist_write(
			    list, sizeof(list), l->cpus, LEAF_CPUS_MAX);
		else
			(void)cpulist_write(
			    list, sizeof(list), &l->mems, LEAF_MEMS_MAX);
		put(buf, size, "%s", list);
		return;
	}
	put(buf, size, "%llu", (unsigned long long)l->value[i]);
	if (i == LEAF_CPU_MAX)
		put(buf, size, "/%llu",
		    (unsigned long long)l->value[LEAF_CPU_PERIOD]);
}

static void
put_io(char *buf, size_t size, const struct leaf_limits *l, uint32_t i)
{
	uint32_t n;

	put(buf, size, "%u:%u", l->major[i], l->minor[i]);
	for (n = 0; n < LEAF_RATES; n++)
		if (l->rate[i][n] != LEAF_NO_LIMIT)
			put(buf, size, " %s %llu", leaf_rate_name(n),
			    (unsigned long long)l->rate[i][n]);
}

/* A name, and a comma between two. */
static void
put_name(char *buf, size_t size, enum leaf_limit limit)
{
	put(buf, size, "%s%s ", *buf == '\0' ? "" : ", ",
	    leaf_limit_name(limit));
}

void
limit_write(char *buf, size_t size, const struct leaf_limits *l)
{
	uint32_t i;

	*buf = '\0';
	for (i = 0; i < LEAF_IO_MAX; i++)
		if (i != LEAF_CPU_PERIOD && LEAF_GIVEN(l, i)) {
			put_name(buf, size, i);
			put_value(buf, size, l, i);
		}
	for (i = 0; i < l->ios; i++) {
		put_name(buf, size, LEAF_IO_MAX);
		put_io(buf, size, l, i);
	}
}
