/* What the switch itself tells the node, as terms and as events. */

#ifndef TASK_TELL_H
#define TASK_TELL_H

#include <sys/types.h>

#include <stdint.h>

struct task;

/* The answers to what has a sequence number. */
void tell_ok(uint32_t task, uint32_t seq);
void tell_value(uint32_t task, uint32_t seq, int64_t);
/* {error, {Stage, Errno, Detail}}, where a detail of NULL is a number. */
void tell_error(uint32_t task, uint32_t seq, const char *stage, int error,
    const char *detail, int64_t number);
/* The same as the one result of a batch. */
void tell_error_of_batch(uint32_t task, uint32_t seq, const char *stage,
    int error, const char *detail, int64_t number);

/* The list of all tasks. */
void tell_list(uint32_t task, uint32_t seq);

/* The first frame: root_pid is the root task's. */
void tell_hello(pid_t root_pid);

void tell_born(const struct task *, uint32_t seq);
void tell_exec(const struct task *, unsigned int streams);
void tell_eof(const struct task *, int stream, int error);
void tell_taken(const struct task *, uint32_t bytes);
void tell_exit(const struct task *);

/* The node has sent what cannot be: nothing is answered any more. */
void tell_broken(const char *what);

#endif
