"""PROTOCOL 3, the options of run: a row of the table is a row here.

{FILE} in a command or an option stands for a file in a fresh directory,
which contains "old" when the case starts.
"""

import os
import re
import stat
import tempfile
import time

import etf
import proc
from case import (BADARG, REFUSED, Like, Naming, case, check, check_took,
                  eventually, expect, rows)
from etf import A
from port import Port, environment
from refusals import REFUSALS

SECTION = "3 options:"
BOTH = "echo out; echo err >&2"
NOTHING = None


class Scratch:
    """A directory with one file in it, filled into terms by name."""

    def __init__(self):
        self.directory = tempfile.TemporaryDirectory()
        self.file = self.directory.name + "/caf\u00e9"
        with open(self.file, "w") as f:
            f.write("old")

    def fill(self, term):
        if isinstance(term, etf.Raw) or isinstance(term, etf.Atom):
            return term
        if isinstance(term, str):
            return term.replace("{FILE}", self.file)
        if isinstance(term, bytes):
            return term.replace(b"{FILE}", self.file.encode())
        if isinstance(term, (tuple, list)):
            return type(term)(map(self.fill, term))
        return term

    def content(self):
        with open(self.file, "rb") as f:
            return f.read()


# Where the three streams go -------------------------------------------------
#
# name, command, options, stdout events, stderr events, content of {FILE}

STREAMS = [
    ("default: stdin null", "cat; echo end >{FILE}", [], b"", b"", b"end\n"),
    ("default: stdout and stderr null", BOTH, [], b"", b"", NOTHING),
    ("{stdin, null}", "cat; echo end", [(A.stdin, A.null), A.stdout],
     b"end\n", b"", NOTHING),
    ("{stdin, File}", "cat", [(A.stdin, "{FILE}"), A.stdout],
     b"old", b"", NOTHING),
    ("{stdin, File}, a binary", "cat", [(A.stdin, b"{FILE}"), A.stdout],
     b"old", b"", NOTHING),
    ("stdout", BOTH, [A.stdout], b"out\n", b"", NOTHING),
    ("stderr", BOTH, [A.stderr], b"", b"err\n", NOTHING),
    ("stdout, stderr", BOTH, [A.stdout, A.stderr],
     b"out\n", b"err\n", NOTHING),
    ("{stdout, null}", BOTH, [(A.stdout, A.null), A.stderr],
     b"", b"err\n", NOTHING),
    ("{stderr, null}", BOTH, [A.stdout, (A.stderr, A.null)],
     b"out\n", b"", NOTHING),
    ("{stdout, File} truncates", BOTH, [(A.stdout, "{FILE}"), A.stderr],
     b"", b"err\n", b"out\n"),
    ("{stderr, File} truncates", BOTH, [A.stdout, (A.stderr, b"{FILE}")],
     b"out\n", b"", b"err\n"),
    ("{stdout, stderr}", BOTH, [(A.stdout, A.stderr), A.stderr],
     b"", b"out\nerr\n", NOTHING),
    ("{stderr, stdout}", BOTH, [A.stdout, (A.stderr, A.stdout)],
     b"out\nerr\n", b"", NOTHING),
    ("{stderr, stdout}, before stdout", BOTH,
     [(A.stderr, A.stdout), A.stdout], b"out\nerr\n", b"", NOTHING),
    ("{stderr, stdout}, and that a file", BOTH,
     [(A.stderr, A.stdout), (A.stdout, "{FILE}")],
     b"", b"", b"out\nerr\n"),
    ("{stdout, stderr}, and that a file", BOTH,
     [(A.stdout, A.stderr), (A.stderr, "{FILE}")],
     b"", b"", b"out\nerr\n"),
    ("{stderr, stdout}, and that null", BOTH, [(A.stderr, A.stdout)],
     b"", b"", NOTHING),
    ("{stdout, File, [append]}", BOTH,
     [(A.stdout, "{FILE}", [A.append]), A.stderr],
     b"", b"err\n", b"oldout\n"),
    ("{stderr, File, [append]}", BOTH,
     [A.stdout, (A.stderr, "{FILE}", [A.append])],
     b"out\n", b"", b"olderr\n"),
    ("{stdout, File, []}", BOTH, [(A.stdout, "{FILE}", []), A.stderr],
     b"", b"err\n", b"out\n"),
]


