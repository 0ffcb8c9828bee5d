#!/usr/bin/env python3
"""Measures what a record of the system's log costs a run of another user.

usage: audit_cost.py [BUILD]

As root, on a machine that does nothing else. Two instances take turns, of
which one has found a log; a rule each for as many runs as may be told at once.
"""

import os
import statistics
import sys
import time

import run          # puts what is in lib into the path
import case
import runner
import world
from etf import A
from rules import Rules
from suid import Suid, as_user
from test_audit import BURST, Log

ROUNDS = 40
RUNS = BURST - 1
POLICY = "".join("permit news as daemon cmd /bin/true args %d\n" % n
                 for n in range(ROUNDS + 1))


def cpu(pid):
    """Nanoseconds of a processor that it has used."""
    with open("/proc/%d/schedstat" % pid, encoding="ascii") as f:
        return int(f.read().split()[0])


def one_round(p, number):
    """Microseconds of a run, and of priv for it."""
    priv = p.ring()["priv"]
    before, began = cpu(priv), time.monotonic()
    for _ in range(RUNS):
        p.exit(p.run(["/bin/true", str(number)], [as_user(world.ONE)]))
    return ((time.monotonic() - began) / RUNS * 1e6,
            (cpu(priv) - before) / RUNS / 1e3)


def measure():
    told, untold = [], []
    with Rules(POLICY), Suid() as plain:
        plain.ask(A.list)
        with Log() as log, Suid() as logged:
            for number in range(ROUNDS + 1):
                pair = [(logged, told), (plain, untold)]
                for p, figures in pair[::1 if number % 2 else -1]:
                    figures.append(one_round(p, number))
            runs = (ROUNDS + 1) * RUNS
            case.check(len(log.raw) > runs * 0.9, "%d records of %d runs",
                       len(log.raw), runs)
    for n, what in enumerate(("a run", "priv's processor time for it")):
        pairs = [(a[n], b[n]) for a, b in zip(told[1:], untold[1:])]
        more = [a - b for a, b in pairs]
        print("%s: %.1f us, with a record %.1f us at best; more in a round: "
              "median %+.1f us, quartiles %+.1f and %+.1f"
              % (what, min(b for _, b in pairs), min(a for a, _ in pairs),
                 statistics.median(more), *statistics.quantiles(more)[::2]),
              flush=True)


def main():
    world.build = sys.argv[1] if sys.argv[1:] else "build"
    runner.not_ignored()
    count = run.run([case.Case("audit: what a record costs", measure, 600)],
                    os.environ.get("PRIV_LIBEXECDIR", "/usr/local/libexec"))
    return count["FAIL"]


if __name__ == "__main__":
    sys.exit(main())
