/*
 * A system for tests of priv/monitor: see monitor_util.h. The calls of libc
 * are replaced by the linker, who names ours __wrap_ and its own __real_.
 */

#include <sys/resource.h>
#include <sys/wait.h>

#include <poll.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "monitor_util.h"

#include "log_util.h"
#include "channel.h"
#include "compat/cgroup_file.h"
#include "compat/proc.h"
#include "monitor/audit.h"
#include "monitor/group.h"
#include "monitor/orphan.h"
#include "monitor/watch.h"
#include "keeper/keeper.h"
#include "policy/count.h"
#include "policy/leaf.h"
#include "policy/permit.h"
#include "policy/shape.h"

#define PROCS_MAX 1024
#define CASE_MAX 60 /* seconds, after which it will not end any more */
#define WATCH_FIRST 100 /* a watch is a number from here on */
#define GUARD_PID 50
#define REAPER_PID 51

int __wrap_kill(pid_t, int);
int __wrap_waitid(idtype_t, id_t, siginfo_t *, int);
pid_t __wrap_wait4(pid_t, int *, int, struct rusage *);
pid_t __wrap_getpgid(pid_t);
int __wrap_setpgid(pid_t, pid_t);
int __wrap_getpriority(int, id_t);
int __wrap_setpriority(int, id_t, int);
int __wrap_poll(struct pollfd *, nfds_t, int);
int __wrap_close(int);
int __real_close(int);
int __wrap_clock_gettime(clockid_t, struct timespec *);

enum proc_state { PROC_NONE, PROC_ALIVE, PROC_DEAD, PROC_GONE };

static struct proc {
	enum proc_state state;
	pid_t pid;
	pid_t group;
	int ours;
	uid_t uid;
	int status;
	int nice;
} procs[PROCS_MAX];
static size_t procs_count;

/* watches[n - WATCH_FIRST]: the process that it holds, and for whom. */
static struct {
	struct proc *proc; /* NULL: none any more */
	uint32_t id;
} watches[PROCS_MAX];
static int watches_count;

static int64_t now_ms = 1000000;
static char trace[4096];

struct world world;
struct channel worker_channel, broker_channel, keeper_channel;

void
note(const char *fmt, ...)
{
	size_t used = strlen(trace);
	va_list ap;

	if (used != 0)
		used = strlcat(trace, "; ", sizeof(trace));
	assert_true(used + 128 < sizeof(trace));
	va_start(ap, fmt);
	(void)vsnprintf(trace + used, sizeof(trace) - used, fmt, ap);
	va_end(ap);
}

static const char *
signal_name(int sig)
{
	static char number[16];

	if (sig == SIGTERM)
		return ("TERM");
	if (sig == SIGKILL)
		return ("KILL");
	if (sig == SIGCONT)
		return ("CONT");
	(void)snprintf(number, sizeof(number), "%d", sig);
	return (number);
}

/*
 * Processes.
 */

static struct proc *
proc_find(pid_t pid)
{
	size_t i;

	for (i = 0; i < procs_count; i++)
		if (procs[i].pid == pid && procs[i].state != PROC_GONE)
			return (&procs[i]);
	return (NULL);
}

static struct proc *
proc_new(pid_t pid, pid_t group)
{
	struct proc *p = &procs[procs_count++];

	assert_true(procs_count < PROCS_MAX);
	assert_null(proc_find(pid));
	p->state = PROC_ALIVE;
	p->pid = pid;
	p->group = group == 0 ? pid : group;
	return (p);
}

void
proc_born(pid_t pid, pid_t group)
{
	struct proc *p = proc_new(pid, group);

	p->ours = 1;
	p->uid = WWW_UID;
}

void
proc_other(pid_t pid, uid_t uid, pid_t group)
{
	proc_new(pid, group)->uid = uid;
}

void
proc_dies(pid_t pid, int status)
{
	struct proc *p = proc_find(pid);

	assert_non_null(p);
	p->state = PROC_DEAD;
	p->status = status;
}

