"""PROTOCOL 3: pty and what belongs to it, and real programs on one.

Unless a case is about that, the terminal is what it is by default: no echo,
and "\\n" becomes "\\r\\n" on its way out.
"""

import hashlib
import os
import re
import shutil
import signal
import tempfile
import termios

import etf
import proc
from case import (BADARG, OK, REFUSED, SOME_TEXT, Naming, Skip, Text, case,
                  check, eventually, expect, rows)
from etf import A, Atom
from port import Port, environment
from visible import alone, unchanged

SECTION = "3 options: pty:"
MODES = "3 options: {pty, Modes}:"
WINSZ = "3 winsz:"
PTY_OPTS = "3 pty_opts:"
PROGRAMS = "3 options: pty, programs:"
TTY = [A.stdin, A.stdout, A.pty]
SLEEP = ["/bin/sleep", "1000"]
PYTHON = "/usr/bin/python3"
CHILD, NO_TTY = object(), object()
NOT_ALIVE = (A.error, Text("pid not alive"))
NO_PTY = (A.error, SOME_TEXT)


def with_modes(modes, more=()):
    return [A.stdin, A.stdout, (A.pty, modes)] + list(more)


def output(p, cmd, options, status=0, **more):
    """Run it to its end: its output."""
    pid = p.run(cmd, options)
    expect(status, p.exit(pid, **more), "status")
    return p.out(pid)


def shown(p, cmd, options, want):
    got = output(p, cmd, options)
    check(got == want, "output %r, not %r", got, want)


def until_in(p, pid, regex, what=None, since=0):
    """Wait for output that the expression is found in; where it ended."""
    found = []

    def search():
        match = re.compile(regex).search(p.out(pid), since)
        found[:] = [match]
        return match
    try:
        p.until(search, what or repr(regex))
    except Exception as e:
        raise type(e)("%s; output %r" % (e, p.out(pid)[since:][-300:]))
    return found[0].end()


# A terminal -------------------------------------------------------------

@case(SECTION + " tty(1) prints /dev/pts/N, which the child's user owns")
def tty():
    with Port() as p:
        pid = p.run("tty; sleep 1000", TTY)
        until_in(p, pid, rb"\n")
        name = p.out(pid).decode()
        check(re.fullmatch(r"/dev/pts/\d+\r\n", name), "tty %r", name)
        owner = os.stat(name.strip()).st_uid
        check(owner == os.geteuid(), "owner %d", owner)


@rows(SECTION + " what is a terminal of 0, 1, 2:", [
    ("stdin, stdout, stderr", [A.stdin, A.stdout, A.stderr], "ttt"),
    ("stdin, stdout", [A.stdin, A.stdout], "tt0"),
    ("stdout", [A.stdout], "0t0"),
    ("stderr", [A.stderr], "00t"),
    ("none", [], "000"),
    ("stdout, {stderr, stdout}", [A.stdout, (A.stderr, A.stdout)], "0tt"),
    ("{stdin, close}, stdout", [(A.stdin, A.close), A.stdout], "-t0"),
    ("{stdin, File}, stdout, {stderr, null}",
     [(A.stdin, "/dev/null"), A.stdout, (A.stderr, A.null)], "0t0"),
])
def which(options, want):
    means = {"t": "/dev/pts/", "0": "/dev/null"}
    with Port() as p:
        pid = p.run(SLEEP, [A.pty] + options)
        # It sleeps once its loader has closed what that had open.
        eventually(lambda: proc.state(pid) == "S", 2, "no sleep")
        found = proc.descriptors(pid)
        for fd, letter in enumerate(want):
            if letter == "-":
                check(fd not in found, "%d is %s", fd, found.get(fd))
            else:
                check(found.get(fd, "").startswith(means[letter]),
                      "%d is %s", fd, found.get(fd))
        check(set(found) <= {0, 1, 2}, "descriptors %s", found)


@case(SECTION + " isatty(3) of all three")
def isatty():
    with Port() as p:
        shown(p, "for i in 0 1 2; do test -t $i && echo $i; done",
              TTY + [A.stderr], b"0\r\n1\r\n2\r\n")


@case(SECTION + " leader of its own session and group, in the foreground")
def session():
    code = ("import os; me = os.getpid(); print(me == os.getsid(0), "
            "me == os.getpgrp(), me == os.tcgetpgrp(0)); "
            "os.write(os.open('/dev/tty', os.O_RDWR), b'tty\\n')")
    with Port() as p:
        shown(p, [PYTHON, "-c", "import sys; " + code.replace(
            "; os.write", "; sys.stdout.flush(); os.write")], TTY,
              b"True True True\r\ntty\r\n")


@case(SECTION + " each child has another terminal")
def distinct():
    with Port() as p:
        pids = [p.run("tty; sleep 1000", TTY) for _ in range(20)]
        for pid in pids:
            until_in(p, pid, rb"\n")
        check(len({p.out(pid) for pid in pids}) == 20, "terminals shared")


