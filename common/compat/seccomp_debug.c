/*
 * Only in builds with SANDBOX_DEBUG=1: a refused system call is a line in the
 * log that names it, and a failed ring, instead of a sudden death. The names
 * are made from this system's headers when it is built.
 */

#include <sys/syscall.h>

#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include "log.h"
#include "proto.h"
#include "sandbox_linux.h"

static const struct {
	int call;
	const char *name;
} names[] = {
#include "syscall_names.h"
};

static void
on_sigsys(int sig, siginfo_t *si, void *context)
{
	const char *name = "unknown";
	size_t i;

	(void)sig;
	(void)context;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].call == si->si_syscall)
			name = names[i].name;
	log_warnx("system call %d (%s) of machine %#x was refused",
	    si->si_syscall, name, si->si_arch);
	_exit(EXIT_RING);
}

void
seccomp_debug(void)
{
	struct sigaction sa = { 0 };
	sigset_t set;

	sa.sa_sigaction = on_sigsys;
	sa.sa_flags = SA_SIGINFO;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGSYS);
	/* One that is blocked kills all the same, without a word. */
	if (sigaction(SIGSYS, &sa, NULL) == -1 ||
	    sigprocmask(SIG_UNBLOCK, &set, NULL) == -1)
		fatal("SIGSYS");
}
