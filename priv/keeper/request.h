/*
 * What priv can ask the keeper.
 */

#ifndef KEEPER_REQUEST_H
#define KEEPER_REQUEST_H

#include "dispatch.h"

extern const struct dispatch keeper_table[];
extern const size_t keeper_rows;

/* To be called first: how many users there are. */
void request_init(uint32_t users);

#endif
