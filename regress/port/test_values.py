"""PROTOCOL 3, options: what a value may be, and how it may be written.

The options that are only values (user, nice, capabilities, debug) have all
their cases here.
"""

import os
import pwd
import random
import re
import shutil
import tempfile

import etf
import proc
import starter
from case import (BADARG, INT, OK, ROOT, STARTED, Like, Naming, Skip, Text,
                  case, check, expect, rows)
from etf import A, Atom
from port import Port, program
from foreign import Foreign

SECTION = "3 options:"
SLEEP = ["/bin/sleep", "1000"]
ME = pwd.getpwuid(os.geteuid()).pw_name
SEED = 4254


def nice_of(pid):
    return int(proc.stat(pid)[16])


def not_started(p, before=()):
    expect(list(before), p.ask(A.list), "list")
    check(not p.events, "events %s", p.events)


# nice -------------------------------------------------------------------

@rows(SECTION + " {nice, N}:", [("0", 0), ("7", 7), ("19", 19)])
def nice(n):
    with Port() as p:
        n = max(n, nice_of(os.getpid()))
        pid = p.run(SLEEP, [(A.nice, n)])
        check(nice_of(pid) == n, "nice %d", nice_of(pid))


@case(SECTION + " {nice, 20}: as far as the system goes")
def nice_twenty():
    with Port() as p:
        pid = p.run(SLEEP, [(A.nice, 20)])
        check(nice_of(pid) == 19, "nice %d", nice_of(pid))


@case(SECTION + " {nice, N}: the ring and other children stay as they are")
def nice_others():
    with Port() as p:
        p.run(SLEEP, [(A.nice, 7)])
        other = p.run(SLEEP)
        for pid in [other] + list(p.ring().values()):
            check(nice_of(pid) == nice_of(os.getpid()), "nice %d",
                  nice_of(pid))


@rows(SECTION + " {nice, N}: as root", [("-5", -5), ("-20", -20)])
def nice_root(n):
    if not ROOT:
        raise Skip("needs root")
    with Port() as p:
        reply = p.ask(A.run, SLEEP, [(A.nice, n)])
        if reply[0] == A.error:
            raise Skip("root may not: %s" % etf.show(reply))
        check(nice_of(reply[1]) == n, "nice %d", nice_of(reply[1]))


@case(SECTION + " {nice, -5}: as nobody special, refused")
def nice_refused():
    with starter.plain() as p:
        expect((A.error, Like("^Couldn't start pid: .*(denied|permitted)")),
               p.ask(A.run, "sleep 1000", [A.stdout, (A.nice, -5)]))
        not_started(p)


# user -------------------------------------------------------------------

@rows(SECTION + " {user, U}: one's own name,", [
    ("a string", ME), ("a binary", ME.encode())])
def user(name):
    with Port() as p:
        pid = p.run("id -u", [A.stdout, (A.user, name)])
        expect(0, p.exit(pid), "status")
        check(int(p.out(pid)) == os.geteuid(), "uid %r", p.out(pid))


@rows(SECTION + " {user, U}: refused by name:", [
    ("root, for others", "root"), ("another", "daemon"),
    ("one that there is not", "no-such-user"),
    ("one's own and more", ME + "x"), ("the beginning of one's own", ME[:-1]),
    ("another's uid", str(os.geteuid() + 1)), ("a space behind", ME + " "),
    ("UTF-8", "j\u00fcrgen"),
])
def user_refused(name):
    make = starter.plain if name == "root" else Port
    with make() as p:
        expect((A.error, Like(r"^Couldn't start pid: .*'%s'"
                              % re.escape(name))),
               p.ask(A.run, "sleep 1000", [(A.user, name)]))
        not_started(p)


@rows(SECTION + " {user, U}: one's own uid,", [
    ("a number", os.geteuid()), ("as text", str(os.geteuid()))])
