/*
 * The limit of descriptors of our own processes.
 */

#ifndef NOFILE_H
#define NOFILE_H

/* As many descriptors as we may have: there are many children. */
void nofile_raise(void);

#endif
