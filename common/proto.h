/*
 * Every message that crosses between the processes of proctor.
 *
 *	broker -> priv		IMSG_RUN to IMSG_SHUTDOWN, IMSG_HELLO,
 *				IMSG_CGROUP_SET, IMSG_STATS, IMSG_PAUSE
 *	broker -> worker	IMSG_STDIN, IMSG_MOVED, IMSG_STDIN_EOF, IMSG_ACK
 *	priv -> launcher	IMSG_LEAF, IMSG_LAUNCH
 *	launcher -> priv	IMSG_STREAM, IMSG_LAUNCHED
 *	priv -> keeper		IMSG_LEAF_MAKE, IMSG_LEAF_SET, IMSG_LEAF_ASK
 *	keeper -> priv		IMSG_LEAF, IMSG_LEAF_DONE, IMSG_LEAF_STATE,
 *				IMSG_LEAF_EVENT
 *	priv -> worker		IMSG_STREAM, IMSG_CHILD to IMSG_PIDS,
 *				IMSG_WINSZ, IMSG_PTYOPTS, IMSG_HELLO_REPLY,
 *				IMSG_DOWN, IMSG_LEAF_STATE, IMSG_LEAF_EVENT
 *	worker -> priv		IMSG_LOST, IMSG_DRAINED, IMSG_CUT, IMSG_IDLE
 *
 * A message is an imsg whose payload is one of the structs below, host byte
 * order, members of fixed width, without padding. Strings stand behind the
 * struct, NUL-terminated and back to back, in the order in which the struct
 * names them; each is named by offset (from the end of the struct) and
 * length (without the NUL). proto_pack_*() writes a message and proto_unpack()
 * checks one: whoever receives a message uses nothing of it that has not
 * passed.
 */

#ifndef PROTO_H
#define PROTO_H

#include <sys/types.h>

#include <stdint.h>

/* What the exit status of any of the three programs says. */
#define EXIT_CLEAN 0 /* end of file, {shutdown} or a signal */
#define EXIT_PEER 1 /* the node sent what is no term, or the port is broken */
#define EXIT_USAGE 2 /* the command line is wrong */
#define EXIT_NOUSER 3 /* -user names nobody */
#define EXIT_REFUSED 4 /* this start is not allowed */
#define EXIT_RING 5 /* one of our own processes died or lied */
#define EXIT_START 6 /* the system refused something that start-up needs */

enum imsg_type {
	IMSG_RUN = 1, /* struct msg_run */
	IMSG_STOP, /* struct msg_request */
	IMSG_KILL, /* struct msg_request, arg: the signal */
	IMSG_LIST, /* struct msg_request */
	IMSG_DEBUG, /* struct msg_request, arg: the level */
	IMSG_SETPGID, /* struct msg_request, arg: the group */
	IMSG_MANAGE, /* struct msg_run without arguments */
	IMSG_WINSZ, /* struct msg_winsz; priv passes it on */
	IMSG_PTYOPTS, /* struct msg_ptyopts and the modes; passed on, too */
	IMSG_REFUSE, /* struct msg_reply: pass it on in its turn */
	IMSG_SHUTDOWN, /* struct msg_request, arg: the exit status */
	IMSG_STDIN, /* struct msg_stdin and the bytes */
	IMSG_STDIN_EOF, /* struct msg_stdin */
	IMSG_LAUNCH, /* struct msg_run */
	IMSG_STREAM, /* struct msg_stream and a descriptor */
	IMSG_LAUNCHED, /* struct msg_launched */
	IMSG_CHILD, /* struct msg_child: a run's good answer */
	IMSG_EXIT, /* struct msg_exit */
	IMSG_REPLY, /* struct msg_reply */
	IMSG_PIDS, /* struct msg_pids and the pids */
	IMSG_LOST, /* struct msg_stream: its descriptor did not arrive */
	IMSG_HELLO, /* struct msg_request, arg: the version */
	IMSG_HELLO_REPLY, /* struct msg_hello: native from here on */
	IMSG_ACK, /* struct msg_ack: the node has read so much */
	IMSG_DOWN, /* struct msg_down: a launcher has died */
	IMSG_DRAINED, /* struct msg_note: nobody writes to it any more */
	IMSG_CUT, /* struct msg_note: some of its stdin is lost */
	IMSG_IDLE, /* struct msg_note: it has been silent for too long */
	IMSG_LEAF_MAKE, /* struct msg_leaf_make */
	IMSG_LEAF_SET, /* struct msg_leaf_make: other limits for a leaf */
	IMSG_LEAF_ASK, /* struct msg_leaf_ask */
	IMSG_LEAF, /* struct msg_leaf and a descriptor: what to enter it by */
	IMSG_LEAF_DONE, /* struct msg_leaf_done: a leaf's good or bad answer */
	IMSG_LEAF_STATE, /* struct msg_leaf_state: what a leaf has used */
	IMSG_LEAF_EVENT, /* struct msg_leaf_event: a limit was met */
	IMSG_CGROUP_SET, /* struct msg_cgroup_set */
	IMSG_STATS, /* struct msg_request */
	IMSG_PAUSE, /* struct msg_request, arg: 1, or 0 to go on */
	IMSG_MOVED /* struct msg_moved: bytes are in RING_MOVED_FD */
};

