/*
 * Lists of numbers as the kernel writes processors and memory nodes:
 * "0-3,5".
 */

#ifndef CPULIST_H
#define CPULIST_H

#include <stddef.h>
#include <stdint.h>

#define CPULIST_MAX 4096 /* bytes of any list of 1024, with a NUL */

/*
 * Read such a list of len bytes into max bits, a multiple of 64: bit n % 64 of
 * bits[n / 64] is n. 0, or -1 if it is none, is empty, or has a number that is
 * not below max; then bits mean nothing. Hostile text is what it is for.
 */
int
cpulist_read(const char *text, size_t len, uint64_t *bits, unsigned int max);

/*
 * Write max bits as the shortest such list, with a NUL, into size bytes, one at
 * least: its bytes without that, or 0 if there is no number (""), or no room.
 */
size_t
cpulist_write(char *buf, size_t size, const uint64_t *bits, unsigned int max);

#endif
