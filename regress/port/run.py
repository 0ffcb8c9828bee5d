#!/usr/bin/env python3
"""Runs the cases against a port program.

usage: run.py [-l] [-o] [-k SUBSTRING ...] [-j N] PATH_TO_PROCTOR

A line each on stdout, "ok PROTOCOL 3 run: Cmd list" or "FAIL ...", and as
the last line "port: N passed, N failed, N skipped". Exit status 1 if any
failed. -j runs N cases at a time: most of them wait most of the time. -o has
them see control groups of version 1 only, as root.
PORT_SLOW=1 gives everything ten times the time (sanitizers, valgrind), and
a busy machine gets more by itself (patience.py); PORT_SOAK=1 adds the long
ones.
"""

import argparse
import os
import signal
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(1, os.path.join(HERE, "lib"))

import cgroups    # noqa: E402
import port       # noqa: E402
import proc       # noqa: E402
import runner     # noqa: E402


def on_term(number, frame):
    sys.exit(1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-k", metavar="SUBSTRING", action="append",
                        help="only the cases with one of these in their names")
    parser.add_argument("-l", action="store_true", help="list, run nothing")
    parser.add_argument("-o", action="store_true",
                        help="control groups of version 1 only")
    parser.add_argument("-j", metavar="N", type=int, default=1,
                        help="so many cases at a time")
    parser.add_argument("proctor", nargs="?", default="build/proctor")
    args = parser.parse_args()
    cases = [c for c in runner.load(HERE)
             if any(k in c.name for k in args.k or [""])]
    if args.l:
        print("\n".join("PROTOCOL " + c.name for c in cases))
        return 0
    port.PROGRAM = os.path.abspath(args.proctor)
    if not os.access(port.PROGRAM, os.X_OK):
        sys.exit("run.py: cannot execute %s" % port.PROGRAM)
    if args.o:
        cgroups.only_old()
    runner.not_ignored()
    proc.become_subreaper()
    os.umask(0o022)
    signal.signal(signal.SIGTERM, on_term)
    try:
        count = runner.run_all(cases, "PROTOCOL", max(1, args.j))
    finally:
        proc.kill_all()
    print("port: %d passed, %d failed, %d skipped"
          % (count["ok"], count["FAIL"], count["skip"]))
    return 1 if count["FAIL"] or not count["ok"] else 0


if __name__ == "__main__":
    sys.exit(main())