/*
 * What broker and worker are started with: channels, and a pipe from one to the
 * other for bytes that are moved and not copied.
 */
#define RING_PRIV_FD 3
#define RING_PEER_FD 4
#define RING_MOVED_FD 5

/*
 * Arguments and environment, with NULs. No kernel takes more; many take less,
 * which is for the exec to say.
 */
#define RUN_STRINGS_MAX (6U << 20)
#define RUN_PATH_MAX 4096 /* any other string, with its NUL */
#define RUN_TIMEOUT_MAX (UINT64_C(1) << 53) /* ms: for ever, and exact */
#define RUN_LINGER_MAX 86400000U /* ms: a day */
#define RUN_ID_MAX 4294967294LL /* of a user or a group: the next is "none" */
#define KILL_TIMEOUT_DEFAULT 5000 /* ms from a stop to SIGKILL */
#define RUN_WINDOW_MAX (1U << 30) /* bytes */
#define MSG_TEXT_MAX 1152 /* a reply's text, with its NUL; any atom fits */
#define MSG_STDIN_MAX 65536 /* bytes in one IMSG_STDIN */
#define MSG_MOVED_MAX (1U << 20) /* bytes in one IMSG_MOVED */
#define TTYMODES_MAX 64 /* terminal modes in one message */
#define MSG_PIDS_MAX (1U << 18) /* children there can be */
/* The largest payload: a run, or that many pids. */
#define MSG_MAX (RUN_STRINGS_MAX + 12 * RUN_PATH_MAX)

struct msg_str {
	uint32_t off;
	uint32_t len;
};

/* count strings back to back; len bytes with all their NULs. */
struct msg_vec {
	uint32_t off;
	uint32_t len;
	uint32_t count;
};

enum io_kind {
	IO_NULL, /* /dev/null */
	IO_PIPE, /* a pipe to or from the node */
	IO_CLOSE,
	IO_FILE,
	IO_STDOUT, /* wherever the child's stdout goes */
	IO_STDERR,
	IO_INHERIT, /* stderr alone: that of proctor */
	IO_KINDS
};

struct msg_io {
	uint32_t kind;
	uint32_t append; /* IO_FILE: 0 or 1 */
	uint32_t perm; /* IO_FILE: permissions of a new file */
	struct msg_str path;
};

