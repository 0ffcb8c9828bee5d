/*
 * What the kernel alone takes for what the port program does, measured from C
 * with nothing between: the floors of the figures. A line for each figure,
 * its name and its value, goes to standard output.
 *
 *	floor spawn count		posix_spawn of true(1) and wait,
 *serially floor leaf count		the same in a control group, and without
 *	floor callers count n		n of these loops at once
 *	floor kill count child		kill so many idle children and reap them
 *	floor splice|relay bytes	head(1) to a reader through this process
 *	floor stdin bytes child		write to a child that reads
 *	floor echo count		100 bytes through cat(1) and back
 */

#include <sys/stat.h>
#include <sys/wait.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PIPE_SIZE (1 << 20)
#define PIECE 65536
#define ECHO 100

extern char **environ;

static char buf[PIPE_SIZE];

static double
now(clockid_t clock)
{
	struct timespec t;

	if (clock_gettime(clock, &t) == -1)
		err(1, "clock_gettime");
	return ((double)t.tv_sec + (double)t.tv_nsec / 1e9);
}

static int
compare(const void *a, const void *b)
{
	double x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return (x < y ? -1 : x > y);
}

/* Of seconds, in microseconds. */
static void
say_percentile(const char *name, double *v, long n, int percent)
{
	qsort(v, (size_t)n, sizeof(*v), compare);
	(void)printf("%s %.2f\n", name, v[(n - 1) * percent / 100] * 1e6);
}

static long
number(const char *s)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(s, &end, 10);
	if (errno != 0 || end == s || *end != '\0' || n < 1)
		errx(2, "no number: %s", s);
	return (n);
}

static double *
samples(long n)
{
	double *v;

	if ((v = calloc((size_t)n, sizeof(*v))) == NULL)
		err(1, NULL);
	return (v);
}

static void
make_pipe(int p[2])
{
	if (pipe2(p, O_CLOEXEC) == -1)
		err(1, "pipe2");
	(void)fcntl(p[1], F_SETPIPE_SZ, PIPE_SIZE); /* where it is allowed */
}

/* in and out become its standard input and output unless they are -1. */
static pid_t
start(const char *path, const char *const *argv, int in, int out)
{
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int e;

	if (posix_spawn_file_actions_init(&actions) != 0 ||
	    (in != -1 &&
		posix_spawn_file_actions_adddup2(&actions, in, 0) != 0) ||
	    (out != -1 &&
		posix_spawn_file_actions_adddup2(&actions, out, 1) != 0))
		errx(1, "posix_spawn_file_actions");
	if ((e = posix_spawn(&pid, path, &actions, NULL,
		 (char *const *)(uintptr_t)argv, environ)) != 0)
		errx(1, "%s: %s", path, strerror(e));
	(void)posix_spawn_file_actions_destroy(&actions);
	return (pid);
}

static void
reap(pid_t pid)
{
	while (waitpid(pid, NULL, 0) == -1)
		if (errno != EINTR)
			err(1, "waitpid");
}

static void
spawn_loop(double *v, long count)
{
	const char *const argv[] = { "true", NULL };
	double t;
	long i;

	for (i = 0; i < count; i++) {
		t = now(CLOCK_MONOTONIC);
		reap(start("/bin/true", argv, -1, -1));
		v[i] = now(CLOCK_MONOTONIC) - t;
	}
}

static void
spawn(long count)
{
	double *v;

	v = samples(count);
	spawn_loop(v, count);
	say_percentile("p50_us", v, count, 50);
	free(v);
}

/* The group that we are in, and its path in the tree of version 2: 1 or 0. */
static int
own_group(char *path, size_t size)
{
	char line[1024], point[512] = "", group[512] = "";
	FILE *f;

	if ((f = fopen("/proc/self/mounts", "re")) == NULL)
		return (0);
	while (point[0] == '\0' && fgets(line, sizeof(line), f) != NULL)
		if (strstr(line, " cgroup2 ") != NULL)
			(void)sscanf(line, "%*s %511s", point);
	(void)fclose(f);
	if ((f = fopen("/proc/self/cgroup", "re")) == NULL)
		return (0);
	while (group[0] == '\0' && fgets(line, sizeof(line), f) != NULL)
		(void)sscanf(line, "0::%511s", group);
	(void)fclose(f);
	return (point[0] != '\0' && group[0] != '\0' &&
		snprintf(path, size, "%s%s/floor.%ld", point, group,
		    (long)getpid()) < (int)size);
}

