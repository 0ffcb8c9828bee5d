/*
 * The policy: who may run what as whom. Its rules come from proctor.conf(5),
 * which root alone writes, and from what is true without it: that a user may
 * run things as himself. The last rule that matches decides; without one the
 * answer is no.
 *
 * All names are resolved before any byte of the port is read. Matching needs
 * no file, no memory and no system call.
 */

#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include <sys/types.h>
#include <sys/queue.h>

#include <stdint.h>

#include "policy/gids.h"
#include "policy/starter.h"
#include "proto.h"

#define POLICY_PATH "/etc/proctor.conf"
#define POLICY_FILE_MAX 65536 /* bytes */
#define POLICY_LINE_MAX 4096 /* bytes, without the newline */
#define POLICY_WORD_MAX 1024 /* bytes, with a NUL */
#define POLICY_LIST_MAX 1024 /* in each of args, setenv and groups */
#define POLICY_RULES_MAX 1024
#define POLICY_CHILDREN_MAX 262144

#define NICE_UNSET 127 /* no rule can say it */
#define ID_MAX_VALUE 4294967294LL /* the next one is "no id" */

struct audit;
struct count;
struct runas;

enum rule_action { RULE_PERMIT, RULE_DENY };

struct rule {
	TAILQ_ENTRY(rule) entry;
	enum rule_action action;
	int line; /* in the file; 0: not from there */
	int nice; /* the lowest that may be asked for, or NICE_UNSET */
	uint32_t children; /* that may live at once; 0: as many as they like */
	uint32_t ceilings; /* 1 << n for each of limitname.h that it has */
	uint64_t ceiling[RUN_LIMITS]; /* LIMIT_MAX at most */
	int keepenv;
	int nolog; /* what it permits is not told to the system's log */
	int log_args; /* what is told has its arguments */
	uint64_t caps; /* 1 << n: capabilities that its children have */
	int leaf; /* each child has a control group of its own */
	struct leaf_limits limits; /* of that: leaf.h */
	char **setenv; /* "K", "K=V", "K=$J", "-K", and NULL; or NULL */
	char *ident; /* as written; NULL if not from the file */
	char *user;
	char *group; /* NULL: the user's own */
	char **groups; /* all others, then NULL; NULL: a login's */
	char *cmd; /* absolute path; NULL: whatever there is */
	char **args; /* without argv[0], then NULL; NULL: any arguments */

	/* From policy_resolve(). A rule that is not resolved never matches. */
	int resolved;
	int ident_is_group;
	uid_t ident_uid;
	gid_t ident_gid;
	uid_t uid;
	gid_t gid;
	struct gids gids; /* of groups, which have names now, if there are */

	/* Of who uses the policy; only base is freed with the rule. */
	struct count *count; /* of its children: count.c */
	struct audit *audit; /* of what is logged of them; monitor/audit.c's */
	struct runas *runas; /* NULL: nobody can become that user */
	char **base; /* environment from shape.c; NULL: runas has it */
};

struct policy {
	TAILQ_HEAD(, rule) rules;
	unsigned int count;
	char *place; /* where groups of instances are made, or NULL */
	int terse; /* who reads the log may not read the file: say the line */
	unsigned int errors; /* that were told: of the text, of names */
	unsigned int warnings;
};

/* What would be executed. */
struct command {
	const char *path;
	struct strvec argv; /* argv[0] and all; none: no command, groups only */
	const struct gids *groups; /* these besides its own; NULL: a rule's */
};

/*
 * rule.c: rules in memory. A policy owns its rules, and a rule its strings.
 */

/* An empty policy. */
void policy_init(struct policy *);

/* Free all in it; the policy itself is the caller's, and empty then. */
void policy_free(struct policy *);

/*
 * Append a rule that stands in no file: the user ident may run everything as
 * user. It is the policy's; NULL without memory.
 */
struct rule *policy_add(
    struct policy *, uid_t ident, const char *user, uid_t uid, gid_t gid);