/* flags of a run */
#define RUN_SHELL 0x1 /* args is one command line, for the shell */
#define RUN_ENV_CLEAR 0x2 /* start from an empty environment */
#define RUN_SUCCESS 0x4 /* success holds a status to report for 0 */
#define RUN_KILL_GROUP 0x8 /* stop and exit concern the process group */
#define RUN_GROUP 0x10 /* group holds one to join; 0: a new one */
#define RUN_NICE 0x20
#define RUN_PTY 0x40 /* pipes are a pseudo-terminal instead */
#define RUN_PTY_ECHO 0x80
#define RUN_CAPS 0x100 /* caps holds what may stay of ambient capabilities */
#define RUN_DEBUG 0x200 /* log its start and its end */
#define RUN_KEEPENV 0x400 /* priv's alone: start from what the starter has */
#define RUN_EXEC_ANSWER 0x800 /* a failing exec is an answer, not an exit */
#define RUN_LINGER 0x1000 /* linger holds a time; else it is the port's */
#define RUN_UMASK 0x2000 /* umask holds one; else it is the starter's */
#define RUN_GROUPS 0x4000 /* groups holds them all; else its user's */
#define RUN_SCORE 0x8000 /* score holds one; else it is its maker's */
#define RUN_NO_NEW_PRIVS 0x10000 /* no exec gives it more rights */
#define RUN_CGROUP 0x20000 /* in a leaf of its own, with what leaf says */
#define RUN_FLAGS 0x3ffff
/* Flags that a process can have that runs already. */
#define RUN_MANAGE \
	(RUN_KILL_GROUP | RUN_NICE | RUN_SUCCESS | RUN_DEBUG | RUN_EXEC_ANSWER)

/*
 * What a leaf, the control group of one child, can limit. value[] has bytes,
 * processes, weights, us, or 0 and 1; LEAF_NO_LIMIT is the kernel's "max".
 */
enum leaf_limit {
	LEAF_MEMORY_MAX,
	LEAF_MEMORY_HIGH,
	LEAF_MEMORY_LOW,
	LEAF_MEMORY_MIN,
	LEAF_SWAP_MAX,
	LEAF_OOM_GROUP, /* 0 or 1 */
	LEAF_PIDS_MAX,
	LEAF_CPU_WEIGHT, /* 1 to 10000 */
	LEAF_CPU_MAX, /* us in each period */
	LEAF_CPU_PERIOD, /* us; goes with LEAF_CPU_MAX */
	LEAF_CPU_IDLE, /* 0 or 1 */
	LEAF_IO_WEIGHT, /* 1 to 10000 */
	LEAF_VALUES,
	LEAF_CPUS = LEAF_VALUES, /* cpus[]: 1 << n for each processor */
	LEAF_MEMS, /* mems: the same for memory nodes */
	LEAF_IO_MAX, /* io[]: those with ios */
	LEAF_LIMITS
};
#define LEAF_NO_LIMIT UINT64_MAX
#define LEAF_CPUS_MAX 1024
#define LEAF_MEMS_MAX 64
#define LEAF_IOS 4 /* devices */
#define LEAF_MAJOR_MAX 4095 /* the kernel takes more, for another device */
#define LEAF_MINOR_MAX 1048575
#define LEAF_NAME_MAX 64 /* bytes of a name of its own, with its NUL */
#define LEAF_NAME_BYTES \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"

enum leaf_io {
	LEAF_RBPS, /* bytes a second */
	LEAF_WBPS,
	LEAF_RIOPS, /* operations a second */
	LEAF_WIOPS,
	LEAF_RATES
};

/* What a leaf can be limited by, and measured. */
enum leaf_controller {
	LEAF_CTL_MEMORY,
	LEAF_CTL_CPU,
	LEAF_CTL_CPUSET,
	LEAF_CTL_PIDS,
	LEAF_CTL_IO,
	LEAF_CTLS
};

struct leaf_limits {
	uint64_t given; /* 1 << enum leaf_limit */
	uint64_t value[LEAF_VALUES];
	uint64_t cpus[LEAF_CPUS_MAX / 64];
	uint64_t mems;
	uint32_t major[LEAF_IOS];
	uint32_t minor[LEAF_IOS];
	uint64_t rate[LEAF_IOS][LEAF_RATES]; /* LEAF_NO_LIMIT: none */
	uint32_t ios;
	uint32_t pad; /* 0 */
};

