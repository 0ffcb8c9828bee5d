"""ARCHITECTURE, rules 6 and 7: what children leave behind, and who ends it.

Orphans fall to the reaper, so that priv has no child that it does not know
and never has to look through all of them.
"""

import ctypes
import errno
import os
import platform
import re
import signal
import struct
import sys
import tempfile
import time

import proc
from case import OK, Skip, case, check, eventually, expect, rows
from etf import A
from patience import Limit
from port import Port
from sisters import SISTERS
from family import gone, mark, start
from foreign import Foreign
from trace import Trace

ORPHANS = "5 orphans:"
DAEMON = "setsid sleep 1000 & exit 0"

# It has its group's next member ready before it can be killed.
HYDRA = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
end = time.monotonic() + 60
os.write(1, b"ready\\n")
if os.fork():
    os._exit(0)
while time.monotonic() < end:
    pid = os.getpid()
    if os.fork():
        time.sleep(60)
        os._exit(0)
    while os.getppid() == pid:
        time.sleep(0.0001)
"""


def leave(p, count, command=DAEMON):
    """Children that have ended and left an orphan each: their mark."""
    entry = mark()
    numbers = [p.send((A.run, command, [(A.env, [entry])]))
               for _ in range(count)]
    for number in numbers:
        p.exit(p.reply(number)[1])
    eventually(lambda: len(proc.marked(entry)) == count, 5, lambda: (
        "%d orphans of %d" % (len(proc.marked(entry)), count)))
    return entry


def killer(role):
    return lambda p: os.kill(p.ring()[role], signal.SIGKILL)


@case(ORPHANS + " they are the reaper's, and priv has no child but its own")
def whose():
    with Port() as p:
        ring = p.ring()
        cat = p.run(["/bin/cat"], [A.stdin])
        entry = leave(p, 10)
        for pid in proc.marked(entry):
            check(proc.parent(pid) == ring["reaper"], "child of %d",
                  proc.parent(pid))
        parts = set(ring.values()) - {ring["guard"], ring["reaper"],
                                      ring["priv"]}
        check(set(proc.children(ring["priv"])) == parts | {cat},
              "children of priv: %s", [
                  proc.title(q) for q in proc.children(ring["priv"])])


@case(ORPHANS + " nobody looks through all children, whoever ends")
def no_walk():
    """100 children, orphans, a failed run, a group that outlives a stop."""
    with Port() as p:
        ring = p.ring()
        trace = Trace([ring["guard"], ring["priv"]])
        numbers = [p.send((A.run, "setsid sleep 0.1 & exit 0", []))
                   for _ in range(100)]
        for number in numbers:
            p.exit(p.reply(number)[1])
        p.ask(A.run, ["/nonexistent"], [])
        pid = p.run("(trap '' TERM; sleep 0.3) & read x",
                    [A.stdin, A.kill_group])
        expect(OK, p.ask(A.stop, pid))
        p.exit(pid)
        p.pump(0.5)
        calls = [line for lines in trace.stop().values()
                 for _, line in lines]
        check(any("wait4(" in line for line in calls), "no trace")
        walks = [line for line in calls
                 if "P_ALL" in line or "P_PGID" in line or
                 "wait4(-1" in line or "/children" in line]
        check(not walks, "%d: %s", len(walks), walks[:2])


@case(ORPHANS + " SIGTERM comes once, and SIGKILL at the alarm", limit=30)
def once():
    with tempfile.TemporaryDirectory() as place, Port("-alarm", "1") as p:
        os.chmod(place, 0o777)
        heard = place + "/heard"
        entry = mark()
        for _ in range(3):
            p.exit(p.run(
                "(trap 'echo >>%s' TERM; echo >>%s; while :; do sleep 0.1;"
                " done) & exit 0" % (heard, heard), [(A.env, [entry])]))
        eventually(lambda: os.path.exists(heard) and
                   os.path.getsize(heard) == 3, 5, "no orphans")
        p.close_input()
        check(p.end(20) == 0, "exit %d", p.status)
        gone(entry, 1)
        with open(heard, "rb") as f:
            check(len(f.read()) == 6, "SIGTERM did not come once to each")
        check(any("did not end in time" in line for line in p.log()),
              "log %s", p.log())
        p.closed = True


@case(ORPHANS + " who ignores SIGTERM has 5 s, whatever the alarm", limit=60)
def deaf():
    with Port("-alarm", "300") as p:
        entry = leave(p, 3, "trap '' TERM; setsid sleep 1000 & exit 0")
        p.close_input()
        check(p.end(40) == 0, "exit %d", p.status)
        gone(entry, 1)
        check(not any("in time" in line for line in p.log()), "log %s",
              p.log())
        p.closed = True


@case(ORPHANS + " a reaper that is stopped holds up nobody's run", limit=60)
def stopped():
    with Port() as p:
        ring = p.ring()
        os.kill(ring["reaper"], signal.SIGSTOP)
        entry = leave(p, 3)
        for _ in range(20):
            expect(0, p.exit(p.run(["/bin/true"], [])), "status")
        p.close_input()
        check(p.end(20) == 0, "exit %d", p.status)
        gone(entry, 2)
        p.closed = True


@case(ORPHANS + " a reaper that was stopped is asked again", limit=60)
def again():
    with Port() as p, Foreign() as f:
        ring = p.ring()
        entry = mark()
        os.kill(ring["reaper"], signal.SIGSTOP)
        expect((A.error, A.not_found), p.ask(A.manage, f.pid, [], seconds=15))
        os.kill(ring["reaper"], signal.SIGCONT)
        p.pump(0.3)
        pid = p.run("(trap '' TERM; echo deaf; sleep 1000; sleep 1000) & "
                    "read x", [A.stdin, A.stdout, A.kill_group,
                               (A.kill_timeout, 1), (A.env, [entry])])
        p.until_out(pid, b"deaf\n")
        expect(OK, p.ask(A.stop, pid))
        p.exit(pid, 10)
        check(not proc.marked(entry), "%d left", len(proc.marked(entry)))
        expect((A.pid, f.pid), p.ask(A.manage, f.pid, []))


@case(ORPHANS + " priv is stopped for a moment while it asks the reaper")
def interrupted():
    with Port() as p, Foreign() as first, Foreign() as second:
        ring = p.ring()
        os.kill(ring["reaper"], signal.SIGSTOP)
        number = p.send((A.manage, first.pid, []))
        p.pump(0.3)
        os.kill(ring["priv"], signal.SIGSTOP)
        eventually(lambda: proc.state(ring["priv"]) == "T", 2, "it runs")
        os.kill(ring["priv"], signal.SIGCONT)
        p.pump(0.1)
        os.kill(ring["reaper"], signal.SIGCONT)
        expect((A.pid, first.pid), p.reply(number))
        expect((A.pid, second.pid), p.ask(A.manage, second.pid, []))


# They wait for a byte each, and have left whoever has started them.
RECVFROM = (b"45", b"207") # of x86-64; of aarch64 and others


def call(pid):
    """The number of the system call that a process is in."""
    with open("/proc/%d/syscall" % pid, "rb") as f:
        return f.read().split()[0]


def answers(text):
    """What the reaper said: how many it found, each time."""
    said = re.findall(r'^sendto\([^"]*"((?:\\x[0-9a-f]{2}){8})', text, re.M)
    return [struct.unpack("=ii", bytes.fromhex(one.replace("\\x", "")))[1]
            for one in said]


# So many processes that end when a line comes.
CROWD = ("trap '' TERM; i=0; while [ $i -lt %d ]; do read x <%s &"
         " i=$((i+1)); done; exit 0")


@case(ORPHANS + " nobody is missed among the many that are dead", limit=90)
def missed():
    """Who is reaped in a walk through the list makes it skip others."""
    many = 1000
    with tempfile.TemporaryDirectory() as place, Port("-alarm", "300") as p:
        os.chmod(place, 0o777)
        fifo = place + "/fifo"
        os.mkfifo(fifo)
        os.chmod(fifo, 0o666)
        gate = os.open(fifo, os.O_RDWR)
        ring = p.ring()
        crowd = lambda: set(proc.children(ring["reaper"])) - {ring["priv"]}
        p.exit(p.run(CROWD % (many, fifo), []), 20)
        eventually(lambda: len(crowd()) == many, 5, "no crowd")
        # With the last of them what each of those has left is an orphan.
        entry = mark()
        for _ in range(3):
            p.exit(p.run("(trap '' TERM; sleep 1000 & read x <%s) & exit 0"
                         % fifo, [(A.env, [entry])]))
        eventually(lambda: [proc.comm(q) for q in proc.marked(entry)].count(
            "sleep") == 3, 5, "no orphans to be")
        # It stops behind the first walk; they die, and there is the next
        # request: it hears of both at once.
        trace = Trace([ring["reaper"]],
                      ["-xx", "-e", "inject=sendto:signal=SIGSTOP:when=2"])
        p.close_input()

        def walked():
            # Who is traced is slow. Priv's patience begins anew with a stop.
            os.kill(ring["priv"], signal.SIGSTOP)
            os.kill(ring["priv"], signal.SIGCONT)
            return "stopped by SIGSTOP" in trace.text(ring["reaper"])
        eventually(walked, 30, "it does not answer")
        eventually(lambda: call(ring["priv"]) in RECVFROM, 4, "nobody asks")
        os.kill(ring["priv"], signal.SIGSTOP)
        os.write(gate, b"\n" * (many + 3))
        eventually(lambda: len(proc.zombies(ring["reaper"])) == many + 3, 20,
                   lambda: "%d are dead" % len(proc.zombies(ring["reaper"])))
        os.kill(ring["priv"], signal.SIGCONT)
        os.kill(ring["reaper"], signal.SIGCONT)
        eventually(lambda: len(answers(trace.text(ring["reaper"]))) > 2, 20,
                   "it goes not on")
        found = answers(trace.text(ring["reaper"]))
        trace.stop()
        check(found[1] == many + 3 and found[2] > 0, "it found %s", found[:4])
        check(p.end(20) == 0, "exit %d", p.status)
        gone(entry, 1)
        os.close(gate)
        p.closed = True


def sisters(p, dead, living, *more):
    return p.run(["/usr/bin/python3", "-c", SISTERS, str(dead), str(living),
                  *more], [A.stdout])


@case(ORPHANS + " what a child makes its sisters: all that end are reaped",
      limit=60)
def sisters_reaped():
    with Port() as p:
        priv = p.ring()["priv"]
        before = set(proc.children(priv))
        for _ in range(2):
            p.exit(sisters(p, 100, 0))
            p.run(["/bin/true"])
            eventually(lambda: set(proc.children(priv)) == before, 10,
                       lambda: "%d zombies" % len(proc.zombies(priv)))
        # One that lingers is dead, too, and comes first.
        lingers = p.run("sleep 1000 & exit 0", [A.stdout, (A.linger, 90000)])
        eventually(lambda: proc.state(lingers) == "Z", 5, "it lives")
        before.add(lingers)
        pid = sisters(p, 100, 0, "stays")
        p.until_out(pid, b"made\n")
        eventually(lambda: set(proc.children(priv)) == before | {pid}, 10,
                   lambda: "%d zombies" % len(proc.zombies(priv)))


@case(ORPHANS + " what a child makes its sisters is asked to end")
def sisters_asked():
    with tempfile.TemporaryDirectory() as place, Port() as p:
        os.chmod(place, 0o777)
        out = place + "/out"
        pid = p.run(["/usr/bin/python3", "-c", SISTERS, "0", "20"],
                    [(A.stdout, out)])
        p.exit(pid)
        eventually(lambda: heard_lines(out) == [b"up"] * 20, 10, "not up")
        p.close_input()
        check(p.end(20) == 0, "exit %d", p.status)
        p.closed = True
        check(sorted(heard_lines(out)) == [b"asked"] * 20 + [b"up"] * 20,
              "heard %s", heard_lines(out))


def heard_lines(path):
    with open(path, "rb") as f:
        return f.read().split()


def caught(p):
    """Stop the reaper of p before it has said who it is: its pid, or 0."""
    limit = Limit(2)
    while limit.left() > 0:
        for reaper in proc.children(p.pid):
            # Before it there was one that tried what root may do here.
            if proc.children(reaper):
                os.kill(reaper, signal.SIGSTOP)
                eventually(lambda pid=reaper: proc.state(pid) == "T", 2,
                           "it runs")
                return 0 if "reaper" in proc.title(reaper) else reaper
    return 0


@case(ORPHANS + " the guard is killed before the reaper waits", limit=90)
def early():
    for _ in range(100):
        p = Port("-alarm", "1")
        reaper = caught(p)
        if reaper:
            break
        proc.kill_all()
        p.release()
    else:
        raise Skip("the reaper was always faster")
    entry = leave(p, 3, "trap '' TERM; setsid sleep 1000 & exit 0")
    os.kill(p.pid, signal.SIGKILL)
    eventually(lambda: not proc.alive(p.pid), 2, "the guard lives")
    os.kill(reaper, signal.SIGCONT)
    p.end(20)
    gone(entry, 1)
    p.nothing_left(8)
    p.release()


@case(ORPHANS + " the reaper is killed: theirs and everybody's end", limit=40)
def killed():
    with Port() as p:
        ring = p.ring()
        entry = leave(p, 20)
        other, _ = start(p, "sleep 1000 & wait", 20, 2)
        os.kill(ring["reaper"], signal.SIGKILL)
        check(p.end(20) == 5, "exit %d", p.status)
        gone(entry, 1)
        gone(other, 1)
        check(any("reaper ended by signal 9 (Killed)" in line
                  for line in p.log()), "log %s", p.log())
        p.closed = True


@rows(ORPHANS + " a stranger's orphans are left alone:", [
    ("end of file", lambda p: p.close_input(), 0),
    ("SIGKILL of priv", killer("priv"), 5),
    ("SIGKILL of the broker", killer("broker"), 5),
], limit=30)
def strangers(ending, code):
    """What the starter had started before: its orphans fall to the guard."""
    gate, opener = os.pipe()

    class Before(Port):
        def _exec(self, child_in, child_out):
            if os.fork() == 0:
                if os.fork() == 0:
                    os.closerange(0, 1000)
                    time.sleep(60)
                    os._exit(0)
                os.dup2(gate, 0)
                os.closerange(1, 1000)
                os.read(0, 1)
                os._exit(0)
            super()._exec(child_in, child_out)
    with Before() as p:
        os.close(gate)
        ring = p.ring()
        p.run(["/bin/sleep", "1000"], [])
        below = lambda: [q for q in proc.children(ring["guard"])
                         if q != ring["reaper"] and proc.alive(q)]
        first = below()
        check(len(first) == 1, "%d children", len(first))
        os.close(opener)
        eventually(lambda: below() and below() != first, 5,
                   "it did not fall to the guard")
        stranger = below()[0]
        try:
            ending(p)
            check(p.end(20) == code, "exit %d", p.status)
            check(proc.alive(stranger), "the stranger was killed")
        finally:
            os.kill(stranger, signal.SIGKILL)
        eventually(lambda: not proc.alive(stranger), 2, "it lives")
        p.closed = True


# A kernel without pidfds ------------------------------------------------

PIDFD_OPEN = 434
PR_SET_NO_NEW_PRIVS = 38
PR_SET_SECCOMP = 22


def no_pidfds():
    """Have pidfd_open(2) fail with ENOSYS, here and below."""
    code = b"".join(struct.pack("=HBBI", *row) for row in (
        (0x20, 0, 0, 0),                              # the call's number
        (0x15, 0, 1, PIDFD_OPEN),
        (0x06, 0, 0, 0x00050000 | errno.ENOSYS),
        (0x06, 0, 0, 0x7fff0000)))
    rows = ctypes.create_string_buffer(code)
    filter_ = ctypes.create_string_buffer(
        struct.pack("@HP", 4, ctypes.addressof(rows)))
    libc = ctypes.CDLL(None, use_errno=True)
    for args in ((PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
                 (PR_SET_SECCOMP, 2, ctypes.addressof(filter_), 0, 0)):
        if libc.prctl(*map(ctypes.c_ulong, args)) == -1:
            os._exit(126)


class Without(Port):
    def _exec(self, child_in, child_out):
        no_pidfds()
        super()._exec(child_in, child_out)


@case(ORPHANS + " all of it on a kernel without pidfds", limit=60)
def without():
    if platform.machine() not in ("x86_64", "aarch64"):
        raise Skip("the number of pidfd_open here is not known")
    with Without("-debug", "1") as p:
        ring = p.ring()
        cat = p.run(["/bin/cat"], [A.stdin])
        numbers = [p.send((A.run, "exit 3", [])) for _ in range(200)]
        for number in numbers:
            expect(3 << 8, p.exit(p.reply(number)[1]), "status")
        entry = leave(p, 10)
        check(any("no pidfds" in line for line in p.log()), "it has them")
        held = {q for q in proc.children(ring["priv"])} - set(ring.values())
        check(held == {cat}, "children of priv: %s", held)
        os.kill(ring["broker"], signal.SIGKILL)
        check(p.end(20) == 5, "exit %d", p.status)
        gone(entry, 1)
        p.closed = True


# Groups -----------------------------------------------------------------

def hydra(p, entry):
    """Its leader waits, and leaves it behind when that is stopped."""
    pid = p.run("%s -c '%s' & read x" % (sys.executable, HYDRA),
                [A.stdin, A.stdout, A.kill_group, (A.kill_timeout, 1),
                 (A.env, [entry])])
    p.until_out(pid, b"ready\n")
    return pid


@case(ORPHANS + " a group that forks faster than it is killed", limit=40)
def outrun():
    entry = mark()
    with Port() as p:
        pid = hydra(p, entry)
        p.pump(0.2)
        expect(OK, p.ask(A.stop, pid))
        expect(0, p.exit(pid, 10), "status")
        check(not proc.marked(entry), "%d left", len(proc.marked(entry)))
        check(not any("has ended" in line for line in p.log()), "log %s",
              p.log())


@case(ORPHANS + " one that has joined a group is overdue with it", limit=40)
def overdue():
    with Port() as p:
        leader = p.run("read x", [A.stdin, A.kill_group,
                                  (A.kill_timeout, 1)])
        deaf = p.run("trap '' TERM; echo deaf; sleep 1000; sleep 1000",
                     [A.stdout, (A.group, leader)])
        p.until_out(deaf, b"deaf\n")
        expect(OK, p.ask(A.stop, leader))
        expect(9, p.exit(deaf, 10), "status of the other")
        expect(0, p.exit(leader, 10), "status of the leader")
        check(not any("has ended" in line for line in p.log()), "log %s",
              p.log())
