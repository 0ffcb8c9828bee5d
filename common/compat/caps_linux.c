/*
 * Privileges on Linux that are kept, by libcap. In priv only.
 */

#include <sys/capability.h>

#include <stddef.h>

#include "privs.h"

static const struct {
	unsigned int priv;
	cap_value_t cap;
} names[] = {
	{ PRIV_KILL, CAP_KILL },
	{ PRIV_NICE, CAP_SYS_NICE },
	{ PRIV_SETUID, CAP_SETUID },
};

static int
caps_has(cap_t caps, cap_value_t cap)
{
	cap_flag_value_t value;

	return (cap_get_flag(caps, cap, CAP_PERMITTED, &value) == 0 &&
		value == CAP_SET);
}

/* Take cap out of a set, or put it into the two that matter. */
static int
caps_put(cap_t caps, cap_value_t cap, cap_flag_value_t value)
{
	if (cap_set_flag(caps, CAP_PERMITTED, 1, &cap, value) == -1)
		return (-1);
	return (cap_set_flag(caps, CAP_EFFECTIVE, 1, &cap, value));
}

int
privs_keep(unsigned int privs)
{
	cap_t have, want;
	int r = -1;
	size_t i;

	have = cap_get_proc();
	want = cap_init();
	if (have == NULL || want == NULL)
		goto out;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (privs & names[i].priv && caps_has(have, names[i].cap) &&
		    caps_put(want, names[i].cap, CAP_SET) == -1)
			goto out;
	r = cap_set_proc(want);
out:
	(void)cap_free(have);
	(void)cap_free(want);
	return (r);
}

int
privs_only(unsigned int privs)
{
	cap_t have, none;
	int r = 0;
	size_t i;

	have = cap_get_proc();
	none = cap_init();
	if (have == NULL || none == NULL)
		goto out;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (privs & names[i].priv &&
		    caps_put(have, names[i].cap, CAP_CLEAR) == -1)
			goto out;
	r = cap_compare(have, none) == 0;
out:
	(void)cap_free(have);
	(void)cap_free(none);
	return (r);
}

static int
has_all(const cap_value_t *needed, size_t n)
{
	size_t i;
	cap_t have;
	int r = 1;

	if ((have = cap_get_proc()) == NULL)
		return (0);
	for (i = 0; i < n; i++)
		if (!caps_has(have, needed[i]))
			r = 0;
	(void)cap_free(have);
	return (r);
}

int
privs_able(void)
{
	static const cap_value_t needed[] = { CAP_SETUID, CAP_SETGID,
		CAP_SETPCAP, CAP_KILL };

	return (has_all(needed, sizeof(needed) / sizeof(needed[0])));
}

int
privs_chroot(void)
{
	static const cap_value_t needed = CAP_SYS_CHROOT;

	return (has_all(&needed, 1));
}
