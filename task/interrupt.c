/*
 * The signal that ends a wait.
 */

#include <signal.h>
#include <string.h>

#include "interrupt.h"
#include "log.h"

static volatile sig_atomic_t expected;
static volatile sig_atomic_t came;

static void
interrupted(int signo, siginfo_t *info, void *context)
{
	(void)signo;
	(void)context;
	if (info->si_value.sival_int == expected)
		came = 1;
}

static void
interrupt_mask(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, INTERRUPT_SIGNAL);
	if (sigprocmask(how, &set, NULL) == -1)
		fatal("sigprocmask");
}

void
interrupt_init(void)
{
	struct sigaction sa;

	memset(&sa, 0, sizeof(sa));
	sa.sa_sigaction = interrupted;
	sa.sa_flags = SA_SIGINFO;
	sigfillset(&sa.sa_mask);
	if (sigaction(INTERRUPT_SIGNAL, &sa, NULL) == -1)
		fatal("sigaction");
	interrupt_mask(SIG_BLOCK);
}

void
interrupt_expect(uint32_t seq)
{
	expected = (sig_atomic_t)seq;
	came = 0;
}

int
interrupt_begin(void)
{
	interrupt_mask(SIG_UNBLOCK);
	return (came);
}

int
interrupt_end(void)
{
	interrupt_mask(SIG_BLOCK);
	return (came);
}
