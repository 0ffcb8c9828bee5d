/*
 * What a task becomes, and what the call exec says of it besides.
 */

#ifndef TASK_EXECOPTS_H
#define TASK_EXECOPTS_H

#include "call.h"
#include "execio.h"

struct program {
	const char *file;
	int fd; /* instead of file, or -1 */
	int search; /* file is looked for in PATH if there is no slash in it */
	char **argv;
	char **envp;
	const char *arg0; /* argv[0] instead, or NULL */
	const char *cd; /* where it begins, or NULL */
	int keep_signals; /* what is ignored stays so */
	struct execio io;
};

/*
 * A map, or a list of pairs; a key alone is {Key, true}. Texts live as long as
 * the call. 0, or -1 if something is unknown, or has a value that it cannot.
 *	stdin, stdout, stderr	pipe, null, close, {file, Path}, {append,
 *				Path}; stderr stdout, too
 *	pty			true, {Rows, Columns}
 *	cd, arg0		text
 *	signals			default, keep
 *	search			true, false
 */
int execopts_read(struct call *, struct etf *, struct program *);

#endif
