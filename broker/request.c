/*
 * Requests: one table of what the node may say. A request that is wrong is
 * refused, in its turn, by way of priv; one that is no request at all means
 * that the node is broken.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "broker.h"
#include "log.h"

static struct channel *to_priv, *to_worker;
static int native; /* the node has said hello */
static int may_move; /* and that its bytes can be moved */

void
request_init(struct channel *priv, struct channel *worker)
{
	to_priv = priv;
	to_worker = worker;
}

static void
send_refusal(int64_t tid, enum reply_code code, int value, const char *text)
{
	uint8_t buf[MSG_REPLY_MAX];
	struct reply r = { 0 };

	r.tid = tid;
	r.code = code;
	r.value = value;
	r.stage = STAGE_DECODE;
	r.text = text;
	channel_send(to_priv, IMSG_REFUSE, -1, buf, proto_pack_reply(buf, &r));
}

/* A number outside pid_t is treated as a pid that does not exist. */
static int32_t
pid_number(int64_t pid)
{
	if (pid > INT32_MAX)
		return (0);
	return (pid < INT32_MIN ? INT32_MIN : (int32_t)pid);
}

static void
send_request(uint32_t type, int64_t tid, int64_t pid, int64_t arg)
{
	struct msg_request m = { 0 };

	m.tid = tid;
	m.pid = pid_number(pid);
	m.arg = arg < 0 || arg > INT32_MAX ? -1 : (int32_t)arg;
	channel_send(to_priv, type, -1, &m, sizeof(m));
}

/* Bytes for a child; at most MSG_STDIN_MAX. */
void
request_stdin(int32_t pid, const uint8_t *data, size_t len)
{
	struct msg_stdin m = { 0 };

	m.pid = pid;
	channel_send2(to_worker, IMSG_STDIN, &m, sizeof(m), data, len);
}

void
request_moved(int32_t pid, size_t len)
{
	struct msg_moved m = { 0 };

	m.pid = pid;
	m.len = (uint32_t)len;
	channel_send(to_worker, IMSG_MOVED, -1, &m, sizeof(m));
}

int
request_may_move(void)
{
	return (may_move);
}

/* Each handler: 0, or -1 for {error, badarg}. e is behind the name. */

static int
send_run(uint32_t type, struct run *r, int64_t tid)
{
	size_t len;
	void *msg;

	r->tid = tid;
	if ((msg = proto_pack_run(r, &len)) == NULL) {
		send_refusal(tid, REPLY_ERRNO, errno, "");
		return (0);
	}
	channel_send(to_priv, type, -1, msg, len);
	free(msg);
	return (0);
}

static int
handle_run(struct etf *e, int64_t tid)
{
	struct refusal why;
	struct run r;

	if (options_run(e, native, &r, &why) == 0)
		return (send_run(IMSG_RUN, &r, tid));
	send_refusal(tid, why.code, why.value, why.text);
	return (0);
}

static int
handle_manage(struct etf *e, int64_t tid)
{
	struct refusal why;
	struct run r;

	if (options_manage(e, native, &r, &why) == 0)
		return (send_run(IMSG_MANAGE, &r, tid));
	send_refusal(tid, why.code, why.value, why.text);
	return (0);
}

/* What concerns a child, by its pid alone. */
static int
send_about(uint32_t type, struct etf *e, int64_t tid, int64_t arg)
{
	int64_t pid;

	if (etf_get_int(e, &pid) == -1)
		return (-1);
	send_request(type, tid, pid, arg);
	return (0);
}

static int
handle_stop(struct etf *e, int64_t tid)
{
	return (send_about(IMSG_STOP, e, tid, 0));
}

static int
handle_kill(struct etf *e, int64_t tid)
{
	int64_t pid, sig;

	if (etf_get_int(e, &pid) == -1 || etf_get_int(e, &sig) == -1)
		return (-1);
	send_request(IMSG_KILL, tid, pid, sig);
	return (0);
}

static int
handle_setpgid(struct etf *e, int64_t tid)
{
	int64_t pid, group;

	if (etf_get_int(e, &pid) == -1 || etf_get_int(e, &group) == -1 ||
	    group < 0)
		return (-1);
	send_request(IMSG_SETPGID, tid, pid, group);
	return (0);
}

