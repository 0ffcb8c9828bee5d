"""What the system call filters allow, against calls.txt, which says what a
run of all suites was seen to call; and a short run, seen again."""

import os
import re
import shutil
import tempfile

import calls
import world
from case import OK, Skip, case, check, expect
from etf import A
from suid import SLEEP, Suid, as_user
from world import ONE
from rules import usual_rules

SECTION = "calls:"
USES = ("guard", "reaper", "priv", "broker", "worker", "keeper")


@case(SECTION + " all that a filter allows was seen, or has a reason")
def explained():
    lists = calls.Lists(world.build)
    missing = calls.unexplained(lists, calls.read_table())
    check(not missing, "make trace, or say in calls.txt why: %s", missing)


@case(SECTION + " nothing stands in the table that no filter allows")
def allowed():
    """But what other machines have, which is never said to be seen here."""
    lists = calls.Lists(world.build)
    gone = [at for at, why in calls.read_table().items()
            if why == calls.SEEN and at not in lists.allowed()]
    check(not gone, "%s", gone)


class Traced(Suid):
    """Under strace, which root runs: the bit counts all the same."""

    def __init__(self, out, *args):
        self.out_file = out
        super().__init__(*args, who="root")

    def _execve(self):
        os.execve(shutil.which("strace"), [
            "strace", "-f", "-qq", "-o", self.out_file, "-u", world.STARTER,
            self.program, *self.argv[1:]], self.env)


def seen_by_strace(lists, text):
    """{(part, call)}; a process is known by the length of its filter."""
    parts, seen = {}, set()
    for line in text.splitlines():
        words = re.match(r"(\d+) +(?:<\.\.\. )?(\w+)(\(| resumed>)(.*)", line)
        if not words:
            continue
        pid, call, begins, rest = words.groups()
        if "len=" in rest and call == "prctl":
            found = re.search(r"len=(\d+)", rest)
            parts[pid] = lists.parts.get(int(found.group(1)))
        elif begins == "(" and parts.get(pid) in lists.calls:
            seen.add((parts[pid], call))
        if call == "execve":
            parts.pop(pid, None)
    return seen


@case(SECTION + " a short run calls nothing but what the table has", limit=60)
def short():
    if shutil.which("strace") is None:
        raise Skip("no strace")
    lists = calls.Lists(world.build)
    out = os.path.join(tempfile.mkdtemp(dir=world.home), "strace")
    with usual_rules:
        with Traced(out) as p:
            p.output_of(["/bin/echo", "x"], as_user(ONE))
            pid = p.run(SLEEP, [A.pty, A.stdin, A.stdout, as_user(ONE)])
            expect(OK, p.ask(A.winsz, pid, 24, 80))
            expect(OK, p.ask(A.stop, pid))
            p.exit(pid)
            p.run(["/bin/sh", "-c", "sleep 1000 & sleep 1000"],
                  [(A.stdout, A.null), as_user(ONE)])
    with open(out, encoding="utf-8", errors="replace") as f:
        seen = seen_by_strace(lists, f.read())
    table = calls.read_table()
    uses = set(USES) - ({"keeper"} if world.groups_dir is None else set())
    check({part for part, _ in seen} == uses, "saw %s", seen)
    odd = sorted(at for at in seen if at not in table)
    check(not odd, "not in calls.txt: %s", odd)
