/*
 * Lists of numbers: "0-3,5".
 */

#include <stdio.h>
#include <string.h>

#include "cpulist.h"

/* Digits from *p on, which moves behind them: the number, or max. */
static unsigned int
number(const char **p, const char *end, unsigned int max)
{
	const char *first = *p;
	unsigned int n = 0;

	for (; *p < end && **p >= '0' && **p <= '9'; (*p)++)
		if ((n = n * 10 + (unsigned int)(**p - '0')) >= max)
			return (max);
	return (*p == first ? max : n);
}

int
cpulist_read(const char *text, size_t len, uint64_t *bits, unsigned int max)
{
	const char *p = text, *end = text + len;
	unsigned int n, last;

	memset(bits, 0, max / 8);
	for (;;) {
		n = last = number(&p, end, max);
		if (p < end && *p == '-') {
			p++;
			last = number(&p, end, max);
		}
		if (n == max || last == max || last < n)
			return (-1);
		for (; n <= last; n++)
			bits[n / 64] |= UINT64_C(1) << n % 64;
		if (p == end)
			return (0);
		if (*p++ != ',')
			return (-1);
	}
}

static int
is_set(const uint64_t *bits, unsigned int n, unsigned int max)
{
	return (n < max && bits[n / 64] >> n % 64 & 1);
}

size_t
cpulist_write(char *buf, size_t size, const uint64_t *bits, unsigned int max)
{
	unsigned int n, last;
	size_t used = 0;
	int len;

	*buf = '\0';
	for (n = 0; n < max; n = last + 1) {
		last = n;
		if (!is_set(bits, n, max))
			continue;
		while (is_set(bits, last + 1, max))
			last++;
		len = snprintf(buf + used, size - used,
		    last == n ? "%s%u" : "%s%u-%u", used == 0 ? "" : ",", n,
		    last);
		if (len < 0 || (size_t)len >= size - used)
			return (0);
		used += (size_t)len;
	}
	return (used);
}