void
proc_gone(pid_t pid)
{
	struct proc *p = proc_find(pid);

	assert_non_null(p);
	p->state = PROC_GONE;
}

void
proc_moves(pid_t pid, pid_t group)
{
	proc_find(pid)->group = group;
}

/* One of ours that its parent can see dead: pid, or 0 for any. */
static struct proc *
proc_dead(pid_t pid)
{
	size_t i;

	for (i = 0; i < procs_count && !world.traced; i++)
		if (procs[i].ours && procs[i].state == PROC_DEAD &&
		    (pid == 0 || procs[i].pid == pid))
			return (&procs[i]);
	return (NULL);
}

static int
group_has_members(pid_t group)
{
	size_t i;

	for (i = 0; i < procs_count; i++)
		if (procs[i].group == group && procs[i].state != PROC_GONE)
			return (1);
	return (0);
}

/*
 * The calls of libc. Signal 0 asks, and is not noted.
 */

int
__wrap_kill(pid_t pid, int sig)
{
	/* Nothing of the monitor's is ever meant for all, or for init. */
	assert_true(pid > 1 || pid < -1);
	if (sig != 0)
		note("kill %d %s", (int)pid, signal_name(sig));
	if (pid > 0 ? proc_find(pid) != NULL : group_has_members(-pid))
		return (0);
	errno = ESRCH;
	return (-1);
}

int
__wrap_waitid(idtype_t type, id_t id, siginfo_t *si, int options)
{
	const struct proc *p;

	assert_int_equal(options, WEXITED | WNOHANG | WNOWAIT);
	if (type == P_PID && ((p = proc_find((pid_t)id)) == NULL || !p->ours)) {
		errno = ECHILD;
		return (-1);
	}
	p = proc_dead(type == P_PID ? (pid_t)id : 0);
	si->si_pid = p == NULL ? 0 : p->pid;
	si->si_code = CLD_EXITED;
	return (0);
}

pid_t
__wrap_wait4(pid_t pid, int *status, int options, struct rusage *ru)
{
	struct proc *p = proc_dead(pid);

	assert_true(pid > 1);
	assert_int_equal(options, WNOHANG);
	if (p == NULL)
		return (0);
	note("reap %d", (int)pid);
	if (ru != NULL)
		*ru = world.usage;
	*status = p->status;
	p->state = PROC_GONE;
	return (pid);
}

pid_t
__wrap_getpgid(pid_t pid)
{
	const struct proc *p = proc_find(pid);

	return (p == NULL ? -1 : p->group);
}

int
__wrap_setpgid(pid_t pid, pid_t group)
{
	note("setpgid %d %d", (int)pid, (int)group);
	return (0);
}

int
__wrap_getpriority(int which, id_t id)
{
	const struct proc *p = proc_find((pid_t)id);

	assert_int_equal(which, PRIO_PROCESS);
	assert_non_null(p);
	return (p->nice);
}

int
__wrap_setpriority(int which, id_t id, int nice)
{
	assert_int_equal(which, PRIO_PROCESS);
	note("nice %d %d", (int)id, nice);
	errno = world.nice_errno;
	return (world.nice_errno == 0 ? 0 : -1);
}

int
__wrap_close(int fd)
{
	if (fd < FD_FAKE)
		return (__real_close(fd));
	note("close %d", fd);
	return (0);
}

int
__wrap_clock_gettime(clockid_t clock, struct timespec *ts)
{
	(void)clock;
	ts->tv_sec = (time_t)(now_ms / 1000);
	ts->tv_nsec = (long)(now_ms % 1000 * 1000000);
	return (0);
}

void
sleep_ms(int ms)
{
	timer_run();
	while (ms-- > 0) {
		now_ms++;
		timer_run();
	}
}