@rows(SECTION, STREAMS)
def streams(cmd, options, stdout, stderr, content):
    scratch = Scratch()
    with Port() as p:
        pid = p.run(scratch.fill(cmd), scratch.fill(options))
        expect(0, p.exit(pid), "status")
        check(p.out(pid) == stdout, "stdout %r", p.out(pid))
        check(p.out(pid, A.stderr) == stderr, "stderr %r",
              p.out(pid, A.stderr))
        content = b"old" if content is NOTHING else content
        check(scratch.content() == content, "file %r", scratch.content())


@rows(SECTION, [
    ("{stdout, File}: mode 8#644", (A.stdout, "{FILE}x"), 0o644),
    ("{stdout, File, [{mode, 8#600}]}",
     (A.stdout, "{FILE}x", [(A.mode, 0o600)]), 0o600),
    ("{stderr, File, [append, {mode, 8#640}]}",
     (A.stderr, "{FILE}x", [A.append, (A.mode, 0o640)]), 0o640),
    ("{stderr, File}: mode 8#644", (A.stderr, b"{FILE}x"), 0o644),
    ("{stderr, File, [{mode, 8#600}]}",
     (A.stderr, "{FILE}x", [(A.mode, 0o600)]), 0o600),
    ("{stdout, File, [{mode, 8#640}, append]}",
     (A.stdout, "{FILE}x", [(A.mode, 0o640), A.append]), 0o640),
])
def file_mode(option, mode):
    scratch = Scratch()
    with Port() as p:
        pid = p.run(BOTH, [scratch.fill(option)])
        expect(0, p.exit(pid), "status")
        found = stat.S_IMODE(os.stat(scratch.file + "x").st_mode)
        check(found == mode, "mode %o", found)


# name, options, what descriptors 0, 1, 2 are: "pipe:" is the beginning
OPEN = [
    ("default, all three", [], ("/dev/null",) * 3),
    ("all three null", [(A.stdin, A.null), (A.stdout, A.null),
                        (A.stderr, A.null)], ("/dev/null",) * 3),
    ("all three to Erlang", [A.stdin, A.stdout, A.stderr],
     ("pipe:",) * 3),
    ("{stdin, close}", [(A.stdin, A.close)],
     (None, "/dev/null", "/dev/null")),
    ("{stdout, close}", [(A.stdout, A.close), A.stdin],
     ("pipe:", None, "/dev/null")),
    ("{stderr, close}", [(A.stderr, A.close), A.stdout],
     ("/dev/null", "pipe:", None)),
    ("all three close",
     [(A.stdin, A.close), (A.stdout, A.close), (A.stderr, A.close)],
     (None, None, None)),
    ("{stderr, stdout}, and that close",
     [(A.stderr, A.stdout), (A.stdout, A.close)],
     ("/dev/null", None, None)),
]


@rows(SECTION + " open:", OPEN)
def opened(options, want):
    with Port() as p:
        pid = p.run(["/bin/sleep", "1000"], options)
        # It sleeps once its loader has closed what that had open.
        eventually(lambda: proc.state(pid) == "S", 2, "no sleep")
        found = proc.descriptors(pid)
        check(set(found) == {i for i in range(3) if want[i]},
              "descriptors %s", found)
        for fd, what in found.items():
            check(what.startswith(want[fd]), "%d is %s", fd, what)


@case(SECTION + " {stdin, null} is not a pipe: data for it is dropped")
def stdin_null():
    with Port() as p:
        pid = p.run("readlink /proc/$$/fd/0; cat; sleep 0.1",
                    [(A.stdin, A.null), A.stdout])
        p.stdin(pid, b"data")
        expect(0, p.exit(pid), "status")
        check(p.out(pid) == b"/dev/null\n", "output %r", p.out(pid))


# Refusals -------------------------------------------------------------------
#
# name, options, what the error names


@rows(SECTION + " refused:", REFUSALS)
def refused(options, name):
    """{error, Text} with the option's name, and nothing is started."""
    with Port() as p:
        pattern = Naming(name)
        if "|" in name:
            pattern = (A.error, Like(name))
        expect(pattern, p.ask(A.run, "sleep 1000", options))
        expect([], p.ask(A.list))
        check(not p.events, "events %s", p.events)


@rows(SECTION + " refused, without a name:", [
    ("an integer", [5]),
    ("a string", ["stdout"]),
    ("a binary", [b"stdout"]),
    ("{}", [()]),
    ("{5, 5}", [(5, 5)]),
    ("{\"stdout\", null}", [("stdout", A.null)]),
    ("a list", [[A.stdout]]),
])
def refused_nameless(options):
    with Port() as p:
        expect(REFUSED, p.ask(A.run, "sleep 1000", options))
        expect([], p.ask(A.list))


