#ifndef OPENBSD_SYS_IOCTL_H
#define OPENBSD_SYS_IOCTL_H

#include <sys/types.h>
#include <sys/ttycom.h>

#define FIOCLEX 0x20006601
#define FIONCLEX 0x20006602
#define FIONREAD 0x4004667f
#define FIONBIO 0x8004667e
#define FIOASYNC 0x8004667d

int ioctl(int, unsigned long, ...);

#endif
