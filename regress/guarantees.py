#!/usr/bin/env python3
"""Asks whether each test that doc/guarantees.md names is there.

With --self-test it asks itself whether it would find one that is not."""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TESTS = ROOT / "client" / "proctor" / "test"


def titles(suite):
    """What a suite of Python calls its cases, without its first word."""
    said = subprocess.run(
        ["/usr/bin/python3", str(ROOT / "regress" / suite / "run.py"), "-l"],
        capture_output=True, text=True, check=True).stdout
    return [line.split(" ", 1)[1] for line in said.splitlines() if " " in line]


def quoted(text, title):
    """Whether a file of tests has a case of that title, or a function."""
    if re.fullmatch("[a-z_0-9]+", title):
        return re.search(rf"^{title}\(", text, re.M) is not None
    return f'"{title}"' in re.sub(r'"\n\s*"', "", text)


def missing(page):
    """Those of a page's tests that are not there, and how many it has."""
    lists = {suite: titles(suite) for suite in ("port", "priv")}
    named = [span.split(": ", 1) for row in page.splitlines()
             if row.startswith("| ") and "TITLE" not in row
             for span in re.findall("`([^`]+)`", row)
             if re.match("(port|priv|proctor_SUITE|[a-z_]+_tests?(.exs)?): ",
                         span)]
    lost = []
    for where, title in named:
        if where in lists:
            found = any(t.startswith(title) for t in lists[where])
        else:
            file = (TESTS / "elixir" / where if where.endswith(".exs")
                    else TESTS / f"{where}.erl")
            found = file.exists() and quoted(file.read_text(), title)
        if not found:
            lost.append(f"{where}: {title}")
    return lost, len(named)


def main():
    if sys.argv[1:] == ["--self-test"]:
        bad = ["port: 5 nothing", "priv: nothing", "proctor_tests: no new",
               "proctor_SUITE: none", "no_test.exs: nothing",
               "proctor_test.exs: nothing new"]
        page = "".join(f"| x | `{each}` |\n" for each in bad)
        good = "| x | `port: 5 shutdown: SIGTERM, no child` |\n"
        return int(missing(page + good) != (bad, len(bad) + 1))
    lost, count = missing((ROOT / "doc" / "guarantees.md").read_text())
    for each in lost:
        print(f"doc/guarantees.md: no such test: {each}")
    return int(bool(lost) or count < 60)


if __name__ == "__main__":
    sys.exit(main())
