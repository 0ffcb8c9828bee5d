"""A tree of tasks, its frames and its end."""

import os
import resource
import signal
import struct

import proc
import tree
from case import Skip, check, eventually, expect, rows, case
from etf import A
from tree import ROOT, TREE, Tree


@case("hello: what it says")
def hello():
    with Tree() as t:
        h = t.hello
        expect(1, h[A.protocol])
        expect(ROOT, h[A.root])
        expect(t.pid, proc.parent(h[A.pid]))
        expect(h[A.pid], proc.parent(h[A.root_pid]))
        check(A.getpid in h[A.calls] and A.jail in h[A.absent]
              and A.getpid not in h[A.absent], "%r", h)


@case("fork: a child in the kernel, a star in the wiring")
def fork():
    with Tree() as t:
        tasks = t.chain(4)
        above = ROOT
        for n in tasks:
            expect(t.os_pid(above), t.value(n, "getppid")
                   if "getppid" in t.names else proc.parent(t.os_pid(n)))
            expect(t.os_pid(n), t.value(n, "getpid"))
            above = n
        listed = t.list()
        expect(4, listed[tasks[3]][A.depth])
        expect(tasks[2], listed[tasks[3]][A.parent])
        expect(A.call, listed[tasks[3]][A.state])


@case("fork: numbers are never used again")
def numbers():
    with Tree() as t:
        seen = set()
        for _ in range(5):
            n = t.fork()
            check(n not in seen, "%d again", n)
            seen.add(n)
            expect(A.ok, t.stop(n))
            check(t.exits[n].cause == tree.STOPPED, "%r", t.exits[n])


@case("exit: status and cause, and exit is answered")
def exits():
    with Tree() as t:
        n = t.fork()
        expect(A.ok, t.call(n, "exit", 3))
        check(t.exit(n).is_exit(3) and t.exit(n).cause == tree.ITSELF,
              "%r", t.exit(n))
        n = t.program(["/bin/sh", "-c", "kill -USR1 $$"])
        check(t.exit(n).is_signal(signal.SIGUSR1), "%r", t.exit(n))
        expect((A.error, (A.gone, A.esrch, n)), t.call(n, "getpid"))


@case("exit: what it has used")
def usage():
    with Tree() as t:
        n = t.sh("i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done")
        e = t.exit(n)
        check(e.is_exit(0) and e.utime + e.stime > 0 and e.maxrss > 100,
              "%r %d %d %d", e, e.utime, e.stime, e.maxrss)


@case("exit: of the root is the end of the tree")
def root_exit():
    with Tree() as t:
        n = t.program(["/bin/sleep", "1000"])
        t.begin(ROOT, "exit", 7)
        check(t.exit(ROOT).is_exit(7), "%r", t.exit(ROOT))
        check(t.exit(n).is_signal(9) and t.exit(n).cause == tree.PARENT,
              "%r", t.exit(n))
        t.until(lambda: t.eof, "no end")


@case("frames: nonsense is said and ends it",)
def nonsense():
    for data in (b"\0\0\0\1x", struct.pack(">I", 1 << 24),
                 struct.pack(">IBII", 9, 200, 1, 1),
                 struct.pack(">IBII", 9, 1, 1, 1),
                 struct.pack(">IBIIIBHHI", 22, 2, 1, 1, 0, 0, 1, 0, 99),
                 struct.pack(">IBIIBI", 14, 7, 1, 1, 200, 0),
                 struct.pack(">IBIIB", 10, 4, 0, 1, 0)):
        t = Tree()
        t.program(["/bin/sleep", "1000"])
        t.raw(data)
        t.until(lambda: t.error, "no error")
        expect(A.wire, t.error[1][0])
        t.close(status=1)


@case("frames: a call that is none, and one with no tuple")
def no_call():
    with Tree() as t:
        answer = t.call(ROOT, 9999)
        expect(A.error, answer[0])
        expect(A.enosys, answer[1][1])
        answer = t.answer(t.ask(tree.CALL, ROOT, struct.pack(">IH", 0, 0)
                                + b"\x83\x61"))
        expect(A.error, answer[0])


