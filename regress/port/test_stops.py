"""How children are asked to end, and what is said of it: reasons, the stop
signal, those that are stopped, the shell; and what follows from the death of
a launcher."""

import os
import shutil
import signal
import tempfile

import proc
from case import (ERROR, LAUNCHER, OK, STARTED, Naming, Skip, case, check,
                  eventually, expect, rows, timely)
from etf import A
from native import Native, exited, signaled
from patience import stretched
from port import Port, environment
from test_manage import DEAF
from foreign import Foreign, Note, manage

SLEEP = ["/bin/sleep", "1000"]
WHY = "6 native exit: reason:"
DOWN = "5 launcher, SIGKILL:"
STILL = "3 stop: a stopped"
SIGNAL = "3 options: stop_signal:"
SHELL = "2 start-up: SHELL"
TEXT = "3 run: text that begins with"
KILL = "3 options: {kill, Cmd}:"

# Says on which signal it ends. It is deaf on purpose to all others.
TELLS = ("trap '' TERM HUP INT QUIT USR1; trap 'echo got; exit 5' %s; "
         "echo up; while :; do sleep 0.02; done")


# Why it ended --------------------------------------------------------------

@rows(WHY, [
    ("shutdown, end of file", 0, lambda p: p.close_input()),
    ("shutdown, SIGKILL of the guard", -9,
     lambda p: os.kill(p.pid, signal.SIGKILL)),
    ("shutdown, SIGTERM to the reaper", 0,
     lambda p: os.kill(p.ring()["reaper"], signal.SIGTERM)),
])
def shutdown(code, begin):
    with Native("-alarm", "1") as p:
        p.ring()
        plain = p.run(SLEEP)
        clean = p.run(TELLS % "TERM", [A.stdout])
        deaf = p.run(DEAF, [A.stdout])
        p.until_out(clean, b"up\n")
        p.until_out(deaf, b"deaf\n")
        begin(p)
        check(p.end() == code, "exit %s", p.status)
        p.ended(plain, signaled(15), A.shutdown)
        p.ended(clean, exited(5), A.shutdown)
        p.ended(deaf, signaled(9), A.shutdown)
        p.close(code=code)


@rows(WHY + " the first cause counts:", [
    ("a stop, then a shutdown", [], A.stopped),
    ("a timeout, then a shutdown", [(A.timeout, 100)], A.timeout),
])
def before_shutdown(options, reason):
    with Native("-alarm", "1") as p:
        pid = p.run("trap 'echo term' TERM; echo; while :; do sleep 0.02; "
                    "done", [A.stdout, (A.kill_timeout, 60)] + timely(options))
        if not options:
            p.until_out(pid, b"\n")
            expect(OK, p.ask(A.stop, pid))
        p.until_out(pid, b"\nterm\n")
        p.close_input()
        p.ended(pid, signaled(9), reason)


@case(WHY + " shutdown, then its time is over")
def shutdown_first():
    with Native("-alarm", "2") as p:
        pid = p.run(DEAF, [A.stdout, (A.timeout, stretched(1000))])
        p.until_out(pid, b"deaf\n")
        p.send((A.shutdown,), 0)
        p.ended(pid, signaled(9), A.shutdown)


@case(WHY + " timeout, whatever it exits with")
def timeout_clean():
    with Native() as p:
        pid = p.run("trap 'exit 0' TERM; while :; do sleep 0.02; done",
                    [(A.timeout, stretched(300))])
        p.ended(pid, exited(0), A.timeout)


# A launcher's death --------------------------------------------------------

def bereave(p):
    """Kill its launcher; the lines of the log from there on."""
    if not LAUNCHER:
        raise Skip("built without a launcher")
    launcher = p.ring()["launcher"]
    before = len(p.log())
    os.kill(launcher, signal.SIGKILL)
    return lambda: [line for line in p.log()[before:] if "launcher" in line]


