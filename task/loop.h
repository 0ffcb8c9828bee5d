/* What a task does. */

#ifndef TASK_LOOP_H
#define TASK_LOOP_H

/*
 * Be a task: with TASK_CHANNEL_FD as its channel, whose other end is the
 * switch's, and nothing else of ours but 0, 1 and 2. again: reexec_resume() has
 * said so. Ends with the channel, with the parent, or when it is asked to.
 */
void task_main(int again) __attribute__((__noreturn__));

#endif
