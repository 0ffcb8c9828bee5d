#ifndef OPENBSD_SYS_WAIT_H
#define OPENBSD_SYS_WAIT_H

#include <sys/types.h>
#include <sys/resource.h>
#include <signal.h>

#define WNOHANG 1
#define WUNTRACED 2
#define WSTOPPED WUNTRACED
#define WEXITED 4
#define WCONTINUED 8
#define WNOWAIT 16
#define WTRAPPED 32
#define WIFEXITED(s) (((s)&0177) == 0)
#define WEXITSTATUS(s) (((s) >> 8) & 0377)
#define WIFSTOPPED(s) (((s)&0377) == 0177)
#define WSTOPSIG(s) WEXITSTATUS(s)
#define WIFSIGNALED(s) (((s)&0177) != 0177 && ((s)&0177) != 0)
#define WTERMSIG(s) ((s)&0177)
#define WCOREDUMP(s) (((s)&0200) != 0)
#define WIFCONTINUED(s) (((s)&0177777) == 0177777)

typedef enum { P_ALL, P_PGID, P_PID } idtype_t;

pid_t wait(int *);
pid_t wait4(pid_t, int *, int, struct rusage *);
int waitid(idtype_t, id_t, siginfo_t *, int);
pid_t waitpid(pid_t, int *, int);

#endif
