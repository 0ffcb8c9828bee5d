"""PROTOCOL 3: manage, and the kill command that an option may give.

FOREIGN stands for the pid of a process that the harness started itself, so
that the port is neither its parent nor of its session.
"""

import os
import shutil
import signal
import sys
import tempfile
import time

import etf
import port
import proc
import starter
from case import (BADARG, ERROR, LAUNCHER, OK, REFUSED, SLOW, SOME_TEXT,
                  STARTED, Naming, Skip, Text, case, check, check_took,
                  eventually, expect, rows)
from etf import A
from port import Port, environment
from foreign import Foreign, Note, SLEEP, manage
from traffic import together
from visible import unchanged, visible

SECTION = "3 manage:"
KILL = "3 options: {kill, Cmd}:"
FOREIGN = object()
DEAF = "trap '' TERM; echo deaf; while :; do sleep 0.05; done"
NOT_FOUND = (A.error, A.not_found)
NOT_ALIVE = (A.error, Text("pid not alive"))
NOT_MANAGED = (A.error, Text(
    "Cannot kill a pid not managed by this application"))
EPERM = (A.error, A.eperm)


def no_second_exit(p, pid):
    p.pump(0.2)
    check(len(p.exits[pid]) == 1, "exits %s", p.exits[pid])
    check(pid not in p.ask(A.list), "still in the list")


# The good case ----------------------------------------------------------

@case(SECTION + " {pid, OsPid}, and the list holds it")
def good():
    with Port() as p, Foreign() as f:
        own = p.run(SLEEP)
        manage(p, f)
        expect(sorted([own, f.pid]), sorted(p.ask(A.list)), "list")
        check(proc.alive(f.pid), "it is dead")


@rows(SECTION + " {exit_status, OsPid, -1} once, when it", [
    ("is killed", SLEEP, signal.SIGKILL),
    ("ends on SIGTERM", SLEEP, signal.SIGTERM),
    ("exits with 0", ["/bin/cat"], None),
    ("exits with 3", ["/bin/sh", "-c", "read x; exit 3"], None),
])
def minus_one(argv, sig):
    with Port() as p, Foreign(*argv) as f:
        manage(p, f)
        if sig is None:
            f.go_on()
        else:
            os.kill(f.pid, sig)
        expect(-1, p.exit(f.pid), "status")
        no_second_exit(p, f.pid)


@case(SECTION + " {exit_status, OsPid, -1} with {success_exit_code, 7}")
def minus_one_success():
    with Port() as p, Foreign("/bin/cat") as f:
        manage(p, f, [(A.success_exit_code, 7)])
        f.go_on()
        expect(-1, p.exit(f.pid), "status")


@case(SECTION + " 100 at once, each with its own exit")
def hundred():
    with Port() as p:
        foreign = [Foreign() for _ in range(100)]
        try:
            for f in foreign:
                manage(p, f)
            check(len(p.ask(A.list)) == 100, "list")
            for f in foreign:
                f.end()
            for f in foreign:
                expect(-1, p.exit(f.pid), "status")
        finally:
            for f in foreign:
                f.__exit__(None, None, None)


@case(SECTION + " 100 in turn leave no descriptor")
def leaks():
    with Port() as p:
        before = visible(p)
        for _ in range(100):
            with Foreign() as f:
                manage(p, f)
                expect(BADARG, p.ask(A.manage, f.pid, []))
            expect(-1, p.exit(f.pid), "status")
        for _ in range(100):
            expect(NOT_FOUND, p.ask(A.manage, 2 ** 30, []))
        unchanged(p, before)


@case(SECTION + " one that a second port manages, too")
def two_ports():
    with Port() as p, Port() as q, Foreign() as f:
        manage(p, f)
        manage(q, f)
        f.end()
        expect(-1, p.exit(f.pid), "status")
        expect(-1, q.exit(f.pid), "status")
        # Not close(): the other port is a process that is left.
        q.close_input()
        expect(0, q.end(), "exit")
        q.closed = True


# kill and stop ----------------------------------------------------------