@case("frames: one of a megabyte, and an answer")
def large():
    with Tree() as t:
        data = b"x" * ((1 << 20) - 9 - 6 - 32)
        rfd, wfd = t.value(ROOT, "pipe")
        answer = t.call(ROOT, "write", wfd, data[:65536])
        expect((A.ok, 65536), answer)
        expect((A.ok, data[:65536]), t.call(ROOT, "read", rfd, 65536))
        # More than the pipe holds: the deadline ends it.
        answer = t.call(ROOT, "write", wfd, data, ms=300)
        check(answer[0] == A.ok or answer[1][0] == A.timeout, "%r", answer)


@case("calls: many for one task are done in their order")
def order():
    with Tree() as t:
        n = t.fork()
        asked = [t.begin(n, "getpid") for _ in range(500)]
        for seq in asked:
            expect((A.ok, t.os_pid(n)), t.answer(seq))


@case("calls: a deadline in the call, behind another, and the task lives")
def deadline():
    with Tree() as t:
        n = t.fork()
        first = t.begin(n, "select", [], [], [], [], ms=300)
        second = t.begin(n, "getpid", ms=100)
        third = t.begin(n, "getpid")
        expect((A.error, (A.timeout, A.etimedout, A.getpid)),
               t.answer(second))
        expect((A.error, (A.timeout, A.etimedout, A.select)),
               t.answer(first))
        expect((A.ok, t.os_pid(n)), t.answer(third))


@case("calls: too much that waits for one task is refused")
def waiting():
    with Tree() as t:
        n = t.fork()
        first = t.begin(n, "select", [], [], [], [])
        data = b"x" * 1000000
        asked = [t.begin(n, "getenv", data) for _ in range(6)]
        expect((A.error, (A.limit, A.eagain, A.getenv)),
               t.answer(asked[-1]))
        expect(A.ok, t.stop(n))
        expect((A.error, (A.gone, A.esrch, n)), t.answer(first))
        expect((A.error, (A.gone, A.esrch, n)), t.answer(asked[0]))


@case("batch: one frame, stops at the first error or goes on")
def batch():
    with Tree() as t:
        calls = [("getpid",), ("chdir", "/nowhere"), ("getpid",)]
        got = t.batch(ROOT, calls)
        expect(2, len(got))
        expect(A.error, got[1][0])
        got = t.batch(ROOT, calls, flags=1)
        expect(3, len(got))
        expect((A.ok, t.os_pid(ROOT)), got[2])


@case("a task that waits holds up nobody")
def blocked():
    with Tree() as t:
        above = t.fork()
        n = t.sh("sleep 0.3; echo done; exit 4", parent=above)
        waits = t.begin(above, "select", [], [], [], [])
        t.until_out(n, b"done\n")
        check(t.exit(n, seconds=3).is_exit(4), "%r", t.exit(n))
        check(waits not in t.answers, "it does not wait")
        expect((A.ok, t.os_pid(ROOT)), t.call(ROOT, "getpid"))
        expect(A.ok, t.stop(above))


@case("options: of a task, and of those that it forks")
def options():
    with Tree() as t:
        defaults = {tree.MAXCHILD: 64, tree.MAXFORKDEPTH: 16,
                    tree.SIGNALONEOF: 15, tree.KILL_TIMEOUT: 5000,
                    tree.LINGER: 0}
        for option, value in defaults.items():
            expect((A.ok, value), t.option(ROOT, option))
        expect((A.ok, 9), t.option(ROOT, tree.SIGNALONEOF, 9))
        expect((A.ok, 7), t.option(ROOT, tree.MAXFORKDEPTH, 7))
        n = t.fork()
        expect((A.ok, 9), t.option(n, tree.SIGNALONEOF))
        expect((A.ok, 6), t.option(n, tree.MAXFORKDEPTH))
        for option, value in ((tree.SIGNALONEOF, 65), (tree.MAXCHILD, -1),
                              (tree.MAXCHILD, 0), (tree.LINGER, -2),
                              (tree.KILL_TIMEOUT, -1)):
            expect((A.error, (A.argument, A.einval, 2)),
                   t.option(ROOT, option, value))


