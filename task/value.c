/*
 * Writes what handlers find.
 */

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "constant.h"
#include "cstruct.h"
#include "value.h"

int
value_done(int result)
{
	return (result == -1 ? -1 : 0);
}

int
value_number(struct call *c, int64_t result)
{
	if (result == -1)
		return (-1);
	etf_put_int(c->out, result);
	return (0);
}

int
value_always(struct call *c, int32_t result)
{
	if (result < 0) {
		errno = -result;
		return (-1);
	}
	return (value_number(c, result));
}

int
value_two(struct call *c, int64_t a, int64_t b)
{
	etf_put_tuple(c->out, 2);
	etf_put_int(c->out, a);
	etf_put_int(c->out, b);
	return (0);
}

int
value_memory(struct call *c, const struct arg *a)
{
	etf_put_tuple(c->out, 2);
	etf_put_binary(c->out, a->memory, a->len);
	cstruct_write(c->out, a);
	return (0);
}

int
value_text(struct call *c, const char *text)
{
	if (text == NULL)
		return (-1);
	etf_put_binary(c->out, text, strlen(text));
	return (0);
}

void
value_name(struct etf_writer *out, const char *name, int64_t number)
{
	char small[64];
	size_t i;

	if (name == NULL || strlen(name) >= sizeof(small)) {
		etf_put_int(out, number);
		return;
	}
	for (i = 0; name[i] != '\0'; i++)
		small[i] = (char)tolower((unsigned char)name[i]);
	small[i] = '\0';
	etf_put_atom(out, small);
}

void
value_signal(struct etf_writer *out, int signo)
{
	value_name(
	    out, constant_name(constant_kind("signal", 6), signo), signo);
}

void
value_pair(struct etf_writer *out, const char *key, uint64_t n)
{
	etf_put_atom(out, key);
	etf_put_uint(out, n);
}

static uint64_t
limit(rlim_t n)
{
	return (n == RLIM_INFINITY ? UINT64_MAX : (uint64_t)n);
}

void
value_rlimit(struct etf_writer *out, const struct rlimit *rl)
{
	etf_put_map(out, 2);
	value_pair(out, "cur", limit(rl->rlim_cur));
	value_pair(out, "max", limit(rl->rlim_max));
}

void
value_to_rlimit(const struct arg *a, struct rlimit *rl)
{
	rl->rlim_cur =
	    a->numbers[0] == -1 ? RLIM_INFINITY : (rlim_t)a->numbers[0];
	rl->rlim_max =
	    a->numbers[1] == -1 ? RLIM_INFINITY : (rlim_t)a->numbers[1];
}
