/*
 * The signals that end a wait.
 */

#include <signal.h>
#include <string.h>

#include "interrupt.h"
#include "log.h"

static volatile sig_atomic_t expected;
static volatile sig_atomic_t came;
static volatile sig_atomic_t ended;

static void
interrupted(int signo, siginfo_t *info, void *context)
{
	(void)signo;
	(void)context;
	if (info->si_value.sival_int == expected)
		came = 1;
}

static void
child_ended(int signo)
{
	(void)signo;
	ended = 1;
}

static void
interrupt_mask(int how, int children)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, INTERRUPT_SIGNAL);
	if (children)
		sigaddset(&set, SIGCHLD);
	if (sigprocmask(how, &set, NULL) == -1)
		fatal("sigprocmask");
}

void
interrupt_init(void)
{
	struct sigaction sa;

	memset(&sa, 0, sizeof(sa));
	sigfillset(&sa.sa_mask);
	sa.sa_handler = child_ended;
	if (sigaction(SIGCHLD, &sa, NULL) == -1)
		fatal("sigaction");
	sa.sa_sigaction = interrupted;
	sa.sa_flags = SA_SIGINFO;
	if (sigaction(INTERRUPT_SIGNAL, &sa, NULL) == -1)
		fatal("sigaction");
	interrupt_mask(SIG_BLOCK, 1);
}

void
interrupt_expect(uint32_t seq)
{
	expected = (sig_atomic_t)seq;
	came = 0;
}

int
interrupt_begin(int children)
{
	interrupt_mask(SIG_UNBLOCK, children);
	return (came);
}

int
interrupt_end(void)
{
	interrupt_mask(SIG_BLOCK, 1);
	return (came);
}

int
interrupt_child(void)
{
	int r = ended;

	ended = 0;
	return (r);
}
