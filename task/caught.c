/*
 * A task's signals. One that is caught is blocked and has the system's own
 * disposition, so that exec(2) finds nothing to undo; it stays pending until
 * it is fetched, however many come. Two are blocked always: that of children,
 * which wakes the loop, and the one that ends waits, see interrupt.h.
 */

#include <sys/types.h>
#include <sys/select.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "calls.h"
#include "caught.h"
#include "compat/task_os.h"
#include "family.h"
#include "interrupt.h"
#include "log.h"
#include "message.h"
#include "owned.h"
#include "self.h"

static const char *const names[] = { "sig_dfl", "sig_ign", "sig_info" };

unsigned char caught[CAUGHT_SIGNALS];
static int source; /* polls readable when one has come */

static int
is_kept(int signo)
{
	return (signo == SIGCHLD || signo == INTERRUPT_SIGNAL);
}

/* What the system is to do with it; -1 with EINVAL if it decides by itself. */
static int
dispose(int signo, int how)
{
	struct sigaction sa;

	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = how == SIGNAL_IGNORED ? SIG_IGN : SIG_DFL;
	return (sigaction(signo, &sa, NULL));
}

static void
mask_all(void)
{
	sigset_t blocked;
	int signo;

	(void)sigemptyset(&blocked);
	for (signo = 1; signo < CAUGHT_SIGNALS; signo++)
		if (is_kept(signo) || caught[signo] == SIGNAL_CAUGHT)
			(void)sigaddset(&blocked, signo);
	if (sigprocmask(SIG_SETMASK, &blocked, NULL) == -1)
		fatal("sigprocmask");
}

void
caught_init(const unsigned char *before)
{
	int signo;

	if (before != NULL)
		memcpy(caught, before, sizeof(caught));
	else
		memset(caught, SIGNAL_CAUGHT, sizeof(caught));
	for (signo = 1; signo < CAUGHT_SIGNALS; signo++)
		if (!is_kept(signo) && dispose(signo, caught[signo]) == -1)
			caught[signo] = SIGNAL_DEFAULT;
	if (before == NULL)
		caught[SIGCHLD] = SIGNAL_DEFAULT;
	interrupt_init();
	mask_all();
	if ((source = os_signals_open()) == -1 || source >= FD_SETSIZE)
		fatal("signals");
	owned_keep(source);
}

int
caught_source(void)
{
	return (source);
}

int
caught_take(void (*fn)(int, const siginfo_t *))
{
	siginfo_t info;
	int signo, children = 0;

	memset(&info, 0, sizeof(info));
	while ((signo = os_signals_take(&info)) != 0) {
		if (signo == INTERRUPT_SIGNAL && info.si_code == SI_QUEUE)
			continue;
		if (signo == SIGCHLD)
			children = 1;
		if (caught[signo] == SIGNAL_CAUGHT)
			fn(signo, &info);
	}
	return (children && caught[SIGCHLD] != SIGNAL_CAUGHT);
}

void
caught_tell(int signo, const siginfo_t *info)
{
	struct task_signal m;

	memset(&m, 0, sizeof(m));
	m.signo = (uint32_t)signo;
	memcpy(m.info, info,
	    sizeof(m.info) < sizeof(*info) ? sizeof(m.info) : sizeof(*info));
	self_send(TASK_SIGNAL, -1, &m, sizeof(m));
	self_flush();
}

void
caught_fetch(void)
{
	if (caught_take(caught_tell))
		(void)family_reap(-1, NULL);
}

void
caught_release(int reset)
{
	sigset_t none;
	int signo;

	for (signo = 1; signo < CAUGHT_SIGNALS; signo++)
		if (caught[signo] == SIGNAL_IGNORED)
			(void)dispose(
			    signo, reset ? SIGNAL_DEFAULT : SIGNAL_IGNORED);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

void
caught_restore(void)
{
	int signo;

	mask_all();
	interrupt_init();
	for (signo = 1; signo < CAUGHT_SIGNALS; signo++)
		if (!is_kept(signo) && caught[signo] == SIGNAL_IGNORED)
			(void)dispose(signo, SIGNAL_IGNORED);
}

/* -1: to be left as it is; -2: it is nothing of the kind. */
static int
disposition(struct etf *term)
{
	char name[16];
	uint32_t n;
	int i;

	if (etf_get_list(term, &n) == 0)
		return (n == 0 ? -1 : -2);
	if (etf_get_atom(term, name, sizeof(name)) == -1)
		return (-2);
	for (i = 0; i < 3; i++)
		if (strcasecmp(name, names[i]) == 0)
			return (i);
	return (-2);
}

/*
 * What has come already is fetched as long as it is caught; then it is what the
 * system makes of it.
 */
static int
call_sigaction(struct call *c)
{
	int64_t signo = c->a[0].number;
	int how = disposition(&c->a[1].term);
	const char *before;

	if (how == -2)
		return (call_wrong(c, 2, EINVAL));
	if (signo < 1 || signo >= CAUGHT_SIGNALS)
		return (call_wrong(c, 1, EINVAL));
	before = names[caught[signo]];
	if (how != -1) {
		caught_fetch();
		if (!is_kept((int)signo) && dispose((int)signo, how) == -1)
			return (-1);
		caught[signo] = (unsigned char)how;
		mask_all();
	}
	etf_put_atom(c->out, before);
	return (0);
}

const struct call_handler caught_handlers[] = {
	{ "sigaction", call_sigaction },
	{ NULL, NULL },
};
