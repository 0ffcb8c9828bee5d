"""PROTOCOL 3, requests: a row of the table is a row here.

CHILD stands for the pid of a sleep that runs, DEAD for one that has ended
and was reaped, and the names of the ring's roles for their pids.
"""

import contextlib
import os
import re
import shutil
import resource
import signal
import tempfile

import etf
import proc
from case import (ANY, BADARG, ERROR, INT, LAUNCHER, OK, REFUSED, SOME_TEXT,
                  SLOW, STARTED, Like, Skip, Text, case, check, eventually,
                  expect, rows)
from etf import A, Atom
from native import Native
from port import Port, environment
from trace import Trace

SECTION = "3"
MIB = 1 << 20
CHILD, DEAD = object(), object()
NOT_ALIVE = (A.error, Text("pid not alive"))
NOT_MANAGED = (A.error, Text(
    "Cannot kill a pid not managed by this application"))
NOT_ALL = (A.error, Text("Not allowed to send signal to all processes"))


def unknown(name):
    return (A.error, Text("Unknown command: " + name))


# One request, one reply, and the port and its child go on -------------------

REPLIES = [
    # {stop, OsPid}: ok, or {error, "pid not alive"}
    ("stop: a child", (A.stop, CHILD), OK),
    ("stop: a pid that is nobody's", (A.stop, 2 ** 30), NOT_ALIVE),
    ("stop: a child that has ended", (A.stop, DEAD), NOT_ALIVE),
    ("stop: pid 1", (A.stop, 1), NOT_ALIVE),
    ("stop: pid 0", (A.stop, 0), NOT_ALIVE),
    ("stop: pid -1", (A.stop, -1), NOT_ALIVE),
    ("stop: the harness", (A.stop, os.getpid()), NOT_ALIVE),
    ("stop: an atom", (A.stop, A.pid), REFUSED),
    ("stop: a string", (A.stop, "1"), REFUSED),
    ("stop: a pid beyond 32 bits", (A.stop, 2 ** 32 + 5), NOT_ALIVE),
    ("stop: a pid beyond 64 bits", (A.stop, 2 ** 70), ERROR),
    ("stop: no argument", (A.stop,), REFUSED),
    ("stop: an argument too many", (A.stop, CHILD, 9), REFUSED),

    # {kill, OsPid, Signal}
    ("kill: signal 9", (A.kill, CHILD, 9), OK),
    ("kill: signal 18 to a child", (A.kill, CHILD, 18), OK),
    ("kill: the last signal, 64", (A.kill, CHILD, 64), OK),
    ("kill: signal 65", (A.kill, CHILD, 65), (A.error, A.einval)),
    ("kill: signal -1", (A.kill, CHILD, -1), (A.error, A.einval)),
    ("kill: signal 1000", (A.kill, CHILD, 1000), (A.error, A.einval)),
    ("kill: signal 2^31", (A.kill, CHILD, 2 ** 31), (A.error, A.einval)),
    ("kill: signal 2^32 + 9", (A.kill, CHILD, 2 ** 32 + 9),
     (A.error, A.einval)),
    ("kill: a signal that is an atom", (A.kill, CHILD, A.sigterm), REFUSED),
    ("kill: a pid not managed", (A.kill, 2 ** 30, 9), NOT_MANAGED),
    ("kill: a child that has ended", (A.kill, DEAD, 9), NOT_MANAGED),
    ("kill: the harness", (A.kill, os.getpid(), 9), NOT_MANAGED),
    ("kill: pid 1", (A.kill, 1, 9), NOT_MANAGED),
    ("kill: pid 0", (A.kill, 0, 9), NOT_MANAGED),
    ("kill: pid -1 is badarg", (A.kill, -1, 9), BADARG),
    ("kill: a negative pid", (A.kill, -5, 9), NOT_ALL),
    ("kill: a group of the starter", (A.kill, -os.getpgrp(), 9), NOT_ALL),
    ("kill: a pid beyond 32 bits", (A.kill, 2 ** 32 + 5, 9), NOT_MANAGED),
    ("kill: a pid beyond 64 bits", (A.kill, 2 ** 70, 9), ERROR),
    ("kill: the guard", (A.kill, "guard", 9), NOT_MANAGED),
    ("kill: the reaper", (A.kill, "reaper", 9), NOT_MANAGED),
    ("kill: priv", (A.kill, "priv", 9), NOT_MANAGED),
    ("kill: the broker", (A.kill, "broker", 9), NOT_MANAGED),
    ("kill: the worker", (A.kill, "worker", 9), NOT_MANAGED),
    ("kill: the launcher", (A.kill, "launcher", 9), NOT_MANAGED),
    ("kill: an atom for a pid", (A.kill, A.init, 9), REFUSED),
    ("kill: no signal", (A.kill, CHILD), REFUSED),
    ("kill: no argument", (A.kill,), REFUSED),
    ("kill: an argument too many", (A.kill, CHILD, 9, 9), REFUSED),

    # {debug, Level} 0..10: {ok, OldLevel}
    ("debug: 0", (A.debug, 0), (OK, INT)),
    ("debug: 10", (A.debug, 10), (OK, INT)),
    ("debug: 11", (A.debug, 11), BADARG),
    ("debug: -1", (A.debug, -1), BADARG),
    ("debug: 2^32", (A.debug, 2 ** 32), BADARG),
    ("debug: an atom", (A.debug, A.on), BADARG),
    ("debug: no level", (A.debug,), REFUSED),
    ("debug: an argument too many", (A.debug, 1, 2), REFUSED),

    # {list}: [OsPid]
    ("list: an argument too many", (A.list, 1), REFUSED),

    # {shutdown}
    ("shutdown: an argument too many", (A.shutdown, 1), REFUSED),

    # {run, Cmd, Options}
    ("run: no argument", (A.run,), REFUSED),
    ("run: no options", (A.run, "true"), REFUSED),
    ("run: an argument too many", (A.run, "true", [], 1), REFUSED),
    ("run: Cmd an atom", (A.run, A.true, []), REFUSED),
    ("run: Cmd an integer", (A.run, 5, []), REFUSED),
    ("run: Cmd a tuple", (A.run, ("a", "b"), []), REFUSED),
    ("run: Cmd []", (A.run, [], []), REFUSED),
    ("run: Cmd <<>>", (A.run, b"", []), REFUSED),
    ("run: Cmd [\"\"]", (A.run, [""], []), REFUSED),
    ("run: Cmd with an atom", (A.run, ["/bin/echo", A.a], []), REFUSED),
    ("run: Cmd with an integer", (A.run, ["/bin/echo", 300], []), REFUSED),
    ("run: Cmd with a list of lists",
     (A.run, ["/bin/echo", ["a"]], []), REFUSED),
    ("run: Cmd an improper list",
     (A.run, etf.list_ext(["/bin/echo"], tail=b"a"), []), REFUSED),
    ("run: Options an atom", (A.run, "true", A.stdout), REFUSED),
    ("run: Options an improper list",
     (A.run, "true", etf.list_ext([A.stdout], tail=A.stdin)), REFUSED),
    ("run: Options a string", (A.run, "true", "stdout"), REFUSED),

    # anything else
    ("anything else", (A.nonsense,), unknown("nonsense")),
    ("anything else, arguments", (A.nonsense, 1, [2]), unknown("nonsense")),
    ("anything else, Latin-1", (etf.atom_latin1("\u00e9"),),
     unknown("\u00e9")),
    ("anything else, UTF-8", (Atom("\u65e5\u672c"),),
     unknown("\u65e5\u672c")),
    ("anything else, the prefix of a command", (A.lis,), unknown("lis")),
    ("anything else, a command and more", (A.lists,), unknown("lists")),
    ("anything else, upper case", (Atom("List"),), unknown("List")),
    ("no command: {}", (), REFUSED),
    ("no command: an integer", (1, 2), REFUSED),
    ("no command: a string", ("list",), REFUSED),
]