#define LEAF_GIVEN(l, limit) (((l)->given >> (limit)&1) != 0)

/*
 * How much one process may have: each limit by its number in limitname.h, as
 * setrlimit(2) takes it, LIMIT_NONE for infinity; 0 if it is not given.
 */
#define RUN_LIMITS 16
#define LIMIT_NONE UINT64_MAX
#define LIMIT_MAX ((uint64_t)INT64_MAX - 1) /* of any that is one */
#define RUN_CPUS 1024 /* processors that can be named */
#define RUN_CPU_TIME_MAX 0x7fffffffU /* s */
#define RUN_SCORE_MAX 1000

/* Its turn at disks: a class and a level from 0 to 7; 0: as its maker's. */
#define IO_REALTIME 1
#define IO_BEST_EFFORT 2
#define IO_IDLE 3 /* has one level, 0 */
#define IO_PRIORITY(class, level) ((class) << 3 | (level))

/*
 * What is the same in a message and in the struct that it is unpacked into:
 * numbers, which are copied at once.
 */
#define RUN_NUMBERS                                                          \
	int64_t tid; /* the node's transaction; 0 wants no reply */          \
	uint64_t caps; /* 1 << n for each capability */                      \
	uint64_t kill_timeout; /* ms from SIGTERM to SIGKILL */              \
	uint64_t timeout; /* ms it may run; 0: no limit */                   \
	uint64_t idle; /* ms it may be silent; 0: no limit */                \
	struct leaf_limits leaf; /* RUN_CGROUP */                            \
	uint64_t soft[RUN_LIMITS];                                           \
	uint64_t hard[RUN_LIMITS];                                           \
	uint64_t cpus[RUN_CPUS / 64]; /* 1 << n for each; none: any */       \
	int32_t pid; /* IMSG_MANAGE: whom; else 0 */                         \
	int32_t group; /* a process group */                                 \
	int32_t nice; /* -20 to 20 */                                        \
	uint32_t rows; /* of the terminal; 0: not given */                   \
	uint32_t cols;                                                       \
	uint32_t id; /* priv's number for the child; 0 from broker */        \
	uint32_t flags; /* RUN_... */                                        \
	uint32_t success; /* 0 to 255 */                                     \
	uint32_t window; /* unacknowledged bytes of a stream; 0: no limit */ \
	uint32_t stdin_ack; /* bytes of stdin worth one; 0: any */           \
	uint32_t stop_signal; /* what asks it to end; 0: SIGTERM */          \
	uint32_t linger; /* ms others may have its output when it is dead */ \
	uint32_t umask; /* 0 to 0777 */                                      \
	uint32_t limits; /* 1 << n for each that is given */                 \
	uint32_t cpu_time; /* s of a processor; 0: no limit */               \
	uint32_t score; /* 0 to RUN_SCORE_MAX */                             \
	uint32_t io_priority /* IO_PRIORITY(), or 0 */

struct msg_run {
	RUN_NUMBERS;
	struct msg_io io[3];
	struct msg_str executable; /* "" if not given */
	struct msg_str cd; /* "" if not given */
	struct msg_str user; /* "" if not given */
	struct msg_str kill; /* the command that stops it, or "" */
	struct msg_str arg0; /* in place of the first argument, or "" */
	struct msg_str gid; /* its group, a name or a number, or "" */
	struct msg_str leaf_name; /* RUN_CGROUP: of its leaf, or "" */
	struct msg_vec args;
	struct msg_vec env; /* "K=V" sets, "K" takes K away */
	struct msg_vec groups; /* besides that, names or numbers */
	struct msg_vec modes; /* count struct msg_mode */
};

/* A terminal mode: compat/ptymodes.h has their names. */
struct msg_mode {
	uint32_t opcode;
	uint32_t value;
};

struct msg_winsz {
	int64_t tid;
	int32_t pid;
	uint16_t rows;
	uint16_t cols;
};

