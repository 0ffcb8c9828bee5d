"""The uids of an instance: nobody else's, and each launcher's its own alone.

A taken-over launcher is played by a process with exactly its ids and its one
capability; its filter could only take more from that.
"""

import os
import subprocess

import proc
import suid
import world
from case import case, check, eventually, expect, rows
from etf import A
from suid import Suid, as_user
from world import ONE, STARTER, UNRULED
from ports import BOTH, Ports, end, parts
from rules import Range, usual_rules

SECTION = "uids:"
# Prints a line for each thing that works and should not, then "end".
ATTACK = r"""
import ctypes, os, resource, signal, sys
libc = ctypes.CDLL(None, use_errno=True)
arm = os.uname().machine == "aarch64"
TGKILL, IOPRIO_SET, QUEUE = (131, 30, 138) if arm else (234, 251, 129)
info = ctypes.create_string_buffer(b"\0" * 8 + b"\xff" * 4 + b"\0" * 116)


def works(what, function):
    try:
        function()
        print(what)
    except OSError:
        pass


def call(*args):
    if libc.syscall(*args) == -1:
        raise OSError(ctypes.get_errno(), "")


for pid in map(int, sys.argv[1:]):
    tries = {
        "kill": lambda: os.kill(pid, 0),
        "stop": lambda: os.kill(pid, signal.SIGSTOP),
        "tgkill": lambda: call(TGKILL, pid, pid, 0),
        "queue": lambda: call(QUEUE, pid, 18, info),
        "pidfd": lambda: signal.pidfd_send_signal(os.pidfd_open(pid), 0),
        "nice": lambda: os.setpriority(os.PRIO_PROCESS, pid, 5),
        "scheduler": lambda: os.sched_setscheduler(
            pid, os.SCHED_BATCH, os.sched_param(0)),
        "affinity": lambda: os.sched_setaffinity(pid, {0}),
        "ioprio": lambda: call(IOPRIO_SET, 1, pid, 0x6000),
        "limit": lambda: resource.prlimit(
            pid, resource.RLIMIT_NOFILE, (64, 64)),
        "memory": lambda: os.close(os.open("/proc/%d/mem" % pid, 0)),
        "descriptor": lambda: os.close(os.open("/proc/%d/fd/2" % pid, 1)),
        "trace": lambda: call(117 if arm else 101, 0x4206, pid, 0, 0),
    }
    for what, function in tries.items():
        works("%s of %d" % (what, pid), function)
print("end")
"""


def as_launcher(uid, user, pids):
    """What that can do to them."""
    done = subprocess.run(
        ["setpriv", "--reuid", str(uid), "--regid", str(world.gid(user)),
         "--clear-groups", "/usr/bin/python3", "-c", ATTACK, *map(str, pids)],
        stdout=subprocess.PIPE, text=True, check=True)
    said = done.stdout.splitlines()
    check(said[-1:] == ["end"], "%s", said)
    return said[:-1]


@case(SECTION + " a launcher signals, slows and traces none of ours, nor of "
      "another starter's")
def launcher():
    with BOTH, Ports() as ports:
        p = ports.start()
        others = [ports.start(who=UNRULED), ports.start()]
        for user in (ONE, STARTER):
            pid = p.launchers()[world.uid(user)]
            uid = suid.ids(pid, "Uid")[0]
            pids = [n for each in [p] + others for n in parts(each)
                    if n != pid]
            nices = [proc.stat(n)[16] for n in pids]
            worked = as_launcher(uid, user, pids)
            check(not worked, "%d worked: %s", len(worked), worked[:8])
            check(nices == [proc.stat(n)[16] for n in pids], "slowed down")
        for each in [p] + others:
            each.output_of(["/bin/true"], as_user(ONE))


@case(SECTION + " instances that start at once have none in common",
      limit=60)
