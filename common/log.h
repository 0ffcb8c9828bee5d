/*
 * One line on standard error for every unexpected condition. A line is
 * written by one write(2) and never holds a control character, whatever a
 * peer put into the strings that it quotes.
 */

#ifndef LOG_H
#define LOG_H

#define LOG_LEVEL_MAX 10

/* who: a string that lives as long as the process, such as "broker". */
void log_init(const char *who, int level);

/*
 * 0 to LOG_LEVEL_MAX, as erlexec's clients send it; log_debug() writes from
 * level 1 on, and no other is different.
 */
void log_setlevel(int level);
int log_getlevel(void);

/* _warn and fatal add strerror(errno); the x forms do not. */
void log_warn(const char *, ...) __attribute__((__format__(printf, 1, 2)));
void log_warnx(const char *, ...) __attribute__((__format__(printf, 1, 2)));
void log_debug(const char *, ...) __attribute__((__format__(printf, 1, 2)));

/* End the process with EXIT_RING (proto.h): the ring is broken. */
void fatal(const char *, ...)
    __attribute__((__noreturn__, __format__(printf, 1, 2)));
void fatalx(const char *, ...)
    __attribute__((__noreturn__, __format__(printf, 1, 2)));

#endif
