/*
 * The call seccomp_rules: a system call filter by names. The first rule whose
 * name and arguments fit decides; another machine's calls end the process.
 */

#include <sys/prctl.h>
#include <sys/syscall.h>

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "call_linux.h"
#include "compat/bpf_linux.h"
#include "constant.h"

#define ARGUMENTS 6

static const struct {
	const char *name;
	uint32_t action;
} actions[] = {
	{ "allow", SECCOMP_RET_ALLOW },
	{ "kill", SECCOMP_RET_KILL_PROCESS },
	{ "trap", SECCOMP_RET_TRAP },
	{ "log", SECCOMP_RET_LOG },
	{ "errno", SECCOMP_RET_ERRNO | EPERM },
};

static int
read_constant(struct etf *term, const char *kind, int64_t *value)
{
	char name[ETF_ATOM_MAX];
	struct etf e = *term;

	if (etf_get_int(term, value) == 0)
		return (0);
	if (etf_get_atom(&e, name, sizeof(name)) == -1 ||
	    constant_get(constant_kind(kind, strlen(kind)), name, value) == -1)
		return (-1);
	*term = e;
	return (0);
}

/* {errno, Errno} */
static int
read_errno(struct etf *term, uint32_t *action)
{
	char name[ETF_ATOM_MAX];
	int64_t error;

	if (etf_get_atom(term, name, sizeof(name)) == -1 ||
	    strcasecmp(name, "errno") != 0 ||
	    read_constant(term, "errno", &error) == -1 || error < 1 ||
	    error > 4095)
		return (-1);
	*action = SECCOMP_RET_ERRNO | (uint32_t)error;
	return (0);
}