@case(DOWN + " it is told, and the port ends with 5 when nobody is left")
def down():
    with Native() as p:
        user = p.hello()[1][A.user]
        pids = [p.run(SLEEP) for _ in range(2)]
        told = bereave(p)
        p.until(lambda: p.down, "the event")
        expect([user], p.down)
        p.refused((A.launcher, A.epipe, b""), A.run, SLEEP, [])
        expect(sorted(pids), sorted(p.ask(A.list)))
        for pid in pids:
            check(p.status is None, "it has ended too soon")
            expect(OK, p.ask(A.stop, pid))
            p.ended(pid, signaled(15), A.stopped)
        check(p.end() == 5, "exit %s", p.status)
        told = [line for line in told() if "refused" not in line]
        check(len(told) == 1, "log %s", told)
        p.close(code=5)


@case(DOWN + " without children it ends at once")
def down_idle():
    with Native() as p:
        bereave(p)
        check(p.end() == 5, "exit %s", p.status)
        check(len(p.down) == 1, "events %s", p.down)
        p.close(code=5)


@case(DOWN + " in the exec-port dialect, too, and without an event")
def down_old():
    with Port() as p:
        pid = p.run(SLEEP)
        bereave(p)
        p.pump(0.2)
        expect([], p.events)
        expect(OK, p.ask(A.kill, pid, 9))
        expect(9, p.exit(pid))
        check(p.end() == 5, "exit %s", p.status)
        p.close(code=5)


@case(DOWN + " managed processes hold nobody up, and are left alone")
def down_managed():
    with Native() as p, Foreign() as f:
        manage(p, f)
        bereave(p)
        check(p.end() == 5, "exit %s", p.status)
        check(proc.alive(f.pid), "it was ended")
        f.end()
        p.close(code=5)


@case(DOWN + " a group whose leader was stopped is waited for")
def down_group():
    with Native() as p:
        pid = p.run("(trap '' TERM; echo; exec sleep 1000) & exec sleep 1000",
                    [A.stdout, A.kill_group, (A.kill_timeout, 1)])
        p.until_out(pid, b"\n")
        bereave(p)
        p.until(lambda: p.down, "the event")
        expect(OK, p.ask(A.stop, pid))
        p.ended(pid, signaled(15), A.stopped, killed=True)
        check(not proc.group(pid), "its group lives")
        check(p.end() == 5, "exit %s", p.status)
        p.close(code=5)


@case(DOWN + " a run that it was about: an answer first, then the end")
def down_run():
    if not LAUNCHER:
        raise Skip("built without a launcher")
    with Port() as p:
        launcher = p.ring()["launcher"]
        os.kill(launcher, signal.SIGSTOP)
        numbers = [p.send((A.run, SLEEP, [])) for _ in range(3)]
        p.pump(0.2)
        os.kill(launcher, signal.SIGKILL)
        for number in numbers:
            expect(ERROR, p.reply(number))
        check(p.end() == 5, "exit %s", p.status)
        p.close(code=5)


# Stopped children ----------------------------------------------------------

def freeze(pid):
    os.kill(pid, signal.SIGSTOP)
    eventually(lambda: proc.state(pid) == "T", 2, "not stopped")


LONG = (A.kill_timeout, 1000)


@rows(STILL + " child hears the signal that is to end it:", [
    ("a stop", [], lambda p, pid: p.send((A.stop, pid)), A.stopped),
    ("a stop, kill_group", [A.kill_group],
     lambda p, pid: p.send((A.stop, pid)), A.stopped),
    ("a stop, on a terminal", [A.pty, A.stdin],
     lambda p, pid: p.send((A.stop, pid)), A.stopped),
    ("a timeout", [(A.timeout, 1000)], lambda p, pid: None, A.timeout),
    ("a shutdown", [], lambda p, pid: p.close_input(), A.shutdown),
    ("a kill command that cannot be executed", [(A.kill, "/no/such")],
     lambda p, pid: p.send((A.stop, pid)), A.stopped),
])
def frozen(options, begin, reason):
    with Native("-alarm", "1000") as p:
        pid = p.run(TELLS % "TERM", [A.stdout, LONG] + timely(options))
        p.until(lambda: b"up" in p.out(pid), "its start")
        freeze(pid)
        begin(p, pid)
        p.ended(pid, exited(5), reason)
        check(b"got" in p.out(pid), "output %r", p.out(pid))


