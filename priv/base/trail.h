/*
 * The system's log, which keeps who did what in whose name: one record of
 * authpriv for each, to journald in fields of its own, or to syslog in one
 * line. It is not our log, base/ownlog.h, which is the starter's.
 *
 * A record is begun, is added to and is sent. Nothing of this blocks, and
 * nothing fails: what is not taken is lost, and counted. What a record quotes
 * may come from anybody: its control characters, quotes, and all that is no
 * ASCII, are shown as \ and three octal digits.
 */

#ifndef BASE_TRAIL_H
#define BASE_TRAIL_H

#include <syslog.h>

#define TRAIL_PROGRAM_MAX 1024 /* of what is quoted, as it is shown */
#define TRAIL_ARGS_MAX 2048
#define TRAIL_WHY_MAX 512

/*
 * Reach it, while we are root, and for this process alone: 1, or 0: there is
 * none, and all of the others do nothing.
 */
int trail_open(void);
void trail_close(void);
int trail_is_open(void);

/* A record of that level, LOG_INFO say, which begins with that word. */
void trail_begin(int level, const char *what);

/* key=number, or a word that is ours. */
void trail_number(const char *key, long long);
void trail_word(const char *key, const char *);

/* key="text", cut to max bytes. */
void trail_quote(const char *key, const char *text, size_t max);

/* The same of what trail_escape() has made. */
void trail_raw(const char *key, const char *escaped);

/*
 * The text as it is shown, with a NUL, into buf; "..." at its end says that it
 * was cut. size is 8 or more. Returns its length.
 */
size_t trail_escape(char *buf, size_t size, const char *text);

/* Send it. What is lost is told with the next one that is not, or at the end.
 */
void trail_send(void);

#endif