/*
 * Log something about a line, and count it: all of it, or in terse only which
 * line it is and whether that is an error. error is not 0 for an error.
 */
void policy_tell(struct policy *, const char *name, int line, int error,
    const char *fmt, ...) __attribute__((__format__(printf, 5, 6)));

/* Is it digits, and nothing else? Then it is an id, never a name. */
int policy_isnumber(const char *);

/*
 * A rule in no policy, which says nothing yet: the caller's, or NULL without
 * memory. It owns what it points to, and rule_free() frees all of it. NULL
 * may be freed.
 */
struct rule *rule_new(enum rule_action, int line);
void rule_free(struct rule *);

/*
 * Append a copy of a word: 0, or -1 with ENOMEM, or with E2BIG if the list
 * has POLICY_LIST_MAX already.
 */
int rule_append(char ***list, const char *word);

/* read.c: the file. */

/*
 * Open the policy file: a descriptor, or -1 with errno. ENOENT says that
 * there is none. Anything else was logged and is a reason not to start; EPERM
 * says that it is a link, no regular file, or not root's alone to write.
 */
int policy_open(const char *path);

/*
 * The same for who only wants to know: a file that is not root's alone is
 * opened all the same, and *fault says why no start would believe it, or is
 * NULL.
 */
int policy_open_draft(const char *path, const char **fault);

/*
 * Append the rules of the file that is open as fd, which stays open, and take
 * its place, if it has one; name is for the log. -1 if it cannot be read or
 * anything is wrong with it, which was logged: then nothing was taken of it.
 */
int policy_read(struct policy *, int fd, const char *name);

/*
 * parse.y: append the rules of a text of len bytes with a NUL behind them. -1
 * if one is wrong, which was logged; some may have been appended then.
 */
int
policy_parse(struct policy *, const char *name, const char *text, size_t len);

/* resolve.c: the names. */

/*
 * Turn the names in the rules into ids; name is for the log. A permit for
 * somebody whom passwd and group do not know is logged, and never matches.
 * -1, which was logged, if they could not be asked, or do not know somebody in
 * a deny, or one of the groups that a permit lists: what was to be less would
 * be more without that rule, so the policy must not be used.
 */
int policy_resolve(struct policy *, const char *name);

/* match.c: the decision. None of these fails. */

/*
 * The rule that decides, permit or deny; NULL if none matches, which is a no.
 * user is a name, or name:group if only a rule for that group will do, which
 * may be a number. With groups in the command only a rule that lists these,
 * and no others, will do.
 * Without a command (NULL) a rule with cmd does not match.
 */
struct rule *policy_match(const struct policy *, const struct starter *,
    const char *user, const struct command *);

/*
 * A group by number, or by a name that the groups of a rule have: 0, or -1:
 * no rule speaks of that.
 */
int policy_gid(const struct policy *, const char *name, gid_t *);

/*
 * Why nothing permits it, for whom there is no permit: how near the nearest
 * rule comes, in this order, and which line that is (0: none).
 */
enum denial {
	DENIAL_NONE, /* no rule of his is for that user */
	DENIAL_UNKNOWN, /* a rule is, but a name in it is nobody's */
	DENIAL_GROUP, /* not for that group */
	DENIAL_GROUPS, /* nor for those groups besides */
	DENIAL_PROGRAM, /* for other programs */
	DENIAL_NAME, /* for argv[0] as it is there */
	DENIAL_ARGS, /* for other arguments */
	DENIAL_RULE /* a deny decides */
};
enum denial policy_denial(const struct policy *, const struct starter *,
    const char *user, const struct command *, int *line);

/* Is that starter the one that the rule speaks of? */
int policy_identity(const struct rule *, const struct starter *);

/*
 * Is there anything that this starter can ask for and this rule decides, or
 * do later ones decide all of it? The rule is one of a policy.
 */
int policy_decides(const struct rule *, const struct starter *);

/* Does any rule of the file have to do with that starter? */
int policy_concerns(const struct policy *, const struct starter *);

#endif