def fill_in(term, p):
    """Put this port's pids where a table only names them."""
    if term is CHILD:
        return p.run(["/bin/sleep", "1000"])
    if term is DEAD:
        pid = p.run(["/bin/true"])
        p.exit(pid)
        return pid
    if term == "launcher" and not LAUNCHER:
        raise Skip("built without a launcher")
    if term in ("guard", "reaper", "priv", "broker", "worker",
                "launcher"):
        return p.ring()[term]
    return term


@rows(SECTION, REPLIES)
def reply(instruction, pattern):
    with Port() as p:
        instruction = tuple(
            fill_in(x, p) if not isinstance(x, etf.Raw) else x
            for x in instruction)
        number = p.send((A.list,))
        before = p.reply(number)
        number = p.next_id
        p.next_id += 1
        p.asked.append(number)
        p.frame(etf.term_to_binary((number, instruction)))
        expect(pattern, p.reply(number))
        if pattern is not OK:
            expect(before, p.ask(A.list), "list after it")
        bystander = p.run(["/bin/cat"], [A.stdin, A.stdout])
        p.stdin(bystander, b"well")
        p.until_out(bystander, b"well")


# run -----------------------------------------------------------------------

RUNS = [
    ("run: Cmd string", "echo a  b; exit 3", [], b"a b\n", 768),
    ("run: Cmd binary", b"echo a  b; exit 3", [], b"a b\n", 768),
    ("run: Cmd string of UTF-8", "echo \u65e5", [], "\u65e5\n".encode(), 0),
    ("run: Cmd list", ["/bin/echo", "a  b", b"c"], [], b"a  b c\n", 0),
    ("run: Cmd list, no shell", ["/bin/echo", "$HOME;", "*"], [],
     b"$HOME; *\n", 0),
    ("run: Cmd list of one", ["/bin/pwd"], [(A.cd, "/")], b"/\n", 0),
    ("run: Cmd list, an empty argument", ["/usr/bin/printf", "[%s]", b"",
                                          "", b"x"], [], b"[][][x]", 0),
    ("run: Cmd list, quotes and newlines",
     ["/bin/echo", "'\"\n\\"], [], b"'\"\n\\\n", 0),
    ("run: Cmd list of 1,000", ["/bin/echo"] + ["x"] * 999, [],
     b"x " * 998 + b"x\n", 0),
    ("run: {executable, Sh} replaces the shell", "echo .${BASH_VERSION%%.*}",
     [(A.executable, "/bin/bash")], None, 0),
    ("run: {executable, Path} replaces the file, not argv[0]",
     ["name", "-c", "echo $0; tr '\\0' ' ' </proc/$$/cmdline"],
     [(A.executable, "/bin/sh")], None, 0),
    ("run: {executable, Path}, a binary", ["x", "y"],
     [(A.executable, b"/bin/echo")], b"y\n", 0),
]
RUN_OUTPUT = {
    "run: {executable, Sh} replaces the shell": rb"\.\d+\n",
    "run: {executable, Path} replaces the file, not argv[0]":
        rb"name\nname -c .*",
}