@case(SECTION + " no descriptor of the master in any child")
def no_master():
    with Port() as p:
        p.run(SLEEP, TTY)
        pid = p.run(SLEEP, [A.stdout])
        eventually(lambda: proc.state(pid) == "S", 2, "no sleep")
        found = proc.descriptors(pid)
        check(set(found) == {0, 1, 2}, "descriptors %s", found)


@rows(SECTION + " echo is", [
    ("off by default", TTY, b"hi\r\n"),
    ("off with {pty, []}", with_modes([]), b"hi\r\n"),
    ("on with pty_echo", TTY + [A.pty_echo], b"hi\r\nhi\r\n"),
    ("on with pty_echo before pty", [A.pty_echo] + TTY, b"hi\r\nhi\r\n"),
    ("on with {pty, [{echo, 1}]}", with_modes([(A.echo, 1)]),
     b"hi\r\nhi\r\n"),
    ("off with {pty, [{echo, 0}]}", with_modes([(A.echo, 0)]), b"hi\r\n"),
    ("off with pty_echo and {pty, [{echo, 0}]}",
     with_modes([(A.echo, False)], [A.pty_echo]), b"hi\r\n"),
])
def echo(options, want):
    with Port() as p:
        pid = p.run("read x; echo $x", options)
        p.stdin(pid, b"hi\n")
        expect(0, p.exit(pid), "status")
        check(p.out(pid) == want, "output %r", p.out(pid))


@rows(SECTION + " without pty, of no effect:", [
    ("pty_echo", A.pty_echo), ("{winsz, {24, 80}}", (A.winsz, (24, 80))),
])
def no_effect(option):
    with Port() as p:
        shown(p, "test -t 1 || echo none", [A.stdout, option], b"none\n")


# Streams ----------------------------------------------------------------

@rows(SECTION + " printed on stderr, arrives as", [
    ("stdout: all three", [A.stdin, A.stdout, A.stderr],
     b"out\r\nerr\r\n", b""),
    ("stdout: stdout and stderr", [A.stdout, A.stderr],
     b"out\r\nerr\r\n", b""),
    ("stdout: {stderr, stdout}", [A.stdout, (A.stderr, A.stdout)],
     b"out\r\nerr\r\n", b""),
    ("stderr: stderr alone", [A.stderr], b"", b"err\r\n"),
    ("stderr: {stdout, stderr}", [A.stderr, (A.stdout, A.stderr)],
     b"", b"out\r\nerr\r\n"),
    ("nothing: stdout alone", [A.stdout], b"out\r\n", b""),
    ("nothing: neither", [A.stdin], b"", b""),
])
def streams(options, stdout, stderr):
    with Port() as p:
        pid = p.run("echo out; echo err >&2", [A.pty] + options)
        expect(0, p.exit(pid), "status")
        check(p.out(pid) == stdout, "stdout %r", p.out(pid))
        check(p.out(pid, A.stderr) == stderr, "stderr %r",
              p.out(pid, A.stderr))


@rows(SECTION + " a child lives on that", [
    ("has nothing piped", "sleep 0.3; exit 7", [], b""),
    ("closes all of it", "exec <&- >&- 2>&-; sleep 0.3; exit 7",
     [A.stdin, A.stdout, A.stderr], b""),
    ("closes all of it, which had no stdin",
     "exec >&- 2>&-; sleep 0.3; exit 7", [A.stdout, A.stderr], b""),
    ("closes all of it and opens it again",
     "exec <&- >&- 2>&-; sleep 0.3; echo x >/dev/tty && exit 7",
     [A.stdin, A.stdout, A.stderr], b"x\r\n"),
    ("has its output elsewhere and prints on /dev/tty",
     "sleep 0.3; echo x >/dev/tty && exit 7",
     [A.stdin, A.stdout, (A.stderr, A.null)], b"x\r\n"),
])
def lives_on(command, options, want):
    with Port() as p:
        pid = p.run(command, [A.pty] + options)
        expect(7 << 8, p.exit(pid), "status")
        check(p.out(pid) == want, "output %r", p.out(pid))


@case(SECTION + " nothing piped: what goes to /dev/tty is dropped")
def silent():
    with Port() as p:
        pid = p.run("seq 100000 >/dev/tty", [A.pty])
        expect(0, p.exit(pid), "status")
        check(len(p.events) == 1, "events %s", p.events[:3])


@case(SECTION + " the end of a terminal is quiet")
def quiet():
    with Port() as p:
        p.ask(A.list)
        before = p.log()
        for _ in range(20):
            output(p, "echo x", TTY)
        check(p.log() == before, "log %s", p.log()[len(before):][:3])


def numbers(last):
    return b"".join(b"%d\r\n" % i for i in range(1, last + 1))


@case(SECTION + " output before the exit is whole: 200 times 20 kB",
      limit=60)