@case(SECTION + " refused: {stdout, File} leaves the file alone")
def refused_early():
    scratch = Scratch()
    with Port() as p:
        expect(Naming("nonsense"), p.ask(A.run, "true", [
            (A.stdout, scratch.file), A.nonsense]))
        check(scratch.content() == b"old", "file %r", scratch.content())


# cd and env -----------------------------------------------------------------

@rows(SECTION, [
    ("{cd, Dir}", "/usr"), ("{cd, Dir}, a binary", b"/usr"),
    ("{cd, Dir}, with a slash", "/usr/"),
])
def cd(directory):
    with Port() as p:
        pid = p.run(["/bin/pwd"], [A.stdout, (A.cd, directory)])
        expect(0, p.exit(pid), "status")
        check(p.out(pid) == b"/usr\n", "output %r", p.out(pid))


@case(SECTION + " files are opened by the child: in its directory, {cd, Dir}")
def cd_files():
    """Names without a slash are the child's, not the port's."""
    scratch = Scratch()
    with Port(cwd="/") as p:
        with open(scratch.directory.name + "/in", "w") as f:
            f.write("input\n")
        pid = p.run("cat; echo err >&2", [
            (A.cd, scratch.directory.name), (A.stdin, "in"),
            (A.stdout, "out"), (A.stderr, b"err")])
        expect(0, p.exit(pid), "status")
        for name in ("out", "err"):
            with open(scratch.directory.name + "/" + name) as f:
                text = f.read()
            check(text == ("input\n" if name == "out" else "err\n"),
                  "%s: %r", name, text)


@case(SECTION + " files are opened by the child: a FIFO holds nobody up")
def fifo():
    scratch = Scratch()
    fifo = scratch.directory.name + "/fifo"
    os.mkfifo(fifo)
    with Port() as p:
        pid = p.run(["/bin/cat"], [(A.stdin, fifo), A.stdout])
        reply = p.ask(A.run, ["/bin/echo", "x"], [(A.stdout, fifo)])
        if reply[0] == A.pid:
            p.exit(reply[1])
        other = p.run(["/bin/echo", "other"], [A.stdout])
        expect(0, p.exit(other), "status")
        p.ask(A.stop, pid)
        p.exit(pid)


@case(SECTION + " {cd, Dir}, UTF-8")
def cd_utf8():
    scratch = Scratch()
    directory = scratch.file + "d"
    os.mkdir(directory)
    with Port() as p:
        pid = p.run("pwd", [A.stdout, (A.cd, directory)])
        expect(0, p.exit(pid), "status")
        check(p.out(pid) == directory.encode() + b"\n", "output %r",
              p.out(pid))


@case(SECTION + " no cd: the port's own directory")
def no_cd():
    with Port(cwd="/usr/bin") as p:
        pid = p.run(["/bin/pwd"], [A.stdout])
        expect(0, p.exit(pid), "status")
        check(p.out(pid) == b"/usr/bin\n", "output %r", p.out(pid))


# name, {env, _}, what it makes of PATH=..., SHELL=..., OLD=old
ENV = [
    ("[]", [], {"OLD": "old"}),
    ("[\"K=V\"]", ["K=V"], {"OLD": "old", "K": "V"}),
    ("[<<\"K=V\">>]", [b"K=V"], {"OLD": "old", "K": "V"}),
    ("[{K, V}]", [("K", "V")], {"OLD": "old", "K": "V"}),
    ("[{<<K>>, <<V>>}]", [(b"K", b"V")], {"OLD": "old", "K": "V"}),
    ("[{K, \"\"}]", [("K", "")], {"OLD": "old", "K": ""}),
    ("[\"K=\"]", ["K="], {"OLD": "old", "K": ""}),
    ("[\"K=a=b\"]", ["K=a=b"], {"OLD": "old", "K": "a=b"}),
    ("[{K, \"a=b\"}]", [("K", "a=b")], {"OLD": "old", "K": "a=b"}),
    ("[{K, false}]", [("OLD", False)], {}),
    ("[{<<K>>, false}]", [(b"OLD", False)], {}),
    ("[{K, false}] of one that is not there", [("NEW", False)],
     {"OLD": "old"}),
    ("[{K, false}] of a prefix", [("OL", False), ("OLDE", False)],
     {"OLD": "old"}),
    ("replaces \"K=V\"", ["OLD=new"], {"OLD": "new"}),
    ("replaces {K, V}", [("OLD", "new")], {"OLD": "new"}),
    ("[clear]", [A.clear], None),
    ("[clear, \"K=V\"]", [A.clear, "K=V"], {"K": "V"}),
    ("[clear, {K, V}]", [A.clear, ("K", "V"), ("L", b"W")],
     {"K": "V", "L": "W"}),
    ("UTF-8", [("K", "\u65e5"), "L=\u00fc"],
     {"OLD": "old", "K": "\u65e5", "L": "\u00fc"}),
    ("a hundred", ["K%d=%d" % (i, i) for i in range(100)],
     dict({"K%d" % i: str(i) for i in range(100)}, OLD="old")),
]


