/*
 * Children of priv that are in no table: what a child, or a launcher that was
 * taken over, has made with CLONE_PARENT. That all children need not be looked
 * through for them whenever one ends, their ends are noticed by the sum: each
 * SIGCHLD has a child that we reap, or it is one of these. Those that live are
 * found when all others have ended, by the reaper, and end like these.
 */

#ifndef MONITOR_STRAY_H
#define MONITOR_STRAY_H

/* A turn of the loop begins. came: was there a SIGCHLD since the last one? */
void stray_signal(int came);

/*
 * Take in those that live, now that every child that was asked for has been
 * named, so that they end as others do. How many there were.
 */
int stray_adopt(void);

#endif
