#!/usr/bin/python3
"""Does faults.txt have a row for each system call that priv/calls.txt says a
process was seen to make? What is wrong there is said, a line each."""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TABLE = os.path.join(HERE, "faults.txt")
CALLS = os.path.join(HERE, "..", "priv", "calls.txt")
PHASES = ("load", "end", "priv", "reaper", "held", "switch", "never")
EXPECTED = ("lives", "refuses", "unmanned", "ends", "fails", "gone")


class Row:
    def __init__(self, process, phase, call, errors, expected):
        self.process, self.phase, self.call = process, phase, call
        self.errors, self.expected = errors.split(","), expected

    def faults(self):
        """What is wrong with it."""
        at = "%s %s %s: " % (self.process, self.phase, self.call)
        if self.phase not in PHASES:
            yield at + "no such phase"
        elif self.phase == "never":
            if self.errors != ["-"]:
                yield at + "an error of what is never made to fail"
        elif not set(self.expected.split("/")) <= set(EXPECTED):
            yield at + "nothing is expected of it"
        elif not all(e[:1] == "E" for e in self.errors):
            yield at + "no error"


def read(path=TABLE):
    rows = []
    with open(path, encoding="utf-8") as f:
        for line in f:
            if line.strip() and not line.startswith("#"):
                rows.append(Row(*line.split(None, 4)))
                rows[-1].expected = rows[-1].expected.strip()
    return rows


def made(path=CALLS):
    """{(process, call)}: seen, or ours, which nothing else explains."""
    found = set()
    with open(path, encoding="utf-8") as f:
        for line in f:
            if line.strip() and not line.startswith("#"):
                process, call, why = line.rstrip("\n").split(None, 2)
                if ":" not in call and why == "seen":
                    found.add((process, call))
    return found


def wrong(rows, calls):
    have = {(row.process, row.call) for row in rows}
    for row in rows:
        yield from row.faults()
    names = [(row.process, row.phase, row.call, e) for row in rows
             for e in row.errors]
    for name in sorted(set(n for n in names if names.count(n) > 1)):
        yield "twice: %s %s %s %s" % name
    for at in sorted(calls - have):
        yield "%s %s: no row" % at


def self_test():
    row = Row("x", "load", "read", "EIO", "lives")
    assert not list(wrong([row], {("x", "read")}))
    assert list(wrong([row], {("x", "write")})) == ["x write: no row"]
    assert list(wrong([row, row], set())) == ["twice: x load read EIO"]
    for bad in (Row("x", "now", "read", "EIO", "lives"),
                Row("x", "load", "read", "9", "lives"),
                Row("x", "load", "read", "EIO", "well"),
                Row("x", "never", "read", "EIO", "so")):
        assert list(bad.faults()), bad.phase


def main():
    if sys.argv[1:] == ["--self-test"]:
        self_test()
        return 0
    bad = list(wrong(read(), made()))
    for line in bad:
        print("faults: " + line)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
