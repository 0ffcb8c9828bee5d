/*
 * For tests of monitor/launch.c: launchers that are no processes but say what
 * a test has them say, in the place of priv/launcher and common/channel.c.
 */

#ifndef MONITOR_MAKER_H
#define MONITOR_MAKER_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#include "proto.h"

#define MAKER_PID 900 /* of the first; the second is the next one */

/* Start n launchers, of users www0 and so on; 0: priv makes children. */
void makers_start(size_t n);
/* Whose the nth is, for rules. */
struct runas *maker_user(size_t n);

/* Make a child at the nth, for a run; its number. */
uint32_t maker_asked(size_t n, const struct run *);

/*
 * What the nth says when it is read next: a child was made, or failed, with
 * so many streams, which it has said before.
 */
void maker_says(size_t n, uint32_t id, pid_t, enum stage, uint32_t streams);
void maker_says_stream(size_t n, uint32_t id, uint32_t stream, int fd);
/* It has hung up behind that. */
void maker_hangs_up(size_t n);
/* It says that it is making that one, in the memory that it shares. */
void maker_in_flight(size_t n, pid_t);

/* A turn of the loop: what launchers have said is handled. */
void makers_turn(void);

/* What spawn_child() says of the next child, where priv makes them. */
void maker_makes(pid_t, enum stage);

#endif
