/* The tables of handlers that calls.c puts together. */

#ifndef TASK_CALLS_H
#define TASK_CALLS_H

#include "call.h"

extern const struct call_handler call_file_handlers[];
extern const struct call_handler call_path_handlers[];
extern const struct call_handler call_id_handlers[];
extern const struct call_handler call_proc_handlers[];
extern const struct call_handler call_env_handlers[];
extern const struct call_handler call_net_handlers[];
extern const struct call_handler call_name_handlers[];
/* Those that make something of the task: see fork.h and so on. */
extern const struct call_handler fork_handlers[];
extern const struct call_handler exec_handlers[];
extern const struct call_handler reexec_handlers[];
extern const struct call_handler caught_handlers[];
extern const struct call_handler filter_handlers[];
/* Of this system alone: ./configure chooses the file. */
extern const struct call_handler call_system_handlers[];

#endif
