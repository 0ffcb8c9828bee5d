"""The control group that an instance makes for itself, and what whoever has
the one that it was started in can do."""

import os
import signal
import time

import port
import proc
import world
from case import Skip, case, check, eventually, expect, rows
from cgroups import write
from etf import A
from native import Native
from suid import SLEEP, SPARED, Suid, as_user
from world import ONE, STARTER, UNRULED, group_of
from rules import Rules, usual_rules

SECTION = "groups:"
SHOTS = 40
OWNED = (".", "cgroup.procs", "cgroup.threads", "cgroup.subtree_control",
         "cgroup.kill", "cgroup.freeze")
DAEMON = "setsid sh -c 'echo $$; exec sleep 1000' & exec sleep 1000"


def instances(place=""):
    """The groups that are there, of living and of dead."""
    path = world.groups_dir + place + "/proctor"
    return sorted(d for d in os.listdir(path) if d[0].isdigit()) \
        if os.path.isdir(path) else []


class Group:
    """A group that somebody owns, as a service or a session is delegated."""

    number = 0

    def __init__(self, owner):
        if world.groups_dir is None:
            raise Skip("no control groups here")
        Group.number += 1
        self.name = "/owned%d" % Group.number
        self.path = world.groups_dir + self.name
        self.owner = owner

    def __enter__(self):
        os.mkdir(self.path)
        for name in OWNED:
            os.chown(os.path.join(self.path, name), world.uid(self.owner), -1)
        return self

    def __exit__(self, *args):
        write(self.path + "/cgroup.kill", 1)
        for directory, _, _ in os.walk(self.path, topdown=False):
            eventually(lambda d=directory: not self._busy(d), 3,
                       "%s is busy" % directory)

    @staticmethod
    def _busy(directory):
        try:
            os.rmdir(directory)
        except OSError:
            return True
        return False

    def attack(self, function):
        """Call it as the owner; what it returned, 0 to 255."""
        pid = os.fork()
        if pid == 0:
            result = 255
            try:
                world.become(self.owner)
                result = function()
            finally:
                os._exit(result)
        SPARED.add(pid)
        status = os.waitpid(pid, 0)[1]
        SPARED.discard(pid)
        return os.waitstatus_to_exitcode(status)


class Inside(Suid):
    """Started by somebody in his group."""

    def __init__(self, group, *args, **more):
        self.group = group
        super().__init__(*args, **more)

    def _exec(self, child_in, child_out):
        write(self.group.path + "/cgroup.procs", 0)
        super()._exec(child_in, child_out)


def daemon(p):
    """A process of another user's that its child has left behind."""
    pid = p.run(DAEMON, [A.stdout, as_user(ONE)])
    p.until(lambda: p.out(pid).endswith(b"\n"), "a pid")
    return int(p.out(pid))


def kill_at_once(pids):
    """None of them sees another's end; the lowest first, as a stopped one
    whose group is orphaned is continued."""
    pids = list(pids)
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    for pid in pids:
        eventually(lambda pid=pid: proc.state(pid) == "T", 2, "runs")
    for pid in reversed(pids):
        os.kill(pid, signal.SIGKILL)


def nothing_of(user):
    """Whatever becomes of an instance: nothing of that user's is left."""
    uid = world.uid(user)
    mine = proc.descendants(os.getpid())
    return not [pid for pid in mine if proc.alive(pid)
                and int(proc.status(pid).get("Uid", "-1").split()[0]) == uid]


def kill_whole(group, _):
    def function():
        write(group.path + "/cgroup.kill", 1)
        return 0
    return function


def kill_apart(group, pids):
    """Those who could still end the others are moved together first."""
    def function():
        trap = group.path + "/trap"
        os.mkdir(trap)
        for pid in pids:
            try:
                write(trap + "/cgroup.procs", pid)
            except OSError:
                pass
        write(trap + "/cgroup.kill", 1)
        return 0
    return function


@rows(SECTION + " who owns the starter's group", [
    ("and kills all of it leaves nothing of others'", kill_whole),
    ("and kills guard, reaper and priv leaves nothing of others'",
     kill_apart)])
def owner(how):
    with usual_rules, Group(STARTER) as group, Inside(group) as p:
        left = daemon(p)
        pids = [p.ring()[role] for role in ("guard", "reaper", "priv")]
        check(group.attack(how(group, pids)) == 0, "the attack failed")
        time.sleep(0.1)
        p.close_input()
        p.end()
        eventually(lambda: not proc.alive(left), 2, "a daemon is left")
        check(p.status == 0, "status %s, log %s", p.status, p.log())
        p.close()


@case(SECTION + " who owns the starter's group freezes nothing of others'")
def freeze():
    with usual_rules, Group(STARTER) as group, Inside(group) as p:
        daemon(p)

        def function():
            write(group.path + "/cgroup.freeze", 1)
            return 0
        check(group.attack(function) == 0, "the attack failed")
        p.output_of(["/bin/true"], as_user(ONE))