/* true(1), which goes into a group by that descriptor before it is that. */
static pid_t
start_in(int procs)
{
	static char name[] = "true", *argv[] = { name, NULL };
	pid_t pid;

	if ((pid = vfork()) == 0) {
		if (write(procs, "0", 1) == 1)
			(void)execve("/bin/true", argv, environ);
		_exit(1);
	}
	if (pid == -1)
		err(1, "vfork");
	return (pid);
}

/* All that the keeper does of one, in a group that is made for it. */
static void
leaf_once(const char *path)
{
	char name[1100];
	int fd;

	if (mkdir(path, 0711) == -1)
		err(1, "%s", path);
	(void)snprintf(name, sizeof(name), "%s/cgroup.procs", path);
	if ((fd = open(name, O_WRONLY | O_CLOEXEC)) == -1)
		err(1, "%s", name);
	reap(start_in(fd));
	(void)close(fd);
	(void)snprintf(name, sizeof(name), "%s/cpu.stat", path);
	if ((fd = open(name, O_RDONLY | O_CLOEXEC)) == -1 ||
	    read(fd, buf, sizeof(buf)) == -1)
		err(1, "%s", name);
	(void)close(fd);
	if (rmdir(path) == -1)
		err(1, "%s", path);
}

/* Nothing is said where there can be no group. */
static void
leaf(long count)
{
	double t, *in, *out;
	char path[1024];
	long i;

	if (!own_group(path, sizeof(path)) || mkdir(path, 0711) == -1)
		return;
	(void)rmdir(path);
	in = samples(count);
	out = samples(count);
	for (i = 0; i < count; i++) {
		t = now(CLOCK_MONOTONIC);
		leaf_once(path);
		in[i] = now(CLOCK_MONOTONIC) - t;
		spawn_loop(&out[i], 1);
	}
	say_percentile("p50_us", in, count, 50);
	qsort(out, (size_t)count, sizeof(*out), compare);
	(void)printf(
	    "ratio %.3f\n", in[(count - 1) / 2] / out[(count - 1) / 2]);
	free(in);
	free(out);
}

static pid_t
start_fork(void)
{
	pid_t pid;

	if ((pid = fork()) == -1)
		err(1, "fork");
	return (pid);
}

static void
callers(long count, long n)
{
	double t, *v;
	long i;

	v = samples(count);
	t = now(CLOCK_MONOTONIC);
	for (i = 0; i < n; i++) {
		if (start_fork() == 0) {
			spawn_loop(v, count / n);
			_exit(0);
		}
	}
	for (i = 0; i < n; i++)
		reap(-1);
	t = now(CLOCK_MONOTONIC) - t;
	(void)printf("runs_s %.1f\n", (double)(count / n * n) / t);
	free(v);
}

static void
kill_all(long count, const char *child)
{
	const char *const argv[] = { "child", "idle", NULL };
	pid_t *pids;
	double t;
	long i;

	if ((pids = calloc((size_t)count, sizeof(*pids))) == NULL)
		err(1, NULL);
	for (i = 0; i < count; i++)
		pids[i] = start(child, argv, -1, -1);
	t = now(CLOCK_MONOTONIC);
	for (i = 0; i < count; i++)
		if (kill(pids[i], SIGKILL) == -1)
			err(1, "kill");
	for (i = 0; i < count; i++)
		reap(pids[i]);
	(void)printf("ms %.2f\n", (now(CLOCK_MONOTONIC) - t) * 1e3);
	free(pids);
}

static void
write_all(int fd, const char *data, size_t len)
{
	ssize_t n;

	while (len > 0) {
		if ((n = write(fd, data, len)) == -1)
			err(1, "write");
		data += n;
		len -= (size_t)n;
	}
}

static long
relay(int in, int out)
{
	ssize_t n;
	long total = 0;

	while ((n = read(in, buf, PIECE)) > 0) {
		write_all(out, buf, (size_t)n);
		total += n;
	}
	if (n == -1)
		err(1, "read");
	return (total);
}

