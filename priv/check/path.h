/*
 * Programs that rules with cmd name.
 */

#ifndef CHECK_PATH_H
#define CHECK_PATH_H

struct policy;

/*
 * Log each that is not there, or that others than root can change, as a
 * warning; name is for the log.
 */
void path_check(struct policy *, const char *name);

#endif
