#ifndef OPENBSD_SYS_MOUNT_H
#define OPENBSD_SYS_MOUNT_H

#define MNT_RDONLY 0x1
#define MNT_SYNCHRONOUS 0x2
#define MNT_NOEXEC 0x4
#define MNT_NOSUID 0x8
#define MNT_NODEV 0x10
#define MNT_ASYNC 0x40
#define MNT_WXALLOWED 0x800
#define MNT_UPDATE 0x10000
#define MNT_FORCE 0x80000
#define MNT_SOFTDEP 0x4000000
#define MNT_NOATIME 0x8000

int mount(const char *, const char *, int, void *);
int unmount(const char *, int);

#endif