def run_row(name, cmd, options, output, status):
    with Port() as p:
        pid = p.run(cmd, [A.stdout] + options)
        expect(status, p.exit(pid), "status")
        out = p.out(pid)
        if output is None:
            check(re.fullmatch(RUN_OUTPUT[name], out, re.S),
                  "output %r", out)
        else:
            check(out == output, "output %r, not %r", out, output)


rows(SECTION, [(r[0],) + r for r in RUNS])(run_row)


# stdin ---------------------------------------------------------------------

@case(SECTION + " stdin: data and eof")
def stdin_data():
    with Port() as p:
        pid = p.run(["/usr/bin/tac"], [A.stdin, A.stdout])
        for line in (b"foo\n", b"", b"bar\n", b"baz\n"):
            p.stdin(pid, line)
        p.stdin(pid, A.eof)
        expect(0, p.exit(pid))
        check(p.out(pid) == b"baz\nbar\nfoo\n", "output %r", p.out(pid))


@case(SECTION + " stdin: eof twice, data after eof")
def stdin_after_eof():
    with Port() as p:
        pid = p.run("cat; sleep 0.2", [A.stdin, A.stdout])
        p.stdin(pid, b"before")
        p.stdin(pid, A.eof)
        p.stdin(pid, A.eof)
        p.stdin(pid, b"after")
        expect(0, p.exit(pid))
        check(p.out(pid) == b"before", "output %r", p.out(pid))
        expect([], p.ask(A.list))


@rows(SECTION + " stdin: dropped without a word:", [
    ("an unknown pid", lambda p: 2 ** 30, b"data"),
    ("eof to an unknown pid", lambda p: 2 ** 30, A.eof),
    ("a child without stdin", lambda p: fill_in(CHILD, p), b"data"),
    ("a child that has ended", lambda p: fill_in(DEAD, p), b"data"),
    ("the harness", lambda p: os.getpid(), b"data"),
    ("a negative pid", lambda p: -1, b"data"),
    ("a pid beyond 32 bits", lambda p: 2 ** 40, b"data"),
])
def stdin_dropped(pid, data):
    """No reply, no event, no line in the log; the worker lives."""
    with Port() as p:
        cat = p.run(["/bin/cat"], [A.stdin, A.stdout])
        pid = pid(p)
        lines, events = len(p.log()), len(p.events)
        p.stdin(pid, data)
        p.stdin(cat, b"well")
        p.until_out(cat, b"well")
        check(len(p.events) == events + 1, "events %s", p.events)
        check(len(p.log()) == lines, "log %s", p.log()[lines:])


