/*
 * {run, Cmd, Options} becomes a struct run. One row of the table is all that
 * an option costs: its name, how many values it may have, what reads them.
 */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "broker.h"
#include "capname.h"
#include "limitname.h"
#include "log.h"

#define FILE_PERM 0644

/* What is being read. There is one at a time, and it is large. */
static char args_buf[RUN_STRINGS_MAX], env_buf[RUN_STRINGS_MAX];
static char paths[10][RUN_PATH_MAX], groups_buf[RUN_PATH_MAX],
    leaf_name[LEAF_NAME_MAX];
enum {
	PATH_STDIN,
	PATH_STDOUT,
	PATH_STDERR,
	PATH_CD,
	PATH_EXECUTABLE,
	PATH_USER,
	PATH_KILL,
	PATH_ARG0,
	PATH_GID,
	PATH_GROUP
};

struct request {
	struct run *run;
	struct strings args;
	struct strings env;
	int native; /* in the native dialect */
	uint32_t values; /* behind the name of the option that is read */
};

/* Every getter below: 0, or -1 with errno EINVAL (wrong) or E2BIG. */

/* A path of a run, not empty. */
static int
get_path(struct etf *e, int which, const char **path)
{
	size_t len;

	if (etf_get_text(e, paths[which], RUN_PATH_MAX, &len) == -1) {
		if (errno == ENOSPC)
			errno = E2BIG;
		return (-1);
	}
	if (len == 0) {
		errno = EINVAL;
		return (-1);
	}
	*path = paths[which];
	return (0);
}

static int
get_number(struct etf *e, int64_t min, int64_t max, int64_t *n)
{
	if (etf_get_int(e, n) == -1 || *n < min || *n > max) {
		errno = EINVAL;
		return (-1);
	}
	return (0);
}

/* The same of a number that is not negative. */
static int
get_uint32(struct etf *e, uint32_t min, uint32_t max, uint32_t *n)
{
	int64_t v;

	if (get_number(e, min, max, &v) == -1)
		return (-1);
	*n = (uint32_t)v;
	return (0);
}

/* Milliseconds. */
static int
get_time(struct etf *e, uint64_t min, uint64_t *ms)
{
	int64_t v;

	if (get_number(e, (int64_t)min, (int64_t)RUN_TIMEOUT_MAX, &v) == -1)
		return (-1);
	*ms = (uint64_t)v;
	return (0);
}

/* The head of a proper list; a STRING_EXT is never what is wanted here. */
static int
get_list(struct etf *e, uint32_t *n)
{
	errno = EINVAL;
	return (etf_get_list(e, n));
}

static int
get_list_end(struct etf *e, uint32_t n)
{
	errno = EINVAL;
	return (n == 0 ? 0 : etf_get_nil(e));
}

/* Where a stream goes: an atom, or a file. */
static int
get_redirect(struct etf *e, struct run_io *io, int stream)
{
	static const struct {
		const char *name;
		uint32_t kind;
		int stream; /* the one for which it makes sense; -1 all */
	} redirects[] = {
		{ "null", IO_NULL, -1 },
		{ "close", IO_CLOSE, -1 },
		{ "stdout", IO_STDOUT, 2 },
		{ "stderr", IO_STDERR, 1 },
		{ "inherit", IO_INHERIT, 2 },
	};
	char atom[ETF_ATOM_MAX];
	size_t i;

	if (etf_get_atom(e, atom, sizeof(atom)) == -1) {
		io->kind = IO_FILE;
		io->perm = stream == 0 ? 0 : FILE_PERM;
		return (get_path(e, PATH_STDIN + stream, &io->path));
	}
	errno = EINVAL;
	for (i = 0; i < sizeof(redirects) / sizeof(redirects[0]); i++) {
		if (strcmp(atom, redirects[i].name) != 0)
			continue;
		if (redirects[i].stream != -1 && redirects[i].stream != stream)
			return (-1);
		io->kind = redirects[i].kind;
		return (0);
	}
	return (-1);
}

