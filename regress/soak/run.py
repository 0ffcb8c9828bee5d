#!/usr/bin/env python3
"""Mixed load for long, and a random part killed again and again.

usage: run.py [-s SECONDS] [-e SECONDS] [-c CALLERS] [-r SEED] [-k KINDS]
              [BUILD]

Callers in a node (soak_*.erl) run, feed, stop and watch all kinds of things
by three instances. Every -e seconds (20) a random part of two of them gets
SIGKILL, or one of a tree of tasks of the third. Eight times all stand still,
and what the node and each part have is counted. At the end it says what was
lost, doubled or left; the exit status is 1 if anything was. As root it is
privileged mode in namespaces of its own (regress/priv/lib/world.py), else
what any user can have.
"""

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
REGRESS = os.path.dirname(HERE)
CLIENT = os.path.join(os.path.dirname(REGRESS), "client/proctor")
sys.path[1:1] = [REGRESS + "/priv/lib", REGRESS + "/port/lib"]

import apart      # noqa: E402
import case       # noqa: E402
import measure    # noqa: E402
import node       # noqa: E402
import parts      # noqa: E402
import proc       # noqa: E402
import runner     # noqa: E402
import verdict    # noqa: E402
import world      # noqa: E402

RESTS = 8
SETTLE = 20         # seconds that what was left behind has to be gone
STRUCK = ("struck", "plain")
RULES = "permit :%s as %s\n" % (world.GROUP, world.STARTER) + world.RULES


class Soak:
    """One run; faults has what it finds besides what the node tells."""

    def __init__(self, the_node, args, groups):
        self.node, self.args, self.groups = the_node, args, groups
        self.random = random.Random(args.seed)
        self.begun = time.monotonic()
        self.rests, self.faults, self.struck = [], [], {}

    def seconds(self):
        return time.monotonic() - self.begun

    def fault(self, kind, text):
        self.faults.append((kind, text))
        print("  fault %s %s" % (kind, text), flush=True)

    def where(self):
        """{instance: guard} of those that are there."""
        return {instance: pid for instance, pid in
                self.node.ask("where", "where").items() if pid}

    # Deaths ---

    def candidates(self):
        """[(instance, role, pid)]; each role is as likely as any other."""
        where = self.where()
        found = []
        for instance, guard in where.items():
            if instance in STRUCK:
                found += [(instance, role, pid) for role, pid in
                          parts.ring(guard).items()]
                continue
            tasks = parts.tasks(guard)
            if tasks:
                found.append((instance, "task", self.random.choice(tasks)))
        return found

    def strike(self):
        found = self.candidates()
        roles = sorted({role for _, role, _ in found})
        if not roles:
            return
        role = self.random.choice(roles)
        instance, _, pid = self.random.choice(
            [one for one in found if one[1] == role])
        kind = role.split(" ")[0]
        self.node.ask("strike %s %s" % (instance, kind), "struck")
        still = parts.is_task if kind == "task" else (
            lambda p: parts.role(p) == role)
        if parts.strike(pid, still):
            self.struck[kind] = self.struck.get(kind, 0) + 1

    # Rests ---

    def left(self):
        """What is left behind once it has had time to go."""
        deadline = time.monotonic() + SETTLE
        while True:
            proc.reap()
            where = self.where()
            found = measure.strangers(self.node.pid, where)
            if not found or time.monotonic() > deadline:
                return where, found
            time.sleep(0.1)

    def rest(self):
        figures = self.node.ask("rest", "rested")
        where, found = self.left()
        for pid in found:
            self.fault("process", "%d %s: %s" % (
                pid, proc.state(pid), proc.title(pid)))
        values = measure.rest(self.node.pid, where, figures)
        values["groups", "number"] = len(measure.below(self.groups))
        self.rests.append((self.seconds(), values))
        print("%6.0f s: %d operations, %d struck, node %d KiB, %d faults" % (
            self.seconds(), figures["operations"],
            sum(self.struck.values()), values["node", "kib"],
            len(self.faults) + len(self.node.faults)), flush=True)
        self.node.ask("go", "going")

    # All of it ---

    def run(self):
        """The counts."""
        step = self.args.seconds / RESTS
        strike = self.args.every / 2
        for number in range(1, RESTS + 1):
            strike = max(strike, self.seconds() + 1)
            while self.seconds() < number * step:
                if self.seconds() >= strike:
                    self.strike()
                    strike += self.args.every
                time.sleep(0.1)
            self.rest()
        counts = self.node.end()
        self.end()
        return counts

    def end(self):
        """Nothing is left."""
        for text in verdict.grown(self.rests, self.args.seconds):
            self.fault("leak", text)
        deadline = time.monotonic() + SETTLE
        while time.monotonic() < deadline:
            proc.reap()
            if not proc.descendants(os.getpid()) and not measure.below(
                    self.groups):
                return
            time.sleep(0.1)
        for pid in proc.descendants(os.getpid()):
            self.fault("process", "at the end: " + proc.title(pid))
        for path in measure.below(self.groups):
            self.fault("group", path)


