"""A fault of a process's own: a SIGSEGV that others send it may be blocked,
as all are that ours do not wait for."""

import ctypes
import os
import platform
import signal

from case import Skip, check

SEIZE, INTERRUPT, DETACH = 0x4206, 0x4207, 17
GETREGSET, SETREGSET, NT_PRSTATUS = 0x4204, 0x4205, 1
WALL = 0x40000000
# Of the registers: which is the counter, and the call that would go on.
PLACES = {"x86_64": (16, 15), "aarch64": (32, None)}


class _Iovec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("len", ctypes.c_size_t)]


def _ptrace(request, pid, addr=0, data=None):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_int, ctypes.c_void_p,
                            ctypes.c_void_p]
    libc.ptrace.restype = ctypes.c_long
    if libc.ptrace(request, pid, addr, data) == -1:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


def _aim(pid):
    """Held, and to go on where nothing is."""
    counter, call = PLACES[platform.machine()]
    _ptrace(SEIZE, pid)
    _ptrace(INTERRUPT, pid)
    _, status = os.waitpid(pid, WALL)
    check(os.WIFSTOPPED(status), "status %x", status)
    registers = (ctypes.c_ulong * 64)()
    iov = _Iovec(ctypes.addressof(registers), ctypes.sizeof(registers))
    _ptrace(GETREGSET, pid, NT_PRSTATUS, ctypes.addressof(iov))
    registers[counter] = 0
    if call is not None:
        registers[call] = ctypes.c_ulong(-1).value
    _ptrace(SETREGSET, pid, NT_PRSTATUS, ctypes.addressof(iov))


def crash(*pids):
    """All of them die by SIGSEGV, at once."""
    if platform.machine() not in PLACES:
        raise Skip("nobody has said where the program counter is")
    if os.geteuid() != 0:
        raise Skip("only root may trace ours")
    for pid in pids:
        _aim(pid)
    for pid in pids:
        try:
            _ptrace(DETACH, pid)
        except ProcessLookupError:
            os.waitpid(pid, WALL)   # the first has taken it with it