/* append or {mode, Int}, each once */
static int
get_file_option(struct etf *e, struct run_io *io, int *has_perm)
{
	char atom[ETF_ATOM_MAX];
	uint32_t arity;
	int64_t perm;

	errno = EINVAL;
	if (etf_get_atom(e, atom, sizeof(atom)) == 0) {
		if (strcmp(atom, "append") != 0 || io->append)
			return (-1);
		io->append = 1;
		return (0);
	}
	if (etf_get_tuple(e, &arity) == -1 || arity != 2 ||
	    etf_get_atom(e, atom, sizeof(atom)) == -1 ||
	    strcmp(atom, "mode") != 0 || (*has_perm)++ ||
	    get_number(e, 0, 07777, &perm) == -1)
		return (-1);
	io->perm = (uint32_t)perm;
	return (0);
}

static int
stream_option(struct etf *e, struct request *q, int stream)
{
	struct run_io *io = &q->run->io[stream];
	uint32_t i, n;
	int has_perm = 0;

	if (q->values == 0) {
		io->kind = IO_PIPE;
		return (0);
	}
	if (get_redirect(e, io, stream) == -1)
		return (-1);
	if (q->values == 1)
		return (0);
	errno = EINVAL;
	if (io->kind != IO_FILE || get_list(e, &n) == -1)
		return (-1);
	for (i = 0; i < n; i++)
		if (get_file_option(e, io, &has_perm) == -1)
			return (-1);
	return (get_list_end(e, n));
}

static int
opt_stdin(struct etf *e, struct request *q)
{
	return (stream_option(e, q, 0));
}

static int
opt_stdout(struct etf *e, struct request *q)
{
	return (stream_option(e, q, 1));
}

static int
opt_stderr(struct etf *e, struct request *q)
{
	return (stream_option(e, q, 2));
}

static int
opt_cd(struct etf *e, struct request *q)
{
	return (get_path(e, PATH_CD, &q->run->cd));
}

static int
opt_executable(struct etf *e, struct request *q)
{
	return (get_path(e, PATH_EXECUTABLE, &q->run->executable));
}

/* The first argument as the program sees it. */
static int
opt_arg0(struct etf *e, struct request *q)
{
	return (get_path(e, PATH_ARG0, &q->run->arg0));
}

static int
opt_umask(struct etf *e, struct request *q)
{
	q->run->flags |= RUN_UMASK;
	return (get_uint32(e, 0, 0777, &q->run->umask));
}

static int
opt_rlimit(struct etf *e, struct request *q)
{
	return (bounds_get_limits(e, q->run));
}

static int
opt_cpus(struct etf *e, struct request *q)
{
	return (bounds_get_cpus(e, q->run->cpus));
}

static int
opt_ionice(struct etf *e, struct request *q)
{
	return (bounds_get_io(e, &q->run->io_priority));
}

/* How soon it is killed when memory is short. */
static int
opt_oom_score_adj(struct etf *e, struct request *q)
{
	q->run->flags |= RUN_SCORE;
	return (get_uint32(e, 0, RUN_SCORE_MAX, &q->run->score));
}

static int
opt_no_new_privs(struct etf *e, struct request *q)
{
	(void)e;
	q->run->flags |= RUN_NO_NEW_PRIVS;
	return (0);
}

/* Seconds, or {ms, N} */
static int
opt_kill_timeout(struct etf *e, struct request *q)
{
	char atom[ETF_ATOM_MAX];
	uint32_t arity;
	int64_t seconds;

	if (etf_get_tuple(e, &arity) == 0) {
		errno = EINVAL;
		if (arity != 2 || etf_get_atom(e, atom, sizeof(atom)) == -1 ||
		    strcmp(atom, "ms") != 0)
			return (-1);
		return (get_time(e, 0, &q->run->kill_timeout));
	}
	if (get_number(e, 0, RUN_TIMEOUT_MAX / 1000, &seconds) == -1)
		return (-1);
	q->run->kill_timeout = (uint64_t)seconds * 1000;
	return (0);
}

/* What a stop, a timeout or a shutdown sends instead of SIGTERM. */
static int
opt_stop_signal(struct etf *e, struct request *q)
{
	return (get_uint32(e, 1, NSIG - 1, &q->run->stop_signal));
}

static int
opt_success(struct etf *e, struct request *q)
{
	q->run->flags |= RUN_SUCCESS;
	return (get_uint32(e, 0, 255, &q->run->success));
}

/* {K, V} or {K, false} */
static int
env_pair(struct etf *e, struct strings *env)
{
	char atom[ETF_ATOM_MAX];
	const char *key = env->base + env->len;
	uint32_t arity;

	errno = EINVAL;
	if (etf_get_tuple(e, &arity) == -1 || arity != 2)
		return (-1);
	if (strings_add(env, e) == -1)
		return (-1);
	errno = EINVAL;
	if (*key == '\0' || strchr(key, '=') != NULL)
		return (-1);
	if (etf_get_atom(e, atom, sizeof(atom)) == 0)
		return (strcmp(atom, "false") == 0 ? 0 : -1);
	return (strings_append(env, '=', e));
}