@case(STILL + " child: exec-port's stop")
def frozen_old():
    with Port() as p:
        pid = p.run(SLEEP, [LONG])
        freeze(pid)
        expect(OK, p.ask(A.stop, pid))
        expect(0, p.exit(pid))


@case(STILL + " child does not go on by kill")
def frozen_kill():
    with Port() as p:
        pid = p.run(SLEEP)
        freeze(pid)
        expect(OK, p.ask(A.kill, pid, 15))
        p.pump(0.3)
        check(proc.state(pid) == "T" and not p.exits[pid], "it went on")
        expect(OK, p.ask(A.kill, pid, int(signal.SIGCONT)))
        expect(15, p.exit(pid))


@case(STILL + " managed process hears a stop")
def frozen_managed():
    with Port() as p, Foreign() as f:
        manage(p, f, [LONG])
        freeze(f.pid)
        expect(OK, p.ask(A.stop, f.pid))
        expect(0, p.exit(f.pid))


# The leader says the pid of the other when that is ready.
MEMBER = ("import os, signal, time\n"
          "r, w = os.pipe()\n"
          "pid = os.fork()\n"
          "if pid == 0:\n"
          "    %s\n"
          "    os.close(w)\n"
          "    while True: time.sleep(0.02)\n"
          "os.close(w)\n"
          "os.read(r, 1)\n"
          "print(pid, flush=True)\n"
          "%s\n")


def member(p, how, then, options=()):
    """A child, and one that it has forked and that is stopped now."""
    pid = p.run(["/usr/bin/python3", "-c", MEMBER % (how, then)],
                [A.stdout, LONG, *options])
    p.until(lambda: p.out(pid).endswith(b"\n"), "a pid")
    other = int(p.out(pid))
    freeze(other)
    return pid, other


@rows(STILL + " one of the family hears a shutdown:", [
    ("of its group", "pass", "signal.pause()"),
    ("of a session of its own", "os.setsid()", "signal.pause()"),
    ("an orphan", "os.setsid()", "os._exit(0)"),
])
def frozen_family(how, then):
    with Native("-alarm", "1000") as p:
        _, other = member(p, how, then)
        p.close_input()
        check(p.end() == 0, "exit %s", p.status)
        check(not proc.alive(other), "it lives")


@case(STILL + " one of a group that ends with its leader")
def frozen_group():
    """One that can still be asked is not killed."""
    with Native() as p:
        _, other = member(
            p, "signal.signal(15, lambda *a: os._exit(0))",
            "os.read(0, 1); os._exit(0)",
            [A.kill_group, A.stdin])
        pid = next(iter(p.exits))
        p.stdin(pid, b"x")
        eventually(lambda: not proc.alive(other), 3, "it lives")


# The stop signal -----------------------------------------------------------

@rows(SIGNAL, [
    ("stop", [], lambda p, pid: p.send((A.stop, pid)), A.stopped),
    ("stop, kill_group", [A.kill_group],
     lambda p, pid: p.send((A.stop, pid)), A.stopped),
    ("timeout", [(A.timeout, 1000)], lambda p, pid: None, A.timeout),
    ("shutdown", [], lambda p, pid: p.close_input(), A.shutdown),
    ("a kill command that cannot be executed", [(A.kill, "/no/such")],
     lambda p, pid: p.send((A.stop, pid)), A.stopped),
])
def stop_signal(options, begin, reason):
    with Native("-alarm", "1000") as p:
        pid = p.run(TELLS % "QUIT", [
            A.stdout, LONG, (A.stop_signal, int(signal.SIGQUIT))]
            + timely(options))
        p.until_out(pid, b"up\n")
        begin(p, pid)
        p.ended(pid, exited(5), reason)


