"""The matrix of death of the installed program, with children of another
user: see regress/port/lib/deaths.py."""

import os

import cgroups
import deaths
import world
from case import Skip, case, check, rows
from cgroups import Place
from suid import SPARED, Suid, as_user
from world import ONE, STARTER, TWO

SECTION = "deaths:"


class Inside(Suid):
    """In a place of its own, which no start of another case sweeps."""

    def __init__(self, *args, place, **more):
        self.place = place
        super().__init__(*args, **more)

    def _exec(self, child_in, child_out):
        cgroups.write(self.place.path + "/cgroup.procs", 0)
        super()._exec(child_in, child_out)


class Nowhere(Inside):
    """Where no tree is mounted."""

    def _exec(self, child_in, child_out):
        world.hide_groups(None)
        Suid._exec(self, child_in, child_out)


MODES = {"set-user-ID, no groups": Nowhere, "set-user-ID, groups": Inside}


@rows(SECTION, deaths.matrix(MODES), limit=120)
def dies(mode, sig, parts):
    if world.groups_dir is None:
        raise Skip("no control groups here")
    # No children of other users make a user namespace.
    with Place() as place, MODES[mode]("-alarm", "1", place=place) as p:
        marks = deaths.start(p, [as_user(ONE)], but=["namespace"])
        ring = {**p.ring(), "launcher": p.launchers()[world.uid(ONE)]}
        check(p.mode() == "privileged", "it is plain")
        deaths.judge(p, ring, marks, mode, sig, parts)


def starter_may_signal(pid):
    """Not by a child: by whoever has started it."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            world.become(STARTER)
            os.kill(pid, 0)
        except PermissionError:
            status = 0
        finally:
            os._exit(status)
    SPARED.add(child)
    status = os.waitpid(child, 0)[1]
    SPARED.discard(child)
    return status != 0


@case(SECTION + " no child of another user, and no starter, may signal a part")
def may():
    """Nor the launcher of the same user, and of another."""
    with Suid() as p:
        p.exit(p.run(["/bin/true"], [as_user(TWO)]))
        ring = {**p.ring(), **{"launcher of %d" % uid: pid
                               for uid, pid in p.launchers().items()}}
        check(len(ring) >= 7, "ring %s", ring)
        for name in (ONE, TWO):
            may = deaths.may_signal(p, ring, [as_user(name)])
            check(not may, "%s: %s", name, may)
        may = [part for part in ring if starter_may_signal(ring[part])]
        check(not may, "%s: %s", STARTER, may)
