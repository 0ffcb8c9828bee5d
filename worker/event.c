/*
 * Events: what the node is sent without having asked. Output and the end of a
 * child in both dialects; in the native one also what has become of its
 * streams.
 */

#include <sys/wait.h>

#include <string.h>

#include "etf_write.h"
#include "worker.h"

static void
event_open(struct etf_writer *w, void *buf, size_t size, const char *name,
    uint32_t values, pid_t pid)
{
	term_open(w, buf, size, 0);
	etf_put_tuple(w, values + 1);
	etf_put_atom(w, name);
	etf_put_int(w, pid);
}

/* {exited, N}, {signaled, Sig, Core} or unknown */
static void
event_put_status(struct etf_writer *w, int status)
{
	if (status == -1) {
		etf_put_atom(w, "unknown");
		return;
	}
	if (WIFSIGNALED(status)) {
		etf_put_tuple(w, 3);
		etf_put_atom(w, "signaled");
		etf_put_int(w, WTERMSIG(status));
		etf_put_atom(w, WCOREDUMP(status) ? "true" : "false");
		return;
	}
	etf_put_tuple(w, 2);
	etf_put_atom(w, "exited");
	etf_put_int(w, WEXITSTATUS(status));
}

static void
event_put_usage(struct etf_writer *w, const int64_t usage[USAGES])
{
	static const char *const names[USAGES] = {
		[USAGE_UTIME] = "utime_us",
		[USAGE_STIME] = "stime_us",
		[USAGE_MAXRSS] = "maxrss_kb",
		[USAGE_MINFLT] = "minflt",
		[USAGE_MAJFLT] = "majflt",
		[USAGE_INBLOCK] = "inblock",
		[USAGE_OUBLOCK] = "oublock",
		[USAGE_NVCSW] = "nvcsw",
		[USAGE_NIVCSW] = "nivcsw",
	};
	size_t i;

	etf_put_map(w, USAGES);
	for (i = 0; i < USAGES; i++) {
		etf_put_atom(w, names[i]);
		etf_put_int(w, usage[i]);
	}
}

/* The streams that were cut. */
static void
event_put_truncated(struct etf_writer *w, uint32_t truncated)
{
	uint32_t i;

	etf_put_list(w, (truncated >> 1 & 1) + (truncated >> 2 & 1));
	for (i = 1; i < 3; i++)
		if (truncated & 1U << i)
			etf_put_atom(w, proto_stream_names[i]);
	if (truncated != 0)
		etf_put_nil(w);
}

/* {0, {exit, Pid, #{status, reason, killed, truncated, usage, cgroup}}} */
static void
event_exit_native(const struct wchild *c)
{
	static const char *const reasons[REASONS] = {
		[REASON_NORMAL] = "normal",
		[REASON_STOPPED] = "stopped",
		[REASON_TIMEOUT] = "timeout",
		[REASON_IDLE] = "idle_timeout",
		[REASON_SHUTDOWN] = "shutdown",
		[REASON_OOM] = "oom",
	};
	uint8_t buf[1024];
	struct etf_writer w;

	event_open(&w, buf, sizeof(buf), "exit", 2, c->pid);
	etf_put_map(&w, 4U + (c->end.raw != -1) + (c->used != NULL));
	etf_put_atom(&w, "status");
	event_put_status(&w, c->end.raw);
	etf_put_atom(&w, "reason");
	etf_put_atom(&w, reasons[c->end.reason]);
	etf_put_atom(&w, "killed");
	etf_put_atom(&w, c->end.killed ? "true" : "false");
	etf_put_atom(&w, "truncated");
	event_put_truncated(&w, c->truncated);
	if (c->end.raw != -1) {
		etf_put_atom(&w, "usage");
		event_put_usage(&w, c->end.usage);
	}
	if (c->used != NULL) {
		etf_put_atom(&w, "cgroup");
		leaf_put_used(&w, c->used);
	}
	term_send(&w);
}

/* {0, {exit_status, Pid, Status}} */
void
event_exit(const struct wchild *c)
{
	uint8_t buf[64];
	struct etf_writer w;

	if (term_native) {
		event_exit_native(c);
		return;
	}
	event_open(&w, buf, sizeof(buf), "exit_status", 2, c->pid);
	etf_put_int(&w, c->end.status);
	term_send(&w);
}

/* {0, {cgroup, Pid, #{oom_kill, pids_denied, memory_high}}} */
void
event_leaf(const struct wchild *c, const struct msg_leaf_event *m)
{
	uint64_t stat[LEAF_STATS_COUNT];
	uint8_t buf[256];
	struct etf_writer w;
	size_t i;

	if (!term_native)
		return;
	for (i = 0; i < LEAF_STATS_COUNT; i++)
		stat[i] = LEAF_UNKNOWN;
	stat[LEAF_OOM_KILLS] = m->oom_kills;
	stat[LEAF_PIDS_DENIED] = m->pids_denied;
	stat[LEAF_HIGHS] = m->highs;
	event_open(&w, buf, sizeof(buf), "cgroup", 2, c->pid);
	etf_put_map(&w, leaf_count_stats(stat));
	leaf_put_stats(&w, stat);
	term_send(&w);
}

/* {0, {launcher_down, User}} */
void
event_down(const char *user)
{
	uint8_t buf[MSG_DOWN_MAX + 64];
	struct etf_writer w;

	if (!term_native)
		return;
	term_open(&w, buf, sizeof(buf), 0);
	etf_put_tuple(&w, 2);
	etf_put_atom(&w, "launcher_down");
	etf_put_binary(&w, user, strlen(user));
	term_send(&w);
}

/* {0, {eof, Pid, Stream}} */
void
event_eof(pid_t pid, int number)
{
	uint8_t buf[64];
	struct etf_writer w;

	if (!term_native)
		return;
	event_open(&w, buf, sizeof(buf), "eof", 2, pid);
	etf_put_atom(&w, proto_stream_names[number]);
	term_send(&w);
}

/* {0, {stdin_ack, Pid, Bytes}} */
void
event_stdin_ack(pid_t pid, size_t bytes)
{
	uint8_t buf[64];
	struct etf_writer w;

	if (!term_native)
		return;
	event_open(&w, buf, sizeof(buf), "stdin_ack", 2, pid);
	etf_put_int(&w, (int64_t)bytes);
	term_send(&w);
}

/* {0, {stdout, Pid, <<len bytes to follow>>}} */
static void
event_head(struct port_head *h, int number, pid_t pid, size_t len)
{
	struct etf_writer w;

	term_open(&w, h->bytes + PORT_PREFIX_MAX, PORT_TERM_MAX, 0);
	etf_put_tuple(&w, 3);
	etf_put_atom(&w, proto_stream_names[number]);
	etf_put_int(&w, pid);
	etf_put_binary_head(&w, (uint32_t)len);
	h->len = w.len;
}

void
event_output(int number, pid_t pid, const void *data, size_t len)
{
	struct port_head h;

	event_head(&h, number, pid, len);
	port_output(&h, data, len);
}

void
event_output_moved(int number, pid_t pid)
{
	struct port_head h;

	event_head(&h, number, pid, zc_pending());
	port_output_moved(&h);
}
