/*
 * The end of a start that is not to be.
 */

#ifndef START_REFUSE_H
#define START_REFUSE_H

#include "policy/starter.h"

/*
 * Exit with that status, after the line in our log; of a set-user-ID start it
 * is in the system's, too: monitor/audit.h.
 */
void refuse(const struct starter_env *, int status, const char *fmt, ...)
    __attribute__((__noreturn__, __format__(printf, 3, 4)));

/*
 * The same when our log has it. user is whom the start asked for, or NULL; why
 * is what the starter may know.
 */
void refuse_told(const struct starter_env *, int status, const char *user,
    const char *why) __attribute__((__noreturn__));

#endif
