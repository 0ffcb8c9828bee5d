#ifndef ERRNAME_H
#define ERRNAME_H

/* An errno as Erlang names it: "eperm". "unknown" if it has no name here. */
const char *errname(int);

#endif