@rows(SECTION + " stdin: of the wrong shape:", [
    ("no data", lambda pid: (A.stdin, pid)),
    ("an integer", lambda pid: (A.stdin, pid, 5)),
    ("another atom", lambda pid: (A.stdin, pid, A.oef)),
    ("an argument too many", lambda pid: (A.stdin, pid, b"x", 1)),
    ("an atom for a pid", lambda pid: (A.stdin, A.pid, b"x")),
])
def stdin_wrong(shape):
    """The child gets nothing of it, and what comes next."""
    with Port() as p:
        pid = p.run(["/bin/cat"], [A.stdin, A.stdout])
        p.send(shape(pid), 0)
        p.stdin(pid, b"good")
        p.until_out(pid, b"good")
        expect([pid], p.ask(A.list))


@case(SECTION + " stdin: another TransId gets no reply, either")
def stdin_number():
    with Port() as p:
        pid = p.run(["/bin/cat"], [A.stdin, A.stdout])
        p.send((A.stdin, pid, b"numbered"), 77)
        p.until_out(pid, b"numbered")
        p.send((A.stdin, pid, A.eof), 78)
        expect(0, p.exit(pid), "status")
        expect([], p.ask(A.list))


@case(SECTION + " stdin: to a child that has closed it")
def stdin_closed():
    with Port() as p:
        pid = p.run("exec <&-; echo closed; sleep 1000",
                    [A.stdin, A.stdout])
        p.until_out(pid, b"closed\n")
        lines = len(p.log())
        for _ in range(20):
            p.stdin(pid, bytes(10000))
        other = p.run(["/bin/cat"], [A.stdin, A.stdout])
        p.stdin(other, b"x")
        p.until_out(other, b"x")
        check(sorted(p.ask(A.list)) == sorted([pid, other]), "list")
        check(len(p.log()) == lines, "log %s", p.log()[lines:])


# The rest ------------------------------------------------------------------

@case(SECTION + " list: the bare list, empty, one, many")
def list_of():
    with Port() as p:
        expect([], p.ask(A.list))
        pids = [p.run(["/bin/sleep", "1000"])]
        expect(pids, p.ask(A.list))
        pids += [p.run(["/bin/sleep", "1000"]) for _ in range(299)]
        got = p.ask(A.list)
        check(sorted(got) == sorted(pids), "%d pids", len(got))
        expect(OK, p.ask(A.kill, pids[7], 9))
        p.exit(pids[7])
        got = p.ask(A.list)
        check(sorted(got) == sorted(pids[:7] + pids[8:]), "%d pids",
              len(got))


@case(SECTION + " kill: the signal arrives, and no other")
def kill_signals():
    with Port() as p:
        pid = p.run("trap 'echo usr1' USR1; trap 'echo hup' HUP; "
                    "echo ready; while :; do sleep 0.02; done", [A.stdout])
        p.until_out(pid, b"ready\n")
        expect(OK, p.ask(A.kill, pid, int(signal.SIGUSR1)))
        p.until_out(pid, b"ready\nusr1\n")
        expect(OK, p.ask(A.kill, pid, int(signal.SIGHUP)))
        p.until_out(pid, b"ready\nusr1\nhup\n")
        expect([pid], p.ask(A.list))


@case(SECTION + " kill: SIGSTOP and SIGCONT are no exits")
def kill_stop():
    with Port() as p:
        pid = p.run(["/bin/sleep", "1000"])
        expect(OK, p.ask(A.kill, pid, int(signal.SIGSTOP)))
        eventually(lambda: proc.state(pid) == "T", 2, "not stopped")
        expect([pid], p.ask(A.list))
        expect(OK, p.ask(A.kill, pid, int(signal.SIGCONT)))
        eventually(lambda: proc.state(pid) == "S", 2, "not continued")
        check(not p.events, "events %s", p.events)


@rows(SECTION + " kill:", [
    ("{error, esrch}, as the system says", "ESRCH", A.esrch),
    ("{error, eperm}, as the system says", "EPERM", A.eperm),
])
def kill_errors(name, reason):
    """A child of one's own can always be signalled: strace(1) refuses."""
    with Port() as p:
        # Whoever answers is in its sandbox.
        pid = p.run(["/bin/sleep", "1000"])
        if proc.status(p.ring()["priv"]).get("Seccomp") == "2":
            raise Skip("priv's sandbox has no place for strace's errors")
        trace = Trace([p.ring()["priv"]],
                      ["-e", "inject=kill:error=%s:when=1" % name])
        try:
            expect((A.error, reason), p.ask(A.kill, pid, 9))
            expect([pid], p.ask(A.list))
            expect(OK, p.ask(A.kill, pid, 9))
        finally:
            trace.stop()
        expect(9, p.exit(pid), "status")


