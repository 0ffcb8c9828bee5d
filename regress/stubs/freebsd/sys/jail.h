/* What FreeBSD's sys/jail.h has, as far as tasks need it. */

#ifndef STUBS_JAIL_H
#define STUBS_JAIL_H

#include <stdint.h>

struct jail {
	uint32_t version;
	char *path;
	char *hostname;
	char *jailname;
	uint32_t ip4s;
	uint32_t ip6s;
	void *ip4;
	void *ip6;
};

int jail(struct jail *);
int jail_attach(int);
int jail_remove(int);

#endif
