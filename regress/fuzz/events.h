#ifndef EVENTS_H
#define EVENTS_H

#include <stdint.h>

/* What time it is, in ms. */
extern int64_t events_now;

#endif
