/*
 * The maps of a user namespace: which ids there are which ones outside.
 */

#include <sys/types.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "bounds.h"
#include "call_linux.h"
#include "write.h"

#define RANGES_MAX 340 /* the kernel's */
#define RANGE_LINE 33 /* three numbers of 10 digits, and what is between */

/* {Inside, Outside, Count}, as the kernel reads it. Not 0: -2 is a policy's. */
static int
add_range(struct call *c, struct etf *e, char *text, size_t size, size_t *len)
{
	int64_t v[3];
	uint32_t arity;
	int i, n;

	if (etf_get_tuple(e, &arity) == -1 || arity != 3)
		return (-1);
	for (i = 0; i < 3; i++)
		if (etf_get_int(e, &v[i]) == -1 || v[i] < 0 ||
		    v[i] > UINT32_MAX)
			return (-1);
	/* As many as there are, none of them is the last number. */
	if (v[1] + v[2] > UINT32_MAX || v[2] == 0)
		return (-1);
	if (bounds_id(c, v[1]) == -1 || bounds_id(c, v[1] + v[2] - 1) == -1)
		return (-2);
	n = snprintf(text + *len, size - *len, "%u %u %u\n", (uint32_t)v[0],
	    (uint32_t)v[1], (uint32_t)v[2]);
	if (n < 0 || (size_t)n >= size - *len)
		return (-1);
	*len += (size_t)n;
	return (0);
}

/* A list of these; *len 0 if it is empty, and the map is to stay as it is. */
static char *
read_map(struct call *c, int arg, size_t *len)
{
	struct etf e = c->a[arg].term;
	uint32_t i, n;
	size_t size;
	char *text;
	int got;

	*len = 0;
	if (etf_get_list(&e, &n) == -1 || n > RANGES_MAX)
		goto wrong;
	size = n * (size_t)RANGE_LINE + 1;
	if ((text = call_alloc(c, size)) == NULL)
		return (NULL);
	for (i = 0; i < n; i++) {
		got = add_range(c, &e, text, size, len);
		if (got == -2)
			return (NULL);
		if (got == -1)
			goto wrong;
	}
	if (n == 0 || etf_get_nil(&e) == 0)
		return (text);
wrong:
	(void)call_wrong(c, arg + 1, EINVAL);
	return (NULL);
}

static int
write_map(pid_t pid, const char *file, const char *text, size_t len)
{
	char path[64];

	if (pid == 0)
		(void)snprintf(path, sizeof(path), "/proc/self/%s", file);
	else
		(void)snprintf(
		    path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	return (file_write(AT_FDCWD, path, text, len));
}

/*
 * Of the groups who has no right outside may map only his own, and only once
 * nobody in there can leave any.
 */
static int
write_groups(pid_t pid, const char *text, size_t len)
{
	if (write_map(pid, "gid_map", text, len) == 0)
		return (0);
	if (errno != EPERM || write_map(pid, "setgroups", "deny", 4) == -1)
		return (-1);
	return (write_map(pid, "gid_map", text, len));
}

int
call_map_ids(struct call *c)
{
	pid_t pid = (pid_t)c->a[0].number;
	size_t nuids, ngids;
	char *uids, *gids;

	if (pid < 0)
		return (call_wrong(c, 1, EINVAL));
	if ((uids = read_map(c, 1, &nuids)) == NULL ||
	    (gids = read_map(c, 2, &ngids)) == NULL)
		return (-1);
	if (nuids > 0 && write_map(pid, "uid_map", uids, nuids) == -1)
		return (-1);
	if (ngids > 0 && write_groups(pid, gids, ngids) == -1)
		return (-1);
	return (0);
}
