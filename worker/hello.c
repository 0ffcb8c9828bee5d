/*
 * The reply to hello: what this port is and what it can do.
 */

#include <string.h>

#include "compat/cgroup.h"
#include "config.h"
#include "etf_write.h"
#include "version.h"
#include "worker.h"

static int64_t stdin_limit;
static const char *const *confined; /* by these */

void
hello_init(int64_t limit, const char *const *sandbox)
{
	stdin_limit = limit;
	confined = sandbox;
}

static void
put_text(struct etf_writer *w, const char *key, const char *text)
{
	etf_put_atom(w, key);
	etf_put_binary(w, text, strlen(text));
}

static void
put_limits(struct etf_writer *w)
{
	etf_put_atom(w, "limits");
	etf_put_map(w, 3);
	etf_put_atom(w, "children");
	etf_put_int(w, MSG_PIDS_MAX);
	etf_put_atom(w, "stdin");
	etf_put_int(w, stdin_limit);
	etf_put_atom(w, "string");
	etf_put_int(w, RUN_STRINGS_MAX);
}

static void
put_atoms(struct etf_writer *w, const char *const *names, uint32_t count)
{
	uint32_t i;

	etf_put_list(w, count);
	for (i = 0; i < count; i++)
		etf_put_atom(w, names[i]);
	if (count > 0)
		etf_put_nil(w);
}

static void
put_sandbox(struct etf_writer *w)
{
	uint32_t count = 0;

	while (confined[count] != NULL)
		count++;
	etf_put_atom(w, "sandbox");
	put_atoms(w, confined, count);
}

/* What this port can do. */
static void
put_features(struct etf_writer *w, const struct msg_hello *m)
{
	static const char *const names[] = { "launcher", "ack", "cgroup", "eof",
		"exec_error", "idle_timeout", "linger", "pause", "pty",
		"stdin_ack", "stdin_ack_bytes", "timeout", "usage", "window" };
	const uint32_t count = sizeof(names) / sizeof(names[0]);
	uint32_t first = m->launcher ? 0 : 1;

	etf_put_atom(w, "features");
	put_atoms(w, names + first, count - first);
}

static void
put_users(struct etf_writer *w, const struct strvec *users)
{
	const char *name = users->base;
	uint32_t i;

	put_text(w, "user", name);
	etf_put_atom(w, "users");
	etf_put_list(w, users->count - 1);
	for (i = 1; i < users->count; i++) {
		name = strvec_next(name);
		etf_put_binary(w, name, strlen(name));
	}
	if (users->count > 1)
		etf_put_nil(w);
}

/* The control groups of children: where they are, or why there are none. */
static void
put_cgroup(struct etf_writer *w, const struct msg_hello *m, const char *cgroup)
{
	static const char *const names[LEAF_CTLS] = {
		[LEAF_CTL_MEMORY] = "memory",
		[LEAF_CTL_CPU] = "cpu",
		[LEAF_CTL_CPUSET] = "cpuset",
		[LEAF_CTL_PIDS] = "pids",
		[LEAF_CTL_IO] = "io",
	};
	static const char *const ways[CGROUP_HOWS] = {
		[CGROUP_AT_ONCE] = "true",
		[CGROUP_STILL] = "freezer",
		[CGROUP_EACH] = "each",
	};
	const char *those[LEAF_CTLS];
	uint32_t i, count = 0;

	if (!m->leaves) {
		put_text(w, "cgroup", cgroup);
		return;
	}
	for (i = 0; i < LEAF_CTLS; i++)
		if (m->controllers & 1U << i)
			those[count++] = names[i];
	etf_put_atom(w, "cgroup");
	etf_put_map(w, 3);
	put_text(w, "path", cgroup);
	etf_put_atom(w, "controllers");
	put_atoms(w, those, count);
	etf_put_atom(w, "kill");
	etf_put_atom(w, ways[m->kill]);
}

/* {Tid, {ok, #{version, ...}}}, and the dialect is another one from here. */
void
hello_reply(
    const struct msg_hello *m, const struct strvec *users, const char *cgroup)
{
	static const char *const privileges[PRIVILEGES] = {
		[PRIVILEGE_NONE] = "plain",
		[PRIVILEGE_USERS] = "privileged",
		[PRIVILEGE_ROOT] = "root",
	};
	static const char *const orphans[ORPHANS_HOWS] = {
		[ORPHANS_NONE] = "none",
		[ORPHANS_GUARD] = "guard",
		[ORPHANS_REAPER] = "reaper",
	};
	static uint8_t buf[HELLO_USERS_MAX * 4 + MSG_TEXT_MAX + 1024];
	struct etf_writer w;

	term_native = 1;
	term_open(&w, buf, sizeof(buf), m->tid);
	etf_put_tuple(&w, 2);
	etf_put_atom(&w, "ok");
	etf_put_map(&w, 11);
	etf_put_atom(&w, "version");
	etf_put_int(&w, HELLO_VERSION);
	put_text(&w, "release", PROCTOR_VERSION);
	put_text(&w, "platform", PLATFORM);
	etf_put_atom(&w, "mode");
	etf_put_atom(&w, privileges[m->privilege]);
	put_users(&w, users); /* two keys */
	put_limits(&w);
	put_features(&w, m);
	put_sandbox(&w);
	etf_put_atom(&w, "orphans");
	etf_put_atom(&w, orphans[m->orphans]);
	put_cgroup(&w, m, cgroup);
	if (m->tid != 0)
		term_send(&w);
}