def user_number(uid):
    with Port() as p:
        pid = p.run(["/usr/bin/id", "-u"], [A.stdout, (A.user, uid)])
        expect(0, p.exit(pid), "status")
        check(p.out(pid) == b"%d\n" % os.geteuid(), "uid %r", p.out(pid))


@rows(SECTION + " groups are not to be had:", [
    ("{gid, Gid}", [(A.gid, os.getegid())]), ("{gid, Name}", [(A.gid, "adm")]),
    ("{groups, []}", [(A.groups, [])]),
    ("{groups, L}", [(A.groups, ["adm"])])])
def groups_refused(options):
    with Port() as p:
        reply = p.ask(A.run, "sleep 1000", options)
        check(isinstance(reply, tuple) and reply[0] == A.error, "%r", reply)
        not_started(p)


# capabilities -----------------------------------------------------------

# All that the kernel has had for years.
CAPABILITIES = (
    "chown dac_override dac_read_search fowner fsetid kill setgid setuid "
    "setpcap linux_immutable net_bind_service net_broadcast net_admin "
    "net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace "
    "sys_pacct sys_admin sys_boot sys_nice sys_resource sys_time "
    "sys_tty_config mknod lease audit_write audit_control setfcap "
    "mac_override mac_admin syslog wake_alarm block_suspend audit_read "
    "perfmon bpf checkpoint_restore").split()
NO_CAPS = (A.error, Like(r"^Couldn't start pid: .*capabilities"))


def ambient(pid):
    return int(proc.status(pid)["CapAmb"], 16)


def bits(*names):
    return sum(1 << CAPABILITIES.index(name) for name in names)


@rows(SECTION + " {capabilities, _}: nothing held,", [
    ("all", A.all), ("[]", []), ("absent", None)])
def caps_nothing(value):
    with starter.plain() as p:
        options = [] if value is None else [(A.capabilities, value)]
        pid = p.run(SLEEP, options)
        check(ambient(pid) == 0, "ambient %x", ambient(pid))


@rows(SECTION + " {capabilities, _}: chown and net_raw held,", [
    ("all", A.all, ("chown", "net_raw")),
    ("[net_raw]", [A.net_raw], ("net_raw",)),
    ("[cap_net_raw]", [A.cap_net_raw], ("net_raw",)),
    ("[cap_chown, net_raw]", [A.cap_chown, A.net_raw],
     ("chown", "net_raw")),
    ("[chown, chown]", [A.chown, A.chown], ("chown",)),
    ("[]", [], ()),
    ("absent", None, ()),
])
def caps_held(value, want):
    with starter.holding("chown", "net_raw") as p:
        options = [] if value is None else [(A.capabilities, value)]
        pid = p.run(SLEEP, options)
        check(ambient(pid) == bits(*want), "ambient %x", ambient(pid))


@rows(SECTION + " {capabilities, _}: chown held, refused:", [
    ("[net_raw]", [A.net_raw]), ("[chown, net_raw]", [A.chown, A.net_raw]),
    ("[cap_sys_admin]", [A.cap_sys_admin]),
])
def caps_held_not(value):
    with starter.holding("chown") as p:
        expect(NO_CAPS,
               p.ask(A.run, "sleep 1000", [(A.capabilities, value)]))
        not_started(p)


@rows(SECTION + " {capabilities, _}: as root, who has them anyway,", [
    ("all", A.all), ("[net_raw]", [A.net_raw]), ("[]", [])])
def caps_root(value):
    if not ROOT:
        raise Skip("needs root")
    with Port() as p:
        pid = p.run("exit 3", [(A.capabilities, value)])
        expect(768, p.exit(pid), "status")


@rows(SECTION + " {capabilities, _}: known, and refused as not held:",
      [(name, name) for name in CAPABILITIES])
def caps_not_held(name):
    with starter.plain() as p:
        for atom in (name, "cap_" + name):
            expect(NO_CAPS, p.ask(A.run, "sleep 1000", [
                (A.capabilities, [Atom(atom)])]))
        not_started(p)


