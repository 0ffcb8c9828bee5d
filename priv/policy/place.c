/*
 * The path of a control group, which somebody has written.
 */

#include <string.h>

#include "policy/place.h"

#define PART_MAX 255

const char *
place_fault(const char *path)
{
	const char *p = path;
	size_t len;

	if (*path != '/')
		return ("does not begin with a slash");
	if (strncmp(path, "/sys/fs/", 8) == 0)
		return ("not below the mount point");
	if (path[1] == '\0')
		return (NULL);
	while (*p != '\0') {
		len = strcspn(++p, "/");
		if (len == 0)
			return ("a part without a name");
		if (len > PART_MAX)
			return ("a part of more than 255 bytes");
		if (*p == '.')
			return ("a part that begins with a dot");
		p += len;
	}
	return (NULL);
}
