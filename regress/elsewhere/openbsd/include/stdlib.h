#ifndef OPENBSD_STDLIB_H
#define OPENBSD_STDLIB_H

#include <sys/types.h>

#define EXIT_SUCCESS 0
#define EXIT_FAILURE 1

void abort(void) __attribute__((__noreturn__));
uint32_t arc4random(void);
void arc4random_buf(void *, size_t);
uint32_t arc4random_uniform(uint32_t);
int atexit(void (*)(void));
void *calloc(size_t, size_t);
void exit(int) __attribute__((__noreturn__));
void free(void *);
void freezero(void *, size_t);
char *getenv(const char *);
const char *getprogname(void);
int grantpt(int);
void *malloc(size_t);
int posix_openpt(int);
char *ptsname(int);
int putenv(char *);
void qsort(void *, size_t, size_t, int (*)(const void *, const void *));
void *realloc(void *, size_t);
void *reallocarray(void *, size_t, size_t);
char *realpath(const char *, char *);
void *recallocarray(void *, size_t, size_t, size_t);
int setenv(const char *, const char *, int);
long strtol(const char *, char **, int);
long long strtoll(const char *, char **, int);
long long strtonum(const char *, long long, long long, const char **);
unsigned long strtoul(const char *, char **, int);
unsigned long long strtoull(const char *, char **, int);
int unlockpt(int);
int unsetenv(const char *);

#endif
