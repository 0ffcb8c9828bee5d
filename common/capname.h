#ifndef CAPNAME_H
#define CAPNAME_H

/* The number of a Linux capability, "cap_kill" or "kill"; -1 if unknown. */
int capname_number(const char *);

/* Its name without "cap_"; NULL if there is none with that number. */
const char *capname(int);

#endif