struct msg_ptyopts {
	int64_t tid;
	int32_t pid;
	uint32_t count;
};

struct msg_request {
	int64_t tid;
	int32_t pid;
	int32_t arg;
};

struct msg_stdin {
	int32_t pid;
	uint32_t pad; /* 0 */
};

/* So many bytes for a child are in the pipe, behind those of the last one. */
struct msg_moved {
	int32_t pid;
	uint32_t len; /* 1 to MSG_MOVED_MAX */
};

struct msg_stream {
	uint32_t id; /* the child */
	uint32_t stream; /* 0 to 2 */
};

/* Something has become of a child: what, the message's type says. */
struct msg_note {
	uint32_t id; /* the child */
	uint32_t pad; /* 0 */
};

/* What was being done when a run failed: PROTOCOL.md 6 names them. */
enum stage {
	STAGE_NONE,
	STAGE_LIMIT,
	STAGE_PIPE,
	STAGE_PTY,
	STAGE_FORK,
	STAGE_GROUP,
	STAGE_NICE,
	STAGE_USER,
	STAGE_CHDIR,
	STAGE_OPEN,
	STAGE_EXEC,
	STAGE_LAUNCHER,
	STAGE_POLICY,
	STAGE_DECODE,
	STAGE_CGROUP,
	STAGE_RLIMIT,
	STAGES
};

#define LAUNCHED_NUMBERS                                             \
	uint32_t id;                                                 \
	int32_t pid; /* 0 if there is no child */                    \
	uint32_t stage; /* where it failed; STAGE_NONE if it runs */ \
	int32_t error; /* errno of that */                           \
	uint32_t streams /* 1 << n for each pipe that was sent before */

struct msg_launched {
	LAUNCHED_NUMBERS;
	struct msg_str text; /* what it failed on: a path, a stream's name */
	uint32_t pad; /* 0 */
};

struct msg_child {
	int64_t tid;
	uint64_t idle; /* ms it may be silent; 0: no limit */
	uint32_t id;
	int32_t pid;
	uint32_t streams; /* 1 << n for each descriptor sent before */
	uint32_t tty; /* TTY_... */
	uint32_t window; /* as in the run */
	uint32_t stdin_ack; /* as in the run */
	uint32_t linger; /* 0, or 1: IMSG_DRAINED is waited for */
	uint32_t pad; /* 0 */
};

/*
 * A child on a terminal: its master is stream 1, and stream 0 too if the node
 * feeds it; stream 2 is its slave, which the worker holds open so that the
 * terminal lives as long as the child. What it prints is told as stdout, as
 * stderr, or not at all.
 */
#define TTY_YES 0x1
#define TTY_STDERR 0x2
#define TTY_SILENT 0x4

/* Why it ended, as far as that is our doing: what came first of these. */
enum reason {
	REASON_NORMAL,
	REASON_STOPPED, /* after a stop */
	REASON_TIMEOUT, /* its time was over */
	REASON_IDLE, /* it was silent for too long */
	REASON_SHUTDOWN, /* with all others */
	REASON_OOM, /* killed, as its leaf was out of memory */
	REASONS
};

/* What wait4(2) says that it used. */
enum usage {
	USAGE_UTIME, /* us */
	USAGE_STIME, /* us */
	USAGE_MAXRSS, /* KiB */
	USAGE_MINFLT,
	USAGE_MAJFLT,
	USAGE_INBLOCK,
	USAGE_OUBLOCK,
	USAGE_NVCSW,
	USAGE_NIVCSW,
	USAGES
};

struct msg_exit {
	uint32_t id;
	int32_t status; /* what the node is told in the exec-port dialect */
	int32_t raw; /* of wait4(2); -1: only its parent can know */
	uint32_t reason;
	uint32_t killed; /* 0 or 1: it took SIGKILL */
	uint32_t cut; /* 0 or 1: others had its output when its linger ended */
	int64_t usage[USAGES];
};

