/*
 * What a child of another user begins with: nothing that the starter has set
 * for himself. Its launcher is made so while it is root, once, and its
 * children are it by birth.
 */

#include "compat/fresh.h"
#include "compat/proc.h"
#include "launcher/login.h"

/* Descriptors are limited by each child for itself: a launcher needs them. */
int
login_begin(const struct starter_env *s, const char **what)
{
	int i;

	*what = "limits";
	for (i = 0; i < RLIM_NLIMITS; i++)
		if (i != RLIMIT_NOFILE &&
		    setrlimit((proc_resource)i, &s->login[i]) == -1)
			return (-1);
	return (fresh_reset(what));
}
