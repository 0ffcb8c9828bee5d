/*
 * A system call filter as it is written, an instruction after the other. It
 * sees a call's number and its arguments, each of which has 64 bits in two
 * halves.
 */

#ifndef COMPAT_BPF_LINUX_H
#define COMPAT_BPF_LINUX_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>

#define PROGRAM_MAX 2048

struct bpf {
	struct sock_filter code[PROGRAM_MAX];
	unsigned short len;
	int full; /* there was no room, or a jump too far: not to be used */
};

/* Do we know this machine's numbers, and the order of arguments? 1 or 0. */
int bpf_known(void);

/* Calls of another machine's numbers, and of x32, end in those. */
void bpf_begin(struct bpf *, uint32_t foreign, uint32_t x32);

/* The number, or an argument's half (0 is the lower), is what is tested. */
void bpf_number(struct bpf *);
void bpf_argument(struct bpf *, unsigned int arg, unsigned int half);
/* And its bits of k alone. */
void bpf_and(struct bpf *, uint32_t k);

/* BPF_JEQ, BPF_JSET, BPF_JGE: pass over so many instructions if so, or not. */
void bpf_jump(struct bpf *, int how, uint32_t k, size_t yes, size_t no);
/* Go on with the next instruction if it is equal, else pass over some. */
void bpf_unless(struct bpf *, uint32_t k, size_t skip);
void bpf_give(struct bpf *, uint32_t action);

#endif