struct msg_down {
	struct msg_str user; /* whose children nobody can make any more */
};

/*
 * Between priv and keeper a leaf has a number of its own, by which priv names
 * it before it knows whose it will be; to launcher and worker it has its
 * child's. target: of the table of users that the instance has.
 */
struct msg_leaf_make {
	uint32_t id;
	uint32_t target;
	struct leaf_limits limits;
	char name[LEAF_NAME_MAX]; /* "": made of its id */
};

/*
 * What is to become of a leaf, or has. The keeper answers each once:
 *
 *	LEAF_MAKE	IMSG_LEAF, once or more, then IMSG_LEAF_DONE; with an
 *			error there is no leaf, and no IMSG_LEAF has come
 *	LEAF_SET, LEAF_FREEZE, LEAF_THAW
 *			IMSG_LEAF_DONE; LEAF_FREEZE when it is frozen
 *	LEAF_STATS	IMSG_LEAF_STATE, or IMSG_LEAF_DONE with an error
 *	LEAF_KILL	not at all
 *	LEAF_END	IMSG_LEAF_STATE, whatever has become of it. It is the
 *			last that is said of that leaf, and what was not
 *			answered before it never is. Before it may come, once,
 *			IMSG_LEAF_DONE of LEAF_KILL with an error: the keeper
 *			cannot kill who is left in it, and the text is where
 *
 * Those of one kind and leaf are answered in their order. priv asks nothing of
 * a leaf before LEAF_MAKE was answered, or behind LEAF_END.
 */
enum leaf_op {
	LEAF_MAKE,
	LEAF_SET,
	LEAF_KILL, /* all that is in it */
	LEAF_FREEZE,
	LEAF_THAW,
	LEAF_STATS,
	LEAF_END, /* kill, empty, remove */
	LEAF_OPS
};

struct msg_leaf_ask {
	uint32_t id;
	uint32_t op; /* LEAF_KILL and those behind it */
};

/* One of the files, v2's or those of v1, that "0" is to be written to. */
struct msg_leaf {
	uint32_t id;
	uint32_t left; /* come behind this one */
};
#define LEAF_FILES_MAX 8

struct msg_leaf_done {
	uint32_t id;
	uint32_t op;
	int32_t error; /* errno; 0: done */
	struct msg_str text; /* what it failed on: a limit's name, or "" */
	uint32_t pad; /* 0 */
};

/* What a leaf says of itself; LEAF_UNKNOWN if the system does not. */
enum leaf_stat {
	LEAF_MEMORY_CURRENT, /* bytes */
	LEAF_MEMORY_PEAK,
	LEAF_SWAP_CURRENT,
	LEAF_OOM_KILLS, /* processes */
	LEAF_HIGHS, /* times that memory_high was passed */
	LEAF_CPU_US,
	LEAF_CPU_USER_US,
	LEAF_CPU_SYSTEM_US,
	LEAF_THROTTLED_US,
	LEAF_PIDS_CURRENT,
	LEAF_PIDS_PEAK,
	LEAF_PIDS_DENIED, /* forks */
	LEAF_IO_READ, /* bytes */
	LEAF_IO_WRITTEN,
	LEAF_MAXES, /* times that memory_max was met, and room was made */
	LEAF_FROZEN, /* 0 or 1 */
	LEAF_STATS_COUNT
};
#define LEAF_UNKNOWN UINT64_MAX

struct msg_leaf_state {
	int64_t tid; /* of {stats, Pid}, from priv to worker; else 0 */
	uint32_t id;
	uint32_t op; /* LEAF_STATS or LEAF_END */
	uint64_t stat[LEAF_STATS_COUNT];
	struct msg_str path; /* below the mount point */
};

struct msg_leaf_event {
	uint32_t id;
	uint32_t pad; /* 0 */
	uint64_t oom_kills;
	uint64_t pids_denied;
	uint64_t highs;
};

/* Other limits for the leaf of a child. */
struct msg_cgroup_set {
	int64_t tid;
	int32_t pid;
	uint32_t pad; /* 0 */
	struct leaf_limits limits;
};

