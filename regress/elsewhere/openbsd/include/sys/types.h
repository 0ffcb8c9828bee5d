#ifndef OPENBSD_SYS_TYPES_H
#define OPENBSD_SYS_TYPES_H

#include <stddef.h>
#include <stdint.h>

typedef long ssize_t;
typedef long long off_t;
typedef int pid_t;
typedef unsigned int uid_t;
typedef unsigned int gid_t;
typedef unsigned int id_t;
typedef unsigned int mode_t;
typedef unsigned int nlink_t;
typedef int dev_t;
typedef unsigned long long ino_t;
typedef int blksize_t;
typedef long long blkcnt_t;
typedef long long time_t;
typedef long long clock_t;
typedef int clockid_t;
typedef long suseconds_t;
typedef unsigned long long rlim_t;
typedef unsigned int socklen_t;
typedef unsigned char sa_family_t;
typedef unsigned char u_char;
typedef unsigned short u_short;
typedef unsigned int u_int;
typedef unsigned long u_long;

#endif