def entries(data):
    return sorted(e for e in data.decode().split("\0") if e)


@rows(SECTION + " env", ENV)
def env(option, means):
    base = environment(OLD="old")
    with Port(env=base) as p:
        pid = p.run(["/bin/cat", "/proc/self/environ"],
                    [A.stdout, (A.env, option)])
        expect(0, p.exit(pid), "status")
        want = dict(base) if A.clear not in option else {}
        want.pop("OLD", None)
        want.update(means or {})
        got = entries(p.out(pid))
        want = sorted("%s=%s" % kv for kv in want.items())
        check(got == want, "environment %s, not %s", got, want)


@case(SECTION + " env: {K, V} of clear reaches the shell only as asked")
def env_clear_shell():
    with Port() as p:
        pid = p.run("echo ${K-unset} ${SHELL-unset}",
                    [A.stdout, (A.env, [A.clear, "K=V"])])
        expect(0, p.exit(pid), "status")
        check(p.out(pid) in (b"V unset\n",), "output %r", p.out(pid))


# kill_timeout and success_exit_code -----------------------------------------

DEAF = "trap '' TERM; echo deaf; while :; do sleep 0.05; done"


@rows(SECTION, [("{kill_timeout, 1}", 1), ("{kill_timeout, 2}", 2)])
def kill_timeout(seconds):
    """SIGKILL comes that long after the SIGTERM, not sooner."""
    with Port() as p:
        pid = p.run(DEAF, [A.stdout, (A.kill_timeout, seconds)])
        p.until_out(pid, b"deaf\n")
        start = time.monotonic()
        expect(A.ok, p.ask(A.stop, pid))
        expect(0, p.exit(pid), "status")
        took = time.monotonic() - start
        check_took(took, seconds - 0.1, seconds + 1)


@case(SECTION + " {kill_timeout, Sec}: 5 without it", limit=30)
def kill_timeout_default():
    with Port() as p:
        pid = p.run(DEAF, [A.stdout])
        p.until_out(pid, b"deaf\n")
        start = time.monotonic()
        expect(A.ok, p.ask(A.stop, pid))
        expect(0, p.exit(pid, seconds=8), "status")
        took = time.monotonic() - start
        check_took(took, 4.9, 6)


@case(SECTION + " {kill_timeout, 0}: SIGKILL follows at once")
def kill_timeout_zero():
    with Port() as p:
        pid = p.run(DEAF, [A.stdout, (A.kill_timeout, 0)])
        p.until_out(pid, b"deaf\n")
        expect(A.ok, p.ask(A.stop, pid))
        expect(0, p.exit(pid, seconds=2), "status")


@rows(SECTION, [
    ("{success_exit_code, 7}, exit 0", 7, "exit 0", 7),
    ("{success_exit_code, 7}, exit 3", 7, "exit 3", 768),
    ("{success_exit_code, 7}, exit 7", 7, "exit 7", 1792),
    ("{success_exit_code, 7}, killed", 7, "kill -9 $$", 9),
    ("{success_exit_code, 0}, exit 0", 0, "exit 0", 0),
    ("{success_exit_code, 0}, exit 1", 0, "exit 1", 256),
    ("{success_exit_code, 255}, exit 0", 255, "exit 0", 255),
])
def success_exit_code(code, cmd, status):
    with Port() as p:
        pid = p.run(cmd, [(A.success_exit_code, code)])
        expect(status, p.exit(pid), "status")


@case(SECTION + " errors of options are text that a person can read")
def readable():
    with Port() as p:
        for _, options, name in REFUSALS:
            reply = p.ask(A.run, "true", options)
            if reply == BADARG:
                continue
            text = etf.text(reply[1])
            check(text and re.fullmatch(r"[ -~]{4,200}", text),
                  "%s: %s", name, etf.show(reply))
