"""PROTOCOL 6: the native dialect, row by row."""

import os
import re
import signal
import sys
import tempfile
import time

import etf
import proc
import starter
from case import (ANY, BADARG, LAUNCHER, OK, ROOT, SLOW, STARTED, Like, Naming,
                  Skip, Text, case, check, eventually, expect, rows, timely)
from etf import A
from native import HELLO, Native, exited, signaled
from patience import stretched
from port import Port, program
from test_manage import DEAF
from foreign import Foreign
from refusals import REFUSALS
from trace import PTRACE_O_TRACEEXIT, WALL, resume, seize
from traffic import Data, pattern
from visible import alone, unchanged

HI = "6 native hello:"
ERR = "6 native errors:"
END = "6 native exit:"
EOFS = "6 native eof:"
WIN = "6 native window:"
ACK = "6 native stdin_ack:"
TIME = "6 native timeout:"
IDLE = "6 native idle_timeout:"
OLD = "6 native, to exec-port:"
HARD = "6 native, attacked:"
SLEEP = ["/bin/sleep", "1000"]
MIB = 1 << 20
NOBODY = 2 ** 30
FEATURES = {A.window, A.ack, A.stdin_ack, A.stdin_ack_bytes, A.eof, A.usage,
            A.timeout, A.pty, A.exec_error, A.idle_timeout, A.linger, A.cgroup,
            A.pause}
VERSION = (A.error, (A.decode, A.eproto, b"version"))


def einval(text):
    return (A.decode, A.einval, text)


# hello ----------------------------------------------------------------------

def welcome(p):
    reply = p.hello()
    check(isinstance(reply, tuple) and reply[0] == A.ok
          and isinstance(reply[1], dict), "reply %s", etf.show(reply))
    return reply[1]


def default_user():
    return program("--whoami", user=True)[1].strip()


def features(found):
    want = FEATURES | ({A.launcher} if LAUNCHER else set())
    return isinstance(found, list) and set(found) == want and (
        len(found) == len(want))


# name, key, value
KEYS = [
    ("version", A.version, lambda v: v == 1),
    ("release", A.release,
     lambda v: v.decode() in program("--version")[1].decode().split()),
    ("platform", A.platform, lambda v: v == b"linux"),
    ("mode", A.mode, lambda v: v == (A.root if ROOT else A.plain)),
    ("user", A.user, lambda v: v == default_user()),
    ("users", A.users, lambda v: v == []),
    ("features", A.features, features),
    ("orphans", A.orphans, lambda v: v == A.reaper),
]


@rows(HI + " the answer's", KEYS)
def hello_key(key, test):
    with Native(hello=False) as p:
        value = welcome(p)[key]
        check(test(value), "%s is %s", key, etf.show(value))


@case(HI + " the answer's sandbox is what the kernel says")
def hello_sandbox():
    with Native(hello=False) as p:
        found = welcome(p)[A.sandbox]
        held = proc.status(p.ring()["worker"]).get("Seccomp") == "2"
        check((A.syscall_filter in found) == held
              and not set(found) - {A.landlock, A.syscall_filter},
              "%s, and a filter: %s", found, held)


@case(HI + " the answer has these keys, and no others")
def hello_keys():
    with Native(hello=False) as p:
        found = set(welcome(p))
        want = {row[1] for row in KEYS} | {A.limits, A.sandbox, A.cgroup}
        check(found == want, "%s", sorted(found ^ want))


@rows(HI + " the answer's limits,", [
    ("-stdin-limit not given", (), 64 * MIB),
    ("-stdin-limit 4711", ("-stdin-limit", "4711"), 4711)])
def hello_limits(flags, stdin):
    with Native(*flags, hello=False) as p:
        limits = welcome(p)[A.limits]
        check(set(limits) == {A.children, A.stdin, A.string}, "%s", limits)
        expect(stdin, limits[A.stdin], "stdin")
        check(limits[A.children] > 0 and limits[A.string] > 0, "%s", limits)


@rows(HI + " other keys are for others:", [
    ("an atom", {A.client: A.x, A.version: 1}),
    ("a binary", {b"version": 2, A.version: 1}),
    ("behind it", {A.version: 1, A.future: {A.version: 7}}),
    ("a map", {(1, b"x"): {A.version: 2}, A.version: 1}),
])
def hello_more(term):
    with Native(hello=False) as p:
        reply = p.ask(A.hello, term)
        expect(A.ok, reply[0])
        p.refused((A.badopt, A.x), A.run, "true", [A.x])


# name, term, what is said to it
BAD_HELLO = [
    ("{version, 0}", {A.version: 0}, VERSION),
    ("{version, 2}", {A.version: 2}, VERSION),
    ("{version, -1}", {A.version: -1}, VERSION),
    ("{version, 2^31 + 1}", {A.version: 2 ** 31 + 1}, VERSION),
    ("{version, 2^32 + 1}", {A.version: 2 ** 32 + 1}, VERSION),
    ("{version, 2^62}", {A.version: 2 ** 62}, VERSION),
    ("{version, 2^70}", {A.version: 2 ** 70}, BADARG),
    ("{version, 1.0}", {A.version: 1.0}, BADARG),
    ("{version, <<1>>}", {A.version: b"1"}, BADARG),
    ("{version, one}", {A.version: A.one}, BADARG),
    ("{version, {1}}", {A.version: (1,)}, BADARG),
    ("<<version>>", {b"version": 1}, BADARG),
    ("Version", {etf.Atom("Version"): 1}, BADARG),
    ("an empty map", {}, BADARG),
    ("a list", [(A.version, 1)], BADARG),
    ("1", 1, BADARG),
    ("[]", [], BADARG),
]


@rows(HI + " refused:", BAD_HELLO)
def hello_refused(term, pattern):
    """And what follows is as it would have been without it."""
    with Native(hello=False) as p:
        expect(pattern, p.ask(A.hello, term))
        expect(Naming("x"), p.ask(A.run, "true", [A.x]))
        expect(0, p.exit(p.run("exit 0")), "status")
        p.hello()
        expect(pattern, p.ask(A.hello, term), "the second time")
        p.ended(p.run("exit 3"), exited(3))


@rows(HI + " refused:", [("{hello}", ()), ("{hello, M, M}", ({}, {})),
                         ("{hello, #{version => 1}, x}",
                          ({A.version: 1}, A.x))])
def hello_arity(values):
    with Native(hello=False) as p:
        expect(BADARG, p.ask(A.hello, *values))
        expect(Naming("x"), p.ask(A.run, "true", [A.x]))


@case(HI + " twice: the same answer")
def hello_twice():
    with Native(hello=False) as p:
        first = welcome(p)
        check(welcome(p) == first, "another answer")
        p.ended(p.run("exit 3"), exited(3))


@case(HI + " with TransId 0: no answer, and it counts")
def hello_silent():
    with Native(hello=False) as p:
        p.send(HELLO, 0)
        p.refused((A.badopt, A.x), A.run, "true", [A.x])
        p.native = True
        p.ended(p.run("exit 3"), exited(3))


@case(HI + " after other requests: events turn with its answer")
def hello_late():
    with Native(hello=False) as p:
        expect(768, p.exit(p.run("exit 3")), "status")
        expect(Naming("x"), p.ask(A.run, "true", [A.x]))
        old = p.run("read x; exit 4", [A.stdin])
        p.hello()
        p.stdin(old, b"x\n")
        p.ended(old, exited(4))
        p.refused((A.exec, A.enoent, b"/nope"), A.run, ["/nope"], [])


@case(HI + " between requests that are not awaited: in its turn")
def hello_pipelined():
    with Native(hello=False) as p:
        numbers = [p.send(r) for r in (
            (A.nonsense,), (A.run, ["/nope"], []), HELLO, (A.nonsense,),
            (A.run, ["/nope"], []), (A.stop, NOBODY))]
        replies = [p.reply(n) for n in numbers]
        expect((A.error, Text("Unknown command: nonsense")), replies[0])
        expect(STARTED, replies[1])
        expect(A.ok, replies[2][0])
        expect((A.error, (A.decode, A.enosys, b"Unknown command: nonsense")),
               replies[3])
        expect((A.error, (A.exec, A.enoent, b"/nope")), replies[4])
        expect((A.error, A.esrch), replies[5])
        pid = replies[1][1]
        p.until(lambda: p.exits[pid], "the exit")


# Errors ---------------------------------------------------------------------

LONG = b"/" + b"x" * 300
STAGES = [
    ("exec enoent", ["/bin/nope"], [], (A.exec, A.enoent, b"/bin/nope")),
    ("exec enoent, relative", ["nope"], [], (A.exec, A.enoent, b"nope")),
    ("exec enoent, {executable, File}", "true", [(A.executable, "/nope")],
     (A.exec, A.enoent, b"/nope")),
    ("exec enoent, UTF-8", ["/caf\u00e9"], [],
     (A.exec, A.enoent, "/caf\u00e9".encode())),
    ("exec enoent, on a terminal", ["/nope"], [A.pty, A.stdin, A.stdout],
     (A.exec, A.enoent, b"/nope")),
    ("exec eacces, a file", ["/etc/passwd"], [],
     (A.exec, A.eacces, b"/etc/passwd")),
    ("exec eacces, a directory", ["/etc"], [], (A.exec, A.eacces, b"/etc")),
    ("exec enotdir", ["/etc/passwd/x"], [],
     (A.exec, A.enotdir, b"/etc/passwd/x")),
    ("exec enoexec", ["{NOEXEC}"], [], (A.exec, A.enoexec, b"{NOEXEC}")),
    ("exec enoent, a script's interpreter", ["{SCRIPT}"], [],
     (A.exec, A.enoent, b"{SCRIPT}")),
    ("exec eloop", ["{LOOP}"], [], (A.exec, A.eloop, b"{LOOP}")),
    ("exec enametoolong", [LONG], [], (A.exec, A.enametoolong, LONG)),
    ("exec e2big", ["/bin/echo", b"x" * (128 << 10)], [],
     (A.exec, A.e2big, b"/bin/echo")),
    ("chdir enoent", "true", [(A.cd, "/nope")],
     (A.chdir, A.enoent, b"/nope")),
    ("chdir enotdir", "true", [(A.cd, "/etc/passwd")],
     (A.chdir, A.enotdir, b"/etc/passwd")),
    ("open enoent, stdin", "true", [(A.stdin, "/nope")],
     (A.open, A.enoent, b"/nope")),
    ("open enoent, stdout", "true", [(A.stdout, "/nope/x")],
     (A.open, A.enoent, b"/nope/x")),
    ("open eisdir, stderr", "true", [(A.stderr, "/etc")],
     (A.open, A.eisdir, b"/etc")),
    ("group esrch", "true", [(A.group, NOBODY)], (A.group, A.esrch, b"")),
    ("decode, an empty command", "", [], einval(b"Empty command")),
    ("decode, no words", [], [], einval(b"Empty command")),
    ("decode, a circle", "true",
     [(A.stdout, A.stderr), (A.stderr, A.stdout)],
     einval(b"Circular reference of options: stdout, stderr")),
    ("decode, 7 MiB of arguments", ["/bin/echo"] + [b"x" * 1000] * 7000, [],
     (A.decode, A.e2big, b"")),
    ("decode, a path of 4 KiB", "true", [(A.cd, b"/" * 4096)],
     (A.decode, A.e2big, b"")),
]