/* clear, a pair, or "K=V" */
static int
env_element(struct etf *e, struct request *q)
{
	char atom[ETF_ATOM_MAX];
	const char *var = q->env.base + q->env.len;
	enum etf_type type;

	if (etf_get_atom(e, atom, sizeof(atom)) == 0) {
		q->run->flags |= RUN_ENV_CLEAR;
		errno = EINVAL;
		return (strcmp(atom, "clear") == 0 ? 0 : -1);
	}
	if (etf_type(e, &type) == 0 && type == ETF_TUPLE)
		return (env_pair(e, &q->env));
	if (strings_add(&q->env, e) == -1)
		return (-1);
	errno = EINVAL;
	return (*var != '=' && strchr(var, '=') != NULL ? 0 : -1);
}

static int
opt_env(struct etf *e, struct request *q)
{
	uint32_t i, n;

	if (get_list(e, &n) == -1)
		return (-1);
	for (i = 0; i < n; i++)
		if (env_element(e, q) == -1)
			return (-1);
	return (get_list_end(e, n));
}

/* A user or a group: a name, or a number. */
static int
get_id(struct etf *e, int which, const char **id)
{
	enum etf_type type;
	int64_t n;

	if (etf_type(e, &type) == -1 || type != ETF_INT)
		return (get_path(e, which, id));
	if (get_number(e, 0, RUN_ID_MAX, &n) == -1)
		return (-1);
	(void)snprintf(paths[which], RUN_PATH_MAX, "%lld", (long long)n);
	*id = paths[which];
	return (0);
}

static int
opt_user(struct etf *e, struct request *q)
{
	return (get_id(e, PATH_USER, &q->run->user));
}

static int
opt_gid(struct etf *e, struct request *q)
{
	return (get_id(e, PATH_GID, &q->run->gid));
}

/* All that it is to have besides its own. */
static int
opt_groups(struct etf *e, struct request *q)
{
	struct strvec *v = &q->run->groups;
	const char *group = "";
	uint32_t i, n;
	size_t len;

	q->run->flags |= RUN_GROUPS;
	v->base = groups_buf;
	if (get_list(e, &n) == -1)
		return (-1);
	for (i = 0; i < n; i++) {
		if (get_id(e, PATH_GROUP, &group) == -1)
			return (-1);
		len = strlen(group) + 1;
		if (len > sizeof(groups_buf) - v->len) {
			errno = E2BIG;
			return (-1);
		}
		memcpy(groups_buf + v->len, group, len);
		v->len += (uint32_t)len;
		v->count++;
	}
	return (get_list_end(e, n));
}

static int
opt_kill(struct etf *e, struct request *q)
{
	return (get_path(e, PATH_KILL, &q->run->kill));
}

static int
opt_kill_group(struct etf *e, struct request *q)
{
	(void)e;
	q->run->flags |= RUN_KILL_GROUP;
	return (0);
}

static int
opt_group(struct etf *e, struct request *q)
{
	int64_t n;

	if (get_number(e, 0, INT32_MAX, &n) == -1)
		return (-1);
	q->run->flags |= RUN_GROUP;
	q->run->group = (int32_t)n;
	return (0);
}

static int
opt_nice(struct etf *e, struct request *q)
{
	int64_t n;

	if (get_number(e, -20, 20, &n) == -1)
		return (-1);
	q->run->flags |= RUN_NICE;
	q->run->nice = (int32_t)n;
	return (0);
}

static int
opt_pty(struct etf *e, struct request *q)
{
	q->run->flags |= RUN_PTY;
	if (q->values == 0)
		return (0);
	return (ttymodes_get(e, q->run->modes, &q->run->modes_count));
}

static int
opt_pty_echo(struct etf *e, struct request *q)
{
	(void)e;
	q->run->flags |= RUN_PTY_ECHO;
	return (0);
}

