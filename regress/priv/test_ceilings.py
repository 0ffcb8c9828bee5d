"""Limits of control groups: what a rule gives its children, and what it lets
a request ask for. What a machine can limit is told in hello; what cannot be
had refuses the run."""

import os

import world
from case import Skip, case, check, eventually, expect, rows
from cgroups import spares
from etf import A
from native import Native, exited
from rules import Rules
from suid import SLEEP, Suid, as_user
from world import ONE, TWO, group_of

SECTION = "ceilings:"
RULE = "permit %s news as daemon\n"
BYTES = 1 << 20


class Limited(Native, Suid):
    """An instance that has leaves."""

    def hello(self):
        reply = super().hello()
        self.has = reply[1][A.cgroup]
        if not isinstance(self.has, dict):
            raise Skip("no control groups here: %s" % self.has)
        return reply

    def groups(self):
        """The groups of children that there are."""
        top = world.groups_dir + self.has[A.path].decode()
        return [d[len(world.groups_dir):] for d, _, _ in os.walk(top)
                if os.path.basename(d)[0] == "c"
                and os.path.basename(d)[1:].isdigit()
                and d not in self.spares(top)]

    @staticmethod
    def spares(top):
        """Those that are made ahead: one a user, or something is left."""
        found = spares(top)
        expect(len({os.path.dirname(d) for d in found}), len(found), "spares")
        return found

    def child(self, asked=None, cmd=None):
        """What becomes of a run as another user: a pid, or why not."""
        more = [] if asked is None else [(A.cgroup, asked)]
        return self.ask(A.run, cmd or SLEEP, [as_user(ONE)] + more)[1]

    def refuses(self, asked, *why, cmd=None):
        expect(why, self.child(asked, cmd), "answer")
        expect([], self.groups(), "groups are left")
        expect([], self.ask(A.list), "list")


@rows(SECTION + " a child has a group of its own if", [
    ("its rule says so", "cgroup", None, True),
    ("the request says so", "", A.true, True),
    ("the request has no limits", "", {}, True),
    ("both say so", "cgroup", A.true, True),
    ("nobody says so: none", "nice 5", None, False),
])
def own(word, asked, expected):
    with Rules(RULE % word), Limited() as p:
        pid = p.child(asked)
        expect([group_of(pid)] if expected else [], p.groups(), "groups")
        expect(A.ok, p.ask(A.stop, pid))
        told = p.exit(pid)
        expect(expected, A.cgroup in told, "in %s" % told)
        expect([], p.groups(), "left")


@case(SECTION + " the next of each user is made ahead, and is his alone")
def ahead():
    with Rules(RULE % "cgroup" + "permit news as %s\n" % TWO), Limited() as p:
        top = world.groups_dir + p.has[A.path].decode()
        made = {}
        for who in ONE, TWO:
            pid = p.run(["/bin/true"], [as_user(who), (A.cgroup, A.true)])
            p.exit(pid)
            eventually(lambda: len(p.spares(top)) == len(made) + 1, 5, "none")
            made[who], = set(p.spares(top)) - set(made.values())
        for who, told in made.items():
            check(os.stat(told).st_uid != world.uid(who), "it is his")
            pid = p.run(SLEEP, [as_user(who), (A.cgroup, A.true)])
            expect(told[len(world.groups_dir):], group_of(pid), "group")
        check(not p.spares(top), "%s", p.spares(top))


