"""PROTOCOL 3: process groups, of options and of setpgid."""

import os
import signal
import time

import proc
from case import (BADARG, OK, REFUSED, Like, Naming, Pattern, Text, case,
                  check, check_took, eventually, expect, rows)
from etf import A
from port import Port
from foreign import Foreign

SECTION = "3 options:"
KILL_GROUP = SECTION + " kill_group:"
GROUP = SECTION + " {group, Pgid}:"
SETPGID = "3 setpgid:"
SLEEP = ["/bin/sleep", "1000"]
DEAF = "(trap '' TERM; sh -c 'echo $PPID'; exec sleep 1000) & "
FAMILY = "sleep 1000 & echo $!; wait"
NOT_ALIVE = (A.error, Text("pid not alive"))
NO_GROUP = (A.error, Text("Couldn't start pid: Cannot join the process "
                          "group: No such process"))


def family(p, options, command=FAMILY):
    """A child with a child of its own: their pids."""
    pid = p.run(command, [A.stdout] + options)
    p.until(lambda: p.out(pid).endswith(b"\n"), "a pid")
    return pid, int(p.out(pid))


def dies(pid):
    eventually(lambda: not proc.alive(pid), 2, "%d lives" % pid)


def lives(p, pid):
    p.pump(0.3)
    check(proc.alive(pid), "%d is dead", pid)


# kill_group -------------------------------------------------------------

@case(KILL_GROUP + " stop reaches grandchildren")
def stop():
    with Port() as p:
        pid, grandchild = family(p, [A.kill_group])
        expect(OK, p.ask(A.stop, pid))
        expect(0, p.exit(pid), "status")
        dies(grandchild)


@case(KILL_GROUP + " without it, stop does not reach grandchildren")
def stop_without():
    with Port() as p:
        pid, grandchild = family(p, [])
        expect(OK, p.ask(A.stop, pid))
        expect(0, p.exit(pid), "status")
        lives(p, grandchild)


@case(KILL_GROUP + " a deaf grandchild dies at the child's kill_timeout")
def stop_deaf():
    deaf = ("trap '' TERM; (while :; do sleep 0.05; done) & echo $!; "
            "while :; do sleep 0.05; done")
    with Port() as p:
        pid, grandchild = family(
            p, [A.kill_group, (A.kill_timeout, 1)], deaf)
        start = time.monotonic()
        expect(OK, p.ask(A.stop, pid))
        expect(0, p.exit(pid), "status")
        check(time.monotonic() - start > 0.9, "too soon")
        dies(grandchild)


@rows("4 kill_group: the rest of the group gets SIGTERM when it", [
    ("exits", "sleep 1000 & echo $!; exit 3", None, 768),
    ("is killed", FAMILY, 9, 9),
    ("is terminated", FAMILY, 15, 15),
])
def rest(command, sig, status):
    with Port() as p:
        pid, grandchild = family(p, [A.kill_group], command)
        if sig:
            expect(OK, p.ask(A.kill, pid, sig))
        expect(status, p.exit(pid), "status")
        check(not proc.alive(grandchild), "%d lives", grandchild)


@case("4 kill_group: the rest gets SIGTERM, no other signal")
def rest_term():
    with Port() as p:
        leader = p.run(SLEEP, [A.kill_group])
        other = p.run("trap 'echo term; exit 4' TERM; echo up; "
                      "while :; do sleep 0.02; done",
                      [A.stdout, (A.group, leader)])
        p.until_out(other, b"up\n")
        expect(OK, p.ask(A.kill, leader, 9))
        expect(9, p.exit(leader), "status of the leader")
        expect(1024, p.exit(other), "status of the other")
        check(p.out(other) == b"up\nterm\n", "output %r", p.out(other))


@rows("4 kill_group: one that ignores SIGTERM when the leader exits gets "
      "SIGKILL, and the exit waits,", [
          ("{kill_timeout, 1}", (A.kill_timeout, 1), 1),
          ("{kill_timeout, {ms, 700}}", (A.kill_timeout, (A.ms, 700)), 0.7),
          ("{kill_timeout, 0}", (A.kill_timeout, 0), 0.5)])
def rest_deaf(option, least):
    with Port() as p:
        pid, grandchild = family(
            p, [A.kill_group, A.stdin, option], DEAF + "read x; exit 3")
        began = time.monotonic()
        p.stdin(pid, b"\n")
        expect(768, p.exit(pid), "status")
        check(time.monotonic() - began >= least, "too soon")
        check(not proc.alive(grandchild), "%d lives", grandchild)


