/*
 * The command line. In a privileged start it is hostile; it can ask for less
 * only.
 */

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "proto.h"
#include "start/args.h"
#include "version.h"

#define ALARM_DEFAULT 12000L /* ms a shutdown may take */
#define ALARM_MAX 86400
#define STDIN_LIMIT_DEFAULT (64LL << 20)
#define STDIN_LIMIT_MAX (1LL << 40)

static void usage(FILE *to, int status) __attribute__((__noreturn__));

static void
usage(FILE *to, int status)
{
	(void)fprintf(to,
	    "usage: proctor [-n] [-alarm seconds] [-debug [level]] [-p 2|4]\n"
	    "               [-stdin-limit bytes] [-linger ms] [-cgroup path]\n"
	    "               [-user name] [-limit-users name,...]\n"
	    "               [-cap all|name,...] [-root] [-valgrind [file]]\n"
	    "               [-verbose]\n"
	    "       proctor -C file [identity as user [command args ...]]\n"
	    "       proctor -n\n"
	    "       proctor -h | --version | --whoami\n");
	exit(status);
}

static void whoami(void) __attribute__((__noreturn__));

static void
whoami(void)
{
	const struct passwd *pw;

	if ((pw = getpwuid(geteuid())) == NULL) {
		log_warnx("uid %u has no name", (unsigned int)geteuid());
		exit(EXIT_NOUSER);
	}
	(void)printf("%s\n", pw->pw_name);
	exit(EXIT_CLEAN);
}

/* What stands behind a flag: nothing, a word, or a number that it may want. */
enum takes { NOTHING, TEXT, NUMBER, MAYBE_TEXT, MAYBE_NUMBER };

enum flag {
	FLAG_N,
	FLAG_ALARM,
	FLAG_DEBUG,
	FLAG_PACKET,
	FLAG_STDIN_LIMIT,
	FLAG_LINGER,
	FLAG_CGROUP,
	FLAG_USER,
	FLAG_LIMIT_USERS,
	FLAG_IGNORED,
	FLAG_HELP,
	FLAG_VERSION,
	FLAG_WHOAMI
};

static const struct row {
	const char *name;
	enum flag flag;
	enum takes takes;
	int64_t min; /* of a number */
	int64_t max;
} rows[] = {
	{ "-n", FLAG_N, NOTHING, 0, 0 },
	{ "-alarm", FLAG_ALARM, NUMBER, 0, ALARM_MAX },
	{ "-debug", FLAG_DEBUG, MAYBE_NUMBER, 0, LOG_LEVEL_MAX },
	{ "-p", FLAG_PACKET, NUMBER, 2, 4 },
	{ "-stdin-limit", FLAG_STDIN_LIMIT, NUMBER, 0, STDIN_LIMIT_MAX },
	{ "-linger", FLAG_LINGER, NUMBER, 0, RUN_LINGER_MAX },
	{ "-cgroup", FLAG_CGROUP, TEXT, 0, 0 },
	{ "-user", FLAG_USER, TEXT, 0, 0 },
	{ "-limit-users", FLAG_LIMIT_USERS, TEXT, 0, 0 },
	/* It could only widen what a start may do, which nothing can. */
	{ "-cap", FLAG_IGNORED, TEXT, 0, 0 },
	/*
	 * What erlexec's client says of itself: that it prints what it does,
	 * that it has seen to it that this is root, and what a port program
	 * that is built for that is to be looked into with. Nothing follows
	 * from any of it here.
	 */
	{ "-verbose", FLAG_IGNORED, NOTHING, 0, 0 },
	{ "-root", FLAG_IGNORED, NOTHING, 0, 0 },
	{ "-valgrind", FLAG_IGNORED, MAYBE_TEXT, 0, 0 },
	{ "-h", FLAG_HELP, NOTHING, 0, 0 },
	{ "--version", FLAG_VERSION, NOTHING, 0, 0 },
	{ "--whoami", FLAG_WHOAMI, NOTHING, 0, 0 },
};

/* Is the word behind a flag its own, and if it is a number, which? */
static int
args_take(const struct row *r, const char *word, int64_t *n)
{
	const char *why;

	if (r->takes == NOTHING)
		return (0);
	if ((r->takes == MAYBE_TEXT || r->takes == MAYBE_NUMBER) &&
	    (word == NULL || *word == '-'))
		return (0);
	if (word == NULL) {
		log_warnx("%s: %s missing", r->name,
		    r->takes == NUMBER ? "number" : "value");
		usage(stderr, EXIT_USAGE);
	}
	if (r->takes == TEXT || r->takes == MAYBE_TEXT)
		return (1);
	*n = strtonum(word, r->min, r->max, &why);
	if (why != NULL) {
		log_warnx("%s %s: %s", r->name, word, why);
		usage(stderr, EXIT_USAGE);
	}
	return (1);
}

static void
args_set(struct args *a, enum flag flag, const char *word, int64_t n)
{
	switch (flag) {
	case FLAG_N:
		a->port_in = 3;
		a->port_out = 4;
		break;
	case FLAG_ALARM:
		a->alarm = n * 1000;
		break;
	case FLAG_DEBUG:
		a->debug = (int)n;
		break;
	case FLAG_PACKET:
		if (n == 3)
			usage(stderr, EXIT_USAGE);
		a->packet = (int)n;
		break;
	case FLAG_STDIN_LIMIT:
		a->stdin_limit = n;
		break;
	case FLAG_LINGER:
		a->linger = (uint32_t)n;
		break;
	case FLAG_CGROUP:
		a->cgroup = word;
		break;
	case FLAG_USER:
		a->user = word;
		break;
	case FLAG_LIMIT_USERS:
		a->limit_users = word;
		break;
	case FLAG_IGNORED:
		break;
	case FLAG_HELP:
		usage(stdout, EXIT_CLEAN);
	case FLAG_VERSION:
		(void)printf("proctor %s\n", PROCTOR_VERSION);
		exit(EXIT_CLEAN);
	case FLAG_WHOAMI:
		whoami();
	}
}

void
args_parse(struct args *a, int argc, char *const *argv)
{
	const size_t count = sizeof(rows) / sizeof(rows[0]);
	const char *word;
	int64_t n;
	size_t f;
	int i;

	memset(a, 0, sizeof(*a));
	a->packet = 2;
	a->port_out = STDOUT_FILENO;
	a->alarm = ALARM_DEFAULT;
	a->stdin_limit = STDIN_LIMIT_DEFAULT;
	for (i = 1; i < argc; i++) {
		for (f = 0; f < count; f++)
			if (strcmp(argv[i], rows[f].name) == 0)
				break;
		if (f == count) {
			log_warnx("unknown flag: %s", argv[i]);
			usage(stderr, EXIT_USAGE);
		}
		word = i + 1 < argc ? argv[i + 1] : NULL;
		n = 1; /* of one that need not say it */
		i += args_take(&rows[f], word, &n);
		args_set(a, rows[f].flag, word, n);
	}
}