def complete():
    want = numbers(4000)
    with Port() as p:
        for i in range(200):
            got = output(p, ["/usr/bin/seq", "4000"], TTY)
            check(got == want, "run %d: %d bytes of %d", i, len(got),
                  len(want))
            p.output.clear()


@case(SECTION + " output before the exit is whole: 50 at once", limit=60)
def complete_many():
    want = numbers(4000)
    with Port() as p:
        sent = [p.send((A.run, ["/usr/bin/seq", "4000"], TTY))
                for _ in range(50)]
        for pid in [p.reply(number)[1] for number in sent]:
            expect(0, p.exit(pid), "status")
            check(p.out(pid) == want, "%d bytes of %d", len(p.out(pid)),
                  len(want))


@case(SECTION + " a megabyte")
def megabyte():
    with Port() as p:
        got = output(p, ["/usr/bin/seq", "150000"], TTY, seconds=15)
        want = numbers(150000)
        check(hashlib.sha256(got).digest() == hashlib.sha256(want).digest(),
              "%d bytes of %d, or others", len(got), len(want))


@case(SECTION + " {opost, 0}: bytes as they are")
def raw_output():
    data = bytes(range(256)) * 100
    with tempfile.NamedTemporaryFile() as f:
        f.write(data)
        f.flush()
        with Port() as p:
            shown(p, ["/bin/cat", f.name], with_modes([(A.opost, 0)]), data)


@case(SECTION + " raw: bytes to the child as they are")
def raw_input():
    data = bytes(range(256)) * 400
    modes = [(A.icanon, 0), (A.isig, 0), (A.icrnl, 0), (A.ixon, 0),
             (A.iexten, 0), (A.opost, 0)]
    with Port() as p:
        pid = p.run("head -c %d | sha256sum" % len(data),
                    with_modes(modes))
        for i in range(0, len(data), 10000):
            p.stdin(pid, data[i:i + 10000])
        expect(0, p.exit(pid), "status")
        check(p.out(pid).split()[0].decode()
              == hashlib.sha256(data).hexdigest(), "other bytes")


@case(SECTION + " 20,000 lines through a cat")
def lines():
    data = b"".join(b"line %d\n" % i for i in range(20000))
    with Port() as p:
        pid = p.run(["/bin/cat"], TTY)
        p.stdin(pid, data)
        p.stdin(pid, A.eof)
        expect(0, p.exit(pid, seconds=15), "status")
        want = data.replace(b"\n", b"\r\n")
        check(p.out(pid) == want, "%d bytes of %d", len(p.out(pid)),
              len(want))


@case(SECTION + " a grandchild that holds it does not delay the exit")
def grandchild():
    with Port() as p:
        pid = p.run("trap '' HUP; sleep 1000 & echo x", TTY)
        expect(0, p.exit(pid, seconds=2), "status")
        check(p.out(pid) == b"x\r\n", "output %r", p.out(pid))


@case(SECTION + " 200 of them leave no descriptor")
def leaks():
    with Port() as p:
        output(p, "echo x", TTY)
        before = alone(p)
        for _ in range(200):
            output(p, ["/bin/echo", "x"], TTY)
        unchanged(p, before)


@case(SECTION + " 50 that fail leave no descriptor")
def leaks_failed():
    with Port() as p:
        output(p, "echo x", TTY)
        before = alone(p)
        for _ in range(50):
            reply = p.ask(A.run, "true", TTY + [(A.cd, "/nonexistent")])
            expect((A.error, SOME_TEXT), reply)
        unchanged(p, before)


# Input ------------------------------------------------------------------

@rows(SECTION + " a character that is a signal:", [
    ("^C is SIGINT", b"\x03", signal.SIGINT),
    ("^\\ is SIGQUIT", b"\x1c", signal.SIGQUIT),
])
def characters(data, sig):
    with Port() as p:
        pid = p.run(SLEEP, TTY)
        p.stdin(pid, data)
        status = p.exit(pid)
        check(status & 127 == sig, "status %d", status)


@case(SECTION + " {vintr, 24}: ^X is SIGINT, ^C is none")
def vintr():
    with Port() as p:
        pid = p.run(SLEEP, with_modes([(A.vintr, 24)]))
        p.stdin(pid, b"\x03\n")
        p.pump(0.2)
        check(not p.exits[pid], "exits %s", p.exits[pid])
        p.stdin(pid, b"\x18")
        expect(2, p.exit(pid), "status")


@rows(SECTION + " eof ends a cat,", [
    ("at the beginning", [], b""),
    ("behind a line", [b"abc\n"], b"abc\r\n"),
    ("behind half a line", [b"abc\nde"], b"abc\r\nde"),
    ("behind half a line in pieces", [b"a", b"b", b"c"], b"abc"),
    ("behind an empty line", [b"\n"], b"\r\n"),
    ("behind an empty message", [b"abc", b""], b"abc"),
])
def eof(pieces, want):
    with Port() as p:
        pid = p.run(["/bin/cat"], TTY)
        for piece in pieces:
            p.stdin(pid, piece)
        p.stdin(pid, A.eof)
        expect(0, p.exit(pid), "status")
        check(p.out(pid) == want, "output %r", p.out(pid))