@case("4 kill_group: when the leader exits, its exit comes when none lives")
def rest_awaited():
    with Port() as p:
        for _ in range(20):
            pid = p.run("n=0; while [ $n -lt 20 ]; do n=$((n + 1)); "
                        "sleep 1000 & done; exit 3", [A.kill_group])
            expect(768, p.exit(pid), "status")
            left = proc.group(pid)
            check(not left, "%d of its group live", len(left))


@case("4 kill_group: without it who is left when the leader exits lives on")
def rest_without_kill_group():
    with Port() as p:
        pid, grandchild = family(p, [A.stdin], "sleep 1000 & echo $!; "
                                 "read x; exit 3")
        p.stdin(pid, b"\n")
        expect(768, p.exit(pid), "status")
        lives(p, grandchild)


@case(KILL_GROUP + " with a kill command: one that ignores SIGTERM")
def with_command_deaf():
    with Port() as p:
        pid, grandchild = family(
            p, [A.kill_group, (A.kill, "kill -9 $CHILD_PID"),
                (A.kill_timeout, 1)],
            DEAF + "wait")
        expect(OK, p.ask(A.stop, pid))
        expect(0, p.exit(pid), "status")
        check(not proc.alive(grandchild), "%d lives", grandchild)


@case("4 kill_group: without it the rest of the group lives on")
def rest_without():
    with Port() as p:
        leader = p.run(SLEEP, [(A.group, 0)])
        other = p.run(SLEEP, [(A.group, leader)])
        expect(OK, p.ask(A.kill, leader, 9))
        expect(9, p.exit(leader), "status")
        lives(p, other)
        expect([other], p.ask(A.list))


@rows("4 kill_group: a leader and two that join it end together,", [
    ("the leader exits", None, 0), ("the leader is killed", 9, 9)])
def scenario(sig, status):
    """What the old port's documentation describes."""
    with Port() as p:
        leader = p.run("read x; exit 0",
                       [A.stdin, (A.group, 0), A.kill_group])
        others = [p.run(SLEEP, [(A.group, leader)]) for _ in range(2)]
        bystander = p.run(SLEEP)
        for pid in [leader] + others:
            check(os.getpgid(pid) == leader, "group %d", os.getpgid(pid))
        if sig:
            expect(OK, p.ask(A.kill, leader, sig))
        else:
            p.stdin(leader, b"\n")
        expect(status, p.exit(leader), "status of the leader")
        for pid in others:
            expect(15, p.exit(pid), "status of another")
        lives(p, bystander)


@case("4 kill_group: of one that joined: the leader ends, too")
def joined():
    with Port() as p:
        leader = p.run(SLEEP, [(A.group, 0)])
        other = p.run(["/bin/cat"],
                      [A.stdin, A.kill_group, (A.group, leader)])
        p.stdin(other, A.eof)
        expect(0, p.exit(other), "status")
        expect(15, p.exit(leader), "status of the leader")


@case(KILL_GROUP + " with a kill command: it ends the leader, the exit "
      "the rest")
def with_command():
    with Port() as p:
        pid, grandchild = family(
            p, [A.kill_group, (A.kill, "kill -9 $CHILD_PID")])
        expect(OK, p.ask(A.stop, pid))
        expect(0, p.exit(pid), "status")
        dies(grandchild)


@case(KILL_GROUP + " with pty: the session's group")
def with_pty():
    with Port() as p:
        pid, grandchild = family(p, [A.stdin, A.pty, A.kill_group],
                                 "trap '' HUP; " + FAMILY)
        expect(OK, p.ask(A.stop, pid))
        expect(0, p.exit(pid), "status")
        dies(grandchild)


@case(KILL_GROUP + " an exit of 200 of them signals no other")
def many():
    with Port() as p:
        bystanders = [p.run(SLEEP) for _ in range(5)]
        for _ in range(200):
            p.exit(p.run(["/bin/true"], [A.kill_group]))
        expect(sorted(bystanders), sorted(p.ask(A.list)), "list")


# group ------------------------------------------------------------------

@case(SECTION + " {group, 0}: a group of its own")
def own():
    with Port() as p:
        pid = p.run(SLEEP, [(A.group, 0)])
        check(os.getpgid(pid) == pid, "group %d", os.getpgid(pid))