struct msg_ack {
	int32_t pid;
	uint32_t stream; /* 1 or 2 */
	uint64_t bytes;
};

#define HELLO_VERSION 1

/* Whose children a start may have; to the node, its mode. */
enum privilege {
	PRIVILEGE_NONE, /* plain: the starter's */
	PRIVILEGE_USERS, /* privileged: other users' as well */
	PRIVILEGE_ROOT, /* root: these, and its own, as it has said */
	PRIVILEGES
};

/* Who ends what has lost its parent. */
enum orphans {
	ORPHANS_NONE, /* nobody */
	ORPHANS_GUARD, /* the guard, at the end (follower.h) */
	ORPHANS_REAPER, /* the reaper, and the guard what that leaves */
	ORPHANS_HOWS
};

/* The users that children can have, the default one first. */
#define HELLO_USERS_MAX 32768 /* bytes with all their NULs */
struct msg_hello {
	int64_t tid;
	uint32_t privilege;
	uint32_t launcher; /* 0 or 1 */
	struct msg_vec users;
	uint32_t leaves; /* 0 or 1: are there any? */
	uint32_t controllers; /* 1 << enum leaf_controller, that they have */
	uint32_t kill; /* enum cgroup_how all in one are killed */
	struct msg_str cgroup; /* of the instance; or why there are none */
	uint32_t orphans; /* enum orphans */
	uint32_t pad; /* 0 */
};

enum reply_code {
	REPLY_OK,
	REPLY_NOTFOUND, /* {error, not_found} */
	REPLY_BADARG, /* {error, badarg} */
	REPLY_ERRNO, /* {error, Atom}; value: the errno */
	REPLY_TEXT, /* {error, Text}; native: stage, value: the errno */
	REPLY_LEVEL, /* {ok, value}: the log level before */
	REPLY_RUNFAIL, /* stage, value: the errno, text: what was tried on */
	REPLY_BADOPT, /* a text; the option's name begins at value */
	REPLY_TERM, /* stage, value: the errno, text: in any dialect */
	REPLY_PAUSED, /* {ok, cgroup}; value: 0 {ok, signal} */
	REPLY_CODES
};

#define REPLY_NUMBERS   \
	int64_t tid;    \
	uint32_t code;  \
	int32_t value;  \
	uint32_t stage; \
	int32_t level /* REPLY_LEVEL: the one from now on */

struct msg_reply {
	REPLY_NUMBERS;
	struct msg_str text;
};

struct msg_pids {
	int64_t tid;
	uint32_t count;
	uint32_t pad; /* 0 */
};

/*
 * The same with pointers instead of offsets. The strings of an unpacked
 * message live as long as the message.
 */
struct strvec {
	const char *base; /* count strings back to back */
	uint32_t len; /* bytes with all their NULs */
	uint32_t count;
};

struct run_io {
	uint32_t kind;
	uint32_t append;
	uint32_t perm;
	const char *path; /* "" unless IO_FILE */
};

struct run {
	RUN_NUMBERS;
	struct run_io io[3];
	const char *executable;
	const char *cd;
	const char *user;
	const char *kill;
	const char *arg0;
	const char *gid;
	const char *leaf_name;
	struct strvec args;
	struct strvec env;
	struct strvec groups;
	uint32_t modes_count;
	struct msg_mode modes[TTYMODES_MAX];
};

struct launched {
	LAUNCHED_NUMBERS;
	const char *text; /* "" if there is none */
};

struct reply {
	REPLY_NUMBERS;
	const char *text; /* "" if there is none */
};

/* "stdin", "stdout" and "stderr". */
extern const char *const proto_stream_names[3];

/* For walking a strvec: the string behind s. */
const char *strvec_next(const char *s);

/*
 * Pack into a new buffer. Returns it, to be freed by the caller, and its
 * length; NULL with errno E2BIG (a limit above is passed) or ENOMEM.
 */
