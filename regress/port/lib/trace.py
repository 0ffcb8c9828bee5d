"""Processes that are held or watched as a debugger would."""

import ctypes
import os
import shutil
import signal
import tempfile

import proc
from case import Skip, eventually


class Trace:
    """strace attached to some processes; the calls of each afterwards.

    more is for strace: what else it is to do to them. alone: to this one
    only, and not to what it makes.
    """

    def __init__(self, pids, more=(), alone=False):
        self.pids = pids
        self.directory = tempfile.TemporaryDirectory()
        self.prefix = self.directory.name + "/trace"
        tool = shutil.which("strace")
        if not tool:
            raise Skip("no strace")
        argv = [tool, "-q", "-yy", "-s", "64", *more]
        argv += ["-o", "%s.%d" % (self.prefix, pids[0])] if alone else [
            "-ff", "-o", self.prefix]
        for pid in pids:
            argv += ["-p", str(pid)]
        self.pid = os.fork()
        if self.pid == 0:
            try:
                null = os.open("/dev/null", os.O_RDWR)
                for fd in (0, 1, 2):
                    os.dup2(null, fd)
                os.execv(tool, argv)
            finally:
                os._exit(127)
        self.ended = False
        eventually(self._attached, 3, "strace cannot attach")

    def _attached(self):
        ended, status = os.waitpid(self.pid, os.WNOHANG)
        if ended:
            self.ended = True
            if status == 0:     # so have they
                return True
            raise Skip("strace is not allowed to attach")
        return all(proc.status(pid).get("TracerPid") == str(self.pid)
                   for pid in self.pids)

    def text(self, pid):
        """What was noted of it so far."""
        with open("%s.%d" % (self.prefix, pid), errors="replace") as f:
            return f.read()

    def stop(self):
        """{pid: [(call, line)]}"""
        if not self.ended:
            os.kill(self.pid, signal.SIGINT)
            os.waitpid(self.pid, 0)
            self.ended = True
        calls = {}
        for pid in self.pids:
            with open("%s.%d" % (self.prefix, pid),
                      errors="replace") as f:
                calls[pid] = [(line.split("(")[0], line) for line in f]
        return calls


PTRACE_CONT = 7
PTRACE_SEIZE = 0x4206
PTRACE_O_TRACEEXIT = 0x40
WALL = 0x40000000


def ptrace(what, pid, data=None):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p,
                            ctypes.c_void_p]
    libc.ptrace.restype = ctypes.c_long
    if libc.ptrace(what, pid, None, data) == -1:
        raise Skip("ptrace: %s" % os.strerror(ctypes.get_errno()))


def seize(pid, options=0):
    """Become its tracer."""
    ptrace(PTRACE_SEIZE, pid, options)


def resume(pid):
    ptrace(PTRACE_CONT, pid)


class Held:
    """A dead process whose tracer does not wait for it before it may."""

    def __init__(self, pid):
        self.pid = pid
        seize(pid)

    def __enter__(self):
        os.kill(self.pid, signal.SIGKILL)
        eventually(lambda: proc.state(self.pid) == "Z", 2, "it lives")
        return self

    def __exit__(self, kind, value, trace):
        os.waitpid(self.pid, WALL)
