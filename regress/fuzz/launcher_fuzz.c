/*
 * A launcher: what priv asks of it, up to the child, which is born as the input
 * says, or not. An input is messages: files of a leaf, launches, and bytes that
 * are what they are. The pipes and terminals are real.
 */

#include "base/ownlog.h"
#include "dispatch.h"
#include "fuzz.h"
#include "input.h"
#include "launcher/privdrop.h"
#include "launcher_state.h"
#include "oracle.h"
#include "policy/permit.h"

/* To see what a child would be given. */
#include "../../priv/launcher/spawn.c"

#define PID 100

enum step { LAUNCH, FILES, BYTES, STEPS };

static struct input *steps;
static struct spawn_base base;
static pid_t board, last;
static uint32_t streams; /* that were sent for the launch that is asked */
static uint32_t asked; /* its id */
static int answers;
static int null;

/* What the launcher has of priv's. */

void
permit_forget(void)
{
}

void
runas_forget(struct runas *t)
{
	(void)t;
}

void
ownlog_open(void)
{
}

void
log_init(const char *name, int level)
{
	(void)name;
	(void)level;
}

int
log_getlevel(void)
{
	return (0);
}

void
privdrop_launcher(const struct runas *t)
{
	(void)t;
}

void
cgroup_enter_launch(uint32_t number)
{
	(void)number;
}

int
cgroup_join(int fd)
{
	(void)fd;
	return (0);
}

int
any_begin(struct spawn_base *b, const struct run *r)
{
	(void)b;
	return (*r->user == 'x' ? -1 : 0);
}

void
any_end(struct spawn_base *b)
{
	(void)b;
}

int
login_begin(const struct starter_env *s, const char **what)
{
	(void)s;
	(void)what;
	return (0);
}

/* Its channel. */

void
channel_init(struct channel *c, const char *peer, int fd, int passes_fds,
    const struct dispatch *table, size_t rows, void *arg)
{
	(void)c;
	(void)peer;
	(void)fd;
	(void)passes_fds;
	(void)table;
	(void)rows;
	(void)arg;
}

int
channel_read(struct channel *c)
{
	(void)c;
	return (0);
}

int
channel_dispatch(struct channel *c, unsigned int state)
{
	(void)c;
	(void)state;
	return (0);
}

int
imsgbuf_flush(struct imsgbuf *b)
{
	(void)b;
	return (0);
}

void
channel_send(
    struct channel *c, uint32_t type, int fd, const void *data, size_t len)
{
	struct msg m = { .type = type, .data = data, .len = len, .fd = fd };

	(void)c;
	if (oracle_unpack(type, data, len) == -1 || proto_unpack(&m) == -1)
		fuzz_wrong("priv would not believe this");
	if (type == IMSG_STREAM) {
		if (m.stream.id != asked || fd == -1 ||
		    streams & 1U << m.stream.stream)
			fuzz_wrong("a stream that nobody has asked for");
		streams |= 1U << m.stream.stream;
		(void)close(fd);
		return;
	}
	if (type != IMSG_LAUNCHED || fd != -1 || m.launched.id != asked ||
	    m.launched.streams != streams)
		fuzz_wrong("an answer to another question");
	if (m.launched.stage == STAGE_NONE && m.launched.pid != last)
		fuzz_wrong("a child that was not made");
	answers++;
}

/* The child. */

static void
check_words(char **words, size_t most)
{
	size_t i;

	for (i = 0; words[i] != NULL; i++)
		(void)strlen(words[i]); /* for the sanitizers */
	if (i > most)
		fuzz_wrong("more words than there are");
}

/* Each name is there once, and has a value. */
static void
check_environ(const struct run *r, char **envp)
{
	size_t i, j, n;

	check_words(envp, (size_t)r->env.count + 3);
	for (i = 0; envp[i] != NULL && r->env.count > 0; i++) {
		n = strcspn(envp[i], "=");
		if (envp[i][n] == '\0')
			fuzz_wrong("a variable without a value");
		for (j = 0; j < i; j++)
			if (strncmp(envp[i], envp[j], n + 1) == 0)
				fuzz_wrong("a variable is there twice");
	}
}