class Files:
    """A file that is no program, a script without one, and a loop."""

    def __init__(self):
        self.directory = tempfile.TemporaryDirectory()
        os.chmod(self.directory.name, 0o755)
        self.names = {name: self.directory.name + "/" + name
                      for name in ("NOEXEC", "SCRIPT", "LOOP")}
        for name, text in (("NOEXEC", b"\x01\x02"), ("SCRIPT", b"#!/nope\n")):
            with open(self.names[name], "wb") as f:
                f.write(text)
            os.chmod(self.names[name], 0o755)
        os.symlink("LOOP", self.names["LOOP"])

    def fill(self, term):
        if isinstance(term, str) and not isinstance(term, etf.Atom):
            return term.format(**self.names) if "{" in term else term
        if isinstance(term, bytes) and b"{" in term:
            return term.decode().format(**self.names).encode()
        if isinstance(term, (tuple, list)):
            return type(term)(map(self.fill, term))
        return term


@rows(ERR + " stage", STAGES)
def stage(cmd, options, reason):
    """No child, no event, nothing in the list."""
    files = Files()
    with Native() as p:
        p.refused(files.fill(reason), A.run, files.fill(cmd), options)
        expect([], p.ask(A.list))
        p.pump(0.05)
        check(not p.events, "events %s", p.events)
        p.ended(p.run("exit 0"), exited(0))


@case(ERR + " stage exec, a path of 4,095 bytes: as much of it as fits")
def stage_cut():
    path = b"/" + b"x/" * 2047
    with Native() as p:
        what, error, detail = p.ask(A.run, [path], [])[1]
        expect((A.exec, A.enoent), (what, error))
        check(len(detail) >= 1000 and path.startswith(detail), "%r", detail)


@case(ERR + " stage user: why nobody else can be had")
def stage_user():
    with Native() as p:
        reply = p.ask(A.run, "true", [(A.user, "no-such-user")])
        check(reply[0] == A.error and reply[1][:2] == (A.user, A.eperm),
              "%s", etf.show(reply))
        check(re.match(rb"'no-such-user': (nobody but \w+ can be had, as |"
                       rb"the command line does not name it$)", reply[1][2]),
              "%r", reply[1][2])


@case(ERR + " stage nice, without the right to it")
def stage_nice():
    if ROOT:
        raise Skip("root may")
    with Native() as p:
        reply = p.ask(A.run, "true", [(A.nice, -20)])
        check(reply[0] == A.error and reply[1][0] == A.nice
              and reply[1][1] in (A.eperm, A.eacces)
              and reply[1][2] == b"nice -20", "%s", etf.show(reply))


class NativePlain(Native, starter.Starter):
    """Started by nobody special."""


@case(ERR + " stage nice, of manage: as nobody special")
def stage_nice_manage():
    if not ROOT:
        raise Skip("needs root")
    with NativePlain(starter.PLAIN, user=False, cwd="/") as p:
        pid = p.run("sleep 1000 & echo $!; wait", [A.stdout])
        p.until(lambda: p.out(pid).endswith(b"\n"), "a pid")
        expect((A.error, (A.nice, A.eacces, b"nice -5")),
               p.ask(A.manage, int(p.out(pid)), [(A.nice, -5)]))


@rows(ERR + " no descriptors left:", [
    ("pipe", [A.stdin, A.stdout, A.stderr]),
    ("pty", [A.stdin, A.stdout, A.pty]),
])
def stage_descriptors(options):
    with Native(nofile=(64, 64)) as p:
        pids = []
        for _ in range(100):
            reply = p.ask(A.run, SLEEP, options)
            if reply[0] != A.pid:
                break
            pids.append(reply[1])
        check(reply[0] == A.error and len(reply[1]) == 3
              and reply[1][0] in (A.pipe, A.pty, A.fork)
              and reply[1][1] == A.emfile, "%s", etf.show(reply))
        check(isinstance(reply[1][2], bytes), "%s", etf.show(reply))
        for pid in pids:
            p.ask(A.kill, pid, 9)
            p.ended(pid, signaled(9))
        p.ended(p.run("exit 0", options), exited(0))


@rows(ERR + " {exec_error, exit}:", [
    (name, cmd, options) for name, cmd, options, reason in STAGES
    if reason[0] == A.exec and A.pty not in options])
def exec_exit(cmd, options):
    """As in the exec-port dialect: a pid, a text, 1. {exec_error, answer} is
    what is without it."""
    files = Files()
    cmd = files.fill(cmd)
    with Native() as p:
        pid = p.run(cmd, options + [A.stdout, A.stderr,
                                    (A.exec_error, A.exit)])
        p.ended(pid, exited(1))
        check(p.out(pid, A.stderr).startswith(
            b"Pid %d: cannot execute '" % pid), "%r", p.out(pid, A.stderr))
        expect(b"", p.out(pid), "stdout")
        reply = p.ask(A.run, cmd, options + [(A.exec_error, A.answer)])
        check(reply[0] == A.error and reply[1][0] == A.exec, "%s",
              etf.show(reply))
        expect([], p.ask(A.list))


@case(ERR + " {exec_error, exit}: on a terminal")
def exec_exit_pty():
    with Native() as p:
        pid = p.run(["/nope"], [A.pty, A.stdin, A.stdout, A.stderr,
                                (A.exec_error, A.exit)])
        p.ended(pid, exited(1))
        expect(b"Pid %d: cannot execute '/nope': No such file or directory"
               b"\r\n" % pid, p.out(pid), "stdout")


@case(ERR + " {exec_error, exit}: what comes before exec is an answer still")
def exec_exit_before():
    with Native() as p:
        p.refused((A.chdir, A.enoent, b"/nope"), A.run, ["/nope"],
                  [(A.cd, "/nope"), (A.exec_error, A.exit)])
        expect([], p.ask(A.list))


MORE_REFUSALS = [
    ("{window, -1}", [(A.window, -1)], "window"),
    ("{window, 2^30 + 1}", [(A.window, 2 ** 30 + 1)], "window"),
    ("{window, 2^32}", [(A.window, 2 ** 32)], "window"),
    ("{window, 2^70}", [(A.window, 2 ** 70)], "window"),
    ("{window, 1.0}", [(A.window, 1.0)], "window"),
    ("{window, atom}", [(A.window, A.infinity)], "window"),
    ("{window, 1, 2}", [(A.window, 1, 2)], "window"),
    ("{window}", [(A.window,)], "window"),
    ("window", [A.window], "window"),
    ("duplicate: window", [(A.window, 1), (A.window, 0)], "window"),
    ("{stdin_ack, -1}", [(A.stdin_ack, -1)], "stdin_ack"),
    ("{stdin_ack, 2^30 + 1}", [(A.stdin_ack, 2 ** 30 + 1)], "stdin_ack"),
    ("stdin_ack", [A.stdin_ack], "stdin_ack"),
    ("{timeout, 0}", [(A.timeout, 0)], "timeout"),
    ("{timeout, -1}", [(A.timeout, -1)], "timeout"),
    ("{timeout, 2^53 + 1}", [(A.timeout, 2 ** 53 + 1)], "timeout"),
    ("{timeout, 2^70}", [(A.timeout, 2 ** 70)], "timeout"),
    ("{timeout, 1.0}", [(A.timeout, 1.0)], "timeout"),
    ("{timeout, infinity}", [(A.timeout, A.infinity)], "timeout"),
    ("timeout", [A.timeout], "timeout"),
    ("duplicate: timeout", [(A.timeout, 9), (A.timeout, 9)], "timeout"),
    ("{idle_timeout, 0}", [A.stdout, (A.idle_timeout, 0)], "idle_timeout"),
    ("{idle_timeout, 2^53 + 1}", [A.stdout, (A.idle_timeout, 2 ** 53 + 1)],
     "idle_timeout"),
    ("{idle_timeout, 5} without output",
     [A.stdin, (A.stdout, "/dev/null"), (A.idle_timeout, 5)],
     "idle_timeout"),
    ("duplicate: idle_timeout",
     [A.stdout, (A.idle_timeout, 9), (A.idle_timeout, 9)], "idle_timeout"),
    ("{exec_error, text}", [(A.exec_error, A.text)], "exec_error"),
    ("{exec_error, <<exit>>}", [(A.exec_error, b"exit")], "exec_error"),
    ("{exec_error, 1}", [(A.exec_error, 1)], "exec_error"),
    ("exec_error", [A.exec_error], "exec_error"),
    ("duplicate: exec_error",
     [(A.exec_error, A.exit), (A.exec_error, A.answer)], "exec_error"),
    ("{nice, 21}", [(A.nice, 21)], "nice"),
    ("{nice, atom}", [(A.nice, A.a)], "nice"),
    ("duplicate: nice", [(A.nice, 1), (A.nice, 1)], "nice"),
    ("{rlimit, 5}", [(A.rlimit, 5)], "rlimit"),
    ("{rlimit, [{nofile, -1}]}", [(A.rlimit, [(A.nofile, -1)])], "rlimit"),
    ("{rlimit, [{nofile, {2, 1}}]}", [(A.rlimit, [(A.nofile, (2, 1))])],
     "rlimit"),
    ("{rlimit, [{nonsense, 1}]}", [(A.rlimit, [(A.nonsense, 1)])], "rlimit"),
    ("{rlimit, [{cpu, 1}, {cpu, 1}]}",
     [(A.rlimit, [(A.cpu, 1), (A.cpu, 1)])], "rlimit"),
    ("duplicate: rlimit", [(A.rlimit, []), (A.rlimit, [])], "rlimit"),
    ("{cpus, \"\"}", [(A.cpus, "")], "cpus"),
    ("{cpus, \"1024\"}", [(A.cpus, "1024")], "cpus"),
    ("duplicate: cpus", [(A.cpus, "0"), (A.cpus, "0")], "cpus"),
    ("{ionice, {idle, 1}}", [(A.ionice, (A.idle, 1))], "ionice"),
    ("{ionice, {best_effort, 8}}", [(A.ionice, (A.best_effort, 8))],
     "ionice"),
    ("duplicate: ionice", [(A.ionice, A.idle), (A.ionice, A.idle)],
     "ionice"),
    ("{oom_score_adj, -1}", [(A.oom_score_adj, -1)], "oom_score_adj"),
    ("{oom_score_adj, 1001}", [(A.oom_score_adj, 1001)], "oom_score_adj"),
    ("duplicate: oom_score_adj",
     [(A.oom_score_adj, 1), (A.oom_score_adj, 1)], "oom_score_adj"),
    ("{no_new_privs, true}", [(A.no_new_privs, True)], "no_new_privs"),
    ("duplicate: no_new_privs", [A.no_new_privs, A.no_new_privs],
     "no_new_privs"),
    ("{cpu_timeout, 0}", [(A.cpu_timeout, 0)], "cpu_timeout"),
    ("{cpu_timeout, 2^31}", [(A.cpu_timeout, 2 ** 31)], "cpu_timeout"),
    ("duplicate: cpu_timeout", [(A.cpu_timeout, 1), (A.cpu_timeout, 1)],
     "cpu_timeout"),
    ("cpu_timeout and a limit of cpu",
     [(A.cpu_timeout, 1), (A.rlimit, [(A.cpu, 1)])], "cpu_timeout"),
    ("{user, -1}", [(A.user, -1)], "user"),
    ("{gid, -1}", [(A.gid, -1)], "gid"),
    ("{groups, 5}", [(A.groups, 5)], "groups"),
    ("duplicate: user", [(A.user, "a"), (A.user, "b")], "user"),
    ("{kill, 5}", [(A.kill, 5)], "kill"),
    ("duplicate: kill", [(A.kill, "a"), (A.kill, "b")], "kill"),
    ("{kill_group, true}", [(A.kill_group, True)], "kill_group"),
    ("duplicate: kill_group", [A.kill_group, A.kill_group], "kill_group"),
    ("{group, -1}", [(A.group, -1)], "group"),
    ("duplicate: group", [(A.group, 0), (A.group, 0)], "group"),
    ("{group, Pid} and pty", [(A.group, NOBODY), A.pty], "group"),
    ("{pty, [{nonsense, 1}]}", [(A.pty, [(A.nonsense, 1)])], "pty"),
    ("duplicate: pty", [A.pty, (A.pty, [])], "pty"),
    ("{pty_echo, 1}", [(A.pty_echo, 1)], "pty_echo"),
    ("duplicate: pty_echo", [A.pty_echo, A.pty_echo], "pty_echo"),
    ("{winsz, {0, 1}}", [(A.winsz, (0, 1))], "winsz"),
    ("duplicate: winsz", [(A.winsz, (1, 1)), (A.winsz, (1, 1))], "winsz"),
    ("{capabilities, x}", [(A.capabilities, A.x)], "capabilities"),
    ("duplicate: capabilities",
     [(A.capabilities, A.all), (A.capabilities, A.all)], "capabilities"),
    ("{debug, 11}", [(A.debug, 11)], "debug"),
    ("duplicate: debug", [A.debug, A.debug], "debug"),
    ("an atom of 255 characters", [etf.Atom("x" * 255)], "x" * 255),
    ("an atom of 1,020 bytes", [etf.Atom("\U0001f600" * 255)],
     "\U0001f600" * 255),
    ("an atom that is not ASCII", [etf.Atom("n\u00e4ch: ste")],
     "n\u00e4ch: ste"),
]