@case(SECTION + " kill: the signal arrives")
def kill():
    loop = "trap 'echo usr1' USR1; echo up; while :; do sleep 0.02; done"
    with Port() as p, Foreign("/bin/sh", "-c", loop) as f:
        check(f.line() == b"up\n", "it did not start")
        manage(p, f)
        expect(OK, p.ask(A.kill, f.pid, 0))
        expect(OK, p.ask(A.kill, f.pid, int(signal.SIGUSR1)))
        check(f.line() == b"usr1\n", "no signal")
        expect((A.error, A.einval), p.ask(A.kill, f.pid, 65))
        check(proc.alive(f.pid), "it is dead")


@case(SECTION + " kill: an end by a signal is -1 as well")
def kill_end():
    with Port() as p, Foreign() as f:
        manage(p, f)
        expect(OK, p.ask(A.kill, f.pid, 9))
        expect(-1, p.exit(f.pid), "status")
        no_second_exit(p, f.pid)
        expect(NOT_MANAGED, p.ask(A.kill, f.pid, 9))


@case(SECTION + " kill: before it is managed, refused")
def kill_before():
    with Port() as p, Foreign() as f:
        expect(NOT_MANAGED, p.ask(A.kill, f.pid, 9))
        check(proc.alive(f.pid), "it is dead")
        manage(p, f)


@case(SECTION + " stop: it ends, status 0")
def stop():
    with Port() as p, Foreign() as f:
        manage(p, f)
        expect(OK, p.ask(A.stop, f.pid))
        expect(0, p.exit(f.pid), "status")
        check(f.process.wait(5) == -signal.SIGTERM, "ended with %d",
              f.process.returncode)
        no_second_exit(p, f.pid)
        expect(NOT_ALIVE, p.ask(A.stop, f.pid))


@case(SECTION + " stop: with kill_group its group is not ours to signal")
def stop_group():
    """Its children are no more known to be managed than its parent."""
    with Port() as p, Foreign() as other, Foreign() as f:
        manage(p, f, [A.kill_group])
        expect(OK, p.ask(A.stop, f.pid))
        expect(0, p.exit(f.pid), "status")
        p.pump(0.2)
        check(proc.alive(other.pid), "another of the group is dead")


@case(SECTION + " stop: {kill_timeout, 1} for one that ignores SIGTERM")
def stop_deaf():
    with Port() as p, Foreign("/bin/sh", "-c", DEAF) as f:
        check(f.line() == b"deaf\n", "it did not start")
        manage(p, f, [(A.kill_timeout, 1)])
        start = time.monotonic()
        expect(OK, p.ask(A.stop, f.pid))
        expect(0, p.exit(f.pid), "status")
        took = time.monotonic() - start
        check_took(took, 0.9, 2)
        check(f.process.wait(5) == -9, "ended with %d",
              f.process.returncode)


@case(SECTION + " stop: {kill, Cmd} is used")
def stop_command():
    with Port() as p, Foreign() as f:
        manage(p, f, [(A.kill, "kill -USR1 $CHILD_PID")])
        expect(OK, p.ask(A.stop, f.pid))
        expect(0, p.exit(f.pid), "status")
        check(f.process.wait(5) == -signal.SIGUSR1, "ended with %d",
              f.process.returncode)


# Options ----------------------------------------------------------------

def nice_of(pid):
    return int(proc.stat(pid)[16])


@case(SECTION + " {nice, 7}")
def nice():
    with Port() as p, Foreign() as f:
        check(nice_of(f.pid) != 7, "nice before")
        manage(p, f, [(A.nice, 7)])
        check(nice_of(f.pid) == 7, "nice %d", nice_of(f.pid))


@case(SECTION + " {nice, -5} as nobody special is refused")
def nice_refused():
    with starter.plain() as p:
        pid = p.run("sleep 1000 & echo $!; wait", [A.stdout])
        p.until(lambda: p.out(pid).endswith(b"\n"), "a pid")
        foreign = int(p.out(pid))
        expect((A.error, A.eacces),
               p.ask(A.manage, foreign, [(A.nice, -5)]))
        expect([pid], p.ask(A.list))
        # Refused as a whole: it can be managed yet.
        expect((A.pid, foreign), p.ask(A.manage, foreign, []))


