/*
 * What children of other users start from.
 */

#ifndef START_LOGIN_H
#define START_LOGIN_H

#include "policy/starter.h"

/* Fill in s->login: limits as the first process has them, and sensible. */
void login_limits(struct starter_env *s);

/* What a limit of setrlimit(2) is called, for the log. */
const char *login_limit(int resource);

/*
 * Exit, after a line in the log, if there is anything that would reach others'
 * children whatever is done. May lower hard limits of s->login.
 */
void login_check(struct starter_env *s);

#endif
