%% What seccomp filters are written with, as lists of 8-byte instructions for
%% `prctl' and `seccomp' of proctor_prx: numbers as in linux/filter.h,
%% linux/bpf_common.h, linux/seccomp.h and linux/audit.h. Macros that stand for
%% more than one instruction are elements of a list, with commas between.

%% Classes, sizes, modes and operations.
-define(BPF_LD, 16#00).
-define(BPF_JMP, 16#05).
-define(BPF_RET, 16#06).
-define(BPF_W, 16#00).
-define(BPF_ABS, 16#20).
-define(BPF_K, 16#00).
-define(BPF_JA, 16#00).
-define(BPF_JEQ, 16#10).
-define(BPF_JGT, 16#20).
-define(BPF_JGE, 16#30).
-define(BPF_JSET, 16#40).

-define(BPF_JUMP(Code, K, True, False),
        <<(Code):16/native, (True):8, (False):8, (K):32/native>>).
-define(BPF_STMT(Code, K), ?BPF_JUMP(Code, K, 0, 0)).

%% What becomes of a call.
-define(SECCOMP_RET_KILL_PROCESS, 16#80000000).
-define(SECCOMP_RET_KILL, 16#00000000).
-define(SECCOMP_RET_TRAP, 16#00030000).
-define(SECCOMP_RET_ERRNO, 16#00050000).
-define(SECCOMP_RET_TRACE, 16#7ff00000).
-define(SECCOMP_RET_LOG, 16#7ffc0000).
-define(SECCOMP_RET_ALLOW, 16#7fff0000).
-define(SECCOMP_RET_DATA, 16#0000ffff).

%% Where a filter finds what, in struct seccomp_data.
-define(SECCOMP_DATA_NR, 0).
-define(SECCOMP_DATA_ARCH, 4).
-define(SECCOMP_DATA_ARG(N), (16 + 8 * (N))).

-define(AUDIT_ARCH_I386, 16#40000003).
-define(AUDIT_ARCH_X86_64, 16#c000003e).
-define(AUDIT_ARCH_ARM, 16#40000028).
-define(AUDIT_ARCH_AARCH64, 16#c00000b7).
-define(AUDIT_ARCH_RISCV64, 16#c00000f3).
-define(AUDIT_ARCH_PPC64LE, 16#c0000015).
-define(AUDIT_ARCH_S390X, 16#80000016).

%% That of this node. A filter for x86-64 has to know that x32 has the same.
-define(AUDIT_ARCH,
        case erlang:system_info(system_architecture) of
            "x86_64" ++ _ -> ?AUDIT_ARCH_X86_64;
            "aarch64" ++ _ -> ?AUDIT_ARCH_AARCH64;
            "i" ++ _ -> ?AUDIT_ARCH_I386;
            "arm" ++ _ -> ?AUDIT_ARCH_ARM;
            "riscv64" ++ _ -> ?AUDIT_ARCH_RISCV64;
            "powerpc64le" ++ _ -> ?AUDIT_ARCH_PPC64LE;
            "s390x" ++ _ -> ?AUDIT_ARCH_S390X
        end).

-define(VALIDATE_ARCHITECTURE(Arch),
        ?BPF_STMT(?BPF_LD + ?BPF_W + ?BPF_ABS, ?SECCOMP_DATA_ARCH),
        ?BPF_JUMP(?BPF_JMP + ?BPF_JEQ + ?BPF_K, Arch, 1, 0),
        ?BPF_STMT(?BPF_RET + ?BPF_K, ?SECCOMP_RET_KILL)).
-define(VALIDATE_ARCHITECTURE, ?VALIDATE_ARCHITECTURE(?AUDIT_ARCH)).

-define(EXAMINE_SYSCALL,
        ?BPF_STMT(?BPF_LD + ?BPF_W + ?BPF_ABS, ?SECCOMP_DATA_NR)).

-define(ALLOW_SYSCALL(Number),
        ?BPF_JUMP(?BPF_JMP + ?BPF_JEQ + ?BPF_K, Number, 0, 1),
        ?BPF_STMT(?BPF_RET + ?BPF_K, ?SECCOMP_RET_ALLOW)).
-define(DENY_SYSCALL(Number, Errno),
        ?BPF_JUMP(?BPF_JMP + ?BPF_JEQ + ?BPF_K, Number, 0, 1),
        ?BPF_STMT(?BPF_RET + ?BPF_K, ?SECCOMP_RET_ERRNO bor (Errno))).
-define(KILL_PROCESS, ?BPF_STMT(?BPF_RET + ?BPF_K, ?SECCOMP_RET_KILL)).