MANAGED = [
    ("kill", (A.kill, "true")), ("kill_timeout", (A.kill_timeout, 1)),
    ("kill_group", A.kill_group), ("nice", (A.nice, 19)),
    ("success_exit_code", (A.success_exit_code, 1)),
    ("debug", (A.debug, 1)),
]
RUN_ONLY = [
    ("stdin", A.stdin), ("{stdin, null}", (A.stdin, A.null)),
    ("stdout", A.stdout), ("{stdout, File}", (A.stdout, "/dev/null")),
    ("stderr", A.stderr), ("{stderr, stdout}", (A.stderr, A.stdout)),
    ("cd", (A.cd, "/")), ("env", (A.env, [])),
    ("executable", (A.executable, "/bin/sh")), ("group", (A.group, 0)),
    ("user", (A.user, "root")), ("pty", A.pty), ("{pty, []}", (A.pty, [])),
    ("pty_echo", A.pty_echo), ("winsz", (A.winsz, (24, 80))),
    ("capabilities", (A.capabilities, [])),
]


@rows(SECTION + " option taken:", MANAGED)
def option_taken(option):
    with Port() as p, Foreign() as f:
        manage(p, f, [option])


@case(SECTION + " all its options at once")
def options_all():
    with Port() as p, Foreign() as f:
        manage(p, f, [option for _, option in MANAGED])
        manage_again = p.ask(A.manage, f.pid, [])
        expect(BADARG, manage_again)


def name_of(option):
    return option[0] if isinstance(option, tuple) else option


@rows(SECTION + " an option of run only is refused by name:", RUN_ONLY)
def option_refused(option):
    with Port() as p, Foreign() as f:
        expect(Naming(name_of(option)), p.ask(A.manage, f.pid, [option]))
        expect([], p.ask(A.list))


@rows(SECTION + " refused by name:", [
    ("an unknown option", [A.nonsense], "nonsense"),
    ("a duplicate", [(A.nice, 5), (A.nice, 5)], "nice"),
    ("{nice, 21}", [(A.nice, 21)], "nice"),
    ("{nice, -21}", [(A.nice, -21)], "nice"),
    ("{kill, \"\"}", [(A.kill, "")], "kill"),
    ("{kill_timeout, -1}", [(A.kill_timeout, -1)], "kill_timeout"),
    ("{success_exit_code, 256}", [(A.success_exit_code, 256)],
     "success_exit_code"),
    ("{kill_group, true}", [(A.kill_group, True)], "kill_group"),
])
def option_wrong(options, name):
    with Port() as p, Foreign() as f:
        expect(Naming(name), p.ask(A.manage, f.pid, options))
        expect([], p.ask(A.list))


# Refusals ---------------------------------------------------------------

@rows(SECTION + " {error, badarg}:", [
    ("pid 0", 0), ("pid 1", 1), ("pid -1", -1), ("pid -5", -5),
    ("pid -2^31", -2 ** 31), ("pid 2^31", 2 ** 31),
    ("pid 2^32 + 5", 2 ** 32 + 5), ("pid 2^70", 2 ** 70),
    ("an atom", A.pid), ("a string", "1000"), ("a binary", b"1000"),
    ("a float", 1000.0), ("a tuple", (1000,)), ("a list", [1000]),
])
def bad_pid(pid):
    with Port() as p:
        expect(BADARG, p.ask(A.manage, pid, []))
        expect([], p.ask(A.list))


@case(SECTION + " {error, badarg}: managed already")
def managed_already():
    with Port() as p, Foreign() as f:
        manage(p, f)
        expect(BADARG, p.ask(A.manage, f.pid, []))
        expect([f.pid], p.ask(A.list))
        f.end()
        expect(-1, p.exit(f.pid), "status")
        no_second_exit(p, f.pid)


@case(SECTION + " {error, badarg}: a child of the port")
def managed_child():
    with Port() as p:
        pid = p.run(SLEEP)
        expect(BADARG, p.ask(A.manage, pid, []))
        expect(OK, p.ask(A.kill, pid, 9))
        expect(9, p.exit(pid), "status")


