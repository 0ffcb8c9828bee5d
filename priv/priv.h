/*
 * priv: the parent of all, and the only one that decides. It believes
 * nothing that broker, worker or launchers say.
 */

#ifndef PRIV_H
#define PRIV_H

#include <sys/types.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <sys/tree.h>

#include <poll.h>
#include <signal.h>
#include <stdint.h>

#include "base/timer.h"
#include "dispatch.h"
#include "policy/runas.h"
#include "proto.h"

#define ALARM_DEFAULT 12000L /* ms a shutdown may take */
#define ALARM_MAX 86400

/* What the command line asked for. */
struct args {
	int packet; /* 2 or 4 bytes of length */
	int port_in; /* 0, or 3 */
	int port_out; /* 1, or 4 */
	int debug; /* log level */
	int64_t alarm; /* ms */
	int64_t stdin_limit; /* bytes a child's stdin may queue */
	uint32_t linger; /* ms; of runs that say nothing of it */
	const char *user; /* or NULL */
	const char *limit_users; /* names with commas, or NULL */
};

/* parts.c: starts broker and worker */
void parts_start(const struct start *, const struct args *);

/* args.c */
void args_parse(struct args *, int argc, char *const *argv);

/*
 * configtest.c: does not return if the command line asks about the policy.
 * To be called before anything of the starter's is changed.
 */
void configtest(int argc, char *const *argv);

/* start.c: the first steps of a program that may be SUID-root */
void start_descriptors(void);
void start_log(void);
void start_closefrom(void);
void start_arguments(int argc);
void start_starter(struct start *);
void start_environ(struct start *);
void start_umask(struct start *);
void start_directory(struct start *);
void start_signals(void);
void start_limits(struct start *);
void start_hidden(void);
void start_port(const struct args *);
void start_group(void);

/* login.c: what children of other users start from */
void login_limits(struct start *);
void login_check(struct start *);
int login_begin(const struct start *, const char **what);

/* mode.c: which of the three ways to be started it is, and its policy */
void mode_choose(struct start *, const struct args *);
enum mode mode_now(void);
void mode_forget(void); /* rules, for who decides nothing */

/* privdrop.c: from root to what each process needs */
#define DROP_NAME "_proctor"
void privdrop_init(const struct start *);
int privdrop_able(const struct start *);
int privdrop_try(uid_t, gid_t, const gid_t *, int ngroups);
void privdrop_guard(void);
void privdrop_priv(void);
void privdrop_launcher(const struct target *);
int privdrop_part(uid_t *, gid_t *);
int privdrop_ours(uid_t);

/* uids.c: who an instance's processes are */
#define LAUNCHERS_MAX 64
#define UIDS_SLOT (LAUNCHERS_MAX + 1) /* one for all others */
int uids_take(const char *name, uid_t starter, uid_t *first);
int uids_keep(int fd);

#endif
