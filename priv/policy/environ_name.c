/*
 * Names of environment variables: what of a starter's environment may reach a
 * program that is run for it with somebody else's rights, and what may not,
 * whoever has asked for it.
 */

#include <stddef.h>
#include <string.h>

#include "policy/environ_name.h"

#define VALUE_MAX 256 /* bytes; a locale and a time zone have less */

/* Is it in the list, where "X*" stands for all that begin with X? */
static int
environ_listed(const char *const *list, const char *name, size_t len)
{
	size_t n;

	for (; *list != NULL; list++) {
		n = strlen(*list);
		if ((*list)[n - 1] == '*' ? len >= n - 1 : len == n) {
			n -= (*list)[n - 1] == '*';
			if (memcmp(*list, name, n) == 0)
				return (1);
		}
	}
	return (0);
}

/* How a program talks to its user: no more than that can come of these. */
static const char *const harmless[] = { "COLORTERM", "LANG", "LANGUAGE", "LC_*",
	"TERM", "TZ", NULL };

/*
 * What makes a program load, run, read or write something that the variable
 * names: of the loader, libc, shells, interpreters and their kind.
 */
static const char *const dangerous[] = { "LD_*", "DYLD_*", "_RLD*", "LDR_*",
	"LIBPATH", "SHLIB_PATH", "GLIBC_TUNABLES", "MALLOC_*", "GCONV_PATH",
	"GETCONF_DIR", "LOCPATH", "NLSPATH", "PATH_LOCALE", "TZDIR", "NIS_PATH",
	"RESOLV_*", "RES_OPTIONS", "HOSTALIASES", "LOCALDOMAIN", "TMPDIR",
	"TMPPREFIX", "TEMP", "TMP", "TEMPDIR", "TERMINFO*", "TERMCAP",
	"TERMPATH", "PATH", "HOME", "SHELL", "USER", "LOGNAME", "XDG_*", "IFS",
	"CDPATH", "ENV", "BASH_*", "BASHOPTS", "SHELLOPTS", "PS4", "FPATH",
	"GLOBIGNORE", "PROMPT_COMMAND", "NULLCMD", "READNULLCMD", "ZDOTDIR",
	"PYTHON*", "PERL*", "RUBY*", "GEM_*", "BUNDLE_*", "NODE_*", "LUA_*",
	"PHPRC", "PHP_*", "TCLLIBPATH", "JAVA_*", "_JAVA_*", "JDK_*",
	"CLASSPATH", "ERL_*", "ELIXIR_*", "R_*", "GIT_*", "SSH_*", "RSYNC_*",
	"MAKEFLAGS", "GNUMAKEFLAGS", "MAKEFILES", "TAR_OPTIONS", "OPENSSL_*",
	"SSLKEYLOGFILE", "KRB5*", "LESS*", "PAGER", "EDITOR", "VISUAL",
	"BROWSER", "GIO_*", "GTK_*", "QT_*", "DBUS_*", NULL };
static const char preload[] = "_PRELOAD";

int
environ_dangerous(const char *var)
{
	size_t len = strcspn(var, "="), n = sizeof(preload) - 1;

	return (environ_listed(dangerous, var, len) ||
		(len >= n && memcmp(var + len - n, preload, n) == 0));
}

/* Printable, not too long, and without any of these. */
static int
environ_plain(const char *value, const char *without)
{
	const char *p;

	for (p = value; *p != '\0'; p++)
		if (*p <= ' ' || *p > '~' || strchr(without, *p) != NULL)
			return (0);
	return (p - value <= VALUE_MAX);
}

int
environ_harmless(const char *var)
{
	size_t len = strcspn(var, "=");
	const char *value;

	if (!environ_listed(harmless, var, len))
		return (0);
	if (strncmp(var, "LC_", 3) == 0 &&
	    strspn(var + 3, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") != len - 3)
		return (0);
	if (var[len] == '\0')
		return (1);
	value = var + len + 1;
	if (len != 2) /* neither a path nor a format of something */
		return (environ_plain(value, "/%"));
	/*
	 * A zone below the system's own directory of them, or a rule that is
	 * none. Some libcs take what begins with a dot from where they are.
	 */
	if (*value == ':')
		value++;
	return (*value != '/' && *value != '.' && strstr(value, "..") == NULL &&
		environ_plain(value, ""));
}
