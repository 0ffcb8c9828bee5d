/*
 * All that priv can be asked, and by whom; see dispatch.h.
 */

#ifndef MONITOR_TABLE_H
#define MONITOR_TABLE_H

#include <stddef.h>

#include "dispatch.h"

extern const struct dispatch priv_broker_table[];
extern const size_t priv_broker_rows;
extern const struct dispatch priv_worker_table[];
extern const size_t priv_worker_rows;
extern const struct dispatch priv_launcher_table[];
extern const size_t priv_launcher_rows;
extern const struct dispatch priv_keeper_table[];
extern const size_t priv_keeper_rows;

#endif