static int
handle_winsz(struct etf *e, int64_t tid)
{
	struct msg_winsz m = { 0 };
	int64_t pid, rows, cols;

	if (etf_get_int(e, &pid) == -1 || etf_get_int(e, &rows) == -1 ||
	    etf_get_int(e, &cols) == -1 || rows < 1 || rows > UINT16_MAX ||
	    cols < 1 || cols > UINT16_MAX)
		return (-1);
	m.tid = tid;
	m.pid = pid_number(pid);
	m.rows = (uint16_t)rows;
	m.cols = (uint16_t)cols;
	channel_send(to_priv, IMSG_WINSZ, -1, &m, sizeof(m));
	return (0);
}

static int
handle_pty_opts(struct etf *e, int64_t tid)
{
	struct msg_mode modes[TTYMODES_MAX];
	struct msg_ptyopts m = { 0 };
	int64_t pid;

	if (etf_get_int(e, &pid) == -1 ||
	    ttymodes_get(e, modes, &m.count) == -1)
		return (-1);
	m.tid = tid;
	m.pid = pid_number(pid);
	channel_send2(to_priv, IMSG_PTYOPTS, &m, sizeof(m), modes,
	    m.count * sizeof(modes[0]));
	return (0);
}

static int
handle_list(struct etf *e, int64_t tid)
{
	(void)e;
	send_request(IMSG_LIST, tid, 0, 0);
	return (0);
}

static int
handle_stdin(struct etf *e, int64_t tid)
{
	char atom[ETF_ATOM_MAX];
	struct msg_stdin m = { 0 };
	const uint8_t *data;
	int32_t pid;
	size_t len, n;

	(void)tid;
	if (etf_get_pid(e, &pid) == -1)
		return (-1);
	if (etf_get_atom(e, atom, sizeof(atom)) == 0) {
		if (strcmp(atom, "eof") != 0)
			return (-1);
		if (pid == 0)
			return (0);
		m.pid = pid;
		channel_send(to_worker, IMSG_STDIN_EOF, -1, &m, sizeof(m));
		return (0);
	}
	if (etf_get_binary(e, &data, &len) == -1)
		return (-1);
	if (pid == 0)
		return (0); /* as for a child that is gone */
	for (; len > 0; data += n, len -= n) {
		n = len > MSG_STDIN_MAX ? MSG_STDIN_MAX : len;
		request_stdin(pid, data, n);
	}
	return (0);
}

/* {ack, Pid, Stream, Bytes}: output that the node is done with. */
static int
handle_ack(struct etf *e, int64_t tid)
{
	char atom[ETF_ATOM_MAX];
	struct msg_ack m = { 0 };
	int64_t bytes;
	int32_t pid;

	(void)tid;
	if (etf_get_pid(e, &pid) == -1 ||
	    etf_get_atom(e, atom, sizeof(atom)) == -1 ||
	    etf_get_int(e, &bytes) == -1 || bytes < 0)
		return (-1);
	m.stream = strcmp(atom, proto_stream_names[1]) == 0 ? 1 : 2;
	if (strcmp(atom, proto_stream_names[m.stream]) != 0)
		return (-1);
	if (pid == 0)
		return (0); /* as for a child that is gone */
	m.pid = pid;
	m.bytes = (uint64_t)bytes;
	channel_send(to_worker, IMSG_ACK, -1, &m, sizeof(m));
	return (0);
}

/* {cgroup_set, Pid, Map}: it says something. */
static int
handle_cgroup_set(struct etf *e, int64_t tid)
{
	struct msg_cgroup_set m = { 0 };
	int64_t pid;

	if (etf_get_int(e, &pid) == -1 || leaf_get(e, &m.limits, NULL) == -1 ||
	    m.limits.given == 0)
		return (-1);
	m.tid = tid;
	m.pid = pid_number(pid);
	channel_send(to_priv, IMSG_CGROUP_SET, -1, &m, sizeof(m));
	return (0);
}

static int
handle_stats(struct etf *e, int64_t tid)
{
	return (send_about(IMSG_STATS, e, tid, 0));
}

static int
handle_pause(struct etf *e, int64_t tid)
{
	return (send_about(IMSG_PAUSE, e, tid, 1));
}

static int
handle_resume(struct etf *e, int64_t tid)
{
	return (send_about(IMSG_PAUSE, e, tid, 0));
}

