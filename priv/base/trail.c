/*
 * The system's log: see trail.h. libc's syslog(3) is not used: it may wait, and
 * opens its socket again, which whoever calls this cannot.
 */

#include <sys/socket.h>
#include <sys/un.h>

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/trail.h"
#include "log.h"

#define JOURNAL_PATH "/run/systemd/journal/socket"
#define SYSLOG_PATH "/dev/log"

#define TEXT_MAX 6144 /* more than all that a record may have */

struct text {
	char at[2 * TEXT_MAX];
	size_t len;
};

static int trail_fd = -1;
static int native; /* it is journald's own socket */
static unsigned int lost;
static int told; /* that it is gone */

/* The record: as one line, and in fields. */
static struct text line, fields;
static int level_now;

static int
trail_connect(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd;

	(void)strlcpy(sun.sun_path, path, sizeof(sun.sun_path));
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return (-1);
	if (connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == 0)
		return (fd);
	(void)close(fd);
	return (-1);
}

int
trail_open(void)
{
	native = (trail_fd = trail_connect(JOURNAL_PATH)) != -1;
	if (!native)
		trail_fd = trail_connect(SYSLOG_PATH);
	return (trail_fd != -1);
}

int
trail_is_open(void)
{
	return (trail_fd != -1);
}

static void text_add(struct text *, const char *, ...)
    __attribute__((__format__(printf, 2, 3)));

/* What has no room is left out. */
static void
text_add(struct text *t, const char *fmt, ...)
{
	size_t room = sizeof(t->at) - t->len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->at + t->len, room, fmt, ap);
	va_end(ap);
	if (n > 0 && (size_t)n < room)
		t->len += (size_t)n;
	t->at[t->len] = '\0';
}

size_t
trail_escape(char *buf, size_t size, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t n = 0;

	for (; *s != '\0'; s++) {
		if (n + sizeof("\\377...") > size) {
			memcpy(buf + n, "...", 3);
			n += 3;
			break;
		}
		if (*s >= ' ' && *s < 0x7f && *s != '"' && *s != '\\') {
			buf[n++] = (char)*s;
			continue;
		}
		buf[n++] = '\\';
		buf[n++] = (char)('0' + (*s >> 6));
		buf[n++] = (char)('0' + (*s >> 3 & 7));
		buf[n++] = (char)('0' + (*s & 7));
	}
	buf[n] = '\0';
	return (n);
}

/* journald's name of a field, and what is behind it. */
static void
field_add(const char *key, const char *value)
{
	char name[32];
	size_t i;

	for (i = 0; key[i] != '\0' && i < sizeof(name) - 1; i++)
		name[i] = (char)toupper((unsigned char)key[i]);
	name[i] = '\0';
	text_add(&fields, "PROCTOR_%s=%s\n", name, value);
}

void
trail_begin(int level, const char *what)
{
	level_now = level;
	line.len = fields.len = 0;
	text_add(&line, "%s", what);
	field_add("what", what);
}

void
trail_raw(const char *key, const char *escaped)
{
	text_add(&line, " %s=%s", key, escaped);
	field_add(key, escaped);
}

void
trail_word(const char *key, const char *word)
{
	trail_raw(key, word);
}

void
trail_number(const char *key, long long n)
{
	char word[24];

	(void)snprintf(word, sizeof(word), "%lld", n);
	trail_raw(key, word);
}

void
trail_quote(const char *key, const char *text, size_t max)
{
	char buf[TRAIL_ARGS_MAX + 1];

	(void)trail_escape(
	    buf, max < sizeof(buf) ? max + 1 : sizeof(buf), text);
	text_add(&line, " %s=\"%s\"", key, buf);
	field_add(key, buf);
}

/* 1, or 0: it was not taken. */
static int
trail_write(const struct text *t)
{
	if (send(trail_fd, t->at, t->len, MSG_DONTWAIT | MSG_NOSIGNAL) != -1)
		return (1);
	/* Whoever reads it has ended, and we cannot open another. */
	if (errno != EAGAIN && errno != ENOBUFS && !told) {
		told = 1;
		log_warn("the system's log takes no audit lines any more");
	}
	return (0);
}

static int
trail_put(int level, const char *text, const char *more)
{
	static struct text out;

	out.len = 0;
	if (native)
		text_add(&out,
		    "MESSAGE=%s\nPRIORITY=%d\nSYSLOG_FACILITY=%d\n"
		    "SYSLOG_IDENTIFIER=proctor\nSYSLOG_PID=%d\n%s",
		    text, level, LOG_AUTHPRIV >> 3, (int)getpid(), more);
	else
		text_add(&out, "<%d>proctor[%d]: %s", LOG_AUTHPRIV | level,
		    (int)getpid(), text);
	return (trail_write(&out));
}

/* That some are lost, if so: 0 if that is lost, too. */
static int
trail_owe(void)
{
	char text[64];

	if (lost == 0)
		return (1);
	(void)snprintf(
	    text, sizeof(text), "lost count=%u: the log had no room", lost);
	if (!trail_put(LOG_WARNING, text, "PROCTOR_WHAT=lost\n"))
		return (0);
	lost = 0;
	return (1);
}

void
trail_send(void)
{
	if (trail_fd != -1 &&
	    (!trail_owe() || !trail_put(level_now, line.at, fields.at)))
		lost++;
}

void
trail_close(void)
{
	if (trail_fd == -1)
		return;
	if (!trail_owe())
		log_warnx(
		    "the system's log has lost the last %u audit lines", lost);
	lost = 0;
	(void)close(trail_fd);
	trail_fd = -1;
}
