/*
 * The control groups of this instance: see groups.h, and compat/cgroup.h for
 * what they are.
 */

#include "base/privdrop.h"
#include "compat/cgroup.h"
#include "config.h"
#include "log.h"
#include "policy/permit.h"
#include "policy/runas.h"
#include "proto.h"
#include "start/groups.h"
#include "start/refuse.h"

static int told;

void
groups_make(const struct starter_env *s, const struct args *a)
{
	const char *place = a->cgroup != NULL ? a->cgroup : permit_place();
	uid_t uid;
	gid_t gid;
	int privileged = privdrop_ids(&uid, &gid);

	if (privileged && s->who.uid != 0 && a->cgroup != NULL)
		refuse(s, EXIT_REFUSED,
		    "-cgroup: root says where, if other users can be had");
	told = privileged || place != NULL;
	if (cgroup_make(privileged, gid, place) == -1 && place != NULL) {
		log_warnx("%s: cgroup: %s",
		    a->cgroup != NULL ? a->cgroup : POLICY_PATH,
		    cgroup_reason());
		told = 0; /* it is */
	}
}

int
groups_told(void)
{
	return (told);
}

void
groups_fill(void)
{
	uid_t uid;
	gid_t gid;

	(void)privdrop_ids(&uid, &gid);
	(void)cgroup_users(runas_count(), uid, gid, MAKER_IN_PRIV);
}