@rows(SECTION + " {capabilities, _}: refused by name:", [
    ("an unknown one", [A.nonsense]), ("cap_ alone", [A.cap_]),
    ("cap_cap_chown", [A.cap_cap_chown]), ("upper case", [Atom("CHOWN")]),
    ("a string", "chown"), ("strings", ["chown"]), ("numbers", [0]),
    ("another atom", A.none), ("[all]", [A.all]), ("a number", 5),
    ("improper", etf.list_ext([A.chown], tail=A.kill)),
])
def caps_wrong(value):
    with Port() as p:
        expect(Naming("capabilities"),
               p.ask(A.run, "sleep 1000", [(A.capabilities, value)]))
        not_started(p)


# debug, and flags -------------------------------------------------------

@rows(SECTION + " debug:", [("debug", A.debug)] + [
    ("{debug, %d}" % n, (A.debug, n)) for n in range(11)])
def debug(option):
    with Port() as p:
        pid = p.run("echo x", [A.stdout, option])
        expect(0, p.exit(pid), "status")
        check(p.out(pid) == b"x\n", "output %r", p.out(pid))
        expect((OK, INT), p.ask(A.debug, 0))


@rows(SECTION + " debug: its start and end are logged:", [
    ("debug", A.debug, True), ("{debug, 1}", (A.debug, 1), True),
    ("{debug, 10}", (A.debug, 10), True), ("{debug, 0}", (A.debug, 0), False),
])
def debug_log(option, more):
    """Whatever the level of the port, and of this child only."""
    with Port() as p:
        other = p.run("exit 3")
        pid = p.run("exit 3", [option])
        expect(768, p.exit(pid), "status")
        expect(768, p.exit(other), "status")
        for what in ("pid %d started", "pid %d ended with status 3"):
            told = [line for line in p.log() if what % pid in line]
            check(len(told) == more, "log %s", p.log())
        check(not [line for line in p.log() if "pid %d " % other in line],
              "log %s", p.log())


@rows("2 flags:", [
    ("-limit-users %s" % value, ["-limit-users", value])
    for value in ("daemon", "root,daemon", "no-such-user", "")
] + [("-cap %s" % value, ["-cap", value])
     for value in ("all", "net_raw", "chown,cap_kill", "nonsense")]
    + [("-cap and -limit-users, first",
        ["-limit-users", "daemon", "-cap", "all"])])
def flags(args):
    for how in ({"first": args}, None):
        with (Port(**how) if how else Port(*args)) as p:
            # They widen nothing.
            expect((A.error, Like("'games'")),
                   p.ask(A.run, "true", [(A.user, "games")]))
            pid = p.run(SLEEP, [(A.capabilities, A.all)])
            check(ambient(pid) == ambient(os.getpid()), "ambient %x",
                  ambient(pid))


@rows("2 flags: refused without a value:", [
    ("-limit-users", "-limit-users"), ("-cap", "-cap"), ("-user", "-user")])
def flags_no_value(flag):
    status, out, log = program(flag)
    check(status not in (0, None) and status > 0, "status %s", status)
    check(out == b"", "output %r", out)
    check(any(re.search("usage|missing", line) for line in log),
          "log %s", log)


# Refused values ---------------------------------------------------------