/* #{version => V, move => true}; other keys are ignored. */
static int
hello_map(struct etf *e, int64_t *version, int *move)
{
	char atom[ETF_ATOM_MAX];
	struct etf value;
	uint32_t i, n;
	int found = -1;

	*move = 0;
	if (etf_get_map(e, &n) == -1)
		return (-1);
	for (i = 0; i < n; i++) {
		if (etf_get_atom(e, atom, sizeof(atom)) == -1) {
			*atom = '\0';
			(void)etf_skip(e);
		}
		value = *e;
		if (strcmp(atom, "version") == 0)
			found = etf_get_int(&value, version);
		if (strcmp(atom, "move") == 0)
			*move = etf_get_atom(&value, atom, sizeof(atom)) == 0 &&
				strcmp(atom, "true") == 0;
		(void)etf_skip(e);
	}
	return (found);
}

static int
handle_hello(struct etf *e, int64_t tid)
{
	int64_t version;
	int move;

	if (hello_map(e, &version, &move) == -1)
		return (-1);
	if (version != HELLO_VERSION) {
		send_refusal(tid, REPLY_TERM, EPROTO, "version");
		return (0);
	}
	native = 1;
	may_move = move;
	send_request(IMSG_HELLO, tid, 0, version);
	return (0);
}

static int
handle_debug(struct etf *e, int64_t tid)
{
	int64_t level;

	if (etf_get_int(e, &level) == -1 || level < 0 || level > LOG_LEVEL_MAX)
		return (-1);
	log_setlevel((int)level);
	send_request(IMSG_DEBUG, tid, 0, level);
	return (0);
}

static int
handle_shutdown(struct etf *e, int64_t tid)
{
	(void)e;
	send_request(IMSG_SHUTDOWN, tid, 0, EXIT_CLEAN);
	return (0);
}

static const struct {
	const char *name;
	uint32_t values;
	int native; /* unknown to others */
	int (*handle)(struct etf *, int64_t);
} requests[] = {
	{ "run", 2, 0, handle_run },
	{ "manage", 2, 0, handle_manage },
	{ "stop", 1, 0, handle_stop },
	{ "kill", 2, 0, handle_kill },
	{ "list", 0, 0, handle_list },
	{ "stdin", 2, 0, handle_stdin },
	{ "winsz", 3, 0, handle_winsz },
	{ "pty_opts", 2, 0, handle_pty_opts },
	{ "setpgid", 2, 0, handle_setpgid },
	{ "debug", 1, 0, handle_debug },
	{ "shutdown", 0, 0, handle_shutdown },
	{ "hello", 1, 0, handle_hello },
	{ "ack", 3, 1, handle_ack },
	{ "cgroup_set", 2, 1, handle_cgroup_set },
	{ "stats", 1, 1, handle_stats },
	{ "pause", 1, 1, handle_pause },
	{ "resume", 1, 1, handle_resume },
};

/* {Name, ...} with the cursor behind the tuple's head. */
static void
request_body(struct etf *e, int64_t tid, uint32_t arity)
{
	char name[ETF_ATOM_MAX], text[MSG_TEXT_MAX];
	size_t i;

	if (arity == 0 || etf_get_atom(e, name, sizeof(name)) == -1) {
		send_refusal(tid, REPLY_BADARG, 0, "");
		return;
	}
	for (i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		if (strcmp(name, requests[i].name) != 0 ||
		    (requests[i].native && !native))
			continue;
		if (arity - 1 != requests[i].values ||
		    requests[i].handle(e, tid) == -1)
			send_refusal(tid, REPLY_BADARG, 0, "");
		return;
	}
	strings_describe(text, sizeof(text), "Unknown command", name);
	send_refusal(tid, REPLY_TEXT, ENOSYS, text);
}

int
request_handle(const uint8_t *frame, size_t len)
{
	struct etf e;
	uint32_t arity;
	int64_t tid;

	if (etf_check(frame, len) == -1) {
		log_warnx("the node sent %zu bytes that are no term", len);
		return (-1);
	}
	if (etf_open(&e, frame, len) == -1 || etf_get_tuple(&e, &arity) == -1 ||
	    arity != 2 || etf_get_int(&e, &tid) == -1 ||
	    etf_get_tuple(&e, &arity) == -1) {
		log_warnx("the node sent a term that is no request");
		return (-1);
	}
	request_body(&e, tid, arity);
	return (0);
}
