/*
 * What this start is, for who reads the log.
 */

#ifndef START_MODE_H
#define START_MODE_H

/*
 * One line: the mode, and why it is that. Of a plain start of a program that
 * has no bit, which is what everybody expects, only with -debug. Behind
 * privdrop_choose(), as the log may be one that blocks before.
 */
void mode_tell(void);

#endif
