"""PROTOCOL.md, held against the tables of the programs and the cases here."""

import glob
import os
import re

import case as cases
from case import case, check, rows

SECTION = "papers:"
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")


def text(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


def found(pattern, *folders):
    """All that the sources of some folders have in place of the group."""
    names = set()
    for folder in folders:
        for path in glob.glob(os.path.join(ROOT, folder, "**/*.[ch]*"),
                              recursive=True):
            names.update(re.findall(pattern, text(path), re.M))
    return names


@rows(SECTION + " PROTOCOL.md names every", [
    ("request", r'\{ "(\w+)", \d, [01], handle_', 13),
    ("option of run", r'\{ "(\w+)", \d, \d, (?:RUN|MANAGE|NATIVE), ', 23),
    ("stage", r'^ +(\w+) => \{"', 14),
    ("reason", r'\[REASON_\w+\] = "(\w+)"', 4),
    ("key of usage", r'\[USAGE_\w+\] = "(\w+)"', 9),
    ("errno", r'\{ E\w+, "(\w+)" \}', 39),
    ("event", r'event_open\([^;]*?"(\w+)"', 4),
    ("terminal mode", r'\{ "(\w+)", \d+, [A-Z_]+, ', 56),
    ("flag", r'\{ "(-[\w-]+)", FLAG_', 15),
])
def named(pattern, least):
    names = found(pattern, "broker", "worker", "priv", "common")
    check(len(names) >= least, "only %s found", sorted(names))
    words = set(re.findall(r"-*\w[\w-]*", text("PROTOCOL.md")))
    missing = sorted(names - words)
    check(not missing, "not in PROTOCOL.md: %s", missing)


@case(SECTION + " the client has every errno as an atom")
def atoms():
    names = found(r'\{ E\w+, "(\w+)" \}', "common")
    check(len(names) >= 39, "only %s found", sorted(names))
    words = set(re.findall(r"\w+",
                           text("client/proctor/src/proctor_port.erl")))
    check(names <= words, "no atoms: %s", sorted(names - words))


@case(SECTION + " the sections that cases are named after are there")
def sections():
    there = set(re.findall(r"^## (\d+)\. ", text("PROTOCOL.md"), re.M))
    cited = {c.name.split()[0] for c in cases.CASES
             if c.name[:1].isdigit()}
    check(len(cited) >= 6, "only %s are cited", sorted(cited))
    check(cited <= there, "no sections %s", sorted(cited - there))


@case(SECTION + " the version is that of the program")
def version():
    check(re.fullmatch(r"\d+\.\d+\.\d+\n", text("VERSION")), "VERSION")
    check(text("CHANGELOG.md").count("\n## " + text("VERSION").strip()) == 1,
          "CHANGELOG.md has no such version")
