"""What is not ours stays alone: processes that the starter had before, whoever
they are, also where /proc shows nobody others' processes."""

import os
import signal
import socket

import proc
import world
from case import SLOW, any_build, case, check, eventually, expect, rows
from suid import SLEEP, SPARED, Suid, as_user, settled
from world import ONE, STARTER, STRANGER
from rules import usual_rules

SECTION = "apart:"
MS_REMOUNT = 32


class HidePid:
    """Only root, and who may trace a process, sees it in /proc."""

    def __init__(self, how):
        self.how = how

    def _set(self, how):
        world.mount("proc", "/proc", "proc", MS_REMOUNT, "hidepid=%d" % how)

    def __enter__(self):
        self._set(self.how)

    def __exit__(self, *args):
        self._set(0)


class Before(Suid):
    """One whose starter has a child that has children, each of a user, in a
    session and a group of their own; orphan() ends that child. others:
    pids."""

    def __init__(self, *users, **more):
        self.users = users
        self.told, self.tell = os.pipe()
        self.pids_in, self.pids_out = os.pipe()
        super().__init__(**more)
        os.close(self.told)
        os.close(self.pids_out)
        with os.fdopen(self.pids_in) as f:
            self.others = [int(word) for word in f.read().split()]
        SPARED.update(self.others)
        for pid in self.others:
            settled(pid, SLEEP[0])

    def _exec(self, child_in, child_out):
        if os.fork() == 0:
            self._parent()
        os.close(self.pids_out)
        super()._exec(child_in, child_out)

    def _parent(self):
        os.setsid()
        os.close(self.tell)
        group = 0
        for user in self.users:
            pid = os.fork()
            if pid == 0:
                os.setpgid(0, group)
                world.become(user)
                os.closerange(3, 100)
                os.execv(SLEEP[0], SLEEP)
            group = group or pid
            try:
                os.setpgid(pid, group)
            except PermissionError:
                pass
            os.write(self.pids_out, b"%d " % pid)
        os.close(self.pids_out)
        os.read(self.told, 1)
        os._exit(0)

    def orphan(self):
        os.close(self.tell)
        eventually(lambda: all(proc.parent(n) == self.pid
                               for n in self.others), 5, "no orphans")

    def end_others(self):
        for pid in self.others:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        SPARED.difference_update(self.others)
        proc.reap(keep=(self.pid,))


@rows(SECTION + " the reaper is killed, and the starter had", [
    ("a process of somebody else's", (STRANGER,), 0, 0),
    ("one that nobody can see", (STRANGER,), 2, 0),
    ("root's in a group of his", (STARTER, "root"), 0, 1),
    ("root's in a group of his that nobody can see", (STARTER, "root"), 2,
     1),
], limit=60)
@any_build
def had(users, hidden, spared):
    with usual_rules, HidePid(hidden), Before(*users) as p:
        try:
            p.output_of(["/bin/true"], as_user(ONE))
            p.orphan()
            parts = list(p.ring().values())
            os.kill(p.ring()["reaper"], signal.SIGKILL)
            expect(5, p.end(30), "exit")
            check(proc.alive(p.others[spared]), "it was killed")
            if not hidden:
                eventually(lambda: not any(map(proc.alive, parts)), 10,
                           "parts live")
        finally:
            p.end_others()
        p.closed = True


@case(SECTION + " where /proc hides processes orphans are ended all the same",
      limit=60)
@any_build
def hidden():
    with usual_rules, HidePid(2), Suid() as p:
        pid = p.run("setsid sleep 1000 & setsid sleep 1000 & exit 0",
                    [as_user(ONE)])
        expect(0, p.exit(pid))
        p.pump(0.2 * SLOW)
        check(len(proc.children(p.ring()["reaper"])) == 3, "no orphans")
        p.close_input()
        expect(0, p.end(20), "exit")
        check(not p.logged("answer"), "log %s", p.log())


class Neighbour(Suid):
    """One whose starter has another process in its session; join() tells how
    that fares that wants to be in a process group."""

    def __init__(self, **more):
        self.ours, self.theirs = socket.socketpair()
        super().__init__(**more)
        self.theirs.close()

    def _exec(self, child_in, child_out):
        os.setsid()
        self.session = False
        if os.fork() == 0:
            self._neighbour()
        super()._exec(child_in, child_out)

    def _neighbour(self):
        world.become(STARTER)
        self.ours.close()
        os.closerange(0, self.theirs.fileno())
        os.setpgid(0, 0)
        while True:
            group = self.theirs.recv(16)
            if not group:
                os._exit(0)
            try:
                os.setpgid(0, int(group))
                self.theirs.send(b"joined")
            except OSError as error:
                self.theirs.send(error.strerror.encode())

    def join(self, group):
        self.ours.send(b"%d" % group)
        return self.ours.recv(100).decode()

    def release(self):
        self.ours.close()
        super().release()


@rows(SECTION + " nobody whom the starter has in his session is in a group "
      "that is signalled with our rights:", [
          ("of his own child", []), ("of another user's", [as_user(ONE)])])
@any_build
def neighbour(options):
    with usual_rules, Neighbour() as p:
        expect("joined", p.join(p.pid))
        pid = p.run(SLEEP, options)
        settled(pid, SLEEP[0])
        expect("Operation not permitted", p.join(pid))
        p.ours.close()
        p.close()