@case(SECTION + " eof ends a cat, whatever the character for it is")
def eof_other():
    with Port() as p:
        pid = p.run(["/bin/cat"], with_modes([(A.veof, 24)]))
        p.stdin(pid, b"a\x04b\n")
        p.stdin(pid, A.eof)
        expect(0, p.exit(pid), "status")
        check(p.out(pid) == b"a\x04b\r\n", "output %r", p.out(pid))


@case(SECTION + " eof does not close: the next reader gets what follows")
def eof_again():
    with Port() as p:
        pid = p.run("cat; echo one; cat; echo two", TTY)
        p.stdin(pid, b"a\n")
        p.stdin(pid, A.eof)
        p.until_out(pid, b"a\r\none\r\n")
        p.stdin(pid, b"b")
        p.stdin(pid, A.eof)
        expect(0, p.exit(pid), "status")
        check(p.out(pid) == b"a\r\none\r\nbtwo\r\n", "output %r",
              p.out(pid))


@rows(SECTION + " it ends by", [
    ("stop", lambda p, pid: p.ask(A.stop, pid), 0),
    ("SIGKILL", lambda p, pid: p.ask(A.kill, pid, 9), 9),
    ("SIGHUP", lambda p, pid: p.ask(A.kill, pid, 1), 1),
])
def ends(end, status):
    with Port() as p:
        pid = p.run(SLEEP, TTY)
        expect(OK, end(p, pid))
        expect(status, p.exit(pid), "status")


@case(SECTION + " one that fails to execute says so on the terminal")
def exec_fails():
    with Port() as p:
        pid = p.run(["/no/such"], TTY + [A.stderr])
        expect(256, p.exit(pid), "status")
        check(b"cannot execute '/no/such': No such file" in p.out(pid),
              "output %r", p.out(pid))


# Modes ------------------------------------------------------------------

# name: what stty(1) calls it; None: not shown, or not there on all systems
CHARACTERS = {
    "vintr": "intr", "vquit": "quit", "verase": "erase", "vkill": "kill",
    "veof": "eof", "veol": "eol", "veol2": "eol2", "vstart": "start",
    "vstop": "stop", "vsusp": "susp", "vdsusp": None, "vreprint": "rprnt",
    "vwerase": "werase", "vlnext": "lnext", "vflush": None,
    "vswtch": "swtch", "vstatus": None, "vdiscard": "discard",
}
FLAGS = (
    "ignpar parmrk inpck istrip inlcr igncr icrnl iuclc ixon ixany ixoff "
    "imaxbel iutf8 isig icanon xcase echo echoe echok echonl noflsh tostop "
    "iexten echoctl echoke pendin opost olcuc onlcr ocrnl onocr onlret cs7 "
    "cs8 parenb parodd").split()
# A pseudo terminal has eight bits and no parity, whatever is asked for.
NOT_SHOWN = ("pendin", "cs7", "cs8", "parenb")


def stty(p, modes):
    """The words of stty -a, which {olcuc, 1} may have made upper case."""
    return output(p, "stty -a", with_modes(modes)).decode().lower()


def check_flag(text, name, on):
    if name in NOT_SHOWN:
        return
    words = re.split(r"[\s;]+", text)
    if name not in words and "-" + name not in words:
        return      # not known to this stty(1)
    check((name in words) == on, "%s is %s: %r", name,
          "off" if on else "on", text)


@rows(MODES, [(name, name) for name in CHARACTERS])
def mode_character(name):
    with Port() as p:
        text = stty(p, [(Atom(name), 7)])
        label = CHARACTERS[name]
        if label and label + " = " in text:
            check(label + " = ^g" in text, "stty: %r", text)
        text = stty(p, [(Atom(name), 255)])
        if label and label + " = " in text:
            check(label + " = <undef>" in text, "stty: %r", text)
        for value in (0, 127, 254, True, False):
            stty(p, [(Atom(name), value)])


@rows(MODES, [(name, name) for name in FLAGS])
def mode_flag(name):
    with Port() as p:
        for value, on in ((1, True), (0, False), (True, True),
                          (False, False)):
            check_flag(stty(p, [(Atom(name), value)]), name, on)


@rows(MODES, [("tty_op_ispeed and tty_op_ospeed, %d" % n, n)
              for n in (9600, 38400, 115200)])
def mode_speed(speed):
    with Port() as p:
        text = stty(p, [(A.tty_op_ispeed, speed),
                        (A.tty_op_ospeed, speed)])
        check("speed %d baud" % speed in text, "stty: %r", text)


