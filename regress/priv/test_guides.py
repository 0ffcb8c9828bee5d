"""The configurations that guides and manuals show, as they stand there."""

import pathlib
import re

import world
from case import case, check, expect, rows
from checked import run_check
from rules import Rules

SECTION = "guides:"
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
# Whom they are about.
NAMES = ["app", "www-data", "builder", "backup", "intern", "rabbit", "worker",
         "alice", "erlang"]
GROUPS = ["ci", "wheel", "audio", "video"]


def shown(name):
    """The blocks of a page that have rules."""
    text = (ROOT / name).read_text()
    if name.endswith(".md"):
        blocks = [re.sub("^    ", "", block, flags=re.M) for block in
                  re.findall(r"(?:^    .*\n)+", text, re.M)]
    else:
        blocks = [re.sub(r"\\e$", r"\\", block, flags=re.M).replace("\\-", "-")
                  for block in re.findall(
                      r"^\.Bd -literal.*\n((?:.*\n)*?)^\.Ed", text, re.M)]
    return [block for block in blocks
            if re.search("^(permit|deny) ", block, re.M)]


class People:
    """They are there, with their groups."""

    def __enter__(self):
        self.before = {path: pathlib.Path(path).read_text()
                       for path in ("/etc/passwd", "/etc/group")}
        there = [line.split(":")[0] for line in
                 "".join(self.before.values()).splitlines()]
        world.write("/etc/passwd", self.before["/etc/passwd"] + "".join(
            "%s:x:%d:1:%s:/:/bin/sh\n" % (name, 4000 + i, name)
            for i, name in enumerate(NAMES)))
        world.write("/etc/group", self.before["/etc/group"] + "".join(
            "%s:x:%d:alice\n" % (name, 4100 + i)
            for i, name in enumerate(GROUPS) if name not in there))

    def __exit__(self, *_):
        for path, text in self.before.items():
            world.write(path, text)


def ask(*words):
    """What proctor-check says, but that the programs are not there."""
    status, out, log = run_check([world.folder + "/proctor-check",
                                  "/etc/proctor.conf", *words])
    return (status, re.sub(r", \d+ warnings?$", "", out, flags=re.M),
            [line for line in log
             if not re.search(r" cmd .*: No such file or directory$", line)])


@rows(SECTION, [(name, name, least) for name, least in
                (("README.md", 1), ("doc/privileged.md", 2),
                 ("man/proctor.conf.5", 1))])
def accepted(name, least):
    """Without another warning, as everybody is there who is named."""
    blocks = shown(name)
    check(len(blocks) >= least, "%d blocks of rules in %s"
          % (len(blocks), name))
    with People():
        for block in blocks:
            with Rules(block):
                expect((0, "configuration OK\n", []), ask(), block)


@case(SECTION + " proctor.conf.5 says what proctor-check says of its example")
def asked():
    text = (ROOT / "man/proctor.conf.5").read_text()
    said = re.findall(r"^\$ proctor-check /etc/proctor.conf (.+)\n((?:.+\n)+?)"
                      r"(?=\$|\.Ed)", text, re.M)
    check(len(said) == 2, "two questions")
    with People(), Rules(shown("man/proctor.conf.5")[0]):
        for question, answer in said:
            expect((int(answer.startswith("deny")), answer, []),
                   ask(*question.split()), question)