@rows(ERR + " badopt:", REFUSALS + MORE_REFUSALS)
def badopt(options, name):
    with Native() as p:
        want = (A.badopt, etf.Atom(name))
        if "|" in name:
            want = einval(b"Circular reference of options: stdout, stderr")
        p.refused(want, A.run, SLEEP, options)
        expect([], p.ask(A.list))
        check(not p.events, "events %s", p.events)


@rows(ERR + " badopt of manage:", [
    ("stdout", [A.stdout], A.stdout),
    ("{window, 5}", [(A.window, 5)], A.window),
    ("{timeout, 5}", [(A.timeout, 5)], A.timeout),
    ("{idle_timeout, 5}", [(A.idle_timeout, 5)], A.idle_timeout),
    ("{umask, 5}", [(A.umask, 5)], A.umask),
    ("{rlimit, []}", [(A.rlimit, [])], A.rlimit),
    ("{cpus, 0}", [(A.cpus, "0")], A.cpus),
    ("{ionice, idle}", [(A.ionice, A.idle)], A.ionice),
    ("{oom_score_adj, 5}", [(A.oom_score_adj, 5)], A.oom_score_adj),
    ("no_new_privs", [A.no_new_privs], A.no_new_privs),
    ("{cpu_timeout, 5}", [(A.cpu_timeout, 5)], A.cpu_timeout),
    ("{arg0, x}", [(A.arg0, "x")], A.arg0),
    ("{exec_error, exit}", [(A.exec_error, A.exit)], A.exec_error),
    ("nonsense", [A.nonsense], A.nonsense),
    ("an atom of 1,020 bytes", [etf.Atom("\U0001f600" * 255)],
     etf.Atom("\U0001f600" * 255)),
])
def badopt_manage(options, name):
    with Native() as p, Foreign() as f:
        p.refused((A.badopt, name), A.manage, f.pid, options)


ODD = [
    ("options are no list", (A.run, "true", A.x), A.badarg),
    ("an option is no atom", (A.run, "true", [5]), A.badarg),
    ("an option is {}", (A.run, "true", [()]), A.badarg),
    ("{run}", (A.run,), A.badarg),
    ("a command that is an atom", (A.run, A.true, []), A.badarg),
    ("an unknown command", (A.nonsense, 1, 2),
     (A.decode, A.enosys, b"Unknown command: nonsense")),
    ("an unknown command of 255 characters", (etf.Atom("x" * 255),),
     (A.decode, A.enosys, b"Unknown command: " + b"x" * 255)),
    ("{}", (), A.badarg),
    ("{5}", (5,), A.badarg),
    ("{stop, x}", (A.stop, A.x), A.badarg),
    ("{kill, Pid, x}", (A.kill, NOBODY, A.x), A.badarg),
    ("{debug, 11}", (A.debug, 11), A.badarg),
    ("{setpgid, Pid, -1}", (A.setpgid, NOBODY, -1), A.badarg),
    ("{winsz, Pid, 0, 1}", (A.winsz, NOBODY, 0, 1), A.badarg),
    ("{pty_opts, Pid, [{x, 1}]}", (A.pty_opts, NOBODY, [(A.x, 1)]),
     A.badarg),
    ("{ack, Pid, stdin, 1}", (A.ack, NOBODY, A.stdin, 1), A.badarg),
    ("{ack, Pid, stdout, -1}", (A.ack, NOBODY, A.stdout, -1), A.badarg),
    ("{ack, Pid, stdout, x}", (A.ack, NOBODY, A.stdout, A.x), A.badarg),
    ("{ack, Pid, stdout, 2^70}", (A.ack, NOBODY, A.stdout, 2 ** 70),
     A.badarg),
    ("{ack, x, stdout, 1}", (A.ack, A.x, A.stdout, 1), A.badarg),
    ("{ack, Pid, stdout}", (A.ack, NOBODY, A.stdout), A.badarg),
    ("{stop, Unknown}", (A.stop, NOBODY), A.esrch),
    ("{stop, 0}", (A.stop, 0), A.esrch),
    ("{stop, -1}", (A.stop, -1), A.esrch),
    ("{stop, 2^40}", (A.stop, 2 ** 40), A.esrch),
    ("{winsz, Unknown, 24, 80}", (A.winsz, NOBODY, 24, 80), A.esrch),
    ("{pty_opts, Unknown, []}", (A.pty_opts, NOBODY, []), A.esrch),
    ("{setpgid, Unknown, 0}", (A.setpgid, NOBODY, 0), A.esrch),
    ("{kill, Unknown, 9}", (A.kill, NOBODY, 9), A.eperm),
    ("{kill, 1, 9}", (A.kill, 1, 9), A.eperm),
    ("{kill, 0, 9}", (A.kill, 0, 9), A.eperm),
    ("{kill, -2, 9}", (A.kill, -2, 9), A.eperm),
    ("{kill, -1, 9}", (A.kill, -1, 9), A.badarg),
    ("{manage, Unknown, []}", (A.manage, NOBODY, []), A.not_found),
]


@rows(ERR, ODD)
def odd(instruction, reason):
    with Native() as p:
        p.refused(reason, *instruction)
        p.ended(p.run("exit 0"), exited(0))


@rows(ERR + " of a child:", [
    ("{kill, Pid, 1000}", lambda pid: (A.kill, pid, 1000), A.einval),
    ("{kill, Pid, -1}", lambda pid: (A.kill, pid, -1), A.einval),
    ("{winsz, _, 24, 80} without a pty",
     lambda pid: (A.winsz, pid, 24, 80), A.enotty),
    ("{pty_opts, _, []} without a pty",
     lambda pid: (A.pty_opts, pid, []), A.enotty),
    ("{setpgid, Pid, Unknown}", lambda pid: (A.setpgid, pid, NOBODY),
     A.eperm),
])
def of_child(instruction, reason):
    with Native() as p:
        pid = p.run(SLEEP)
        p.refused(reason, *instruction(pid))
        expect([pid], p.ask(A.list))


# Exits ----------------------------------------------------------------------

@rows(END, [
    ("exit 0", "exit 0", [], exited(0)),
    ("exit 3", "exit 3", [], exited(3)),
    ("exit 255", "exit 255", [], exited(255)),
    ("SIGTERM of its own", "kill -TERM $$", [], signaled(15)),
    ("SIGKILL of its own", "kill -KILL $$", [], signaled(9)),
    ("{success_exit_code, 7}, exit 0", "exit 0", [(A.success_exit_code, 7)],
     exited(0)),
    ("{success_exit_code, 7}, exit 7", "exit 7", [(A.success_exit_code, 7)],
     exited(7)),
    ("128 and more are no signals", "exit 137", [], exited(137)),
    ("of a terminal", "exit 3", [A.stdin, A.stdout, A.pty], exited(3)),
])
def exit_map(cmd, options, status):
    with Native() as p:
        p.ended(p.run(cmd, options), status)


