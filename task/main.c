/*
 * proctor-task: a tree of processes that a node drives by system calls. The
 * process that was started becomes the guard, its child the switch, and that
 * one's child the root task.
 */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "compat/proc.h"
#include "log.h"
#include "proto.h"
#include "version.h"

#include "task/guard.h"
#include "task/loop.h"
#include "task/reexec.h"
#include "task/switch.h"

extern char **environ;

static void usage(void) __attribute__((__noreturn__));

static void
usage(void)
{
	(void)fprintf(stderr, "usage: proctor-task [-V]\n");
	exit(EXIT_USAGE);
}

/* 0, 1 and 2 are open, whatever the starter has left out. */
static void
descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd == -1)
		exit(EXIT_START);
	closefrom(STDERR_FILENO + 1);
}

int
main(int argc, char *argv[])
{
	int c, again;

	if (proc_privileged()) {
		log_init("proctor-task", 0);
		fatalx("has more rights than its starter");
	}
	again = reexec_resume();
	setproctitle_init(argc, argv, environ);
	if (again)
		task_main(1);
	descriptors();
	log_init("proctor-task", 0);
	while ((c = getopt(argc, argv, "V")) != -1) {
		if (c != 'V')
			usage();
		(void)printf("proctor-task %s\n", PROCTOR_VERSION);
		return (0);
	}
	if (optind != argc)
		usage();
	if (isatty(STDIN_FILENO) || isatty(STDOUT_FILENO)) {
		log_warnx("a node reads and writes here, and no terminal");
		return (EXIT_USAGE);
	}
	guard_start();
	switch_main(task_main);
}
