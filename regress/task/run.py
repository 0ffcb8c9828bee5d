#!/usr/bin/env python3
"""Runs the cases against proctor-task.

usage: run.py [-l] [-k SUBSTRING ...] [-j N] PATH_TO_PROCTOR_TASK

As regress/port/run.py, whose lib/ it uses.
"""

import argparse
import os
import signal
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(1, os.path.join(HERE, "lib"))
sys.path.insert(2, os.path.join(HERE, "..", "port", "lib"))

import proc       # noqa: E402
import runner     # noqa: E402
import tree       # noqa: E402


def on_term(number, frame):
    sys.exit(1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-k", metavar="SUBSTRING", action="append",
                        help="only the cases with one of these in their names")
    parser.add_argument("-l", action="store_true", help="list, run nothing")
    parser.add_argument("-j", metavar="N", type=int, default=1,
                        help="so many cases at a time")
    parser.add_argument("program", nargs="?", default="build/proctor-task")
    args = parser.parse_args()
    cases = [c for c in runner.load(HERE)
             if any(k in c.name for k in args.k or [""])]
    if args.l:
        print("\n".join("TASK " + c.name for c in cases))
        return 0
    tree.PROGRAM = os.path.abspath(args.program)
    if not os.access(tree.PROGRAM, os.X_OK):
        sys.exit("run.py: cannot execute %s" % tree.PROGRAM)
    runner.not_ignored()
    proc.become_subreaper()
    os.umask(0o022)
    signal.signal(signal.SIGTERM, on_term)
    try:
        count = runner.run_all(cases, "TASK", max(1, args.j))
    finally:
        proc.kill_all()
    print("task: %d passed, %d failed, %d skipped"
          % (count["ok"], count["FAIL"], count["skip"]))
    return 1 if count["FAIL"] or not count["ok"] else 0


if __name__ == "__main__":
    sys.exit(main())
