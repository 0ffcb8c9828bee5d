/*
 * What this start is: see mode.h.
 */

#include <unistd.h>

#include "compat/proc.h"
#include "log.h"
#include "policy/permit.h"
#include "policy/policy.h"
#include "policy/runas.h"
#include "start/mode.h"
#include "start/privilege.h"

void
mode_tell(void)
{
	void (*say)(const char *, ...);
	const char *who = runas_self_name();

	switch (permit_privilege()) {
	case PRIVILEGE_ROOT:
		log_warnx("mode: root, as root has started it with -user root");
		break;
	case PRIVILEGE_USERS:
		if (proc_privileged())
			log_warnx("mode: privileged, as it is set-user-ID root"
				  " and %s has rules for %s",
			    POLICY_PATH, who);
		else
			log_warnx("mode: privileged, as root has started it"
				  " with -user");
		break;
	default:
		say = proc_privileged() || proc_suid_lost() != NULL ||
			      geteuid() == 0
			  ? log_warnx
			  : log_debug;
		say("mode: plain, nobody but %s can be had, as %s", who,
		    privilege_why_plain());
		break;
	}
}
