"""The command line."""

import subprocess

import tree
from case import case, check, expect
from etf import A
from tree import KILL_TIMEOUT, MAXCHILD, ROOT, Tree


@case("options: what the root task and those below it begin with")
def begin_with():
    with Tree("-maxchild", "3", "-kill-timeout", "1234") as t:
        child = t.fork()
        for n in (ROOT, child):
            expect((A.ok, 3), t.option(n, MAXCHILD))
            expect((A.ok, 1234), t.option(n, KILL_TIMEOUT))
        t.fork()
        t.fork()
        expect((A.error, (A.limit, A.eagain, A.fork)), t.call(ROOT, "fork"))


@case("options: what is none")
def wrong():
    for args in (["-maxchild", "x"], ["-maxchild", "-1"], ["-kill-timeout"],
                 ["-kill-timeout", "2147483648"], ["-nothing"], ["x"]):
        done = subprocess.run([tree.PROGRAM, *args], stdin=subprocess.DEVNULL,
                              capture_output=True)
        expect(2, done.returncode, repr(args))
        check(done.stderr and not done.stdout, "%r: %r", args, done)