@case(SECTION + " kill: a grandchild is not managed")
def kill_grandchild():
    with Port() as p:
        pid = p.run("sleep 1000 & echo $!; wait", [A.stdout])
        p.until(lambda: p.out(pid).endswith(b"\n"), "a pid")
        expect(NOT_MANAGED, p.ask(A.kill, int(p.out(pid)), 9))
        check(proc.alive(int(p.out(pid))), "it was killed")


@case(SECTION + " kill, stop: no number reaches who is not in the table")
def kill_refused_all():
    with Port() as p:
        ring = sorted(p.ring().values())
        for pid in ring + [0, 1, 2, os.getpid(), os.getppid()]:
            expect(ERROR, p.ask(A.kill, pid, 0))
            expect(ERROR, p.ask(A.kill, pid, 15))
            expect(ERROR, p.ask(A.stop, pid))
        check(sorted(p.ring().values()) == ring, "the ring changed")
        check(all(map(proc.alive, ring)), "one of them is dead")


@case(SECTION + " debug: answers the old level")
def debug():
    with Port() as p:
        expect((OK, INT), p.ask(A.debug, 1))
        expect((OK, 1), p.ask(A.debug, 2))
        expect((OK, 2), p.ask(A.debug, 0))
        expect((OK, 0), p.ask(A.debug, 0))
        expect(BADARG, p.ask(A.debug, 11))
        expect((OK, 0), p.ask(A.debug, 0))


@case(SECTION + " debug: the level decides what is logged from then on")
def debug_log():
    with Port() as p:
        for level, more in ((0, False), (1, True), (10, True), (0, False)):
            p.ask(A.debug, level)
            pid = p.run("exit 3")
            expect(768, p.exit(pid), "status")
            told = [line for line in p.log() if "pid %d " % pid in line]
            check(bool(told) == more, "level %d: log %s", level, told)


@case(SECTION + " stop: the child ends, status 0")
def stop():
    with Port() as p:
        pid = p.run(["/bin/sleep", "1000"])
        expect(OK, p.ask(A.stop, pid))
        expect(0, p.exit(pid), "status")
        expect([], p.ask(A.list))


@case(SECTION + " stop: twice")
def stop_twice():
    with Port() as p:
        pid = p.run("trap 'sleep 0.3; exit 5' TERM; echo up; "
                    "while :; do sleep 0.02; done", [A.stdout])
        p.until_out(pid, b"up\n")
        expect(OK, p.ask(A.stop, pid))
        p.ask(A.stop, pid)
        expect(0, p.exit(pid), "status")
        p.pump(0.2)
        check(len(p.exits[pid]) == 1, "exits: %s", p.exits[pid])


@case(SECTION + " stop: a hundred at once")
def stop_many():
    with Port() as p:
        pids = [p.run(["/bin/sleep", "1000"]) for _ in range(100)]
        numbers = [p.send((A.stop, pid)) for pid in pids]
        for number in numbers:
            expect(OK, p.reply(number))
        for pid in pids:
            expect(0, p.exit(pid), "status")


@case(SECTION + " shutdown: TERM for all, KILL for what is left, exit 0")
def shutdown_both():
    with Port("-alarm", "1") as p:
        mild = p.run("trap 'echo term; exit 3' TERM; echo up; "
                     "while :; do sleep 0.02; done", [A.stdout])
        deaf = p.run("trap '' TERM; echo up; while :; do sleep 0.02; done",
                     [A.stdout])
        p.until_out(mild, b"up\n")
        p.until_out(deaf, b"up\n")
        p.send((A.shutdown,), 0)
        check(p.end() == 0, "exit %d", p.status)
        check(p.out(mild) == b"up\nterm\n", "output %r", p.out(mild))
        expect({mild: [768], deaf: [9]}, p.exits)


@rows(SECTION + " shutdown:", [("TransId 0", 0), ("another TransId", 7)])
def shutdown(number):
    """No reply; everything stopped; exit 0."""
    with Port() as p:
        p.run(["/bin/sleep", "1000"])
        p.run("sleep 1000 & sleep 1000")
        p.send((A.shutdown,), number)
        check(p.end() == 0, "exit %d", p.status)
        check(not p.replies, "replies %s", p.replies)