@case(GROUP + " joins a child's group")
def join():
    with Port() as p:
        leader = p.run(SLEEP)
        pid = p.run(SLEEP, [(A.group, leader)])
        check(os.getpgid(pid) == leader, "group %d", os.getpgid(pid))
        expect(OK, p.ask(A.stop, pid))
        expect(0, p.exit(pid), "status")
        lives(p, leader)


@case(GROUP + " kill of one that joined meets it alone")
def join_kill():
    with Port() as p:
        leader = p.run(SLEEP)
        pids = [p.run(SLEEP, [(A.group, leader)]) for _ in range(3)]
        expect(OK, p.ask(A.kill, pids[1], 9))
        expect(9, p.exit(pids[1]), "status")
        p.pump(0.2)
        expect(sorted([leader, pids[0], pids[2]]), sorted(p.ask(A.list)))


@rows(GROUP + " a pid not managed is refused:", [
    ("nobody's", lambda p: 2 ** 30), ("pid 1", lambda p: 1),
    ("the harness's", lambda p: os.getpgrp()),
    ("the guard's", lambda p: p.ring()["guard"]),
    ("the reaper's", lambda p: p.ring()["reaper"]),
    ("priv's", lambda p: p.ring()["priv"]),
    ("a grandchild's", lambda p: family(p, [])[1]),
])
def join_unmanaged(group):
    with Port() as p:
        group = group(p)
        before = p.ask(A.list)
        expect(NO_GROUP, p.ask(A.run, "sleep 1000", [(A.group, group)]))
        expect(before, p.ask(A.list))


@case(GROUP + " one that has ended is refused")
def join_ended():
    with Port() as p:
        leader = p.run(SLEEP)
        other = p.run(SLEEP, [(A.group, leader)])
        expect(OK, p.ask(A.kill, leader, 9))
        p.exit(leader)
        # The group is there yet, but its number is nobody's.
        check(os.getpgid(other) == leader, "group %d", os.getpgid(other))
        expect(NO_GROUP, p.ask(A.run, SLEEP, [(A.group, leader)]))


@case(GROUP + " one that joined another's is refused")
def join_member():
    with Port() as p:
        leader = p.run(SLEEP)
        other = p.run(SLEEP, [(A.group, leader)])
        expect(NO_GROUP, p.ask(A.run, SLEEP, [(A.group, other)]))


@case(GROUP + " a managed process that is not ours is refused")
def join_foreign():
    with Port() as p, Foreign() as f:
        expect((A.pid, f.pid), p.ask(A.manage, f.pid, []))
        expect(NO_GROUP, p.ask(A.run, SLEEP, [(A.group, f.pid)]))


@case(GROUP + " one of another session is an error")
def join_session():
    with Port() as p:
        leader = p.run(SLEEP, [A.pty, A.stdin, A.stdout])
        expect((A.error, Like("^Couldn't start pid: ")),
               p.ask(A.run, SLEEP, [(A.group, leader)]))
        expect([leader], p.ask(A.list))


@case(GROUP + " with pty is refused by name")
def join_pty():
    with Port() as p:
        leader = p.run(SLEEP)
        expect(Naming("group"),
               p.ask(A.run, SLEEP, [A.pty, (A.group, leader)]))
        expect(Naming("group"),
               p.ask(A.run, SLEEP, [(A.group, leader), A.pty]))
        expect([leader], p.ask(A.list))


@case(SECTION + " {group, 0}: with pty it is what a session has")
def own_pty():
    with Port() as p:
        pid = p.run(SLEEP, [A.pty, A.stdin, A.stdout, (A.group, 0)])
        check(os.getpgid(pid) == pid == os.getsid(pid), "no session")


@rows(SECTION + " refused:", [
    ("{group, -1}", (A.group, -1), "group"),
    ("{group, 2^31}", (A.group, 2 ** 31), "group"),
    ("{group, 2^70}", (A.group, 2 ** 70), "group"),
    ("{group, atom}", (A.group, A.new), "group"),
    ("{group, \"0\"}", (A.group, b"0"), "group"),
    ("{group, 0, 0}", (A.group, 0, 0), "group"),
    ("{group}", (A.group,), "group"), ("group", A.group, "group"),
    ("{kill_group, true}", (A.kill_group, True), "kill_group"),
    ("{kill_group, 1}", (A.kill_group, 1), "kill_group"),
    ("{kill_group}", (A.kill_group,), "kill_group"),
])
def refused(option, name):
    with Port() as p:
        expect(Naming(name), p.ask(A.run, "sleep 1000", [option]))
        expect([], p.ask(A.list))


