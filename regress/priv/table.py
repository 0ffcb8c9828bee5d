#!/usr/bin/env python3
"""Writes what test_state.py measures into SECURITY.md.

usage: table.py [--write] [BUILD]

Without --write: prints the tables. A case of test_state.py fails when those
in SECURITY.md are others.
"""

import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SECURITY = os.path.join(os.path.dirname(os.path.dirname(HERE)),
                        "SECURITY.md")
BEGIN = "<!-- Measured: regress/priv/table.py --write -->\n"
END = "<!-- End of what is measured. -->\n"


def section(text):
    """(before, the tables, behind); None if there is no place for them."""
    if BEGIN not in text or END not in text:
        return None
    head, rest = text.split(BEGIN, 1)
    body, tail = rest.split(END, 1)
    return head + BEGIN, body, END + tail


def current():
    with open(SECURITY, encoding="utf-8") as f:
        return f.read()


def markdown(title, columns, rows):
    """A table with a title; columns that say one thing are said once."""
    lines = ["", "### " + title, "",
             "| " + " | ".join(columns) + " |",
             "| " + " | ".join("---" for _ in columns) + " |"]
    lines += ["| " + " | ".join(cells) + " |" for cells in rows]
    return "\n".join(lines) + "\n"


def main():
    words = [w for w in sys.argv[1:] if w != "--write"]
    env = dict(os.environ, PRIV_TABLE="1")
    argv = ["/usr/bin/python3", os.path.join(HERE, "run.py"),
            "-k", "state: table", *words]
    out = subprocess.run(argv, env=env, stdout=subprocess.PIPE, text=True,
                         check=False).stdout
    parts = section(out)
    if parts is None:
        sys.exit(out)
    if "--write" not in sys.argv:
        print(parts[1], end="")
        return
    whole = section(current())
    if whole is None:
        sys.exit("SECURITY.md has no place for it")
    with open(SECURITY, "w", encoding="utf-8") as f:
        f.write(whole[0] + parts[1] + whole[2])


if __name__ == "__main__":
    main()