static long
splice_all(int in, int out)
{
	ssize_t n;
	long total = 0;

	while ((n = splice(in, NULL, out, NULL, PIPE_SIZE, 0)) > 0)
		total += n;
	if (n == -1)
		err(1, "splice");
	return (total);
}

/* The end of a chain: reads, as the node would. */
static pid_t
reader(int p[2])
{
	pid_t pid;

	if ((pid = start_fork()) == 0) {
		(void)close(p[1]);
		while (read(p[0], buf, PIECE) > 0)
			;
		_exit(0);
	}
	(void)close(p[0]);
	return (pid);
}

/* Processor time is that of this process, the one in the middle. */
static void
stream(const char *bytes, long (*move)(int, int))
{
	const char *const argv[] = { "head", "-c", bytes, "/dev/zero", NULL };
	pid_t from, to;
	double t, cpu, size = (double)number(bytes);
	int in[2], out[2];

	make_pipe(in);
	make_pipe(out);
	t = now(CLOCK_MONOTONIC);
	from = start("/usr/bin/head", argv, -1, in[1]);
	(void)close(in[1]);
	to = reader(out);
	cpu = now(CLOCK_PROCESS_CPUTIME_ID);
	if (move(in[0], out[1]) != number(bytes))
		errx(1, "bytes are missing");
	cpu = now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	(void)close(out[1]);
	reap(to);
	t = now(CLOCK_MONOTONIC) - t;
	reap(from);
	(void)printf("mb_s %.1f\ncpu_s_gib %.4f\n", size / 1e6 / t,
	    cpu / size * (1 << 30));
}

static void
feed(const char *bytes, const char *child)
{
	const char *const argv[] = { "child", "sink", bytes, NULL };
	pid_t pid;
	double t;
	long left;
	int p[2], said[2];

	make_pipe(p);
	make_pipe(said);
	pid = start(child, argv, p[0], said[1]);
	(void)close(said[1]);
	t = now(CLOCK_MONOTONIC);
	for (left = number(bytes); left > 0; left -= PIECE)
		write_all(p[1], buf, (size_t)(left < PIECE ? left : PIECE));
	if (read(said[0], buf, PIECE) != 1)
		errx(1, "not all was read");
	reap(pid);
	t = now(CLOCK_MONOTONIC) - t;
	(void)printf("mb_s %.1f\n", (double)number(bytes) / 1e6 / t);
}

static void
echo(long count)
{
	const char *const argv[] = { "cat", NULL };
	pid_t pid;
	double t, *v;
	ssize_t n;
	long i;
	int to[2], from[2];

	v = samples(count);
	make_pipe(to);
	make_pipe(from);
	pid = start("/bin/cat", argv, to[0], from[1]);
	for (i = 0; i < count; i++) {
		t = now(CLOCK_MONOTONIC);
		write_all(to[1], buf, ECHO);
		if ((n = read(from[0], buf, sizeof(buf))) != ECHO)
			errx(1, "echo: %zd bytes", n);
		v[i] = now(CLOCK_MONOTONIC) - t;
	}
	(void)close(to[1]);
	reap(pid);
	say_percentile("p50_us", v, count, 50);
	say_percentile("p99_us", v, count, 99);
	free(v);
}

int
main(int argc, char *argv[])
{
	const char *what = argc > 1 ? argv[1] : "";

	if (argc == 3 && strcmp(what, "spawn") == 0)
		spawn(number(argv[2]));
	else if (argc == 3 && strcmp(what, "leaf") == 0)
		leaf(number(argv[2]));
	else if (argc == 4 && strcmp(what, "callers") == 0)
		callers(number(argv[2]), number(argv[3]));
	else if (argc == 4 && strcmp(what, "kill") == 0)
		kill_all(number(argv[2]), argv[3]);
	else if (argc == 3 && strcmp(what, "splice") == 0)
		stream(argv[2], splice_all);
	else if (argc == 3 && strcmp(what, "relay") == 0)
		stream(argv[2], relay);
	else if (argc == 4 && strcmp(what, "stdin") == 0)
		feed(argv[2], argv[3]);
	else if (argc == 3 && strcmp(what, "echo") == 0)
		echo(number(argv[2]));
	else
		errx(2, "usage: floor what ...");
	return (0);
}
