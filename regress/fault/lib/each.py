"""The rows of faults.txt as cases.

FAULT_ALL=1 has each error of a row, and not only its first; FAULT_PLACES=N
the first N calls, in a port each, and not only the first.
"""

import os

import faults
from case import check, rows

ALL = os.environ.get("FAULT_ALL", "0") not in ("", "0")
PLACES = int(os.environ.get("FAULT_PLACES", "1"))
# What is not called each time is, in so many times.
TRIES = 4


def table(processes):
    return [("%s, %s: %s of %s" % (row.process, row.phase, error, row.call),
             row, error)
            for row in faults.read()
            if row.process in processes and row.phase != "never"
            for error in (row.errors if ALL else row.errors[:1])]


def expected(row, error, fails):
    """Have it fail; what becomes of it has to be what the row says. A later
    place may be worse, as far as that is allowed to any."""
    for nth in range(1, PLACES + 1):
        for _ in range(TRIES if nth == 1 else 1):
            hit, became = fails(row, error, nth)
            if hit:
                break
        if not hit:
            check(nth > 1, "it is not called: not hit, and it %s", became)
            return
        check(became in row.expected.split("/") or nth > 1,
              "of call %d it %s", nth, became)


def each(section, processes):
    return rows(section, table(processes), limit=90 * PLACES)