@rows(MODES, [("%s, %d, which there is not" % (name, n), name, n)
              for name in ("tty_op_ispeed", "tty_op_ospeed")
              for n in (12345, 2 ** 32 - 1)])
def mode_speed_unknown(name, speed):
    with Port() as p:
        stty(p, [(Atom(name), speed)])


@rows(MODES + " one that a terminal of this kind lacks is ignored, with "
      "echo on:", [("cs7", A.cs7), ("parenb", A.parenb)])
def mode_lacking_alone(name):
    """When it is all that is asked for, tcsetattr(3) calls it an error."""
    with Port() as p:
        for value in (1, True):
            for options in (with_modes([(name, value), (A.echo, 1)]),
                            with_modes([(name, value)], [A.pty_echo])):
                shown(p, "echo runs", options, b"runs\r\n")


@rows(MODES + " one that the system lacks changes nothing:", [
    (name, name) for name, label in CHARACTERS.items() if label is None])
def mode_lacking(name):
    with Port() as p:
        want = output(p, "stty -g", TTY)
        for value in (0, 7, 255, True, False):
            shown(p, "stty -g", with_modes([(Atom(name), value)]), want)


@rows(MODES, [("pendin, as termios has it", "pendin", "PENDIN")])
def mode_bit(name, bit):
    """stty(1) does not show it."""
    code = ("import termios; print(termios.tcgetattr(0)[3] & %d)"
            % getattr(termios, bit))
    with Port() as p:
        for value in (1, 0, True, False):
            got = output(p, [PYTHON, "-c", code],
                         with_modes([(Atom(name), value)]))
            check((got != b"0\r\n") == bool(value), "%s: %r", value, got)


@case(MODES + " all of them at once")
def modes_all():
    modes = [(Atom(name), 0) for name in FLAGS if name != "tostop"]
    modes += [(Atom(name), 7) for name in CHARACTERS]
    modes += [(A.tty_op_ispeed, 9600), (A.tty_op_ospeed, 9600)]
    with Port() as p:
        text = stty(p, modes)
        for name in FLAGS:
            check_flag(text, name, False)
        check("intr = ^g" in text, "stty: %r", text)


WRONG_MODES = [
    ("an unknown name", [(A.nonsense, 1)]),
    ("an unknown name behind a good one", [(A.echo, 1), (A.echoo, 1)]),
    ("upper case", [(Atom("ECHO"), 1)]),
    ("{vintr, 256}", [(A.vintr, 256)]), ("{vintr, -1}", [(A.vintr, -1)]),
    ("{vintr, 2^32 + 1}", [(A.vintr, 2 ** 32 + 1)]),
    ("{vintr, atom}", [(A.vintr, A.a)]),
    ("{vintr, <<3>>}", [(A.vintr, b"\x03")]),
    ("{echo, 2}", [(A.echo, 2)]), ("{echo, -1}", [(A.echo, -1)]),
    ("{echo, on}", [(A.echo, A.on)]), ("{echo, 1.0}", [(A.echo, 1.0)]),
    ("{echo, 2^70}", [(A.echo, 2 ** 70)]),
    ("{echo}", [(A.echo,)]), ("{echo, 1, 1}", [(A.echo, 1, 1)]),
    ("echo", [A.echo]), ("{\"echo\", 1}", [("echo", 1)]),
    ("{<<\"echo\">>, 1}", [(b"echo", 1)]), ("{53, 1}", [(53, 1)]),
    ("{}", [()]), ("5", [5]), ("an atom", A.echo), ("a string", "echo"),
    ("a tuple", (A.echo, 1)), ("a number", 5),
    ("improper", etf.list_ext([(A.echo, 1)], tail=A.a)),
    ("{tty_op_ispeed, -1}", [(A.tty_op_ispeed, -1)]),
    ("{tty_op_ospeed, 2^32}", [(A.tty_op_ospeed, 2 ** 32)]),
    ("{tty_op_ospeed, atom}", [(A.tty_op_ospeed, A.fast)]),
    ("{cs8, 8}", [(A.cs8, 8)]),
    ("10,000 of them", [(A.echo, 1)] * 10000),
]


@rows(MODES + " refused by name:", WRONG_MODES)
def modes_refused(modes):
    with Port() as p:
        expect(Naming("pty"), p.ask(A.run, "sleep 1000", with_modes(modes)))
        expect([], p.ask(A.list))


# Sizes ------------------------------------------------------------------

@rows("3 options: {winsz, _}:", [
    ("{24, 80}", 24, 80), ("{40, 132}", 40, 132), ("{1, 1}", 1, 1),
    ("{65535, 65535}", 65535, 65535),
])
def size(row_count, columns):
    with Port() as p:
        shown(p, "stty size", TTY + [(A.winsz, (row_count, columns))],
              b"%d %d\r\n" % (row_count, columns))


