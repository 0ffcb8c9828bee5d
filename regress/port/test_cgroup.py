"""PROTOCOL 6 once more: children in control groups of their own.

What is contained, limited, counted and held, by the trees that are here. What
becomes of them when parts of the program die is in test_cgroup_deaths.py.
"""

import os
import signal

import cgroups
import proc
from case import OK, STARTED, Skip, Text, case, check, eventually, expect, rows
from cgroups import Place
from etf import A, Atom
from family import gone, mark
from native import Native, exited, signaled

CG = "6 cgroup:"
MIB = 1 << 20
# A daemon of its own session that ends for nobody, and that nobody waits for.
DAEMON = "(setsid sh -c 'trap \"\" TERM HUP; sleep 1000; sleep 1000' &) ; "
LEAF = [(A.cgroup, A.true)]
CAT = ["/bin/cat", "/proc/self/cgroup"]
TREES = {A.memory: "memory", A.cpu: "cpu", A.cpuset: "cpuset",
         A.pids: "pids", A.io: "blkio"}


class Contained(Native):
    """One that has leaves, in a place of its own where that is possible."""

    def __init__(self, *args, **more):
        super().__init__(*args, hello=False, **more)
        self.about = self.hello()[1][A.cgroup]
        if not isinstance(self.about, dict):
            self.shutdown()
            raise Skip("no leaves: %s" % self.about.decode())

    def shutdown(self):
        self.close_input()
        expect(0, self.end(), "exit status")
        self.closed = True

    def needs(self, controller):
        if controller not in self.about[A.controllers]:
            raise Skip("nothing here limits %s" % controller)

    def own(self):
        """The instance's group in the tree that contains."""
        return cgroups.whole() + self.about[A.path].decode()

    def spare(self):
        """The leaf that is made ahead as another ends; there is one only."""
        pid = self.run(["/bin/true"], LEAF)
        self.ended(pid, exited(0))
        eventually(lambda: cgroups.spares(self.own()), 5, "none")
        path, = cgroups.spares(self.own())
        return path

    def place_of(self, pid):
        """Its path, told by /bin/cat."""
        self.ended(pid, exited(0))
        return self.place(pid)

    def place(self, pid):
        return cgroups.whole() + cgroups.own_line(
            self.out(pid).decode().split("\n\n")[0].splitlines())

    def groups(self):
        """The leaves of children that there are, in all trees."""
        left = []
        for tree in cgroups.trees():
            path = tree + self.about[A.path].decode()
            left += [d for d in cgroups.below(path)
                     if os.path.basename(os.path.dirname(d))[:1] == "t"
                     and os.path.basename(d) != "launch"]
        ahead = cgroups.spares(self.own())
        if len({os.path.dirname(path) for path in ahead}) < len(ahead):
            return left  # of one user there are two: one was a child's
        return [d for d in left if d not in ahead]

    def nothing(self):
        check(not self.groups(), "left: %s", self.groups())

    def stats(self, pid):
        kind, value = self.ask(A.stats, pid)
        expect(A.ok, kind, "stats")
        return value


def leaf(**limits):
    return [(A.cgroup, {Atom(key): value for key, value in limits.items()})]


def family(p, command, options=()):
    """A child with a daemon, which goes on when a line comes: its pid, and
    what all of them have in common."""
    entry = mark()
    pid = p.run(DAEMON + "read go; " + command,
                [A.stdin, A.stdout, (A.env, [entry]), *LEAF, *options])
    # It, and the daemon, a shell with its sleep.
    eventually(lambda: len(proc.marked(entry)) >= 3, 5, "the daemon")
    return pid, entry


def go(p, pid):
    p.send((A.stdin, pid, b"\n"), 0)


def on_two(controller):
    """The tree of version 2 has it: that of version 1 tells of no events."""
    if str(controller) not in cgroups.controllers():
        raise Skip("only version 1 limits %s here, and tells of nothing"
                   % controller)


# hello ----------------------------------------------------------------------

