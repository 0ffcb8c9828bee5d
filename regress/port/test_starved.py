"""Calls for which the system has no memory or no descriptor at that moment:
they are made again, and nobody notices. strace plays the system."""

from case import LAUNCHER, check, expect, rows
from etf import A
from native import Native
from port import Port
from trace import Trace

SECTION = "5 starved:"
TEXT = b"a line\n" * 5000

STARVED = [
    (role, call, error)
    for role, call, errors in (
        ("broker", "read", ("ENOMEM",)), ("broker", "poll", ("ENOMEM",)),
        ("broker", "writev", ("ENOBUFS", "ENOMEM")),
        ("priv", "recvmsg", ("ENOMEM", "EMFILE", "ENOBUFS")),
        ("priv", "sendmsg", ("ENOMEM", "EMFILE", "ETOOMANYREFS")),
        ("priv", "writev", ("ENOMEM", "ENOBUFS")),
        ("priv", "ppoll", ("ENOMEM",)),
        ("launcher", "recvmsg", ("ENOMEM", "EMFILE")),
        ("launcher", "sendmsg", ("ENOMEM", "ENOBUFS")),
        ("launcher", "poll", ("ENOMEM",)),
        ("worker", "recvmsg", ("ENOMEM", "EMFILE", "ENOBUFS")),
        ("worker", "writev", ("ENOMEM", "ENOBUFS")),
        ("worker", "preadv2", ("ENOMEM", "ENOBUFS")))
    for error in errors
    # Only launchers send priv descriptors.
    if LAUNCHER or (role != "launcher"
                    and (role, call) != ("priv", "recvmsg"))]


def fail(p, role, call, error, when):
    """A filter would end a process whose call got another number; who is
    asked for its pid instead does nothing."""
    return Trace([p.ring()[role]], ["-e", "trace=" + call, "-e",
                 "inject=%s:error=%s:syscall=getpid:when=%s"
                 % (call, error, when)])


@rows(SECTION, [("%s of the %s's %s" % (error, role, call), role, call, error)
                for role, call, error in STARVED], limit=60)
def starved(role, call, error):
    with Port() as p:
        p.ring()
        trace = fail(p, role, call, error, "1..3")
        pids = [p.run("printf '%s'; exit 3" % TEXT.decode(), [A.stdout])
                for _ in range(3)]
        for pid in pids:
            expect(3 << 8, p.exit(pid, 10), "status")
            check(p.out(pid) == TEXT, "%d bytes", len(p.out(pid)))
        trace.stop()
        failed = [line for line in trace.text(p.ring()[role]).splitlines()
                  if "INJECTED" in line]
        check(failed, "it has not called %s", call)
        p.close()


@rows(SECTION + " what cannot be read is missing, and the exit says so:",
      [(error, error) for error in ("EIO", "ENXIO")], limit=60)
def unread(error):
    with Native() as p:
        trace = fail(p, "worker", "preadv2", error, "1+")
        pid = p.run("echo lost; exec sleep 1", [A.stdout])
        down = p.exit(pid, 10)
        trace.stop()
        check(down.get(A.truncated) == [A.stdout], "exit %s", down)
        p.close()
