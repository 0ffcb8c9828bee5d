/*
 * Counts what is allocated. The linker is told to let these stand before the
 * library's: --wrap of each, in build.sh.
 */

#ifndef ALLOC_UTIL_H
#define ALLOC_UTIL_H

#include <sys/types.h>
#include <sys/mman.h>

#include <stddef.h>

static size_t alloc_count; /* calls that allocate */
static long alloc_live; /* blocks that were not freed */
static int alloc_fail; /* there is no memory */

void *__real_malloc(size_t);
void *__real_calloc(size_t, size_t);
void *__real_reallocarray(void *, size_t, size_t);
void __real_free(void *);
/* What glibc calls an mmap with an off_t of 64 bits. */
#ifdef __GLIBC__
#define __real_mmap __real_mmap64
#define __wrap_mmap __wrap_mmap64
#endif
void *__real_mmap(void *, size_t, int, int, int, off_t);
int __real_munmap(void *, size_t);
void *__wrap_malloc(size_t);
void *__wrap_calloc(size_t, size_t);
void *__wrap_reallocarray(void *, size_t, size_t);
void __wrap_free(void *);
void *__wrap_mmap(void *, size_t, int, int, int, off_t);
int __wrap_munmap(void *, size_t);

void *
__wrap_malloc(size_t n)
{
	if (alloc_fail)
		return (NULL);
	alloc_count++;
	alloc_live++;
	return (__real_malloc(n));
}

void *
__wrap_calloc(size_t n, size_t size)
{
	if (alloc_fail)
		return (NULL);
	alloc_count++;
	alloc_live++;
	return (__real_calloc(n, size));
}

void *
__wrap_reallocarray(void *p, size_t n, size_t size)
{
	if (alloc_fail)
		return (NULL);
	alloc_count++;
	alloc_live += p == NULL;
	return (__real_reallocarray(p, n, size));
}

void
__wrap_free(void *p)
{
	alloc_live -= p != NULL;
	__real_free(p);
}

void *
__wrap_mmap(void *p, size_t len, int prot, int flags, int fd, off_t off)
{
	if (alloc_fail)
		return (MAP_FAILED);
	alloc_count++;
	alloc_live++;
	return (__real_mmap(p, len, prot, flags, fd, off));
}

int
__wrap_munmap(void *p, size_t len)
{
	alloc_live--;
	return (__real_munmap(p, len));
}

#endif
