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
#include "unpack.h"

#define ALARM_DEFAULT 12000L /* ms a shutdown may take */
#define ALARM_MAX 86400
#define KILL_TIMEOUT_DEFAULT 5000 /* ms */

/* States, as dispatch tables name them. */
#define STATE_RUN 0x1
#define STATE_STOP 0x2

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

struct slot;

/* A child from the moment it is asked for until it was reaped and told of. */
struct child {
	RB_ENTRY(child) by_id;
	RB_ENTRY(child) by_pid; /* CHILD_HELD: in the tree of group.c */
	uint32_t id;
	pid_t pid; /* 0 until there is one */
	int watch; /* from pidset_add() */
	int64_t tid;
	uint32_t flags;
	uint32_t kill_timeout;
	int success; /* status to report for 0 */
	int status; /* once CHILD_ENDED */
	int64_t usage[USAGES]; /* then, too */
	uint32_t window;
	uint32_t timeout; /* ms; 0: none */
	uint32_t reason; /* why it was asked to end: REASON_... */
	int stop_signal; /* what asks it to */
	uint32_t linger; /* ms that others may have its output */
	uint32_t run_flags; /* RUN_... */
	int nice; /* RUN_NICE */
	pid_t group; /* joined; 0 if it leads its own */
	uint32_t tty; /* TTY_... */
	uint32_t streams; /* 1 << n for each that the worker has */
	char *kill; /* the command that stops it, or NULL */
	struct rule *kill_rule; /* that permits it */
	uint32_t victim; /* CHILD_HELPER: the id of whom it is to stop */
	int fds[3]; /* the node's ends, until the worker has them */
	struct timer deadline; /* of its stop */
	struct timer limit; /* of its timeout */
	struct timer lingering; /* CHILD_LINGERS */
	struct target *target; /* whose launcher makes it */
	struct rule *rule; /* that permits it, or NULL */
	int place; /* among the children of that rule, or -1 */
	/* At its launcher, until it is born; then CHILD_UNWATCHED. */
	TAILQ_ENTRY(child) queue;
	RB_ENTRY(child) by_group; /* if it has joined one */
	size_t asked; /* bytes of its launch, until it is born */
	struct slot *slot; /* its answer's place, until it is born */
};

#define CHILD_TOLD 0x1 /* the worker knows it */
#define CHILD_ENDED 0x4 /* reaped */
#define CHILD_STRAY 0x8 /* never became a child; nobody is told of it */
#define CHILD_LOST 0x10 /* refused by the worker, and killed */
#define CHILD_FOREIGN 0x20 /* no child of ours: only managed */
#define CHILD_KILLED 0x100 /* it did not end in time */
#define CHILD_HELPER 0x40 /* a kill command; nobody is told of it */
#define CHILD_HELD 0x200 /* reaped, but its group is not gone */
#define CHILD_OVERDUE 0x400 /* and that has no time left */
#define CHILD_UNWATCHED 0x800 /* no pidfd tells of its end */
#define CHILD_DRAINED 0x1000 /* nobody has its output open any more */
#define CHILD_CUT 0x4000 /* some of its stdin was lost */
#define CHILD_LINGERS 0x2000 /* dead, and not reaped for those who have */
#define CHILD_OVERSTAYED 0x8000 /* and these had it when that ended */
/* Of these the node is to know nothing. */
#define CHILD_SILENT (CHILD_STRAY | CHILD_HELPER | CHILD_LOST)

/* answer.c: replies in the order of their requests */
void answer_reserve(struct child *);
void answer_reply(const struct reply *);
void answer(uint32_t type, const void *, size_t);
void answer_now(int64_t tid, uint32_t code, int value, const char *text);
void answer_level(int64_t tid, int before, int level);
void answer_list(int64_t tid);
void answer_child(struct child *);
void answer_failed(struct child *, const struct launched *);
int answer_waiting(void);

/* child.c: the table of children */
void child_init(void);
struct child *child_new(const struct run *, struct target *, struct rule *);
struct child *child_by_id(uint32_t);
struct child *child_by_pid(pid_t);
int child_born(struct child *, pid_t);
int child_manage(const struct run *);
int child_signal(const struct child *, int sig);
pid_t child_group(const struct child *);
int child_renice(const struct child *, pid_t);
int child_kill_new(pid_t);
int child_stray(pid_t);
uint32_t child_last(void);
void child_unlist(struct child *);
void child_tell_exit(struct child *);
void child_free(struct child *);
void child_told(struct child *);
void child_list(int64_t tid);
int child_full(void);
int child_count(void);
int child_idle(void);
int child_set(void);
void child_each(void (*)(struct child *));
int child_lost(void *, const void *, size_t, int);
int child_cut(void *, const void *, size_t, int);