static int
read_action(struct etf *term, uint32_t *action)
{
	char name[ETF_ATOM_MAX];
	uint32_t n;
	size_t i;

	if (etf_get_tuple(term, &n) == 0)
		return (n == 2 ? read_errno(term, action) : -1);
	if (etf_get_atom(term, name, sizeof(name)) == -1)
		return (-1);
	for (i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (strcasecmp(name, actions[i].name) == 0) {
			*action = actions[i].action;
			return (0);
		}
	return (-1);
}

struct condition {
	unsigned int arg;
	uint64_t mask;
	uint64_t value;
};

static int
read_value(struct etf *term, uint64_t *value)
{
	int64_t n;

	if (etf_get_int(term, &n) == -1)
		return (etf_get_uint(term, value));
	*value = (uint64_t)n;
	return (0);
}

/* {Number, eq, Value}, {Number, mask, Mask, Value}. */
static int
read_condition(struct etf *term, struct condition *d)
{
	char how[8];
	int64_t arg;
	uint32_t n;

	if (etf_get_tuple(term, &n) == -1 || etf_get_int(term, &arg) == -1 ||
	    arg < 0 || arg >= ARGUMENTS ||
	    etf_get_atom(term, how, sizeof(how)) == -1)
		return (-1);
	d->arg = (unsigned int)arg;
	d->mask = UINT64_MAX;
	if (strcasecmp(how, "eq") == 0 && n == 3)
		return (read_value(term, &d->value));
	if (strcasecmp(how, "mask") != 0 || n != 4 ||
	    read_value(term, &d->mask) == -1)
		return (-1);
	return (read_value(term, &d->value));
}

/* How many instructions a condition is. */
#define CONDITION 6

/* Else pass over what is left of the rule, so many instructions. */
static void
write_condition(struct bpf *p, const struct condition *d, size_t left)
{
	unsigned int half;

	for (half = 0; half < 2; half++) {
		bpf_argument(p, d->arg, half);
		bpf_and(p, (uint32_t)(d->mask >> (32 * half)));
		bpf_unless(p, (uint32_t)(d->value >> (32 * half)),
		    left + (half == 0 ? CONDITION / 2 : 0));
	}
}

/* {args, Conditions}: all of them. */
static int
read_conditions(struct etf *term, struct condition *d, uint32_t *count)
{
	char word[8];
	uint32_t i, n;

	if (etf_get_tuple(term, &n) == -1 || n != 2 ||
	    etf_get_atom(term, word, sizeof(word)) == -1 ||
	    strcasecmp(word, "args") != 0 || etf_get_list(term, count) == -1 ||
	    *count > ARGUMENTS)
		return (-1);
	for (i = 0; i < *count; i++)
		if (read_condition(term, &d[i]) == -1)
			return (-1);
	return (*count > 0 ? etf_get_nil(term) : 0);
}

/* A call's number; -1 for one that only machines with short longs have. */
static int
read_call(struct etf *term, int64_t *number)
{
	static const char tail[] = "_time64";
	char name[ETF_ATOM_MAX];
	struct etf e = *term;
	size_t len;

	if (read_constant(term, "syscall", number) == 0)
		return (*number < 0 || *number > INT32_MAX ? -1 : 0);
	if (etf_get_atom(&e, name, sizeof(name)) == -1)
		return (-1);
	len = strlen(name);
	if (len < sizeof(tail) ||
	    strcmp(name + len + 1 - sizeof(tail), tail) != 0)
		return (-1);
	*number = -1;
	*term = e;
	return (0);
}

/* {Name, Action}, {Name, {args, Conditions}, Action}. */
static int
read_rule(struct etf *term, struct bpf *p)
{
	struct condition d[ARGUMENTS];
	uint32_t action, i, n, count = 0;
	int64_t number;

	if (etf_get_tuple(term, &n) == -1 || (n != 2 && n != 3) ||
	    read_call(term, &number) == -1 ||
	    (n == 3 && read_conditions(term, d, &count) == -1) ||
	    read_action(term, &action) == -1)
		return (-1);
	if (number == -1)
		return (0);
	bpf_unless(p, (uint32_t)number, count * CONDITION + 2);
	for (i = 0; i < count; i++)
		write_condition(p, &d[i], (count - 1 - i) * CONDITION + 1);
	bpf_give(p, action);
	bpf_number(p);
	return (0);
}

static int
read_rules(struct etf *term, struct bpf *p)
{
	uint32_t i, n;

	if (etf_get_list(term, &n) == -1)
		return (-1);
	for (i = 0; i < n; i++)
		if (read_rule(term, p) == -1)
			return (-1);
	return (n > 0 ? etf_get_nil(term) : 0);
}

/* #{default => Action, calls => Rules}: both, in any order. */
static int
read_program(struct etf *term, struct bpf *p)
{
	char key[8];
	uint32_t i, n, action = 0;
	unsigned int seen = 0;

	if (etf_get_map(term, &n) == -1 || n != 2)
		return (-1);
	for (i = 0; i < n; i++) {
		if (etf_get_atom(term, key, sizeof(key)) == -1)
			return (-1);
		if (strcmp(key, "default") == 0 &&
		    read_action(term, &action) == 0)
			seen |= 1;
		else if (strcmp(key, "calls") == 0 && read_rules(term, p) == 0)
			seen |= 2;
		else
			return (-1);
	}
	bpf_give(p, action);
	return (seen == 3 ? 0 : -1);
}

/*
 * Without no_new_privs a program with more rights would be under it, too. Who
 * may not ask is sealed, and has it.
 */
int
call_seccomp_rules(struct call *c)
{
	struct sock_fprog prog;
	struct bpf p;

	bpf_begin(&p, SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_PROCESS);
	if (read_program(&c->a[0].term, &p) == -1)
		return (call_wrong(c, 1, EINVAL));
	errno = bpf_known() ? EACCES : ENOSYS;
	if (!bpf_known() || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0)
		return (-1);
	errno = E2BIG;
	if (p.full)
		return (-1);
	prog.len = p.len;
	prog.filter = p.code;
	return ((int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog));
}