def say(soak, counts, args):
    """The report; how many faults there were."""
    print("\n".join(verdict.table(soak.rests)))
    for what in ("done", "cut", "struck", "died"):
        print("%-7s %s" % (what, ", ".join(
            "%s %d" % (key.split(".")[1], counts[key])
            for key in sorted(counts) if key.startswith(what + "."))))
    print("killed  " + ", ".join("%s %d" % one
                                 for one in sorted(soak.struck.items())))
    faults = soak.faults + soak.node.faults
    kinds = ("lost", "doubled", "bytes", "answer", "unexplained", "stuck",
             "crash", "process", "group", "leak")
    print("faults  " + ", ".join(
        "%s %d" % (kind, max(sum(1 for k, _ in faults if k == kind),
                             counts.get("fault." + kind, 0)))
        for kind in kinds))
    print("soak: %d operations, %d bytes, %d killed, %d faults, seed %d" % (
        counts.get("operations", 0), counts.get("bytes", 0),
        sum(soak.struck.values()), len(faults), args.seed), flush=True)
    return len(faults)


def soaked(args, directory, program, plain, groups, become=None,
           home="/"):
    """Start the node, and all of it; how many faults there were."""
    files = os.path.join(directory, "files")
    os.mkdir(files, 0o700)
    if become:
        os.chown(files, world.uid(world.STARTER), world.gid(world.STARTER))
    beams = os.path.join(directory, "beams")
    node.compile_to(beams, HERE, CLIENT)
    with open(args.log, "wb") as log:
        env = node.environment(home, files, args, program, plain,
                               become is not None)
        try:
            soak = Soak(node.Node(beams, env, log, become), args, groups)
            return say(soak, soak.run(), args)
        except node.Gone as e:
            print("soak: the node: %s" % e, flush=True)
            return 1
        finally:
            proc.kill_all()


def in_world(args, directory, libexec):
    """As root, in namespaces."""
    said = world.enter(directory, libexec)
    if said is not None:
        print(said)
        return 1
    world.conf(RULES)
    os.umask(0o022)
    plain = world.copy_programs("plain")
    shutil.copy(os.path.join(world.folder, "proctor-task"), plain)
    groups = [world.groups_dir] if world.groups_dir else []
    groups += [tree for tree, _ in world.old_trees()]
    return soaked(args, directory, world.folder + "/proctor",
                  plain + "/proctor", groups,
                  lambda: world.become(world.STARTER),
                  os.path.join(directory, world.STARTER))


def as_anybody(args, directory):
    proc.become_subreaper()
    program = os.path.abspath(args.build + "/proctor")
    return soaked(args, directory, program, program, [])


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-s", dest="seconds", type=int, default=3600)
    parser.add_argument("-e", dest="every", type=float, default=20)
    parser.add_argument("-c", dest="callers", type=int, default=50)
    parser.add_argument("-r", dest="seed", type=int,
                        default=random.SystemRandom().randrange(1 << 31))
    parser.add_argument("-k", dest="kinds", default="",
                        help="only these of what callers do: pause,echo")
    parser.add_argument("build", nargs="?", default="build")
    args = parser.parse_args()
    args.log = os.path.abspath(args.build + "/soak.log")
    return args


def main():
    args = arguments()
    world.build = args.build
    runner.not_ignored()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    print("soak: %d s, %d callers, a part killed every %g s, seed %d" % (
        args.seconds, args.callers, args.every, args.seed), flush=True)
    root = case.ROOT and case.LAUNCHER
    directory = world.directory() if root else tempfile.mkdtemp()
    try:
        if root:
            libexec = os.environ.get("PRIV_LIBEXECDIR", "/usr/local/libexec")
            faults = apart.apart(lambda: in_world(args, directory, libexec))
        else:
            faults = as_anybody(args, directory)
    finally:
        shutil.rmtree(directory)
    return 1 if faults != 0 else 0


if __name__ == "__main__":
    sys.exit(main())
