/*
 * kqueue(2), so that what uses it can be compiled where there is none: as it is
 * declared for OpenBSD.
 */

#include <stdint.h>

#include "../../elsewhere/openbsd/include/sys/event.h"