@rows(SECTION + " refused:", [
    ("{nice, 21}", (A.nice, 21)), ("{nice, -21}", (A.nice, -21)),
    ("{nice, 2^32}", (A.nice, 2 ** 32)), ("{nice, atom}", (A.nice, A.low)),
    ("{nice, 1.0}", (A.nice, 1.0)), ("{nice}", (A.nice,)),
    ("nice", A.nice), ("{nice, 1, 1}", (A.nice, 1, 1)),
    ("{user, -1}", (A.user, -1)), ("{user, atom}", (A.user, Atom(ME))),
    ("{user, \"\"}", (A.user, "")), ("{user}", (A.user,)),
    ("user", A.user), ("{user, [\"root\"]}", (A.user, ["root"])),
    ("{kill, \"\"}", (A.kill, "")), ("{kill, 9}", (A.kill, 9)),
    ("{kill, atom}", (A.kill, A.sigterm)), ("{kill}", (A.kill,)),
    ("kill", A.kill), ("{kill, [\"/bin/kill\"]}", (A.kill, ["/bin/kill"])),
    ("{kill, Cmd, 1}", (A.kill, "true", 1)),
    ("capabilities", A.capabilities), ("{capabilities}", (A.capabilities,)),
    ("{debug, 11}", (A.debug, 11)), ("{debug, -1}", (A.debug, -1)),
    ("{debug, atom}", (A.debug, A.on)), ("{debug}", (A.debug,)),
    ("{debug, 1, 1}", (A.debug, 1, 1)),
    ("{pty, [], 1}", (A.pty, [], 1)), ("{pty}", (A.pty,)),
    ("{pty_echo, 1}", (A.pty_echo, 1)), ("{pty_echo}", (A.pty_echo,)),
    ("winsz", A.winsz), ("{winsz}", (A.winsz,)),
    ("{winsz, 24, 80}", (A.winsz, 24, 80)),
])
def refused(option):
    name = option[0] if isinstance(option, tuple) else option
    with Port() as p:
        expect(Naming(name), p.ask(A.run, "sleep 1000", [option]))
        not_started(p)


# Every option there is, with a value that is good.
ALL = [
    A.stdin, A.stdout, A.stderr, (A.cd, "/"), (A.env, []),
    (A.executable, "/bin/sh"), (A.kill, "true"), (A.kill_timeout, 1),
    A.kill_group, (A.group, 0), (A.user, ME), (A.nice, 19),
    (A.success_exit_code, 1), A.pty, A.pty_echo, (A.winsz, (24, 80)),
    (A.capabilities, A.all), (A.debug, 0),
]


def name_of(option):
    return option[0] if isinstance(option, tuple) else option


@rows(SECTION + " duplicate refused by name:",
      [(name_of(option), option) for option in ALL])
def duplicate(option):
    others = [o for o in ALL if o is not option]
    with Port() as p:
        for options in ([option, option], [option] + others + [option]):
            expect(Naming(name_of(option)),
                   p.ask(A.run, "sleep 1000", options))
        not_started(p)


@rows(SECTION + " a name of another case, or cut, is unknown:",
      [(name_of(option), option) for option in ALL])
def nearly(option):
    name = name_of(option)
    with Port() as p:
        for other in (name.upper(), name + "_", name[:-1] + "_"):
            term = (Atom(other),) + option[1:] \
                if isinstance(option, tuple) else Atom(other)
            expect(Naming(other), p.ask(A.run, "sleep 1000", [term]))
        not_started(p)


# Strings ----------------------------------------------------------------

# name of the option, the option around a string
STRINGS = [
    ("stdin", lambda s: (A.stdin, s)),
    ("stdout", lambda s: (A.stdout, s)),
    ("stderr", lambda s: (A.stderr, s)),
    ("stdout", lambda s: (A.stdout, s, [A.append])),
    ("cd", lambda s: (A.cd, s)),
    ("env", lambda s: (A.env, [s])),
    ("env", lambda s: (A.env, [("K", s)])),
    ("env", lambda s: (A.env, [(s, "V")])),
    ("env", lambda s: (A.env, [(s, False)])),
    ("executable", lambda s: (A.executable, s)),
    ("kill", lambda s: (A.kill, s)),
    ("user", lambda s: (A.user, s)),
]
STRING_ROWS = [("%s" % etf.show(make(A.Str)), name, make)
               for name, make in STRINGS]


@rows(SECTION + " NUL refused by name:", STRING_ROWS)
def nul(name, make):
    with Port() as p:
        for text in ("/tmp\0", "\0", "/t\0mp", "K=V\0", "K\0=V"):
            for value in (text, text.encode(), etf.code_points(text),
                          etf.string_ext(text)):
                expect(Naming(name),
                       p.ask(A.run, "sleep 1000", [make(value)]))
        not_started(p)