@case(END + " a core is told")
def exit_core():
    cmd = "ulimit -c unlimited && kill -SEGV $$"
    with tempfile.TemporaryDirectory() as where:
        pid = os.fork()
        if pid == 0:
            os.chdir(where)
            os.execv("/bin/sh", ["sh", "-c", cmd])
        _, status = os.waitpid(pid, 0)
        if not os.WIFSIGNALED(status) or not os.WCOREDUMP(status):
            raise Skip("no cores here")
        with Native() as p:
            p.ended(p.run(cmd, [(A.cd, where)]), signaled(11, core=True))
            p.ended(p.run("ulimit -c 0; kill -SEGV $$", [(A.cd, where)]),
                    signaled(11))


@rows(END + " reason", [
    ("normal, after kill", SLEEP, [], A.kill, signaled(15), A.normal),
    ("stopped", SLEEP, [], A.stop, signaled(15), A.stopped),
    ("stopped, exit 0 of its own",
     "trap 'exit 0' TERM; echo deaf; while :; do sleep 0.02; done",
     [A.stdout], A.stop, exited(0), A.stopped),
    ("stopped, exit 5 of its own", "trap 'exit 5' TERM; echo deaf; "
     "while :; do sleep 0.02; done",
     [A.stdout], A.stop, exited(5), A.stopped),
    ("stopped, by its kill command", SLEEP,
     [(A.kill, "kill -USR1 $CHILD_PID")], A.stop, signaled(10), A.stopped),
    ("stopped, {success_exit_code, 7}", SLEEP, [(A.success_exit_code, 7)],
     A.stop, signaled(15), A.stopped),
    ("stopped and killed, {kill_timeout, 0}", DEAF,
     [A.stdout, (A.kill_timeout, 0)], A.stop, signaled(9), A.stopped),
    ("stopped and killed, {kill_timeout, 1}", DEAF,
     [A.stdout, (A.kill_timeout, 1)], A.stop, signaled(9), A.stopped),
])
def exit_reason(cmd, options, how, status, reason):
    with Native() as p:
        pid = p.run(cmd, options)
        if A.stdout in options:
            p.until_out(pid, b"deaf\n")
        expect(OK, p.ask(*((how, pid, 15) if how == A.kill else (how, pid))))
        p.ended(pid, status, reason)


@rows(END + " in a shutdown:", [
    ("{shutdown}", lambda p: p.send((A.shutdown,), 0)),
    ("SIGTERM", lambda p: os.kill(p.pid, signal.SIGTERM))])
def exit_shutdown(begin):
    """What ends on SIGTERM was not killed; what does not, was."""
    with Native("-alarm", "1") as p:
        good = p.run(SLEEP)
        deaf = p.run(DEAF, [A.stdout])
        p.until_out(deaf, b"deaf\n")
        begin(p)
        expect(0, p.end(), "exit")
        p.ended(good, signaled(15), A.shutdown)
        p.ended(deaf, signaled(9), A.shutdown)


@case(END + " of a managed process: unknown, without usage")
def exit_managed():
    with Native() as p, Foreign("/bin/cat") as f:
        expect((A.pid, f.pid), p.ask(A.manage, f.pid, []))
        f.go_on()
        check(p.ended(f.pid, A.unknown) is None, "usage")


@case(END + " of a managed process that was stopped")
def exit_managed_stopped():
    with Native() as p, Foreign() as f:
        expect((A.pid, f.pid), p.ask(A.manage, f.pid, []))
        expect(OK, p.ask(A.stop, f.pid))
        p.ended(f.pid, A.unknown, A.stopped)


def python(text):
    return [sys.executable, "-S", "-c", text]


@rows(END + " usage: the time that it took", [
    ("in the user's code", "while time.process_time() < 0.3: pass"),
    ("in the system", "while os.times().system < 0.1: os.getppid()")])
def usage_time(loop):
    with Native() as p:
        began = time.monotonic()
        pid = p.run(python("import os, time\n%s\nprint(*[int(x * 1e6) for x"
                           " in os.times()[:2]])" % loop), [A.stdout])
        usage = p.ended(pid, exited(0), seconds=30)
        took = (time.monotonic() - began) * 1e6
        user, system = map(int, p.out(pid).split())
        # Its own clock has only hundredths.
        check(usage[A.utime_us] >= user - 20000, "%s, not %d", usage, user)
        check(usage[A.stime_us] >= system - 20000, "%s, not %d", usage,
              system)
        check(usage[A.utime_us] + usage[A.stime_us] <= took, "%s in %d us",
              usage, took)


@case(END + " usage: memory that it had, in KiB")
def usage_memory():
    with Native() as p:
        small = p.ended(p.run(python("pass")), exited(0), seconds=30)
        big = p.ended(p.run(python("bytearray(b'x') * (64 << 20)")),
                      exited(0), seconds=30)
        more = big[A.maxrss_kb] - small[A.maxrss_kb]
        check(0 < small[A.maxrss_kb] and 60 << 10 < more < 80 << 10,
              "%d KiB more", more)
        check(big[A.minflt] > 0 and big[A.nvcsw] + big[A.nivcsw] >= 0,
              "%s", big)


@case(END + " usage: of each of 200 that end at once, its own")
def usage_many():
    with Native() as p:
        numbers = [p.send((A.run, ["/bin/true"], [])) for _ in range(200)]
        for number in numbers:
            expect(STARTED, p.reply(number, 20))
        p.until(lambda: len(p.events) == 200, "200 exits", 20)
        for _, pid, value in p.events:
            check(value[A.usage][A.minflt] > 0, "%d: %s", pid, value)


# eof ------------------------------------------------------------------------

@rows(EOFS, [
    ("stdout", "exec 1>&-; exec sleep 1000", [A.stdout], [A.stdout]),
    ("stderr", "exec 2>&-; exec sleep 1000", [A.stderr], [A.stderr]),
    ("both", "exec 1>&- 2>&-; exec sleep 1000", [A.stdout, A.stderr],
     [A.stderr, A.stdout]),
    ("one of two", "exec 2>&-; exec sleep 1000", [A.stdout, A.stderr],
     [A.stderr]),
    ("of {stderr, stdout}, when both are closed",
     "exec 1>&- 2>&-; exec sleep 1000", [A.stdout, (A.stderr, A.stdout)],
     [A.stdout]),
])
def eof(cmd, options, streams):
    with Native() as p:
        pid = p.run(cmd, options)
        for stream in streams:
            p.until_eof(pid, stream)
        p.pump(0.1)
        expect(streams, sorted(p.eofs[pid]), "eofs")
        check(not p.exits[pid], "it has ended")
        expect(OK, p.ask(A.kill, pid, 9))
        p.ended(pid, signaled(9))


@case(EOFS + " after all output of the stream")
def eof_after():
    with Native() as p:
        pid = p.run("head -c 1000000 /dev/zero; exec 1>&-; exec sleep 1000",
                    [A.stdout])
        p.until_eof(pid, A.stdout)
        check(len(p.out(pid)) == 1000000, "%d bytes", len(p.out(pid)))


@rows(EOFS + " none of", [
    ("a stream that somebody holds", "sleep 1000 & exec 1>&-; wait",
     [A.stdout]),
    ("a file", "exec 1>&-; exec sleep 1000", [(A.stdout, "/dev/null")]),
    ("a terminal", "exec 0<&- 1>&- 2>&-; exec sleep 1000",
     [A.stdin, A.stdout, A.pty]),
    ("stdin, before anything is sent", "exec 0<&-; exec sleep 1000",
     [A.stdin]),
])
def eof_none(cmd, options):
    with Native() as p:
        pid = p.run(cmd, options)
        p.pump(0.2)
        expect([], p.eofs[pid], "eofs")
        check(not p.exits[pid], "it has ended")


@case(EOFS + " stdin, that the child has closed, when more is sent")
def eof_stdin():
    with Native() as p:
        pid = p.run("exec 0<&-; echo; exec sleep 1000", [A.stdin, A.stdout])
        p.until_out(pid, b"\n")
        p.stdin(pid, b"x")
        p.until_eof(pid, A.stdin)
        p.stdin(pid, b"x")
        p.stdin(pid, A.eof)
        p.ask(A.list)
        expect(0, p.left[pid], "stdin_ack")


@case(EOFS + " none of stdin that the node has closed")
def eof_own():
    with Native() as p:
        pid = p.run("cat; exec sleep 1000", [A.stdin, A.stdout])
        p.stdin(pid, b"x")
        p.stdin(pid, A.eof)
        p.until_out(pid, b"x")
        p.pump(0.1)
        expect([], p.eofs[pid], "eofs")


# Windows --------------------------------------------------------------------


def drain(p, pid, total, window, sizes, stream=A.stdout):
    """Take all output by acks of these sizes, never more than is due."""
    turn = 0
    while len(p.out(pid, stream)) < total:
        due = p.unacked.get((pid, stream), 0)
        if due:
            p.ack(pid, stream, min(due, sizes[turn % len(sizes)]))
            turn += 1
            p.pump(0)
        else:
            p.until(lambda: p.unacked.get((pid, stream), 0), "output")
    check(p.most[pid, stream] <= window, "%d bytes in a window of %d",
          p.most[pid, stream], window)


@rows(WIN + " never more, in order, none lost:", [
    ("1 byte", 1, 200, (1,)),
    ("7 bytes, acked by one", 7, 200, (1,)),
    ("100 bytes, odd acks", 100, 20000, (1, 33, 100, 7, 64)),
    ("4,096 bytes, odd acks", 4096, 500000, (4096, 1, 4095, 1000)),
    ("65,536 bytes", 65536, 3 * MIB, (65536, 1, 30000)),
    ("65,537 bytes, acked at once", 65537, 3 * MIB, (65537,)),
    ("1 MiB", MIB, 5 * MIB, (MIB, 12345)),
    ("1 GiB, the most", 2 ** 30, 5 * MIB, (2 ** 30,)),
], limit=60)
def window(size, total, acks):
    data = Data(total)
    with Native() as p:
        pid = p.run(["/bin/cat", data.name], [A.stdout, (A.window, size)])
        drain(p, pid, total, size, acks)
        p.ended(pid, exited(0))
        check(p.out(pid) == data.bytes, "other bytes")


@rows(WIN + " and no ack:", [
    ("1 byte", 1), ("100 bytes", 100), ("65,535 bytes", 65535),
    ("65,536 bytes", 65536), ("100,000 bytes", 100000)])