/* One pidfd: is its process dead? */
int
__wrap_poll(struct pollfd *pfd, nfds_t n, int ms)
{
	assert_int_equal(n, 1);
	assert_int_equal(ms, 0);
	return (watches[pfd->fd - WATCH_FIRST].proc->state >= PROC_DEAD);
}

/*
 * common/compat: the set of pidfds.
 */

int
pidset_open(void)
{
	return (world.no_pidfds ? -1 : WATCH_FIRST - 1);
}

int
pidset_add(int set, pid_t pid, uint32_t id)
{
	struct proc *p = proc_find(pid);

	assert_int_equal(set, WATCH_FIRST - 1);
	if (p == NULL || world.watch_error != 0) {
		errno = p == NULL ? ESRCH : world.watch_error;
		return (-1);
	}
	assert_true(watches_count < PROCS_MAX);
	watches[watches_count].proc = p;
	watches[watches_count].id = id;
	return (WATCH_FIRST + watches_count++);
}

int
pidset_signal(int watch, int sig)
{
	const struct proc *p = watches[watch - WATCH_FIRST].proc;

	assert_non_null(p);
	if (sig != 0)
		note("pidfd %d %s", (int)p->pid, signal_name(sig));
	if (p->state != PROC_GONE)
		return (0);
	errno = ESRCH;
	return (-1);
}

void
pidset_remove(int watch)
{
	if (watch != -1)
		watches[watch - WATCH_FIRST].proc = NULL;
}

int
pidset_ended(int set, uint32_t *ids, int max)
{
	int i, n = 0;

	(void)set;
	for (i = 0; i < watches_count && n < max; i++)
		if (watches[i].proc != NULL &&
		    watches[i].proc->state >= PROC_DEAD)
			ids[n++] = watches[i].id;
	return (n);
}

void
proc_signal_main(int sig)
{
	fail_msg("signal %d", sig);
}

int
proc_signal_take(const sigset_t *set, siginfo_t *info)
{
	(void)set;
	(void)info;
	return (0); /* none waits */
}

/*
 * monitor/orphan.c: the reaper.
 */

int
orphan_is_guard(pid_t pid)
{
	return (pid == GUARD_PID || pid == REAPER_PID);
}

enum orphans
orphan_who(void)
{
	return (ORPHANS_REAPER);
}

int
orphan_uid(pid_t pid, uid_t *uid)
{
	const struct proc *p = proc_find(pid);

	if (p == NULL)
		return (-1);
	*uid = p->uid;
	return (0);
}

void
orphan_signal_descendants(pid_t child, int sig)
{
	note("descendants %d %s", (int)child, signal_name(sig));
}

void
orphan_kill_group(pid_t group)
{
	note("orphans of group %d KILL", (int)group);
}

void
orphan_kill_leaf(const char *path)
{
	note("orphans in %s KILL", path);
}

int
orphan_wake_reaper(void)
{
	return (1);
}

int
orphan_end_all(int sig)
{
	world.orphans_sig = sig;
	return (world.orphans);
}

int
orphan_children(int skip, pid_t pids[REAPER_PIDS])
{
	size_t i;
	int n = 0;

	for (i = 0; i < procs_count && n < REAPER_PIDS; i++)
		if (procs[i].ours && procs[i].state != PROC_GONE && skip-- <= 0)
			pids[n++] = procs[i].pid;
	return (n);
}

/*
 * common/channel.c: what is sent is noted.
 */

static void
note_reply(const struct reply *r)
{
	static const char *const names[] = { "ok", "not found", "badarg",
		"errno", "text", "level", "runfail", "badopt", "term",
		"paused" };

	assert_true(r->code < REPLY_CODES && r->code < nitems(names));
	note("%d %s", (int)r->tid, names[r->code]);
	if (r->stage != STAGE_NONE)
		note("stage %u", (unsigned int)r->stage);
	if (r->value != 0)
		note("error %d", (int)r->value);
	if (*r->text != '\0')
		note("'%s'", r->text);
}

