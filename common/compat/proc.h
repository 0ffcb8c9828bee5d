/*
 * What the systems do differently about processes. proc_self_linux.c and
 * proc_self_none.c implement what all of ours do, proc_linux.c and
 * proc_generic.c what those do that have to do with others, clone_linux.c and
 * clone_fork.c the last function; configure chooses.
 */

#ifndef COMPAT_PROC_H
#define COMPAT_PROC_H

#include <sys/types.h>
#include <sys/resource.h>

#include <signal.h>
#include <stdint.h>

/* Let nobody trace this process, dump it or look into it. */
void proc_undumpable(void);

/*
 * To be called first, where setproctitle(3) wants that: envp is what the
 * process will have for its environment.
 */
void proc_title_init(int argc, char *argv[], char *envp[]);

/*
 * No exec gives this process or its children more rights from now on. 0 or
 * -1; 0 without effect where the system cannot do it. Allocates nothing.
 */
int proc_set_no_new_privs(void);

/*
 * Become the process that orphaned descendants are given to. 0, or -1 where
 * the system has no such thing (ENOSYS) or refuses.
 */
int proc_subreaper(void);

/*
 * Be sent sig when the parent dies, which must be parent at the time of the
 * call. A change of credentials undoes it. 0, or -1 (ESRCH: it is another
 * one already); 0 without effect where the system cannot do it.
 */
int proc_die_with(pid_t parent, int sig);

/*
 * Is that a file of /proc? Through some of them a child that shares its
 * launcher's memory could keep a hand on that. 1 or 0. Allocates nothing.
 */
int proc_is_procfs(int fd);

/*
 * A descriptor of the working directory, for fchdir() by whoever may be
 * there. -1 with errno.
 */
int proc_open_cwd(void);

/*
 * What fd stands for, opened again with these flags: at its end, if it is a
 * file. -1 where that is not possible.
 */
int proc_reopen(int fd, int flags);

/* Have nobody be sent a signal for what happens on fd. */
void proc_disown(int fd);

/* What getrlimit(2) and setrlimit(2) want: libcs do not agree. */
#ifdef __GLIBC__
typedef __rlimit_resource_t proc_resource;
#else
typedef int proc_resource;
#endif
/* And getpriority(2). */
#ifdef __GLIBC__
typedef __priority_which_t proc_which;
#else
typedef int proc_which;
#endif
/* And how setgroups(2) counts. */
#ifdef __linux__
typedef size_t proc_ngroups;
#else
typedef int proc_ngroups;
#endif

/* Limits that only some systems have; else none of RLIM_NLIMITS. */
extern const int proc_limit_nice, proc_limit_rtprio;

/*
 * Let no signal be ignored, not even those that libc keeps to itself. What has
 * a handler keeps it: that is no starter's, but of a library of this process.
 * Libc has each thread change its user by such a signal.
 */
void proc_signals_default(void);

/*
 * Take a signal of set, all of which are blocked, from those that wait for this
 * process: its number, or 0 if none does. Of who has sent it info, if it is
 * not NULL, has what the system can tell.
 */
int proc_signal_take(const sigset_t *set, siginfo_t *info);

/* Send a signal to the first thread of this process. For signal handlers. */
void proc_signal_main(int sig);

/*
 * Which ambient capabilities a child that execs would have, 1 << n each; all
 * of them for uid 0.
 */
uint64_t proc_ambient(void);

/* Give up all ambient capabilities but those. 0 or -1. Allocates nothing. */
int proc_keep_ambient(uint64_t caps);

/* Do flags of a descriptor, from F_GETFL, say that it is no more than a name?
 */
int proc_is_path(int flags);

/* Mark all descriptors from first up close-on-exec. Allocates nothing. */
void proc_cloexec_from(int first);

/*
 * Did exec give this process rights that its starter does not have? To be
 * asked once before the ids change.
 */
int proc_privileged(void);

/*
 * The directory of the running executable into buf, without a slash at the end.
 * 0, or -1 where the system cannot tell.
 */
int proc_own_dir(char *buf, size_t size);

/*
 * Call fn for each living or unreaped child of this process, adopted ones
 * too. Opens no file, but proc_children_open() must have been called by this
 * very process. 0, or -1 with errno, ENOSYS if the system cannot tell.
 */
int proc_children_open(void);
void proc_children_close(void);
int proc_children(void (*fn)(pid_t, void *), void *arg);

/* The same for those of another process, which are looked up. */
int proc_children_of(pid_t, void (*fn)(pid_t, void *), void *arg);

/*
 * Send sig, and behind any but SIGKILL SIGCONT, to all descendants of child,
 * a child of parent, except those in child's own process group. A process is
 * signalled only while it is proved to be such a descendant, and if ours says
 * so.
 */
void
proc_signal_descendants(pid_t parent, pid_t child, int sig, int (*ours)(pid_t));

/*
 * Is pid, a child of ours, dead, whoever has it to reap? 1 or 0; 0, too, if
 * the system cannot tell.
 */
int proc_has_ended(pid_t);

/*
 * A process's real uid. 0, or -1 if there is none or the system cannot tell.
 * It is that of whoever has the number at the time of the call.
 */
int proc_uid(pid_t, uid_t *);

/*
 * The process that had this one started, as the system tells it: the parent, or
 * the parent of that if it is the program that starts others for an Erlang
 * node.
 */
pid_t proc_node(void);

/*
 * Why a set-user-ID bit of root's that the running file has did not count for
 * this process; NULL if it has none.
 */
const char *proc_suid_lost(void);

/*
 * A set of processes that tells which have ended, behind one descriptor that
 * polls readable when one has. -1 where the system has no such thing: then
 * SIGCHLD has to do.
 */
int pidset_open(void);
/*
 * A watch on pid, to be closed by pidset_remove(); -1 with errno. One that is
 * no child of ours may end at any time, and its pid become another's: the
 * watch meets it or nobody, so signals go through that.
 */
int pidset_add(int set, pid_t pid, uint32_t id);
int pidset_signal(int watch, int sig);
void pidset_remove(int watch);
/* Up to max ids of ended processes, returned again until they are removed. */
int pidset_ended(int set, uint32_t *ids, int max);

/*
 * Make a child that calls fn(arg), and wait until it has called exec or
 * ended. If fn returns, it has stored size bytes at result, which the caller
 * can then read, and the child ends. Returns its pid or -1. With
 * clone_linux.c it is the caller's sibling, a child of the caller's parent,
 * and its pid is at board before it runs. apart: it has memory of its own, and
 * is not waited for any longer once it has closed all descriptors from 3 up.
 */
pid_t proc_make_child(void (*fn)(void *), void *arg, void *result, size_t size,
    pid_t *board, int apart);

/*
 * What a filter can know the calls of proc_make_child() by: see clone_linux.c.
 * 0 if there is nothing.
 */
uint64_t proc_make_secret(void);

#endif
