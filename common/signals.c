/*
 * Signals, for guard and priv: all of them are blocked, but those that end
 * proctor and SIGCHLD, which are caught while waiting for descriptors. And
 * those that ask others to end.
 */

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "signals.h"
#include "compat/proc.h"
#include "log.h"
#include "starved.h"

static const int caught[] = { SIGTERM, SIGINT, SIGHUP, SIGCHLD };
#define CAUGHT (sizeof(caught) / sizeof(caught[0]))

static volatile sig_atomic_t got[NSIG];

/* In the thread that waits. A preloaded library may have made others. */
static _Thread_local int waits;

static void
signals_handler(int sig)
{
	got[sig] = 1;
	if (!waits)
		proc_signal_main(sig); /* that is to wake up */
}

void
signals_catch(void)
{
	struct sigaction sa;
	size_t i;

	waits = 1;
	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = signals_handler;
	(void)sigfillset(&sa.sa_mask);
	for (i = 0; i < CAUGHT; i++)
		if (sigaction(caught[i], &sa, NULL) == -1)
			fatal("sigaction");
}

void
signals_uncatch(void)
{
	struct sigaction sa;
	size_t i;

	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = SIG_DFL;
	for (i = 0; i < CAUGHT; i++)
		(void)sigaction(caught[i], &sa, NULL);
}

void
signals_discard_typed(void)
{
	static const int typed[] = { SIGINT, SIGQUIT, SIGTSTP };
	struct sigaction ignore, was;
	sigset_t pending;
	size_t i;

	memset(&ignore, 0, sizeof(ignore));
	ignore.sa_handler = SIG_IGN;
	if (sigpending(&pending) == -1)
		return;
	for (i = 0; i < sizeof(typed) / sizeof(typed[0]); i++)
		if (sigismember(&pending, typed[i]) == 1 &&
		    sigaction(typed[i], &ignore, &was) == 0)
			(void)sigaction(typed[i], &was, NULL);
}

void
signals_mask(sigset_t *mask)
{
	size_t i;

	(void)sigfillset(mask);
	for (i = 0; i < CAUGHT; i++)
		(void)sigdelset(mask, caught[i]);
}

void
signals_take(void)
{
	sigset_t set;
	size_t i;
	int sig;

	(void)sigemptyset(&set);
	for (i = 0; i < CAUGHT; i++)
		(void)sigaddset(&set, caught[i]);
	while ((sig = proc_signal_take(&set, NULL)) != 0)
		got[sig] = 1;
}

int
signals_poll(struct pollfd *pfd, size_t n, int ms)
{
	struct timespec ts;
	sigset_t mask;
	int ready;

	signals_mask(&mask);
	ts.tv_sec = ms / 1000;
	ts.tv_nsec = (ms % 1000) * 1000000L;
	ready = ppoll(pfd, (nfds_t)n, ms == -1 ? NULL : &ts, &mask);
	if (ready == -1 && errno != EINTR && !starved(errno))
		fatal("ppoll");
	signals_take();
	return (ready == -1 ? 0 : ready);
}

int
signals_got(int sig)
{
	int was = got[sig];

	got[sig] = 0;
	return (was);
}

void
signals_group(pid_t group, int sig)
{
	(void)kill(-group, sig);
	if (sig != SIGKILL)
		(void)kill(-group, SIGCONT);
}
