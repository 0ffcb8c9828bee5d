/*
 * proctor-check: says whether a policy file is right, and what it says of
 * somebody. It is a program without any right of its own, so that whatever
 * file is named is opened with those of the user who names it.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check/check.h"
#include "log.h"
#include "policy/policy.h"
#include "version.h"

static void usage(FILE *to, int status) __attribute__((__noreturn__));

static void
usage(FILE *to, int status)
{
	(void)fprintf(to, "%s\n%s\n",
	    "usage: proctor-check [file [identity as user [groups { group ... "
	    "}]"
	    "\n                     [command args ...]]]",
	    "       proctor-check -h | --version");
	exit(status);
}

/* Flags come first; how many words they are. */
static int
flags(int argc, char *const *argv)
{
	if (argc < 2 || argv[1][0] != '-' || strcmp(argv[1], "-") == 0)
		return (0);
	if (strcmp(argv[1], "--") == 0)
		return (1);
	if (strcmp(argv[1], "-h") == 0)
		usage(stdout, EXIT_CLEAN);
	if (strcmp(argv[1], "--version") == 0) {
		(void)printf("proctor-check %s\n", PROCTOR_VERSION);
		exit(EXIT_CLEAN);
	}
	log_warnx("unknown flag: %s", argv[1]);
	usage(stderr, EXIT_USAGE);
}

int
main(int argc, char *argv[])
{
	static char path[] = POLICY_PATH;
	int used;

	/* Somebody has given it a right, which it does not know to give up. */
	if (getuid() != geteuid() || getgid() != getegid()) {
		log_warnx("proctor-check must not be set-user-ID");
		return (EXIT_REFUSED);
	}
	if (argc < 1)
		usage(stderr, EXIT_USAGE);
	used = 1 + flags(argc, argv);
	if (used >= argc)
		return (check_policy(path, 0, NULL));
	return (check_policy(argv[used], argc - used - 1, argv + used + 1));
}
