"""A Port that is started by somebody else than the one who runs the cases.

Only root can do that; the cases about it are skipped for others, except
where those are just whom the case wants.
"""

import os
import subprocess

import port
from case import ROOT, Skip

SETPRIV = "/usr/bin/setpriv"
NOBODY = 65534


class Starter(port.Port):
    """The program, started through setpriv(1) with these flags."""

    def __init__(self, flags, *args, **more):
        self.flags = flags
        super().__init__(*args, **more)

    def _exec(self, child_in, child_out):
        if self.flags:
            self.argv[:0] = [SETPRIV, *self.flags]
        super()._exec(child_in, child_out)


def usable(flags):
    """Skip the case unless the program can be started like that."""
    if not os.access(SETPRIV, os.X_OK):
        raise Skip("no setpriv(1)")
    done = subprocess.run([SETPRIV, *flags, port.PROGRAM, "--version"],
                          stdin=subprocess.DEVNULL, capture_output=True,
                          check=False)
    if done.returncode != 0:
        raise Skip("setpriv: %r" % done.stderr[-100:])


PLAIN = ["--reuid=%d" % NOBODY, "--regid=%d" % NOBODY, "--clear-groups"]


def started(flags, *args, **more):
    usable(flags)
    return Starter(flags, *args, user=False, cwd="/", **more)


def plain(*args, **more):
    """A Port whose starter is not root."""
    if not ROOT:
        return port.Port(*args, **more)
    return started(PLAIN + ["--inh-caps=-all", "--ambient-caps=-all"],
                   *args, **more)


def holding(*names):
    """A Port whose starter is not root but has capabilities to hand on."""
    if not ROOT:
        raise Skip("needs root")
    caps = ",".join("+" + name for name in names)
    return started(PLAIN + ["--inh-caps=" + caps, "--ambient-caps=" + caps])