/* {Rows, Cols} */
static int
opt_winsz(struct etf *e, struct request *q)
{
	uint32_t arity;

	errno = EINVAL;
	if (etf_get_tuple(e, &arity) == -1 || arity != 2 ||
	    get_uint32(e, 1, UINT16_MAX, &q->run->rows) == -1 ||
	    get_uint32(e, 1, UINT16_MAX, &q->run->cols) == -1)
		return (-1);
	return (0);
}

/* all or a list of names */
static int
opt_capabilities(struct etf *e, struct request *q)
{
	char atom[ETF_ATOM_MAX];
	uint32_t i, n;
	int cap;

	q->run->flags |= RUN_CAPS;
	errno = EINVAL;
	if (etf_get_atom(e, atom, sizeof(atom)) == 0) {
		q->run->caps = UINT64_MAX;
		return (strcmp(atom, "all") == 0 ? 0 : -1);
	}
	if (get_list(e, &n) == -1)
		return (-1);
	for (i = 0; i < n; i++) {
		if (etf_get_atom(e, atom, sizeof(atom)) == -1 ||
		    (cap = capname_number(atom)) == -1)
			return (-1);
		q->run->caps |= 1ULL << cap;
	}
	return (get_list_end(e, n));
}

static int
opt_debug(struct etf *e, struct request *q)
{
	int64_t n = 1;

	if (q->values == 1 && get_number(e, 0, LOG_LEVEL_MAX, &n) == -1)
		return (-1);
	if (n > 0)
		q->run->flags |= RUN_DEBUG;
	return (0);
}

static int
opt_window(struct etf *e, struct request *q)
{
	return (get_uint32(e, 0, RUN_WINDOW_MAX, &q->run->window));
}

static int
opt_stdin_ack(struct etf *e, struct request *q)
{
	return (get_uint32(e, 0, RUN_WINDOW_MAX, &q->run->stdin_ack));
}

static int
opt_timeout(struct etf *e, struct request *q)
{
	return (get_time(e, 1, &q->run->timeout));
}

/* Seconds */
static int
opt_cpu_timeout(struct etf *e, struct request *q)
{
	return (get_uint32(e, 1, RUN_CPU_TIME_MAX, &q->run->cpu_time));
}

static int
opt_idle_timeout(struct etf *e, struct request *q)
{
	return (get_time(e, 1, &q->run->idle));
}

static int
opt_linger(struct etf *e, struct request *q)
{
	q->run->flags |= RUN_LINGER;
	return (get_uint32(e, 0, RUN_LINGER_MAX, &q->run->linger));
}

/* answer, or exit: whether there is no child, or one that ends with 1. */
static int
opt_exec_error(struct etf *e, struct request *q)
{
	char atom[ETF_ATOM_MAX];

	if (etf_get_atom(e, atom, sizeof(atom)) == -1 ||
	    (strcmp(atom, "answer") != 0 && strcmp(atom, "exit") != 0)) {
		errno = EINVAL;
		return (-1);
	}
	if (strcmp(atom, "exit") == 0)
		q->run->flags &= ~(uint32_t)RUN_EXEC_ANSWER;
	return (0);
}

/* true, or a map: a control group of its own, with its limits. */
static int
opt_cgroup(struct etf *e, struct request *q)
{
	char atom[ETF_ATOM_MAX];

	q->run->flags |= RUN_CGROUP;
	q->run->leaf_name = leaf_name;
	if (etf_get_atom(e, atom, sizeof(atom)) == -1)
		return (leaf_get(e, &q->run->leaf, leaf_name));
	errno = EINVAL;
	*leaf_name = '\0';
	return (strcmp(atom, "true") == 0 ? 0 : -1);
}

#define RUN 0 /* for children only */
#define MANAGE 1 /* for a process that runs already, too */
#define NATIVE 2 /* for children, in the native dialect only */

