/*
 * Tests of what Landlock refuses by itself: in broker, worker and priv the
 * system call filter is in front of it, so here there is no filter.
 */

#include <sys/types.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "compat/sandbox_linux.h"

#define NO_LANDLOCK 254 /* exit status */

static char place[] = "/tmp/landlock_test.XXXXXX";
static int place_fd;
static int listener; /* on an abstract address */
static struct sockaddr_un address;

static int
act_read(void)
{
	return (open("/etc/passwd", O_RDONLY));
}

static int
act_list(void)
{
	return (open("/", O_RDONLY | O_DIRECTORY));
}

static int
act_write(void)
{
	return (open("/dev/null", O_WRONLY));
}

static int
act_proc(void)
{
	return (open("/proc/self/stat", O_RDONLY));
}

/* It leads out of /proc. */
static int
act_proc_root(void)
{
	return (open("/proc/self/root/etc/passwd", O_RDONLY));
}

static int
act_proc_write(void)
{
	return (open("/proc/self/oom_score_adj", O_WRONLY));
}

static int
act_tcp(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET };

	return (bind(socket(AF_INET, SOCK_STREAM, 0),
	    (const struct sockaddr *)&in, sizeof(in)));
}

static int
act_abstract(void)
{
	return (connect(socket(AF_UNIX, SOCK_STREAM, 0),
	    (const struct sockaddr *)&address, sizeof(address)));
}

static int
act_signal(void)
{
	return (kill(getppid(), 0));
}

/* Of two directories that are there. */
static int
act_rmdir(void)
{
	return (unlinkat(place_fd, "inner", AT_REMOVEDIR));
}

static int
act_rmdir_place(void)
{
	return (rmdir(place));
}

static int
act_mkdir(void)
{
	return (mkdirat(place_fd, "other", 0700));
}

static int
act_file(void)
{
	return (openat(place_fd, "inner/file", O_RDWR));
}

static int
act_list_inner(void)
{
	return (openat(place_fd, "inner", O_RDONLY | O_DIRECTORY));
}

static int
act_make_file(void)
{
	return (openat(place_fd, "new", O_WRONLY | O_CREAT, 0600));
}

static int
act_unlink(void)
{
	return (unlinkat(place_fd, "inner/file", 0));
}

#define ALONE LANDLOCK_ALONE
#define PROC LANDLOCK_READ_PROC
#define KEEPER (LANDLOCK_ALONE | LANDLOCK_MAKE)
#define WRITING (LANDLOCK_READ_PROC | LANDLOCK_WRITE)
#define PLACE 0x100 /* guard's, reaper's and keeper's */