@case(SECTION + " shutdown: what was asked before it is done")
def shutdown_order():
    with Port() as p:
        numbers = [p.send((A.list,)) for _ in range(50)]
        p.send((A.shutdown,), 0)
        for number in numbers:
            expect([], p.reply(number))
        check(p.end() == 0, "exit %d", p.status)


# Failures of run -----------------------------------------------------------

@rows(SECTION + " run: exec fails:", [
    ("no such file", "/nonexistent/prog", "No such file or directory"),
    ("no such file, UTF-8", "/nonexistent/\u65e5\u672c",
     "No such file or directory"),
    ("a directory", "/usr", "Permission denied"),
    ("not executable", "/etc/passwd", "Permission denied"),
    ("below a file", "/etc/passwd/x", "Not a directory"),
    ("no PATH search", "echo", "No such file or directory"),
    ("a name of 5,000 bytes", "/" + "x" * 4999,
     ("File name too long", "Filename too long")),  # musl
])
def exec_fails(path, why):
    """A pid, the text on the child's stderr, status 256."""
    with Port() as p:
        pid = p.run([path, "argument"], [A.stdout, A.stderr])
        expect(256, p.exit(pid), "status")
        whys = (why,) if isinstance(why, str) else why
        texts = ["Pid %d: cannot execute '%s': %s\n" % (pid, path, w)
                 for w in whys]
        check(p.out(pid, A.stderr).decode() in texts, "stderr %r",
              p.out(pid, A.stderr))
        check(p.out(pid) == b"", "stdout %r", p.out(pid))
        expect([], p.ask(A.list))


@case(SECTION + " run: exec fails: {executable, Path}, no PATH search")
def exec_fails_executable():
    with Port() as p:
        for cmd, path in (("true", "/nonexistent/sh"), ("true", "sh"),
                          (["/bin/true"], "/nonexistent/sh"),
                          (["/bin/true"], "true")):
            pid = p.run(cmd, [A.stderr, (A.executable, path)])
            expect(256, p.exit(pid), "status")
            text = ("Pid %d: cannot execute '%s': "
                    "No such file or directory\n" % (pid, path))
            check(p.out(pid, A.stderr) == text.encode(), "stderr %r",
                  p.out(pid, A.stderr))


@case(SECTION + " run: exec fails: SHELL, which was there at the start")
def exec_fails_shell():
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        shell = shutil.copy("/bin/sh", directory)
        with Port(env=environment(SHELL=shell)) as p:
            expect([], p.ask(A.list))
            os.unlink(shell)
            pid = p.run("true", [A.stderr])
            expect(256, p.exit(pid), "status")
            check(b"cannot execute '%s'" % shell.encode()
                  in p.out(pid, A.stderr), "stderr %r", p.out(pid, A.stderr))


@case(SECTION + " run: exec fails: the text goes where stderr goes")
def exec_fails_redirected():
    with Port() as p:
        pid = p.run(["/nonexistent/x"], [A.stdout, (A.stderr, A.stdout)])
        expect(256, p.exit(pid), "status")
        check(p.out(pid).startswith(b"Pid %d: cannot" % pid), "stdout %r",
              p.out(pid))
        pid = p.run(["/nonexistent/x"], [])
        expect(256, p.exit(pid), "status")


def start_fails(what):
    return (A.error, Like(r"(?s)^Couldn't start pid: .*" + what))


MISSING = "/nonexistent/place"


@rows(SECTION + " run: fails before the child exists:", [
    ("cd to a missing directory", [(A.cd, MISSING)], start_fails(MISSING)),
    ("cd to a file", [(A.cd, "/etc/passwd")], start_fails("/etc/passwd")),
    ("stdout below a missing directory", [(A.stdout, MISSING + "/x")],
     start_fails(MISSING + "/x")),
    ("stderr below a missing directory", [(A.stderr, MISSING + "/x")],
     start_fails(MISSING + "/x")),
    ("stdin from a missing file", [(A.stdin, MISSING)],
     start_fails(MISSING)),
    ("stdout to a directory", [(A.stdout, "/usr")], start_fails("/usr")),
])
def start_failures(options, pattern):
    with Port() as p:
        expect(pattern, p.ask(A.run, "true", options))
        expect([], p.ask(A.list))
        check(not p.events, "events %s", p.events)


NUL = "a\0b"


