/*
 * proctor -C, and -n alone: a person asks about the policy. Another program
 * answers, proctor-check, which has no rights. Here no file is opened that
 * somebody names: where this program has rights it says what to run, and
 * where it has none it becomes that.
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compat/proc.h"
#include "libexecdir.h"
#include "log.h"
#include "proto.h"
#include "start/configtest.h"

#define CHECK_NAME "proctor-check"

void
configtest(int argc, char *const *argv)
{
	static char name[] = CHECK_NAME, end[] = "--";
	char dir[PATH_MAX], path[PATH_MAX], **words;

	if (argc > 2 && strcmp(argv[1], "-C") == 0)
		argv += 2;
	else if (argc == 2 && strcmp(argv[1], "-n") == 0 &&
		 fcntl(3, F_GETFD) == -1 && fcntl(4, F_GETFD) == -1)
		argv += 2; /* no node, and no file: the system's own */
	else
		return;
	/* Any right that the user who has started us has not by itself. */
	if (proc_privileged() || getuid() != geteuid() ||
	    getgid() != getegid()) {
		log_warnx("this program has rights and opens no file that it"
			  " is told to: run %s",
		    CHECK_NAME);
		exit(EXIT_REFUSED);
	}
	if ((words = calloc((size_t)argc + 1, sizeof(*words))) == NULL)
		fatal("configtest");
	words[0] = name;
	words[1] = end;
	memcpy(words + 2, argv, ((size_t)argc - 2) * sizeof(*words));
	if (proc_own_dir(dir, sizeof(dir)) == -1)
		(void)strlcpy(dir, LIBEXECDIR "/proctor", sizeof(dir));
	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >=
	    (int)sizeof(path))
		errno = ENAMETOOLONG;
	else
		(void)execv(path, words);
	log_warn("%s", CHECK_NAME);
	exit(EXIT_START);
}