@rows(SECTION + " of the wrong shape:", [
    ("no argument", (A.manage,)),
    ("no options", (A.manage, FOREIGN)),
    ("an argument too many", (A.manage, FOREIGN, [], 1)),
    ("Options an atom", (A.manage, FOREIGN, A.kill_group)),
    ("Options a string", (A.manage, FOREIGN, "nice")),
    ("Options improper",
     (A.manage, FOREIGN, etf.list_ext([A.kill_group], tail=A.debug))),
    ("an option that is a number", (A.manage, FOREIGN, [5])),
    ("an option that is {}", (A.manage, FOREIGN, [()])),
])
def shape(instruction):
    with Port() as p, Foreign() as f:
        expect(REFUSED, p.ask(*(f.pid if x is FOREIGN else x
                                for x in instruction)))
        expect([], p.ask(A.list))


@case(SECTION + " {error, not_found}: nobody's pid")
def not_found():
    with Port() as p:
        expect(NOT_FOUND, p.ask(A.manage, 2 ** 30, []))
        expect(NOT_FOUND, p.ask(A.manage, 2 ** 31 - 1, []))


@case(SECTION + " {error, not_found}: one that has ended")
def not_found_ended():
    with Port() as p, Foreign() as f:
        f.end()
        expect(NOT_FOUND, p.ask(A.manage, f.pid, []))


@case(SECTION + " {error, not_found}: a child that has ended")
def not_found_child():
    with Port() as p:
        pid = p.run(["/bin/true"])
        p.exit(pid)
        expect(NOT_FOUND, p.ask(A.manage, pid, []))


@case(SECTION + " one that is dead but not reaped: not_found, or -1 at once")
def zombie():
    with Port() as p, Foreign("/bin/true") as f:
        eventually(lambda: proc.state(f.pid) == "Z", 2, "no zombie")
        reply = p.ask(A.manage, f.pid, [])
        if reply[0] == A.pid:
            expect(-1, p.exit(f.pid), "status")
        else:
            expect(NOT_FOUND, reply)
        expect([], p.ask(A.list))


@rows(SECTION + " {error, eperm}:", [
    ("the guard", "guard"), ("the reaper", "reaper"), ("priv", "priv"),
    ("the broker", "broker"), ("the worker", "worker"),
    ("the launcher", "launcher"),
])
def ring(role):
    with Port() as p:
        if role in p.ring():
            expect(EPERM, p.ask(A.manage, p.ring()[role], []))
        expect([], p.ask(A.list))
        check(all(map(proc.alive, p.ring().values())), "the ring")


@case(SECTION + " {error, eperm}: a process of root, unless one is root")
def roots():
    def of_root(pid):
        try:
            return os.stat("/proc/%d" % pid).st_uid == 0
        except FileNotFoundError:
            return False
    found = [int(n) for n in os.listdir("/proc") if n.isdigit()
             and int(n) > 1 and of_root(int(n))]
    # Those that end meanwhile are none to ask about.
    with starter.plain() as p:
        for pid in found[:20]:
            reply = p.ask(A.manage, pid, [])
            if of_root(pid):
                expect(EPERM, reply, "pid %d" % pid)
        expect([], p.ask(A.list))


@rows(SECTION + " other requests:", [
    ("winsz", lambda pid: (A.winsz, pid, 24, 80)),
    ("pty_opts", lambda pid: (A.pty_opts, pid, [(A.echo, 1)])),
    ("setpgid", lambda pid: (A.setpgid, pid, 0)),
])
def others(request):
    with Port() as p, Foreign() as f:
        manage(p, f)
        expect((A.error, SOME_TEXT), p.ask(*request(f.pid)))
        expect([f.pid], p.ask(A.list))


@case(SECTION + " other requests: stdin is dropped")
def other_stdin():
    with Port() as p, Foreign() as f:
        manage(p, f)
        p.stdin(f.pid, b"data")
        p.stdin(f.pid, A.eof)
        expect([f.pid], p.ask(A.list))


# The end of the port ----------------------------------------------------

@rows("5 manage:", [
    ("end of file does not signal it", lambda p: p.close_input()),
    ("{shutdown} does not signal it", lambda p: p.send((A.shutdown,), 0)),
    ("SIGTERM does not signal it",
     lambda p: os.kill(p.pid, signal.SIGTERM)),
])
def survives(end):
    with Port() as p, Foreign() as f:
        manage(p, f, [A.kill_group, (A.kill, "kill -9 $CHILD_PID")])
        p.run(SLEEP)
        end(p)
        expect(0, p.end(), "exit")
        check(not p.exits[f.pid], "told of its end: %s", p.exits[f.pid])
        time.sleep(0.2)
        check(proc.alive(f.pid), "it is dead")


