/*
 * proctor-task: a tree of processes that a node drives by system calls. The
 * process that was started becomes the guard, its child the switch, and that
 * one's child the root task.
 */

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compat/proc.h"
#include "log.h"
#include "proto.h"
#include "version.h"

#include "task/filter.h"
#include "task/bounds.h"
#include "task/guard.h"
#include "task/loop.h"
#include "task/reexec.h"
#include "task/switch.h"
#include "task/within.h"
#include "task/table.h"

extern char **environ;

static void usage(void) __attribute__((__noreturn__));

static void
usage(void)
{
	(void)fprintf(stderr,
	    "usage: proctor-task [-V] [-calls NAMES] "
	    "[-kill-timeout MS] [-maxchild N] [-root DIR] [-uids A-B]\n");
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
	if (fd == -1) {
		log_warn("/dev/null");
		exit(EXIT_START);
	}
	closefrom(STDERR_FILENO + 1);
}

static int64_t
number(const char *option, const char *text, int64_t max)
{
	const char *why;
	int64_t n;

	n = strtonum(text, 0, max, &why);
	if (why != NULL) {
		(void)fprintf(
		    stderr, "proctor-task: %s is %s: %s\n", option, why, text);
		exit(EXIT_USAGE);
	}
	return (n);
}

static void
calls(const char *names)
{
	if (filter_only(names) == 0)
		return;
	(void)fprintf(
	    stderr, "proctor-task: -calls has one that is none: %s\n", names);
	exit(EXIT_USAGE);
}

static void
uids(const char *range)
{
	if (bounds_ids(range) == 0)
		return;
	(void)fprintf(
	    stderr, "proctor-task: -uids is no range A-B: %s\n", range);
	exit(EXIT_USAGE);
}

static void
folder(const char *path)
{
	if (within_set(path) == 0)
		return;
	(void)fprintf(
	    stderr, "proctor-task: -root %s: %s\n", path, strerror(errno));
	exit(EXIT_USAGE);
}

static void
options(int argc, char *argv[])
{
	static const struct option known[] = {
		{ "V", no_argument, NULL, 'V' },
		{ "calls", required_argument, NULL, 'c' },
		{ "kill-timeout", required_argument, NULL, 'k' },
		{ "maxchild", required_argument, NULL, 'm' },
		{ "root", required_argument, NULL, 'r' },
		{ "uids", required_argument, NULL, 'u' },
		{ NULL, 0, NULL, 0 },
	};

	for (;;)
		switch (getopt_long_only(argc, argv, "", known, NULL)) {
		case 'V':
			(void)printf("proctor-task %s\n", PROCTOR_VERSION);
			exit(0);
		case 'c':
			calls(optarg);
			break;
		case 'k':
			table_start.kill_timeout =
			    number("-kill-timeout", optarg, INT32_MAX);
			break;
		case 'm':
			table_start.maxchild =
			    (uint32_t)number("-maxchild", optarg, UINT32_MAX);
			break;
		case 'r':
			folder(optarg);
			break;
		case 'u':
			uids(optarg);
			break;
		case -1:
			if (optind != argc)
				usage();
			return;
		default:
			usage();
		}
}

int
main(int argc, char *argv[])
{
	int again;

	if (proc_privileged()) {
		log_init("proctor-task", 0);
		fatalx("has more rights than its starter");
	}
	again = reexec_resume();
	proc_title_init(argc, argv, environ);
	if (again)
		task_main(1);
	/* What the starter ignores is no task's choice. */
	proc_signals_default();
	descriptors();
	log_init("proctor-task", 0);
	options(argc, argv);
	if (bounds_hold() == -1) {
		log_warnx("-uids or -root holds nobody whose programs are root "
			  "again: it"
			  " wants a rule with caps");
		return (EXIT_REFUSED);
	}
	if (isatty(STDIN_FILENO) || isatty(STDOUT_FILENO)) {
		log_warnx("a node reads and writes here, and no terminal");
		return (EXIT_USAGE);
	}
	guard_start();
	switch_main(task_main);
}
