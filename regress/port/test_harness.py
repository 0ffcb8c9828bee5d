"""The harness itself: what a case can rely on, whoever starts it and
whatever else runs on the machine."""

import os
import signal
import subprocess
import sys
import time

import case as cases
import patience
import port
import runner
from case import SLOW, case, check, rows

SECTION = "harness:"
LIB = os.path.dirname(os.path.abspath(runner.__file__))
TELLS = ("import runner, subprocess; runner.not_ignored(); "
         "subprocess.run(['/bin/grep', 'SigIgn', '/proc/self/status'])")


def ignoring(sig, *argv):
    """Run this program of Python's by somebody who ignores a signal."""
    return subprocess.run(
        [sys.executable, *argv], stdin=subprocess.DEVNULL,
        capture_output=True, text=True, check=False, cwd=LIB,
        preexec_fn=lambda: signal.signal(sig, signal.SIG_IGN))


@rows(SECTION + " ignored by who starts it, yet not by what it starts:", [
    ("SIGINT, as by a shell's &", signal.SIGINT),
    ("SIGHUP, as by nohup", signal.SIGHUP),
    ("SIGCHLD", signal.SIGCHLD), ("SIGTERM", signal.SIGTERM),
])
def ignored(sig):
    said = ignoring(sig, "-c", TELLS).stdout
    check(said and not int(said.split()[1], 16) & 1 << sig - 1, "%r", said)


@case(SECTION + " a case about SIGINT in the background of a shell")
def background():
    done = ignoring(signal.SIGINT, "../run.py", "-k", "of a managed process",
                    port.PROGRAM)
    check(done.returncode == 0, "%s", done.stdout + done.stderr)


def fails():
    check(False, "as it is to")


def fails_below():
    fails()


@case(SECTION + " a failure names the check, and from where it was reached")
def place():
    try:
        fails_below()
    except cases.Failure as e:
        said = runner.where(e)
    path = os.path.relpath(os.path.abspath(__file__))
    line = fails.__code__.co_firstlineno + 1
    below = fails_below.__code__.co_firstlineno + 1
    here = place.__code__.co_firstlineno + 3
    want = "%s:%d (%s:%d, %s:%d): " % (path, line, path, below, path, here)
    check(said == want, "said %r, not %r", said, want)


TWICE = """
import case, runner
shots = [0, 0]

def run(which, good):
    shots[which] += 1
    case.check(shots[which] == good, "shot %d", shots[which])

cases = [case.Case("one", lambda: run(0, 2), 20),
         case.Case("two", lambda: run(1, 3), 20)]
print(runner.run_all(cases, "TEST"))
"""


@rows(SECTION + " a second chance:", [
    ("for those that failed", "2", "{'ok': 1, 'FAIL': 1, 'skip': 0}"),
    ("not if those are too many", "1", "{'ok': 0, 'FAIL': 2, 'skip': 0}"),
    ("not unasked", None, "{'ok': 0, 'FAIL': 2, 'skip': 0}"),
])
def second_chance(most, want):
    env = {k: v for k, v in os.environ.items() if k != "CASES_AGAIN"}
    if most:
        env["CASES_AGAIN"] = most
    said = subprocess.run(
        [sys.executable, "-c", TWICE], stdin=subprocess.DEVNULL, env=env,
        capture_output=True, text=True, check=False, cwd=LIB)
    check(said.stdout.endswith(want + "\n"), "%s", said)


@case(SECTION + " only a function is a case")
def functions():
    for decorate in (case("none"), cases.rows("none", [("row", 1)])):
        before = len(cases.CASES)
        try:
            decorate(runner.Watchdog)
        except TypeError:
            check(len(cases.CASES) == before, "it is registered")
        else:
            check(False, "a class is taken")


@case(SECTION + " who would give up waits longer on a busy machine")
def longer():
    measure, patience.load = patience.load, lambda: 3
    try:
        began = time.monotonic()
        limit = patience.Limit(0.02)
        while limit.left() > 0:
            time.sleep(0.001)
        took = time.monotonic() - began
    finally:
        patience.load = measure
    check(took >= 0.06 * SLOW, "%.3f s", took)


def hog():
    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(60)
        while True:
            pass
    return pid


@case(SECTION + " the load is what others leave of a processor")
def loaded():
    cpus, average = os.sched_getaffinity(0), os.getloadavg
    os.sched_setaffinity(0, {min(cpus)})
    os.getloadavg = lambda: (0, 0, 0)
    hogs = [hog() for _ in range(3)]
    try:
        load = max(patience.load() for _ in range(3))
    finally:
        os.getloadavg = average
        os.sched_setaffinity(0, cpus)
        for pid in hogs:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
    check(load > 2, "%.1f with three beside it", load)