# A worker that was taken over: all that it is told of has lost its stdout.
LIAR = """#!%s
import socket, struct
s, data = socket.socket(fileno=3), b""
s.setblocking(True)
while True:
    piece = s.recv(65536)
    if not piece:
        break
    data += piece
    while len(data) >= 16:
        kind, size, _, _ = struct.unpack_from("IIII", data)
        if len(data) < size:
            break
        if kind == 17:
            number, = struct.unpack_from("I", data, 32)
            s.send(struct.pack("IIIIII", 21, 24, 0, 0, number, 1))
        data = data[size:]
"""


@case("5 manage: a worker that says it has lost its pipes is not believed")
def liar():
    with tempfile.TemporaryDirectory() as folder, Foreign() as f:
        for name in ("proctor", "proctor-broker"):
            shutil.copy(os.path.join(os.path.dirname(port.PROGRAM), name),
                        folder)
        with open(folder + "/proctor-worker", "w") as file:
            file.write(LIAR % sys.executable)
        os.chmod(folder + "/proctor-worker", 0o755)
        honest, port.PROGRAM = port.PROGRAM, folder + "/proctor"
        try:
            p = Port()
        finally:
            port.PROGRAM = honest
        try:
            p.send((A.manage, f.pid, []), 0)
            expect(5, p.end(), "exit")
            time.sleep(0.1)
            check(proc.alive(f.pid), "it was killed")
        finally:
            p.release()


@case("5 manage: one whose answer waits for a run's when the port ends")
def waits_at_end():
    """The answer comes in its turn, and the process is left alone."""
    if not LAUNCHER:
        raise Skip("built without a launcher")
    with Port() as p, Foreign() as f:
        launcher = p.ring()["launcher"]
        witness = p.run("trap 'echo end; exit' TERM; echo up; "
                        "while :; do sleep 0.02; done", [A.stdout])
        p.until_out(witness, b"up\n")
        os.kill(launcher, signal.SIGSTOP)
        numbers = together(p, (A.run, SLEEP, []), (A.manage, f.pid, []))
        p.close_input()
        p.until_out(witness, b"up\nend\n")
        os.kill(launcher, signal.SIGCONT)
        p.end()
        expect((A.pid, f.pid), p.replies[numbers[1]], "manage")
        check(p.exits[f.pid] == [-1], "exits %s", p.exits[f.pid])
        check(proc.alive(f.pid), "it was ended")


@case("5 manage: one that ends while its answer waits for a run that fails")
def waits_for_failure():
    """The launcher dies with the run, which lets the answer out."""
    if not LAUNCHER:
        raise Skip("built without a launcher")
    with Port() as p, Foreign() as f:
        launcher, priv = p.ring()["launcher"], p.ring()["priv"]
        own = p.run(SLEEP)
        os.kill(launcher, signal.SIGSTOP)
        before = len(proc.descriptors(priv))
        run, manage = together(p, (A.run, SLEEP, []), (A.manage, f.pid, []))
        eventually(lambda: len(proc.descriptors(priv)) > before, 3,
                   "it is not managed")
        f.end()
        p.pump(0.2 * SLOW)
        os.kill(launcher, signal.SIGKILL)
        expect(ERROR, p.reply(run), "run")
        expect((A.pid, f.pid), p.reply(manage), "manage")
        expect(-1, p.exit(f.pid), "status")
        expect([own], p.ask(A.list))


@case("5 manage: one that is being stopped when the port ends")
def survives_stop():
    """Its deadline is not waited for."""
    with Port() as p, Foreign("/bin/sh", "-c", DEAF) as f:
        check(f.line() == b"deaf\n", "it did not start")
        manage(p, f)
        expect(OK, p.ask(A.stop, f.pid))
        start = time.monotonic()
        p.close_input()
        expect(0, p.end(), "exit")
        took = time.monotonic() - start
        check_took(took, 0, 2)


# The kill command -------------------------------------------------------