static const struct option {
	const char *name;
	uint32_t min; /* values behind the name */
	uint32_t max;
	int kind; /* of the next three */
	int (*read)(struct etf *, struct request *);
} options[] = {
	{ "stdin", 0, 1, RUN, opt_stdin },
	{ "stdout", 0, 2, RUN, opt_stdout },
	{ "stderr", 0, 2, RUN, opt_stderr },
	{ "cd", 1, 1, RUN, opt_cd },
	{ "env", 1, 1, RUN, opt_env },
	{ "executable", 1, 1, RUN, opt_executable },
	{ "arg0", 1, 1, RUN, opt_arg0 },
	{ "umask", 1, 1, RUN, opt_umask },
	{ "rlimit", 1, 1, RUN, opt_rlimit },
	{ "cpus", 1, 1, RUN, opt_cpus },
	{ "ionice", 1, 1, RUN, opt_ionice },
	{ "oom_score_adj", 1, 1, RUN, opt_oom_score_adj },
	{ "no_new_privs", 0, 0, RUN, opt_no_new_privs },
	{ "kill", 1, 1, MANAGE, opt_kill },
	{ "kill_timeout", 1, 1, MANAGE, opt_kill_timeout },
	{ "kill_group", 0, 0, MANAGE, opt_kill_group },
	{ "stop_signal", 1, 1, MANAGE, opt_stop_signal },
	{ "group", 1, 1, RUN, opt_group },
	{ "user", 1, 1, RUN, opt_user },
	{ "gid", 1, 1, RUN, opt_gid },
	{ "groups", 1, 1, RUN, opt_groups },
	{ "nice", 1, 1, MANAGE, opt_nice },
	{ "success_exit_code", 1, 1, MANAGE, opt_success },
	{ "pty", 0, 1, RUN, opt_pty },
	{ "pty_echo", 0, 0, RUN, opt_pty_echo },
	{ "winsz", 1, 1, RUN, opt_winsz },
	{ "capabilities", 1, 1, RUN, opt_capabilities },
	{ "debug", 0, 1, MANAGE, opt_debug },
	{ "linger", 1, 1, RUN, opt_linger },
	{ "window", 1, 1, NATIVE, opt_window },
	{ "stdin_ack", 1, 1, NATIVE, opt_stdin_ack },
	{ "timeout", 1, 1, NATIVE, opt_timeout },
	{ "idle_timeout", 1, 1, NATIVE, opt_idle_timeout },
	{ "cpu_timeout", 1, 1, NATIVE, opt_cpu_timeout },
	{ "exec_error", 1, 1, NATIVE, opt_exec_error },
	{ "cgroup", 1, 1, NATIVE, opt_cgroup },
};
#define OPTIONS (sizeof(options) / sizeof(options[0]))
_Static_assert(OPTIONS <= 64, "each has a bit of those that were seen");

/* A truncated atom would be sent back as a name the node never used. */
_Static_assert(MSG_TEXT_MAX >= ETF_ATOM_MAX + 64, "a text holds an atom");

static int
refuse(struct refusal *why, const char *what, const char *name)
{
	why->code = *name == '\0' ? REPLY_TEXT : REPLY_BADOPT;
	why->value = *name == '\0' ? EINVAL : (int)strlen(what) + 2;
	strings_describe(why->text, sizeof(why->text), what, name);
	return (-1);
}

static int
refuse_errno(struct refusal *why, int error)
{
	why->code = REPLY_ERRNO;
	why->value = error;
	return (-1);
}

static int
refuse_badarg(struct refusal *why)
{
	why->code = REPLY_BADARG;
	return (-1);
}

/* An option's name, and how many values stand behind it. */
static int
option_head(struct etf *e, char *name, size_t size, uint32_t *values)
{
	uint32_t arity = 1;
	int tuple;

	tuple = etf_get_tuple(e, &arity) == 0;
	*values = arity - 1;
	if (tuple && *values == 0)
		*values = UINT32_MAX; /* {stdout} is not stdout */
	return (arity == 0 ? -1 : etf_get_atom(e, name, size));
}

static int
option_read(
    struct etf *e, struct request *q, uint64_t *seen, struct refusal *why)
{
	char name[ETF_ATOM_MAX];
	uint32_t values;
	size_t i;

	if (option_head(e, name, sizeof(name), &values) == -1)
		return (refuse_badarg(why));
	for (i = 0; i < OPTIONS; i++)
		if (strcmp(name, options[i].name) == 0)
			break;
	if (i == OPTIONS || (options[i].kind == NATIVE && !q->native))
		return (refuse(why, "Unknown option", name));
	if (q->run->pid != 0 && options[i].kind != MANAGE)
		return (refuse(why, "Not an option of manage", name));
	if (*seen & UINT64_C(1) << i)
		return (refuse(why, "Duplicate option", name));
	*seen |= UINT64_C(1) << i;
	errno = EINVAL;
	q->values = values;
	if (values < options[i].min || values > options[i].max ||
	    options[i].read(e, q) == -1) {
		if (errno == E2BIG)
			return (refuse_errno(why, E2BIG));
		return (refuse(why, "Bad value of option", name));
	}
	return (0);
}

