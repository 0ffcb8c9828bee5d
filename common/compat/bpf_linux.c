/* Writes system call filters: see bpf_linux.h. */

#include "compat/bpf_linux.h"

#include <linux/audit.h>

/* The machines whose numbers and argument order we know. */
#if defined(__x86_64__) && !defined(__ILP32__)
#define MACHINE AUDIT_ARCH_X86_64
#elif defined(__aarch64__) && defined(__LP64__) && defined(__AARCH64EL__)
#define MACHINE AUDIT_ARCH_AARCH64
#elif defined(__arm__) && defined(__ARM_EABI__) && defined(__ARMEL__)
#define MACHINE AUDIT_ARCH_ARM
#else
#define MACHINE 0
#endif
#define X32_BIT 0x40000000U /* on x86_64; no call of others is as high */

int
bpf_known(void)
{
	return (MACHINE != 0);
}

static void
emit(struct bpf *p, int code, uint32_t k, size_t yes, size_t no)
{
	struct sock_filter *f;

	if (p->len == PROGRAM_MAX || yes > UINT8_MAX || no > UINT8_MAX) {
		p->full = 1;
		return;
	}
	f = &p->code[p->len++];
	f->code = (uint16_t)code;
	f->k = k;
	f->jt = (uint8_t)yes;
	f->jf = (uint8_t)no;
}

static void
load(struct bpf *p, size_t offset)
{
	emit(p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

void
bpf_number(struct bpf *p)
{
	load(p, offsetof(struct seccomp_data, nr));
}

/* Half 0 is the lower one: MACHINE is little-endian. */
void
bpf_argument(struct bpf *p, unsigned int arg, unsigned int half)
{
	load(p, offsetof(struct seccomp_data, args) + arg * sizeof(uint64_t) +
		    half * sizeof(uint32_t));
}

void
bpf_and(struct bpf *p, uint32_t k)
{
	emit(p, BPF_ALU | BPF_AND | BPF_K, k, 0, 0);
}

void
bpf_jump(struct bpf *p, int how, uint32_t k, size_t yes, size_t no)
{
	emit(p, BPF_JMP | BPF_K | how, k, yes, no);
}

void
bpf_unless(struct bpf *p, uint32_t k, size_t skip)
{
	bpf_jump(p, BPF_JEQ, k, 0, skip);
}

void
bpf_give(struct bpf *p, uint32_t action)
{
	emit(p, BPF_RET | BPF_K, action, 0, 0);
}

void
bpf_begin(struct bpf *p, uint32_t foreign, uint32_t x32)
{
	p->len = 0;
	p->full = 0;
	load(p, offsetof(struct seccomp_data, arch));
	bpf_jump(p, BPF_JEQ, MACHINE, 1, 0);
	bpf_give(p, foreign);
	bpf_number(p);
	bpf_jump(p, BPF_JGE, X32_BIT, 0, 1);
	bpf_give(p, x32);
}