@case(SECTION + " killed at any moment of its start it leaves nothing",
      limit=60)
def shots():
    for shot in range(SHOTS):
        with usual_rules, Group(STARTER) as group:
            p = Inside(group)
            p.send((A.run, SLEEP, [as_user(ONE)]))
            p.pump(0, lambda: False)
            time.sleep(shot * 0.002)
            group.attack(kill_whole(group, None))
            p.close_input()
            p.end()
            eventually(lambda: nothing_of(ONE), 3, "shot %d" % shot)
            p.close(code=p.status)


@case(SECTION + " all but guard and reaper are in it, and it is gone at the "
      "end")
def inside():
    if world.groups_dir is None:
        raise Skip("no control groups here")
    before = instances()
    with usual_rules, Suid() as p:
        p.run(SLEEP, [as_user(ONE)])
        new = [d for d in instances() if d not in before]
        check(len(new) == 1, "instances %s", new)
        own = "/proctor/" + new[0]
        ring = p.ring()
        for role, pid in ring.items():
            want = ("/proctor/guards" if role in ("guard", "reaper")
                    else own + "/ring")
            check(group_of(pid) == want, "%s is in %s", role, group_of(pid))
        below = proc.descendants(ring["priv"])
        eventually(lambda: not [
            pid for pid in p.launchers().values()
            if group_of(pid) == own + "/ring"], 2, "launchers in the ring")
        users = {group_of(pid) for pid in below} - {own + "/ring"}
        check(users == {own + "/t%d/launch" % n for n in range(len(users))}
              and len(users) > 1, "%s", users)
        for pid in below:
            check(group_of(pid) in users or pid in ring.values(),
                  "%s is in %s", proc.title(pid), group_of(pid))
        owner = os.stat("/proc/%d" % ring["priv"]).st_uid or \
            int(proc.status(ring["priv"])["Uid"].split()[0])
        for name, who, mode in (
                ("/proctor", 0, 0o731), ("/proctor/guards", 0, 0o700),
                (own, owner, 0o711), (own + "/cgroup.procs", 0, 0o644),
                (own + "/cgroup.subtree_control", 0, 0o644),
                (own + "/ring", 0, 0o700), (own + "/t0", owner, 0o711),
                (own + "/t0/cgroup.procs", owner, 0o644),
                (own + "/t0/launch", 0, 0o700)):
            st = os.stat(world.groups_dir + name)
            check((st.st_uid, st.st_mode & 0o7777) == (who, mode),
                  "%s: owner %d, mode %o", name, st.st_uid, st.st_mode)
    check(instances() == before, "left: %s", instances())


@case(SECTION + " where the starter's group is root's it is below that")
def nearest():
    with usual_rules, Group("root") as outer:
        inner = outer.path + "/inner"
        os.mkdir(inner)
        os.chown(inner, world.uid(STARTER), -1)
        group = Group(STARTER)
        group.path = inner
        for where, who in (("above a user's", group),
                           ("below root's own", outer)):
            with Inside(who) as p:
                p.output_of(["/bin/true"], as_user(ONE))
                found = group_of(p.ring()["priv"])
                check(found.startswith(outer.name + "/proctor/"),
                      "%s: %s", where, found)
            check(instances(outer.name) == [], "%s: left", where)


@rows(SECTION + " where root's file says:", [
    ("there is one", True), ("none is there yet", False)])
def named(there):
    with Group("root") as group:
        place = group.name + "/a/b"
        if there:
            os.makedirs(group.path + "/a/b")
        with Rules("cgroup %s\n" % place + world.RULES), Suid() as p:
            p.output_of(["/bin/true"], as_user(ONE))
            found = group_of(p.ring()["priv"])
            check(found.startswith(place + "/proctor/"), "found %s", found)
        check(instances(place) == [], "left")


@case(SECTION + " root's file says where, and others can write there: none")
def named_loose():
    with Group(STARTER) as group:
        text = "cgroup %s\n%s" % (group.name, world.RULES)
        with Rules(text), Suid() as p:
            p.output_of(["/bin/true"], as_user(ONE))
            check(group_of(p.ring()["priv"]) == "/", "it has one")
            check(len(p.logged("/etc/proctor.conf: cgroup: ")) == 1,
                  "log %s", p.log())
        check(not os.path.exists(group.path + "/proctor"), "something made")


@case(SECTION + " root's file says where: not if nothing in it is for the "
      "starter")
def named_plain():
    with Group("root") as group:
        text = "cgroup %s\npermit games as bin\n" % group.name
        with Rules(text), Suid() as p:
            expect([], p.ask(A.list))
            found = group_of(p.ring()["priv"])
            check(not found.startswith(group.name), "found %s", found)
        check(not os.path.exists(group.path + "/proctor"), "something made")


