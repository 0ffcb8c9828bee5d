/*
 * Tests of where the tree of control groups is looked for: lines as
 * /proc/self/mountinfo has them, and the path of our own group.
 */

#include <sys/types.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "compat/cgroup.h"

#define OPTIONS " rw,nosuid shared:9 "
#define V2 "- cgroup2 cgroup2 rw,nsdelegate\n"

static const struct row {
	const char *what;
	const char *lines;
	const char *path;
	const char *point; /* NULL: there is none */
	const char *below;
} rows[] = {
	{ "the whole tree", "25 1 0:22 / /sys/fs/cgroup" OPTIONS V2,
	    "/system.slice/node.service", "/sys/fs/cgroup",
	    "/system.slice/node.service" },
	{ "its root", "25 1 0:22 / /sys/fs/cgroup" OPTIONS V2, "/",
	    "/sys/fs/cgroup", "/" },
	{ "behind others",
	    "24 1 0:21 / /sys rw - sysfs sysfs rw\n"
	    "25 1 0:22 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n"
	    "26 1 0:23 / /sys/fs/cgroup/unified" OPTIONS V2,
	    "/a", "/sys/fs/cgroup/unified", "/a" },
	{ "a part of it, with us", "25 1 0:22 /box/7 /groups" OPTIONS V2,
	    "/box/7/a", "/groups", "/a" },
	{ "a part of it, which we are", "25 1 0:22 /box/7 /groups" OPTIONS V2,
	    "/box/7", "/groups", "" },
	{ "a part of it, without us", "25 1 0:22 /box/7 /groups" OPTIONS V2,
	    "/box/8", NULL, NULL },
	{ "a name that begins the same", "25 1 0:22 /box/7 /groups" OPTIONS V2,
	    "/box/77", NULL, NULL },
	{ "above our namespace", "25 1 0:22 /.. /groups" OPTIONS V2, "/", NULL,
	    NULL },
	{ "the second has us",
	    "25 1 0:22 /.. /one" OPTIONS V2 "26 1 0:22 / /two" OPTIONS V2, "/a",
	    "/two", "/a" },
	{ "no tree", "24 1 0:21 / /sys rw - sysfs sysfs rw\n", "/", NULL,
	    NULL },
	{ "nothing", "\n", "/", NULL, NULL },
	{ "the first version", "25 1 0:22 / /c rw - cgroup cgroup rw\n", "/",
	    NULL, NULL },
	{ "a source that is called so",
	    "25 1 0:22 / /c rw - fuse - cgroup2 rw\n", "/", NULL, NULL },
	{ "a name that has to be decoded", "25 1 0:22 / /a\\040b" OPTIONS V2,
	    "/", NULL, NULL },
	{ "no room for its name",
	    "25 1 0:22 / /a/name/that/is/too/long/for"
	    "/the/buffer/that/the/test/has" OPTIONS V2,
	    "/", NULL, NULL },
	{ "a line that is cut", "25 1 0:22 / - cgroup2 x", "/", NULL, NULL },
	{ "one that is cut earlier", " - cgroup2 ", "/", NULL, NULL },
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static void
test_row(void **state)
{
	const struct row *r = *state;
	const char *below = NULL;
	char point[48];
	FILE *f;

	f = fmemopen((void *)(uintptr_t)r->lines, strlen(r->lines), "r");
	assert_non_null(f);
	if (r->point == NULL)
		assert_int_equal(
		    cgroup_mounted(f, r->path, point, sizeof(point), &below),
		    -1);
	else {
		assert_int_equal(
		    cgroup_mounted(f, r->path, point, sizeof(point), &below),
		    0);
		assert_string_equal(point, r->point);
		assert_string_equal(below, r->below);
	}
	(void)fclose(f);
}

int
main(void)
{
	static struct CMUnitTest tests[ROWS];
	size_t i;

	for (i = 0; i < ROWS; i++) {
		tests[i].name = rows[i].what;
		tests[i].test_func = test_row;
		tests[i].initial_state = (void *)(uintptr_t)&rows[i];
	}
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