static void
note_exit(const struct msg_exit *m)
{
	static const char *const reasons[REASONS] = { "", " stopped",
		" timeout", " idle", " shutdown", " oom" };

	note("exit %u %d/%d%s%s%s", (unsigned int)m->id, (int)m->status,
	    (int)m->raw, reasons[m->reason], m->killed ? " killed" : "",
	    m->cut ? " cut" : "");
}

static void
note_leaf(uint32_t type, int fd, const struct msg *m)
{
	static const char *const ops[LEAF_OPS] = { "make", "set", "kill",
		"freeze", "thaw", "stats", "end" };

	if (type == IMSG_LEAF_MAKE || type == IMSG_LEAF_SET)
		note("leaf %u %s%s%s", (unsigned int)m->leaf_make.id,
		    type == IMSG_LEAF_MAKE ? "make" : "set",
		    *m->leaf_make.name == '\0' ? "" : " ", m->leaf_make.name);
	else if (type == IMSG_LEAF_ASK)
		note("leaf %u %s", (unsigned int)m->leaf_ask.id,
		    ops[m->leaf_ask.op]);
	else if (type == IMSG_LEAF)
		note("leaf %u fd %d left %u", (unsigned int)m->leaf.id, fd,
		    (unsigned int)m->leaf.left);
	else if (type == IMSG_LEAF_STATE)
		note("%d state %u %s '%s'", (int)m->leaf_state.m.tid,
		    (unsigned int)m->leaf_state.m.id, ops[m->leaf_state.m.op],
		    m->leaf_state.path);
	else
		note("event %u oom %d", (unsigned int)m->leaf_event.id,
		    (int)m->leaf_event.oom_kills);
}

void
channel_send(
    struct channel *c, uint32_t type, int fd, const void *data, size_t len)
{
	struct msg m = { .type = type, .fd = -1, .data = data, .len = len };

	(void)c;
	assert_int_equal(proto_unpack(&m), 0);
	if (type == IMSG_STREAM)
		note("stream %u.%u fd %d", (unsigned int)m.stream.id,
		    (unsigned int)m.stream.stream, fd);
	else if (type == IMSG_CHILD && m.child.stdin_ack != 0)
		note("child %u pid %d acks %u", (unsigned int)m.child.id,
		    (int)m.child.pid, (unsigned int)m.child.stdin_ack);
	else if (type == IMSG_CHILD)
		note("child %u pid %d%s", (unsigned int)m.child.id,
		    (int)m.child.pid, m.child.linger ? " lingers" : "");
	else if (type == IMSG_EXIT)
		note_exit(&m.exit);
	else if (type == IMSG_REPLY)
		note_reply(&m.reply);
	else if (type == IMSG_LAUNCH)
		note("launch %u", (unsigned int)m.run.id);
	else if (type == IMSG_DOWN)
		note("down %s", m.down.user);
	else if (type >= IMSG_LEAF_MAKE && type <= IMSG_LEAF_EVENT)
		note_leaf(type, fd, &m);
	else
		note("%s", proto_type(type)->name);
}

/* The keeper hears at once. */
int
channel_write(struct channel *c)
{
	if (c == &keeper_channel)
		note("now");
	return (c->open ? 0 : -1);
}

void
channel_send2(struct channel *c, uint32_t type, const void *head,
    size_t headlen, const void *data, size_t len)
{
	size_t i;
	int32_t pid;

	(void)c;
	assert_int_equal(type, IMSG_PIDS);
	assert_int_equal(headlen, sizeof(struct msg_pids));
	assert_int_equal(
	    ((const struct msg_pids *)head)->count * sizeof(pid), len);
	note("pids");
	for (i = 0; i < len; i += sizeof(pid)) {
		memcpy(&pid, (const uint8_t *)data + i, sizeof(pid));
		note("%d", (int)pid);
	}
}

/*
 * common/log.c.
 */

const char *
log_text(void)
{
	return (logged);
}

