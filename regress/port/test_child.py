"""The state in which a child finds itself: PROTOCOL 3, ARCHITECTURE rule 1."""

import os
import signal

import proc
from case import OK, Skip, case, check, expect, rows
from etf import A
from port import Port, environment

SECTION = "3 child:"
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD, signal.SIGPIPE,
           signal.SIGUSR1, signal.SIGHUP, signal.SIGALRM, signal.SIGTTOU)


def output(p, cmd, options=()):
    """What a child that ends well writes."""
    pid = p.run(cmd, [A.stdout] + list(options))
    expect(0, p.exit(pid), "status")
    return p.out(pid).decode()


def fields(text):
    """/proc/PID/status as a dict."""
    return {key: value.strip() for key, _, value in
            (line.partition(":") for line in text.splitlines())}


# ls opens the directory: one descriptor more, the lowest that is free.
@rows(SECTION + " descriptors 0, 1, 2 and no other:", [
    ("stdout", [], "0 1 2 3"),
    ("stdin, stdout, stderr", [A.stdin, A.stderr], "0 1 2 3"),
    ("files", [(A.stdin, "/dev/null"), (A.stderr, "/dev/null")], "0 1 2 3"),
    ("{stderr, stdout}", [(A.stderr, A.stdout)], "0 1 2 3"),
    ("{stderr, close}", [(A.stderr, A.close)], "0 1 2"),
    ("{stdin, close}", [(A.stdin, A.close)], "0 1 2"),
])
def descriptors(options, want):
    with Port() as p:
        # Others must not show either.
        for _ in range(5):
            p.run(["/bin/sleep", "1000"], [A.stdin, A.stdout, A.stderr])
        found = output(p, ["/bin/ls", "/proc/self/fd"], options)
        check(found.split() == want.split(), "descriptors %s",
              found.split())


@rows(SECTION + " descriptors,", [
    ("the port started with 0 and 1 in use (-n)", dict(high=True)),
    ("-p 2", dict(packet=2)),
])
def descriptors_flags(options):
    with Port(**options) as p:
        found = output(p, ["/bin/ls", "/proc/self/fd"])
        check(found.split() == "0 1 2 3".split(), "descriptors %s",
              found.split())


@rows(SECTION + " no signal blocked or ignored, the starter has", [
    ("none", ()), ("eight blocked and ignored", SIGNALS)])
def signals(blocked):
    with Port(signals=blocked) as p:
        for cmd in (["/bin/cat", "/proc/self/status"],
                    "cat /proc/self/status"):
            got = fields(output(p, cmd))
            for name in ("SigBlk", "SigIgn", "SigPnd"):
                check(int(got[name], 16) == 0, "%s %s", name, got[name])


@case(SECTION + " its own process group")
def group():
    with Port() as p:
        pid = p.run(["/bin/sleep", "1000"])
        check(os.getpgid(pid) == pid, "group %d of %d", os.getpgid(pid),
              pid)
        other = p.run("sleep 1000")
        check(os.getpgid(other) == other, "group %d of %d",
              os.getpgid(other), other)


@case(SECTION + " priv is its parent")
def parent():
    with Port() as p:
        pid = p.run(["/bin/sleep", "1000"])
        check(proc.parent(pid) == p.ring()["priv"], "parent %d of ring %s",
              proc.parent(pid), p.ring())


@rows(SECTION + " RLIMIT_NOFILE", [
    ("100, 500", (100, 500)), ("500, 500", (500, 500)),
    ("1024, 4096", (1024, 4096)),
])
def nofile(limits):
    """As the starter's, whatever the port needs for itself."""
    with Port(nofile=limits) as p:
        got = output(p, "ulimit -Sn; ulimit -Hn")
        check(got.split() == [str(n) for n in limits], "limits %s", got)


@case(SECTION + " every other limit as the starter's")
def limits():
    with open("/proc/self/limits") as f:
        want = f.read()
    with Port() as p:
        got = output(p, ["/bin/cat", "/proc/self/limits"])
        check(got.split() == want.split(), "limits %s", got)


@case(SECTION + " no more in the environment than the starter's")
def no_extra_environment():
    env = environment(ONE="1", TWO="")
    with Port(env=env) as p:
        got = sorted(output(p, ["/usr/bin/env"]).splitlines())
        want = sorted("%s=%s" % kv for kv in env.items())
        check(got == want, "environment %s, not %s", got, want)


@case(SECTION + " umask as the starter's")
def umask():
    old = os.umask(0o027)
    try:
        with Port() as p:
            check(output(p, "umask").strip() == "0027", "umask")
    finally:
        os.umask(old)


@rows(SECTION + " {umask, N} instead of the starter's:", [
    ("0", 0, "0000"), ("8#77", 0o77, "0077"), ("8#777", 0o777, "0777")])