static int
read_options(struct etf *e, struct request *q, struct refusal *why)
{
	const struct run_io *io = q->run->io;
	uint32_t i, n;
	uint64_t seen = 0;

	if (get_list(e, &n) == -1)
		return (refuse_badarg(why));
	for (i = 0; i < n; i++)
		if (option_read(e, q, &seen, why) == -1)
			return (-1);
	if (get_list_end(e, n) == -1)
		return (refuse_badarg(why));
	if (io[1].kind == IO_STDERR && io[2].kind == IO_STDOUT)
		return (refuse(
		    why, "Circular reference of options: stdout, stderr", ""));
	return (0);
}

/* The elements of a command that is a list of strings. */
static int
read_words(struct etf *e, struct strings *args)
{
	uint32_t i, n;

	if (get_list(e, &n) == -1)
		return (-1);
	for (i = 0; i < n; i++)
		if (strings_add(args, e) == -1)
			return (-1);
	return (get_list_end(e, n));
}

static int
read_command(struct etf *e, struct request *q, struct refusal *why)
{
	struct etf copy = *e;
	int r;

	/* A list of code points is one string; any other list is words. */
	if ((r = strings_add(&q->args, e)) == 0)
		q->run->flags |= RUN_SHELL;
	else if (errno == EINVAL) {
		*e = copy;
		q->args.len = 0;
		q->args.count = 0;
		r = read_words(e, &q->args);
	}
	if (r == -1)
		return (errno == E2BIG ? refuse_errno(why, E2BIG)
				       : refuse_badarg(why));
	if (q->args.count == 0 || q->args.base[0] == '\0')
		return (refuse(why, "Empty command", ""));
	return (0);
}

/* What a run has where no option says otherwise. */
static void
request_begin(struct request *q, int native, struct run *r)
{
	int i;

	memset(r, 0, sizeof(*r));
	for (i = 0; i < 3; i++)
		r->io[i].path = "";
	r->cd = r->executable = r->user = r->kill = r->arg0 = r->gid =
	    r->leaf_name = "";
	r->kill_timeout = KILL_TIMEOUT_DEFAULT;
	if (native)
		r->flags = RUN_EXEC_ANSWER;
	memset(q, 0, sizeof(*q));
	q->run = r;
	q->native = native;
	q->args.base = args_buf;
	q->args.size = sizeof(args_buf);
	q->env.base = env_buf;
	q->env.size = sizeof(env_buf);
}

static int
request_done(struct request *q, struct refusal *why)
{
	struct run *r = q->run;

	if (q->args.len + q->env.len > RUN_STRINGS_MAX)
		return (refuse_errno(why, E2BIG));
	if (!(r->flags & RUN_PTY)) {
		/* Without effect then, as it has always been. */
		r->flags &= ~(uint32_t)RUN_PTY_ECHO;
		r->rows = r->cols = 0;
	} else if (r->group != 0)
		return (refuse(why, "Not possible with pty", "group"));
	if (r->cpu_time != 0 && r->limits & 1U << LIMIT_CPU)
		return (refuse(
		    why, "Not possible with rlimit of cpu", "cpu_timeout"));
	if (r->idle != 0 && r->io[1].kind != IO_PIPE &&
	    r->io[2].kind != IO_PIPE)
		return (
		    refuse(why, "Not possible without output", "idle_timeout"));
	r->args.base = q->args.base;
	r->args.len = (uint32_t)q->args.len;
	r->args.count = q->args.count;
	r->env.base = q->env.base;
	r->env.len = (uint32_t)q->env.len;
	r->env.count = q->env.count;
	return (0);
}

int
options_run(struct etf *e, int native, struct run *r, struct refusal *why)
{
	struct request q;

	request_begin(&q, native, r);
	memset(why, 0, sizeof(*why));
	if (read_command(e, &q, why) == -1 || read_options(e, &q, why) == -1)
		return (-1);
	return (request_done(&q, why));
}

int
options_manage(struct etf *e, int native, struct run *r, struct refusal *why)
{
	struct request q;
	int64_t pid;

	request_begin(&q, native, r);
	memset(why, 0, sizeof(*why));
	if (get_number(e, 2, INT32_MAX, &pid) == -1)
		return (refuse_badarg(why));
	r->pid = (int32_t)pid;
	if (read_options(e, &q, why) == -1)
		return (-1);
	return (request_done(&q, why));
}