def at_once():
    with usual_rules, Ports() as ports:
        started = [Suid() for _ in range(12)]
        ports.ports += started
        uids = []
        for p in started:
            p.output_of(["/bin/true"], as_user(ONE))
            uids += {suid.ids(pid, "Uid")[0] for pid in parts(p)}
        check(len(uids) == len(set(uids)) == 12 * 4, "%s", sorted(uids))
        check(all(n in world.uids() for n in uids), "%s", uids)


def uid_of(p):
    expect([], p.ask(A.list))
    return suid.ids(p.ring()["priv"], "Uid")[0]


@case(SECTION + " they are given in turn: none comes again before all others")
def in_turn():
    count = 4
    with usual_rules, Range("_proctor:200000:%d\n" % (count * 65)):
        found = []
        with Suid() as p:
            kept = uid_of(p)
            # Whoever has his is passed over.
            for _ in range(2 * (count - 1)):
                with Suid() as other:
                    found.append(uid_of(other))
    check(kept not in found, "%d is in %s", kept, found)
    check(len(set(found[:3])) == 3 and found[:3] == found[3:], "%s", found)


def refused(word, **more):
    with Suid(**more) as p:
        p.close_input()
        p.end()
        check(p.status == 6, "exit %d, log %s", p.status, p.log())
        check(p.logged(word), "log %s", p.log())
        p.close(code=6)


@rows(SECTION + " no start without a range:", [
    ("none", ""), ("another user's", "news:200000:65536\n"),
    ("too small", "_proctor:200000:64\n"), ("of root", "_proctor:0:65536\n"),
    ("beyond the last uid", "_proctor:4294967290:65536\n"),
    ("a text", "_proctor:a:b\n"), ("negative", "_proctor:-5:65536\n"),
])
def no_range(line):
    with usual_rules, Range(line):
        refused("/etc/subuid")


@rows(SECTION + " no start if somebody else could write the range:", [
    ("its group", dict(mode=0o664)), ("all", dict(mode=0o646)),
    ("a user of it", dict(owner=9))])
def writable(how):
    with usual_rules, Range("_proctor:200000:65536\n", **how):
        refused("/etc/subuid")


@case(SECTION + " root's start without a range works, and says so")
def root_without():
    with Range(""), Suid("-user", ONE, who="root") as p:
        p.output_of(["/bin/true"])
        check(p.logged("/etc/subuid"), "log %s", p.log())


@case(SECTION + " a target whose uid is in the range: no start")
def target_in_range():
    with usual_rules, Range("_proctor:1:65536\n"):
        with Suid() as p:
            p.close_input()
            p.end()
            check(p.status == 4, "exit %d, log %s", p.status, p.log())
            p.close(code=4)


@case(SECTION + " one starter can have half of them, and others the rest")
def half():
    with BOTH, Range("_proctor:200000:%d\n" % (4 * 65)), Ports() as ports:
        one = ports.start()
        ports.start()
        refused_beside("half of", dict())
        ports.start(who=UNRULED)
        ports.start(who=UNRULED)
        refused_beside("all of", dict(who="root", first=("-user", ONE)))
        end(one)
        ports.start()


def refused_beside(word, more):
    p = Suid(**more)
    try:
        p.close_input()
        expect(6, p.end(20), "exit")
        check(p.logged(word), "log %s", p.log())
        p.closed = True
    finally:
        p.release()


@case(SECTION + " they are taken as long as a part lives that could signal")
def taken():
    """The guard is killed: whoever is left ends, and only then are they
    somebody else's."""
    with usual_rules, Range("_proctor:200000:65\n"):
        p = Suid()
        try:
            p.output_of(["/bin/true"], as_user(ONE))
            for role in ("reaper", "priv"):
                held = proc.descriptors(p.ring()[role]).values()
                check("/run/proctor.uids" in held, "%s: %s", role, held)
            left = parts(p)
            os.kill(p.pid, 9)
            p.end()
            eventually(lambda: not any(map(proc.alive, left)), 10,
                       "parts live")
            p.closed = True
        finally:
            p.release()
        with Suid() as p:
            expect([], p.ask(A.list))
