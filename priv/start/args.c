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
	    "               [-stdin-limit bytes] [-linger ms] [-user name]\n"
	    "               [-limit-users name,...] [-cap all|name,...]\n"
	    "               [-root] [-valgrind [file]] [-verbose]\n"
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

static int64_t
arg_number(const char *flag, const char *text, int64_t min, int64_t max)
{
	const char *why;
	int64_t n;

	if (text == NULL) {
		log_warnx("%s: number missing", flag);
		usage(stderr, EXIT_USAGE);
	}
	n = strtonum(text, min, max, &why);
	if (why != NULL) {
		log_warnx("%s %s: %s", flag, text, why);
		usage(stderr, EXIT_USAGE);
	}
	return (n);
}

/* Each takes the flag and what follows; how many words of that it used. */
static int
arg_n(struct args *a, const char *flag, const char *next)
{
	(void)flag;
	(void)next;
	a->port_in = 3;
	a->port_out = 4;
	return (0);
}

static int
arg_alarm(struct args *a, const char *flag, const char *next)
{
	a->alarm = arg_number(flag, next, 0, ALARM_MAX) * 1000;
	return (1);
}

static int
arg_debug(struct args *a, const char *flag, const char *next)
{
	a->debug = 1;
	if (next == NULL || *next == '-')
		return (0);
	a->debug = (int)arg_number(flag, next, 0, LOG_LEVEL_MAX);
	return (1);
}

static int
arg_packet(struct args *a, const char *flag, const char *next)
{
	a->packet = (int)arg_number(flag, next, 2, 4);
	if (a->packet == 3)
		usage(stderr, EXIT_USAGE);
	return (1);
}

static int
arg_stdin_limit(struct args *a, const char *flag, const char *next)
{
	a->stdin_limit = arg_number(flag, next, 0, STDIN_LIMIT_MAX);
	return (1);
}

static int
arg_linger(struct args *a, const char *flag, const char *next)
{
	a->linger = (uint32_t)arg_number(flag, next, 0, RUN_TIMEOUT_MAX);
	return (1);
}

static int
arg_user(struct args *a, const char *flag, const char *next)
{
	(void)flag;
	if (next == NULL)
		usage(stderr, EXIT_USAGE);
	a->user = next;
	return (1);
}

static int
arg_limit_users(struct args *a, const char *flag, const char *next)
{
	if (next == NULL) {
		log_warnx("%s: value missing", flag);
		usage(stderr, EXIT_USAGE);
	}
	a->limit_users = next;
	return (1);
}

/* It could only widen what a start may do, which nothing can. */
static int
arg_ignored(struct args *a, const char *flag, const char *next)
{
	(void)a;
	if (next == NULL) {
		log_warnx("%s: value missing", flag);
		usage(stderr, EXIT_USAGE);
	}
	return (1);
}

/*
 * What erlexec's client says of itself: that it prints what it does, that it
 * has seen to it that this is root, and what a port program that is built for
 * that is to be looked into with. Nothing follows from any of it here.
 */
static int
arg_client(struct args *a, const char *flag, const char *next)
{
	(void)a;
	(void)flag;
	(void)next;
	return (0);
}

static int
arg_valgrind(struct args *a, const char *flag, const char *next)
{
	(void)a;
	(void)flag;
	return (next != NULL && *next != '-');
}

static int
arg_help(struct args *a, const char *flag, const char *next)
{
	(void)a;
	(void)flag;
	(void)next;
	usage(stdout, EXIT_CLEAN);
}

static int
arg_version(struct args *a, const char *flag, const char *next)
{
	(void)a;
	(void)flag;
	(void)next;
	(void)printf("proctor %s\n", PROCTOR_VERSION);
	exit(EXIT_CLEAN);
}

static int
arg_whoami(struct args *a, const char *flag, const char *next)
{
	(void)a;
	(void)flag;
	(void)next;
	whoami();
}

static const struct {
	const char *flag;
	int (*fn)(struct args *, const char *, const char *);
} flags[] = {
	{ "-n", arg_n },
	{ "-alarm", arg_alarm },
	{ "-debug", arg_debug },
	{ "-p", arg_packet },
	{ "-stdin-limit", arg_stdin_limit },
	{ "-linger", arg_linger },
	{ "-user", arg_user },
	{ "-limit-users", arg_limit_users },
	{ "-cap", arg_ignored },
	{ "-verbose", arg_client },
	{ "-root", arg_client },
	{ "-valgrind", arg_valgrind },
	{ "-h", arg_help },
	{ "--version", arg_version },
	{ "--whoami", arg_whoami },
};

void
args_parse(struct args *a, int argc, char *const *argv)
{
	const size_t count = sizeof(flags) / sizeof(flags[0]);
	size_t f;
	int i;

	memset(a, 0, sizeof(*a));
	a->packet = 2;
	a->port_out = STDOUT_FILENO;
	a->alarm = ALARM_DEFAULT;
	a->stdin_limit = STDIN_LIMIT_DEFAULT;
	for (i = 1; i < argc; i++) {
		for (f = 0; f < count; f++)
			if (strcmp(argv[i], flags[f].flag) == 0)
				break;
		if (f == count) {
			log_warnx("unknown flag: %s", argv[i]);
			usage(stderr, EXIT_USAGE);
		}
		i += flags[f].fn(a, argv[i], i + 1 < argc ? argv[i + 1] : NULL);
	}
}