@rows(KILL, [
    ("CHILD_PID is the child's", "echo $CHILD_PID >%s; kill $CHILD_PID"),
    ("a binary", b"echo $CHILD_PID >%s; kill $CHILD_PID"),
    ("run by the shell, with $PATH",
     "{ env | sed -n 's/^CHILD_PID=//p'; } >%s && kill $CHILD_PID"),
])
def kill_command(command):
    note = Note()
    is_text = isinstance(command, str)
    command %= note.file if is_text else note.file.encode()
    with Port() as p:
        pid = p.run(SLEEP, [(A.kill, command)])
        expect(OK, p.ask(A.stop, pid))
        expect(0, p.exit(pid), "status")
        check(note.wait() == [str(pid)], "wrote %s", note.words())


@case(KILL + " the shell is $SHELL")
def kill_shell():
    note = Note()
    with Port(env=environment(SHELL="/bin/bash")) as p:
        pid = p.run(SLEEP, [(A.kill, "echo ${BASH_VERSION%%.*} >" + note.file
                             + "; kill $CHILD_PID")])
        expect(OK, p.ask(A.stop, pid))
        expect(0, p.exit(pid), "status")
        check(note.wait()[0].isdigit(), "wrote %s", note.words())


@case(KILL + " runs as the child's user, outside its process group")
def kill_user():
    note = Note()
    with Port() as p:
        pid = p.run(SLEEP, [(A.kill, "echo `id -u` `ps -o pgid= -p $$` $$ >"
                             + note.file + "; kill $CHILD_PID")])
        expect(OK, p.ask(A.stop, pid))
        expect(0, p.exit(pid), "status")
        words = note.wait()
        check(words == [str(os.geteuid()), words[2], words[2]],
              "wrote %s", words)


@case(KILL + " is in no list, in no event, and cannot be named")
def kill_silent():
    note = Note()
    with Port() as p:
        pid = p.run(SLEEP, [(A.kill, "echo $$ >" + note.file
                             + "; while [ -s %s ]; do sleep 0.02; done; "
                             "kill $CHILD_PID" % note.file)])
        expect(OK, p.ask(A.stop, pid))
        helper = int(note.wait()[0])
        expect([pid], p.ask(A.list))
        expect(NOT_MANAGED, p.ask(A.kill, helper, 9))
        expect(NOT_ALIVE, p.ask(A.stop, helper))
        note.clear()
        expect(0, p.exit(pid), "status")
        p.pump(0.2)
        expect([(A.exit_status, pid, 0)], p.events, "events")


@rows(KILL + " the child's end after it reports 0:", [
    ("exit 5", "trap 'exit 5' USR1; echo up; while :; do sleep 0.02; done"),
    ("exit 0", "trap 'exit 0' USR1; echo up; while :; do sleep 0.02; done"),
    ("the signal", "echo up; exec sleep 1000"),
])
def kill_status(command):
    with Port() as p:
        pid = p.run(command, [
            A.stdout, (A.kill, "kill -USR1 $CHILD_PID")])
        p.until_out(pid, b"up\n")
        expect(OK, p.ask(A.stop, pid))
        expect(0, p.exit(pid), "status")


@case(KILL + " instead of SIGTERM, not besides")
def kill_only():
    with Port() as p:
        pid = p.run("trap 'echo term' TERM; trap 'echo usr1; exit 0' USR1; "
                    "echo up; while :; do sleep 0.02; done",
                    [A.stdout, (A.kill, "kill -USR1 $CHILD_PID")])
        p.until_out(pid, b"up\n")
        expect(OK, p.ask(A.stop, pid))
        expect(0, p.exit(pid), "status")
        check(p.out(pid) == b"up\nusr1\n", "output %r", p.out(pid))


@case(KILL + " one that hangs is killed at kill_timeout, as is the child")
def kill_hangs():
    note = Note()
    with Port() as p:
        pid = p.run(SLEEP, [(A.kill_timeout, 1), (
            A.kill, "sleep 1000 & echo $$ $! >" + note.file + "; wait")])
        start = time.monotonic()
        expect(OK, p.ask(A.stop, pid))
        helpers = list(map(int, note.wait()))
        check(all(map(proc.alive, helpers)), "it does not hang")
        expect(0, p.exit(pid), "status")
        took = time.monotonic() - start
        check_took(took, 0.9, 2)
        eventually(lambda: not any(map(proc.alive, helpers)), 1,
                   lambda: "alive: %s" % list(filter(proc.alive, helpers)))
        p.pump(0.2)
        check(len(p.events) == 1, "events %s", p.events)


