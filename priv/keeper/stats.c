/*
 * What a leaf has used: see stats.h.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compat/cgroup.h"

#include "keeper/stats.h"

#define TEXT_MAX 8192
#define FILE_MAX 192

/* Digits, and behind them the end of a word. */
static uint64_t
number(const char *text)
{
	unsigned long long n;
	char *end;

	if (*text < '0' || *text > '9')
		return (LEAF_UNKNOWN);
	n = strtoull(text, &end, 10); /* ULLONG_MAX, if it is too large */
	return (*end == '\0' || *end == '\n' || *end == ' ' ? n : LEAF_UNKNOWN);
}

/* Behind the next newline, or NULL. */
static const char *
next_line(const char *text)
{
	const char *end = strchr(text, '\n');

	return (end == NULL ? NULL : end + 1);
}

uint64_t
stats_key(const char *text, const char *key)
{
	size_t len = strlen(key);

	if (len == 0)
		return (number(text));
	for (; text != NULL; text = next_line(text))
		if (strncmp(text, key, len) == 0 && text[len] == ' ')
			return (number(text + len + 1));
	return (LEAF_UNKNOWN);
}

/*
 * Each line begins with a device's number. A sum that cannot be, and a line
 * that says something else, makes all of it unknown; so does one that is cut.
 */
uint64_t
stats_sum(const char *text, const char *key)
{
	const char *line, *at;
	uint64_t n, sum = 0;
	size_t len = strlen(key);

	for (line = text; line != NULL && *line != '\0';
	     line = next_line(line)) {
		at = strstr(line, key);
		if (strchr(line, '\n') == NULL)
			return (LEAF_UNKNOWN);
		if (at == NULL || at > strchr(line, '\n'))
			continue;
		n = number(at + len);
		if (n == LEAF_UNKNOWN || n >= LEAF_UNKNOWN - sum)
			return (LEAF_UNKNOWN);
		sum += n;
	}
	return (sum);
}

/* What is behind a number: ns are told as us. */
enum unit { ONE, NS, SUM, HELD };
#define LIVE 1 /* it is of no use at the end */

#define ALWAYS LEAF_CTLS /* whatever the tree has, if the file is there */

/* Of one file the rows are together. */
struct row {
	const char *file;
	const char *key;
	enum leaf_controller controller;
	enum leaf_stat stat;
	enum unit unit;
	int live;
};

static const struct row v2[] = {
	{ "cpu.stat", "usage_usec", ALWAYS, LEAF_CPU_US, ONE, 0 },
	{ "cpu.stat", "user_usec", ALWAYS, LEAF_CPU_USER_US, ONE, 0 },
	{ "cpu.stat", "system_usec", ALWAYS, LEAF_CPU_SYSTEM_US, ONE, 0 },
	{ "cpu.stat", "throttled_usec", ALWAYS, LEAF_THROTTLED_US, ONE, 0 },
	{ "cgroup.events", "frozen", ALWAYS, LEAF_FROZEN, ONE, LIVE },
	{ "memory.current", "", LEAF_CTL_MEMORY, LEAF_MEMORY_CURRENT, ONE,
	    LIVE },
	{ "memory.peak", "", LEAF_CTL_MEMORY, LEAF_MEMORY_PEAK, ONE, 0 },
	{ "memory.swap.current", "", LEAF_CTL_MEMORY, LEAF_SWAP_CURRENT, ONE,
	    LIVE },
	{ "memory.events", "oom_kill", LEAF_CTL_MEMORY, LEAF_OOM_KILLS, ONE,
	    0 },
	{ "memory.events", "high", LEAF_CTL_MEMORY, LEAF_HIGHS, ONE, 0 },
	{ "memory.events", "max", LEAF_CTL_MEMORY, LEAF_MAXES, ONE, 0 },
	{ "pids.current", "", LEAF_CTL_PIDS, LEAF_PIDS_CURRENT, ONE, LIVE },
	{ "pids.peak", "", LEAF_CTL_PIDS, LEAF_PIDS_PEAK, ONE, 0 },
	{ "pids.events", "max", LEAF_CTL_PIDS, LEAF_PIDS_DENIED, ONE, 0 },
	{ "io.stat", "rbytes=", LEAF_CTL_IO, LEAF_IO_READ, SUM, 0 },
	{ "io.stat", "wbytes=", LEAF_CTL_IO, LEAF_IO_WRITTEN, SUM, 0 },
};

