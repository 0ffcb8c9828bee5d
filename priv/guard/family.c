/*
 * Whom guard and reaper may end: see family.h.
 */

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "base/privdrop.h"
#include "signals.h"
#include "compat/proc.h"
#include "policy/runas.h"

#include "guard/family.h"

static uid_t starter;
static int privileged, mixed;

void
family_init(uid_t uid, int rights)
{
	starter = uid;
	privileged = rights;
}

void
family_mixed(void)
{
	mixed = privileged && starter != 0;
}

/*
 * Without rights of our own the kernel knows whom we may signal. With them,
 * whatever falls to the reaper is below priv and cannot have become anybody
 * that its rules do not name; but to the guard falls also what the starter had
 * before, of other users too, which it could not signal and we could: only
 * what can be seen to be ours is.
 */
int
family_has(pid_t pid)
{
	struct runas *t;
	uid_t uid;

	if (starter == 0)
		return (1);
	if (!privileged)
		return (kill(pid, 0) == 0 || errno != EPERM);
	if (!mixed)
		return (1);
	if (proc_uid(pid, &uid) == -1)
		return (0);
	if (uid == starter || privdrop_is_own(uid))
		return (1);
	for (t = runas_next(NULL); t != NULL; t = runas_next(t))
		if (t->uid == uid)
			return (1);
	return (0);
}

/* A group's members are not looked at: it is for what is ours for sure. */
void
family_signal(pid_t pid, int sig)
{
	proc_signal_descendants(getpid(), pid, sig, family_has);
	if (!mixed) {
		signals_group(pid, sig);
		if (getpgid(pid) == pid)
			return;
	}
	(void)kill(pid, sig);
	if (sig != SIGKILL)
		(void)kill(pid, SIGCONT);
}