# setpgid ----------------------------------------------------------------

ANSWER = Pattern("ok | {error, Atom}", lambda term: term == OK or (
    isinstance(term, tuple) and len(term) == 2 and term[0] == A.error
    and isinstance(term[1], type(OK))))


@rows(SETPGID + " ok, or {error, Atom}:", [
    ("a child, 0", lambda p, pid: 0),
    ("a child, its own group", lambda p, pid: pid),
    ("a child, another child's group", lambda p, pid: p.run(SLEEP)),
])
def setpgid(group):
    """Not every system has it of a child that has executed something."""
    with Port() as p:
        pid = p.run(SLEEP)
        group = group(p, pid)
        reply = p.ask(A.setpgid, pid, group)
        expect(ANSWER, reply)
        if reply == OK:
            check(os.getpgid(pid) == (group or pid), "group %d",
                  os.getpgid(pid))
        else:
            check(os.getpgid(pid) == pid, "group %d", os.getpgid(pid))


@rows(SETPGID + " \"pid not alive\":", [
    ("nobody's", 2 ** 30), ("pid 1", 1), ("pid 0", 0), ("pid -1", -1),
    ("the harness", os.getpid()), ("a pid beyond 32 bits", 2 ** 40),
])
def setpgid_unknown(pid):
    with Port() as p:
        expect(NOT_ALIVE, p.ask(A.setpgid, pid, 0))


@case(SETPGID + " \"pid not alive\": a child that has ended")
def setpgid_ended():
    with Port() as p:
        pid = p.run(["/bin/true"])
        p.exit(pid)
        expect(NOT_ALIVE, p.ask(A.setpgid, pid, 0))


@rows(SETPGID + " {error, eperm}: the group", [
    ("of nobody", lambda p: 2 ** 30),
    ("of the harness", lambda p: os.getpgrp()),
    ("of the guard", lambda p: p.ring()["guard"]),
    ("of the reaper", lambda p: p.ring()["reaper"]),
    ("of a grandchild", lambda p: family(p, [])[1]),
])
def setpgid_foreign(group):
    with Port() as p:
        pid = p.run(SLEEP)
        expect((A.error, A.eperm), p.ask(A.setpgid, pid, group(p)))
        check(os.getpgid(pid) == pid, "group %d", os.getpgid(pid))


@rows(SETPGID + " of the wrong shape:", [
    ("no argument", lambda pid: (A.setpgid,), REFUSED),
    ("no group", lambda pid: (A.setpgid, pid), REFUSED),
    ("an argument too many", lambda pid: (A.setpgid, pid, 0, 0), REFUSED),
    ("a negative group", lambda pid: (A.setpgid, pid, -1), BADARG),
    ("an atom for a group", lambda pid: (A.setpgid, pid, A.new), REFUSED),
    ("an atom for a pid", lambda pid: (A.setpgid, A.pid, 0), REFUSED),
])
def setpgid_shape(request, pattern):
    with Port() as p:
        pid = p.run(SLEEP)
        expect(pattern, p.ask(*request(pid)))
        expect([pid], p.ask(A.list))


@case("5 kill_group: at shutdown nothing of the groups is left", limit=30)
def shutdown():
    with Port() as p:
        leader = p.run(FAMILY, [A.kill_group])
        for _ in range(20):
            p.run(FAMILY, [(A.group, leader)])
        start = time.monotonic()
        os.kill(p.pid, signal.SIGTERM)
        expect(0, p.end(), "exit")
        check_took(time.monotonic() - start, 0, 3)


@case("3 stop: kill_group, one that has left its own group")
def left_group():
    """For the port's own, even: it is stopped all the same."""
    code = ("import os, time; os.setpgid(0, os.getpgid(os.getppid())); "
            "print('up', flush=True); time.sleep(1000)")
    with Port() as p:
        pid = p.run(["/usr/bin/python3", "-c", code],
                    [A.stdout, A.kill_group])
        p.until_out(pid, b"up\n")
        expect(A.ok, p.ask(A.stop, pid))
        expect(0, p.exit(pid, seconds=3), "status")