@rows(SECTION + " run: a NUL byte in", [
    ("Cmd", (A.run, "echo " + NUL, [])),
    ("Cmd, a binary", (A.run, b"echo a\0b", [])),
    ("an argument", (A.run, ["/bin/echo", NUL], [])),
    ("the head of the list", (A.run, ["/bin/echo\0x"], [])),
    ("executable", (A.run, "true", [(A.executable, "/bin/sh\0")])),
    ("cd", (A.run, "true", [(A.cd, "/\0tmp")])),
    ("K=V", (A.run, "true", [(A.env, ["A=" + NUL])])),
    ("K", (A.run, "true", [(A.env, [(NUL, "x")])])),
    ("V", (A.run, "true", [(A.env, [("x", b"a\0b")])])),
    ("the K of {K, false}", (A.run, "true", [(A.env, [(NUL, False)])])),
    ("the file of stdout", (A.run, "true", [(A.stdout, "/tmp/\0")])),
    ("the file of stdin", (A.run, "true", [(A.stdin, b"/dev/null\0")])),
])
def nul_byte(instruction):
    with Port() as p:
        expect(REFUSED, p.ask(*instruction))
        expect([], p.ask(A.list))


# Sizes ---------------------------------------------------------------------

def strings_of(total):
    """Strings that take total bytes, each with its NUL."""
    sizes = [100000] * (total // 100000)
    rest = total - sum(sizes)
    if rest < 2:
        sizes[-1] -= 10
        rest += 10
    return ["x" * (size - 1) for size in sizes + [rest]]


def sized(total):
    """A request whose arguments and environment take total bytes."""
    argv = ["/bin/sh", "-c", "echo ${#A} $#", "sh"]
    env = "A=" + "e" * 100000
    used = sum(len(s) + 1 for s in argv + [env])
    return (A.run, argv + strings_of(total - used),
            [A.stdout, (A.env, [A.clear, env])])


@contextlib.contextmanager
def stack(size):
    """What is started here has that limit, a quarter of which is for exec."""
    soft, hard = resource.getrlimit(resource.RLIMIT_STACK)
    if hard != resource.RLIM_INFINITY:
        raise Skip("the stack is limited")
    resource.setrlimit(resource.RLIMIT_STACK, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_STACK, (soft, hard))


@rows(SECTION + " run: arguments and environment of", [
    ("1 MiB", MIB, 8 * MIB),
    ("1.9 MiB, with a stack of 8 MiB", MIB * 19 // 10, 8 * MIB),
    ("5.9 MiB, without a limit of the stack", MIB * 59 // 10,
     resource.RLIM_INFINITY)])
def sized_right(size, limit):
    with stack(limit), Port() as p:
        instruction = sized(size)
        reply = p.ask(*instruction)
        expect(STARTED, reply)
        expect(0, p.exit(reply[1]))
        want = b"100000 %d\n" % (len(instruction[1]) - 4)
        check(p.out(reply[1]) == want, "output %r", p.out(reply[1]))


@rows(SECTION + " run: more than the kernel takes with its stack:", [
    ("2.1 MiB of 2", MIB * 21 // 10, 8 * MIB),
    ("6 MiB, which with their pointers are more", 6 * MIB,
     resource.RLIM_INFINITY)])
def sized_wrong(size, limit):
    with stack(limit):
        with Port() as p:
            _, argv, options = sized(size)
            reply = p.ask(A.run, argv, options + [A.stderr])
            expect(STARTED, reply)
            expect(256, p.exit(reply[1]), "status")
            check(p.out(reply[1], A.stderr).endswith(
                b": cannot execute '/bin/sh': Argument list too long\n"),
                "stderr %r", p.out(reply[1], A.stderr))
        with Native() as p:
            p.refused((A.exec, A.e2big, b"/bin/sh"), *sized(size))


@case(SECTION + " run: one byte above 6 MiB is e2big")
def above_all():
    with Port() as p:
        expect((A.error, A.e2big), p.ask(*sized(6 * MIB + 1)))
        expect([], p.ask(A.list))
    with Native() as p:
        limit = p.hello()[1][A.limits][A.string]
        check(limit == 6 * MIB, "limit %d", limit)
        p.refused((A.decode, A.e2big, b""), *sized(6 * MIB + 1))


@case(SECTION + " run: 40 of 1.9 MiB: nothing grows with them", limit=60)
def many_large():
    """They wait for each other, and the node waits for them."""
    with stack(8 * MIB), Port() as p:
        ring = p.ring()
        numbers = [p.send(sized(MIB * 19 // 10)) for _ in range(40)]
        most = 0
        while numbers[-1] not in p.replies:
            p.pump(0.02, lambda: numbers[-1] in p.replies)
            most = max(most, *(proc.rss(ring[role])
                               for role in ("broker", "priv")))
        # A sanitizer keeps 256 MiB of what was freed.
        check(most < (64 if SLOW == 1 else 600) * MIB, "%d bytes", most)
        for n in numbers:
            expect(STARTED, p.replies[n])
            p.exit(p.replies.pop(n)[1])


# Four million strings of one letter, encoded already.
MANY = etf.Raw(b"l" + (4000000).to_bytes(4, "big") + b"k\0\1x" * 4000000
               + b"j")


@rows(SECTION + " run: far above 6 MiB is e2big:", [
    ("in arguments", (A.run, ["/bin/true"] + ["x" * 100000] * 70, [])),
    ("in one argument", (A.run, ["/bin/true", "x" * 7000000], [])),
    ("in Cmd", (A.run, b"x" * 7000000, [])),
    ("in many arguments", (A.run, MANY, [])),
    ("in the environment", (A.run, ["/bin/true"], [
        (A.env, ["A%d=" % i + "x" * 100000 for i in range(70)])])),
])
def far_above(instruction):
    with Port() as p:
        expect((A.error, A.e2big), p.ask(*instruction))
        expect([], p.ask(A.list))


@rows(SECTION + " run: one string of", [
    ("131,000 bytes", 131000), ("131,071 bytes, the kernel's most", 131071)])
def long_argument(size):
    with Port() as p:
        pid = p.run(["/usr/bin/printf", "%s", "x" * size], [A.stdout])
        expect(0, p.exit(pid))
        check(p.out(pid) == b"x" * size, "%d bytes", len(p.out(pid)))


@case(SECTION + " run: one string of 131,072 bytes, the kernel's refusal")
def too_long_argument():
    with Port() as p:
        reply = p.ask(A.run, ["/bin/true", "x" * 131072], [A.stderr])
        if reply == (A.error, A.e2big):
            return
        expect(STARTED, reply)
        expect(256, p.exit(reply[1]), "status")
        check(p.out(reply[1], A.stderr).endswith(
            b": cannot execute '/bin/true': Argument list too long\n"),
            "stderr %r", p.out(reply[1], A.stderr))


# Order ---------------------------------------------------------------------

@case(SECTION + " replies in the order of 300 requests")
def pipelined():
    """Port itself checks each reply's place."""
    kinds = [
        ((A.run, ["/bin/true"], [A.stdout]), STARTED),
        ((A.list,), ANY),
        ((A.run, "true", [A.nonsense]), (A.error, SOME_TEXT)),
        ((A.stop, 2 ** 30), NOT_ALIVE),
        ((A.run, "echo x", [A.stdin, A.stdout, A.stderr]), STARTED),
        ((A.kill, 2 ** 30, 9), NOT_MANAGED),
        ((A.debug, 0), (OK, INT)),
        ((A.run, "true", [(A.cd, MISSING)]), start_fails(MISSING)),
        ((A.nonsense,), unknown("nonsense")),
        ((A.kill, -1, 9), BADARG),
        ((A.run, ["/nonexistent/x"], [A.stderr]), STARTED),
        ((A.run, [], []), REFUSED),
    ]
    with Port() as p:
        sent = []
        for i in range(300):
            instruction, pattern = kinds[i * 7 % len(kinds)]
            sent.append((p.send(instruction), pattern))
        p.until(lambda: sent[-1][0] in p.replies, "300 replies", 15)
        started = []
        for number, pattern in sent:
            expect(pattern, p.replies[number], "reply %d" % number)
            if pattern is STARTED:
                started.append(p.replies[number][1])
        for pid in started:
            p.exit(pid)


@case(SECTION + " requests while the node reads nothing")
def requests_unread():
    """Replies wait, and come whole and in order."""
    with Port() as p:
        p.reading = False
        numbers = [p.send((A.nonsense, bytes(100))) for _ in range(20000)]
        p.pump(1)
        p.reading = True
        expect(ERROR, p.reply(numbers[-1], seconds=15))
        check(len(p.replies) == len(numbers) - 1, "%d replies",
              len(p.replies))


@case(SECTION + " run as nobody special needs no configuration")
def as_starter():
    if not os.path.exists("/usr/bin/id"):
        raise Skip("no id(1)")
    with Port() as p:
        pid = p.run(["/usr/bin/id", "-u"], [A.stdout])
        expect(0, p.exit(pid))
        check(int(p.out(pid)) == os.geteuid(), "uid %r", p.out(pid))
