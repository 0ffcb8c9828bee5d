"""How children of other users are asked to end, which shell they have, and
what follows from the death of a launcher."""

import os
import signal

import proc
import world
from case import ERROR, OK, check, eventually, expect, rows, case
from etf import A
from family import mark
from suid import SLEEP, Suid, as_user
from traffic import node_dies
from world import ONE, STARTER, TWO
from rules import Rules, usual_rules

SECTION = "stops:"
NOLOGIN = "/usr/sbin/nologin"
LONG = (A.kill_timeout, 1000)
ENV = {"PATH": "/usr/bin:/bin", "SHELL": "/bin/sh"}


@rows(SECTION + " another user's child that is stopped hears the stop,", [
    ("SIGTERM", [], 15), ("{stop_signal, 10}", [(A.stop_signal, 10)], 10),
    ("kill_group", [A.kill_group, (A.stop_signal, 2)], 2),
])
def stopped(options, sig):
    with usual_rules, Suid("-debug", "1") as p:
        pid = p.run(SLEEP, [as_user(ONE), LONG, *options])
        os.kill(pid, signal.SIGSTOP)
        eventually(lambda: proc.state(pid) == "T", 2, "not stopped")
        expect(OK, p.ask(A.stop, pid))
        expect(0, p.exit(pid), "status")
        p.until_logged("pid %d ended by signal %d (" % (pid, sig))


@case(SECTION + " a shutdown reaches another user's stopped daemon")
def stopped_daemon():
    with usual_rules, Suid("-alarm", "1000") as p:
        pid = p.run("setsid sh -c 'echo $$; kill -STOP $$' & exec sleep 1000",
                    [A.stdout, as_user(ONE), LONG])
        p.until(lambda: p.out(pid).endswith(b"\n"), "a pid")
        daemon = int(p.out(pid))
        eventually(lambda: proc.state(daemon) == "T", 2, "not stopped")
        p.close_input()
        check(p.end() == 0, "exit %s", p.status)
        check(not proc.alive(daemon), "it lives")


@rows(SECTION + " root stops ours and the node dies, nothing is left:", [
    (" and ".join(roles), roles) for roles in (
        ["guard"], ["reaper"], ["priv"], ["broker", "worker"], ["launcher"],
        ["reaper", "priv", "broker", "worker"])], limit=90)
def part_stopped(roles):
    with usual_rules, Suid("-alarm", "1") as p:
        entry = mark()
        for name in (ONE, TWO):
            p.run("setsid sleep 1000 & exec sleep 1000",
                  [as_user(name), (A.env, [entry])])
            p.exit(p.run("setsid sleep 1000 & exit 0",
                         [as_user(name), (A.env, [entry])]))
        eventually(lambda: len(proc.marked(entry)) == 6, 5, "not up")
        ours = {**p.ring(), "launcher": p.launchers()[world.uid(ONE)]}
        for role in roles:
            os.kill(ours[role], signal.SIGSTOP)
        for role in roles:
            eventually(lambda role=role: proc.state(ours[role]) == "T", 2,
                       role + " runs")
        node_dies(p)
        p.end(40)
        check(not proc.marked(entry), "alive: %s", proc.marked(entry))


@case(SECTION + " a launcher's death: the port ends when nobody is left")
def launcher_dies():
    with usual_rules, Suid() as p:
        one = p.run(SLEEP, [as_user(ONE)])
        two = p.run(SLEEP, [as_user(TWO)])
        os.kill(p.launchers()[world.uid(ONE)], signal.SIGKILL)
        p.until_logged("launcher")
        expect(OK, p.ask(A.stop, two))
        p.exit(two)
        p.output_of(["/bin/true"], as_user(TWO))
        expect(OK, p.ask(A.stop, one))
        p.exit(one)
        check(p.end() == 5, "exit %s", p.status)
        p.close(code=5)


@case(SECTION + " a user whose shell is nologin has /bin/sh, under its rules")
def nologin_target():
    rules = 'permit news as %s cmd /bin/sh args -c "echo $0"\n' % TWO
    with Rules(rules), Suid() as p:
        check(p.output_of("echo $0", as_user(TWO)) == "/bin/sh\n", "another")
        p.refused("echo $1", as_user(TWO))
        p.refused(["/bin/sh", "-c", "echo"], as_user(TWO))


@rows(SECTION + " a starter whose SHELL is nologin:", [
    ("SHELL is nologin", NOLOGIN), ("SHELL is missing", "/no/such/shell")])