@case(CG + " hello says where they are")
def hello():
    with Contained() as p:
        expect({A.path, A.controllers, A.kill}, set(p.about), "keys")
        expect(A.freezer if cgroups.is_old() else A.true, p.about[A.kill],
               "kill")
        check(set(p.about[A.controllers]) <= set(TREES), "%s",
              p.about[A.controllers])
        path = cgroups.whole() + p.about[A.path].decode()
        check(os.path.isdir(path), "%s is no group", path)


# Containment ----------------------------------------------------------------

@case(CG + " a child is in its group before it runs")
def first():
    with Contained() as p:
        path = p.place_of(p.run(CAT, [A.stdout, *LEAF]))
        check(path.startswith(p.own() + "/t"), "in %s", path)
        check(not os.path.exists(path), "%s is left", path)
        p.nothing()


@case(CG + " a daemon is gone when the exit of its command is told")
def daemon():
    with Contained() as p:
        pid, entry = family(p, "exit 3")
        go(p, pid)
        p.ended(pid, exited(3))
        check(not proc.marked(entry), "a daemon lives")
        p.nothing()


@case(CG + " and of a failed one, too")
def failed():
    with Contained() as p:
        p.refused((A.exec, A.enoent, b"/nonexistent"), A.run,
                  ["/nonexistent"], LEAF)
        eventually(lambda: not p.groups(), 5, "a group is left")


# Each makes another as long as it can, and waits for none.
BOMB = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
first = os.getpid()
for _ in range(6):
    os.fork()
if os.getpid() == first:
    time.sleep(1000)
while True:
    if os.fork():
        os._exit(0)
