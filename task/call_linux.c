/*
 * Calls that only Linux has, or has in its own way.
 */

#include <sys/types.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "call_linux.h"
#include "calls.h"
#include "compat/proc.h"
#include "compat/ptrace.h"
#include "cstruct.h"
#include "value.h"
#include "within.h"
#include "write.h"

/* What a machine's word is for an argument: a number, or where memory is. */
static unsigned long
word_of(const struct arg *a)
{
	if (a->buffer)
		return ((unsigned long)a->memory);
	return ((unsigned long)a->number);
}

static int
do_chroot(struct call *c)
{
	if (within_is_set())
		return (within_chroot(c));
	return (chroot(c->a[0].text));
}

static int
do_mount(struct call *c)
{
	if (within_is_set())
		return (within_mount(c));
	return (mount(c->a[0].text, c->a[1].text, c->a[2].text,
	    (unsigned long)c->a[3].number, c->a[4].text));
}

static int
do_umount(struct call *c)
{
	if (within_is_set())
		return (within_umount(c));
	return (umount2(c->a[0].text, (int)c->a[1].number));
}

static int
do_pivot_root(struct call *c)
{
	if (within_is_set())
		return (within_pivot_root(c));
	return (value_done(
	    (int)syscall(SYS_pivot_root, c->a[0].text, c->a[1].text)));
}

static int
do_unshare(struct call *c)
{
	return (unshare((int)c->a[0].number));
}

static int
do_setns(struct call *c)
{
	if (within_is_set())
		return (within_setns(c));
	return (setns((int)c->a[0].number, (int)c->a[1].number));
}

/* What it was asked with, as that is now. */
static int
do_prctl(struct call *c)
{
	unsigned long w[4];
	int i, r;

	for (i = 0; i < 4; i++)
		w[i] = word_of(&c->a[i + 1]);
	r = prctl((int)c->a[0].number, w[0], w[1], w[2], w[3]);
	if (r == -1)
		return (-1);
	etf_put_tuple(c->out, 5);
	etf_put_int(c->out, r);
	for (i = 0; i < 4; i++)
		cstruct_write(c->out, &c->a[i + 1]);
	return (0);
}

/* What peeks gives back a word, of which any may be -1. */
static int
do_ptrace(struct call *c)
{
	long r;

	errno = 0;
	r = ptrace((ptrace_request)c->a[0].number, (pid_t)c->a[1].number,
	    word_of(&c->a[2]), word_of(&c->a[3]));
	if (r == -1 && errno != 0)
		return (-1);
	etf_put_tuple(c->out, 3);
	etf_put_int(c->out, r);
	cstruct_write(c->out, &c->a[2]);
	cstruct_write(c->out, &c->a[3]);
	return (0);
}

static int
do_seccomp(struct call *c)
{
	return (value_done((int)syscall(SYS_seccomp, (int)c->a[0].number,
	    (unsigned int)c->a[1].number, c->a[2].memory)));
}

/* The limit that was. */
static int
do_prlimit(struct call *c)
{
	struct rlimit old, new;

	if (c->a[2].given)
		value_to_rlimit(&c->a[2], &new);
	if (prlimit((pid_t)c->a[0].number, (proc_resource)c->a[1].number,
		c->a[2].given ? &new : NULL, &old) == -1)
		return (-1);
	value_rlimit(c->out, &old);
	return (0);
}

static int
do_getaffinity(struct call *c)
{
	cpu_set_t set;
	size_t i;

	CPU_ZERO(&set);
	if (sched_getaffinity((pid_t)c->a[0].number, sizeof(set), &set) == -1)
		return (-1);
	etf_put_list(c->out, (uint32_t)CPU_COUNT(&set));
	for (i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &set))
			etf_put_int(c->out, (int64_t)i);
	etf_put_nil(c->out);
	return (0);
}

static int
do_setaffinity(struct call *c)
{
	const struct arg *a = &c->a[1];
	cpu_set_t set;
	size_t i;

	CPU_ZERO(&set);
	for (i = 0; i < a->len; i++) {
		if (a->numbers[i] < 0 || a->numbers[i] >= CPU_SETSIZE)
			return (call_wrong(c, 2, EINVAL));
		CPU_SET((size_t)a->numbers[i], &set);
	}
	return (sched_setaffinity((pid_t)c->a[0].number, sizeof(set), &set));
}

static int
do_cgroup_enter(struct call *c)
{
	int dir, error, r;

	dir = open(c->a[0].text, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir == -1)
		return (-1);
	r = file_write(dir, "cgroup.procs", "0", 1);
	error = errno;
	(void)close(dir);
	errno = error;
	return (r);
}

const struct call_handler call_system_handlers[] = {
	{ "chroot", do_chroot },
	{ "mount", do_mount },
	{ "umount", do_umount },
	{ "umount2", do_umount },
	{ "pivot_root", do_pivot_root },
	{ "unshare", do_unshare },
	{ "setns", do_setns },
	{ "map_ids", call_map_ids },
	{ "prctl", do_prctl },
	{ "ptrace", do_ptrace },
	{ "seccomp", do_seccomp },
	{ "seccomp_rules", call_seccomp_rules },
	{ "landlock", call_landlock },
	{ "capget", call_capget },
	{ "capset", call_capset },
	{ "prlimit", do_prlimit },
	{ "sched_getaffinity", do_getaffinity },
	{ "sched_setaffinity", do_setaffinity },
	{ "cgroup_enter", do_cgroup_enter },
	{ NULL, NULL },
};
