/*
 * Broker and worker, and the channels to them.
 */

#ifndef START_RING_H
#define START_RING_H

#include "policy/starter.h"
#include "start/args.h"

/*
 * Start them; the port is theirs from then on, and monitor/channels.h has the
 * channels. Fatal on failure.
 */
void ring_start(const struct starter_env *, const struct args *);

#endif
