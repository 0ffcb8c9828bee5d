#ifndef OPENBSD_SYS_SYSCALL_H
#define OPENBSD_SYS_SYSCALL_H

#define SYS_exit 1
#define SYS_fork 2
#define SYS_read 3
#define SYS_write 4
#define SYS_open 5
#define SYS_close 6
#define SYS_getpid 20

#endif
