/*
 * The end of whoever has the other end of a descriptor, without reading it.
 */

#ifndef COMPAT_HANGUP_H
#define COMPAT_HANGUP_H

/*
 * A descriptor that polls readable once the other end of fd is gone: of a pipe,
 * a terminal or a local socket. -1 where fd has none, or the system cannot
 * tell.
 */
int hangup_open(int fd);

#endif
