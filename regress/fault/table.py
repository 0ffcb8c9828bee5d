#!/usr/bin/env python3
"""Writes what the matrix of death has left into SECURITY.md.

usage: table.py [-j N] [--write] [--from FILE] [BUILD]

Without --write: prints the table. --from FILE: of what DEATHS_SAY=FILE was
told in runs before, instead of a run; what any of them has left counts.
"""

import argparse
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[1:1] = [os.path.join(HERE, "../port/lib")]

import deaths     # noqa: E402

SUITES = ("regress/fault/run.py", "regress/priv/run.py")


def run(jobs, build, say):
    """All cells, told to that file."""
    env = dict(os.environ, DEATHS_ALL="1", DEATHS_SAY=say)
    for suite in SUITES:
        subprocess.run(["/usr/bin/python3", suite, "-k", "deaths: SIG", "-j",
                        str(jobs), build], env=env, check=True)


def told(lines):
    """{(signal, parts): {mode: what is left}}; all cells must be there."""
    left, seen = {}, set()
    for line in lines:
        sig, parts, mode, kinds = line.rstrip("\n").split("|")
        parts = tuple(parts.split(" and "))
        seen.add((mode, sig, parts))
        if kinds != deaths.NOTHING:
            row = left.setdefault((sig, parts), {})
            row[mode] = ", ".join(sorted(
                set(kinds.split(", ")) | set(filter(
                    None, row.get(mode, "").split(", ")))))
    missing = set(deaths.cells(deaths.MODES)) - seen
    if missing:
        sys.exit("not run: %s" % sorted(missing)[:5])
    return left


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-j", metavar="N", type=int, default=1,
                        help="so many cases at a time")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--from", dest="file", metavar="FILE")
    parser.add_argument("build", nargs="?", default="build")
    args = parser.parse_args()
    with tempfile.NamedTemporaryFile("r", encoding="ascii") as made:
        if not args.file:
            run(args.j, args.build, made.name)
        with open(args.file or made.name, encoding="ascii") as f:
            text = deaths.table(told(f))
    if not args.write:
        print(text, end="")
        return
    before, _, behind = deaths.split(deaths.current())
    with open(deaths.SECURITY, "w", encoding="utf-8") as f:
        f.write(before + text + behind)


if __name__ == "__main__":
    main()