void *proto_pack_run(const struct run *, size_t *len);

/*
 * Pack into buf of MSG_REPLY_MAX bytes; a text that is too long is cut.
 * Returns the length.
 */
#define MSG_REPLY_MAX (sizeof(struct msg_reply) + MSG_TEXT_MAX)
size_t proto_pack_reply(void *buf, const struct reply *);
/* The same for MSG_LAUNCHED_MAX bytes. */
#define MSG_LAUNCHED_MAX (sizeof(struct msg_launched) + MSG_TEXT_MAX)
size_t proto_pack_launched(void *buf, const struct launched *);
/* The same for MSG_DOWN_MAX bytes. */
#define MSG_DOWN_MAX (sizeof(struct msg_down) + MSG_TEXT_MAX)
size_t proto_pack_down(void *buf, const char *user);
/* The same for MSG_LEAF_DONE_MAX and MSG_LEAF_STATE_MAX bytes. */
#define MSG_LEAF_DONE_MAX (sizeof(struct msg_leaf_done) + MSG_TEXT_MAX)
size_t proto_pack_leaf_done(
    void *buf, uint32_t id, enum leaf_op, int error, const char *text);
#define MSG_LEAF_STATE_MAX (sizeof(struct msg_leaf_state) + MSG_TEXT_MAX)
size_t proto_pack_leaf_state(
    void *buf, const struct msg_leaf_state *, const char *path);

/*
 * Pack into a buffer that has room for users behind the message and then for
 * MSG_TEXT_MAX bytes; users are there already. Returns the length.
 */
size_t
proto_pack_hello(void *buf, const struct msg_hello *, const char *cgroup);

/* 0, or -1 if a value cannot be, or is there and was not given. */
int leaf_limits_check(const struct leaf_limits *);
/* 0, or -1: it can be no name of a leaf. "" can. */
int leaf_name_check(const char *);

/*
 * A message that was received. Its payload is one of those below, as its type
 * says; what that points to lives as long as data.
 */
struct msg {
	uint32_t type;
	int fd; /* that came with it, and is the handler's; or -1 */
	void *arg; /* the channel's, for the handler */
	const void *data; /* as it came, for passing it on */
	size_t len;
	union {
		struct run run;
		struct launched launched;
		struct reply reply;
		struct msg_request request;
		struct msg_child child;
		struct msg_stream stream;
		struct msg_note note;
		struct msg_winsz winsz;
		struct msg_exit exit;
		struct msg_ack ack;
		struct msg_moved moved;
		struct msg_leaf leaf;
		struct msg_leaf_make leaf_make;
		struct msg_leaf_ask leaf_ask;
		struct msg_leaf_event leaf_event;
		struct msg_cgroup_set cgroup_set;
		struct {
			struct msg_leaf_done m;
			const char *text;
		} leaf_done;
		struct {
			struct msg_leaf_state m;
			const char *path;
		} leaf_state;
		struct {
			struct msg_ptyopts m;
			struct msg_mode modes[TTYMODES_MAX];
		} ptyopts;
		struct {
			int32_t pid;
			const uint8_t *bytes;
			size_t len;
		} input;
		struct {
			struct msg_pids m;
			const uint8_t
			    *pids; /* m.count of int32_t, not aligned */
		} pids;
		struct {
			struct msg_hello m;
			struct strvec users;
			const char *cgroup;
		} hello;
		struct {
			const char *user;
		} down;
	};
};

/* All that is fixed about a type of message. */
struct msg_type {
	const char *name; /* for the log */
	size_t min; /* bytes of payload */
	size_t max;
	int passes_fd; /* it comes with a descriptor, or lost it on its way */
	int (*unpack)(struct msg *);
};

/* NULL if there is no such type. */
const struct msg_type *proto_type(uint32_t type);

/*
 * Check a message of which type, data and len are filled in, and fill in its
 * payload. 0, or -1 if it is not one that pack could have made.
 */
int proto_unpack(struct msg *);

#endif
