/*
 * What a child of another user starts from: what a login of that user would
 * have, and nothing that the starter has set for himself. The launchers of
 * such users are made so while they are root, once, and their children are
 * it by birth. A start by root is another thing: what root gives is meant.
 */

#include <sys/types.h>
#include <sys/wait.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compat/bounds.h"
#include "compat/fresh.h"
#include "compat/proc.h"
#include "limitname.h"
#include "log.h"
#include "proto.h"
#include "start/login.h"
#include "start/refuse.h"

#define MB (1UL << 20)

/* The first process may have more of these than a login has. */
static const struct {
	int resource;
	rlim_t soft;
	rlim_t hard;
} most[] = {
	{ RLIMIT_NOFILE, 1024, 524288 },
	{ RLIMIT_CORE, 0, RLIM_INFINITY },
	{ RLIMIT_STACK, 8 * MB, RLIM_INFINITY },
	{ RLIMIT_MEMLOCK, 8 * MB, 8 * MB },
};

static rlim_t
least(rlim_t a, rlim_t b)
{
	return (a < b ? a : b);
}

/* Limits as the first process has them, and sensible. */
void
login_limits(struct starter_env *s)
{
	struct rlimit *rl;
	size_t n;
	int i;

	fresh_limits(s->login);
	for (i = 0; i < RLIM_NLIMITS; i++) {
		rl = &s->login[i];
		if (i == proc_limit_nice || i == proc_limit_rtprio)
			rl->rlim_cur = rl->rlim_max = 0;
		for (n = 0; n < sizeof(most) / sizeof(most[0]); n++)
			if (most[n].resource == i) {
				rl->rlim_cur =
				    least(rl->rlim_cur, most[n].soft);
				rl->rlim_max =
				    least(rl->rlim_max, most[n].hard);
			}
		rl->rlim_cur = least(rl->rlim_cur, rl->rlim_max);
	}
}

const char *
login_limit(int resource)
{
	int i;

	for (i = 0; i < LIMITS; i++)
		if (bounds_resource[i] == resource)
			return (limitname[i]);
	return ("of a kind that has no name here");
}

/*
 * A hard limit that undo_limits() could not lift no launcher can. It may be
 * lower than a login's, if what a login begins with is not.
 */
static void
check_limits(struct starter_env *s)
{
	struct rlimit rl, limit, *login;
	int i;

	for (i = 0; i < RLIM_NLIMITS; i++) {
		login = &s->login[i];
		if (getrlimit((proc_resource)i, &rl) == -1)
			fatal("login: limit %d", i);
		if (rl.rlim_max < login->rlim_cur)
			refuse(s, EXIT_REFUSED,
			    "the starter's limit %s cannot be lifted for other"
			    " users' children",
			    login_limit(i));
		if (rl.rlim_max >= login->rlim_max)
			continue;
		limit = rl;
		limit.rlim_max = login->rlim_max;
		if (setrlimit((proc_resource)i, &limit) == -1)
			login->rlim_max = rl.rlim_max;
	}
}

/*
 * Can a launcher undo the rest? One that is tried says so; without some
 * capabilities, as in a container, it may not.
 */
static void
check_reset(const struct starter_env *s)
{
	const char *what;
	pid_t pid;
	int status;

	if ((pid = fork()) == -1)
		fatal("login: fork");
	if (pid == 0) {
		if (fresh_reset(&what) == 0)
			_exit(0);
		refuse(s, EXIT_REFUSED,
		    "what the starter has set cannot be undone for other users'"
		    " children here: %s: %s",
		    what, strerror(errno));
	}
	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			fatal("login: wait");
	if (status != 0)
		exit(EXIT_REFUSED);
}

/* Refuse what would reach others' children whatever is done. */
void
login_check(struct starter_env *s)
{
	const char *what;

	if (!s->privileged || s->who.uid == 0)
		return;
	check_limits(s);
	check_reset(s);
	if ((what = fresh_odd()) != NULL)
		refuse(s, EXIT_REFUSED,
		    "the starter has set what other users' children would have"
		    " for good: %s",
		    what);
}
