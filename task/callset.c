/*
 * Sets of calls, a bit each that is denied; and those sets that have a name.
 */

#include <string.h>

#include "callset.h"

static const struct {
	const char *name;
	const char *calls;
} profiles[] = {
	/* What tells, and changes nothing but what it has itself. */
	{ "self",
	    "version,getpid,getppid,getpgrp,getsid,getuid,getgid,getgroups,"
	    "getresuid,getresgid,getpriority,getrlimit,gethostname,environ,"
	    "getenv,setenv,unsetenv,clearenv,constant,errno_id,filter,filters,"
	    "sigaction,exit" },
	/* Files that are open. */
	{ "io", "read,write,close,lseek,select,dup,dup2,pipe" },
	/* What makes a container, and a program in it. */
	{ "sandbox",
	    "@self,@io,fork,clone,init,exec,execvp,execve,waitpid,kill,open,"
	    "chdir,getcwd,mkdir,rmdir,mount,umount,umount2,pivot_root,chroot,"
	    "sethostname,setsid,setpgid,setrlimit,umask,setgroups,setgid,"
	    "setuid,setresgid,setresuid" },
};

int
set_denies(const struct call_set *s, unsigned int number)
{
	return ((s->denied[number / 64] & 1ULL << number % 64) != 0);
}

void
set_deny(struct call_set *s, unsigned int number)
{
	s->denied[number / 64] |= 1ULL << number % 64;
}

void
set_narrow(struct call_set *s, const struct call_set *by)
{
	size_t i;

	for (i = 0; i < CALLS_MAX / 64; i++)
		s->denied[i] |= by->denied[i];
}

void
set_invert(struct call_set *s)
{
	size_t i;

	for (i = 0; i < CALLS_MAX / 64; i++)
		s->denied[i] = ~s->denied[i];
}

static int deny_named(struct call_set *, const char *);

static int
deny_one(struct call_set *s, const char *name)
{
	size_t i;
	int number;

	if (*name != '@') {
		if ((number = call_number(name)) == -1)
			return (-1);
		set_deny(s, (unsigned int)number);
		return (0);
	}
	for (i = 0; i < sizeof(profiles) / sizeof(profiles[0]); i++)
		if (strcmp(name + 1, profiles[i].name) == 0)
			return (deny_named(s, profiles[i].calls));
	return (-1);
}

static int
deny_named(struct call_set *s, const char *names)
{
	char name[64];
	size_t n;

	for (;;) {
		n = strcspn(names, ",");
		if (n >= sizeof(name))
			return (-1);
		memcpy(name, names, n);
		name[n] = '\0';
		if (deny_one(s, name) == -1)
			return (-1);
		if (names[n] == '\0')
			return (0);
		names += n + 1;
	}
}

int
set_only(struct call_set *s, const char *names)
{
	memset(s, 0, sizeof(*s));
	if (deny_named(s, names) == -1)
		return (-1);
	set_invert(s);
	return (0);
}
