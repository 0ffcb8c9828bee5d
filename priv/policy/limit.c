/*
 * Limits of leaves, from the words of a rule.
 */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cpulist.h"
#include "leaf_limit.h"
#include "policy/limit.h"
#include "policy/size.h"
#include "proto.h"

#define PERIOD 100000 /* us; the kernel's own */
#define DIGITS "0123456789"

enum kind { NUMBER, PERCENT, PROCESSORS, NODES };

/* With a percentage of a period the products of leaf.c are small enough. */
static const struct {
	const char *word;
	enum leaf_limit limit;
	enum kind kind;
	uint64_t min, max;
	const char *range;
} limits[] = {
	{ "memory", LEAF_MEMORY_MAX, NUMBER, 1 << 20, INT64_MAX, "1M or more" },
	{ "swap", LEAF_SWAP_MAX, NUMBER, 0, INT64_MAX, "0 or more" },
	{ "pids", LEAF_PIDS_MAX, NUMBER, 1, 4194304, "1 to 4194304" },
	{ "cpu", LEAF_CPU_MAX, PERCENT, 1, 102400, "1% to 102400%" },
	{ "cpu_weight", LEAF_CPU_WEIGHT, NUMBER, 1, 10000, "1 to 10000" },
	{ "io_weight", LEAF_IO_WEIGHT, NUMBER, 1, 10000, "1 to 10000" },
	{ "cpus", LEAF_CPUS, PROCESSORS, 0, 0, "as 0-3,5, up to 1023" },
	{ "mems", LEAF_MEMS, NODES, 0, 0, "as 0-3,5, up to 63" },
};

static int
bad(char *why, const char *, ...) __attribute__((__format__(printf, 2, 3)));

static int
bad(char *why, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(why, LIMIT_WHY_MAX, fmt, ap);
	va_end(ap);
	return (-1);
}

int
limit_find(const char *word)
{
	size_t i;

	for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		if (strcmp(limits[i].word, word) == 0)
			return ((int)i);
	return (-1);
}

/* The number of a word that ends with %. */
static const char *
percent_read(const char *word, uint64_t min, uint64_t max, uint64_t *n)
{
	char digits[16];
	size_t len = strlen(word);

	if (len == 0 || len > sizeof(digits) || word[--len] != '%' ||
	    strspn(word, DIGITS) != len)
		return ("invalid");
	memcpy(digits, word, len);
	digits[len] = '\0';
	return (size_read(digits, min, max, n));
}

/* A list of those that there can be into bits. */
static const char *
list_read(const char *word, uint64_t *bits, unsigned int max)
{
	uint64_t new[LEAF_CPUS_MAX / 64];

	if (cpulist_read(word, strlen(word), new, max) == -1)
		return ("invalid");
	memcpy(bits, new, max / 8);
	return (NULL);
}

static const char *
value_read(struct leaf_limits *l, int which, const char *word)
{
	uint64_t min = limits[which].min, max = limits[which].max, *n;
	const char *why;

	if (limits[which].kind == PROCESSORS)
		return (list_read(word, l->cpus, LEAF_CPUS_MAX));
	if (limits[which].kind == NODES)
		return (list_read(word, &l->mems, LEAF_MEMS_MAX));
	n = &l->value[limits[which].limit];
	switch (limits[which].kind) {
	case PERCENT:
		if ((why = percent_read(word, min, max, n)) != NULL)
			return (why);
		*n *= PERIOD / 100;
		l->value[LEAF_CPU_PERIOD] = PERIOD;
		l->given |= UINT64_C(1) << LEAF_CPU_PERIOD;
		return (NULL);
	default:
		return (size_read(word, min, max, n));
	}
}

int
limit_read(struct leaf_limits *l, int which, const char *word, char *why)
{
	uint64_t bit = UINT64_C(1) << limits[which].limit;
	const char *fault;

	if (l->given & bit)
		return (bad(why, "%s a second time", limits[which].word));
	if ((fault = value_read(l, which, word)) != NULL)
		return (bad(why, "%s \"%.64s\": %s (%s)", limits[which].word,
		    word, fault, limits[which].range));
	l->given |= bit;
	return (0);
}

/* "8:0": one device more. */
static int
device_read(struct leaf_limits *l, const char *word, char *why)
{
	uint64_t major, minor;
	size_t i, len = strcspn(word, ":");
	char text[16];

	if (len >= sizeof(text) || word[len] != ':')
		return (bad(why, "io \"%.64s\": no device as 8:0", word));
	memcpy(text, word, len);
	text[len] = '\0';
	if (strspn(text, DIGITS) != len ||
	    word[len + 1 + strspn(word + len + 1, DIGITS)] != '\0' ||
	    size_read(text, 0, LEAF_MAJOR_MAX, &major) != NULL ||
	    size_read(word + len + 1, 0, LEAF_MINOR_MAX, &minor) != NULL)
		return (bad(why, "io \"%.64s\": no device as 8:0", word));
	for (i = 0; i < l->ios; i++)
		if (l->major[i] == major && l->minor[i] == minor)
			return (bad(why, "io %.64s a second time", word));
	if (l->ios == LEAF_IOS)
		return (bad(why, "io: more than %d devices", LEAF_IOS));
	l->major[i] = (uint32_t)major;
	l->minor[i] = (uint32_t)minor;
	for (i = 0; i < LEAF_RATES; i++)
		l->rate[l->ios][i] = LEAF_NO_LIMIT;
	l->ios++;
	l->given |= UINT64_C(1) << LEAF_IO_MAX;
	return (0);
}

int
limit_end_io(const struct leaf_limits *l, char *why)
{
	uint32_t i = l->ios - 1, n;

	if (l->ios == 0)
		return (bad(why, "io: no device"));
	for (n = 0; n < LEAF_RATES; n++)
		if (l->rate[i][n] != LEAF_NO_LIMIT)
			return (0);
	return (bad(why, "io %u:%u: no rate", l->major[i], l->minor[i]));
}

/* "rbps=10M", of the last device. */
static int
rate_read(struct leaf_limits *l, const char *word, char *why)
{
	size_t len = strcspn(word, "=");
	const char *fault;
	uint64_t *rate;
	uint32_t i;

	for (i = 0; i < LEAF_RATES; i++)
		if (strlen(leaf_rate_name(i)) == len &&
		    memcmp(leaf_rate_name(i), word, len) == 0)
			break;
	if (i == LEAF_RATES)
		return (bad(why, "io \"%.64s\": no rate", word));
	if (l->ios == 0)
		return (bad(why, "io \"%.64s\": no device before it", word));
	rate = &l->rate[l->ios - 1][i];
	if (*rate != LEAF_NO_LIMIT)
		return (bad(why, "io %s a second time", leaf_rate_name(i)));
	if ((fault = size_read(word + len + 1, 1, INT64_MAX, rate)) != NULL)
		return (bad(why, "io \"%.64s\": %s (1 or more)", word, fault));
	return (0);
}

int
limit_read_io(struct leaf_limits *l, const char *word, char *why)
{
	if (strchr(word, '=') != NULL)
		return (rate_read(l, word, why));
	if (l->ios > 0 && limit_end_io(l, why) == -1)
		return (-1);
	return (device_read(l, word, why));
}
