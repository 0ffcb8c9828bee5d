"""The installed program, started by one of the users of world.py."""

import os

import port
import proc
import world
from case import check, eventually, expect
from etf import A
from native import Native

SLEEP = ["/bin/sleep", "1000"]
SPARED = set()      # pids of a case's own
RUNNING = []        # instances whose end nobody has looked at
CAPS = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")


def as_user(name):
    return (A.user, name)


def dropped(launcher):
    """Root's own, where root has started it all, drops nothing."""
    return (proc.status(launcher).get("Seccomp") == "2"
            or "launcher of root" in proc.title(launcher))


def is_keeper(pid):
    """By what it alone has open: a title may be cut, as argv[0] was short."""
    return "anon_inode:inotify" in proc.descriptors(pid).values()


class Suid(port.Port):
    """A Port whose starter is a user, by default the one with rules.

    who         the starter's name; "root" for a start by root
    program     another path than that of the installed one
    last        called in the starter, the last thing before its execve
    """

    def __init__(self, *args, who=world.STARTER, program=None, last=None,
                 cwd="/", **more):
        self.who, self.last = who, last
        self.program = program or port.PROGRAM
        super().__init__(*args, user=False, cwd=cwd, **more)
        RUNNING.append(self)

    def _exec(self, child_in, child_out):
        if self.who != "root":
            world.become(self.who)
        super()._exec(child_in, child_out)

    def _execve(self):
        self.argv[0] = self.program
        if self.last:
            self.last()
        super()._execve()

    def nothing_left(self, seconds=1):
        """As a Port's, but for processes that a case started itself, and
        those of another instance that runs."""
        if self in RUNNING:
            RUNNING.remove(self)

        def rest():
            others = [p.pid for p in RUNNING if proc.alive(p.pid)]
            for pid in list(others):
                others += proc.descendants(pid)
            spared = {self.pid, *SPARED, *others}
            proc.reap(keep=tuple(spared))
            return [p for p in proc.descendants(os.getpid())
                    if p not in spared]
        eventually(lambda: not rest(), seconds, lambda: (
            "left behind: %s" % [(p, proc.state(p), proc.title(p))
                                 for p in rest()][:5]))

    # The ring has a launcher for each target here.

    def ring(self):
        """{"guard", "reaper", "priv", "broker", "worker"}, "keeper"?; see
        launchers()."""
        if self.roles is None:
            self.roles = eventually(self._find_ring, 3, lambda: (
                "no ring below %d: %s" % (self.pid, [
                    (p, proc.title(p))
                    for p in proc.descendants(self.pid)])))
        return self.roles

    def _find_ring(self):
        """By what they run: a title may be cut, as argv[0] was short."""
        roles = {"guard": self.pid}
        for pid in proc.children(self.pid):
            if self._program(pid) == "proctor":
                roles["reaper"] = pid
        for pid in proc.children(roles.get("reaper", 0)):
            if self._program(pid) == "proctor":
                roles["priv"] = pid
        for pid in proc.children(roles.get("priv", 0)):
            for role in ("broker", "worker"):
                if self._program(pid) == "proctor-" + role:
                    roles[role] = pid
        if len(roles) != 5:
            return None
        keeper = self._find_keeper(roles["priv"])
        if keeper:
            roles["keeper"] = keeper
        return roles if keeper is not None else None

    def _find_keeper(self, priv):
        """0: there is none; None: one of them has not yet begun."""
        if world.groups_dir is None:
            return 0
        rest = [pid for pid in proc.children(priv)
                if self._program(pid) == "proctor"]
        found = [pid for pid in rest if is_keeper(pid)]
        if ids(priv, "Uid")[0] == world.uid(self.who):
            return found[0] if found else 0     # plain
        return found[0] if found else (
            0 if all(dropped(pid) for pid in rest) else None)

    def launchers(self):
        """{uid: pid}: a launcher has its target's file-system uid, once it
        has dropped what it was forked with; its filter is the last of that."""
        pids = [pid for pid in proc.children(self.ring()["priv"])
                if self._program(pid) == "proctor" and
                pid != self.ring().get("keeper")]
        if self.mode() == "privileged":
            eventually(lambda: all(dropped(pid) for pid in pids), 5,
                       "launchers start")
        return {ids(pid, "Uid")[3]: pid for pid in pids}

    def mode(self):
        """"plain" if the starter runs the parts himself."""
        mine = ids(self.ring()["priv"], "Uid")[0] == world.uid(self.who)
        return "plain" if mine else "privileged"

    def logged(self, word):
        """The lines of the log with this word."""
        return [line for line in self.log() if word in line]

    def until_logged(self, word, lines=1):
        eventually(lambda: len(self.logged(word)) >= lines, 3,
                   lambda: "no line with %r: %s" % (word, self.log()[-5:]))

    def output_of(self, cmd, *options):
        """What a command prints that ends with status 0."""
        pid = self.run(cmd, [A.stdout, (A.stderr, A.stdout), *options])
        status = self.exit(pid)
        check(status == 0, "%s: status %d, %r", cmd, status, self.out(pid))
        return self.out(pid).decode()

    def refused(self, cmd, *options):
        """A run that must be refused, with a line in the log."""
        before = len(self.log())
        reply = self.ask(A.run, cmd, list(options))
        check(isinstance(reply, tuple) and reply[0] == A.error,
              "expected {error, _}, got %s", reply)
        eventually(lambda: len(self.log()) > before, 3,
                   "refused without a line in the log")
        expect([], self.ask(A.list), "list")
        return reply


class NativeSuid(Native, Suid):
    """In the native dialect, where reasons are terms."""


def ids(pid, key):
    """The four of Uid or Gid, or all of Groups."""
    return [int(n) for n in proc.status(pid).get(key, "").split()]


def caps(pid):
    """{set: mask}"""
    status = proc.status(pid)
    return {key: int(status[key], 16) for key in CAPS}


def settled(pid, program):
    """Wait until a child has become its program, which then sleeps.

    Its loader has closed by then what that had open.
    """
    eventually(lambda: proc.comm(pid) == os.path.basename(program)
               and proc.state(pid) == "S", 3,
               lambda: "%d is %s still, %s" % (pid, proc.comm(pid),
                                               proc.state(pid)))
    return pid
