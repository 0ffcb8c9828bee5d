/*
 * What a task wants of its system that not all have: task_os_linux.c and
 * task_os_none.c. Unless said otherwise a function returns 0, or -1 with errno,
 * which is ENOSYS where the system has no such thing.
 */

#ifndef COMPAT_TASK_OS_H
#define COMPAT_TASK_OS_H

#include <sys/types.h>

#include <signal.h>
#include <stddef.h>

/* The bits of clone(2) that may be asked for: new namespaces and no more. */
extern const unsigned long os_clone_flags;

/*
 * As fork(2), with these flags; in the parent *pidfd is a descriptor of the
 * child, the caller's from now on, or -1 where there is no such thing.
 */
pid_t os_clone(unsigned long flags, int *pidfd);

/* Let this process see what is its own under /proc. */
void os_own_proc(void);

/*
 * A descriptor that polls readable when a signal that is blocked has come, in
 * this process and in those that it forks; and that signal, with what came with
 * it: its number, 0 if there is none.
 */
int os_signals_open(void);
int os_signals_take(siginfo_t *);

/* The program that this process is, to be given to os_exec() later. */
int os_program(void);
/* execve(2) of a descriptor. */
int os_exec(int fd, char *const *argv, char *const *envp);

/*
 * What a process hands to the program that it becomes: a descriptor that
 * survives exec(2), and that nobody can have changed since. Taking it closes
 * it, if it is one.
 */
int os_hand_over(const void *, size_t);
int os_handed(int fd, void *, size_t);

#endif