@rows(KILL + " one that does not help: SIGKILL at kill_timeout,", [
    ("exit 1", "exit 1"), ("true", "true"), ("bad syntax", "((("),
    ("the wrong signal", "kill -0 $CHILD_PID"),
])
def kill_useless(command):
    with Port() as p:
        pid = p.run(SLEEP, [(A.kill, command), (A.kill_timeout, 1)])
        start = time.monotonic()
        expect(OK, p.ask(A.stop, pid))
        expect(0, p.exit(pid), "status")
        took = time.monotonic() - start
        check_took(took, 0.9, 2)
        check(len(p.events) == 1, "events %s", p.events)


@case(KILL + " two stops run it once")
def kill_once():
    note = Note()
    with Port() as p:
        pid = p.run(SLEEP, [(A.kill, "echo $$ >>" + note.file
                             + "; sleep 0.3; kill $CHILD_PID")])
        expect(OK, p.ask(A.stop, pid))
        p.ask(A.stop, pid)
        expect(0, p.exit(pid), "status")
        check(len(note.wait()) == 1, "wrote %s", note.words())


@case(KILL + " is not run by kill, or by an end of the child's own")
def kill_unused():
    note = Note()
    with Port() as p:
        option = (A.kill, "echo ran >" + note.file)
        pid = p.run("exit 3", [option])
        expect(768, p.exit(pid), "status")
        pid = p.run(SLEEP, [option])
        expect(OK, p.ask(A.kill, pid, 15))
        expect(15, p.exit(pid), "status")
        p.pump(0.2)
    check(not note.words(), "it was run")


@rows("5 {kill, Cmd}: is used at", [
    ("end of file", lambda p: p.close_input()),
    ("{shutdown}", lambda p: p.send((A.shutdown,), 0)),
    ("SIGTERM", lambda p: os.kill(p.pid, signal.SIGTERM)),
])
def kill_shutdown(end):
    note = Note()
    with Port() as p:
        pid = p.run(SLEEP, [(A.kill, "echo $CHILD_PID >" + note.file
                             + "; kill $CHILD_PID")])
        end(p)
        expect(0, p.end(), "exit")
        check(note.words() == [str(pid)], "wrote %s", note.words())


@case("5 {kill, Cmd}: one that hangs does not keep the port from its end")
def kill_shutdown_hangs():
    with Port() as p:
        p.run(SLEEP, [(A.kill, "sleep 1000"), (A.kill_timeout, 1)])
        p.close_input()
        start = time.monotonic()
        expect(0, p.end(), "exit")
        took = time.monotonic() - start
        check_took(took, 0, 3)


@case("5 {kill, Cmd}: -alarm 1 ends children and commands that hang")
def kill_shutdown_alarm():
    with Port("-alarm", "1") as p:
        for _ in range(5):
            p.run(SLEEP, [(A.kill, "sleep 1000"), (A.kill_timeout, 60)])
        p.close_input()
        start = time.monotonic()
        expect(0, p.end(), "exit")
        took = time.monotonic() - start
        check_took(took, 0.9, 3)


@case("5 {kill, Cmd}: a stop is under way when the port ends")
def kill_shutdown_stopping():
    note = Note()
    with Port() as p:
        pid = p.run(SLEEP, [(A.kill, "echo $CHILD_PID >>" + note.file
                             + "; sleep 0.5; kill $CHILD_PID")])
        expect(OK, p.ask(A.stop, pid))
        note.wait()
        p.close_input()
        expect(0, p.end(), "exit")
        check(note.words() == [str(pid)], "wrote %s", note.words())


@case(KILL + " 50 children at once")
def kill_many():
    with Port() as p:
        pids = [p.run(SLEEP, [(A.kill, "kill $CHILD_PID")])
                for _ in range(50)]
        for pid in pids:
            p.send((A.stop, pid))
        for pid in pids:
            expect(0, p.exit(pid), "status")
        check(len(p.events) == 50, "%d events", len(p.events))
        expect([], p.ask(A.list))
        expect(STARTED, p.ask(A.run, ["/bin/true"], []))