@rows(SECTION + " no text, refused by name:", STRING_ROWS)
def no_text(name, make):
    with Port() as p:
        for value in (etf.list_ext([65, A.a]), etf.list_ext([65, -1]),
                      etf.list_ext([65, 0x110000]),
                      etf.list_ext([65, 0xd800]), etf.list_ext([65, 66.0]),
                      etf.list_ext([47, 65], tail=66), (), 5,
                      etf.bit_binary(b"/tmp", 3)):
            expect(Naming(name), p.ask(A.run, "sleep 1000", [make(value)]))
        not_started(p)


@case("3 run: Cmd: NUL refused")
def nul_command():
    with Port() as p:
        for cmd in ("true\0", b"true\0", ["/bin/true", "a\0b"],
                    ["/bin/true\0", b"x"], "\0"):
            reply = p.ask(A.run, cmd, [])
            check(reply[0] == A.error, "reply %s", etf.show(reply))
        not_started(p)


def encodings(text):
    """All the ways to write a text that stands for the same bytes."""
    made = [text, text.encode(), etf.code_points(text),
            etf.list_ext([etf.int32(ord(c)) for c in text])]
    try:
        made.append(etf.string_ext(text))
    except UnicodeEncodeError:
        pass
    return made


class Folder:
    """A directory with a name of UTF-8, a file and a shell in it."""

    def __init__(self, name="\u65e5 \u00fc \U0001f600"):
        self.directory = tempfile.TemporaryDirectory()
        self.name = self.directory.name + "/" + name
        os.mkdir(self.name)
        self.file = self.name + "/" + name
        with open(self.file, "w", encoding="utf-8") as f:
            f.write("old")
        self.shell = self.name + "/sh"
        shutil.copy("/bin/sh", self.shell)

    def content(self):
        with open(self.file, encoding="utf-8") as f:
            return f.read()


FOLDERS = [("UTF-8", "\u65e5 \u00fc \U0001f600"), ("Latin-1", "\u00fc"),
           ("ASCII", "a b")]


@rows(SECTION + " {cd, Dir}, all encodings:", FOLDERS)
def text_cd(name):
    folder = Folder(name)
    with Port() as p:
        for value in encodings(folder.name):
            pid = p.run(["/bin/pwd"], [A.stdout, (A.cd, value)])
            expect(0, p.exit(pid), "status")
            check(p.out(pid).decode() == folder.name + "\n", "output %r",
                  p.out(pid))


@rows(SECTION + " files, all encodings:", FOLDERS)
def text_files(name):
    folder = Folder(name)
    with Port() as p:
        for i, value in enumerate(encodings(folder.file)):
            text = "x%d\n" % i
            pid = p.run("echo x%d" % i, [(A.stdout, value)])
            expect(0, p.exit(pid), "status")
            check(folder.content() == text, "file %r", folder.content())
            pid = p.run("echo y >&2", [(A.stderr, value, [A.append])])
            expect(0, p.exit(pid), "status")
            check(folder.content() == text + "y\n", "file %r",
                  folder.content())
            pid = p.run(["/bin/cat"], [(A.stdin, value), A.stdout])
            expect(0, p.exit(pid), "status")
            check(p.out(pid).decode() == text + "y\n", "output %r",
                  p.out(pid))


@rows(SECTION + " {executable, Path}, all encodings:", FOLDERS)
def text_executable(name):
    folder = Folder(name)
    with Port() as p:
        for value in encodings(folder.shell):
            pid = p.run("echo $0", [A.stdout, (A.executable, value)])
            expect(0, p.exit(pid), "status")
            check(p.out(pid).decode() == folder.shell + "\n", "output %r",
                  p.out(pid))


