"""Runs cases, with a line each on stdout: one after another, or several at
a time, each of them in a process of its own."""

import os
import signal
import struct
import time
import traceback

import case
import proc


RESULTS = ("ok", "FAIL", "skip")
NUMBER = struct.Struct("=H")
COUNTS = struct.Struct("=3I")


class TimeOut(BaseException):
    """The watchdog; nothing that a case catches catches it."""


def on_alarm(number, frame):
    raise TimeOut()


def listen():
    """A shell gives its background jobs SIGINT and SIGQUIT ignored, and so
    they would be in every process that a case starts."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)


def attempt(one):
    """Run one case: its result and a text about it."""
    # The interval is there for a clean-up that hangs as well.
    signal.setitimer(signal.ITIMER_REAL, one.limit, 5)
    try:
        one.run()
        return "ok", ""
    except case.Failure as e:
        return "FAIL", str(e)
    except case.Skip as e:
        return "skip", str(e)
    except TimeOut:
        return "FAIL", "hung: no end after %d s" % one.limit
    except Exception:
        return "FAIL", traceback.format_exc().strip().replace("\n", " | ")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def clean():
    """Nothing of a case may reach the next one."""
    left = proc.kill_all()
    if left:
        print("cannot get rid of %s" % left)


def report(result, heading, name, took=0, text=""):
    print("%s %s %s%s%s" % (
        result, heading, name, " (%.1f s)" % took if took > 2 else "",
        ": " + text if text else ""), flush=True)


def run_some(cases, heading):
    """Run them; {"ok": N, "FAIL": N, "skip": N}."""
    count = dict.fromkeys(RESULTS, 0)
    signal.signal(signal.SIGALRM, on_alarm)
    for one in cases:
        start = time.monotonic()
        result, text = attempt(one)
        clean()
        count[result] += 1
        report(result, heading, one.name, time.monotonic() - start, text)
    return count


def taken(rfd, cases):
    """Those of the cases whose numbers we are the first to read."""
    while len(number := os.read(rfd, NUMBER.size)) == NUMBER.size:
        yield cases[NUMBER.unpack(number)[0]]


def start(rfd, wfd, cases, heading):
    """A process that runs what it takes, and writes how that went."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        proc.become_subreaper()
        count = run_some(taken(rfd, cases), heading)
        os.write(wfd, COUNTS.pack(*(count[key] for key in RESULTS)))
        code = 0
    finally:
        proc.kill_all()
        os._exit(code)


def run_all(cases, heading, jobs=1):
    """The same with so many at a time. All numbers fit into a pipe."""
    listen()
    if jobs == 1:
        return run_some(cases, heading)
    numbers, numbers_out = os.pipe()
    counts, counts_in = os.pipe()
    os.write(numbers_out, b"".join(NUMBER.pack(i)
                                   for i in range(len(cases))))
    os.close(numbers_out)
    pids = [start(numbers, counts_in, cases, heading) for _ in range(jobs)]
    os.close(counts_in)
    total = dict.fromkeys(RESULTS, 0)
    for pid in pids:
        if os.waitpid(pid, 0)[1] != 0:
            report("FAIL", heading, "a process that ran cases has died")
            total["FAIL"] += 1
    while data := os.read(counts, COUNTS.size):
        for key, n in zip(RESULTS, COUNTS.unpack(data)):
            total[key] += n
    return total
