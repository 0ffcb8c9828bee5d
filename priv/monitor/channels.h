/*
 * priv's channels to broker and worker; see ring.h for who opens them.
 */

#ifndef MONITOR_CHANNELS_H
#define MONITOR_CHANNELS_H

#include "dispatch.h"

extern struct channel broker_channel;
extern struct channel worker_channel;

#endif
