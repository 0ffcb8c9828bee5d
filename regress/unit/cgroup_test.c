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
	const char *controller;
	const char *lines;
	const char *path;
	const char *point; /* NULL: there is none */
	const char *below;
} rows[] = {
	{ "the whole tree", NULL, "25 1 0:22 / /sys/fs/cgroup" OPTIONS V2,
	    "/system.slice/node.service", "/sys/fs/cgroup",
	    "/system.slice/node.service" },
	{ "its root", NULL, "25 1 0:22 / /sys/fs/cgroup" OPTIONS V2, "/",
	    "/sys/fs/cgroup", "/" },
	{ "behind others", NULL,
	    "24 1 0:21 / /sys rw - sysfs sysfs rw\n"
	    "25 1 0:22 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n"
	    "26 1 0:23 / /sys/fs/cgroup/unified" OPTIONS V2,
	    "/a", "/sys/fs/cgroup/unified", "/a" },
	{ "a part of it, with us", NULL, "25 1 0:22 /box/7 /groups" OPTIONS V2,
	    "/box/7/a", "/groups", "/a" },
	{ "a part of it, which we are", NULL,
	    "25 1 0:22 /box/7 /groups" OPTIONS V2, "/box/7", "/groups", "" },
	{ "a part of it, without us", NULL,
	    "25 1 0:22 /box/7 /groups" OPTIONS V2, "/box/8", NULL, NULL },
	{ "a name that begins the same", NULL,
	    "25 1 0:22 /box/7 /groups" OPTIONS V2, "/box/77", NULL, NULL },
	{ "above our namespace", NULL, "25 1 0:22 /.. /groups" OPTIONS V2, "/",
	    NULL, NULL },
	{ "the second has us", NULL,
	    "25 1 0:22 /.. /one" OPTIONS V2 "26 1 0:22 / /two" OPTIONS V2, "/a",
	    "/two", "/a" },
	{ "no tree", NULL, "24 1 0:21 / /sys rw - sysfs sysfs rw\n", "/", NULL,
	    NULL },
	{ "nothing", NULL, "\n", "/", NULL, NULL },
	{ "the first version", NULL, "25 1 0:22 / /c rw - cgroup cgroup rw\n",
	    "/", NULL, NULL },
	{ "a source that is called so", NULL,
	    "25 1 0:22 / /c rw - fuse - cgroup2 rw\n", "/", NULL, NULL },
	{ "a name that has to be decoded", NULL,
	    "25 1 0:22 / /a\\040b" OPTIONS V2, "/", NULL, NULL },
	{ "no room for its name", NULL,
	    "25 1 0:22 / /a/name/that/is/too/long/for"
	    "/the/buffer/that/the/test/has" OPTIONS V2,
	    "/", NULL, NULL },
	{ "a line that is cut", NULL, "25 1 0:22 / - cgroup2 x", "/", NULL,
	    NULL },
	{ "one that is cut earlier", NULL, " - cgroup2 ", "/", NULL, NULL },
	{ "a controller of the first version", "pids",
	    "25 1 0:22 / /c rw - cgroup cgroup rw,pids\n", "/a", "/c", "/a" },
	{ "one of two in a tree", "cpu",
	    "25 1 0:22 / /c rw - cgroup cgroup rw,cpu,cpuacct\n", "/a", "/c",
	    "/a" },
	{ "a controller whose name another's begins with", "cpu",
	    "25 1 0:22 / /c rw - cgroup cgroup rw,cpuset,cpuacct\n", "/a", NULL,
	    NULL },
	{ "a controller, and the tree of version 2", "pids",
	    "25 1 0:22 / /c" OPTIONS V2, "/a", NULL, NULL },
	{ "a tree's name that is a controller's", "pids",
	    "25 1 0:22 / /c rw - cgroup pids rw,cpu\n", "/a", NULL, NULL },
	{ "options that are cut", "pids", "25 1 0:22 / /c rw - cgroup cgroup",
	    "/a", NULL, NULL },
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
		assert_int_equal(cgroup_mounted(f, r->controller, r->path,
				     point, sizeof(point), &below),
		    -1);
	else {
		assert_int_equal(cgroup_mounted(f, r->controller, r->path,
				     point, sizeof(point), &below),
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
