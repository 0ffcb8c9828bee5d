#ifndef OPENBSD_STDIO_H
#define OPENBSD_STDIO_H

#include <sys/types.h>
#include <stdarg.h>

typedef struct openbsd_file {
	void *what;
} FILE;

extern FILE __stdin[], __stdout[], __stderr[];
#define stdin __stdin
#define stdout __stdout
#define stderr __stderr
#define EOF (-1)
#define BUFSIZ 1024
#define SEEK_SET 0
#define SEEK_CUR 1
#define SEEK_END 2
#define _IOLBF 1

int asprintf(char **, const char *, ...)
    __attribute__((__format__(printf, 2, 3)));
int dprintf(int, const char *, ...) __attribute__((__format__(printf, 2, 3)));
int fclose(FILE *);
FILE *fdopen(int, const char *);
int feof(FILE *);
int ferror(FILE *);
int fflush(FILE *);
char *fgets(char *, int, FILE *);
int fileno(FILE *);
FILE *fopen(const char *, const char *);
int fprintf(FILE *, const char *, ...)
    __attribute__((__format__(printf, 2, 3)));
int fputs(const char *, FILE *);
ssize_t getline(char **, size_t *, FILE *);
void perror(const char *);
int printf(const char *, ...) __attribute__((__format__(printf, 1, 2)));
int puts(const char *);
int rename(const char *, const char *);
int setvbuf(FILE *, char *, int, size_t);
int snprintf(char *, size_t, const char *, ...)
    __attribute__((__format__(printf, 3, 4)));
int sscanf(const char *, const char *, ...)
    __attribute__((__format__(scanf, 2, 3)));
int vasprintf(char **, const char *, va_list)
    __attribute__((__format__(printf, 2, 0)));
int vfprintf(FILE *, const char *, va_list)
    __attribute__((__format__(printf, 2, 0)));
int vsnprintf(char *, size_t, const char *, va_list)
    __attribute__((__format__(printf, 3, 0)));

#endif
