/*
 * Numbers with a suffix: 512M.
 */

#include <string.h>

#include "policy/size.h"

const char *
size_read(const char *word, uint64_t min, uint64_t max, uint64_t *n)
{
	static const char suffixes[] = "KMGT";
	const char *p, *suffix;
	uint64_t v = 0, digit;
	int large = 0;

	for (p = word; *p >= '0' && *p <= '9'; p++) {
		digit = (uint64_t)(*p - '0');
		large |= v > (UINT64_MAX - digit) / 10;
		v = v * 10 + digit;
	}
	if (p == word)
		return ("invalid");
	if (*p != '\0') {
		if ((suffix = strchr(suffixes, *p)) == NULL || p[1] != '\0')
			return ("invalid");
		for (; suffix >= suffixes; suffix--) {
			large |= v > UINT64_MAX / 1024;
			v *= 1024;
		}
	}
	if (large || v > max)
		return ("too large");
	if (v < min)
		return ("too small");
	*n = v;
	return (NULL);
}
