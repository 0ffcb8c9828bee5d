/*
 * What a login gives a user: environment and groups. Only arrays and new
 * variables are made; strings that are there stay where they are.
 */

#include <errno.h>
#include <grp.h>
#include <paths.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "policy/userenv.h"
#include "proto.h"

#define USERENV_GROUPS_MAX 65536

/* The value of the first variable whose name is these len bytes. */
static const char *
userenv_find(char *const *env, const char *name, size_t len)
{
	for (; *env != NULL; env++)
		if (strncmp(*env, name, len) == 0 && (*env)[len] == '=')
			return (*env + len + 1);
	return (NULL);
}

const char *
userenv_get(char *const *env, const char *name)
{
	return (userenv_find(env, name, strlen(name)));
}

/* An array for n variables, empty. */
static char **
userenv_new(size_t n)
{
	char **env;

	if ((env = calloc(n + 1, sizeof(*env))) == NULL)
		fatal("environment: array");
	return (env);
}

char *
userenv_var(const char *name, size_t len, const char *value)
{
	char *text;

	if (asprintf(&text, "%.*s=%s", (int)len, name, value) == -1)
		fatal("environment: variable");
	return (text);
}

char **
userenv_login(const char *name, const char *home, const char *shell)
{
	const char *const vars[][2] = {
		{ "HOME", *home == '\0' ? "/" : home },
		{ "USER", name },
		{ "LOGNAME", name },
		{ "SHELL", *shell == '\0' ? _PATH_BSHELL : shell },
		{ "PATH", _PATH_STDPATH },
	};
	const size_t n = sizeof(vars) / sizeof(vars[0]);
	char **env = userenv_new(n);
	size_t i;

	for (i = 0; i < n; i++)
		env[i] =
		    userenv_var(vars[i][0], strlen(vars[i][0]), vars[i][1]);
	return (env);
}

static size_t
userenv_count(char *const *env)
{
	size_t n = 0;

	while (env[n] != NULL)
		n++;
	return (n);
}

char **
userenv_join(char *const *a, char *const *b)
{
	size_t n = userenv_count(a);
	char **env = userenv_new(n + userenv_count(b));

	memcpy(env, a, n * sizeof(*env));
	for (; *b != NULL; b++)
		if (userenv_find(a, *b, strcspn(*b, "=")) == NULL)
			env[n++] = *b;
	return (env);
}

const struct passwd *
userenv_passwd(const char *name)
{
	const char *why;
	long long uid;

	if (name[strspn(name, "0123456789")] != '\0' || *name == '\0')
		return (getpwnam(name));
	uid = strtonum(name, 0, RUN_ID_MAX, &why);
	return (why == NULL ? getpwuid((uid_t)uid) : NULL);
}

gid_t *
userenv_groups(const char *user, gid_t gid, int *n)
{
	gid_t *groups = NULL, *more;
	int max, error = E2BIG;

	for (max = 64; max <= USERENV_GROUPS_MAX; max *= 2) {
		more = reallocarray(groups, (size_t)max, sizeof(*more));
		if (more == NULL) {
			error = errno;
			break;
		}
		groups = more;
		*n = max;
		if (getgrouplist(user, gid, groups, n) != -1)
			return (groups);
	}
	free(groups);
	errno = error;
	return (NULL);
}

void
userenv_wipe(char **env)
{
	char **e;

	for (e = env; *e != NULL; e++)
		explicit_bzero(*e, strlen(*e));
	*env = NULL;
}
