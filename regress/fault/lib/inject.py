"""One system call of one process that fails, by strace."""

import os

import proc
from trace import Trace


class Fault:
    """From now on the process's call number nth fails with that error. What
    is called in its place is getpid, as a filter would end who calls what is
    none. Not alone: so does that of each process that it makes.
    """

    def __init__(self, pid, call, error, nth=1, alone=True):
        self.pid = pid
        self.trace = Trace([pid], ["-e", "trace=" + call, "-e",
                                   "inject=%s:error=%s:syscall=getpid:when=%s"
                                   % (call, error, nth)], alone)

    def hit(self):
        """Has it failed?"""
        name = os.path.basename(self.trace.prefix)
        for entry in os.listdir(self.trace.directory.name):
            if entry.startswith(name):
                with open(os.path.join(self.trace.directory.name, entry),
                          errors="replace") as f:
                    if "(INJECTED)" in f.read():
                        return True
        return False

    def stop(self):
        """Let it go; it may be dead."""
        self.trace.stop()


def seen(ring, function):
    """{role: {call}} that these make while function works, each process with
    what it makes before it becomes a program of somebody else's."""
    trace = Trace(list(ring.values()))
    function()
    trace.stop()
    roles = {pid: role for role, pid in ring.items()}
    found = {}
    for entry in os.listdir(trace.directory.name):
        role = roles.get(int(entry.rsplit(".", 1)[1]), "child")
        with open(os.path.join(trace.directory.name, entry),
                  errors="replace") as f:
            for line in f:
                call = line.split("(")[0]
                if not call.isidentifier():
                    continue
                found.setdefault(role, set()).add(call)
                if call == "execve":
                    break
    return found