@case(SECTION + " what guard, reaper and priv leave that die at once goes "
      "with the next start")
def swept():
    if world.groups_dir is None:
        raise Skip("no control groups here")
    before = instances()
    with usual_rules:
        p = Suid()
        left = daemon(p)
        kill_at_once(p.ring()[role] for role in ("guard", "reaper", "priv"))
        p.end()
        check(proc.alive(left), "the daemon is dead already")
        SPARED.add(left)
        p.close(code=p.status)
        SPARED.discard(left)
        with Suid() as q:
            q.output_of(["/bin/true"], as_user(ONE))
            check(not proc.alive(left), "a daemon is left")
            check(len(q.logged("left processes")) == 1, "log %s", q.log())
    check(instances() == before, "left: %s", instances())


@case(SECTION + " a fork bomb dies with a reaper that is killed")
def bomb():
    """Each of its processes has ended before anybody could look for it."""
    code = ("import os, time\n"
            "print(1, flush=True)\n"
            "while True:\n"
            "    if os.fork():\n"
            "        os._exit(0)\n"
            "    os.setsid()\n")
    with usual_rules, Suid() as p:
        pid = p.run(["/usr/bin/python3", "-c", code],
                    [A.stdout, as_user(ONE)])
        p.until(lambda: p.out(pid), "it runs")
        os.kill(p.ring()["reaper"], signal.SIGKILL)
        p.end()
        check(p.status == 5, "status %s", p.status)
        check(nothing_of(ONE), "it lives")
        p.close(code=5)


@case(SECTION + " an instance in a child of another is beside it, not in it")
def nested():
    if world.groups_dir is None:
        raise Skip("no control groups here")
    before = instances()
    with Suid("-user", "root", who="root") as p:
        pid = p.run([port.PROGRAM, "-user", "root"], [A.stdin, A.stdout])
        found = eventually(lambda: [d for d in instances()
                                    if d not in before][1:], 3,
                           "one instance only")
        check(found, "none")
        p.send((A.stdin, pid, A.eof))
        p.exit(pid)
    check(instances() == before, "left: %s", instances())


@rows(SECTION + " where none can be made it goes on:", [
    ("only to be read", "ro"), ("none is mounted", None)])
def none(how):
    """The world has one tree: what is done to it is for one process."""
    class Without(Suid):
        def _exec(self, child_in, child_out):
            world.hide_groups(how)
            super()._exec(child_in, child_out)
    if world.groups_dir is None:
        raise Skip("no control groups here")
    with usual_rules, Without() as p:
        p.output_of(["/bin/true"], as_user(ONE))
        check(group_of(p.ring()["priv"]) == "/", "it has one")
        check(len(p.logged("no control group: ")) == 1, "log %s", p.log())


@case(SECTION + " one line says where they are")
def told():
    with usual_rules, Suid() as p:
        p.output_of(["/bin/true"], as_user(ONE))
        path = group_of(p.ring()["priv"]).removesuffix("/ring")
        check(len(p.logged("control group")) == 1, "log %s", p.log())
        check(p.logged("control group %s, controllers" % path), "log %s",
              p.log())


@case(SECTION + " plain: nobody is told who has not asked")
def told_plain():
    for flags, lines in (((), 0), (("-debug", "1"), 1)):
        with Group(UNRULED) as group, Plain(group, *flags) as p:
            check(len(p.logged("control group")) == lines, "log %s", p.log())


class Old(Suid):
    """Started where there are trees of version 1 only."""

    def _exec(self, child_in, child_out):
        world.hide_groups("old")
        super()._exec(child_in, child_out)


@case(SECTION + " where there is version 1 only its freezer contains")
def old():
    world.freezer()
    with usual_rules, Old() as p:
        left = daemon(p)
        ring = p.ring()
        own = world.old_group_of(ring["priv"]).removesuffix("/ring")
        check(own.startswith("/proctor/"), "%s", own)
        for role in ("guard", "reaper"):
            expect("/proctor/guards", world.old_group_of(ring[role]), role)
        check(world.old_group_of(left).startswith(own + "/t"), "%s",
              world.old_group_of(left))
        check("keeper" in ring, "%s", ring)
        kill_at_once(ring[role] for role in ("reaper", "priv"))
        p.end()
        check(not proc.alive(left), "a daemon is left")
        check(not os.path.isdir(world.freezer() + own), "its group is left")
        p.close(code=p.status)


# Without other rights -----------------------------------------------------

