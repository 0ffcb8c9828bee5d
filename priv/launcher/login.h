/*
 * What a child of another user begins with.
 */

#ifndef LAUNCHER_LOGIN_H
#define LAUNCHER_LOGIN_H

#include "policy/starter.h"

/*
 * In a launcher, or in a child where there is none: have the limits and other
 * attributes of a login. 0, or -1 with errno and in *what which of them failed.
 */
int login_begin(const struct starter_env *, const char **what);

#endif
