/*
 * In the place of monitor/launch.c, for tests of what is above it: launches
 * are noted, and a test says what becomes of each.
 */

#include "monitor_launch.h"
#include "monitor_util.h"

#include "monitor/birth.h"
#include "monitor/launch.h"

void
launch_run(struct child *c, const struct run *r)
{
	assert_int_equal(c->id, r->id);
	note("launch %u '%s' %s", (unsigned int)c->id, r->args.base,
	    r->env.base);
}

int
launch_alive(const struct runas *t)
{
	assert_ptr_equal(t, &world.www);
	return (!world.launcher_dead);
}

int
launch_room(const struct runas *t)
{
	assert_ptr_equal(t, &world.www);
	return (!world.launcher_full);
}

int
launch_may_name(pid_t pid)
{
	assert_true(pid > 1);
	return (world.awaits);
}

void
launch_kill_busy(void)
{
	note("kill busy");
}

void
launched(uint32_t id, pid_t pid)
{
	struct launched l = { .id = id, .pid = pid, .text = "" };
	int fds[3] = { -1, -1, -1 };
	struct child *c = child_by_id(id);

	assert_non_null(c);
	proc_born(pid, c->group);
	assert_int_equal(birth_result(c, &l, fds), 0);
}

void
launch_fails(uint32_t id)
{
	birth_lost(child_by_id(id));
}
