#!/usr/bin/python3
"""Does doc/task-calls.md say of each call what task/rows.c has, and of no
other?"""
import re
import sys

ROW = re.compile(r'^\t\{ "(\w+)", "([^"]*)", ([\w |]+), ([\w |]+),', re.M)
LINE = re.compile(r"^\| ([a-z_0-9]+) \| (?:([^|]*) )?\| ([LOF]+) "
                  r"\| (?:(\w+) )?\|", re.M)
SYSTEMS = {"LINUX": "L", "OPENBSD": "O", "FREEBSD": "F", "ALL": "LOF"}
# What is answered above a task is the client's; one mark is only the loop's.
MARKS = {"S": "C", "CALL_REAPS": "", "0": ""}


def rows(source):
    for name, args, systems, marks in ROW.findall(source):
        words = [w.strip() for w in systems.split("|")]
        yield name, (args, "".join(SYSTEMS[w] for w in words),
                     "".join(sorted(MARKS.get(m.strip(), m.strip())
                                    for m in marks.split("|"))))


def lines(text):
    for name, args, systems, marks in LINE.findall(text):
        yield name, (args, systems, "".join(sorted(marks)))


def main():
    source = open("task/rows.c").read()
    want, got = dict(rows(source)), dict(lines(open(
        "doc/task-calls.md").read()))
    if len(want) != len(re.findall(r'^\t\{ "', source, re.M)):
        print("calls: a row that cannot be read")
        return 1
    bad = [n for n in want | got if want.get(n) != got.get(n)]
    for n in sorted(bad):
        print(f"calls: {n}: {want.get(n)} in task/rows.c, {got.get(n)} in "
              "doc/task-calls.md")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
