#ifndef CAPNAME_H
#define CAPNAME_H

/* The number of a Linux capability, "cap_kill" or "kill"; -1 if unknown. */
int capname_number(const char *);

#endif
