#!/usr/bin/env python3
"""Runs the cases about privilege against the program as it is installed.

usage: run.py [-l] [-k SUBSTRING] [-j N] [BUILD]

It needs root and takes a mount namespace of its own, see world.py; without
root all cases are counted as skipped. A line each on stdout as "ok SECURITY
users: ...", and as the last line "priv: N passed, N failed, N skipped". Exit
status 1 if any failed. PRIV_LIBEXECDIR is the directory that was compiled in,
PRIV_MESSAGES how many mutated messages the hostile broker sends.
"""

import argparse
import os
import shutil
import signal
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[1:1] = [os.path.join(HERE, "lib"), os.path.join(HERE, "../port/lib")]

import apart      # noqa: E402
import case       # noqa: E402
import port       # noqa: E402
import proc       # noqa: E402
import runner     # noqa: E402
import world      # noqa: E402

HEADING = "SECURITY"
FAILED = {"ok": 0, "FAIL": 1, "skip": 0}


def in_world(cases, directory, libexec, jobs):
    """Enter the namespace and run; the count."""
    said = world.enter(directory, libexec)
    if said is not None:
        runner.report("FAIL", HEADING, "install: make install-suid", 0,
                      said.replace("\n", " | "))
        return FAILED
    port.PROGRAM = world.folder + "/proctor"
    proc.become_subreaper()
    os.umask(0o022)
    try:
        return runner.run_all(cases, HEADING, jobs)
    finally:
        proc.kill_all()


def as_it_was(before, after):
    """One more case: what of the machine has changed."""
    changed = [what for what in before if before[what] != after[what]]
    result = "FAIL" if changed else "ok"
    runner.report(result, HEADING, "machine: is as it was found", 0,
                  "changed: %s" % changed if changed else "")
    return result


def on_term(number, frame):
    sys.exit(1)


def run(cases, libexec, jobs):
    skipped = {}
    for one in cases:
        if not case.ROOT:
            skipped[one] = "needs root"
        elif not case.LAUNCHER and not one.any_build:
            skipped[one] = "built without launchers"
    for one, why in skipped.items():
        runner.report("skip", HEADING, one.name, 0, why)
    cases = [one for one in cases if one not in skipped]
    if not cases:
        return {"ok": 0, "FAIL": 0, "skip": len(skipped)}
    signal.signal(signal.SIGTERM, on_term)
    before = world.fingerprint(libexec)
    directory = world.directory()
    try:
        count = apart.apart(lambda: in_world(cases, directory, libexec,
                                              jobs))
    finally:
        shutil.rmtree(directory)
    count = count or dict(FAILED)
    count["skip"] += len(skipped)
    count[as_it_was(before, world.fingerprint(libexec))] += 1
    return count


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-k", metavar="SUBSTRING", default="",
                        help="only the cases with this in their names")
    parser.add_argument("-l", action="store_true", help="list, run nothing")
    parser.add_argument("-j", metavar="N", type=int, default=1,
                        help="so many cases at a time, of those that leave "
                        "the world's files as they are")
    parser.add_argument("build", nargs="?", default="build")
    args = parser.parse_args()
    world.build = args.build
    cases = [c for c in runner.load(HERE) if args.k in c.name]
    if args.l:
        print("\n".join("%s %s" % (HEADING, c.name) for c in cases))
        return 0
    runner.not_ignored()
    libexec = os.environ.get("PRIV_LIBEXECDIR", "/usr/local/libexec")
    count = run(cases, libexec, max(1, args.j))
    print("priv: %d passed, %d failed, %d skipped"
          % (count["ok"], count["FAIL"], count["skip"]))
    return 1 if count["FAIL"] else 0


if __name__ == "__main__":
    sys.exit(main())