def window_full(size):
    """Just that many, and the child waits."""
    data = Data(MIB)
    with Native() as p:
        pid = p.run(["/bin/cat", data.name], [A.stdout, (A.window, size)])
        p.still(pid, size)
        check(proc.alive(pid), "it has ended")
        p.ack(pid, size=1)
        p.still(pid, size + 1)
        p.ack(pid)
        p.still(pid, 2 * size + 1)


@case(WIN + " {window, 0} is none")
def window_none():
    with Native() as p:
        pid = p.run(["/usr/bin/head", "-c", str(MIB), "/dev/zero"],
                    [A.stdout, (A.window, 0)])
        p.ended(pid, exited(0))
        check(len(p.out(pid)) == MIB, "%d bytes", len(p.out(pid)))


@case(WIN + " stdout and stderr have one each")
def window_each():
    out, err = Data(300000), Data(200000)
    with Native() as p:
        pid = p.run("cat %s >&2 & cat %s; wait" % (err.name, out.name),
                    [A.stdout, A.stderr, (A.window, 100)])
        p.still(pid, 100)
        p.still(pid, 100, A.stderr)
        p.ack(pid, A.stderr)
        p.still(pid, 200, A.stderr)
        p.still(pid, 100)
        drain(p, pid, 200000, 100, (100, 3), A.stderr)
        p.still(pid, 100)
        drain(p, pid, 300000, 100, (100, 77))
        p.ended(pid, exited(0))
        check(p.out(pid) == out.bytes, "stdout")
        check(p.out(pid, A.stderr) == err.bytes, "stderr")


@case(WIN + " {stderr, stdout}: one for both, under stdout's name")
def window_merged():
    with Native() as p:
        pid = p.run("i=0; while [ $i -lt 50 ]; do echo out; echo err >&2; "
                    "i=$((i + 1)); done",
                    [A.stdout, (A.stderr, A.stdout), (A.window, 10)])
        p.still(pid, 10)
        p.ack(pid, A.stderr, 10)
        p.still(pid, 10)
        drain(p, pid, 400, 10, (10, 3))
        p.ended(pid, exited(0))
        check(p.out(pid) == b"out\nerr\n" * 50, "%r", p.out(pid))


@case(WIN + " {stdout, stderr}: one for both, under stderr's name")
def window_merged_err():
    with Native() as p:
        pid = p.run("echo out; echo err >&2",
                    [A.stderr, (A.stdout, A.stderr), (A.window, 5)])
        p.still(pid, 5, A.stderr)
        p.ack(pid, A.stdout, 5)
        p.still(pid, 5, A.stderr)
        drain(p, pid, 8, 5, (5,), A.stderr)
        p.ended(pid, exited(0))


@rows(WIN + " a terminal,", [
    ("told as stdout", [A.stdin, A.stdout, A.pty], A.stdout),
    ("told as stderr", [A.stdin, A.stderr, A.pty], A.stderr),
    ("told as stdout of both", [A.stdin, A.stdout, A.stderr, A.pty],
     A.stdout),
])
def window_pty(options, stream):
    with Native() as p:
        pid = p.run("i=0; while [ $i -lt 500 ]; do echo 12345678; "
                    "i=$((i + 1)); done >&%d" % (2 if A.stdout not in options
                                                else 1),
                    options + [(A.window, 100)])
        p.still(pid, 100, stream)
        drain(p, pid, 5000, 100, (100, 13), stream)
        p.ack(pid, stream)
        p.ended(pid, exited(0))
        check(p.out(pid, stream) == b"12345678\r\n" * 500, "other bytes")


@case(WIN + " a terminal that nobody is told of holds no child up")
def window_silent():
    with Native() as p:
        pid = p.run("head -c 200000 /dev/zero >&0; exit 3",
                    [A.stdin, A.pty, (A.window, 100)])
        p.ended(pid, exited(3), seconds=10)
        check(not p.out(pid), "output")


@rows(WIN + " too much acknowledged counts as all:", [
    ("one more", lambda n: n + 1), ("twice", lambda n: 2 * n),
    ("2^32", lambda n: 2 ** 32), ("2^63 - 1", lambda n: 2 ** 63 - 1)])
def window_generous(many):
    data = Data(MIB)
    with Native() as p:
        pid = p.run(["/bin/cat", data.name], [A.stdout, (A.window, 1000)])
        p.still(pid, 1000)
        for turn in range(2, 6):
            p.ack(pid, size=many(1000))
            p.still(pid, turn * 1000)
        drain(p, pid, MIB, 1000, (1000, 999))
        p.ended(pid, exited(0))
        check(p.out(pid) == data.bytes, "other bytes")


@case(WIN + " acks before there is output open nothing")
def window_early():
    with Native() as p:
        pid = p.run("read x; head -c 5000 /dev/zero",
                    [A.stdin, A.stdout, (A.window, 100)])
        for _ in range(100):
            p.ack(pid, size=1000)
        p.stdin(pid, b"\n")
        p.still(pid, 100)


@case(WIN + " acks for others change nothing")
def window_others():
    with Native() as p:
        pid = p.run("head -c 5000 /dev/zero", [A.stdout, (A.window, 100)])
        other = p.run("head -c 5000 /dev/zero; exec sleep 1000",
                      [A.stdout, A.stderr])
        p.still(pid, 100)
        p.still(other, 5000)
        for who in (other, NOBODY, 0, 1, -1, -2 ** 40, 2 ** 40, pid + 1,
                    pid + 2 ** 32):
            for stream in (A.stdout, A.stderr):
                p.send((A.ack, who, stream, 100), 0)
        p.send((A.ack, pid, A.stderr, 100), 0)
        p.send((A.ack, pid, A.stdout, 0), 0)
        p.send((A.ack, pid, A.stdin, 100), 0)
        p.send((A.ack, pid, A.stdout, -100), 0)
        p.still(pid, 100)
        drain(p, pid, 5000, 100, (100,))
        p.ended(pid, exited(0))


@rows(WIN + " the exit comes after output that waits:", [
    ("stdout", 1), ("stderr", 2)])
def window_exit(fd):
    stream = (None, A.stdout, A.stderr)[fd]
    with Native() as p:
        pid = p.run("printf %%01000d 0 >&%d" % fd, [stream, (A.window, 100)])
        p.has(pid, 100, stream)
        eventually(lambda: p.ask(A.list) == [], 5, "it is in the list")
        p.still(pid, 100, stream)
        check(not p.exits[pid], "exit %s", p.exits[pid])
        p.refused(A.esrch, A.stop, pid)
        p.refused(A.eperm, A.kill, pid, 9)
        drain(p, pid, 1000, 100, (100, 50), stream)
        p.ended(pid, exited(0))


@case(WIN + " the exit does not wait for what was sent, only for the rest")
def window_exit_sent():
    with Native() as p:
        p.ended(p.run("printf %0100d 0", [A.stdout, (A.window, 100)]),
                exited(0))
        p.ended(p.run("true", [A.stdout, A.stderr, (A.window, 1)]),
                exited(0))


@case(WIN + " a killed child's output is all told")
def window_killed():
    with Native() as p:
        pid = p.run("head -c 60000 /dev/zero; exec sleep 1000",
                    [A.stdout, (A.window, 1000)])
        p.still(pid, 1000)
        eventually(lambda: proc.comm(pid) == "sleep", 5, "no sleep")
        expect(OK, p.ask(A.stop, pid))
        drain(p, pid, 60000, 1000, (999, 1))
        p.ended(pid, signaled(15), A.stopped)


@case(WIN + " eof of a stream comes after its output that waits")
def window_eof():
    with Native() as p:
        pid = p.run("printf %01000d 0; exec 1>&-; exec sleep 1000",
                    [A.stdout, (A.window, 100)])
        p.still(pid, 100)
        expect([], p.eofs[pid], "eofs")
        drain(p, pid, 1000, 100, (100,))
        p.ack(pid)
        p.until_eof(pid, A.stdout)


@case(WIN + " 100 children that wait are nothing to one without", limit=60)
def window_hundred():
    with Native() as p:
        held = [p.run("head -c 100000 /dev/zero", [A.stdout, (A.window, 10)])
                for _ in range(100)]
        for pid in held:
            p.has(pid, 10)
        pid = p.run(["/usr/bin/head", "-c", str(10 * MIB), "/dev/zero"],
                    [A.stdout])
        p.ended(pid, exited(0), seconds=20)
        check(len(p.out(pid)) == 10 * MIB, "%d bytes", len(p.out(pid)))
        for pid in held:
            check(len(p.out(pid)) == 10, "%d bytes", len(p.out(pid)))
        worker = p.ring()["worker"]
        p.rest()
        before = proc.stat(worker)[11:13]
        p.pump(0.3)
        after = proc.stat(worker)[11:13]
        spent = sum(map(int, after)) - sum(map(int, before))
        check(spent <= 5, "%d ticks while nothing happens", spent)


