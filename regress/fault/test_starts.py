"""A system call that fails in each process of the ring while it starts, the
same one in each, at its place: the port ends with a status and a word that say
so, and nobody is left, or it runs.

FAULT_PLACES=N has the first N places, and not only one. mmap(2) is left out,
as its first calls are the loader's, which ends in its own ways, and brk(2), as
the kernel has no error for it.
"""

import os
import shutil

import proc
from case import Failure, Skip, check, eventually, rows
from each import PLACES
from etf import A
from port import Port

SOON = 15
CALLS = (("socketpair", "EMFILE"), ("pipe2", "EMFILE"), ("openat", "EMFILE"),
         ("clone", "EAGAIN"),
         ("prctl", "EINVAL"), ("prlimit64", "EPERM"), ("dup2", "EBUSY"),
         ("fcntl", "EINVAL"), ("epoll_create1", "EMFILE"),
         ("pidfd_open", "EMFILE"), ("execve", "ENOMEM"), ("chdir", "EACCES"),
         ("seccomp", "EINVAL"), ("sendmsg", "ENOBUFS"), ("recvmsg", "ENOMEM"),
         ("setsid", "EPERM"), ("memfd_create", "EMFILE"))
# What ends before a line of ours runs, says the loader or the kernel.
STATUSES = (1, 5, 6, 127)


class Failing(Port):
    """In each process of it that call fails once, at that place."""

    def __init__(self, call, error, nth):
        self.inject = "inject=%s:error=%s:when=%d" % (call, error, nth)
        super().__init__()

    def _execve(self):
        tool = shutil.which("strace")
        os.execve(tool, [tool, "-f", "-q", "-o", "/dev/null", "-e",
                         self.inject, *self.argv], self.env)


def ends(p):
    """It may be over, or answer."""
    try:
        number = p.send((A.list,))
        p.wait(lambda: number in p.replies or p.eof, SOON)
    except (Failure, BrokenPipeError):
        pass
    return p.eof


@rows("starts:", [("%s of %s, each process's call %d" % (error, call, nth),
                   call, error, nth)
                  for call, error in CALLS for nth in range(1, PLACES + 1)],
      limit=60)
def starts(call, error, nth):
    if not shutil.which("strace"):
        raise Skip("no strace")
    with Failing(call, error, nth) as p:
        if not ends(p):
            p.close_input()
        check(p.wait(lambda: p.eof, SOON), "it hangs: %s", p.log())
        eventually(lambda: p._wait(0) or p.status is not None, SOON,
                   "its first process does not end")
        check(p.status in (0,) + STATUSES, "status %s: %s", p.status, p.log())
        check(p.status == 0 or p.log(), "not a word")
        p.nothing_left(3)
        # Who is killed as it writes has written a part of a frame.
        p.broken = [what for what in p.broken
                    if p.status == 0 or "unfinished frame" not in what]
        p.no_faults()
        p.closed = True
    proc.kill_all()