static const struct row v1[] = {
	{ "freezer.state", "FROZEN\n", ALWAYS, LEAF_FROZEN, HELD, LIVE },
	{ "memory.usage_in_bytes", "", LEAF_CTL_MEMORY, LEAF_MEMORY_CURRENT,
	    ONE, LIVE },
	{ "memory.max_usage_in_bytes", "", LEAF_CTL_MEMORY, LEAF_MEMORY_PEAK,
	    ONE, 0 },
	{ "memory.failcnt", "", LEAF_CTL_MEMORY, LEAF_MAXES, ONE, 0 },
	{ "memory.stat", "total_swap", LEAF_CTL_MEMORY, LEAF_SWAP_CURRENT, ONE,
	    LIVE },
	{ "memory.oom_control", "oom_kill", LEAF_CTL_MEMORY, LEAF_OOM_KILLS,
	    ONE, 0 },
	{ "cpu.stat", "throttled_time", LEAF_CTL_CPU, LEAF_THROTTLED_US, NS,
	    0 },
	{ "pids.current", "", LEAF_CTL_PIDS, LEAF_PIDS_CURRENT, ONE, LIVE },
	{ "pids.peak", "", LEAF_CTL_PIDS, LEAF_PIDS_PEAK, ONE, 0 },
	{ "pids.events", "max", LEAF_CTL_PIDS, LEAF_PIDS_DENIED, ONE, 0 },
	{ "blkio.throttle.io_service_bytes_recursive", "Read ", LEAF_CTL_IO,
	    LEAF_IO_READ, SUM, 0 },
	{ "blkio.throttle.io_service_bytes_recursive", "Write ", LEAF_CTL_IO,
	    LEAF_IO_WRITTEN, SUM, 0 },
};

static uint64_t
value(const struct row *r, const char *text)
{
	uint64_t n;

	if (r->unit == SUM)
		return (stats_sum(text, r->key));
	if (r->unit == HELD)
		return (strcmp(text, r->key) == 0);
	n = stats_key(text, r->key);
	return (r->unit == NS && n != LEAF_UNKNOWN ? n / 1000 : n);
}

static void
read_rows(const struct cgroup_tree *t, const struct row *rows, size_t n,
    const char *path, int live, uint64_t *stat)
{
	static char text[TEXT_MAX];
	const char *file = "";
	char name[FILE_MAX];
	size_t i;
	int have = 0;

	for (i = 0; i < n; i++) {
		if ((rows[i].live && !live) ||
		    (rows[i].controller != ALWAYS &&
			!(t->controllers >> rows[i].controller & 1)))
			continue;
		if (strcmp(rows[i].file, file) != 0) {
			file = rows[i].file;
			(void)snprintf(name, sizeof(name), "%s/%s", path, file);
			have =
			    cgroup_get(t->dir, name, text, sizeof(text)) == 0;
		}
		if (have)
			stat[rows[i].stat] = value(&rows[i], text);
	}
}

void
stats_read(const struct cgroup_tree *t, size_t count, uint32_t used,
    const char *path, int live, uint64_t stat[LEAF_STATS_COUNT])
{
	size_t i;

	for (i = 0; i < LEAF_STATS_COUNT; i++)
		stat[i] = LEAF_UNKNOWN;
	for (i = 0; i < count; i++)
		if (!(used >> i & 1))
			continue;
		else if (t[i].v2)
			read_rows(&t[i], v2, sizeof(v2) / sizeof(v2[0]), path,
			    live, stat);
		else
			read_rows(&t[i], v1, sizeof(v1) / sizeof(v1[0]), path,
			    live, stat);
}
