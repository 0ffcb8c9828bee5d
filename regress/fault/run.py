#!/usr/bin/env python3
"""Runs the cases in which system calls fail and parts die.

usage: run.py [-l] [-k SUBSTRING] [-j N] [BUILD]

As regress/port/run.py, whose lib/ it uses. What is run of each row of
faults.txt says lib/each.py.
"""

import argparse
import os
import signal
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[1:1] = [os.path.join(HERE, where) for where in (
    "lib", "../port/lib", "../task/lib", ".")]

import port       # noqa: E402
import proc       # noqa: E402
import runner     # noqa: E402
import tree       # noqa: E402


def on_term(number, frame):
    sys.exit(1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-k", metavar="SUBSTRING", default="",
                        help="only the cases with this in their names")
    parser.add_argument("-l", action="store_true", help="list, run nothing")
    parser.add_argument("-j", metavar="N", type=int, default=1,
                        help="so many cases at a time")
    parser.add_argument("build", nargs="?", default="build")
    args = parser.parse_args()
    cases = [c for c in runner.load(HERE) if args.k in c.name]
    if args.l:
        print("\n".join("FAULT " + c.name for c in cases))
        return 0
    port.PROGRAM = os.path.abspath(os.path.join(args.build, "proctor"))
    tree.PROGRAM = port.PROGRAM + "-task"
    runner.not_ignored()
    proc.become_subreaper()
    os.umask(0o022)
    signal.signal(signal.SIGTERM, on_term)
    try:
        count = runner.run_all(cases, "FAULT", max(1, args.j))
    finally:
        proc.kill_all()
    print("fault: %d passed, %d failed, %d skipped"
          % (count["ok"], count["FAIL"], count["skip"]))
    return 1 if count["FAIL"] or not count["ok"] else 0


if __name__ == "__main__":
    sys.exit(main())
