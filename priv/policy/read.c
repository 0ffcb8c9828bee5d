/*
 * The file of the policy, which is believed if root alone can write it.
 */

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "log.h"
#include "policy/policy.h"

int
policy_open_draft(const char *path, const char **fault)
{
	struct stat sb;
	int fd;

	*fault = NULL;
	/* A fifo must not hold us up before fstat says what it is. */
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd == -1) {
		if (errno == ENOENT)
			return (-1);
		/* OpenBSD and Linux say ELOOP, others EMLINK. */
		if (errno == ELOOP || errno == EMLINK) {
			log_warnx("%s: a symbolic link", path);
			errno = EPERM;
			return (-1);
		}
		log_warn("%s", path);
		return (-1);
	}
	if (fstat(fd, &sb) == -1) {
		log_warn("%s: fstat", path);
		(void)close(fd);
		errno = EIO;
		return (-1);
	}
	if (!S_ISREG(sb.st_mode)) {
		log_warnx("%s: not a regular file", path);
		(void)close(fd);
		errno = EPERM;
		return (-1);
	}
	if (sb.st_uid != 0)
		*fault = "not owned by root";
	else if (sb.st_mode & (S_IWGRP | S_IWOTH))
		*fault = "writable by group or others";
	return (fd);
}

int
policy_open(const char *path)
{
	const char *fault;
	int fd;

	if ((fd = policy_open_draft(path, &fault)) == -1 || fault == NULL)
		return (fd);
	log_warnx("%s: %s", path, fault);
	(void)close(fd);
	errno = EPERM;
	return (-1);
}

/* All of the file, up to one byte more than it may have; -1 with errno. */
static ssize_t
file_read(int fd, char *buf)
{
	size_t len = 0;
	ssize_t n;

	while (len <= POLICY_FILE_MAX) {
		n = read(fd, buf + len, POLICY_FILE_MAX + 1 - len);
		if (n == 0)
			break;
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return (-1);
		len += (size_t)n;
	}
	return ((ssize_t)len);
}

int
policy_read(struct policy *p, int fd, const char *name)
{
	struct policy new;
	char *buf;
	ssize_t len;
	int ret = -1;

	policy_init(&new);
	new.count = p->count;
	new.terse = p->terse;
	if ((buf = malloc(POLICY_FILE_MAX + 2)) == NULL) {
		log_warn("%s", name);
		return (-1);
	}
	if ((len = file_read(fd, buf)) == -1)
		log_warn("%s", name);
	else if (len > POLICY_FILE_MAX)
		log_warnx(
		    "%s: larger than %d bytes", name, (int)POLICY_FILE_MAX);
	else {
		buf[len] = '\0';
		ret = policy_parse(&new, name, buf, (size_t)len);
	}
	freezero(buf, POLICY_FILE_MAX + 2);
	if (ret == -1) {
		p->errors++;
		policy_free(&new);
		return (-1);
	}
	if (new.place != NULL) {
		free(p->place);
		p->place = new.place;
	}
	TAILQ_CONCAT(&p->rules, &new.rules, entry);
	p->count = new.count;
	return (0);
}
