/*
 * What policy says to what the broker asks for. None of it makes a system
 * call, but for the first two.
 */

#ifndef POLICY_PERMIT_H
#define POLICY_PERMIT_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#include "policy/policy.h"

/*
 * To be called first, when rules have whom they let children run as. user is
 * whom children run as if nobody is named; plain says why nobody but the
 * starter can be had, with PRIVILEGE_NONE. All are kept, and must live as long.
 */
void permit_init(struct policy *, const struct starter *, const char *user,
    enum privilege, const char *plain);

/* In a process that decides nothing: free and wipe all rules. */
void permit_forget(void);

/* What this start may do, for the node to know. */
enum privilege permit_privilege(void);

/* Where root's file has the control group of an instance be made, or NULL. */
const char *permit_place(void);

/* Have children counted, of the rules that say so. While we are root. */
void permit_counts(void);

/* Call fn for each rule by which children can be had. */
void permit_each(void (*fn)(struct rule *));

/* Whom a request is for: user, or if that is empty the default one. */
const char *permit_name(const char *user);

/* From here on root may name anybody, by this rule, which must live as long. */
void permit_any(struct rule *);

/*
 * Whom a run is for: user, or the default one, with :group if that is not
 * empty. A number becomes the name of one that there is. It lives until the
 * next call at least.
 */
const char *permit_whom(const char *user, const char *group);

/* The rule that lets a run be, or NULL. Fatal without memory. */
struct rule *permit_run(const struct run *);

/* The rule that lets user run whatever he likes, or NULL. */
struct rule *permit_user(const char *user);

/*
 * The rule by which processes of uid can be managed, or NULL: it has to let
 * that user run whatever he likes.
 */
struct rule *permit_uid(uid_t);

/*
 * The rule by which a child that rule permits may be stopped by that command
 * line, or NULL: it is another run of the same user, with the same groups.
 * Fatal without memory.
 */
struct rule *permit_kill(const struct rule *, const char *line);

/* Is that the starter, who is not root? He may end his processes himself. */
int uid_is_starter(uid_t);

/*
 * Why permit_run() says no, into buf. 1: the user cannot be had at all; 0:
 * that command cannot. Fatal without memory.
 */
int permit_why_run(const struct run *, char *buf, size_t size);

/* Why permit_user() says no, into buf. */
void permit_why_user(const char *user, char *buf, size_t size);

/*
 * What r would execute, as a path: never its arguments, which may be secrets.
 * It is r's, or the shell of a user.
 */
const char *permit_program(const struct run *);

/* The lowest priority that may be asked for. */
int permit_lowest(const struct rule *);

/*
 * The users that there are, the default one first, one string behind the
 * other into buf, as many as fit: *count of them. The bytes that they take.
 * Fatal if not even the first fits.
 */
size_t permit_users(char *buf, size_t size, uint32_t *count);

#endif
