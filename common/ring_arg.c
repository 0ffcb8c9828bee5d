/*
 * How broker and worker begin. They trust their command line: only priv
 * starts them, and whoever else does gains nothing by it.
 */

#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "compat/privs.h"
#include "compat/proc.h"
#include "drop.h"
#include "log.h"
#include "ring_arg.h"
#include "proto.h"

static int64_t
ring_number(const char *text, int64_t min, int64_t max)
{
	const char *why;
	int64_t n;

	n = strtonum(text, min, max, &why);
	if (why != NULL)
		fatalx("argument %s: %s", text, why);
	return (n);
}

void
ring_join(const char *who, int argc, char *argv[], struct ring_args *a)
{
	struct stat st;

	proc_undumpable();
	log_init(who, 0);
	if ((argc != 4 && argc != 7) || fstat(RING_PRIV_FD, &st) == -1 ||
	    !S_ISSOCK(st.st_mode) || fstat(RING_PEER_FD, &st) == -1 ||
	    !S_ISSOCK(st.st_mode) || fstat(RING_MOVED_FD, &st) == -1 ||
	    !S_ISFIFO(st.st_mode)) {
		log_warnx("is started by proctor, not by hand");
		exit(EXIT_USAGE);
	}
	a->packet = (int)ring_number(argv[1], 2, 4);
	a->debug = (int)ring_number(argv[2], 0, LOG_LEVEL_MAX);
	a->stdin_limit = ring_number(argv[3], 0, INT64_MAX);
	if ((a->drop = argc == 7)) {
		a->uid = (uid_t)ring_number(argv[4], 1, UINT32_MAX - 1);
		a->gid = (gid_t)ring_number(argv[5], 1, UINT32_MAX - 1);
		a->dir = argv[6];
	} else if (getuid() != geteuid())
		fatalx("runs with the rights of another user");
	log_setlevel(a->debug);
	/* What a terminal sends is blocked. */
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR ||
	    signal(SIGTERM, SIG_IGN) == SIG_ERR)
		fatal("signal");
}

/* See nothing of the file system but dir, which is root's and stays empty. */
static void
ring_root(const char *dir)
{
	struct stat st;

	if (chdir(dir) == -1 || stat(".", &st) == -1)
		fatal("directory %s", dir);
	if (st.st_uid != 0 || st.st_mode & (S_IWGRP | S_IWOTH))
		fatalx("%s is not root's alone", dir);
	if (chroot(".") == -1 || chdir("/") == -1)
		fatal("%s: chroot", dir);
}

void
ring_drop(const struct ring_args *a)
{
	if (!a->drop)
		return;
	if (*a->dir != '\0')
		ring_root(a->dir);
	if (privs_lock(0) == -1)
		fatal("securebits");
	drop_user(a->uid, a->gid, NULL, 0);
	if (privs_clear() == -1)
		fatal("capabilities");
	drop_prove(a->uid, a->gid, NULL, 0);
	drop_prove_no_root();
	if (!privs_none() || !privs_locked(0))
		fatalx("capabilities are left, or can be had back");
}
