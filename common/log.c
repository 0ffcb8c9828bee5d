/*
 * The log: lines on standard error, which the node's own log gets. What is
 * logged may come from anyone, so control characters are shown as '?'.
 */

#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "proto.h"

static const char *log_who = "proctor";
static int log_level;
static int log_socket; /* standard error is one */

void
log_init(const char *who, int level)
{
	struct stat st;

	log_socket = fstat(STDERR_FILENO, &st) == 0 && S_ISSOCK(st.st_mode);
	log_who = who;
	log_setlevel(level);
}

void
log_setlevel(int level)
{
	if (level >= 0 && level <= LOG_LEVEL_MAX)
		log_level = level;
}

int
log_getlevel(void)
{
	return (log_level);
}

/*
 * How many bytes of s are one character that may be shown: 1 to 4, or 0 for
 * a control character (of ASCII, or C1) and what is no UTF-8.
 */
static size_t
log_char(const unsigned char *s, size_t len)
{
	size_t n, i;

	if (s[0] < 0x80)
		return (s[0] >= ' ' && s[0] != 0x7f);
	n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
	if (s[0] < 0xc2 || s[0] > 0xf4 || n > len ||
	    (s[0] == 0xc2 && s[1] < 0xa0))
		return (0);
	for (i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return (0);
	return (n);
}

static void
log_clean(char *line, size_t len)
{
	size_t i, n;

	for (i = 0; i < len; i += n) {
		n = log_char((const unsigned char *)line + i, len - i);
		if (n == 0) {
			line[i] = '?';
			n = 1;
		}
	}
}

/* Where it is not read the line is lost, and we are not held up. */
static void
log_write(const char *line, size_t len)
{
	struct pollfd pfd = { .fd = STDERR_FILENO, .events = POLLOUT };
	ssize_t n;

	if (poll(&pfd, 1, 0) != 1 || !(pfd.revents & POLLOUT))
		return;
	if (log_socket)
		n = send(STDERR_FILENO, line, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	else
		n = write(STDERR_FILENO, line, len);
	(void)n; /* there is nobody to tell of it */
}

static void
log_line(const char *, va_list, int) __attribute__((__format__(printf, 1, 0)));

static void
log_line(const char *fmt, va_list ap, int error)
{
	char line[1024];
	int head, n;
	size_t len;

	head = snprintf(
	    line, sizeof(line), "proctor[%d] %s: ", (int)getpid(), log_who);
	if (head < 0 || (size_t)head >= sizeof(line))
		return;
	len = (size_t)head;
	n = vsnprintf(line + len, sizeof(line) - len, fmt, ap);
	if (n > 0)
		len += (size_t)n;
	if (len > sizeof(line) - 1)
		len = sizeof(line) - 1;
	if (error != 0 && len < sizeof(line) - 1) {
		n = snprintf(
		    line + len, sizeof(line) - len, ": %s", strerror(error));
		if (n > 0)
			len += (size_t)n;
		if (len > sizeof(line) - 1)
			len = sizeof(line) - 1;
	}
	log_clean(line, len);
	line[len++] = '\n';
	log_write(line, len);
}

void
log_warn(const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	va_start(ap, fmt);
	log_line(fmt, ap, saved);
	va_end(ap);
	errno = saved;
}

void
log_warnx(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(fmt, ap, 0);
	va_end(ap);
}

void
log_debug(const char *fmt, ...)
{
	va_list ap;

	if (log_level < 1)
		return;
	va_start(ap, fmt);
	log_line(fmt, ap, 0);
	va_end(ap);
}

void
fatal(const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	va_start(ap, fmt);
	log_line(fmt, ap, saved);
	va_end(ap);
	exit(EXIT_RING);
}

void
fatalx(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(fmt, ap, 0);
	va_end(ap);
	exit(EXIT_RING);
}
