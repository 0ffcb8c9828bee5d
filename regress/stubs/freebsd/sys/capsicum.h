/* What FreeBSD's sys/capsicum.h has, as far as tasks need it. */

#ifndef STUBS_CAPSICUM_H
#define STUBS_CAPSICUM_H

#include <sys/types.h>

#include <stdint.h>

typedef struct {
	uint64_t cr_rights[2];
} cap_rights_t;

cap_rights_t *cap_rights_init(cap_rights_t *, ...);
cap_rights_t *cap_rights_set(cap_rights_t *, ...);
int cap_enter(void);
int cap_getmode(unsigned int *);
int cap_rights_limit(int, const cap_rights_t *);
int cap_fcntls_limit(int, uint32_t);
int cap_fcntls_get(int, uint32_t *);
int cap_ioctls_limit(int, const unsigned long *, size_t);

#endif