@rows(SECTION + " a request is refused that is above its rule:", [
    ("%s: %s" % (word, asked), word, asked, name)
    for word, asked, name in (
        ("memory 64M", {A.memory_max: 64 * BYTES + 1}, b"memory_max"),
        ("memory 64M", {A.memory_max: A.max}, b"memory_max"),
        ("memory 64M", {A.memory_high: A.max}, b"memory_high"),
        ("memory 64M", {A.memory_low: 65 * BYTES}, b"memory_low"),
        ("memory 64M", {A.memory_min: 65 * BYTES}, b"memory_min"),
        ("swap 0", {A.memory_swap_max: 1}, b"memory_swap_max"),
        ("pids 9", {A.pids_max: 10}, b"pids_max"),
        ("cpu 50%", {A.cpu_max: A.max}, b"cpu_max"),
        ("cpu 50%", {A.cpu_max: (500001, 1000000)}, b"cpu_max"),
        ("cpu_weight 9", {A.cpu_weight: 10}, b"cpu_weight"),
        ("io_weight 9", {A.io_weight: 10}, b"io_weight"),
        ("cpus 0-1", {A.cpuset_cpus: b"1-2"}, b"cpuset_cpus"),
        ("mems 0", {A.cpuset_mems: b"1"}, b"cpuset_mems"),
        ("io { 8:0 rbps=5 }", {A.io_max: [(b"8:0", {A.rbps: 6})]}, b"io_max"),
    )
])
def above(word, asked, name):
    with Rules(RULE % word), Limited() as p:
        p.refuses(asked, A.limit, A.eperm, name)
        lines = p.logged("permits less of " + name.decode())
        check(len(lines) == 1 and "line 1 " in lines[0], "log %s", p.log())


@rows(SECTION + " under cmd a request has no say:", [
    ("less than there is", "memory 64M", {A.memory_max: BYTES}, b"memory_max"),
    ("where there is none", "", {A.pids_max: 1}, b"pids_max"),
])
def fixed(word, asked, name):
    rule = (RULE % word).rstrip("\n") + " cmd /bin/true\n"
    with Rules(rule), Limited() as p:
        p.refuses(asked, A.limit, A.eperm, name, cmd=["/bin/true"])


@case(SECTION + " under cmd a request can have a group")
def fixed_group():
    with Rules("permit news as daemon cmd /bin/true\n"), Limited() as p:
        told = p.exit(p.child(A.true, ["/bin/true"]))
        expect(exited(0), told[A.status], "status")
        check(A.cgroup in told, "told %s", told)


def limit_of(pid, controller, files):
    """The first line of the file of its group, of whichever version."""
    path = world.groups_dir + group_of(pid) + "/" + files[0]
    if not os.path.exists(path):
        with open("/proc/mounts", encoding="ascii") as f:
            mounts = [x.split() for x in f]
        tops = [x[1] for x in mounts
                if x[2] == "cgroup" and controller in x[3].split(",")]
        with open("/proc/%d/cgroup" % pid, encoding="ascii") as f:
            below = [x.rstrip("\n").split(":", 2)[2] for x in f
                     if controller in x.split(":")[1].split(",")]
        path = tops[0] + below[0] + "/" + files[1]
    with open(path, encoding="ascii") as f:
        return f.readline().strip()


@rows(SECTION + " what a rule says a child has, or there is none:", [
    ("memory", "memory 64M", b"memory_max", ("memory.max",
     "memory.limit_in_bytes"), (str(64 * BYTES),), {A.memory_max: 32 * BYTES},
     {A.memory_max: 65 * BYTES}),
    ("pids", "pids 9", b"pids_max", ("pids.max", "pids.max"), ("9",),
     {A.pids_max: 3}, {A.pids_max: 10}),
    ("cpu", "cpu 50%", b"cpu_max", ("cpu.max", "cpu.cfs_quota_us"),
     ("50000 100000", "50000"), {A.cpu_max: (1000, 100000)},
     {A.cpu_max: A.max}),
])
def default(word, name, files, values, less, more):
    controller = word.split()[0]
    with Rules(RULE % word), Limited() as p:
        if controller not in [str(c) for c in p.has[A.controllers]]:
            p.refuses(None, A.cgroup, A.enodev, name)
            p.refuses(A.true, A.cgroup, A.enodev, name)
            return
        pid = p.child()
        found = limit_of(pid, controller, files)
        check(found in values, "it has %s", found)
        # Later, too: less, and no more than the rule's.
        expect(A.ok, p.ask(A.cgroup_set, pid, less))
        check(limit_of(pid, controller, files) not in values, "not set")
        expect((A.error, (A.limit, A.eperm, name)),
               p.ask(A.cgroup_set, pid, more))
        check(limit_of(pid, controller, files) not in values, "set back")
        expect(A.ok, p.ask(A.stop, pid))
        p.exit(pid)
