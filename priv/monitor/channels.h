/*
 * priv's channels to broker, worker and keeper; see ring.h for who opens them.
 */

#ifndef MONITOR_CHANNELS_H
#define MONITOR_CHANNELS_H

#include "dispatch.h"

extern struct channel broker_channel;
extern struct channel worker_channel;
extern struct channel keeper_channel; /* closed, if there are no leaves */

#endif