void
log_debug(const char *fmt, ...)
{
	(void)fmt;
}

void
fatal(const char *fmt, ...)
{
	fail_msg("fatal: %s", fmt);
	abort();
}

void
fatalx(const char *fmt, ...)
{
	fail_msg("fatal: %s", fmt);
	abort();
}

int
log_getlevel(void)
{
	return (0);
}

void
log_setlevel(int level)
{
	note("level %d", level);
}

/*
 * priv/policy: one rule, whose user is www.
 */

struct rule *
permit_run(const struct run *r)
{
	(void)r;
	return (world.forbid ? NULL : &world.rule);
}

struct rule *
permit_uid(uid_t uid)
{
	return (uid == WWW_UID && !world.forbid ? &world.rule : NULL);
}

struct rule *
permit_kill(const struct rule *rule, const char *line)
{
	assert_ptr_equal(rule, &world.rule);
	return (strcmp(line, "forbidden") == 0 ? NULL : &world.kill_rule);
}

int
permit_leaf(const struct rule *rule, struct leaf_limits *l, int wanted,
    const char **name)
{
	(void)l;
	assert_non_null(rule);
	if (!wanted && !world.leaf_rule)
		return (0);
	*name = world.above;
	return (world.above == NULL ? 1 : -1);
}

int
permit_leaf_set(
    const struct rule *rule, struct leaf_limits *l, const char **name)
{
	(void)l;
	assert_ptr_equal(rule, &world.rule);
	*name = world.above;
	return (world.above == NULL ? 0 : -1);
}

/*
 * The keeper, which says what a test has it say. Descriptors from FD_FAKE on
 * are files of a leaf, but for those from twice as many on.
 */

int
keeper_alive(void)
{
	return (!world.no_leaves);
}

const struct keeper_info *
keeper_info(void)
{
	static struct keeper_info info = {
		.path = "/proctor/1", .controllers = 1, .reason = "no base"
	};

	info.how = world.how;
	return (&info);
}

int
cgroup_is_file(int fd)
{
	return (fd < 2 * FD_FAKE);
}

int
uid_is_starter(uid_t uid)
{
	return (uid == STARTER_UID);
}

const char *
permit_name(const char *user)
{
	return (*user == '\0' ? "www" : user);
}

const char *
permit_whom(const char *user, const char *group)
{
	static char whom[2 * RUN_PATH_MAX];

	if (*group == '\0')
		return (user);
	(void)snprintf(whom, sizeof(whom), "%s:%s", user, group);
	return (whom);
}

const char *
permit_program(const struct run *r)
{
	return (r->args.base);
}

int
permit_why_run(const struct run *r, char *buf, size_t size)
{
	(void)r;
	(void)strlcpy(buf, "no rule permits it", size);
	return (0);
}

int
permit_lowest(const struct rule *rule)
{
	return (rule->nice == NICE_UNSET ? 0 : rule->nice);
}

enum privilege
permit_privilege(void)
{
	return (PRIVILEGE_USERS);
}

size_t
permit_users(char *buf, size_t size, uint32_t *count)
{
	(void)strlcpy(buf, "www", size);
	*count = 1;
	return (4);
}

const char *
runas_self_name(void)
{
	return ("bob");
}

int
shape_takes(const struct rule *rule, const char *var)
{
	(void)rule;
	return (strncmp(var, "LANG=", 5) == 0);
}

char *
shape_run(struct run *r, const struct rule *rule)
{
	(void)r;
	(void)rule;
	return (world.unshaped ? NULL : calloc(1, 1));
}

int
count_take(const struct rule *rule, int *place)
{
	if (rule->children != 0 && world.taken >= (int)rule->children)
		return (-1);
	*place = world.taken++;
	return (0);
}

void
count_give(const struct rule *rule, int place)
{
	assert_non_null(rule);
	if (place != -1)
		world.taken--;
}

/*
 * priv/monitor/audit.c, which has a test of its own: what it is told.
 */

