/*
 * The reply to hello: what this port is and what it can do.
 */

#include <string.h>

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
	static const char *const names[] = { "launcher", "ack", "eof", "pty",
		"exec_error", "idle_timeout", "linger", "stdin_ack", "timeout",
		"usage", "window" };
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

/* {Tid, {ok, #{version, ...}}}, and the dialect is another one from here. */
void
hello_reply(const struct msg_hello *m, const struct strvec *users)
{
	static const char *const privileges[PRIVILEGES] = {
		[PRIVILEGE_NONE] = "plain",
		[PRIVILEGE_USERS] = "privileged",
		[PRIVILEGE_ROOT] = "root",
	};
	static uint8_t buf[HELLO_USERS_MAX * 4 + 1024];
	struct etf_writer w;

	term_native = 1;
	term_open(&w, buf, sizeof(buf), m->tid);
	etf_put_tuple(&w, 2);
	etf_put_atom(&w, "ok");
	etf_put_map(&w, 9);
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
	if (m->tid != 0)
		term_send(&w);
}