def umask_option(value, want):
    with Port() as p:
        got = output(p, "umask", [(A.umask, value)])
        check(got.strip() == want, "umask %s", got)
        check(output(p, "umask") != got, "of the next one, too")


@rows(SECTION + " {arg0, Name} is what it sees as its name:", [
    ("of a program", ["/bin/cat", "/proc/self/cmdline"], [],
     "name\0/proc/self/cmdline\0"),
    ("of a command line's shell", "echo $0", [], "name\n"),
    ("with {executable, File}", ["x", "/proc/self/cmdline"],
     [(A.executable, "/bin/cat")], "name\0/proc/self/cmdline\0"),
])
def arg0(cmd, options, want):
    with Port() as p:
        got = output(p, cmd, [(A.arg0, "name")] + options)
        check(got == want, "it sees %r", got)


@rows(SECTION + " {stderr, inherit}: the port program's own,", [
    ("alone", "echo said >&2", []),
    ("and stdout goes there", "echo said", [(A.stdout, A.stderr)]),
    ("on a terminal else", "echo said >&2", [A.pty, A.stdin, A.stdout]),
])
def stderr_inherit(cmd, options):
    with Port() as p:
        pid = p.run(cmd, [(A.stderr, A.inherit)] + options)
        expect(0, p.exit(pid), "status")
        check("said" in p.log(), "the log: %s", p.log())
        check(p.out(pid) == b"" and p.out(pid, A.stderr) == b"",
              "output came by the port")


@case(SECTION + " nice value as the starter's")
def nice():
    want = os.getpriority(os.PRIO_PROCESS, 0)
    with Port() as p:
        pid = p.run(["/bin/sleep", "1000"])
        got = os.getpriority(os.PRIO_PROCESS, pid)
        check(got == want, "nice %d", got)


@case(SECTION + " uid and gid as the starter's, in all four kinds")
def ids():
    with Port() as p:
        got = fields(output(p, ["/bin/cat", "/proc/self/status"]))
        check(got["Uid"].split() == [str(os.geteuid())] * 4, "Uid %s",
              got["Uid"])
        check(got["Gid"].split() == [str(os.getegid())] * 4, "Gid %s",
              got["Gid"])


@case(SECTION + " its stdout can be opened by name")
def dev_stdout():
    with Port() as p:
        check(output(p, "echo named >/dev/stdout") == "named\n", "output")


@case(SECTION + " pipes block")
def pipes_block():
    """A child need not know of EAGAIN: 1 MiB by one slow reader."""
    with Port() as p:
        pid = p.run("dd if=/dev/zero bs=1048576 count=1 2>/dev/null; "
                    "cat /proc/self/fdinfo/1 >&2", [A.stdout, A.stderr])
        p.reading = False
        p.pump(0.2)
        p.reading = True
        expect(0, p.exit(pid), "status")
        check(len(p.out(pid)) == 1 << 20, "%d bytes", len(p.out(pid)))
        flags = [line.split()[1] for line in
                 p.out(pid, A.stderr).decode().splitlines()
                 if line.startswith("flags:")]
        check(flags and not int(flags[0], 8) & os.O_NONBLOCK, "flags %s",
              flags)


# Its own child is traced by its parent, too (CLONE_PTRACE), which hears of
# that one's end, too, and looks whose it was.
TRACED = r"""
import ctypes, os, platform, signal, threading, time
libc = ctypes.CDLL(None)
clone = {"x86_64": 56, "aarch64": 220}.get(platform.machine(), -1)
def work():
    while True: time.sleep(1)
if libc.ptrace(0, 0, 0, 0) == -1 or clone == -1:
    os.write(1, b"refused\n")
    raise SystemExit
threading.Thread(target=work, daemon=True).start()
os.write(1, b"traced\n")
pid = libc.syscall(clone, 0x2000 | signal.SIGCHLD, 0, 0, 0, 0)
if pid == 0: os._exit(0)
os.kill(pid, signal.SIGKILL)
os.kill(os.getpid(), signal.SIGUSR1)
while True: time.sleep(1)
"""


@case(SECTION + " one that has its parent trace it has not ended")
def traced():
    with Port() as p:
        pid = p.run(["/usr/bin/python3", "-c", TRACED], [A.stdout])
        p.until(lambda: b"\n" in p.out(pid), "its first line")
        if p.out(pid) == b"refused\n":
            raise Skip("its parent is in a sandbox, or has fewer rights")
        # Whose SIGCHLD it was is looked up after a second.
        p.pump(2.5)
        check(not p.exits[pid], "told: %s", p.exits[pid])
        expect([pid], p.ask(A.list), "list")
        expect(OK, p.ask(A.kill, pid, 9))
        expect(9, p.exit(pid), "status")