/* reap.c: ends of children */
void reap_watch(struct child *);
void reap_unwatch(struct child *);
void reap_forget(struct child *);
void reap_child(struct child *);
int reap_is_dead(pid_t);
void reap_ended(void);
void reap_sigchld(void);

/* linger.c: the dead whose output others have open still */
void linger_init(uint32_t ms);
uint32_t linger_of(const struct run *);
int linger_begin(struct child *);
void linger_cut(struct child *);
int linger_drained(void *, const void *, size_t, int);
/* stray.c: children that are in no table */
void stray_explained(void);
void stray_signal(int came);
int stray_adopt(void);

/* group.c: what a leader leaves of its group */
void group_signal(const struct child *);
int group_hold(struct child *, int64_t ms);
void group_release(struct child *);
void group_recycled(pid_t);
void group_join(struct child *);
void group_leave(struct child *);

/* request.c: what the broker asks for */
int request_run(void *, const void *, size_t, int);
int request_manage(void *, const void *, size_t, int);
int request_setpgid(void *, const void *, size_t, int);
int request_winsz(void *, const void *, size_t, int);
int request_ptyopts(void *, const void *, size_t, int);
int request_stop(void *, const void *, size_t, int);
int request_kill(void *, const void *, size_t, int);
int request_list(void *, const void *, size_t, int);
int request_debug(void *, const void *, size_t, int);
int request_refuse(void *, const void *, size_t, int);
int request_shutdown(void *, const void *, size_t, int);
int request_hello(void *, const void *, size_t, int);

/* launch.c: what becomes of a launch */
int launch_result(struct child *, struct launched *, int fds[3]);

/* launcher.c or launcher_none.c: how children are made */
void launch_init(struct target *);
int launch_forks(void);
void launch_run(struct child *, const struct run *);
size_t launch_count(void);
size_t launch_waiting(void); /* bytes asked for, and not answered */
void launch_poll(struct pollfd *);
void launch_dispatch(const struct pollfd *);
void launch_send(void); /* what waits for them, before the next sleep */
void launch_ended(pid_t);
int launch_stream(void *, const void *, size_t, int);
int launch_done(void *, const void *, size_t, int);
int launch_alive(const struct target *);
int launch_awaits(uint32_t id); /* one that is not newer than id? */
void launch_abandon(void);
void launch_close(void);

/* stop.c: deadlines, escalation, shutdown */
void stop_init(int64_t alarm);
void stop_child(struct child *);
void stop_helper(struct child *);
void stop_helper_failed(const struct child *);
void stop_helper_ended(const struct child *, int status);
void stop_all(int status);
void stop_broken(void);
void stop_when_idle(void);
void stop_late(struct child *);
void stop_cut(struct child *);
void stop_limit(struct child *);
void stop_check(void);
int stop_done(void);
unsigned int stop_state(void);
int stop_status(void);

/* parts.c: broker and worker */
extern struct channel broker_channel;
extern struct channel worker_channel;
void parts_start(const struct start *, const struct args *);
void parts_end(void);
int part_is(pid_t);
void part_add(const char *name, pid_t);
#define PART_ID 0 /* no child has it: in the set of children, any of these */
void parts_watch(void);
void parts_reap(void);

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

/* guard.c: above priv, and what it shares with the reaper */
void guard_group(void);
void guard_start(const struct start *);
void guard_confine(const char *name, int fd);
void guard_wait(const char *child_name, pid_t child, int hears)
    __attribute__((__noreturn__));
int guard_ours(pid_t);
int guard_groups(void); /* may the group of one of ours be signalled? */

/* reaper.c: between the two; first what it does, then how it is asked */
void reaper_start(pid_t guard);
int reaper_serve(int fd, pid_t priv);
void reaper_end(pid_t, int sig);
void reaper_gone(pid_t);
void reaper_watch(void);
int reaper_is(pid_t);
int reaper_uid(pid_t, uid_t *);
void reaper_descendants(pid_t, int sig);
void reaper_group(pid_t group);
int reaper_orphans(int sig);
#define REAPER_PIDS 16 /* of an answer */
int reaper_children(int skip, pid_t pids[REAPER_PIDS]);

/* dispatch.c */
extern const struct dispatch priv_broker_table[];
extern const size_t priv_broker_rows;
extern const struct dispatch priv_worker_table[];
extern const size_t priv_worker_rows;
extern const struct dispatch priv_launcher_table[];
extern const size_t priv_launcher_rows;

/* spawn.c: the child's steps up to exec, the same in every mode */
void spawn_child(const struct spawn_base *, const struct run *,
    struct launched *, int fds[3], pid_t *board);

/* environ.c */
char **spawn_environ(const struct spawn_base *, const struct run *);

#endif