@rows(SECTION + " env, all encodings:", FOLDERS)
def text_env(name):
    with Port() as p:
        values = [[v] for v in encodings("K=" + name)]
        values += [[("K", v)] for v in encodings(name)]
        values += [[(k, name)] for k in encodings("K")]
        for value in values:
            pid = p.run('printf %s "$K"', [A.stdout, (A.env, value)])
            expect(0, p.exit(pid), "status")
            check(p.out(pid).decode() == name, "output %r", p.out(pid))


@rows(SECTION + " {kill, Cmd}, all encodings:", FOLDERS)
def text_kill(name):
    folder = Folder(name)
    command = "echo $CHILD_PID >'%s'; kill $CHILD_PID" % folder.file
    with Port() as p:
        for value in encodings(command):
            pid = p.run(SLEEP, [(A.kill, value)])
            expect(OK, p.ask(A.stop, pid))
            expect(0, p.exit(pid), "status")
            check(folder.content() == "%d\n" % pid, "file %r",
                  folder.content())


@case(SECTION + " {user, U}, all encodings")
def text_user():
    with Port() as p:
        for value in encodings(ME):
            expect(STARTED, p.ask(A.run, ["/bin/true"], [(A.user, value)]))


# Numbers and atoms ------------------------------------------------------

def numbers(n):
    """All the ways to write a number."""
    made = [etf.int32(n), etf.small_big(n), etf.large_big(n),
            etf.small_big(n, 8), etf.large_big(n, 8)]
    if 0 <= n <= 255:
        made.append(etf.small_int(n))
    return made


def atoms(name):
    """All the ways to write an atom."""
    return [make(name) for make in (
        etf.atom_latin1, etf.small_atom_latin1, etf.atom_utf8,
        etf.small_atom_utf8)]


@rows(SECTION + " number in all encodings:", [
    ("{nice, 7}", 7, lambda n: (A.nice, n)),
    ("{group, 0}", 0, lambda n: (A.group, n)),
    ("{kill_timeout, 1000}", 1000, lambda n: (A.kill_timeout, n)),
    ("{success_exit_code, 255}", 255, lambda n: (A.success_exit_code, n)),
    ("{debug, 1}", 1, lambda n: (A.debug, n)),
    ("{winsz, {N, 80}}", 300, lambda n: (A.winsz, (n, 80))),
    ("{winsz, {24, N}}", 200, lambda n: (A.winsz, (24, n))),
    ("{pty, [{vintr, N}]}", 200, lambda n: (A.pty, [(A.vintr, n)])),
    ("{pty, [{echo, N}]}", 0, lambda n: (A.pty, [(A.echo, n)])),
    ("{pty, [{tty_op_ispeed, N}]}", 38400,
     lambda n: (A.pty, [(A.tty_op_ispeed, n)])),
])
def number(n, make):
    with Port() as p:
        for value in numbers(n):
            reply = p.ask(A.run, ["/bin/true"], [make(value)])
            expect(STARTED, reply)
            p.exit(reply[1])


@case("3 requests: pids and numbers in all encodings")
def number_requests():
    with Port() as p, Foreign() as f:
        tty = p.run(SLEEP, [A.pty, A.stdin, A.stdout])
        for pid in numbers(tty):
            expect(OK, p.ask(A.winsz, pid, 24, 80))
            expect(OK, p.ask(A.pty_opts, pid, [(A.echo, 1)]))
            expect(OK, p.ask(A.kill, pid, 0))
            expect((A.error, A.eperm), p.ask(A.setpgid, pid, 2 ** 30))
        for n in numbers(50):
            expect(OK, p.ask(A.winsz, tty, n, n))
            expect(OK, p.ask(A.pty_opts, tty, [(A.vintr, n)]))
        expect((A.pid, f.pid),
               p.ask(A.manage, etf.small_big(f.pid, 8), []))
        for pid in numbers(f.pid):
            expect(BADARG, p.ask(A.manage, pid, []))
        for pid in numbers(f.pid):
            expect(OK, p.ask(A.kill, pid, 0))


