/*
 * Prints what each process's system call filter allows, for calls.py, which
 * compares it with what they were seen to call:
 *
 *	part NAME INSTRUCTIONS		of its filter, by which it is known
 *	call PART NAME NUMBER
 *	value PART NAME NUMBER ARGUMENT TEST VALUE	a row's, one each
 *
 * ARGUMENT is the number of its lower half; 8 more for the upper one.
 */

#include <stdio.h>

#include "compat/seccomp_linux.c"

static const struct {
	int call;
	const char *name;
} names[] = {
#include "syscall_names.h"
};

static const struct {
	const char *name;
	const struct seccomp_list *const *lists;
} parts[] = {
	{ "guard", seccomp_guard },
	{ "reaper", seccomp_reaper },
	{ "priv", seccomp_priv },
	{ "broker", seccomp_broker },
	{ "worker", seccomp_worker },
	{ "keeper", seccomp_keeper },
	{ "task-guard", seccomp_task_guard },
	{ "switch", seccomp_switch },
};

static const char *const tests[] = {
	[IS] = "is",
	[IS_NOT] = "is-not",
	[HAS] = "has",
	[LACKS] = "lacks",
};

static const char *
name_of(int call)
{
	size_t i;

	for (i = 0; i < COUNT(names); i++)
		if (names[i].call == call)
			return (names[i].name);
	return ("unknown");
}

static void
print_list(const char *part, const struct seccomp_list *l)
{
	const struct seccomp_row *r;
	size_t i, n;
	int call;

	for (i = 0; i < l->ncalls; i++)
		if (l->calls[i] != NONE)
			printf("call %s %s %d\n", part, name_of(l->calls[i]),
			    l->calls[i]);
	for (i = 0; i < l->nrows; i++) {
		call = l->rows[i].call;
		for (r = &l->rows[i]; call != NONE && r != NULL; r = r->also)
			for (n = 0; n < r->count; n++)
				printf("value %s %s %d %u %s %u\n", part,
				    name_of(call), call, r->arg, tests[r->test],
				    r->values[n]);
	}
}

int
main(void)
{
	const struct seccomp_list *const *l;
	struct bpf p;
	unsigned int i;

	for (i = 0; i < COUNT(parts); i++) {
		program_allow(&p, parts[i].lists);
		printf("part %s %d\n", parts[i].name, p.len);
		for (l = parts[i].lists; *l != NULL; l++)
			print_list(parts[i].name, *l);
	}
	/* Which may call all else. */
	program_refuse(&p, &seccomp_launcher, &seccomp_absent);
	printf("part launcher %d\n", p.len);
	return (0);
}
