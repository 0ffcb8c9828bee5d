#!/usr/bin/env python3
"""Runs the cases against a port program.

usage: run.py [-l] [-k SUBSTRING] PATH_TO_PROCTOR

A line each on stdout, "ok PROTOCOL 3 run: Cmd list" or "FAIL ...", and as
the last line "port: N passed, N failed, N skipped". Exit status 1 if any
failed. PORT_SLOW=1 gives everything ten times the time (sanitizers,
valgrind); PORT_SOAK=1 adds the long ones.
"""

import argparse
import importlib
import os
import signal
import sys
import time
import traceback

import case
import port
import proc

MODULES = ("test_framing", "test_startup", "test_requests", "test_options",
           "test_child", "test_events", "test_shutdown", "test_endings",
           "test_limits", "test_ring", "test_manage", "test_groups",
           "test_pty", "test_values", "test_large")


class TimeOut(BaseException):
    """The watchdog; nothing that a case catches catches it."""


def on_alarm(number, frame):
    raise TimeOut()


def on_term(number, frame):
    sys.exit(1)


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


def run_all(cases):
    count = {"ok": 0, "FAIL": 0, "skip": 0}
    for one in cases:
        start = time.monotonic()
        result, text = attempt(one)
        clean()
        count[result] += 1
        took = time.monotonic() - start
        print("%s PROTOCOL %s%s%s" % (
            result, one.name, " (%.1f s)" % took if took > 2 else "",
            ": " + text if text else ""), flush=True)
    return count


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-k", metavar="SUBSTRING", default="",
                        help="only the cases with this in their names")
    parser.add_argument("-l", action="store_true", help="list, run nothing")
    parser.add_argument("proctor", nargs="?", default="build/proctor")
    args = parser.parse_args()
    for name in MODULES:
        importlib.import_module(name)
    cases = [c for c in case.CASES if args.k in c.name]
    if args.l:
        print("\n".join("PROTOCOL " + c.name for c in cases))
        return 0
    port.PROGRAM = os.path.abspath(args.proctor)
    if not os.access(port.PROGRAM, os.X_OK):
        sys.exit("run.py: cannot execute %s" % port.PROGRAM)
    proc.become_subreaper()
    os.umask(0o022)
    signal.signal(signal.SIGALRM, on_alarm)
    signal.signal(signal.SIGTERM, on_term)
    try:
        count = run_all(cases)
    finally:
        proc.kill_all()
    print("port: %d passed, %d failed, %d skipped"
          % (count["ok"], count["FAIL"], count["skip"]))
    return 1 if count["FAIL"] or not count["ok"] else 0


if __name__ == "__main__":
    sys.exit(main())
