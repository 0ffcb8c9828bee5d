/*
 * Children of priv that are in no table: what a child, or a launcher that was
 * taken over, has made with CLONE_PARENT. That all children need not be looked
 * through for them whenever one ends, their ends are noticed by the sum: each
 * SIGCHLD has a child that we reap, or it is one of these. Those that live are
 * found when all others have ended, by the reaper, and end like these.
 */

#ifndef MONITOR_STRAY_H
#define MONITOR_STRAY_H

/*
 * All that has ended in this turn of the loop was reaped. Only now, so that a
 * signal that is explained at once sets no timer: with one each poll(2) costs
 * more.
 */
void stray_check(void);

/*
 * Take in those that live, now that every child that was asked for has been
 * named, so that they end as others do. How many there were.
 */
int stray_adopt(void);

#endif
