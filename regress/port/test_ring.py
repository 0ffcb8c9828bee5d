"""ARCHITECTURE, "The ring": one direction of travel, watched from outside."""

import os
import re
import select

import proc
from case import LAUNCHER, case, check, eventually, expect
from etf import A
from port import Port
from trace import Trace

SECTION = "5 ring:"
SENDING = ("sendmsg", "sendto", "sendmmsg")
WRITING = ("write", "writev", "splice", "vmsplice", "tee", "sendfile")
OPENING = ("open", "openat", "openat2", "creat")


def sent(calls):
    """Messages on sockets, and descriptors that were written."""
    on_sockets, pipes = [], []
    for name, line in calls:
        target = re.match(r"\w+\(\d+<([^>]*)", line)
        what = target.group(1) if target else ""
        if name in SENDING or (name in WRITING and "UNIX" in what):
            on_sockets.append(line)
        elif name in WRITING:
            pipes.append(line)
    return on_sockets, pipes


@case(SECTION + " one run of /bin/true goes once round", limit=40)
def once_round():
    with Port() as p:
        expect([], p.ask(A.list))
        ring = p.ring()
        roles = ("broker", "priv", "worker")
        trace = Trace([ring[role] for role in roles])
        pid = p.run(["/bin/true"])
        expect(0, p.exit(pid), "status")
        p.rest()
        calls = trace.stop()
        broker, priv, worker = (calls[ring[role]] for role in roles)
        check(broker and priv and worker, "strace saw nothing")

        check(not [c for c in broker if c[0] in OPENING],
              "the broker opens: %s", broker)
        messages, pipes = sent(broker)
        check(not pipes, "the broker writes: %s", pipes)
        check(len(messages) == 1, "the broker sends %d messages: %s",
              len(messages), messages)

        messages, pipes = sent(priv)
        check(not pipes, "priv writes: %s", pipes)
        # Its reply and its exit for the worker; the run for the launcher.
        check(len(messages) == (3 if LAUNCHER else 2),
              "priv sends %d messages: %s", len(messages), messages)

        messages, pipes = sent(worker)
        check(not messages, "the worker sends: %s", messages)
        check(1 <= len(pipes) <= 2, "the worker writes %d times: %s",
              len(pipes), pipes)


@case(SECTION + " {list} is one message from each to the next", limit=40)
def list_once():
    with Port() as p:
        expect([], p.ask(A.list))
        ring = p.ring()
        trace = Trace([ring[r] for r in ("broker", "priv", "worker")])
        for _ in range(10):
            expect([], p.ask(A.list))
        calls = trace.stop()
        for role, messages, writes in (("broker", 10, 0), ("priv", 10, 0),
                                       ("worker", 0, 10)):
            on_sockets, pipes = sent(calls[ring[role]])
            check((len(on_sockets), len(pipes)) == (messages, writes),
                  "%s: %d messages, %d writes", role, len(on_sockets),
                  len(pipes))


@case(SECTION + " stdin takes the shortcut, priv sleeps", limit=40)
def shortcut():
    with Port() as p:
        pid = p.run(["/bin/cat"], [A.stdin, A.stdout])
        trace = Trace([p.ring()["priv"]])
        for i in range(1, 11):
            p.stdin(pid, b"x")
            p.until_out(pid, b"x" * i)
        calls = trace.stop()[p.ring()["priv"]]
        calls = [line for name, line in calls
                 if name not in ("strace", "restart_syscall")
                 and "epoll_" not in name and "poll" not in name
                 and not line.startswith(("---", "+++"))]
        check(not calls, "priv does: %s", calls[:5])


@case(SECTION + " only the worker holds the pipe to the node")
def holders():
    with Port() as p:
        expect([], p.ask(A.list))
        ring = p.ring()
        own = proc.descriptors(os.getpid())
        to_node, from_node = own[p.rfd], own[p.wfd]
        for role, pid in ring.items():
            # A launcher may be about to close what it was born with.
            eventually(lambda pid=pid, role=role: (
                to_node in proc.descriptors(pid).values())
                == (role == "worker"), 2, "%s: the pipe to the node" % role)
            held = proc.descriptors(pid).values()
            check(from_node not in held or role == "broker",
                  "%s: the pipe from the node", role)


@case(SECTION + " only the worker holds a child's pipes")
def children_pipes():
    with Port() as p:
        pid = p.run(["/bin/sleep", "1000"],
                    [A.stdin, A.stdout, A.stderr])
        eventually(lambda: proc.state(pid) == "S", 2, "no sleep")
        pipes = {what for what in proc.descriptors(pid).values()}
        check(len(pipes) == 3, "the child has %s", pipes)
        for role, other in p.ring().items():
            held = pipes & set(proc.descriptors(other).values())
            check(len(held) == (3 if role == "worker" else 0),
                  "%s holds %s", role, held)


@case(SECTION + " guard, reaper and priv are each other's only children")
def guard():
    with Port() as p:
        expect([], p.ask(A.list))
        ring = p.ring()
        for above, below in (("guard", "reaper"), ("reaper", "priv")):
            check(proc.children(ring[above]) == [ring[below]],
                  "children of the %s: %s", above,
                  proc.children(ring[above]))
        check(sorted(proc.children(ring["priv"])) == sorted(
            ring[r] for r in ring if r not in ("guard", "reaper", "priv")),
            "children of priv: %s", [
                proc.title(q) for q in proc.children(ring["priv"])])


@case(SECTION + " log lines go to stderr, whole")
def log_lines():
    with Port() as p:
        p.frame(b"no term")
        check(p.end() == 1, "exit %d", p.status)
        p.close(code=1)
        check(p.log_bytes().endswith(b"\n"), "log %r", p.log_bytes())
        check(not select.select([p.rfd], [], [], 0)[0]
              or not os.read(p.rfd, 1), "output after the end")
