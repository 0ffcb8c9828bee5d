/*
 * Standard error, which is the log, where children are other users'.
 */

#ifndef BASE_OWNLOG_H
#define BASE_OWNLOG_H

/*
 * Open it again, so that it cannot be read, as a terminal of the starter's
 * could, and does not block. Its flags are this process's then, and those that
 * it forks: whoever may be taken over has one of its own. While we are root.
 */
void ownlog_open(void);

#endif