void
audit_refused(const struct run *r, const struct rule *rule, const char *why)
{
	(void)r;
	assert_true(
	    rule == NULL || rule == &world.rule || rule == &world.kill_rule);
	assert_non_null(why);
	world.audited++;
}

void
audit_unmanaged(pid_t pid, int error)
{
	(void)pid;
	assert_int_not_equal(error, 0);
	world.audited++;
}

void
audit_asked(struct child *c, const struct run *r)
{
	(void)r;
	assert_null(c->audit);
	assert_non_null(c->audit = strdup("asked"));
}

void
audit_answered(struct child *c, const struct launched *l)
{
	(void)l;
	assert_string_equal(c->audit, "asked");
	free(c->audit);
	c->audit = NULL;
}

/*
 * The table of children.
 */

static int sound_places, sound_watches;

static void
sound_living(struct child *c)
{
	const struct proc *p = proc_find(c->pid);

	assert_true(c->pid > 1);
	assert_ptr_equal(child_by_pid(c->pid), c);
	if (c->kind == CHILD_FOREIGN) {
		assert_int_not_equal(c->watch, -1);
		assert_false(c->unwatched);
		return;
	}
	/* Not reaped, so a signal meets it. */
	assert_non_null(p);
	assert_true(p->ours);
	if (c->state == CHILD_LINGERING) {
		assert_int_equal(c->kind, CHILD_RUN);
		assert_int_equal(p->state, PROC_DEAD);
		assert_true(c->lingering.set);
		assert_int_equal(c->watch, -1);
		assert_false(c->unwatched);
	} else {
		if (c->lingering.set) {
			/* Its tracer has a while to let go of it. */
			assert_int_equal(p->state, PROC_DEAD);
			assert_true(c->dead && c->unwatched);
		}
		if (c->kind == CHILD_HELD)
			assert_int_equal(p->state, PROC_DEAD);
		if (c->kind != CHILD_RING)
			assert_true((c->watch != -1) != c->unwatched);
	}
}

/* Neither watched, nor found by its pid. */
static void
sound_lifeless(struct child *c)
{
	assert_int_equal(c->watch, -1);
	assert_false(c->unwatched);
	assert_false(c->limit.set);
	assert_false(c->lingering.set);
	assert_ptr_not_equal(child_by_pid(c->pid), c);
	if (c->state == CHILD_ASKED) {
		assert_true(c->kind == CHILD_RUN || c->kind == CHILD_KILLER);
		assert_int_equal(c->pid, 0);
		assert_false(c->deadline.set);
		return;
	}
	if (c->state == CHILD_EMPTYING) {
		assert_true(c->kind == CHILD_RUN || c->kind == CHILD_KILLER);
		assert_false(c->deadline.set);
		assert_non_null(c->leaf);
		return;
	}
	assert_int_equal(c->kind, CHILD_RUN);
	assert_true(c->run_flags & RUN_KILL_GROUP);
	assert_int_equal(c->group, 0);
	assert_true(c->deadline.set);
}

static void
sound_child(struct child *c)
{
	assert_true(c->kind < CHILD_KINDS && c->state <= CHILD_EMPTYING);
	assert_ptr_equal(child_by_id(c->id), c);
	if (child_alive(c))
		sound_living(c);
	else
		sound_lifeless(c);
	if (c->slot != NULL)
		assert_true(c->kind == CHILD_RUN || c->kind == CHILD_FOREIGN);
	if (c->place != -1)
		assert_non_null(c->rule);
	if (c->refused)
		assert_int_equal(c->kind, CHILD_RUN);
	if (c->kind == CHILD_KILLER)
		assert_int_not_equal(c->victim, 0);
	sound_places += c->place != -1;
	sound_watches += c->watch != -1;
}

