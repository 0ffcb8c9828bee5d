#ifndef OPENBSD_UNISTD_H
#define OPENBSD_UNISTD_H

#include <sys/types.h>

#define STDIN_FILENO 0
#define STDOUT_FILENO 1
#define STDERR_FILENO 2
#define F_OK 0
#define X_OK 1
#define W_OK 2
#define R_OK 4
#define SEEK_SET 0
#define SEEK_CUR 1
#define SEEK_END 2
#define _SC_OPEN_MAX 5
#define _SC_PAGESIZE 28
#define _SC_NPROCESSORS_ONLN 503
#define _POSIX_VDISABLE 0377
#define _PC_PIPE_BUF 6

extern char **environ;
extern char *optarg;
extern int optind;

int access(const char *, int);
unsigned int alarm(unsigned int);
int chdir(const char *);
int chown(const char *, uid_t, gid_t);
int chroot(const char *);
int close(int);
int closefrom(int);
int dup(int);
int dup2(int, int);
int dup3(int, int, int);
int execv(const char *, char *const *);
int execve(const char *, char *const *, char *const *);
int execvp(const char *, char *const *);
int execvpe(const char *, char *const *, char *const *);
void _exit(int) __attribute__((__noreturn__));
int faccessat(int, const char *, int, int);
int fchdir(int);
int fchown(int, uid_t, gid_t);
int fchownat(int, const char *, uid_t, gid_t, int);
pid_t fork(void);
int fsync(int);
int ftruncate(int, off_t);
char *getcwd(char *, size_t);
gid_t getegid(void);
uid_t geteuid(void);
gid_t getgid(void);
int getgrouplist(const char *, gid_t, gid_t *, int *);
int getgroups(int, gid_t *);
int gethostname(char *, size_t);
int getpagesize(void);
pid_t getpgid(pid_t);
pid_t getpgrp(void);
pid_t getpid(void);
pid_t getppid(void);
int getresgid(gid_t *, gid_t *, gid_t *);
int getresuid(uid_t *, uid_t *, uid_t *);
pid_t getsid(pid_t);
uid_t getuid(void);
int isatty(int);
int issetugid(void);
int lchown(const char *, uid_t, gid_t);
int link(const char *, const char *);
off_t lseek(int, off_t, int);
int pause(void);
int pipe(int *);
int pipe2(int *, int);
int pledge(const char *, const char *);
ssize_t pread(int, void *, size_t, off_t);
ssize_t pwrite(int, const void *, size_t, off_t);
ssize_t read(int, void *, size_t);
ssize_t readlink(const char *, char *, size_t);
ssize_t readlinkat(int, const char *, char *, size_t);
int rmdir(const char *);
int setegid(gid_t);
int seteuid(uid_t);
int setgid(gid_t);
int setgroups(int, const gid_t *);
int setpgid(pid_t, pid_t);
int setregid(gid_t, gid_t);
int setresgid(gid_t, gid_t, gid_t);
int setresuid(uid_t, uid_t, uid_t);
int setreuid(uid_t, uid_t);
int sethostname(const char *, size_t);
pid_t setsid(void);
int setuid(uid_t);
unsigned int sleep(unsigned int);
int symlink(const char *, const char *);
long sysconf(int);
int truncate(const char *, off_t);
int unlink(const char *);
int unlinkat(int, const char *, int);
int unveil(const char *, const char *);
ssize_t write(int, const void *, size_t);
void setproctitle(const char *, ...)
    __attribute__((__format__(printf, 1, 2)));

#endif
