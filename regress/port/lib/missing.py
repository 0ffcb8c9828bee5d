"""A system that lacks a call, as older kernels and containers do.

without() is called in the process that becomes a program: from there on the
system answers these calls with an error, to the program and to all that it
starts. What a filter cannot take away here is not a call but a value of an
argument, for which there are rows of their own in FEATURES.
"""

import ctypes
import errno
import platform
import struct

from case import ROOT, Skip

SET_NO_NEW_PRIVS, SET_SECCOMP, FILTER = 38, 22, 2
LOAD, EQUAL, BITS, RETURN = 0x20, 0x15, 0x45, 0x06
ALLOW, ERROR = 0x7fff0000, 0x00050000

# Calls that have another number on each machine; newer ones have not.
OLD = {
    "x86_64": {"splice": 275, "tee": 276, "vmsplice": 278, "statx": 332,
               "preadv2": 327, "pwritev2": 328, "prctl": 157, "seccomp": 317,
               "getrandom": 318, "memfd_create": 319, "waitid": 247,
               "execveat": 322, "copy_file_range": 326, "signalfd4": 289},
    "aarch64": {"splice": 76, "tee": 77, "vmsplice": 75, "statx": 291,
                "preadv2": 286, "pwritev2": 287, "prctl": 167,
                "seccomp": 277, "getrandom": 278, "memfd_create": 279,
                "waitid": 95, "execveat": 281, "copy_file_range": 285,
                "signalfd4": 74},
}
NEW = {"pidfd_send_signal": 424, "pidfd_open": 434, "clone3": 435,
       "close_range": 436, "openat2": 437, "pidfd_getfd": 438,
       "epoll_pwait2": 441, "landlock_create_ruleset": 444,
       "landlock_add_rule": 445, "landlock_restrict_self": 446,
       "process_mrelease": 448, "fchmodat2": 452}

# What may be missing: its calls, or (call, argument, value).
FEATURES = {
    "pidfd_open": ["pidfd_open"],
    "pidfd_send_signal": ["pidfd_send_signal"],
    "pidfds": ["pidfd_open", "pidfd_send_signal", "pidfd_getfd"],
    "clone3": ["clone3"],
    "close_range": ["close_range"],
    "Landlock": ["landlock_create_ruleset", "landlock_add_rule",
                 "landlock_restrict_self"],
    "openat2": ["openat2"],
    "splice": ["splice", "tee", "vmsplice"],
    "statx": ["statx"],
    "preadv2": ["preadv2", "pwritev2"],
    # As the first on Linux before 6.5, where pipes do not know it.
    "preadv2 and splice": ["preadv2", "pwritev2", "splice", "tee",
                           "vmsplice"],
    "epoll_pwait2": ["epoll_pwait2"],
    "getrandom": ["getrandom"],
    "seccomp": ["seccomp", ("prctl", 0, SET_SECCOMP)],
}
FEATURES["what came after Linux 4.11"] = sum(
    (FEATURES[f] for f in ("pidfds", "clone3", "close_range", "Landlock",
                           "openat2", "epoll_pwait2")), ["fchmodat2"])


def _number(name):
    if name in NEW:
        return NEW[name]
    machine = platform.machine()
    if machine not in OLD:
        raise Skip("the numbers of %s are not known here" % machine)
    return OLD[machine][name]


def _op(code, value, yes=0, no=0):
    return struct.pack("=HBBI", code, yes, no, value)


def _program(calls, error):
    answer = _op(RETURN, ERROR | error)
    code = b""
    for call in calls:
        name, *value = (call,) if isinstance(call, str) else call
        if value:
            code += (_op(LOAD, 0) + _op(EQUAL, _number(name), 0, 3)
                     + _op(LOAD, 16 + 8 * value[0])
                     + _op(EQUAL, value[1], 0, 1) + answer)
        else:
            code += _op(LOAD, 0) + _op(EQUAL, _number(name), 0, 1) + answer
    return code + _op(RETURN, ALLOW)


def without(feature, error):
    """What Port and Tree call before the program: see above."""
    code = _program(FEATURES[feature], getattr(errno, error))
    libc = ctypes.CDLL(None, use_errno=True)

    class Program(ctypes.Structure):
        _fields_ = [("len", ctypes.c_ushort), ("code", ctypes.c_char_p)]

    def take_away():
        if not ROOT:
            libc.prctl(SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        if libc.prctl(SET_SECCOMP, FILTER,
                      ctypes.byref(Program(len(code) // 8, code)), 0, 0):
            raise OSError(ctypes.get_errno(), "a filter")
    return take_away
