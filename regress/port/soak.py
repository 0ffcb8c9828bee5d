#!/usr/bin/env python3
"""Runs one short child after another, and checks each one's output.

usage: soak.py PATH_TO_PROCTOR COUNT

Each child prints 100 bytes, which must be there whole before its exit. The
last line is "soak: N passed, M failed"; the exit status is 1 if any failed.
"""

import os
import sys
import time

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))

import port                 # noqa: E402
import proc                 # noqa: E402
from case import Failure    # noqa: E402
from etf import A           # noqa: E402

STEP = 10000
RECYCLE = 1000      # Port keeps what it has seen; forget it now and then
SHOWN = 10          # failures that are printed


def one(p, number):
    """Run a child; what is wrong with it, or nothing."""
    want = b"%099d\n" % number
    pid = p.run(["/usr/bin/printf", "%s\n", want[:-1]], [A.stdout])
    status = p.exit(pid)
    if status != 0:
        return "status %d" % status
    if p.out(pid) != want:
        return "output %r" % p.out(pid)
    if p.broken:
        return "; ".join(p.broken[:3])
    return None


def soak(p, count):
    """How many were as they should be, and how many were not."""
    passed = failed = 0
    start = time.monotonic()
    for number in range(1, count + 1):
        wrong = one(p, number)
        passed += not wrong
        failed += bool(wrong)
        if wrong and failed <= SHOWN:
            print("child %d: %s" % (number, wrong), flush=True)
        if number % RECYCLE == 0:
            p.events.clear()
            p.output.clear()
            p.exits.clear()
        if number % STEP == 0:
            print("%d after %.0f s, %d failed" % (
                number, time.monotonic() - start, failed), flush=True)
    return passed, failed


def main():
    if len(sys.argv) != 3 or not sys.argv[2].isdigit():
        sys.exit(__doc__.splitlines()[2])
    port.PROGRAM = os.path.abspath(sys.argv[1])
    count = int(sys.argv[2])
    proc.become_subreaper()
    try:
        with port.Port() as p:
            passed, failed = soak(p, count)
    except Failure as e:
        print("stopped: %s" % e)
        passed, failed = 0, count
    finally:
        proc.kill_all()
    print("soak: %d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