static const struct row {
	const char *what;
	int (*act)(void);
	int flags;
	int version; /* the first that can refuse it */
	int want; /* errno */
} rows[] = {
	{ "read a file", act_read, 0, 1, EACCES },
	{ "list a directory", act_list, 0, 1, EACCES },
	{ "write a file", act_write, 0, 1, EACCES },
	{ "read /proc", act_proc, 0, 1, EACCES },
	{ "TCP", act_tcp, 0, 4, EACCES },
	{ "signal others", act_signal, 0, 1, 0 },
	{ "abstract socket", act_abstract, 0, 1, 0 },
	{ "alone: read a file", act_read, ALONE, 1, EACCES },
	{ "alone: signal others", act_signal, ALONE, 6, EPERM },
	{ "alone: abstract socket", act_abstract, ALONE, 6, EPERM },
	{ "guard: read a file", act_read, PROC, 1, EACCES },
	{ "guard: list a directory", act_list, PROC, 1, EACCES },
	{ "guard: read /proc", act_proc, PROC, 1, 0 },
	{ "guard: out of /proc", act_proc_root, PROC, 1, EACCES },
	{ "guard: write in /proc", act_proc_write, PROC, 1, EACCES },
	{ "guard: TCP", act_tcp, PROC, 4, EACCES },
	{ "guard: signal others", act_signal, PROC, 1, 0 },
	{ "without a place: remove a group", act_rmdir, PROC, 1, EACCES },
	{ "guard: remove the place", act_rmdir_place, PROC | PLACE, 1, EACCES },
	{ "guard: make a group", act_mkdir, PROC | PLACE, 1, EACCES },
	{ "guard: list a group", act_list_inner, PROC | PLACE, 1, 0 },
	{ "guard: open a file", act_file, PROC | PLACE, 1, EACCES },
	{ "guard: remove a group", act_rmdir, PROC | PLACE, 1, ENOTEMPTY },
	{ "writing guard: open a file", act_file, WRITING | PLACE, 1, 0 },
	{ "writing guard: make a file", act_make_file, WRITING | PLACE, 1,
	    EACCES },
	{ "writing guard: make a group", act_mkdir, WRITING | PLACE, 1,
	    EACCES },
	{ "writing guard: write elsewhere", act_write, WRITING | PLACE, 1,
	    EACCES },
	{ "keeper: open a file", act_file, KEEPER | PLACE, 1, 0 },
	{ "keeper: list a group", act_list_inner, KEEPER | PLACE, 1, 0 },
	{ "keeper: make a file", act_make_file, KEEPER | PLACE, 1, EACCES },
	{ "keeper: remove a file", act_unlink, KEEPER | PLACE, 1, EACCES },
	{ "keeper: make a group", act_mkdir, KEEPER | PLACE, 1, 0 },
	{ "keeper: remove a group", act_rmdir, KEEPER | PLACE, 1, ENOTEMPTY },
	{ "keeper: read another file", act_read, KEEPER | PLACE, 1, EACCES },
	{ "keeper: list another directory", act_list, KEEPER | PLACE, 1,
	    EACCES },
	{ "keeper: read /proc", act_proc, KEEPER | PLACE, 1, EACCES },
	{ "keeper: signal others", act_signal, KEEPER | PLACE, 6, EPERM },
	{ "keeper: abstract socket", act_abstract, KEEPER | PLACE, 6, EPERM },
	{ "keeper: TCP", act_tcp, KEEPER | PLACE, 4, EACCES },
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static void
test_row(void **state)
{
	const struct row *r = *state;
	int status;
	pid_t pid;

	if (syscall(444, NULL, 0UL, 1U) < r->version) {
		print_message("this kernel's Landlock cannot do that\n");
		skip();
	}
	if ((pid = fork()) == 0) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) == -1 ||
		    landlock_restrict(r->flags & ~PLACE, &place_fd,
			(r->flags & PLACE) != 0) == -1)
			_exit(NO_LANDLOCK);
		_exit(r->act() == -1 ? errno : 0);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), r->want);
}

int
main(void)
{
	static struct CMUnitTest tests[ROWS];
	size_t i;
	int failed;

	if (mkdtemp(place) == NULL ||
	    (place_fd = open(place, O_RDONLY | O_DIRECTORY)) == -1 ||
	    mkdirat(place_fd, "inner", 0700) == -1 ||
	    openat(place_fd, "inner/file", O_RDWR | O_CREAT, 0600) == -1)
		return (1);
	address.sun_family = AF_UNIX;
	(void)snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1,
	    "landlock_test.%d", (int)getpid());
	listener = socket(AF_UNIX, SOCK_STREAM, 0);
	if (bind(listener, (const struct sockaddr *)&address,
		sizeof(address)) == -1 ||
	    listen(listener, 8) == -1)
		return (1);
	for (i = 0; i < ROWS; i++) {
		tests[i].name = rows[i].what;
		tests[i].test_func = test_row;
		tests[i].initial_state = (void *)(uintptr_t)&rows[i];
	}
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	(void)unlinkat(place_fd, "inner/file", 0);
	(void)unlinkat(place_fd, "inner", AT_REMOVEDIR);
	(void)unlinkat(place_fd, "other", AT_REMOVEDIR);
	(void)rmdir(place);
	return (failed);
}
