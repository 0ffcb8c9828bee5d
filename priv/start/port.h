/*
 * The port: two descriptors that the node has opened, or whoever started us.
 */

#ifndef START_PORT_H
#define START_PORT_H

#include "start/args.h"

#define PORT_MAX 4 /* the highest descriptor that it can have */

/*
 * See that the port is one that bytes come from and go to, and close what of
 * the descriptors up to PORT_MAX it is not. Exits, after a line in the log, if
 * it is none.
 */
void port_check(const struct args *);

#endif
