/*
 * Calls about the environment of a task, and the names of the machine and of
 * this program.
 */

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "calls.h"
#include "value.h"
#include "version.h"

#define HOSTNAME_MAX 256

extern char **environ;

static int
do_version(struct call *c)
{
	return (value_text(c, PROCTOR_VERSION));
}

static int
do_gethostname(struct call *c)
{
	char name[HOSTNAME_MAX + 1];

	if (gethostname(name, sizeof(name)) == -1)
		return (-1);
	name[HOSTNAME_MAX] = '\0';
	return (value_text(c, name));
}

static int
do_sethostname(struct call *c)
{
	return (sethostname(c->a[0].text, c->a[0].len));
}

/*
 * All of it; or, from the place that was told before (0 at first), as much as
 * has room, and the next place, which is eof behind the last.
 */
static int
do_environ(struct call *c)
{
	int parts = c->nargs > 0 && c->a[0].given;
	int64_t n = 0, start = parts ? c->a[0].number : 0;
	uint32_t put = 0;
	size_t list;

	if (parts)
		etf_put_tuple(c->out, 2);
	list = etf_begin_list(c->out);
	for (; environ != NULL && environ[n] != NULL; n++) {
		if (n < start)
			continue;
		if (put > 0 && parts &&
		    c->out->size - c->out->len <
			VALUE_REST + strlen(environ[n]))
			break;
		(void)value_text(c, environ[n]);
		put++;
	}
	etf_end_list(c->out, list, put);
	if (parts && environ != NULL && environ[n] != NULL)
		etf_put_int(c->out, n);
	else if (parts)
		etf_put_atom(c->out, "eof");
	return (0);
}

static int
do_getenv(struct call *c)
{
	const char *value = getenv(c->a[0].text);

	if (value != NULL)
		return (value_text(c, value));
	etf_put_atom(c->out, "false");
	return (0);
}

static int
do_setenv(struct call *c)
{
	return (setenv(c->a[0].text, c->a[1].text, (int)c->a[2].number));
}

static int
do_unsetenv(struct call *c)
{
	return (unsetenv(c->a[0].text));
}

static int
do_clearenv(struct call *c)
{
	static char *none[] = { NULL };

	(void)c;
	environ = none;
	return (0);
}

const struct call_handler call_env_handlers[] = {
	{ "version", do_version },
	{ "gethostname", do_gethostname },
	{ "sethostname", do_sethostname },
	{ "environ", do_environ },
	{ "getenv", do_getenv },
	{ "setenv", do_setenv },
	{ "unsetenv", do_unsetenv },
	{ "clearenv", do_clearenv },
	{ NULL, NULL },
};
