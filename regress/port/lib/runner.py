"""Runs cases, with a line each on stdout: one after another, or several at
a time, each of them in a process of its own.

A line of a case that failed says where: the file and the line of the check,
and behind it in parentheses those from which it was reached.
"""

import glob
import importlib
import os
import signal
import struct
import time
import traceback

import case
import proc
from patience import Limit


RESULTS = ("ok", "FAIL", "skip")
NUMBER = struct.Struct("=H")
ENDED = struct.Struct("=HB")


class TimeOut(BaseException):
    """The watchdog; nothing that a case catches catches it."""


def load(directory):
    """The cases of all files test_*.py of a directory."""
    for path in sorted(glob.glob(os.path.join(directory, "test_*.py"))):
        importlib.import_module(os.path.basename(path)[:-len(".py")])
    return case.CASES


def not_ignored():
    """Who has started this may have had signals ignored, as a shell does
    with SIGINT for what it runs with &, and nohup(1) with SIGHUP. They still
    do nothing here, but the programs of the cases do not inherit that."""
    for sig in signal.valid_signals():
        # Python has SIGPIPE and SIGXFSZ ignored itself.
        if (sig not in (signal.SIGPIPE, signal.SIGXFSZ)
                and signal.getsignal(sig) == signal.SIG_IGN):
            signal.signal(sig, lambda number, frame: None)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


class Watchdog:
    """Raises TimeOut in a case that takes longer than its limit."""

    def __init__(self, seconds):
        self.limit = Limit(seconds)
        signal.signal(signal.SIGALRM, self._ring)
        self._set()

    def _set(self):
        # The interval is there for a clean-up that hangs as well.
        signal.setitimer(signal.ITIMER_REAL,
                         max(self.limit.left(), 0.001), 5)

    def _ring(self, number, frame):
        if self.limit.left() > 0:
            self._set()
        else:
            raise TimeOut()

    def stop(self):
        signal.setitimer(signal.ITIMER_REAL, 0)


def where(e):
    """Where in test files an exception came from, the check first."""
    places = ["%s:%d" % (os.path.relpath(f.filename), f.lineno)
              for f in traceback.extract_tb(e.__traceback__)
              if os.path.basename(f.filename).startswith("test_")]
    if not places:
        return ""
    via = " (%s)" % ", ".join(places[-2::-1]) if places[1:] else ""
    return places[-1] + via + ": "


def attempt(one):
    """Run one case: its result and a text about it."""
    dog = Watchdog(one.limit)
    try:
        one.run()
        return "ok", ""
    except case.Failure as e:
        return "FAIL", where(e) + str(e)
    except case.Skip as e:
        return "skip", str(e)
    except TimeOut as e:
        return "FAIL", where(e) + "hung: no end after %d s" % one.limit
    except Exception as e:
        text = traceback.format_exc().strip().replace("\n", " | ")
        return "FAIL", where(e) + text
    finally:
        dog.stop()


def clean():
    """Nothing of a case may reach the next one."""
    left = proc.kill_all()
    if left:
        print("cannot get rid of %s" % left)


def report(result, heading, name, took=0, text=""):
    line = "%s %s %s%s%s\n" % (
        result, heading, name, " (%.1f s)" % took if took > 2 else "",
        ": " + text.strip().replace("\n", " | ") if text else "")
    # In one piece: others write, too.
    print(line, end="", flush=True)


def run_one(one, heading):
    """Run a case and say how that went: its result."""
    start = time.monotonic()
    result, text = attempt(one)
    clean()
    report(result, heading, one.name, time.monotonic() - start, text)
    return result


def taken(rfd):
    """The numbers of cases that we are the first to read."""
    while len(number := os.read(rfd, NUMBER.size)) == NUMBER.size:
        yield NUMBER.unpack(number)[0]


def start(rfd, wfd, cases, heading):
    """A process that runs what it takes, and writes how each went."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        proc.become_subreaper()
        for number in taken(rfd):
            result = RESULTS.index(run_one(cases[number], heading))
            os.write(wfd, ENDED.pack(number, result))
        code = 0
    finally:
        proc.kill_all()
        os._exit(code)


def run_several(cases, heading, jobs):
    """{number of a case: its result}. All numbers fit into a pipe."""
    numbers, numbers_out = os.pipe()
    ended, ended_in = os.pipe()
    os.write(numbers_out, b"".join(NUMBER.pack(i)
                                   for i in range(len(cases))))
    os.close(numbers_out)
    pids = [start(numbers, ended_in, cases, heading) for _ in range(jobs)]
    os.close(ended_in)
    results = {}
    with os.fdopen(ended, "rb") as f:
        while data := f.read(ENDED.size):
            number, result = ENDED.unpack(data)
            results[number] = RESULTS[result]
    for pid in pids:
        os.waitpid(pid, 0)
    for i, one in enumerate(cases):
        if i not in results:
            report("FAIL", heading, one.name, 0, "its process has died")
            results[i] = "FAIL"
    return results


def again(cases, results, heading):
    """The second chance of at most CASES_AGAIN that failed, alone and when
    the others have ended: how many passed it. More than so many get none."""
    failed = [i for i in results if results[i] == "FAIL"]
    if len(failed) > int(os.environ.get("CASES_AGAIN", "0")):
        return 0
    for i in failed:
        results[i] = run_one(cases[i], heading + " again:")
    return sum(results[i] == "ok" for i in failed)


def run_all(cases, heading, jobs=1):
    """Run them, so many at a time: {"ok": N, "FAIL": N, "skip": N}."""
    if jobs == 1:
        results = {i: run_one(one, heading) for i, one in enumerate(cases)}
    else:
        results = run_several(cases, heading, jobs)
    passed = again(cases, results, heading)
    if passed:
        report("note", heading, "%d passed the second time only" % passed)
    return {key: sum(r == key for r in results.values()) for key in RESULTS}