WRONG_SIZES = [
    ("{0, 80}", (0, 80)), ("{24, 0}", (24, 0)), ("{-1, 80}", (-1, 80)),
    ("{24, 65536}", (24, 65536)), ("{65536, 80}", (65536, 80)),
    ("{2^70, 80}", (2 ** 70, 80)), ("{24, atom}", (24, A.wide)),
    ("{24, <<\"80\">>}", (24, b"80")), ("{24.0, 80}", (24.0, 80)),
]


@rows("3 options: {winsz, _}: refused by name:", WRONG_SIZES + [
    ("{24}", (24,)), ("{24, 80, 1}", (24, 80, 1)), ("[24, 80]", [24, 80]),
    ("24", 24), ("{}", ()),
])
def size_refused(value):
    with Port() as p:
        expect(Naming("winsz"),
               p.ask(A.run, "sleep 1000", TTY + [(A.winsz, value)]))
        expect([], p.ask(A.list))


RESIZED = ("trap 'stty size' WINCH; echo up; "
           "while :; do sleep 0.02; done")


@case(WINSZ + " the new size, and SIGWINCH")
def winsz():
    with Port() as p:
        pid = p.run(RESIZED, TTY + [(A.winsz, (24, 80))])
        p.until_out(pid, b"up\r\n")
        expect(OK, p.ask(A.winsz, pid, 50, 132))
        p.until_out(pid, b"up\r\n50 132\r\n")
        expect(OK, p.ask(A.winsz, pid, 65535, 1))
        p.until_out(pid, b"up\r\n50 132\r\n65535 1\r\n")


@case(WINSZ + " a child whose size was never given")
def winsz_first():
    with Port() as p:
        pid = p.run("read x; stty size", TTY)
        expect(OK, p.ask(A.winsz, pid, 30, 100))
        p.stdin(pid, b"\n")
        expect(0, p.exit(pid), "status")
        check(p.out(pid) == b"30 100\r\n", "output %r", p.out(pid))


@rows(WINSZ, [
    ("of a pty without stdin", CHILD, [A.stdout]),
    ("of a pty of stderr alone", CHILD, [A.stderr]),
    ("of a pty that nobody reads", CHILD, [A.stdin]),
])
def winsz_streams(_, options):
    with Port() as p:
        pid = p.run(SLEEP, [A.pty] + options)
        expect(OK, p.ask(A.winsz, pid, 30, 100))


def fill_in(term, p):
    if term is CHILD:
        return p.run(SLEEP, TTY)
    if term is NO_TTY:
        return p.run(SLEEP, [A.stdin, A.stdout])
    return term


WINSZ_REPLIES = [
    ("a child without pty", (A.winsz, NO_TTY, 24, 80), NO_PTY),
    ("nobody's pid", (A.winsz, 2 ** 30, 24, 80), NOT_ALIVE),
    ("pid 1", (A.winsz, 1, 24, 80), NOT_ALIVE),
    ("pid -1", (A.winsz, -1, 24, 80), NOT_ALIVE),
    ("a pid beyond 32 bits", (A.winsz, 2 ** 40, 24, 80), NOT_ALIVE),
    ("an atom for a pid", (A.winsz, A.pid, 24, 80), REFUSED),
    ("no size", (A.winsz, CHILD), REFUSED),
    ("a tuple", (A.winsz, CHILD, (24, 80)), REFUSED),
    ("an argument too many", (A.winsz, CHILD, 24, 80, 1), REFUSED),
] + [(name, (A.winsz, CHILD) + value, BADARG)
     for name, value in WRONG_SIZES]

PTY_OPTS_REPLIES = [
    ("a child with a pty", (A.pty_opts, CHILD, [(A.echo, 1)]), OK),
    ("[]", (A.pty_opts, CHILD, []), OK),
    ("a child without pty", (A.pty_opts, NO_TTY, [(A.echo, 1)]), NO_PTY),
    ("nobody's pid", (A.pty_opts, 2 ** 30, [(A.echo, 1)]), NOT_ALIVE),
    ("pid 1", (A.pty_opts, 1, [(A.echo, 1)]), NOT_ALIVE),
    ("pid -1", (A.pty_opts, -1, []), NOT_ALIVE),
    ("a pid beyond 32 bits", (A.pty_opts, 2 ** 40, []), NOT_ALIVE),
    ("an atom for a pid", (A.pty_opts, A.pid, []), REFUSED),
    ("no modes", (A.pty_opts, CHILD), REFUSED),
    ("an argument too many", (A.pty_opts, CHILD, [], 1), REFUSED),
] + [("wrong: " + name, (A.pty_opts, CHILD, modes), REFUSED)
     for name, modes in WRONG_MODES]


def reply(instruction, pattern):
    with Port() as p:
        instruction = tuple(fill_in(x, p) for x in instruction)
        before = p.ask(A.list)
        expect(pattern, p.ask(*instruction))
        expect(before, p.ask(A.list), "list after it")