@case(SIGNAL + " in the exec-port dialect")
def stop_signal_old():
    with Port() as p:
        pid = p.run(TELLS % "USR1", [
            A.stdout, LONG, (A.stop_signal, int(signal.SIGUSR1))])
        p.until_out(pid, b"up\n")
        expect(OK, p.ask(A.stop, pid))
        expect(0, p.exit(pid))
        check(p.out(pid) == b"up\ngot\n", "output %r", p.out(pid))


@case(SIGNAL + " SIGKILL follows it at kill_timeout")
def stop_signal_deaf():
    with Native() as p:
        pid = p.run(DEAF, [A.stdout, (A.kill_timeout, 1),
                           (A.stop_signal, int(signal.SIGTERM))])
        p.until_out(pid, b"deaf\n")
        expect(OK, p.ask(A.stop, pid))
        p.ended(pid, signaled(9), A.stopped)


@rows(SIGNAL, [("1", 1), ("9", 9), ("34", 34), ("64", 64)])
def stop_signal_number(sig):
    with Native() as p:
        pid = p.run(SLEEP, [(A.stop_signal, sig)])
        expect(OK, p.ask(A.stop, pid))
        p.ended(pid, signaled(sig), A.stopped, killed=False)


@case(SIGNAL + " of a managed process")
def stop_signal_managed():
    with Port() as p, Foreign("/bin/sh", "-c", TELLS % "INT") as f:
        check(f.line() == b"up\n", "it did not start")
        manage(p, f, [LONG, (A.stop_signal, int(signal.SIGINT))])
        expect(OK, p.ask(A.stop, f.pid))
        expect(0, p.exit(f.pid))
        check(f.line() == b"got\n", "another signal")


@rows(SIGNAL + " refused:", [
    ("0", 0), ("65", 65), ("-1", -1), ("2^32 + 15", 2 ** 32 + 15),
    ("an atom", A.sigterm), ("text", "TERM")])
def stop_signal_bad(value):
    with Port() as p:
        expect(Naming("stop_signal"), p.ask(
            A.run, SLEEP, [(A.stop_signal, value)]))
        expect(Naming("stop_signal"), p.ask(
            A.run, SLEEP, [(A.stop_signal, 15), (A.stop_signal, 15)]))
        expect(STARTED, p.ask(A.run, ["/bin/true"], []))


@case(SIGNAL + " what has left its group hears SIGTERM in a shutdown")
def stop_signal_family():
    code = ("import os, signal, time\n"
            "signal.signal(12, lambda *a: None)\n"
            "if os.fork() == 0:\n"
            "    os.setsid()\n"
            "    signal.signal(15, lambda *a: (os.write(1, b'term\\n'),"
            " os._exit(0)))\n"
            "    os.write(1, b'up\\n')\n"
            "    while True: time.sleep(0.02)\n"
            "os.wait()\n"
            # What Python does at its end takes the handler away.
            "os._exit(0)\n")
    with Native("-alarm", "1000") as p:
        pid = p.run(["/usr/bin/python3", "-c", code],
                    [A.stdout, LONG, (A.stop_signal, int(signal.SIGUSR2))])
        p.until_out(pid, b"up\n")
        p.close_input()
        p.ended(pid, exited(0), A.shutdown)
        check(p.out(pid) == b"up\nterm\n", "output %r", p.out(pid))


# The shell -----------------------------------------------------------------

def no_shell(directory, name):
    """What SHELL may say that is no shell."""
    if not os.path.isabs(name) and name != "sh":
        path = os.path.join(directory, name)
        shutil.copy("/bin/sh", path)
        os.chmod(path, 0o644 if name == "shell-644" else 0o755)
        return path
    return directory if name == "/" else name