"""


@case(CG + " a stop ends a fork bomb", limit=60)
def bomb():
    with Contained() as p:
        entry = mark()
        pid = p.run(["/usr/bin/python3", "-c", BOMB],
                    [(A.env, [entry]), (A.kill_timeout, (A.ms, 200)), *LEAF,
                     A.kill_group])
        procs = cgroups.whole() + cgroups.group_of(pid) + "/cgroup.procs"
        p.until(lambda: len(cgroups.read(procs).split()) > 20, "a bomb", 20)
        expect(A.ok, p.ask(A.stop, pid, seconds=20))
        p.exit(pid, 30)
        check(not proc.marked(entry), "%d live", len(proc.marked(entry)))
        p.nothing()


@case(CG + " a stop ends what deaf daemons are left", limit=60)
def stop():
    with Contained() as p:
        pid, entry = family(p, "trap '' TERM; echo up; sleep 1000; sleep 1000",
                            [(A.kill_timeout, (A.ms, 100))])
        go(p, pid)
        p.until_out(pid, b"up\n")
        expect(OK, p.ask(A.stop, pid), "stop")
        p.ended(pid, signaled(9), A.stopped)
        check(not proc.marked(entry), "a daemon lives")


@case(CG + " so does a timeout")
def timeout():
    with Contained() as p:
        pid, entry = family(p, "", [(A.timeout, 500)])
        p.ended(pid, signaled(15), A.timeout)
        check(not proc.marked(entry), "a daemon lives")


@case(CG + " kill_group gives its group its time before")
def group():
    with Contained() as p:
        pid = p.run("(trap 'echo bye; exit' TERM; echo up; "
                    "while :; do sleep 0.1; done) & read x",
                    [A.stdin, A.stdout, A.kill_group, *LEAF])
        p.until_out(pid, b"up\n")
        p.send((A.stdin, pid, A.eof), 0)
        p.exit(pid)
        expect(b"up\nbye\n", p.out(pid), "output")


@case(CG + " linger waits for output before its group ends")
def linger():
    with Contained() as p:
        pid = p.run("(sleep 0.3; echo late) &",
                    [A.stdout, (A.linger, 5000), *LEAF])
        p.exit(pid)
        expect(b"late\n", p.out(pid), "output")


@case(CG + " without linger its group ends at once")
def no_linger():
    with Contained() as p:
        pid = p.run("(trap '' TERM; sleep 1000; echo late) & echo early",
                    [A.stdout, (A.linger, 0), *LEAF])
        p.ended(pid, exited(0))
        expect(b"early\n", p.out(pid), "output")


@case(CG + " a shutdown waits for all of them", limit=60)
def shutdown():
    with Contained("-alarm", "1") as p:
        entry = family(p, "")[1]
        for _ in range(20):
            p.run(DAEMON + "trap '' TERM; sleep 1000; sleep 1000",
                  [(A.env, [entry]), *LEAF])
        p.shutdown()
        gone(entry, 0.5)


@case(CG + " a shutdown at once, with groups on their way", limit=60)
def shutdown_early():
    with Contained("-alarm", "1") as p:
        for _ in range(30):
            p.send((A.run, ["/bin/sleep", "1000"], LEAF))
        p.close_input()
        expect(0, p.end(), "exit status")
        p.closed = True


@case(CG + " a name of its own, once")
def name():
    with Contained() as p:
        pid = p.run(["/bin/sleep", "1000"], leaf(name=b"my.leaf-1"))
        expect(b"my.leaf-1", os.path.basename(p.stats(pid)[A.path]), "name")
        kind, why = p.ask(A.run, ["/bin/true"], leaf(name=b"my.leaf-1"))
        expect((A.error, A.cgroup, A.eexist), (kind, *why[:2]), "twice")
        p.ask(A.stop, pid)
        p.exit(pid)
        # It is free again as soon as the exit is told.
        pid = p.run(["/bin/true"], leaf(name=b"my.leaf-1"))
        p.ended(pid, exited(0))


@case(CG + " when one has ended the next is made ahead, and its child waits "
      "for nobody")
def ahead():
    with Contained() as p:
        path = p.spare()
        keeper = p.ring()["keeper"]
        os.kill(keeper, signal.SIGSTOP)
        pid = p.run("cat /proc/self/cgroup; echo; exec sleep 1000",
                    [A.stdout, *LEAF])
        p.until(lambda: p.out(pid).endswith(b"\n\n"), "its groups")
        expect(path, p.place(pid))
        # There is one: who comes behind it waits.
        number = p.send((A.run, ["/bin/true"], LEAF))
        p.pump(0.2)
        os.kill(keeper, signal.SIGCONT)
        other = p.reply(number)
        expect(STARTED, other, "run")
        p.ended(other[1], exited(0))
        expect(path, cgroups.whole() + p.stats(pid)[A.path].decode(), "path")
        p.ask(A.stop, pid)
        p.exit(pid)
        check(not os.path.exists(path), "it is left")
        p.nothing()


@case(CG + " who is refused leaves what was made ahead for who comes next")
def ahead_refused():
    with Contained() as p:
        path = p.spare()
        old = p.run(["/bin/sleep", "1000"], leaf(name=b"one"))
        for taken in (b"one", b"c7"):
            kind, _ = p.ask(A.run, ["/bin/true"], leaf(name=taken))
            expect(A.error, kind, "%s" % taken)
        expect([path], cgroups.spares(p.own()), "ahead")
        expect(path, p.place_of(p.run(CAT, [A.stdout, *LEAF])), "path")
        p.ask(A.stop, old)
        p.exit(old)
        p.nothing()


@case(CG + " limits are not for what was made ahead")
def ahead_limited():
    with Contained() as p:
        p.needs(A.pids)
        path = p.spare()
        pid = p.run(CAT, [A.stdout, *leaf(pids_max=20)])
        check(p.place_of(pid) != path, "it has it")
        expect([path], cgroups.spares(p.own()), "ahead")


@case(CG + " a run is refused if somebody has removed what was made ahead,"
      " and the next is not")
def ahead_removed():
    with Contained() as p:
        os.rmdir(p.spare())
        p.refused((A.cgroup, A.enodev, b""), A.run, CAT, LEAF)
        for _ in range(3):
            p.ended(p.run(CAT, LEAF), exited(0))
        p.nothing()


@case(CG + " runs without one have none, beside others that do")
def beside():
    with Contained() as p:
        pids = [p.run(CAT, [A.stdout, *(LEAF if i % 2 else ())])
                for i in range(20)]
        for i, pid in enumerate(pids):
            p.ended(pid, exited(0))
            expect(i % 2 == 1, b"/c" in p.out(pid), "in a leaf")
            expect(i % 2 == 1, p.used(pid) is not None, "said what it used")


@case(CG + " with a terminal, a kill command and a group of another")
def together():
    with Contained() as p:
        pid = p.run("tty; read x", [A.stdin, A.stdout, A.pty,
                                    (A.kill, "kill -9 $CHILD_PID"), *LEAF])
        p.has(pid, 9)
        other = p.run(["/bin/sleep", "1000"], [(A.group, 0), *LEAF])
        third = p.run(["/bin/sleep", "1000"], [(A.group, other), *LEAF])
        check(p.stats(other)[A.path] != p.stats(third)[A.path], "one group")
        for each in (pid, other, third):
            expect(OK, p.ask(A.stop, each), "stop")
            p.exit(each)
        p.nothing()


# Limits ---------------------------------------------------------------------

EATER = ("/usr/bin/python3", "-c", "x = bytearray(256 << 20)")


@case(CG + " out of memory", limit=60)
def oom():
    with Contained() as p:
        p.needs(A.memory)
        pid = p.run(list(EATER), leaf(memory_max=64 * MIB))
        p.ended(pid, signaled(9), A.oom, 30, killed=False)
        used = p.used(pid)
        check(used[A.oom_kill] >= 1, "%s", used)
        check(used[A.memory_max] >= 1, "%s", used)
        check(used[A.memory_peak] <= 64 * MIB, "%s", used)


@case(CG + " too little to begin with ends the child, and nobody else",
      limit=120)
def too_little():
    with Contained() as p:
        p.needs(A.memory)
        for size in (0, 4096, 8192, 16384):
            for _ in range(20):
                pid = p.run(["/bin/true"], leaf(memory_max=size))
                p.ended(pid, signaled(9), A.oom, 30, killed=False)
        pid = p.run(["/bin/true"])
        p.ended(pid, exited(0))


@case(CG + " too little for its arguments ends the child, and nobody else",
      limit=60)
def too_little_for_arguments():
    with Contained() as p:
        p.needs(A.memory)
        words = ["x" * 100_000] * 16
        pid = p.run(["/bin/true", *words], leaf(memory_max=1 * MIB))
        p.ended(pid, signaled(9), A.oom, 30, killed=False)
        p.ended(p.run(["/bin/true"]), exited(0))


@case(CG + " a child of it out of memory is an event", limit=60)
def oom_event():
    with Contained() as p:
        on_two(A.memory)
        pid = p.run("%s -c 'x = bytearray(256 << 20)'; read x" % EATER[0],
                    [A.stdin, *leaf(memory_max=64 * MIB)])
        p.until(lambda: any(c.get(A.oom_kill) for c in p.leaves[pid]),
                "an event", 30)
        p.send((A.stdin, pid, A.eof), 0)
        p.ended(pid, exited(1))
        check(p.used(pid)[A.oom_kill] >= 1, "%s", p.used(pid))


@case(CG + " forks that are refused are counted, and an event", limit=60)
def pids():
    with Contained() as p:
        on_two(A.pids)
        pid = p.run("sleep 1000 & sleep 1000 & sleep 1000 & wait; read x",
                    [A.stdin, *leaf(pids_max=2)])
        p.until(lambda: any(c.get(A.pids_denied) for c in p.leaves[pid])
                or p.exits[pid], "an event", 10)
        p.ask(A.stop, pid)
        p.exit(pid)
        used = p.used(pid)
        check(used[A.pids_denied] >= 1 and used.get(A.pids_peak, 2) <= 2,
              "%s", used)


@case(CG + " processor time is throttled", limit=60)
def throttled():
    with Contained() as p:
        p.needs(A.cpu)
        pid = p.run("while :; do :; done", leaf(cpu_max=(10000, 100000)))
        p.until(lambda: p.stats(pid)[A.cpu_throttled_us] > 0, "throttling", 20)
        p.ask(A.stop, pid)
        p.exit(pid)
        check(p.used(pid)[A.cpu_throttled_us] > 0, "%s", p.used(pid))


@case(CG + " forks that are refused are counted", limit=60)
def denied():
    with Contained() as p:
        p.needs(A.pids)
        pid = p.run("sleep 0 & sleep 0 & sleep 0 & wait", leaf(pids_max=1))
        p.exit(pid)
        used = p.used(pid)
        check(used[A.pids_denied] >= 1 and used.get(A.pids_peak, 1) == 1,
              "%s", used)


# limit, value, another one
VALUES = [(row[0], *row) for row in [
    ("memory_max", 64 * MIB, A.max),
    ("memory_high", 64 * MIB, A.max),
    ("memory_low", MIB, 0),
    ("memory_min", MIB, 0),
    ("memory_swap_max", 0, A.max),
    ("memory_oom_group", A.true, A.false),
    ("pids_max", 64, A.max),
    ("cpu_weight", 50, 100),
    ("cpu_max", (50000, 100000), A.max),
    ("cpu_idle", A.true, A.false),
    ("cpuset_cpus", b"0", b"0"),
    ("cpuset_mems", b"0", b"0"),
    ("io_weight", 50, 100),
]]


@rows(CG + " as the system has it or refused by name,", VALUES)
def limits(limit, value, other):
    with Contained() as p:
        reply = p.ask(A.run, ["/bin/sleep", "1000"],
                      leaf(**{limit: value}))
        if reply[0] == A.error:
            expect((A.cgroup, limit.encode()), reply[1][::2], "refusal")
            check(reply[1][1] in (A.enodev, A.einval, A.enoent), "%s", reply)
            # It needs the other one, or there is nothing of it.
            p.nothing()
            return
        pid = reply[1]
        expect(OK, p.ask(A.cgroup_set, pid, {Atom(limit): other}), "set")
        p.ask(A.stop, pid)
        p.exit(pid)
        p.nothing()


@case(CG + " of two the one that cannot be had is named, and nothing left")
def half():
    with Contained() as p:
        p.needs(A.pids)
        for i in range(5):
            p.refused((A.cgroup, A.enodev, b"io_max"), A.run, ["/bin/true"],
                      leaf(pids_max=5, io_max=[(b"4095:1048575",
                                                {A.rbps: 1000})]))
        p.nothing()
        expect([], p.ask(A.list), "list")


@case(CG + " other limits count")
def other():
    with Contained() as p:
        p.needs(A.pids)
        pid = p.run("read x; sleep 0 && sleep 0; echo done; read x",
                    [A.stdin, A.stdout, *leaf(pids_max=1)])
        expect(OK, p.ask(A.cgroup_set, pid, {A.pids_max: 5}), "set")
        p.send((A.stdin, pid, b"\n"), 0)
        p.until_out(pid, b"done\n")
        expect(0, p.stats(pid)[A.pids_denied], "denied")
        p.send((A.stdin, pid, A.eof), 0)
        p.exit(pid)


@case(CG + " another limit of memory leaves that of swap as it is")
def other_memory():
    with Contained() as p:
        p.needs(A.memory)
        found = p.ask(A.run, ["/bin/sleep", "1000"],
                      leaf(memory_max=64 * MIB, memory_swap_max=MIB))
        if found[0] == A.error:
            raise Skip("nothing limits swap here")
        pid = found[1]
        path, = [d for d in p.groups() if os.path.exists(
            d + "/memory.memsw.limit_in_bytes")] or [None]
        for size in (16 * MIB, 128 * MIB):
            expect(OK, p.ask(A.cgroup_set, pid, {A.memory_max: size}), "set")
            if path is not None:
                expect(size + MIB, int(cgroups.read(
                    path + "/memory.memsw.limit_in_bytes")), "both")
        expect(OK, p.ask(A.cgroup_set, pid, {A.memory_max: A.max}), "set")
        p.ask(A.stop, pid)
        p.exit(pid)


# Requests -------------------------------------------------------------------

@case(CG + " stats say where and what")
def stats():
    with Contained() as p:
        pid = p.run(["/bin/sleep", "1000"], LEAF)
        value = p.stats(pid)
        check(os.path.isdir(cgroups.whole() + value[A.path].decode()),
              "%s is no group", value[A.path])
        expect(A.false, value[A.frozen], "frozen")
        # The freezer counts nothing.
        check(cgroups.is_old() or isinstance(value[A.cpu_us], int), "cpu_us")
        p.ask(A.stop, pid)
        p.exit(pid)


def ticks(p, pid):
    """A child that counts stands still: how far it was."""
    before = len(p.out(pid))
    p.pump(0.3)
    return before, len(p.out(pid))


COUNTER = "while :; do echo x; sleep 0.01; done"


@rows(CG + " pause and resume", [
    ("by its group", LEAF, A.cgroup),
    ("by signals", [], A.signal),
])
def pause(options, how):
    with Contained() as p:
        pid = p.run(COUNTER, [A.stdout, *options])
        p.has(pid, 10)
        expect((A.ok, how), p.ask(A.pause, pid), "pause")
        p.pump(0.1)
        before, after = ticks(p, pid)
        expect(before, after, "output while paused")
        expect((A.ok, how), p.ask(A.pause, pid), "again")
        expect((A.ok, how), p.ask(A.resume, pid), "resume")
        p.has(pid, after + 10)
        p.ask(A.stop, pid)
        p.exit(pid)


@rows(CG + " a stop of what stands still", [
    ("by its group", LEAF, A.cgroup),
    ("by signals", [], A.signal),
])
def pause_stop(options, how):
    with Contained() as p:
        pid = p.run("trap 'exit 7' TERM; " + COUNTER, [A.stdout, *options])
        p.has(pid, 10)
        expect((A.ok, how), p.ask(A.pause, pid), "pause")
        p.ask(A.stop, pid)
        p.ended(pid, exited(7), A.stopped)


@case(CG + " what is dead is not found, and what has none is told so")
def unknown():
    with Contained() as p:
        pid = p.run(["/bin/sleep", "1000"])
        for request in ((A.stats, pid), (A.cgroup_set, pid, {A.pids_max: 1})):
            kind, why = p.ask(*request)
            expect((A.error, A.cgroup, A.enodev), (kind, *why[:2]), "none")
        p.ask(A.stop, pid)
        p.exit(pid)
        for request in ((A.stats, pid), (A.pause, pid), (A.resume, pid),
                        (A.cgroup_set, pid, {A.pids_max: 1}), (A.stats, 1),
                        (A.pause, os.getpid())):
            expect((A.error, A.not_found), p.ask(*request), "unknown")


@case(CG + " requests on their way when it ends are answered", limit=60)
def racing():
    with Contained() as p:
        for _ in range(20):
            pid = p.run("exit", LEAF)
            for _ in range(5):
                value = p.ask(A.stats, pid)
                check(value[0] in (A.ok, A.error), "%s", value)
            p.exit(pid)


@case(CG + " in the exec-port dialect nobody can ask for one")
def exec_port():
    with Native(hello=False) as p:
        expect((A.error, Text("Unknown option: cgroup")),
               p.ask(A.run, ["/bin/true"], LEAF), "option")
        expect((A.error, Text("Unknown command: stats")), p.ask(A.stats, 5),
               "request")


@case(CG + " many at once", limit=120)
def many():
    with Contained() as p:
        pids = [p.run(DAEMON + "read x", [A.stdin, *LEAF])
                for _ in range(100)]
        for pid in pids:
            p.send((A.stdin, pid, A.eof), 0)
        for pid in pids:
            p.ended(pid, exited(1), seconds=30)
        p.nothing()


# Without ---------------------------------------------------------------------

@case(CG + " where there is none runs that ask are refused by what hello says")
def none():
    with Place() as place, cgroups.of_nobody(place, group="") as p:
        reason = p.hello()[1][A.cgroup]
        check(isinstance(reason, bytes) and reason, "%s", reason)
        p.refused((A.cgroup, A.enodev, reason), A.run, ["/bin/true"], LEAF)
        expect([], p.ask(A.list), "list")
        pid = p.run(COUNTER, [A.stdout])
        expect((A.ok, A.signal), p.ask(A.pause, pid), "pause")
        p.ask(A.stop, pid)
        p.exit(pid)


@case(CG + " nor in a place that stands still")
def still():
    """Root holds it: who is started there would stand still as well."""
    with Place() as place:
        place.hold(True)
        with cgroups.of_root(place) as p:
            reason = p.hello()[1][A.cgroup]
            expect(b"none can be made in %s: it is frozen"
                   % place.name.encode(), reason)
            check([line for line in p.log() if "it is frozen" in line],
                  "log %s", p.log())
            p.ended(p.run(["/bin/true"]), exited(0))
        place.hold(False)
