/*
 * What this start is: see mode.h.
 */

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
	const char *who = runas_self_name();

	switch (permit_privilege()) {
	case PRIVILEGE_ROOT:
		log_warnx("mode: root, as root has started it with -user root");
		break;
	case PRIVILEGE_USERS:
		if (proc_privileged())
			log_warnx("mode: privileged, as it is set-user-ID root"
				  " and " POLICY_PATH " has rules for %s",
			    who);
		else
			log_warnx("mode: privileged, as root has started it"
				  " with -user");
		break;
	default:
		if (proc_privileged() || proc_suid_lost() != NULL)
			log_warnx("mode: plain, as %s", privilege_why_plain());
		else
			log_debug("mode: plain, as %s", privilege_why_plain());
		break;
	}
}
