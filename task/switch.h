/* The switch: between the node and tasks. */

#ifndef TASK_SWITCH_H
#define TASK_SWITCH_H

/*
 * Be it, until the tree has ended. Standard input and output are the node's.
 * root is what the root task does, in a process of its own.
 */
void switch_main(void (*root)(int)) __attribute__((__noreturn__));

#endif