@rows(SHELL + " that is no shell means /bin/sh:", [
    ("nologin", "nologin"), ("false", "false"), ("true", "true"),
    ("one that cannot be executed", "shell-644"),
    ("one that is missing", "/no/such/shell"),
    ("a relative path", "sh"), ("a directory", "/"),
])
def unusable(name):
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        env = environment(SHELL=no_shell(directory, name))
        with Native(env=env) as p:
            pid = p.run("echo $0", [A.stdout])
            p.ended(pid, exited(0))
            check(p.out(pid) == b"/bin/sh\n", "$0 is %r", p.out(pid))
            pid = p.run(SLEEP, [(A.kill, "kill -USR1 $CHILD_PID")])
            expect(OK, p.ask(A.stop, pid))
            p.ended(pid, signaled(10), A.stopped)
            told = [line for line in p.log() if "shell" in line]
            check(len(told) == 1, "log %s", told)
            check(env["SHELL"] == "sh" or env["SHELL"] not in told[0],
                  "the log tells it: %s", told)


@rows(KILL + " one that cannot be executed: the signal follows at once,", [
    ("no such command", "/no/such", 0),
    ("no permission", "/etc/passwd", 0),
    ("no shell any more", "true", 1)])
def kill_fails(command, remove):
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        shell = shutil.copy("/bin/sh", directory + "/mysh")
        with Native(env=environment(SHELL=shell)) as p:
            pid = p.run(SLEEP, [(A.kill, command), LONG])
            if remove:
                os.unlink(shell)
            expect(OK, p.ask(A.stop, pid))
            p.ended(pid, signaled(15), A.stopped)


SHELLS = [shell for shell in (
    "/bin/sh", "/bin/dash", "/bin/bash", "/bin/ksh", "/bin/zsh", "/bin/csh",
    "/usr/bin/fish") if os.access(shell, os.X_OK)]


@rows(TEXT, [("%s, %s" % (text, shell), text, shell) for shell in SHELLS
             for text in ("-x", "+x", "-c", "--version", "-", "+o noglob")])
def sign(text, shell):
    """A command that is not found, and what comes behind it is run."""
    with Native(env=environment(SHELL=shell)) as p:
        for more in ([], [(A.executable, shell)]):
            pid = p.run(text + "\necho \"<$0>\"\n", [A.stdout, *more])
            p.exit(pid)
            check(p.out(pid) == b"<%s>\n" % shell.encode()
                  or shell.endswith(("fish", "csh")), "output %r",
                  p.out(pid))
            p.ended(pid, exited(0))


@case(TEXT + " a sign: the name of a command in PATH")
def sign_found():
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        for name in ("-e", "+x"):
            with open(directory + "/" + name, "w", encoding="ascii") as f:
                f.write("#!/bin/sh\necho ran \"$@\"\n")
            os.chmod(directory + "/" + name, 0o755)
        with Port() as p:
            for name in ("-e", "+x"):
                pid = p.run(name + " now", [
                    A.stdout, (A.env, [("PATH", directory)])])
                expect(0, p.exit(pid))
                check(p.out(pid) == b"ran now\n", "%r", p.out(pid))


@case(TEXT + " a sign: a kill command")
def sign_kill():
    note = Note()
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        with open(directory + "/-e", "w", encoding="ascii") as f:
            f.write("#!/bin/sh\necho $CHILD_PID >%s\nkill $CHILD_PID\n"
                    % note.file)
        os.chmod(directory + "/-e", 0o755)
        path = directory + ":" + environment()["PATH"]
        with Native(env=environment(PATH=path)) as p:
            pid = p.run(SLEEP, [(A.kill, "-e"), LONG])
            expect(OK, p.ask(A.stop, pid))
            p.ended(pid, signaled(15), A.stopped)
            check(note.wait() == [str(pid)], "wrote %s", note.words())


@case(TEXT + " a sign: no line of Python is changed")
def sign_other():
    with Port() as p:
        pid = p.run("-1\nprint('ran')", [
            A.stdout, (A.executable, "/usr/bin/python3")])
        expect(0, p.exit(pid))
        check(p.out(pid) == b"ran\n", "%r", p.out(pid))


@case("3 stop: one that ends by SIGTERM was not killed, however little time "
      "it had")
def stop_no_time():
    with Native() as p:
        pid = p.run(SLEEP, [(A.kill_timeout, 0)])
        expect(OK, p.ask(A.stop, pid))
        p.ended(pid, signaled(15), A.stopped, killed=False)
