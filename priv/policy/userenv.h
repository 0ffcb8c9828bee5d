/*
 * What a login gives a user: environment and groups. Made at start-up, where
 * a lack of memory ends everything.
 */

#ifndef POLICY_USERENV_H
#define POLICY_USERENV_H

#include <sys/types.h>

struct passwd;

/*
 * As getenv(3), in an environment that is not ours: a part of it, or NULL.
 */
const char *userenv_get(char *const *env, const char *name);

/* "NAME=value", of the first len bytes of name: the caller's, to be freed. */
char *userenv_var(const char *name, size_t len, const char *value);

/* As getpwnam(3), of a number as getpwuid(3): it is a uid, never a name. */
const struct passwd *userenv_passwd(const char *name);

/*
 * HOME, USER, LOGNAME, SHELL and PATH as login would set them; an empty home
 * is "/", an empty shell is sh. The array and its strings are the caller's.
 */
char **userenv_login(const char *name, const char *home, const char *shell);

/*
 * What is in a, and what of b is not: an array that is the caller's, with the
 * strings of both.
 */
char **userenv_join(char *const *a, char *const *b);

/* Wherever its strings are, there are none from here on: env is empty. */
void userenv_wipe(char **env);

/*
 * The groups of a login of user, whose own group is gid: *n of them, in an
 * array that is the caller's. NULL with errno, E2BIG if there are more than
 * anybody has.
 */
gid_t *userenv_groups(const char *user, gid_t gid, int *n);

#endif
