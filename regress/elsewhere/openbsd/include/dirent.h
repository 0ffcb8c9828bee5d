#ifndef OPENBSD_DIRENT_H
#define OPENBSD_DIRENT_H

#include <sys/types.h>

typedef struct openbsd_dir DIR;

struct dirent {
	ino_t d_fileno;
	off_t d_off;
	uint16_t d_reclen;
	uint8_t d_type, d_namlen;
	char d_name[256];
};
#define d_ino d_fileno
#define DT_UNKNOWN 0
#define DT_DIR 4
#define DT_REG 8
#define DT_LNK 10

int closedir(DIR *);
int dirfd(DIR *);
DIR *fdopendir(int);
DIR *opendir(const char *);
struct dirent *readdir(DIR *);
void rewinddir(DIR *);
void seekdir(DIR *, long);
long telldir(DIR *);

#endif