@rows(WIN + " memory of the worker, a child that writes", [
    ("1 GiB, acked", 2 ** 30 // SLOW, True),
    ("and nobody acks", 2 ** 30, False),
], limit=200)
def window_memory(size, acked):
    class Counting(Native):
        """Counts instead of keeping."""
        count = 0

        def _event(self, event):
            if event[0] == A.stdout:
                self.count += len(event[2])
                if acked:
                    self.send((A.ack, event[1], A.stdout, len(event[2])), 0)
            else:
                super()._event(event)

    with Counting() as p:
        pid = p.run(["/usr/bin/head", "-c", str(size), "/dev/zero"],
                    [A.stdout, (A.window, MIB)])
        worker = p.ring()["worker"]
        p.until(lambda: p.count >= MIB, "output")
        before = proc.rss(worker)
        if acked:
            p.ended(pid, exited(0), seconds=100)
            check(p.count == size, "%d bytes", p.count)
        else:
            p.pump(0.5)
            check(p.count == MIB, "%d bytes", p.count)
        grown = proc.rss(worker) - before
        # A sanitizer keeps 256 MiB of what was freed.
        check(grown < (4 if SLOW == 1 else 300) * MIB, "%d bytes more",
              grown)


# stdin_ack ------------------------------------------------------------------

@rows(ACK + " sums are exact:", [
    ("1 byte", [1]), ("1,000 times 1 byte", [1] * 1000),
    ("32 KiB - 1", [32767]), ("32 KiB", [32768]), ("64 KiB + 1", [65537]),
    ("1 MiB", [MIB]), ("20 MiB, in one piece", [20 * MIB]),
    ("odd ones", [1, 70000, 3, 0, 123456, 32768, 1]),
], limit=60)
def stdin_ack(sizes):
    with Native() as p:
        pid = p.run(["/usr/bin/wc", "-c"], [A.stdin, A.stdout])
        for size in sizes:
            p.stdin(pid, bytes(size))
        total = sum(sizes)
        p.until(lambda: p.left[pid] >= total or p.exits[pid], "stdin_ack",
                30)
        p.stdin(pid, A.eof)
        p.ended(pid, exited(0), seconds=20)
        expect(total, p.left[pid], "the sum")
        expect(total, int(p.out(pid)), "count")


@case(ACK + " on a terminal: only what the node has sent")
def stdin_ack_pty():
    with Native() as p:
        pid = p.run(["/bin/cat"], [A.stdin, A.stdout, A.pty])
        p.stdin(pid, b"line\n")
        p.stdin(pid, b"half")
        p.stdin(pid, A.eof)
        p.stdin(pid, A.eof)
        p.ended(pid, exited(0))
        expect(9, p.left[pid], "the sum")


class Gate:
    """A child that reads nothing until it is let."""

    def __init__(self):
        self.directory = tempfile.TemporaryDirectory()
        os.chmod(self.directory.name, 0o755)
        self.fifo = self.directory.name + "/gate"
        os.mkfifo(self.fifo)
        os.chmod(self.fifo, 0o666)

    def open(self):
        with open(self.fifo, "w") as f:
            f.write("\n")


@case(ACK + " a child that does not read: only what fits its pipe")
def stdin_ack_slow():
    gate = Gate()
    with Native() as p:
        pid = p.run("read x < %s; exec wc -c" % gate.fifo,
                    [A.stdin, A.stdout])
        for _ in range(16):
            p.stdin(pid, bytes(MIB // 16))
        p.until(lambda: p.left[pid], "stdin_ack")
        p.pump(0.2)
        p.ask(A.list)
        check(p.left[pid] <= 65536, "%d have left", p.left[pid])
        gate.open()
        p.until(lambda: p.left[pid] >= MIB, "stdin_ack")
        p.stdin(pid, A.eof)
        p.ended(pid, exited(0))
        expect(MIB, p.left[pid], "the sum")


@case(ACK + " a child that reads slowly: in steps, each as it is read")
def stdin_ack_steps():
    with Native() as p:
        gate = Gate()
        pid = p.run("exec 3<&0 4<>%s; while read x <&4; do "
                    "head -c 65536 <&3 >/dev/null; done" % gate.fifo,
                    [A.stdin])
        p.stdin(pid, bytes(10 * 65536))
        for turn in range(1, 9):
            p.until(lambda: p.left[pid] >= turn * 65536 - 32768, "a step")
            check(p.left[pid] <= turn * 65536, "%d in step %d",
                  p.left[pid], turn)
            gate.open()


@case(ACK + " {stdin_ack, N}: little is told with what follows")
def stdin_ack_worth():
    with Native() as p:
        pid = p.run(["/bin/cat"], [A.stdin, A.stdout, (A.stdin_ack, 1000)])
        for n in range(1, 100):
            p.stdin(pid, b"0123456789")
            p.until(lambda: len(p.out(pid)) == 10 * n, "the echo")
        expect(0, p.left.get(pid, 0), "stdin_ack")
        p.stdin(pid, b"0123456789")
        p.until(lambda: p.left[pid] == 1000, "stdin_ack")
        p.stdin(pid, bytes(999))
        p.until(lambda: len(p.out(pid)) == 1999, "the echo")
        expect(1000, p.left[pid], "stdin_ack")
        p.stdin(pid, bytes(MIB))
        p.until(lambda: p.left[pid] > MIB, "stdin_ack")
        p.until(lambda: len(p.out(pid)) == MIB + 1999, "the echo")
        check(p.left[pid] > MIB + 1999 - 1000, "%d told", p.left[pid])
        p.stdin(pid, A.eof)
        p.ended(pid, exited(0))
        pid = p.run(["/bin/cat"], [A.stdin, A.stdout, (A.stdin_ack, 0)])
        p.stdin(pid, b"x")
        p.until(lambda: p.left[pid] == 1, "stdin_ack")


@case(ACK + " a child that closes its stdin: eof, and no more acks")
def stdin_ack_closed():
    with Native() as p:
        pid = p.run("head -c 10 >/dev/null; exec 0<&-; echo; "
                    "exec sleep 1000", [A.stdin, A.stdout])
        p.stdin(pid, bytes(10))
        p.until_out(pid, b"\n")
        expect(10, p.left[pid], "the sum")
        p.stdin(pid, bytes(100000))
        p.until_eof(pid, A.stdin)
        p.stdin(pid, bytes(100000))
        p.ask(A.list)
        expect(10, p.left[pid], "the sum")


@case(ACK + " what waits for a child that closes its stdin is lost")
def stdin_ack_lost():
    gate = Gate()
    with Native() as p:
        pid = p.run("read x < %s; exec 0<&-; exec sleep 1000" % gate.fifo,
                    [A.stdin])
        p.stdin(pid, bytes(MIB))
        p.until(lambda: p.left[pid], "stdin_ack")
        gate.open()
        p.until_eof(pid, A.stdin)
        check(p.left[pid] <= 65536, "%d have left", p.left[pid])


@case(ACK + " more than -stdin-limit: eof, the child is killed")
def stdin_ack_limit():
    with Native("-stdin-limit", "100000") as p:
        pid = p.run(SLEEP, [A.stdin])
        p.stdin(pid, bytes(100000))
        p.until(lambda: p.left[pid], "stdin_ack")
        p.stdin(pid, bytes(65536))
        p.ask(A.list)
        p.pump(0.1)
        p.stdin(pid, bytes(65536))
        p.ended(pid, signaled(9), A.normal, killed=True)
        check(A.stdin in p.eofs[pid], "no eof of stdin")
        check(p.left[pid] <= 65536, "%d have left", p.left[pid])


# Timeouts -------------------------------------------------------------------

@rows(TIME, [
    ("SIGTERM", SLEEP, [(A.timeout, 300)], 0.3, signaled(15)),
    ("1 ms", SLEEP, [(A.timeout, 1)], 0, signaled(15)),
    ("exit of its own", "trap 'exit 3' TERM; while :; do sleep 0.02; done",
     [(A.timeout, 300)], 0.3, exited(3)),
    ("{kill_timeout, 0}: SIGKILL at once", DEAF,
     [(A.timeout, 300), (A.kill_timeout, 0)], 0.3, signaled(9)),
    ("{kill_timeout, 1}: SIGKILL after it", DEAF,
     [(A.timeout, 300), (A.kill_timeout, 1)], 1.3, signaled(9)),
    ("{kill, Cmd}", SLEEP,
     [(A.timeout, 300), (A.kill, "kill -USR1 $CHILD_PID")], 0.3,
     signaled(10)),
    ("{kill, Cmd} that does nothing, {kill_timeout, 0}", SLEEP,
     [(A.timeout, 300), (A.kill, "true"), (A.kill_timeout, 0)], 0.3,
     signaled(9)),
    ("a terminal", SLEEP, [(A.timeout, 300), A.pty, A.stdin, A.stdout],
     0.3, signaled(15)),
    ("kill_group", SLEEP, [(A.timeout, 300), A.kill_group], 0.3,
     signaled(15)),
    ("a stopped process", "kill -STOP $$",
     [(A.timeout, 300), (A.kill_timeout, 60)], 0.3, signaled(15)),
])
def timeout(cmd, options, least, status):
    with Native() as p:
        options = timely(options)
        began = time.monotonic()
        pid = p.run(cmd, options)
        p.ended(pid, status, A.timeout)
        took = time.monotonic() - began
        check(took >= least, "after %.3f s", took)


@case(TIME + " 2^53 ms: it has its time")
def timeout_for_ever():
    with Native() as p:
        pid = p.run(SLEEP, [(A.timeout, 2 ** 53),
                            (A.kill_timeout, (A.ms, 2 ** 53))])
        other = p.run("exit 3", [(A.timeout, 2 ** 53)])
        p.ended(other, exited(3))
        expect(A.ok, p.ask(A.stop, pid))
        p.ended(pid, signaled(15), A.stopped)


@rows(TIME + " {kill_timeout, {ms, 300}}: SIGKILL after it,", [
    ("of a timeout", [(A.timeout, 300)], A.timeout),
    ("of a stop", [], A.stopped),
])
def kill_timeout_ms(options, reason):
    with Native() as p:
        began = time.monotonic()
        pid = p.run("trap '' TERM; echo; while :; do sleep 0.02; done",
                    [A.stdout, (A.kill_timeout, (A.ms, 300))]
                    + timely(options))
        p.until_out(pid, b"\n")
        if reason == A.stopped:
            began = time.monotonic()
            expect(A.ok, p.ask(A.stop, pid))
        p.ended(pid, signaled(9), reason)
        took = time.monotonic() - began
        check(took >= 0.3, "after %.3f s", took)


# Silence --------------------------------------------------------------------

@rows(IDLE, [
    ("of one that never says anything", "exec sleep 1000", [A.stdout],
     signaled(15)),
    ("of one that has only stderr", "exec sleep 1000", [A.stderr],
     signaled(15)),
    ("after output", "echo; exec sleep 1000", [A.stdout], signaled(15)),
    ("after its streams are closed", "exec >&- 2>&-; exec sleep 1000",
     [A.stdout, A.stderr], signaled(15)),
    ("of a terminal", "exec sleep 1000", [A.pty, A.stdin, A.stdout],
     signaled(15)),
    ("of one that goes by its own status", "trap 'exit 3' TERM; while :; "
     "do sleep 0.02; done", [A.stdout], exited(3)),
    ("with {kill_timeout, 0}", "trap '' TERM; while :; do sleep 0.02; done",
     [A.stdout, (A.kill_timeout, 0)], signaled(9)),
    ("with kill_group", "sleep 1000 & wait", [A.stdout, A.kill_group],
     signaled(15)),
])
def idle(cmd, options, status):
    with Native() as p:
        began = time.monotonic()
        pid = p.run(cmd, options + [(A.idle_timeout, 300)])
        p.ended(pid, status, A.idle_timeout)
        took = time.monotonic() - began
        check(took >= 0.3, "after %.3f s", took)


@rows(IDLE + " output on either stream begins it anew:", [
    ("stdout", ">&1"), ("stderr", ">&2")])
def idle_anew(where):
    """Ten times a part of it, which together are more than it."""
    with Native() as p:
        limit = stretched(2000)
        pid = p.run("n=0; while [ $n -lt 12 ]; do n=$((n + 1)); "
                    "sleep %.2f; echo %s; done; exit 4"
                    % (limit / 8000, where),
                    [A.stdout, A.stderr, (A.idle_timeout, limit)])
        p.ended(pid, exited(4), seconds=60)


@case(IDLE + " a window that is used up holds it, and it begins anew then")
def idle_window():
    with Native() as p:
        pid = p.run("echo a; echo b; exec sleep 1000",
                    [A.stdout, (A.window, 2), (A.idle_timeout, 300)])
        p.until_out(pid, b"a\n")
        p.pump(1)
        check(not p.exits[pid], "it was silent as it had to be")
        began = time.monotonic()
        p.send((A.ack, pid, A.stdout, 4), 0)
        p.until_out(pid, b"a\nb\n")
        p.send((A.ack, pid, A.stdout, 4), 0)
        p.ended(pid, signaled(15), A.idle_timeout)
        took = time.monotonic() - began
        check(took >= 0.3, "after %.3f s", took)


@case(IDLE + " a node that does not read holds it")
def idle_port():
    with Native() as p:
        pid = p.run("head -c 8000000 /dev/zero; exit 3",
                    [A.stdout, (A.idle_timeout, stretched(300))])
        p.reading = False
        p.pump(stretched(1500) / 1000)
        p.reading = True
        p.ended(pid, exited(3), seconds=30)


@case(IDLE + " a dead one that lingers: its exit comes, and as its own")
def idle_linger():
    with Native() as p:
        pid = p.run("sleep 1000 & exit 3",
                    [A.stdout, (A.linger, 60000), (A.idle_timeout, 300)])
        value = p.exit(pid, 10)
        expect(exited(3), value[A.status], "status")
        expect(A.normal, value[A.reason], "reason")
        expect([A.stdout], value[A.truncated], "truncated")


@rows(TIME + " kill_group: others of its group get SIGKILL,", [
    ("when it ends by SIGTERM", "exec sleep 1000",
     [(A.timeout, 300)], signaled(15)),
    ("when it needs SIGKILL", "trap '' TERM; exec sleep 1000",
     [(A.timeout, 300), (A.kill_timeout, 1)], signaled(9)),
])
def timeout_group(cmd, options, status):
    mark = "NATIVE_TEST=%d" % os.getpid()
    with Native() as p:
        pid = p.run("(trap '' TERM; exec sleep 1000) & " + cmd,
                    [A.kill_group, (A.env, [mark])] + timely(options))
        p.ended(pid, status, A.timeout)
        eventually(lambda: not proc.marked(mark), 5, "its group lives")


def late():
    """The timeout of what starts a hundred others first."""
    return (A.timeout, stretched(1500 * SLOW))


DEAF_MEMBER = "(trap '' TERM; echo; exec sleep 1000) & "
# The pid of a subshell.
MYSELF = "$(exec sh -c 'echo $PPID')"


def none_left(pid):
    left = proc.group(pid)
    check(not left, "%d of its group live", len(left))


@rows(TIME + " kill_group: its exit comes when none of its group lives:", [
    ("100 are deaf", "n=0; while [ $n -lt 100 ]; do n=$((n + 1)); "
     "sleep 1000 & done; echo; wait", 5),
    ("100 are deaf, {kill_timeout, 0}", "n=0; while [ $n -lt 100 ]; do "
     "n=$((n + 1)); sleep 1000 & done; echo; wait", 0),
    ("one is stopped", "echo; kill -STOP %s; wait" % MYSELF, 5),
])
def timeout_confirmed(members, kill_timeout):
    with Native() as p:
        pid = p.run("(trap '' TERM; %s) & wait" % members,
                    [A.stdout, A.kill_group, late(),
                     (A.kill_timeout, kill_timeout)])
        p.until_out(pid, b"\n")
        p.exit(pid)
        none_left(pid)
        expect(A.timeout, p.exits[pid][0][A.reason], "reason")


def all_exits(p, pids, seconds):
    """Wait for them, and look at each group when its leader's comes."""
    waiting = set(pids)
    while waiting:
        p.until(lambda: any(p.exits[pid] for pid in waiting), "an exit",
                seconds)
        for pid in [pid for pid in waiting if p.exits[pid]]:
            none_left(pid)
            waiting.remove(pid)


@rows(TIME + " kill_group: 200 at once, with one each that is deaf, end by", [
    ("their timeout", [(A.timeout, 1000)]),
    ("a stop", []),
], limit=60)
def group_many(options):
    with Native() as p:
        numbers = [p.send((A.run, DEAF_MEMBER + "exec sleep 1000",
                           [A.stdout, A.kill_group, (A.kill_timeout, 1)]
                           + options)) for _ in range(200)]
        pids = [p.reply(number, 30)[1] for number in numbers]
        if not options:
            p.until(lambda: all(p.out(pid) for pid in pids), "200 lines", 30)
            for pid in pids:
                p.send((A.stop, pid))
        all_exits(p, pids, 30)
        expect([], p.ask(A.list))


@case(TIME + " kill_group: one whose parent is alive elsewhere gets SIGKILL")
def timeout_elsewhere():
    code = ("import os, signal, time\n"
            "if os.fork(): time.sleep(1000)\n"
            "if os.fork(): os.setpgid(0, 0); os.wait(); time.sleep(1000)\n"
            "signal.signal(15, signal.SIG_IGN); print(flush=True)\n"
            "time.sleep(1000)\n")
    with Native("-alarm", "0") as p:
        pid = p.run(["/usr/bin/python3", "-c", code],
                    [A.stdout, A.kill_group, late()])
        p.until_out(pid, b"\n")
        p.ended(pid, signaled(15), A.timeout)
        none_left(pid)


class Held:
    """A child whose time is over, and a deaf member of its group that was
    killed and goes when its tracer lets it: dead, or on its way there."""

    def __init__(self, p, dead=True):
        self.pid = p.run("(trap '' TERM; echo %s; exec sleep 1000) & "
                         "exec sleep 1000" % MYSELF,
                         [A.stdout, A.kill_group, late()])
        p.until(lambda: p.out(self.pid).endswith(b"\n"), "a pid")
        self.member = int(p.out(self.pid))
        self.dead = dead
        seize(self.member, 0 if dead else PTRACE_O_TRACEEXIT)
        eventually(lambda: proc.state(self.member) in "Zt",
                   p.later(self.pid, 5), "it lives")
        p.until(lambda: p.ask(A.list) == [], "the end of the leader",
                p.later(self.pid, 5))

    def let_go(self):
        if not self.dead:
            os.waitpid(self.member, WALL)
            resume(self.member)
        os.waitpid(self.member, WALL)


@rows(TIME + " kill_group: its exit waits for one that", [
    ("is not reaped", True), ("is about to die", False)])
def timeout_held(dead):
    with Native() as p:
        held = Held(p, dead)
        try:
            check(proc.alive(held.member) != dead, "member")
            p.pump(0.3)
            check(not p.exits[held.pid], "exit")
            expect((A.error, A.esrch), p.ask(A.stop, held.pid))
            expect((A.error, ANY), p.ask(A.kill, held.pid, 9))
            expect(0, p.exit(p.run("true"))[A.status][1], "status")
        finally:
            held.let_go()
        p.ended(held.pid, signaled(15), A.timeout)


@case(TIME + " kill_group: its exit waits for 2 s, not more")
def timeout_bounded():
    with Native() as p:
        held = Held(p)
        try:
            p.ended(held.pid, signaled(15), A.timeout)
            check([x for x in p.log() if "group %d has" % held.pid in x],
                  "log %s", p.log())
        finally:
            held.let_go()


@case(TIME + " kill_group: a shutdown does not wait for its exit")
def timeout_held_shutdown():
    with Native("-alarm", "0") as p:
        held = Held(p)
        p.send((A.shutdown,), 0)
        p.until(lambda: p.exits[held.pid], "the exit")
        check(not [x for x in p.log() if "group %d has" % held.pid in x],
              "log %s", p.log())
        held.let_go()


@rows(TIME + " kill_group: after a stop, one that is", [
    ("deaf gets SIGKILL with {kill_timeout, 0}", DEAF_MEMBER, 0),
    ("deaf gets SIGKILL after {kill_timeout, 1}", DEAF_MEMBER, 1),
    ("stopped hears SIGTERM, too",
     "(trap '' HUP; echo; kill -STOP %s) & " % MYSELF, 1000),
    ("deaf, with children that are, gets SIGKILL",
     "(trap '' TERM; (sleep 1000 & wait) & (sleep 1000 & (sleep 1000; :); :) "
     "& echo; wait) & ", 1),
    ("quick delays nothing", "sleep 1000 & echo; ", 1000),
    ("none of it any more delays nothing",
     "(trap '' TERM; exec setsid sh -c 'echo; exec sleep 1000') & ", 1000),
])
def stop_group(members, kill_timeout):
    with Native("-alarm", "0") as p:
        pid = p.run(members + "exec sleep 1000",
                    [A.kill_group, A.stdout, (A.kill_timeout, kill_timeout)])
        p.until_out(pid, b"\n")
        p.pump(0.1)
        began = time.monotonic()
        expect(OK, p.ask(A.stop, pid))
        p.exit(pid)
        none_left(pid)
        if kill_timeout:
            p.ended(pid, signaled(15), A.stopped, killed=kill_timeout == 1)
        check(kill_timeout != 1 or time.monotonic() - began >= 1, "too soon")


@case(TIME + " kill_group: after a stop they have their time")
def stop_group_grace():
    with Native() as p:
        pid = p.run("(trap 'sleep 0.3; echo bye; exit' TERM; echo; "
                    "while :; do sleep 0.05; done) & exec sleep 1000",
                    [A.kill_group, A.stdout, (A.kill_timeout, 60)])
        p.until_out(pid, b"\n")
        expect(OK, p.ask(A.stop, pid))
        p.ended(pid, signaled(15), A.stopped)
        check(p.out(pid) == b"\nbye\n", "output %r", p.out(pid))


@case(TIME + " kill_group: after a stop a child that joined it goes first")
def stop_group_joined():
    with Native() as p:
        pid = p.run(SLEEP, [A.kill_group, (A.kill_timeout, 1)])
        other = p.run("trap '' TERM; echo; while :; do sleep 0.05; done",
                      [A.stdout, (A.group, pid)])
        p.until_out(other, b"\n")
        expect(OK, p.ask(A.stop, pid))
        p.ended(pid, signaled(15), A.stopped, killed=True)
        p.ended(other, signaled(9))
        check(p.events[-1][1] == pid, "order %s", p.events)


@case(TIME + " kill_group: after a stop, a shutdown while one is deaf")
def stop_group_shutdown():
    with Native("-alarm", "1") as p:
        pid = p.run(DEAF_MEMBER + "exec sleep 1000",
                    [A.kill_group, A.stdout, (A.kill_timeout, 1000)])
        p.until_out(pid, b"\n")
        expect(OK, p.ask(A.stop, pid))
        p.until(lambda: p.ask(A.list) == [], "the end of the leader")
        check(not p.exits[pid], "exit")
        p.send((A.shutdown,), 0)
        p.ended(pid, signaled(15), A.stopped)


@case(TIME + " after a stop: the stop's deadline counts, and its reason")
def timeout_stopped():
    with Native("-debug", "3") as p:
        ms = stretched(300)
        pid = p.run("trap '' TERM; echo; read x; exit 5",
                    [A.stdin, A.stdout, (A.timeout, ms),
                     (A.kill_timeout, 600)])
        p.until_out(pid, b"\n")
        expect(OK, p.ask(A.stop, pid))
        p.pump(2 * ms / 1000)
        check(not p.exits[pid], "exit %s", p.exits[pid])
        p.stdin(pid, b"x\n")
        p.ended(pid, exited(5), A.stopped)


@case(TIME + " a stop after it changes nothing")
def timeout_then_stop():
    with Native() as p:
        pid = p.run("trap 'echo term' TERM; echo; while :; do sleep 0.02; "
                    "done", [A.stdout, (A.timeout, stretched(300)),
                             (A.kill_timeout, 1)])
        p.until_out(pid, b"\nterm\n")
        expect(OK, p.ask(A.stop, pid))
        p.ended(pid, signaled(9), A.timeout)
        check(p.out(pid) == b"\nterm\n", "%r", p.out(pid))


@case(TIME + " of a child that has ended by itself never comes")
def timeout_ended():
    with Native("-debug", "10") as p:
        for _ in range(20):
            ms = stretched(400)
            p.ended(p.run("exit 3", [(A.timeout, ms)]), exited(3))
        pid = p.run(SLEEP)
        p.pump(1.5 * ms / 1000)
        expect([pid], p.ask(A.list))
        check(not [x for x in p.log() if "time is over" in x], "log %s",
              p.log())


@case(TIME + " of a day, the most, is nothing to a shutdown")
def timeout_day():
    with Native() as p:
        p.run(SLEEP, [(A.timeout, 86400000)])


@case(TIME + " 1,000 at once", limit=60)
def timeout_many():
    with Native() as p:
        numbers = [p.send((A.run, SLEEP, [(A.timeout, 700)]))
                   for _ in range(1000)]
        for number in numbers:
            expect(STARTED, p.reply(number, 30))
        p.until(lambda: len(p.events) == 1000, "1,000 exits", 30)
        for _, pid, value in p.events:
            expect(signaled(15), value[A.status], "status")
            expect(A.timeout, value[A.reason], "reason")
        expect([], p.ask(A.list))


@case(TIME + " a child whose output is not acknowledged: told after it")
def timeout_window():
    with Native() as p:
        pid = p.run("head -c 1000 /dev/zero; exec sleep 1000",
                    [A.stdout, (A.window, 100), (A.timeout, stretched(300))])
        eventually(lambda: p.ask(A.list) == [], p.later(pid, 5), "it lives")
        p.still(pid, 100)
        check(not p.exits[pid], "exit")
        drain(p, pid, 1000, 100, (100,))
        p.ended(pid, signaled(15), A.timeout)


# exec-port ------------------------------------------------------------------

@rows(OLD + " options are unknown:", [
    ("{window, 5}", (A.window, 5), "window"),
    ("{timeout, 5}", (A.timeout, 5), "timeout"),
    ("{exec_error, exit}", (A.exec_error, A.exit), "exec_error")])
def old_option(option, name):
    with Port() as p:
        expect(Naming(name), p.ask(A.run, "true", [option]))
        expect((A.error, Like("Unknown option")),
               p.ask(A.run, "true", [option]))
        expect([], p.ask(A.list))


@case(OLD + " {ack, ...} is an unknown command")
def old_ack():
    with Port() as p:
        pid = p.run(SLEEP, [A.stdout])
        expect((A.error, Text("Unknown command: ack")),
               p.ask(A.ack, pid, A.stdout, 1))


@case(OLD + " no eof, no stdin_ack, no map")
def old_events():
    with Port() as p:
        pid = p.run("exec 1>&- 2>&-; head -c 100000 >/dev/null; exit 3",
                    [A.stdin, A.stdout, A.stderr])
        p.stdin(pid, bytes(200000))
        expect(768, p.exit(pid), "status")
        expect([(A.exit_status, pid, 768)], p.events, "events")
        pid = p.run(["/nope"], [A.stderr])
        expect(256, p.exit(pid), "status")
        check(b"cannot execute" in p.out(pid, A.stderr), "no text")


# Attacks --------------------------------------------------------------------

@case(HARD + " 20,000 acks of all kinds, and all is in order", limit=60)
def attack_acks():
    sizes = (0, 1, 99, 100, 2 ** 31, 2 ** 32 - 1, 2 ** 63 - 1)
    with Native() as p:
        pid = p.run("head -c 100000 /dev/zero", [A.stdout, (A.window, 100)])
        other = p.run(SLEEP, [A.stdout, A.stderr])
        for i in range(20000):
            who = (pid + 1 + i % 50, other, NOBODY, -i, 0)[i % 5]
            p.send((A.ack, who, (A.stdout, A.stderr)[i & 1],
                    sizes[i % 7]), 0)
        p.ask(A.list, seconds=30)
        p.still(pid, 100)
        drain(p, pid, 100000, 100, (100,))
        p.ended(pid, exited(0))


@case(HARD + " acks that race with exits, 300 times", limit=60)
def attack_race():
    with Native() as p:
        for turn in range(300):
            size = 100 + turn * 17 % 900
            pid = p.run("printf %%0%dd 0" % size, [A.stdout, (A.window, 64)])
            drain(p, pid, size, 64, (64, 1, 63))
            p.ack(pid)
            p.ended(pid, exited(0))
            check(len(p.out(pid)) == size, "%d bytes", len(p.out(pid)))


@rows(HARD + " streams that wait at the end of", [
    ("the node", lambda p: p.close_input(), 0),
    ("{shutdown}", lambda p: p.send((A.shutdown,), 0), 0),
    ("SIGTERM", lambda p: os.kill(p.pid, signal.SIGTERM), 0),
    ("the broker", lambda p: os.kill(p.ring()["broker"], 9), 5),
    ("the worker", lambda p: os.kill(p.ring()["worker"], 9), 5),
    ("priv", lambda p: os.kill(p.ring()["priv"], 9), 5),
])
def attack_end(begin, code):
    with Native() as p:
        p.ring()
        for cmd in ("head -c 10000 /dev/zero", "cat /dev/zero",
                    "printf %01000d 0; exec sleep 1000"):
            for options in ([A.stdout], [A.stdin, A.stdout, A.pty]):
                pid = p.run(cmd, options + [(A.window, 100)])
                p.has(pid, 100)
        begin(p)
        expect(code, p.end(), "exit")
        p.nothing_left()
        p.close(code)


@case(HARD + " children that wait leave no descriptor and no memory",
      limit=120)
def attack_leaks():
    with Native() as p:
        def one():
            pid = p.run("head -c 10000 /dev/zero",
                        [A.stdin, A.stdout, A.stderr, (A.window, 100),
                         (A.timeout, 60000)])
            p.has(pid, 100)
            p.ack(pid, size=5000)
            drain(p, pid, 10000, 100, (100,))
            p.ended(pid, exited(0))
        for _ in range(20):
            one()
        before = alone(p)
        for _ in range(60):
            one()
        unchanged(p, before)


@case(HARD + " stdin in single bytes to a node that does not read",
      limit=60)
def attack_stdin_acks():
    """What it would be told waits; memory does not grow with it."""
    with Native() as p:
        pid = p.run("exec cat >/dev/null", [A.stdin])
        worker = p.ring()["worker"]
        p.stdin(pid, b"x")
        p.until(lambda: p.left[pid] == 1, "stdin_ack")
        before = proc.rss(worker)
        p.reading = False
        one = etf.term_to_binary((0, (A.stdin, pid, b"x")))
        data = (len(one).to_bytes(4, "big") + one) * 1000
        for _ in range(200):
            p.write(data)
        p.pump(2 * SLOW, lambda: not p.to_send)
        grown = proc.rss(worker) - before
        p.reading = True
        p.until(lambda: p.left[pid] == 200001, "stdin_acks", 30)
        check(grown < 4 * MIB, "%d bytes more", grown)


LAST_PID = "/proc/sys/kernel/ns_last_pid"


def same_pid(p, pid, cmd, options):
    """Ask for a child that has just this pid: the request's number."""
    for _ in range(50):
        try:
            with open(LAST_PID, "w", encoding="ascii") as f:
                f.write(str(pid - 1))
        except OSError:
            raise Skip("pids cannot be chosen")
        number = p.send((A.run, cmd, options))
        eventually(lambda: proc.alive(pid) or number in p.replies
                   or p.pump(0.01), 5, "no child")
        p.pump(0.1)
        if number not in p.replies:
            return number
        reply = p.reply(number)
        expect(STARTED, reply)
        if reply[1] == pid:
            return number
        p.ask(A.kill, reply[1], 9)
    raise Skip("others take the pid")


def ended_unacked(p):
    pid = p.run("printf %01000d 0", [A.stdout, (A.window, 100)])
    p.has(pid, 100)
    eventually(lambda: p.ask(A.list) == [], 5, "it is in the list")
    p.pump(0.2)
    return pid


@case(HARD + " the pid of one whose exit waits comes again: nobody else "
      "has to wait")
def attack_pid():
    with Native() as p:
        pid = ended_unacked(p)
        same_pid(p, pid, "read x; echo new", [A.stdin, A.stdout])
        expect([pid], p.ask(A.list))
        check(len(p.events) and p.exits[pid] == [], "exits %s", p.exits)
        gone = [e for e in p.events if e[0] == A.exit and e[1] == pid]
        check(len(gone) == 1, "exits %s", gone)
        p.stdin(pid, b"\n")
        p.ended(pid, exited(0))
        check(p.out(pid) == b"new\n", "%r", p.out(pid))


@case(HARD + " the same, and the node goes")
def attack_pid_end():
    with Native() as p:
        pid = ended_unacked(p)
        same_pid(p, pid, SLEEP, [A.stdout])