void
sound(void)
{
	struct child *c;
	int i;

	sound_places = sound_watches = 0;
	child_each(sound_child);
	for (c = child_next(1, 0); c != NULL; c = child_next(1, c->id))
		sound_child(c);
	assert_int_equal(sound_places, world.taken);
	for (i = 0; i < watches_count; i++)
		sound_watches -= watches[i].proc != NULL;
	assert_int_equal(sound_watches, 0);
}

void
did_at(const char *what, const char *file, int line)
{
	_assert_string_equal(trace, what, file, line);
	*trace = '\0';
	sound();
}

/*
 * What tests make.
 */

int
handle(int (*handler)(const struct msg *), struct msg *m)
{
	m->fd = m->type == IMSG_STREAM || m->type == IMSG_LEAF ? m->fd : -1;
	return (handler(m));
}

struct run
run_plain(uint32_t flags)
{
	struct run r = { .tid = TID, .flags = flags };
	int i;

	for (i = 0; i < 3; i++)
		r.io[i].path = "";
	r.executable = r.cd = r.user = r.kill = r.arg0 = r.gid = r.leaf_name =
	    "";
	r.kill_timeout = KILL_TIMEOUT_DEFAULT;
	r.args.base = "/bin/true";
	r.args.len = sizeof("/bin/true");
	r.args.count = 1;
	r.env.base = "";
	return (r);
}

static struct child *
child_for(const struct run *r)
{
	struct child *c = child_new_run(CHILD_RUN, r, &world.www, &world.rule);

	assert_int_equal(count_take(&world.rule, &c->place), 0);
	if (c->kill != NULL)
		c->kill_rule = &world.kill_rule;
	return (c);
}

struct child *
child_asked(const struct run *r)
{
	return (child_for(r));
}

struct child *
child_running_as(pid_t pid, const struct run *r)
{
	struct child *c = child_for(r);

	proc_born(pid, r->group);
	child_set_pid(c, pid);
	group_join(c);
	watch_child(c);
	sound();
	return (c);
}

struct child *
child_running(pid_t pid, uint32_t flags)
{
	struct run r = run_plain(flags);

	return (child_running_as(pid, &r));
}

/*
 * Cases.
 */

static struct {
	void (*fn)(const void *);
	const void *arg;
} chosen;

static void
chosen_run(void **state)
{
	(void)state;
	chosen.fn(chosen.arg);
	sound();
}

static int
chosen_main(const char *title, FILE *out)
{
	const struct CMUnitTest tests[] = { { title, chosen_run, NULL, NULL,
	    NULL } };

	(void)dup2(fileno(out), STDOUT_FILENO);
	(void)dup2(fileno(out), STDERR_FILENO);
	cmocka_set_test_filter(NULL);
	world.www.user = (char[]){ "www" };
	world.rule.line = 1;
	world.rule.nice = world.kill_rule.nice = NICE_UNSET;
	world.kill_rule.line = 2;
	world.rule.runas = world.kill_rule.runas = &world.www;
	worker_channel.open = broker_channel.open = keeper_channel.open = 1;
	return (cmocka_run_group_tests(tests, NULL, NULL));
}

void
apart(const char *title, void (*fn)(const void *), const void *arg)
{
	char line[256];
	FILE *out;
	pid_t pid;
	int status;

	assert_non_null(out = tmpfile());
	(void)fflush(NULL);
	assert_int_not_equal(pid = fork(), -1);
	if (pid == 0) {
		(void)alarm(CASE_MAX);
		chosen.fn = fn;
		chosen.arg = arg;
		status = chosen_main(title, out);
		(void)fflush(NULL);
		_exit(status);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	rewind(out);
	while (status != 0 && fgets(line, sizeof(line), out) != NULL)
		print_error("%s", line);
	(void)fclose(out);
	if (status != 0)
		fail_msg("%s", title);
}

static void
case_call(const void *arg)
{
	const struct monitor_case *c = arg;

	c->fn();
}

void
case_run(void **state)
{
	const struct monitor_case *c = *state;

	apart(c->name, case_call, c);
}