static void
check_ends(const struct spawn *s)
{
	int i;

	for (i = 0; i < 3; i++)
		if (s->run->io[i].kind == IO_PIPE && s->slave == -1 &&
		    fcntl(s->ends[i], F_GETFD) != FD_CLOEXEC)
			fuzz_wrong("a pipe that others would have, too");
}

/* What becomes of it the input says. */
pid_t
proc_make_child(void (*fn)(void *), void *arg, void *result, size_t size,
    pid_t *in_flight, int apart)
{
	const struct spawn *s = arg;
	struct failure *f = result;
	uint8_t how = input_byte(steps);

	(void)apart;
	if (fn != child_main || size != sizeof(*f) || in_flight != &board ||
	    s->path == NULL || s->argv[0] == NULL)
		fuzz_wrong("no child");
	check_words(s->argv, (size_t)s->run->args.count + 2);
	check_environ(s->run, s->envp);
	check_ends(s);
	errno = EAGAIN;
	if (how == 255)
		return (-1);
	if (how % STAGES != STAGE_NONE) {
		f->stage = how % STAGES;
		f->error = 1 + input_byte(steps);
		f->stream = input_byte(steps) %
			    (f->stage == STAGE_RLIMIT ? BOUNDS + 0U : 3U);
	}
	*in_flight = last = PID + how;
	return (last);
}

/* Messages. */

static struct {
	const struct dispatch *table;
	size_t rows;
} launcher;

static int
tell(uint32_t type, int fd, const void *data, size_t len)
{
	struct msg m = { .type = type, .fd = fd, .data = data, .len = len };

	return (oracle_dispatch(launcher.table, launcher.rows, 1, &m));
}

static int
launch(void)
{
	struct run r;
	size_t len;
	void *data;
	int n;

	input_run(steps, &r);
	r.id = asked = input_byte(steps) % 4;
	if ((data = proto_pack_run(&r, &len)) == NULL)
		return (-1);
	streams = 0;
	answers = 0;
	n = tell(IMSG_LAUNCH, -1, data, len);
	free(data);
	if (n == 0 && answers != 1)
		fuzz_wrong("not one answer");
	return (n);
}

static int
files(void)
{
	struct msg_leaf m = { 0 };
	uint8_t lost;

	m.id = input_byte(steps) % 4;
	m.left = input_byte(steps);
	lost = input_byte(steps) & 1;
	return (tell(IMSG_LEAF, lost ? -1 : fcntl(null, F_DUPFD_CLOEXEC, 0), &m,
	    sizeof(m)));
}

static int
bytes(void)
{
	const uint8_t *p;
	uint32_t type = input_byte(steps) & 1 ? IMSG_LAUNCH : IMSG_LEAF;
	uint8_t *copy;
	size_t len = input_bytes(steps, 255, &p);
	int n;

	if ((copy = malloc(len + 1)) == NULL)
		abort();
	memcpy(copy, p, len);
	n = tell(type, -1, copy, len);
	free(copy);
	return (n);
}

void
fuzz_begin(void)
{
	static char a[] = "A=1", b[] = "B=2", again[] = "A=3";
	static char *environs[] = { a, b, again, NULL };
	static char shell[] = "/bin/sh";

	base.environ = environs;
	base.keepenv = environs + 1;
	base.shell = shell;
	base.any = 1;
	base.score_fd = base.cwd = -1;
	if ((null = open("/dev/null", O_RDWR | O_CLOEXEC)) == -1)
		abort();
	base.null_fd = null;
}

void
fuzz_one(const uint8_t *data, size_t len)
{
	struct input in = { data, len };
	int n = 0, before;

	if ((before = fcntl(null, F_DUPFD_CLOEXEC, 0)) == -1 ||
	    close(before) == -1)
		abort();
	steps = &in;
	board = 0;
	launcher.table = launcher_begin(&launcher.rows, &base, &board);
	while (n == 0 && in.left > 0)
		switch ((enum step)(input_byte(&in) % STEPS)) {
		case LAUNCH:
			n = launch();
			if (n == 0 && board != 0)
				fuzz_wrong("a child is on its way still");
			break;
		case FILES:
			n = files();
			break;
		case BYTES:
		case STEPS:
			n = bytes();
			break;
		}
	/* Files for a launch that has not come, or cannot. */
	(void)close_range((unsigned int)before, ~0U, 0);
}
