#ifndef LAUNCHER_STATE_H
#define LAUNCHER_STATE_H

#include <sys/types.h>

#include <stddef.h>

struct dispatch;
struct spawn_base;

/* A launcher that nothing was asked of yet: what it may be sent. */
const struct dispatch *
launcher_begin(size_t *rows, const struct spawn_base *, pid_t *board);

#endif