rows(WINSZ, WINSZ_REPLIES)(reply)
rows(PTY_OPTS, PTY_OPTS_REPLIES)(reply)


@rows("3", [
    ("winsz: a child that has ended", lambda pid: (A.winsz, pid, 24, 80)),
    ("pty_opts: a child that has ended", lambda pid: (A.pty_opts, pid, [])),
])
def reply_ended(request):
    with Port() as p:
        pid = p.run(["/bin/true"], TTY)
        p.exit(pid)
        expect(NOT_ALIVE, p.ask(*request(pid)))


@case(PTY_OPTS + " change what stty -a shows")
def pty_opts():
    with Port() as p:
        pid = p.run("stty -a; read x; stty -a", TTY)
        end = until_in(p, pid, rb"-?echoke[^\n]*\n")
        expect(OK, p.ask(A.pty_opts, pid, [
            (A.vintr, 7), (A.echo, True), (A.ixoff, 1),
            (A.tty_op_ispeed, 9600), (A.tty_op_ospeed, 9600)]))
        p.stdin(pid, b"\n")
        expect(0, p.exit(pid), "status")
        before = p.out(pid)[:end].decode()
        after = p.out(pid)[end:].decode()
        check("intr = ^C" in before, "before: %r", before)
        check_flag(before, "echo", False)
        for name in ("echo", "ixoff"):
            check_flag(after, name, True)
        check("intr = ^G" in after, "after: %r", after)
        check("speed 9600 baud" in after, "after: %r", after)


SHOWING = ("trap 'stty -a; echo end' USR1; echo up; "
           "while :; do sleep 0.01; done")


@rows(PTY_OPTS + " change what stty -a shows:",
      [(name, name) for name in list(CHARACTERS) + FLAGS])
def pty_opts_name(name):
    """Asked for by a signal: no mode is in its way."""
    label = CHARACTERS.get(name)
    with Port() as p:
        pid = p.run(SHOWING, TTY)
        at = until_in(p, pid, rb"up\r\n")
        for value in (7, 255) if name in CHARACTERS else (True, 0):
            expect(OK, p.ask(A.pty_opts, pid, [(Atom(name), value)]))
            expect(OK, p.ask(A.kill, pid, int(signal.SIGUSR1)))
            end = until_in(p, pid, rb"(?i)\nend", since=at)
            text = p.out(pid)[at:end].decode().lower()
            at = end
            if name in FLAGS:
                check_flag(text, name, bool(value))
            elif label and label + " = " in text:
                want = "^g" if value == 7 else "<undef>"
                check(label + " = " + want in text, "stty: %r", text)


@case(PTY_OPTS + " refused as a whole: nothing is changed")
def pty_opts_whole():
    with Port() as p:
        pid = p.run("read x; stty -a", TTY)
        expect(REFUSED, p.ask(A.pty_opts, pid, [
            (A.echo, 1), (A.nonsense, 1)]))
        p.stdin(pid, b"\n")
        expect(0, p.exit(pid), "status")
        check_flag(p.out(pid).decode(), "echo", False)


# Programs ---------------------------------------------------------------

def foreground(pid):
    """The process group that has the terminal of a process."""
    fields = proc.stat(pid)
    return int(fields[5]) if fields else None


def job(pid, comm, running=True):
    """The child of a shell that has the terminal, once it does."""
    def look():
        for child in proc.children(pid):
            if proc.comm(child) == comm and foreground(pid) == child:
                return child
        return None
    return eventually(look, 3, "no job in the foreground")


SHELLS = [("/bin/dash", ["-i"]), ("/bin/bash", ["--norc", "--noprofile",
                                                "-i"])]


@rows(PROGRAMS, [("job control of %s" % path, path, args)
                 for path, args in SHELLS])
def job_control(path, args):
    if not os.path.exists(path):
        raise Skip("no %s" % path)
    env = (A.env, ["PS1=READY> ", "TERM=dumb", ("ENV", False)])
    with Port() as p:
        pid = p.run([path] + args, TTY + [A.stderr, env,
                                          (A.winsz, (24, 80))])
        at = until_in(p, pid, rb"READY> ")
        p.stdin(pid, b"sleep 100\n")
        sleep = job(pid, "sleep")
        p.stdin(pid, b"\x1a")
        at = until_in(p, pid, rb"READY> ", "the prompt after ^Z", at)
        eventually(lambda: proc.state(sleep) == "T", 2, "not stopped")
        p.stdin(pid, b"jobs\n")
        at = until_in(p, pid, rb"Stopped[^\n]*\n(.|\n)*READY> ", since=at)
        p.stdin(pid, b"bg\n")
        at = until_in(p, pid, rb"READY> ", "the prompt after bg", at)
        eventually(lambda: proc.state(sleep) == "S", 2, "not running")
        p.stdin(pid, b"jobs\n")
        at = until_in(p, pid, rb"Running[^\n]*\n(.|\n)*READY> ", since=at)
        p.stdin(pid, b"fg\n")
        check(job(pid, "sleep") == sleep, "another job")
        p.stdin(pid, b"\x03")
        at = until_in(p, pid, rb"READY> ", "the prompt after ^C", at)
        check(not proc.alive(sleep), "it survived ^C")
        p.stdin(pid, b"echo status $?\n")
        at = until_in(p, pid, rb"status 130\r\n", since=at)
        p.stdin(pid, b"exit 3\n")
        expect(768, p.exit(pid), "status")