@case("options: limits of children and of depth")
def limits():
    with Tree() as t:
        expect((A.ok, 2), t.option(ROOT, tree.MAXCHILD, 2))
        expect((A.ok, 1), t.option(ROOT, tree.MAXFORKDEPTH, 1))
        n = t.fork()
        t.fork()
        answer = t.call(ROOT, "fork")
        expect((A.limit, A.eagain), answer[1][:2])
        answer = t.call(n, "fork")
        expect((A.limit, A.eagain), answer[1][:2])
        expect(A.ok, t.stop(n))
        t.fork()


@case("limits: descriptors run out, and no task is harmed")
def nofile():
    def few():
        import resource
        resource.setrlimit(resource.RLIMIT_NOFILE, (128, 128))
    with Tree(before=few) as t:
        t.option(ROOT, tree.MAXCHILD, 1000)
        made = []
        while True:
            answer = t.call(ROOT, "fork")
            if answer[0] == A.error:
                break
            made.append(answer[1])
        expect((A.limit, A.eagain, A.nofile), answer[1])
        check(len(made) > 5, "%d", len(made))
        for n in t.born:
            expect((A.ok, t.os_pid(n)), t.call(n, "getpid"))


@case("limits: the switch cannot have a new task, and who made it is refused")
def not_held():
    if os.geteuid() != 0:
        raise Skip("only root may count its descriptors")
    with Tree() as t:
        n = t.fork()
        born, had = set(t.born), tree_size(t)
        _, hard = resource.prlimit(t.switch(), resource.RLIMIT_NOFILE)
        used = 1 + max(int(fd) for fd in
                       os.listdir("/proc/%d/fd" % t.switch()))
        for room in range(2):
            resource.prlimit(t.switch(), resource.RLIMIT_NOFILE,
                             (used + room, hard))
            expect((A.error, (A.limit, A.emfile, A.fork)), t.call(n, "fork"))
        resource.prlimit(t.switch(), resource.RLIMIT_NOFILE, (hard, hard))
        expect(born, set(t.born))
        eventually(lambda: tree_size(t) == had, 3, "it lives on")
        t.program(["/bin/cat"], parent=n)


def tree_size(t):
    return len([p for p in proc.descendants(t.switch()) if proc.alive(p)])


@rows("start:", [("a flag that there is not", ["-x"], 2),
                 ("an argument too much", ["x"], 2),
                 ("its version", ["-V"], 0)])
def start(args, status):
    t = Tree(*args, hello=False)
    t.close(status=status)


@case("start: with a right that its starter has not")
def privileged():
    tree.needs_root()
    import shutil
    import tempfile
    with tempfile.TemporaryDirectory(dir="/var/tmp") as d:
        os.chmod(d, 0o755)
        path = os.path.join(d, "proctor-task")
        shutil.copy(tree.PROGRAM, path)
        os.chmod(path, 0o4755)
        real, tree.PROGRAM = tree.PROGRAM, path
        try:
            t = Tree(hello=False, before=lambda: os.setuid(65534))
            t.close(status=5)
        finally:
            tree.PROGRAM = real
        check("more rights" in t.log(), "%s", t.log())


@case("list: states")
def states():
    with Tree() as t:
        busy, program = t.fork(), t.program(["/bin/sleep", "1000"])
        t.begin(busy, "select", [], [], [], [])
        eventually(lambda: t.list()[busy][A.state] == A.busy, 5, "not busy")
        expect(A.program, t.list()[program][A.state])
        expect(2, t.list()[ROOT][A.children])
        expect((A.error, (A.state, A.eacces, A.program)),
               t.call(program, "getpid"))
        expect(A.ok, t.stop(TREE))
        t.until(lambda: t.eof, "no end")


@case("memory: of the switch, for a task that has answered much")
def memory():
    with Tree() as t:
        tasks = [t.fork() for _ in range(20)]
        before = proc.rss(t.switch())
        for n in tasks:
            fd = t.value(n, "open", "/dev/zero", [A.o_rdonly], 0)
            expect(900000, len(t.value(n, "read", fd, 900000)))
        grown = (proc.rss(t.switch()) - before) // len(tasks)
        check(grown < 100000, "%d bytes a task", grown)
