/*
 * Calls on names of files.
 */

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bounds.h"
#include "calls.h"
#include "value.h"

static const char *
path_of(const struct call *c, int n)
{
	return (c->a[n].text);
}

static mode_t
mode_of(const struct call *c, int n)
{
	return ((mode_t)c->a[n].number);
}

/*
 * Names, as many as have room. 1 if these were not all, and the next is where
 * *next says.
 */
static int
put_names(struct etf_writer *out, DIR *dir, long *next)
{
	size_t len, list = etf_begin_list(out);
	struct dirent *d;
	uint32_t n = 0;
	int more = 0;

	*next = telldir(dir);
	errno = 0;
	while ((d = readdir(dir)) != NULL) {
		len = strlen(d->d_name);
		more = out->size - out->len < VALUE_REST + len;
		if (more)
			break;
		etf_put_binary(out, d->d_name, len);
		*next = telldir(dir);
		n++;
	}
	if (d == NULL && errno != 0)
		return (-1);
	etf_end_list(out, list, n);
	return (more);
}

/*
 * All names; or, from a place that was told before (0 at first), as many as
 * have room, and the next place, which is eof behind the last.
 */
static int
put_folder(struct call *c, DIR *dir)
{
	int more, parts = c->nargs > 1 && c->a[1].given;
	long next;

	if (parts) {
		if (c->a[1].number != 0)
			seekdir(dir, (long)c->a[1].number);
		etf_put_tuple(c->out, 2);
	}
	if ((more = put_names(c->out, dir, &next)) == -1)
		return (-1);
	if (!parts)
		c->out->full = c->out->full || more;
	else if (more)
		etf_put_int(c->out, next);
	else
		etf_put_atom(c->out, "eof");
	return (0);
}

static int
do_readdir(struct call *c)
{
	DIR *dir;
	int error, r;

	if ((dir = opendir(path_of(c, 0))) == NULL)
		return (-1);
	r = put_folder(c, dir);
	error = errno;
	(void)closedir(dir);
	errno = error;
	return (r);
}

static int
do_chdir(struct call *c)
{
	return (chdir(path_of(c, 0)));
}

static int
do_getcwd(struct call *c)
{
	char path[PATH_MAX];

	return (value_text(c, getcwd(path, sizeof(path))));
}

static int
do_chmod(struct call *c)
{
	return (chmod(path_of(c, 0), mode_of(c, 1)));
}

static int
do_chown(struct call *c)
{
	if (bounds_id(c, c->a[1].number) == -1 ||
	    bounds_id(c, c->a[2].number) == -1)
		return (-1);
	return (
	    chown(path_of(c, 0), (uid_t)c->a[1].number, (gid_t)c->a[2].number));
}

static int
do_mkdir(struct call *c)
{
	return (mkdir(path_of(c, 0), mode_of(c, 1)));
}

static int
do_mkfifo(struct call *c)
{
	return (mkfifo(path_of(c, 0), mode_of(c, 1)));
}

static int
do_rmdir(struct call *c)
{
	return (rmdir(path_of(c, 0)));
}

static int
do_unlink(struct call *c)
{
	return (unlink(path_of(c, 0)));
}

static int
do_link(struct call *c)
{
	return (link(path_of(c, 0), path_of(c, 1)));
}

static int
do_symlink(struct call *c)
{
	return (symlink(path_of(c, 0), path_of(c, 1)));
}

static int
do_rename(struct call *c)
{
	return (rename(path_of(c, 0), path_of(c, 1)));
}

static int
do_truncate(struct call *c)
{
	return (truncate(path_of(c, 0), (off_t)c->a[1].number));
}

static int
do_readlink(struct call *c)
{
	char target[PATH_MAX];
	ssize_t n;

	if ((n = readlink(path_of(c, 0), target, sizeof(target))) == -1)
		return (-1);
	etf_put_binary(c->out, target, (size_t)n);
	return (0);
}

static const char *
file_type(mode_t mode)
{
	static const struct {
		mode_t type;
		const char *name;
	} types[] = {
		{ S_IFREG, "regular" },
		{ S_IFDIR, "directory" },
		{ S_IFLNK, "symlink" },
		{ S_IFCHR, "character" },
		{ S_IFBLK, "block" },
		{ S_IFIFO, "fifo" },
		{ S_IFSOCK, "socket" },
	};
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (types[i].type == (mode & S_IFMT))
			return (types[i].name);
	return ("other");
}

static int
put_stat(struct call *c, int result, const struct stat *st)
{
	if (result == -1)
		return (-1);
	etf_put_map(c->out, 12);
	etf_put_atom(c->out, "type");
	etf_put_atom(c->out, file_type(st->st_mode));
	value_pair(c->out, "mode", st->st_mode & 07777);
	value_pair(c->out, "uid", st->st_uid);
	value_pair(c->out, "gid", st->st_gid);
	value_pair(c->out, "size", (uint64_t)st->st_size);
	value_pair(c->out, "nlink", (uint64_t)st->st_nlink);
	value_pair(c->out, "ino", (uint64_t)st->st_ino);
	value_pair(c->out, "dev", (uint64_t)st->st_dev);
	value_pair(c->out, "rdev", (uint64_t)st->st_rdev);
	etf_put_atom(c->out, "atime");
	etf_put_int(c->out, (int64_t)st->st_atime);
	etf_put_atom(c->out, "mtime");
	etf_put_int(c->out, (int64_t)st->st_mtime);
	etf_put_atom(c->out, "ctime");
	etf_put_int(c->out, (int64_t)st->st_ctime);
	return (0);
}

static int
do_stat(struct call *c)
{
	struct stat st;

	return (put_stat(c, stat(path_of(c, 0), &st), &st));
}

static int
do_lstat(struct call *c)
{
	struct stat st;

	return (put_stat(c, lstat(path_of(c, 0), &st), &st));
}

static int
do_umask(struct call *c)
{
	return (value_always(c, (int32_t)umask(mode_of(c, 0))));
}

const struct call_handler call_path_handlers[] = {
	{ "readdir", do_readdir },
	{ "chdir", do_chdir },
	{ "getcwd", do_getcwd },
	{ "chmod", do_chmod },
	{ "chown", do_chown },
	{ "mkdir", do_mkdir },
	{ "rmdir", do_rmdir },
	{ "unlink", do_unlink },
	{ "mkfifo", do_mkfifo },
	{ "link", do_link },
	{ "symlink", do_symlink },
	{ "rename", do_rename },
	{ "readlink", do_readlink },
	{ "truncate", do_truncate },
	{ "stat", do_stat },
	{ "lstat", do_lstat },
	{ "umask", do_umask },
	{ NULL, NULL },
};