@case(PROGRAMS + " stty -a")
def stty_all():
    with Port() as p:
        text = output(p, ["/usr/bin/env", "stty", "-a"],
                      TTY + [(A.winsz, (33, 99))])
        check(text.startswith(b"speed ") and b"rows 33; columns 99" in text,
              "output %r", text)


class Lines:
    """A file of 200 numbered lines."""

    def __enter__(self):
        self.file = tempfile.NamedTemporaryFile("w", suffix=".txt")
        self.file.write("".join("line %d\n" % i for i in range(1, 201)))
        self.file.flush()
        return self.file.name

    def __exit__(self, kind, value, trace):
        self.file.close()


def program(*names):
    for name in names:
        path = shutil.which(name)
        if path:
            return path
    raise Skip("not installed: " + ", ".join(names))


def screen(p, path, args):
    return p.run([path] + args, TTY + [
        A.stderr, (A.winsz, (24, 80)), (A.env, ["TERM=xterm", "LESS="])])


@case(PROGRAMS + " vi in 24 lines, then in 40")
def vi():
    path = program("vim", "vi")
    vim = "vim" in os.path.basename(os.path.realpath(path))
    args = ["-u", "NONE", "-i", "NONE", "-n"] if vim else []
    with Lines() as name, Port(env=environment(HOME="/tmp")) as p:
        pid = screen(p, path, args + [name])
        at = until_in(p, pid, rb"line 23(?!\d)")
        eventually(lambda: proc.state(pid) == "S", 5, "it does not wait")
        check(b"line 24" not in p.out(pid), "more than 24 lines")
        expect(OK, p.ask(A.winsz, pid, 40, 100))
        at = until_in(p, pid, rb"line 39(?!\d)", since=at)
        check(b"line 40" not in p.out(pid), "more than 40 lines")
        p.stdin(pid, b":q!\n")
        expect(0, p.exit(pid), "status")


@case(PROGRAMS + " less in 24 lines, then in 40")
def less():
    path = program("less")
    with Lines() as name, Port(env=environment(HOME="/tmp")) as p:
        pid = screen(p, path, [name])
        at = until_in(p, pid, rb"line 23(?!\d)")
        # It looks at the size again only once it waits for a key.
        at = until_in(p, pid, re.escape(name.encode()), since=at)
        eventually(lambda: proc.state(pid) == "S", 5, "it does not wait")
        check(b"line 24" not in p.out(pid), "more than 24 lines")
        expect(OK, p.ask(A.winsz, pid, 40, 100))
        at = until_in(p, pid, rb"line 39(?!\d)", since=at)
        check(b"line 40" not in p.out(pid), "more than 40 lines")
        p.stdin(pid, b"q")
        expect(0, p.exit(pid), "status")


@case(PROGRAMS + " python's own prompt")
def python():
    with Port() as p:
        pid = p.run([PYTHON, "-i", "-q"], TTY + [
            A.stderr, (A.env, ["TERM=dumb", "PYTHON_BASIC_REPL=1"])])
        until_in(p, pid, rb">>> ")
        p.stdin(pid, b"print(6 * 7)\n")
        at = until_in(p, pid, rb"42\r\n")
        # While it is not at its prompt the terminal has other modes.
        until_in(p, pid, rb">>> ", since=at)
        p.stdin(pid, A.eof)
        expect(0, p.exit(pid), "status")


@case("5 pty: shells that ignore SIGHUP and SIGTERM go at shutdown, too")
def shutdown():
    with Port("-alarm", "1") as p:
        for _ in range(5):
            pid = p.run("trap '' HUP TERM; echo up; while :; do "
                        "sleep 0.05; done", TTY)
            p.until_out(pid, b"up\r\n")


@rows(SECTION + " eof is one end of file behind", [
    ("a carriage return", b"x\r", [], b"x\r\none\r\n"),
    ("a carriage return that ends no line", b"x\r",
     [(A.icrnl, False)], b"x\rone\r\n"),
    ("VEOL", b"x;", [(A.veol, ord(";"))], b"x;one\r\n"),
])
def one_eof(data, modes, want):
    with Port() as p:
        pid = p.run("cat; echo one; cat; echo two; sleep 1000",
                    with_modes(modes))
        p.stdin(pid, data)
        p.stdin(pid, A.eof)
        p.until_out(pid, want)
        p.pump(0.3)
        check(p.out(pid) == want, "output %r", p.out(pid))