@rows(SECTION + " atom in all encodings:", [
    ("kill_group", "kill_group", lambda a: [a]),
    ("pty", "pty", lambda a: [a]),
    ("{pty, []}", "pty", lambda a: [(a, [])]),
    ("pty_echo", "pty_echo", lambda a: [A.pty, a]),
    ("winsz", "winsz", lambda a: [A.pty, (a, (24, 80))]),
    ("a mode", "echo", lambda a: [(A.pty, [(a, 1)])]),
    ("true of a mode", "true", lambda a: [(A.pty, [(A.echo, a)])]),
    ("false of a mode", "false", lambda a: [(A.pty, [(A.echo, a)])]),
    ("nice", "nice", lambda a: [(a, 19)]),
    ("group", "group", lambda a: [(a, 0)]),
    ("user", "user", lambda a: [(a, ME)]),
    ("kill", "kill", lambda a: [(a, "true")]),
    ("capabilities", "capabilities", lambda a: [(a, [])]),
    ("all of capabilities", "all", lambda a: [(A.capabilities, a)]),
    ("debug", "debug", lambda a: [a]),
])
def atom(name, make):
    with Port() as p:
        for value in atoms(name):
            reply = p.ask(A.run, ["/bin/true"], make(value))
            expect(STARTED, reply)
            p.exit(reply[1])


@case(SECTION + " a capability's name in all encodings")
def atom_capability():
    with starter.plain() as p:
        for value in atoms("net_raw") + atoms("cap_net_raw"):
            expect(NO_CAPS, p.ask(A.run, ["/bin/true"], [
                (A.capabilities, [value])]))


@case(SECTION + " tuples in both encodings")
def tuples():
    with Port() as p:
        for make in (etf.small_tuple, etf.large_tuple):
            for option in (make([A.nice, 19]),
                           make([A.winsz, make([24, 80])]),
                           make([A.pty, [make([A.echo, 1])]]),
                           make([A.capabilities, []])):
                reply = p.ask(A.run, ["/bin/true"], [option])
                expect(STARTED, reply)
                p.exit(reply[1])


# Order ------------------------------------------------------------------

SCRIPT = ("read x; echo $x $K; pwd; echo ${0##*/}; "
          "set -- $(cat /proc/$$/stat); echo ${19}; echo err >&2")
FULL = [
    A.stdin, A.stdout, (A.stderr, A.stdout), (A.cd, "/usr"),
    (A.env, ["K=V"]), (A.executable, "/bin/bash"),
    (A.kill, "kill $CHILD_PID"), (A.kill_timeout, 2), A.kill_group,
    (A.group, 0), (A.user, ME), (A.nice, 19), (A.success_exit_code, 7),
    (A.capabilities, A.all), (A.debug, 0), A.pty_echo,
    (A.winsz, (24, 80)),
]


@rows(SECTION + " in any order, 50 permutations of seed %d:" % SEED, [
    ("without pty", FULL, b"in V\n/usr\nbash\n19\nerr\n"),
    ("with pty", FULL + [A.pty],
     b"in\r\nin V\r\n/usr\r\nbash\r\n19\r\nerr\r\n"),
], limit=60)
def permutations(options, want):
    source = random.Random(SEED)
    with Port() as p:
        for turn in range(50):
            order = source.sample(options, len(options))
            pid = p.run(SCRIPT, order)
            p.stdin(pid, b"in\n")
            expect(7, p.exit(pid), "status in turn %d" % turn)
            check(p.out(pid) == want, "turn %d, options %s: output %r",
                  turn, etf.show(order), p.out(pid))


@case(SECTION + " in any order: a wrong one refuses the rest, wherever")
def permutations_refused():
    source = random.Random(SEED)
    with Port() as p:
        for _ in range(50):
            order = source.sample(FULL + [(A.nonsense, 1)], len(FULL) + 1)
            expect((A.error, Text("Unknown option: nonsense")),
                   p.ask(A.run, SCRIPT, order))
        not_started(p)
