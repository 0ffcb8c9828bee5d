"""A system that lacks something, one thing after the other: the program is
started behind a filter that answers as an older kernel does, ENOSYS, or as a
container's runtime of that time, EPERM."""

import port
import proc
from case import OK, STARTED, Skip, case, check, expect, rows
from etf import A
from missing import FEATURES, without

SECTION = "2 a system without"
BOTH = ("ENOSYS", "EPERM")
NEEDED = ("seccomp",)
ROWS = [("%s, %s" % (feature, error), feature, error)
        for feature in FEATURES if feature not in NEEDED for error in BOTH]


class Port(port.Port):
    """One that is started on such a system."""

    def __init__(self, feature, error, *args, **more):
        self.take_away = without(feature, error)
        super().__init__(*args, **more)

    def _execve(self):
        self.take_away()
        super()._execve()


def converse(p):
    pid = p.run(["/bin/cat"], [A.stdin, A.stdout])
    p.stdin(pid, b"x" * 300000)
    p.until(lambda: len(p.out(pid)) == 300000, "all of it")
    p.stdin(pid, A.eof)
    expect(0, p.exit(pid), "status")


def move_much(p):
    pid = p.run("head -c 3000000 /dev/zero", [A.stdout])
    expect(0, p.exit(pid), "status")
    check(len(p.out(pid)) == 3000000, "%d bytes", len(p.out(pid)))


def stop_both(p):
    mild = p.run("sleep 1000", [])
    deaf = p.run("trap '' TERM; echo up; sleep 1000 & sleep 1000",
                 [A.stdout, (A.kill_timeout, 1), (A.group, 0), A.kill_group])
    p.until_out(deaf, b"up\n")
    expect(OK, p.ask(A.stop, mild))
    expect(0, p.exit(mild), "status")
    expect(OK, p.ask(A.stop, deaf))
    expect(0, p.exit(deaf), "status")


def use_terminal(p):
    pid = p.run("stty size; read x; echo .$x.; exit 3",
                [A.stdin, A.stdout, A.pty])
    p.until(lambda: b"\n" in p.out(pid), "a size")
    p.stdin(pid, b"word\n")
    expect(768, p.exit(pid), "status")
    check(b".word." in p.out(pid), "%r", p.out(pid))


def be_many(p):
    pids = [p.run("echo $$; (sleep 1000 &); exit 2", [A.stdout])
            for _ in range(20)]
    for pid in pids:
        expect(512, p.exit(pid), "status")
        expect(b"%d\n" % pid, p.out(pid), "output")
    for _ in range(20):
        expect(STARTED, p.ask(A.run, "exec sleep 1000", []))


@rows(SECTION, ROWS)
def lacks(feature, error):
    """A bit of everything, and children that are left to its end."""
    with Port(feature, error) as p:
        converse(p)
        move_much(p)
        stop_both(p)
        use_terminal(p)
        be_many(p)


def wants_filters():
    """A build for sanitizers has no sandbox, and misses none."""
    with port.Port() as p:
        expect([], p.ask(A.list))
        if proc.status(p.ring()["worker"]).get("Seccomp") != "2":
            raise Skip("this build has no filters")


@rows(SECTION, [("seccomp, %s" % e, e) for e in BOTH])
def refuses_filters(error):
    """Its filters are no kernel's that has none, which says EINVAL: who
    refuses them is not worked under."""
    wants_filters()
    with Port("seccomp", error) as p:
        status = p.end()
        check(status not in (None, 0), "exit %s", status)
        check(any("system call filter" in line for line in p.log()),
              "log %s", p.log())
        p.close(code=status)


@case(SECTION + " seccomp, EINVAL: it says so once, and works")
def has_no_filters():
    wants_filters()
    with Port("seccomp", "EINVAL") as p:
        converse(p)
        move_much(p)
        stop_both(p)
        use_terminal(p)
        be_many(p)
        said = [line for line in p.log() if "seccomp" in line
                or "filter" in line]
        check(len(said) == 1, "log %s", p.log())