class Plain(Native, Inside):
    """Started by somebody who has no rule, in a group that is his."""

    def __init__(self, group, *args, **more):
        super().__init__(group, *args, who=UNRULED, hello=False, **more)
        self.groups = self.ask(A.hello, {A.version: 1})[1][A.cgroup]

    def leaf(self, command, options=()):
        """Run it in a leaf, until it has written a line: pid and line."""
        pid = self.ask(A.run, command, [A.stdout, (A.cgroup, True),
                                        *options])[1]
        self.until(lambda: self.out(pid).endswith(b"\n"), "a line")
        return pid, self.out(pid).decode().strip()


def plain_instances(group):
    return sorted(d for d in os.listdir(group.path)
                  if d.startswith("proctor."))


@case(SECTION + " plain: in a delegated group the instance has its own")
def plain():
    with Group(UNRULED) as group, Plain(group) as p:
        mine = plain_instances(group)
        check(len(mine) == 1, "instances %s", mine)
        own = "%s/%s" % (group.name, mine[0])
        expect({A.path: own.encode(), A.controllers: [], A.kill: A.true},
               {**p.groups, A.controllers: []})
        ring = p.ring()
        for role, pid in ring.items():
            want = (group.name if role in ("guard", "reaper")
                    else own + "/ring")
            expect(want, group_of(pid), role)
        check("keeper" in ring, "%s", ring)
        pid, line = p.leaf("cat /proc/self/cgroup | grep ^0; exec sleep 9")
        check(line.startswith("0::%s/t0/c" % own), "%s", line)
        p.ask(A.stop, pid)
        p.exit(pid)
        eventually(lambda: not os.path.isdir(world.groups_dir + line[3:]),
                   2, "its leaf is left")
        p.close_input()
        p.end()
        expect([], plain_instances(group))


@case(SECTION + " plain: who has hidden goes with its leaf")
def plain_family():
    with Group(UNRULED) as group, Plain(group) as p:
        pid, left = p.leaf("setsid sh -c 'echo $$; exec sleep 1000' & "
                           "sleep 0.1")
        p.exit(pid)
        check(not proc.alive(int(left)), "%s lives", left)


@case(SECTION + " plain: what guard, reaper, priv and keeper leave that die "
      "at once goes with the next start")
def plain_swept():
    with Group(UNRULED) as group:
        p = Plain(group)
        left = int(p.leaf("setsid sh -c 'echo $$; exec sleep 1000' & "
                          "exec sleep 1000")[1])
        kill_at_once(p.ring()[role] for role in ("guard", "reaper", "priv",
                                             "keeper"))
        p.end()
        SPARED.add(left)
        p.close(code=p.status)
        SPARED.discard(left)
        check(proc.alive(left), "it is dead already")
        expect(1, len(plain_instances(group)))
        with Plain(group) as q:
            check(not proc.alive(left), "it is left")
            check(len(q.logged("left processes")) == 1, "log %s", q.log())
            expect(1, len(plain_instances(group)))


@rows(SECTION + " plain: -cgroup", [
    ("names a group that is there", "inner"),
    ("has it made", "made"),
    ("has several made", "a/b/c")])
def plain_named(path):
    with Group(UNRULED) as group:
        os.mkdir(group.path + "/inner")
        for name in OWNED:
            os.chown(os.path.join(group.path, "inner", name),
                     world.uid(UNRULED), -1)
        named = "%s/%s" % (group.name, path)
        with Plain(group, "-cgroup", named.lstrip("/")) as p:
            found = p.groups[A.path].decode()
            check(found.startswith(named + "/proctor."), "%s", found)
            _, line = p.leaf("cat /proc/self/cgroup | grep ^0; exec sleep 9")
            check(line.startswith("0::" + found), "%s", line)
        expect([], [f for f in os.listdir(group.path + "/" + path)
                    if f.startswith("proctor")])


@rows(SECTION + " plain: there are no leaves, and it says why:", [
    ("its group is root's", None, (), b"none can be made in /: "),
    ("-cgroup names root's", UNRULED, ("-cgroup", "x"), b"no place for one: "),
    ("-cgroup with dots", UNRULED, ("-cgroup", "../x"),
     b"no place for one: Invalid argument")])
def plain_none(owner, flags, why):
    with Group(owner or "root") as group:
        group.path = group.path if owner else world.groups_dir
        with Plain(group, *flags) as p:
            check(why in p.groups, "%s", p.groups)
            check("keeper" not in p.ring(), "%s", p.ring())
            expect((A.error, (A.cgroup, A.enodev, p.groups)),
                   p.ask(A.run, ["/bin/true"], [(A.cgroup, A.true)]))
            expect(len(flags) // 2, len(p.logged("cgroup: ")))
        group.path = world.groups_dir + group.name


@case(SECTION + " -cgroup is not for who is given other rights")
def named_with_rights():
    with usual_rules:
        p = Suid("-cgroup", "x")
        p.end()
        check(p.status == 4 and p.logged("-cgroup"), "%s: %s", p.status,
              p.log())
        p.close(code=p.status)