def nologin_starter(shell):
    """What is permitted is asked about the shell that is used."""
    rules = ('deny news as news\n'
             'permit news as news cmd /bin/sh args -c "echo $0"\n')
    with Rules(rules), Suid(env={**ENV, "SHELL": shell}) as p:
        check(p.output_of("echo $0") == "/bin/sh\n", "another")
        p.refused("echo $1")
        p.refused(["/bin/true"])
        told = p.logged("no shell")
        check(len(told) == 1 and shell not in told[0], "log %s", told)


@case(SECTION + " SHELL tells nothing of a file that he cannot reach")
def shell_hidden():
    """Both are no shell for him: one is there, the other is not."""
    directory = os.path.join(world.home, "hidden-shells")
    if not os.path.isdir(directory):
        os.mkdir(directory, 0o700)
    world.write(directory + "/sh", "#!/bin/sh\n", 0o755)
    said = []
    for name in ("sh", "none"):
        env = {**ENV, "SHELL": directory + "/" + name}
        with usual_rules, Suid(env=env) as p:
            check(p.output_of("echo $0") == "/bin/sh\n", "another")
            said.append([line.split(": ", 1)[1]
                         for line in p.logged("no shell")])
    check(said[0] == said[1] and len(said[0]) == 1, "log %s", said)


@case(SECTION + " text with a sign is compared as it was written")
def sign():
    rules = ('permit news as %s cmd /bin/sh args -c "-e now"\n'
             'permit news as %s cmd /bin/sleep\n' % (ONE, ONE))
    with Rules(rules), Suid() as p:
        pid = p.run("-e now", [A.stderr, as_user(ONE)])
        expect(127 << 8, p.exit(pid), "status")
        check(b"-e: not found" in p.out(pid, A.stderr), "%r",
              p.out(pid, A.stderr))
        p.refused("\n-e now", as_user(ONE))
        p.refused(" -e now", as_user(ONE))
        p.refused("+e now", as_user(ONE))
        expect(ERROR, p.ask(A.run, SLEEP, [
            as_user(ONE), (A.kill, "\n-e now")]))
        pid = p.run(SLEEP, [as_user(ONE), (A.kill, "-e now"), LONG])
        expect(OK, p.ask(A.stop, pid))
        expect(0, p.exit(pid), "status")


class LessRoot(Suid):
    """Started by root without a capability."""

    def __init__(self, name, *args):
        self.name = name
        super().__init__(*args, who="root")

    def _execve(self):
        os.execve("/usr/bin/setpriv", [
            "setpriv", "--bounding-set", "-" + self.name, self.program,
            *self.argv[1:]], self.env)


@rows(SECTION + " root without CAP_SYS_CHROOT:", [
    ("-user root", "root"), ("-user daemon", ONE)])
def no_chroot(user):
    with LessRoot("sys_chroot", "-user", user) as p:
        said = p.output_of(["/usr/bin/id", "-un"])
        check(said == user + "\n", "ran as %r", said)
        check(len(p.logged("chroot")) == 1, "log %s", p.log())
        for role in ("broker", "worker"):
            uid = proc.status(p.ring()[role])["Uid"].split()[0]
            check(int(uid) != 0, "%s: %s", role, uid)
        p.close()


@case(SECTION + " a starter who takes CAP_SYS_CHROOT away gains nothing")
def no_chroot_suid():
    class Less(Suid):
        def _exec(self, child_in, child_out):
            self.who = "root"
            super()._exec(child_in, child_out)

        def _execve(self):
            os.execve("/usr/bin/setpriv", [
                "setpriv", "--bounding-set", "-sys_chroot", "--reuid",
                STARTER, "--regid", str(world.gid(STARTER)), "--init-groups",
                self.program, *self.argv[1:]], self.env)
    with usual_rules, Less() as p:
        check(p.end() != 0, "it started")
        p.close(code=p.status)


@case(SECTION + " root of a user namespace with one id: plain")
def few_ids():
    class Under(Suid):
        def _execve(self):
            os.execve("/usr/bin/unshare", ["unshare", "-U", "-r",
                                           self.program, *self.argv[1:]],
                      self.env)
    with Under("-user", "root", who="root") as p:
        number = p.send((A.list,))
        p.answered(number)
        check(number in p.replies, "log %s", p.log())
        check(p.output_of(["/usr/bin/id", "-u"]) == "0\n", "another")
        p.close()
