/*
 * priv's channels to broker, worker and keeper; see ring.h for who opens
 * them. Where there are no leaves that to the keeper is closed.
 */

#ifndef MONITOR_CHANNELS_H
#define MONITOR_CHANNELS_H

#include "dispatch.h"

extern struct channel broker_channel;
extern struct channel worker_channel;
extern struct channel keeper_channel;

#endif
