"""Children of another user, and what is refused."""

import contextlib
import os
import pwd
import re
import signal
import stat
import subprocess

import etf
import proc
import suid
import world
from case import (ERROR, OK, STARTED, Like, case, check, eventually, expect,
                  rows)
from etf import A
from trace import Held
from suid import SLEEP, SPARED, NativeSuid, Suid, as_user, settled
from world import ONE, STARTER, STRANGER, TWO, UNRULED
from rules import Place, Rules, usual_rules

SECTION = "users:"
DEAF = "trap '' TERM; echo deaf; while :; do sleep 0.05; done"
# A daemon: its own session, its parent gone.
DAEMON = ("setsid sh -c 'sleep 1000 & exec sleep 1000' "
          "</dev/null >/dev/null 2>&1 & echo up; exec sleep 1000")


# Identity ---

@rows(SECTION + " id as after a login:", [
    ("the starter", STARTER), ("one target", ONE), ("another", TWO)])
def identity(user):
    with usual_rules, Suid() as p:
        options = [] if user == STARTER else [as_user(user)]
        said = p.output_of(["/usr/bin/id"], *options)
        expected = world.login(user, "/usr/bin/id").decode()
        check(said == expected, "%r, not %r", said, expected)


@case(SECTION + " the starter's own name is the starter")
def own_name():
    with usual_rules, Suid() as p:
        said = p.output_of(["/usr/bin/id", "-un"], as_user(STARTER))
        check(said == STARTER + "\n", "%r", said)


@case(SECTION + " as user:group: that group is the primary one")
def other_group():
    with Rules("permit news as daemon:mail\n"), Suid() as p:
        said = p.output_of(["/usr/bin/id", "-gn"], as_user(ONE))
        check(said == "mail\n", "%r", said)
        said = p.output_of(["/usr/bin/id", "-gn"], as_user(ONE + ":mail"))
        check(said == "mail\n", "%r", said)
        p.refused(SLEEP, as_user(ONE + ":adm"))


@case(SECTION + " a user and that user with another group: two launchers")
def two_groups():
    with Rules("permit news as daemon:mail\npermit news as daemon\n"), \
            Suid() as p:
        for name, group in ((ONE, "daemon\n"), (ONE + ":mail", "mail\n")):
            said = p.output_of(["/usr/bin/id", "-gn"], as_user(name))
            check(said == group, "%s: %r", name, said)


@case(SECTION + " no capability and no way to one")
def no_caps():
    with usual_rules, Suid() as p:
        text = p.output_of(["/bin/cat", "/proc/self/status"], as_user(ONE))
        for key in suid.CAPS:
            found = re.search(r"%s:\s*(\w+)" % key, text).group(1)
            check(int(found, 16) == 0, "%s %s", key, found)
        check(re.search(r"NoNewPrivs:\s*1", text), "no_new_privs")


@case(SECTION + " exactly descriptors 0, 1 and 2, with many others running")
def three_descriptors():
    with usual_rules, Suid() as p:
        for user in (ONE, TWO, STARTER) * 3:
            pid = p.run(SLEEP, [A.stdin, A.stdout, A.stderr,
                                as_user(user)])
            settled(pid, SLEEP[0])
            # Once it sleeps, its loader has closed what that had open.
            eventually(lambda: proc.state(pid) == "S", 3, "no sleep")
            fds = proc.descriptors(pid)
            check(sorted(fds) == [0, 1, 2], "%s", fds)


@case(SECTION + " a set-user-ID program gains nothing")
def no_gain():
    path = world.home + "/suid-id"
    with open("/usr/bin/id", "rb") as f:
        data = f.read()
    with open(path, "wb") as f:
        f.write(data)
    os.chmod(path, 0o6755)
    with usual_rules, Suid() as p:
        said = p.output_of([path], as_user(ONE))
        check("euid" not in said and "egid" not in said, "%s", said)


SWITCH = """
import os, sys
for uid in (0, %d, %d, %d, 4242):
    for name, args in (("setuid", (uid,)), ("setreuid", (uid, uid)),
                       ("setresuid", (uid, uid, uid)), ("seteuid", (uid,)),
                       ("setgid", (uid,)), ("setgroups", ([uid],))):
        try:
            getattr(os, name)(*args)
            print(name, args, os.getresuid(), os.getresgid())
        except OSError:
            pass
print("end")
"""


@case(SECTION + " it can become nobody else, not even through a new user "
      "namespace")
def no_switch():
    code = SWITCH % (world.uid(TWO), world.uid(STARTER),
                     world.uid(world.PARTS))
    with usual_rules, Suid() as p:
        said = p.output_of(["/usr/bin/python3", "-c", code], as_user(ONE))
        check(said == "end\n", "%s", said)
        pid = p.run(["/usr/bin/unshare", "-U", "/bin/true"], [as_user(ONE)])
        check(p.exit(pid) != 0, "a user namespace was made")


@case(SECTION + " clone3 is ENOSYS, so that its flags cannot hide: threads "
      "work")
def threads():
    code = ("import threading; t = threading.Thread(target=print, "
            "args=('thread',)); t.start(); t.join()")
    with usual_rules, Suid() as p:
        said = p.output_of(["/usr/bin/python3", "-c", code], as_user(ONE))
        check(said == "thread\n", "%s", said)


# Files ---

@case(SECTION + " {stdout, File}: made by that user, in his directory")
def file_owner():
    path = Place(ONE).file("out")
    with usual_rules, Suid() as p:
        pid = p.run("echo hello", [(A.stdout, path), as_user(ONE)])
        expect(0, p.exit(pid), "status")
        st = os.stat(path)
        check((st.st_uid, st.st_gid) == (world.uid(ONE), world.gid(ONE)),
              "owner %d:%d", st.st_uid, st.st_gid)
        with open(path, encoding="utf-8") as f:
            check(f.read() == "hello\n", "not written")


def denied(options, *, cmd="echo hello", word="ermission denied"):
    with usual_rules, Suid() as p:
        reply = p.ask(A.run, cmd, options)
        expect((A.error, Like(word)), reply)
        expect([], p.ask(A.list))


@rows(SECTION + " refused by the system, as for that user:", [
    ("stdout to another user's directory", A.stdout, TWO),
    ("stderr to another user's directory", A.stderr, TWO),
    ("stdout to the starter's directory", A.stdout, STARTER),
    ("stdout to root's directory", A.stdout, "root"),
])
def file_denied(stream, owner):
    path = Place(owner).file("out")
    denied([(stream, path), as_user(ONE)])
    check(not os.path.exists(path), "it was made")


@rows(SECTION + " refused by the system, as for that user: stdin from", [
    ("another user's file", lambda: Place(TWO).file("in", "x")),
    ("the starter's file", lambda: Place(STARTER).file("in", "x")),
    ("/etc/shadow", lambda: "/etc/shadow"),
    ("priv's memory", lambda: "/proc/%d/mem" % os.getpid()),
])
def stdin_denied(path):
    denied([(A.stdin, path()), A.stdout, as_user(ONE)], cmd=["/bin/cat"])


@rows(SECTION + " an existing file of root's is not touched:", [
    ("truncated", []), ("appended to", [A.append]),
    ("given a mode", [(A.mode, 0o666)]),
])
def root_file(flags):
    path = os.path.join(world.home, "roots")
    world.write(path, "precious\n")
    option = (A.stdout, path, flags) if flags else (A.stdout, path)
    denied([option, as_user(ONE)])
    with open(path, encoding="utf-8") as f:
        check(f.read() == "precious\n", "it was")
    check(stat.S_IMODE(os.stat(path).st_mode) == 0o644, "its mode")


@case(SECTION + " a link of that user's to root's file opens nothing")
def link():
    world.write(os.path.join(world.home, "roots"), "precious\n", 0o600)
    path = Place(ONE).file("link")
    os.symlink(os.path.join(world.home, "roots"), path)
    denied([(A.stdout, path), as_user(ONE)])
    denied([(A.stdin, path), as_user(ONE)], cmd=["/bin/cat"])


@case(SECTION + " {cd, Dir} as that user")
def cd():
    with usual_rules, Suid() as p:
        said = p.output_of(["/bin/pwd"], as_user(ONE),
                           (A.cd, Place(ONE).path))
        check(said == Place(ONE).path + "\n", "%r", said)
    for owner in (TWO, STARTER, "root"):
        denied([(A.cd, Place(owner).path), as_user(ONE)])


@case(SECTION + " the program is looked for as that user")
def program_denied():
    path = Place(TWO).file("program", "#!/bin/sh\necho ran\n")
    os.chmod(path, 0o755)
    with usual_rules, Suid() as p:
        pid = p.run([path], [A.stdout, A.stderr, as_user(ONE)])
        expect(256, p.exit(pid), "status")
        check(b"ermission denied" in p.out(pid, A.stderr), "said %r",
              p.out(pid, A.stderr))


@rows(SECTION + " without {cd, Dir}: where the starter is,", [
    ("if that user may be there", lambda: world.home, lambda: world.home),
    ("else in /", lambda: Place(STARTER).path, lambda: "/"),
])
def directory(starters, expected):
    with usual_rules, Suid(cwd=starters()) as p:
        said = p.output_of(["/bin/pwd"], as_user(ONE))
        check(said == expected() + "\n", "%r", said)


# Terminals and pipes ---

@case(SECTION + " pty: the terminal is that user's, and /dev/tty opens")
def tty():
    with usual_rules, Suid() as p:
        pid = p.run("stat -c %U `tty`; echo tty >/dev/tty; "
                    "echo out >`tty`",
                    [A.stdin, A.stdout, A.pty, as_user(ONE)])
        expect(0, p.exit(pid), "status %r" % p.out(pid))
        check(p.out(pid).split() == [ONE.encode(), b"tty", b"out"],
              "said %r", p.out(pid))


@case(SECTION + " pipes: /dev/stdout and /dev/stderr can be opened again")
def reopen():
    with usual_rules, Suid() as p:
        pid = p.run("echo a >/dev/stdout; echo b >/dev/stderr; "
                    "cat /dev/stdin",
                    [A.stdin, A.stdout, A.stderr, as_user(ONE)])
        p.stdin(pid, b"c\n")
        p.stdin(pid, A.eof)
        expect(0, p.exit(pid), "status, %r" % p.out(pid, A.stderr))
        check(p.out(pid) == b"a\nc\n", "stdout %r", p.out(pid))
        check(p.out(pid, A.stderr) == b"b\n", "stderr %r",
              p.out(pid, A.stderr))


# Environment ---

def environ(text):
    return dict(line.split("=", 1) for line in text.splitlines())


@rows(SECTION + " environment of", [("one target", ONE), ("another", TWO)])
def default_environment(user):
    with usual_rules, Suid(env={"SECRET": "x", "PATH": "/evil",
                                "LD_DEBUG_OUTPUT": "/x", "HOME": "/evil",
                                "SHELL": "/bin/false"}) as p:
        env = environ(p.output_of(["/usr/bin/env"], as_user(user)))
        pw = pwd.getpwnam(user)
        check(sorted(env) == ["HOME", "LOGNAME", "PATH", "SHELL", "USER"],
              "%s", sorted(env))
        check((env["HOME"], env["USER"], env["LOGNAME"], env["SHELL"])
              == (pw.pw_dir, user, user, pw.pw_shell), "%s", env)
        check("/bin" in env["PATH"].split(":") and "evil" not in
              env["PATH"], "PATH %s", env["PATH"])


@case(SECTION + " environment: what was asked for is added and taken away")
def asked_environment():
    with usual_rules, Suid() as p:
        env = environ(p.output_of(
            ["/usr/bin/env"], as_user(ONE),
            (A.env, ["A=1", ("HOME", "/tmp"), ("SHELL", False)])))
        check((env.get("A"), env.get("HOME"), env.get("SHELL"))
              == ("1", "/tmp", None), "%s", env)
        env = environ(p.output_of(["/usr/bin/env"], as_user(ONE),
                                  (A.env, [A.clear, "A=1"])))
        check(env == {"A": "1"}, "%s", env)


@case(SECTION + " environment of one's own children is the starter's")
def own_environment():
    mine = {"PATH": "/bin:/usr/bin", "THIS": "that"}
    with usual_rules, Suid(env=mine) as p:
        env = environ(p.output_of(["/usr/bin/env"]))
        check(env == mine, "%s", env)


@case(SECTION + " the shell of a command line is /bin/sh, not $SHELL")
def shell():
    with usual_rules, Suid(env={"SHELL": "/bin/bash"}) as p:
        said = p.output_of("echo $0 .$BASH_VERSION", as_user(ONE))
        check(said == "/bin/sh .\n", "%r", said)


@rows(SECTION + " the shell of one's own user is $SHELL", [
    ("in one's own group", "permit news as news:mail\n", "news"),
    ("in another group", "permit news as news:mail\n", "news:mail"),
    ("in no other group than that", "deny news as news\n"
     "permit news as news:mail\n", "news:mail"),
    ("and a rule with cmd is asked about it", "deny news as news\n"
     "permit news as news:mail cmd /bin/bash args -c \"%s\"\n",
     "news:mail"),
])
def own_shell(rules, user):
    line = "echo $0 ${BASH_VERSION:+yes}"
    if "%s" in rules:
        rules %= line.replace("$", "\\$")
    with Rules(rules), Suid(env={"SHELL": "/bin/bash"}) as p:
        said = p.output_of(line, as_user(user))
        check(said == "/bin/bash yes\n", "%r", said)


# Signals, ends ---

@rows(SECTION, [("kill: a child of %s" % user, user)
                for user in (STARTER, ONE, TWO)])
def kill(user):
    with usual_rules, Suid() as p:
        pid = p.run(SLEEP, [as_user(user)])
        expect(OK, p.ask(A.kill, pid, 0))
        expect(OK, p.ask(A.kill, pid, int(signal.SIGUSR1)))
        expect(int(signal.SIGUSR1), p.exit(pid), "status")


@case(SECTION + " stop: SIGTERM, then SIGKILL")
def stop():
    with usual_rules, Suid() as p:
        pid = p.run(SLEEP, [as_user(ONE)])
        expect(OK, p.ask(A.stop, pid))
        expect(0, p.exit(pid), "status")
        pid = p.run(DEAF, [A.stdout, (A.kill_timeout, 1), as_user(ONE)])
        p.until_out(pid, b"deaf\n")
        expect(OK, p.ask(A.stop, pid))
        expect(0, p.exit(pid), "status")


@case(SECTION + " kill_group: all of the group")
def kill_group():
    with usual_rules, Suid() as p:
        pid = p.run("sleep 1000 & echo $!; wait",
                    [A.stdout, A.kill_group, as_user(ONE)])
        p.until(lambda: p.out(pid).endswith(b"\n"), "its child's pid")
        below = int(p.out(pid))
        expect(OK, p.ask(A.stop, pid))
        p.exit(pid)
        eventually(lambda: not proc.alive(below), 3, "its child lives")


@case(SECTION + " {kill, Cmd} runs as that user")
def kill_command():
    note = Place(ONE).file("note")
    with usual_rules, Suid() as p:
        pid = p.run(SLEEP, [as_user(ONE), (
            A.kill, "id >%s; kill $CHILD_PID" % note)])
        expect(OK, p.ask(A.stop, pid))
        expect(0, p.exit(pid), "status")
        with open(note, encoding="utf-8") as f:
            said = f.read()
        check(said == world.login(ONE, "/usr/bin/id").decode(), "%r", said)


@case(SECTION + " {kill, Cmd} that the policy does not permit: refused")
def kill_command_denied():
    with Rules("permit news as daemon cmd /bin/sleep\n"), Suid() as p:
        reply = p.ask(A.run, SLEEP, [as_user(ONE), (A.kill, "true")])
        expect(ERROR, reply)
        expect([], p.ask(A.list))


@case(SECTION + " {group, Pid}: only of a child of ours that leads one")
def join():
    with usual_rules, Suid() as p, Foreign(ONE) as f:
        pid = p.run(SLEEP, [as_user(ONE)])
        own = p.run(SLEEP, [as_user(ONE), (A.group, pid)])
        check(os.getpgid(own) == pid, "group %d", os.getpgid(own))
        for group in (f.pid, own, p.ring()["priv"], p.pid):
            expect(ERROR, p.ask(A.run, SLEEP, [as_user(ONE),
                                               (A.group, group)]))


# nice ---

def nice_of(pid):
    return int(proc.stat(pid)[16])


@rows(SECTION + " nice:", [
    ("0 to 20 need no rule", world.RULES, ONE, 7, True),
    ("-1 without a rule", world.RULES, ONE, -1, False),
    ("-5 by the rule", "permit nice -5 news as daemon\n", ONE, -5, True),
    ("-6 beyond the rule", "permit nice -5 news as daemon\n", ONE, -6,
     False),
    ("another user's rule", "permit nice -5 news as daemon\n"
     "permit news as bin\n", TWO, -5, False),
    ("-20 by the rule", "permit nice -20 news as daemon\n", ONE, -20, True),
    ("the starter's own, without a rule", world.RULES, STARTER, -1, False),
    ("the starter's own, by a rule", "permit nice -3 news as news\n",
     STARTER, -3, True),
    ("below a rule of 5", "permit nice 5 news as daemon\n", ONE, 4, True),
])
def nice(rules, user, value, permitted):
    with Rules(rules), Suid() as p:
        if not permitted:
            expect(ERROR, p.ask(A.run, SLEEP, [as_user(user),
                                               (A.nice, value)]))
            expect([], p.ask(A.list))
            return
        pid = p.run(SLEEP, [as_user(user), (A.nice, value)])
        eventually(lambda: nice_of(pid) == value, 2,
                   lambda: "nice %d" % nice_of(pid))


@case(SECTION + " nice: only the child is raised, not who is in its group")
def nice_alone():
    script = "sleep 1000 & echo $!; exec sleep 1000"
    with Rules("permit nice -5 news as daemon\n"), Suid() as p:
        priv = p.ring()["priv"]
        launcher = p.launchers()[world.uid(ONE)]
        os.kill(launcher, signal.SIGSTOP)
        number = p.send((A.run, script, [A.stdout, as_user(ONE),
                                         (A.nice, -5)]))
        # Once priv sleeps again, the launcher has been asked.
        p.send((A.run, SLEEP, [as_user(STRANGER)]))
        p.until_logged("run refused")
        eventually(lambda: proc.state(priv) == "S", 3, "priv goes on")
        os.kill(priv, signal.SIGSTOP)
        before = set(proc.children(priv))
        os.kill(launcher, signal.SIGCONT)
        try:
            def family():
                return [pid for pid in proc.children(priv)
                        if pid not in before and proc.comm(pid) == "sleep"
                        and proc.children(pid)]
            eventually(family, 3, "no child")
            pid = family()[0]
            other = settled(proc.children(pid)[0], SLEEP[0])
            check(os.getpgid(other) == pid, "another group")
        finally:
            os.kill(priv, signal.SIGCONT)
        expect((A.pid, pid), p.reply(number))
        eventually(lambda: nice_of(pid) == -5, 3,
                   lambda: "nice %d" % nice_of(pid))
        check(nice_of(other) == 0, "the other is %d", nice_of(other))


# manage ---

class Foreign:
    """A process of somebody's that no port has started."""

    def __init__(self, user):
        self.process = subprocess.Popen(
            ["setpriv", "--reuid", user, "--regid", str(world.gid(user)),
             "--init-groups", *SLEEP], stdin=subprocess.DEVNULL)
        self.pid = self.process.pid
        settled(self.pid, SLEEP[0])

    def __enter__(self):
        SPARED.add(self.pid)
        return self

    def __exit__(self, kind, value, trace):
        SPARED.discard(self.pid)
        self.process.kill()
        self.process.wait()


@rows(SECTION + " manage, then SIGKILL: a process of", [
    ("the starter's", STARTER), ("one target's", ONE), ("another's", TWO)])
def manage(user):
    with usual_rules, Suid() as p, Foreign(user) as f:
        expect((A.pid, f.pid), p.ask(A.manage, f.pid, []))
        expect(OK, p.ask(A.kill, f.pid, 9))
        eventually(lambda: f.process.poll() is not None, 5, "it lives")
        check(f.process.returncode == -9, "it ended otherwise")
        expect(-1, p.exit(f.pid), "status")


@rows(SECTION + " manage refused, and it lives: a process of", [
    ("root's", "root"), ("an unlisted user's", STRANGER),
    ("nobody's", "nobody"), ("the parts' own user", world.PARTS)])
def manage_refused(user):
    with usual_rules, Suid() as p, Foreign(user) as f:
        before = len(p.log())
        expect(ERROR, p.ask(A.manage, f.pid, []))
        eventually(lambda: len(p.log()) > before, 3, "no line in the log")
        for sig in (9, 15, 0):
            expect(ERROR, p.ask(A.kill, f.pid, sig))
        expect(ERROR, p.ask(A.stop, f.pid))
        p.pump(0.1)
        check(proc.alive(f.pid), "it is dead")


@case(SECTION + " manage refused: each part, pid 1 and the harness")
def manage_parts():
    with usual_rules, Suid() as p:
        pids = list(p.ring().values()) + list(p.launchers().values())
        for pid in pids + [1, os.getpid(), os.getppid()]:
            expect(ERROR, p.ask(A.manage, pid, []))
            expect(ERROR, p.ask(A.kill, pid, 9))
        p.pump(0.1)
        check(all(map(proc.alive, pids)), "one is dead")


@case(SECTION + " manage: a rule with cmd gives nothing of that user's")
def manage_cmd():
    with Rules("permit news as daemon cmd /bin/sleep\n"), Suid() as p, \
            Foreign(ONE) as f:
        expect(ERROR, p.ask(A.manage, f.pid, []))
        check(proc.alive(f.pid), "it is dead")


# What is refused ---

@rows(SECTION + " refused, with a line in the log: user", [
    (repr(name), name) for name in (
        "root", STRANGER, "nobody", "sys", UNRULED, world.PARTS, "nosuch",
        "0", str(8), "+1", "-1", "00", "daemon:root", "daemon:0", ":daemon",
        "daemon:", "daemon ", " daemon", "Daemon", "daemo", "daemonx",
        "root:daemon", "../daemon", "daemon\n", "a" * 4000)
])
def refused(name):
    with usual_rules, Suid() as p:
        p.refused(SLEEP, as_user(name))
        said = p.output_of(["/usr/bin/id", "-un"], as_user(ONE))
        check(said == ONE + "\n", "afterwards: %r", said)


@rows(SECTION + " refused by the broker: user", [
    ("''", ""), ("with a NUL", b"daemon\0"), ("a number that is none", -1),
    ("an atom that is none", A.root)])
def no_name(name):
    with usual_rules, Suid() as p:
        expect(ERROR, p.ask(A.run, SLEEP, [(A.user, name)]))


@case(SECTION + " root, where a rule names root")
def root_named():
    with Rules("permit news as root\n"), Suid() as p:
        said = p.output_of(["/usr/bin/id"], as_user("root"))
        check(said == world.login("root", "/usr/bin/id").decode(), "%r",
              said)
        pid = p.run(SLEEP, [as_user("root")])
        settled(pid, SLEEP[0])
        for key, mask in suid.caps(pid).items():
            check(mask == 0, "%s %x", key, mask)
        expect(ERROR, p.ask(A.run, SLEEP, [as_user(ONE)]))


@case(SECTION + " root is not named by a rule for another user")
def root_unnamed():
    with Rules("permit games as root\npermit news as daemon\n"), \
            Suid() as p:
        p.refused(SLEEP, as_user("root"))


@rows(SECTION + " command line:", [
    ("-user root", ["-user", "root"], 4),
    ("-user of an unpermitted user", ["-user", STRANGER], 4),
    ("-user of nobody", ["-user", "nosuch"], 3),
])
def flags_refused(flags, status):
    with usual_rules, Suid(*flags) as p:
        p.close_input()
        p.end()
        check(p.status == status, "exit %d, log %s", p.status, p.log())
        p.close(code=status)


@case(SECTION + " command line: -user of a permitted user is the default")
def flag_user():
    with usual_rules, Suid("-user", ONE) as p:
        said = p.output_of(["/usr/bin/id", "-un"])
        check(said == ONE + "\n", "%r", said)


@case(SECTION + " command line: -limit-users narrows, and does not widen")
def limit_users():
    with usual_rules, Suid("-user", ONE, "-limit-users",
                           STRANGER + "," + STARTER) as p:
        p.output_of(["/bin/true"], as_user(ONE))
        for name in (TWO, STRANGER, "root"):
            p.refused(SLEEP, as_user(name))


@rows(SECTION + " started by root:", [
    ("-user U -limit-users A,B",
     ["-user", ONE, "-limit-users", TWO + "," + STRANGER],
     [ONE, TWO, STRANGER], ["root", STARTER, "nobody"]),
    ("-user U", ["-user", ONE], [ONE], ["root", TWO, STARTER]),
])
def by_root(flags, permitted, refused_ones):
    with usual_rules, Suid(*flags, who="root") as p:
        said = p.output_of(["/usr/bin/id"])
        check(said == world.login(ONE, "/usr/bin/id").decode(), "%r", said)
        for name in permitted:
            said = p.output_of(["/usr/bin/id", "-un"], as_user(name))
            check(said == name + "\n", "%r", said)
        for name in refused_ones:
            p.refused(SLEEP, as_user(name))


# Numbers and groups ---

def ids_of(p, options):
    return p.output_of(["/usr/bin/id"], *options)


@rows(SECTION + " numbers are users and groups:", [
    ("{user, Uid}", lambda: [(A.user, world.uid(ONE))]),
    ("{user, <<Uid>>}", lambda: [(A.user, b"%d" % world.uid(ONE))])])
def numeric_user(options):
    with usual_rules, Suid() as p:
        said = ids_of(p, options())
        check(said == world.login(ONE, "/usr/bin/id").decode(), "%r", said)
        for uid in (0, world.uid(STRANGER), 4242, 2 ** 32 - 2):
            reply = p.ask(A.run, SLEEP, [(A.user, uid)])
            expect(ERROR, reply)


@rows(SECTION + " {gid, G} is for a rule of that group:", [
    ("by name", lambda: "mail"), ("by number", lambda: world.gid("mail"))])
def gid_rule(group):
    rules = "permit news as daemon:mail\npermit news as bin\n"
    with Rules(rules), Suid() as p:
        said = p.output_of(["/usr/bin/id", "-gn"],
                           (A.user, ONE), (A.gid, group()))
        check(said == "mail\n", "%r", said)
        for user, other in ((ONE, "adm"), (ONE, 4), (TWO, group()),
                            (STARTER, group()), (ONE + ":mail", group()),
                            ("root", 0), (ONE, 2 ** 32 - 2)):
            reply = p.ask(A.run, SLEEP, [(A.user, user), (A.gid, other)])
            expect(ERROR, reply)


@case(SECTION + " {umask, N} and {arg0, Name} for another user")
def umask_arg0():
    with usual_rules, Suid() as p:
        said = p.output_of("umask; echo $0", as_user(ONE), (A.umask, 0o77),
                           (A.arg0, "name"))
        check(said == "0077\nname\n", "%r", said)


@case(SECTION + " started by root: -limit-users U:G, and numbers")
def root_groups():
    flags = ["-user", str(world.uid(ONE)), "-limit-users",
             "%s:mail,%d" % (TWO, world.uid(STRANGER))]
    with Suid(*flags, who="root") as p:
        said = p.output_of(["/usr/bin/id", "-un"])
        check(said == ONE + "\n", "%r", said)
        said = p.output_of(["/usr/bin/id", "-gn"],
                           (A.user, TWO), (A.gid, world.gid("mail")))
        check(said == "mail\n", "%r", said)
        p.output_of(["/bin/true"], as_user(STRANGER))
        for options in ([as_user(ONE), (A.gid, "mail")],
                        [as_user(TWO), (A.gid, "adm")], [as_user(STARTER)],
                        [as_user(ONE), (A.groups, [])], [(A.user, 0)]):
            expect(ERROR, p.ask(A.run, SLEEP, options))


ALL = ["-user", "root", "-limit-users", "all"]


@rows(SECTION + " -limit-users all: whoever is started is that, and no "
      "more:", [
    ("a user", lambda: [as_user(ONE)],
     lambda: world.login(ONE, "/usr/bin/id").decode()),
    ("a number", lambda: [(A.user, world.uid(TWO))],
     lambda: world.login(TWO, "/usr/bin/id").decode()),
    ("{gid, G}", lambda: [as_user(ONE), (A.gid, "mail"), (A.groups, [])],
     lambda: "uid=%d(%s) gid=%d(mail) groups=%d(mail)\n" % (
         world.uid(ONE), ONE, world.gid("mail"), world.gid("mail"))),
    ("{groups, L}",
     lambda: [as_user(ONE), (A.groups, ["mail", world.gid("news")])],
     lambda: "uid=%d(%s) gid=%d(%s) groups=%d(%s),%s\n" % (
         world.uid(ONE), ONE, world.gid(ONE), ONE, world.gid(ONE), ONE,
         ",".join("%d(%s)" % (n, name) for n, name in sorted(
             (world.gid(g), g) for g in ("mail", "news"))))),
])
def anybody(options, want):
    with Suid(*ALL, who="root") as p:
        said = ids_of(p, options())
        check(said == want(), "%r", said)
        got = p.output_of(["/bin/cat", "/proc/self/status"], *options())
        for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            check("%s:\t%016x\n" % (name, 0) in got, "%s of %s", name, got)
        check("NoNewPrivs:\t1\n" in got, "it could gain rights: %s", got)
        said = p.output_of("echo $HOME $LOGNAME; umask", *options())
        check(said.endswith("0022\n") and "root" not in said, "%r", said)
        # Root's terminal goes with its session.
        stat = p.output_of(["/bin/cat", "/proc/self/stat"], *options())
        check(int(stat.rpartition(")")[2].split()[3])
              != os.getsid(p.ring()["priv"]), "in root's session: %s", stat)


@case(SECTION + " -limit-users all: root itself is root, as before")
def anybody_root():
    with Suid(*ALL, who="root") as p:
        said = p.output_of(["/usr/bin/id", "-un"])
        check(said == "root\n", "%r", said)
        pid = p.run(SLEEP, [as_user(ONE)])
        expect(OK, p.ask(A.stop, pid))
        p.exit(pid)


@rows(SECTION + " -limit-users all: refused:", [
    ("nobody of that name", [as_user("nosuch")], A.enoent, b"'nosuch'"),
    ("nobody of that number", [(A.user, 4242)], A.enoent, b"'4242'"),
    ("no such group", [as_user(ONE), (A.gid, "nosuch")], A.enoent,
     b"'daemon:nosuch'"),
    ("no such group besides", [as_user(ONE), (A.groups, ["nosuch"])],
     A.enoent, b"'daemon'"),
    ("root with another group", [as_user("root"), (A.gid, "mail")], A.eperm,
     b"'root:mail'"),
    ("root with other groups", [(A.groups, [])], A.eperm, b"'root'"),
])
def anybody_refused(options, error, detail):
    with NativeSuid(*ALL, who="root") as p:
        expect((A.error, (A.user, error, detail)),
               p.ask(A.run, SLEEP, options))
        expect([], p.ask(A.list))
        reply = p.ask(A.run, SLEEP, [as_user(ONE), (A.kill, "true")])
        expect((A.error, (A.policy, A.eperm, b"a kill command: no rule "
                          b"permits its shell that")), reply)


@case(SECTION + " -limit-users all: not without -user root")
def all_refused():
    with Suid("-user", ONE, "-limit-users", "all", who="root") as p:
        p.close_input()
        p.end()
        expect(4, p.status, "exit")
        check(p.logged("only with -user root"), "log %s", p.log())
        p.closed = True


@case(SECTION + " -limit-users all of a starter with rules narrows nothing")
def all_suid():
    with usual_rules, Suid("-limit-users", "all") as p:
        p.output_of(["/bin/true"], as_user(ONE))
        for name in (STRANGER, "root"):
            p.refused(SLEEP, as_user(name))


# Limits ---

@case(SECTION + " children 2: the third is refused, as long as both live")
def children():
    rules = "permit children 2 news as daemon\npermit news as bin\n"
    with Rules(rules), Suid() as p:
        pids = [p.run(SLEEP, [as_user(ONE)]) for _ in range(2)]
        expect(ERROR, p.ask(A.run, SLEEP, [as_user(ONE)]))
        p.run(SLEEP, [as_user(TWO)])
        p.run(SLEEP)
        expect(OK, p.ask(A.kill, pids[0], 9))
        p.exit(pids[0])
        p.run(SLEEP, [as_user(ONE)])
        expect(ERROR, p.ask(A.run, SLEEP, [as_user(ONE)]))


@case(SECTION + " children 3: a hundred at once, without waiting")
def children_burst():
    with Rules("permit children 3 news as daemon\n"), Suid() as p:
        asked = [p.send((A.run, SLEEP, [as_user(ONE)])) for _ in range(100)]
        replies = [p.reply(n) for n in asked]
        good = [r for r in replies if r[0] == A.pid]
        check(len(good) == 3, "%d were started", len(good))


@case(SECTION + " children 1: failed starts do not count")
def children_failed():
    with Rules("permit children 1 news as daemon\n"), Suid() as p:
        for _ in range(5):
            expect(ERROR, p.ask(A.run, SLEEP, [
                as_user(ONE), (A.cd, "/no/such")]))
        p.run(SLEEP, [as_user(ONE)])


@case(SECTION + " children 1: a dead one whose tracer does not wait gives its "
      "place back")
def children_held():
    with Rules("permit children 1 news as daemon\n"), Suid() as p:
        pid = p.run(SLEEP, [as_user(ONE)])
        with Held(pid):
            expect(-1, p.exit(pid), "status")
            p.run(SLEEP, [as_user(ONE)])


class Shared:
    """Two ports of one starter, or of two."""

    def __init__(self, rules, *starters):
        self.rules, self.starters = Rules(rules), starters

    def __enter__(self):
        self.rules.__enter__()
        self.stack = contextlib.ExitStack()
        return [self.stack.enter_context(Suid("-alarm", "1", who=who))
                for who in self.starters]

    def __exit__(self, kind, value, trace):
        try:
            self.stack.__exit__(kind, value, trace)
        finally:
            self.rules.__exit__(kind, value, trace)


def full(p, cmd=SLEEP):
    expect((A.error, Like("Limit of children")),
           p.ask(A.run, cmd, [as_user(ONE)]))


@case(SECTION + " children 3: of two ports together", limit=40)
def children_shared():
    with Shared("permit children 3 news as daemon\n", STARTER,
                STARTER) as (p, q):
        pids = [p.run(SLEEP, [as_user(ONE)]) for _ in range(2)]
        q.run(SLEEP, [as_user(ONE)])
        full(q)
        full(p)
        expect(OK, p.ask(A.kill, pids[0], 9))
        p.exit(pids[0])
        q.run(SLEEP, [as_user(ONE)])
        full(p)
        # Whatever ends an instance: nothing of it is counted any more.
        os.kill(q.ring()["priv"], signal.SIGKILL)
        q.end(10)
        q.close(code=5)
        for _ in range(2):
            p.run(SLEEP, [as_user(ONE)])
        full(p)


@case(SECTION + " children 2: an edit of the file counts on", limit=40)
def children_edited():
    with Rules("permit children 2 news as daemon\n"), Suid() as p:
        for _ in range(2):
            p.run(SLEEP, [as_user(ONE)])
        with Rules("# More.\npermit children 3 news as daemon\n"), \
                Suid() as q:
            q.run(SLEEP, [as_user(ONE)])
            full(q)


@case(SECTION + " children 1: each starter and each rule has its own",
      limit=40)
def children_apart():
    with Shared("permit children 1 :erlang as daemon\n"
                "permit children 1 :erlang as daemon cmd /bin/sleep args "
                "7777\n", STARTER, UNRULED) as ports:
        for p in ports:
            p.run(SLEEP, [as_user(ONE)])
            p.run(["/bin/sleep", "7777"], [as_user(ONE)])
            full(p)
            full(p, ["/bin/sleep", "7777"])


@case(SECTION + " children 3: kill commands are counted, too: without room "
      "SIGTERM has to do", limit=40)
def children_helpers():
    kill = (A.kill, "exec sleep 1000")
    with Shared("permit children 3 news as daemon\n", STARTER,
                STARTER) as (p, q):
        def alive():
            return [pid for part in (p, q)
                    for pid in proc.descendants(part.pid)
                    if suid.ids(pid, "Uid")[:1] == [world.uid(ONE)]]
        options = [as_user(ONE), kill, (A.kill_timeout, 60)]
        pids = [p.run(SLEEP, options) for _ in range(3)]
        expect(OK, p.ask(A.stop, pids[0]))
        # No room: it has had SIGTERM.
        expect(0, p.exit(pids[0]), "status")
        p.until_logged("no room")
        expect(OK, p.ask(A.stop, pids[1]))
        eventually(lambda: len(alive()) == 3, 3, "no kill command")
        full(p)
        full(q)
        expect(OK, p.ask(A.stop, pids[2]))
        expect(0, p.exit(pids[2]), "status")
        check(len(alive()) == 2, "alive: %s", alive())


@rows(SECTION + " children 1: without a safe /run/proctor each instance "
      "counts alone, and says so:", [
          ("a link", lambda path: os.symlink("/tmp", path)),
          ("a file", lambda path: world.write(path, "")),
          ("somebody else's", lambda path: (os.mkdir(path),
                                            os.chown(path, 9, 9))),
          ("everybody's", lambda path: (os.mkdir(path),
                                        os.chmod(path, 0o777))),
      ], limit=40)
def children_alone(make):
    path, kept = "/var/run/proctor", "/var/run/kept"
    if os.path.lexists(path):
        os.rename(path, kept)
    try:
        make(path)
        with Shared("permit children 1 news as daemon\n", STARTER,
                    STARTER) as ports:
            for p in ports:
                p.run(SLEEP, [as_user(ONE)])
                full(p)
                check(len(p.logged("in each instance alone")) == 1,
                      "log %s", p.log())
    finally:
        if os.path.isdir(path) and not os.path.islink(path):
            os.rmdir(path)
        else:
            os.unlink(path)
        if os.path.lexists(kept):
            os.rename(kept, path)


@case(SECTION + " children: nobody else can lock what they are counted by")
def children_files():
    with Rules("permit children 1 news as daemon\n"), Suid() as p:
        p.run(SLEEP, [as_user(ONE)])
        st = os.stat("/var/run/proctor")
        check(st.st_uid == 0 and st.st_mode & 0o777 == 0o700, "%s", st)
        for name in os.listdir("/var/run/proctor"):
            st = os.stat("/var/run/proctor/" + name)
            check(st.st_uid == 0 and st.st_mode & 0o777 == 0o600, "%s", st)
        for role, pid in [*p.ring().items(), *p.launchers().items()]:
            held = [fd for fd in proc.descriptors(pid).values()
                    if "/run/proctor/" in fd]
            check(len(held) == (role == "priv"), "%s has %s", role, held)


# Commands ---

CMD = "permit news as daemon cmd /bin/echo args a b\n"
ANY_ARGS = "permit news as daemon cmd /usr/bin/env\n"


@rows(SECTION + " cmd: permitted:", [
    ("path and arguments", CMD, ["/bin/echo", "a", "b"], []),
    ("any arguments", ANY_ARGS, ["/usr/bin/env"], []),
    ("more of them", ANY_ARGS, ["/usr/bin/env", "A=1"], []),
    ("{executable, Path} that is the same", CMD, ["/bin/echo", "a", "b"],
     [(A.executable, "/bin/echo")]),
])
def command(rules, argv, options):
    with Rules(rules), Suid() as p:
        pid = p.run(argv, [A.stdout, as_user(ONE), *options])
        expect(0, p.exit(pid), "status")


@rows(SECTION + " cmd: refused:", [
    ("fewer arguments", CMD, ["/bin/echo", "a"], []),
    ("more arguments", CMD, ["/bin/echo", "a", "b", "c"], []),
    ("others", CMD, ["/bin/echo", "a", "c"], []),
    ("an empty one", CMD, ["/bin/echo", "a", "b", ""], []),
    ("joined", CMD, ["/bin/echo", "a b"], []),
    ("another program", CMD, ["/bin/cat", "a", "b"], []),
    ("another path to it", CMD, ["/bin/../bin/echo", "a", "b"], []),
    ("the last component", CMD, ["echo", "a", "b"], []),
    ("the shell", CMD, "/bin/echo a b", []),
    ("another argv[0]", CMD, ["echo", "a", "b"],
     [(A.executable, "/bin/echo")]),
    ("another {executable, Path}", CMD, ["/bin/echo", "a", "b"],
     [(A.executable, "/bin/sh")]),
    ("env", ANY_ARGS, ["/usr/bin/env"], [(A.env, ["LD_PRELOAD=/x"])]),
    ("env, even cleared", ANY_ARGS, ["/usr/bin/env"], [(A.env, [A.clear])]),
    ("a file for stdout", ANY_ARGS, ["/usr/bin/env"],
     [(A.stdout, "/dev/null")]),
    ("a file for stdin", ANY_ARGS, ["/usr/bin/env"],
     [(A.stdin, "/dev/null")]),
    ("a file for stderr", ANY_ARGS, ["/usr/bin/env"],
     [(A.stderr, "/dev/null")]),
    ("capabilities", ANY_ARGS, ["/usr/bin/env"], [(A.capabilities, [
        A.cap_kill])]),
    ("no command at all, as another user's rule",
     "permit games as daemon\n" + CMD, SLEEP, []),
])
def command_refused(rules, argv, options):
    with Rules(rules), Suid() as p:
        expect(ERROR, p.ask(A.run, argv, [as_user(ONE), *options]))
        expect([], p.ask(A.list))


ENV_CMD = "permit %s news as daemon cmd /usr/bin/env\n"
LOGIN = ["HOME", "LOGNAME", "PATH", "SHELL", "USER"]
# What a starter would send along to have its own code run.
EVIL = {"LD_PRELOAD": "/evil.so", "LD_AUDIT": "/evil.so", "BASH_ENV": "/evil",
        "ENV": "/evil", "IFS": "/", "PYTHONPATH": "/evil",
        "PERL5OPT": "-Mevil", "RUBYOPT": "-revil", "NODE_OPTIONS": "-r evil",
        "GCONV_PATH": "/evil", "LOCPATH": "/evil", "NLSPATH": "/evil",
        "MALLOC_PERTURB_": "1", "TMPDIR": "/evil", "FAKE_PRELOAD": "/evil",
        "LC_../evil": "C", "PATH": "/evil:/bin", "HOME": "/evil",
        "DISPLAY": "evil:0", "MINE": "yes"}
GOOD = {"LANG": "de_DE.UTF-8@euro", "LC_ALL": "C", "TERM": "xterm-256color",
        "TZ": "Europe/Berlin", "COLORTERM": "truecolor", "LANGUAGE": "de:en"}


@rows(SECTION + " cmd: environment:", [
    ("that user's", "", {}, []),
    ("keepenv: what is harmless", "keepenv", GOOD, GOOD),
    ("setenv { A=1 }", "setenv { A=1 }", {"A": "1", "USER": ONE}, ["A"]),
    ("setenv { MINE }: the starter's", "setenv { MINE }", {"MINE": "yes"},
     ["MINE"]),
    ("setenv { A=$MINE }: it, too", "setenv { A=$MINE }", {"A": "yes"},
     ["A"]),
    ("setenv { A=$NOTHING }", "setenv { A=$NOTHING }", {}, []),
    ("setenv { LD_X=/root/s }: root's own value", "setenv { LD_X=/roots }",
     {"LD_X": "/roots"}, ["LD_X"]),
    ("keepenv setenv { -LANG }", "keepenv setenv { -LANG }", {},
     sorted(set(GOOD) - {"LANG"})),
])
def command_environment(option, there, names):
    with Rules(ENV_CMD % option), Suid(env={**EVIL, **GOOD}) as p:
        env = environ(p.output_of(["/usr/bin/env"], as_user(ONE)))
        check(sorted(env) == sorted(LOGIN + list(names)), "%s", sorted(env))
        for key, value in there.items():
            check(env.get(key) == value, "%s is %r", key, env.get(key))
        check("evil" not in "".join(env.values()), "%s", env)


@case(SECTION + " cmd: environment of one's own: of a login")
def command_own_environment():
    rules = "deny news as news\npermit news as news cmd /usr/bin/env\n"
    with Rules(rules), Suid(env=dict(EVIL)) as p:
        env = environ(p.output_of(["/usr/bin/env"]))
        check(sorted(env) == LOGIN and env["USER"] == STARTER, "%s", env)


@case(SECTION + " keepenv without cmd: all of the starter's")
def keepenv_all():
    with Rules("permit keepenv news as daemon\n"), \
            Suid(env={"MINE": "yes", "PATH": "/evil"}) as p:
        env = environ(p.output_of(["/usr/bin/env"], as_user(ONE)))
        check(env["MINE"] == "yes" and env["PATH"] != "/evil", "%s", env)


@rows(SECTION + " environment of a start by root, whatever sudo passes on:",
      [("-user", ["-user", ONE]), ("-limit-users",
                                   ["-user", TWO, "-limit-users", ONE])])
def root_environment(flags):
    with Suid(*flags, who="root", env={**GOOD, "MINE": "yes", "PATH": "/evil",
                                       "TMPDIR": "/evil"}) as p:
        env = environ(p.output_of(["/usr/bin/env"], as_user(ONE)))
        check(sorted(env) == LOGIN and "evil" not in env["PATH"], "%s", env)


@rows(SECTION + " cmd: env of the node's, under keepenv: permitted:", [
    ("%s=%s" % pair, "%s=%s" % pair) for pair in GOOD.items()] + [
    ("TZ=:UTC", "TZ=:UTC"), ("LANG taken away", ("LANG", False))])
def command_env(var):
    with Rules(ENV_CMD % "keepenv"), Suid(env={"LANG": "C"}) as p:
        env = p.output_of(["/usr/bin/env"], as_user(ONE), (A.env, [var]))
        check((var + "\n" in env) if isinstance(var, str)
              else "LANG" not in env, "%r", env)


@rows(SECTION + " cmd: env of the node's, under keepenv: refused:", [
    (name, "%s=%s" % (name, value)) for name, value in EVIL.items()
    if name != "LC_../evil"] + [
    ("an unknown name", "B=2"), ("clear", A.clear),
    ("another name taken away", ("USER", False)),
    ("LANG that is a path", "LANG=/evil"), ("LANG, a format", "LANG=%s"),
    ("LC_ in a path", "LC_../evil=C"), ("TERM in a path", "TERM=../evil"),
    ("TZ that is a path", "TZ=/evil"), ("TZ, the same", "TZ=:/evil"),
    ("TZ that leaves its folder", "TZ=Europe/../../evil"),
    ("TZ with a blank", "TZ=a b"), ("LANG with a newline", "LANG=a\nb"),
    ("LANG that is long", "LANG=" + "x" * 300)])
def command_env_refused(var):
    with Rules(ENV_CMD % "keepenv"), Suid() as p:
        p.refused(["/usr/bin/env"], as_user(ONE), (A.env, [var]))
        name = "clear" if var == A.clear else "USER" if isinstance(
            var, tuple) else var.split("=")[0]
        check(p.log()[-1].endswith("env: %s: line 1 has cmd" % name),
              "log %s", p.log())


@rows(SECTION + " cmd: setenv that would take it from the starter:", [
    (rule, rule) for rule in ("LD_PRELOAD", "A_PRELOAD", "PATH", "HOME",
                              "PYTHONPATH", "LD_PRELOAD=$MINE",
                              "BASH_ENV=$MINE", "GIT_SSH_COMMAND", "A=$")])
def setenv_refused(variable):
    with Rules(ENV_CMD % ("setenv { %s }" % variable)), Suid() as p:
        p.close_input()
        p.end()
        check(p.status == 4, "exit %d, log %s", p.status, p.log())
        p.close(code=4)


def kill_environment(rules, cmd, kill, there):
    note = os.path.join(world.home, ONE, "kill-env")
    with Rules(rules), Suid(env={"MINE": "yes"}) as p:
        pid = p.run(cmd, [as_user(ONE), (A.kill, kill % note)])
        expect(OK, p.ask(A.stop, pid))
        expect(0, p.exit(pid), "status")
        with open(note, encoding="utf-8") as f:
            env = environ(f.read())
    os.unlink(note)
    check(env.get("CHILD_PID") == str(pid), "CHILD_PID in %s", env)
    for key, value in there.items():
        check(env.get(key) == value, "%s in %s", key, env)


@rows(SECTION + " a kill command has its rule's environment:", [
    ("setenv", "setenv { A=1 MINE }", {"A": "1", "MINE": "yes"}),
    ("keepenv", "keepenv", {"MINE": "yes", "USER": ONE}),
])
def kill_setenv(option, there):
    kill_environment("permit %s news as daemon\n" % option, SLEEP,
                     "env >%s; kill $CHILD_PID", there)


@case(SECTION + " a kill command has the environment of the rule that "
      "permits it, which may be another one")
def kill_setenv_other():
    kill = "env >%s; kill $CHILD_PID"
    note = os.path.join(world.home, ONE, "kill-env")
    kill_environment(
        "permit setenv { A=1 } news as daemon cmd /bin/sleep\n"
        "permit setenv { A=2 } news as daemon cmd /bin/sh args \"-c\" "
        "\"%s\"\n" % (kill % note), SLEEP, kill, {"A": "2"})


@rows(SECTION + " {stdin | stdout | stderr, close} of another user's child: "
      "/dev/null is there", [
          ("without cmd", "permit news as daemon\n", ONE),
          ("cmd", "permit news as daemon cmd /bin/sleep\n", ONE),
          ("cmd, one's own", "deny news as news\n"
           "permit news as news cmd /bin/sleep\n", STARTER)])
def closed(rules, user):
    with Rules(rules), Suid() as p:
        for more in ([(A.stdin, A.close), (A.stdout, A.close),
                      (A.stderr, A.close)],
                     [(A.stdout, A.close), (A.stderr, A.stdout)]):
            pid = settled(p.run(SLEEP, [as_user(user), *more]), SLEEP[0])
            found = proc.descriptors(pid)
            check(sorted(found) == [0, 1, 2] and
                  set(found.values()) == {"/dev/null"}, "%s", found)


@case(SECTION + " {stdout, close} of one's own child: closed, as asked")
def closed_own():
    with usual_rules, Suid() as p:
        pid = settled(p.run(SLEEP, [(A.stdout, A.close)]), SLEEP[0])
        check(1 not in proc.descriptors(pid), "it is open")


# The launchers ---

@rows(SECTION + " launchers are of those whom the last match permits:", [
    ("a group permitted, its member denied",
     "permit :erlang as root\ndeny news as root\npermit news as daemon\n",
     [STARTER, ONE]),
    ("the same by a command", "permit :erlang as root cmd /bin/id\n"
     "permit news as daemon\ndeny :news as root\n", [STARTER, ONE]),
    ("denied, then permitted", "deny news as daemon\n"
     "permit news as daemon cmd /bin/id\n", [STARTER, ONE]),
    ("oneself denied", "permit news as daemon\ndeny news as news\n", [ONE]),
    ("others denied", "permit news as daemon\ndeny games as daemon\n",
     [STARTER, ONE]),
    ("all denied", "permit news as daemon\ndeny news as daemon\n"
     "deny news as news\n", []),
])
def launchers_of(rules, users):
    with Rules(rules), Suid() as p:
        expect([], p.ask(A.list))
        found = sorted(p.launchers())
        check(found == sorted(map(world.uid, users)), "%s", found)
        # There are as many as have a file-system uid of their own.
        ring = p.ring()
        count = set(proc.children(ring["priv"])) - set(ring.values())
        check(len(count) == len(users), "%d processes", len(count))


@case(SECTION + " a launcher is killed: its user's runs are refused, its "
      "children live, others go on", limit=40)
def launcher_dies():
    with usual_rules, Suid() as p:
        one = p.run(["/bin/cat"], [A.stdin, A.stdout, as_user(ONE)])
        launchers = p.launchers()
        before = len(p.log())
        os.kill(launchers[world.uid(ONE)], signal.SIGKILL)
        p.until_logged("launcher")
        expect(ERROR, p.ask(A.run, SLEEP, [as_user(ONE)]))
        p.stdin(one, b"alive\n")
        p.until_out(one, b"alive\n")
        expect(OK, p.ask(A.kill, one, 0))
        for user in (TWO, STARTER):
            p.output_of(["/bin/true"], as_user(user))
        about = [line for line in p.log()[before:] if "launcher" in line
                 and "run refused" not in line]
        check(1 <= len(about) <= 2, "the log: %s", about)
        expect(OK, p.ask(A.stop, one))
        p.exit(one)
        p.close_input()
        p.end()
        check(p.status in (0, 5), "exit %d", p.status)
        p.close(code=p.status)


@case(SECTION + " a launcher is stopped: only its user waits")
def launcher_stopped():
    with usual_rules, Suid() as p:
        pid = p.launchers()[world.uid(ONE)]
        os.kill(pid, signal.SIGSTOP)
        try:
            asked = p.send((A.run, SLEEP, [as_user(ONE)]))
            # Replies keep their order: this one must wait, others work.
            other = p.send((A.run, ["/bin/true"], [as_user(TWO)]))
            p.pump(0.2)
            check(asked not in p.replies and other not in p.replies,
                  "a reply came too early")
        finally:
            os.kill(pid, signal.SIGCONT)
        expect(STARTED, p.reply(asked))
        expect(STARTED, p.reply(other))


# The end ---

def population(p):
    """Children of everybody, daemons below them, one that is deaf."""
    pids = []
    for user in (STARTER, ONE, TWO):
        pid = p.run(DAEMON, [A.stdout, as_user(user)])
        p.until_out(pid, b"up\n")
        pids.append(pid)
        pid = p.run(DEAF, [A.stdout, as_user(user), (A.kill_timeout, 1)])
        p.until_out(pid, b"deaf\n")
        pids.append(pid)
    pids.append(p.run(SLEEP, [A.pty, A.stdin, A.stdout, as_user(ONE)]))
    return pids


def killer(role):
    def kill_it(p):
        os.kill(p.ring()[role], signal.SIGKILL)
    return kill_it


def kill_launchers(p):
    for pid in p.launchers().values():
        os.kill(pid, signal.SIGKILL)
    p.until_logged("launcher", 3)
    p.close_input()


@rows("end: no descendant is left after", [
    ("end of file", lambda p: p.close_input(), (0,)),
    ("{shutdown}", lambda p: p.send((A.shutdown,), 0), (0,)),
    ("SIGTERM from root", lambda p: os.kill(p.pid, signal.SIGTERM), (0,)),
    ("SIGKILL of the broker", killer("broker"), (5,)),
    ("SIGKILL of the worker", killer("worker"), (5,)),
    ("SIGKILL of priv", killer("priv"), (5,)),
    ("SIGKILL of the guard", killer("guard"), (-9,)),
    ("SIGKILL of the reaper", killer("reaper"), (5,)),
    ("SIGKILL of all launchers, then end of file", kill_launchers, (0, 5)),
], limit=60)
def end(how, codes):
    with usual_rules, Suid("-alarm", "2") as p:
        pids = population(p)
        ring = list(p.ring().values()) + list(p.launchers().values())
        how(p)
        p.end(30)
        check(p.status in codes, "exit %s, log %s", p.status, p.log()[-3:])
        p.nothing_left(20)
        left = [pid for pid in pids + ring if proc.alive(pid)]
        check(not left, "alive: %s", left)
        p.closed = True


@case("end: the node is killed", limit=60)
def node_killed():
    """All that holds the other end of the port is gone."""
    with usual_rules, Suid("-alarm", "2") as p:
        pids = population(p)
        p.close_input()
        os.close(p.rfd)
        p.rfd = os.open("/dev/null", os.O_RDONLY)
        eventually(lambda: proc.state(p.pid) in (None, "Z"), 20,
                   "it goes on")
        p.nothing_left(20)
        check(not any(map(proc.alive, pids)), "children are left")
        os.waitpid(p.pid, 0)
        p.closed = True


# Without rules ---

@rows(SECTION + " plain mode, with a line in the log:", [
    ("no file", None, STARTER),
    ("an empty file", "", STARTER),
    ("rules about others", world.RULES, UNRULED),
    ("a deny of another", "deny games as root\n", STARTER),
])
def without_rules(rules, who):
    with Rules(rules), Suid(who=who) as p:
        expect([], p.ask(A.list))
        check(p.mode() == "plain", "mode %s", p.mode())
        check(len(p.log()) == 1, "the log: %s", p.log())
        said = p.output_of(["/usr/bin/id"])
        check(said == world.login(who, "/usr/bin/id").decode(), "%r", said)
        for name in (ONE, "root", STRANGER):
            expect(ERROR, p.ask(A.run, SLEEP, [as_user(name)]))
        for pid in [p.pid] + proc.descendants(p.pid):
            ids = suid.ids(pid, "Uid") + suid.ids(pid, "Gid")
            check(0 not in ids, "%d: %s", pid, ids)


@case(SECTION + " no rule is needed for a program that is not SUID")
def not_suid():
    folder = world.copy_programs("copy")
    with usual_rules, Suid(who=world.OUTSIDER,
                           program=folder + "/proctor") as p:
        said = p.output_of(["/usr/bin/id", "-un"])
        check(said == world.OUTSIDER + "\n", "%r", said)
        expect(ERROR, p.ask(A.run, SLEEP, [as_user(ONE)]))
        check(not p.log() or "refused" in p.log()[0], "the log: %s",
              p.log())


@case(SECTION + " who is not of the group cannot start it at all")
def outsider():
    p = Suid(who=world.OUTSIDER)
    try:
        p.close_input()
        p.end()
        check(p.status == 127 and not p.log(), "exit %d, log %s", p.status,
              p.log())
    finally:
        p.release()


@case(SECTION + " errors are text that names the user")
def error_text():
    with usual_rules, Suid() as p:
        reply = p.ask(A.run, SLEEP, [as_user(STRANGER)])
        check(STRANGER in (etf.text(reply[1]) or ""), "%s", reply)


# Why it was refused ---

ECHO = ["/bin/echo", "a", "secret-of-the-run"]
OWN = "permit news as daemon\n"
ONE_CMD = "deny news as lp\npermit news as daemon cmd /bin/echo args a\n"


@rows(SECTION + " the reason of a refusal, in log and answer:", [
    ("no rule", OWN, STRANGER, SLEEP, [], A.user,
     "'mail': no rule permits it"),
    ("nobody has that name", OWN, "nosuch", SLEEP, [], A.user,
     "'nosuch': no rule permits it"),
    ("a rule whose user is unknown", OWN + "permit news as nosuch\n",
     "nosuch", SLEEP, [], A.user, "'nosuch': line 2 names somebody unknown"),
    ("a deny", OWN + "deny news as daemon\n", ONE, SLEEP, [], A.user,
     "'daemon': line 2 denies it"),
    ("another group", "permit news as daemon:mail\n", ONE + ":adm", SLEEP,
     [], A.user, "'daemon:adm': line 1 is for another group"),
    ("another program", ONE_CMD, ONE, ["/bin/cat", "secret-of-the-run"], [],
     A.policy, "/bin/cat as daemon: line 2 is for another program"),
    ("other arguments", ONE_CMD, ONE, ECHO, [], A.policy,
     "/bin/echo as daemon: line 2 has other arguments"),
    ("another argv[0]", ONE_CMD, ONE, ["echo", "a"],
     [(A.executable, "/bin/echo")], A.policy,
     "/bin/echo as daemon: line 2 has its path as the first argument"),
    ("a command line", ONE_CMD, ONE, "echo secret-of-the-run", [], A.policy,
     "/bin/sh as daemon: line 2 is for another program"),
    ("env", ONE_CMD, ONE, ECHO[:2], [(A.env, ["A=secret-of-the-run"])],
     A.policy, "env: A: line 2 has cmd"),
    ("cd", ONE_CMD, ONE, ECHO[:2], [(A.cd, "/secret-of-the-run")], A.policy,
     "cd: line 2 has cmd"),
    ("a file", ONE_CMD, ONE, ECHO[:2],
     [(A.stdout, "/tmp/secret-of-the-run")], A.policy,
     "a file for stdout: line 2 has cmd"),
    ("arg0", ONE_CMD, ONE, ECHO[:2], [(A.arg0, "secret-of-the-run")],
     A.policy, "arg0: line 2 has cmd"),
    ("umask", ONE_CMD, ONE, ECHO[:2], [(A.umask, 0)], A.policy,
     "umask: line 2 has cmd"),
    ("stderr of proctor", OWN, ONE, SLEEP, [(A.stderr, A.inherit)], A.policy,
     "stderr: inherit: only a start without privileges has one to give"),
    ("stderr of proctor, for its starter", OWN, STARTER, SLEEP,
     [(A.stderr, A.inherit)], A.policy,
     "stderr: inherit: only a start without privileges has one to give"),
    ("a kill command", ONE_CMD, ONE, ECHO[:2],
     [(A.kill, "secret-of-the-run")], A.policy,
     "a kill command: no rule permits its shell that"),
    ("nice without a rule", OWN, ONE, SLEEP, [(A.nice, -1)], A.nice,
     "nice -1: line 1 permits 0 at least"),
    ("nice below the rule", "permit nice -5 news as daemon\n", ONE, SLEEP,
     [(A.nice, -6)], A.nice, "nice -6: line 1 permits -5 at least"),
    ("one's own nice", OWN, STARTER, SLEEP, [(A.nice, -1)], A.nice,
     "nice -1: no rule permits that"),
    ("children", "permit children 1 news as daemon cmd /bin/sleep\n", ONE,
     SLEEP, [], A.limit, "children"),
])
def reason(rules, user, cmd, options, stage, detail):
    with Rules(rules), NativeSuid() as p:
        if stage == A.limit:
            p.run(cmd, [as_user(user)])
        reply = p.ask(A.run, cmd, [as_user(user), *options])
        error = A.eagain if stage == A.limit else A.eperm
        expect((A.error, (stage, error, detail.encode())), reply)
        p.until_logged("run refused")
        line = p.logged("run refused")[0]
        program = "/bin/sh" if isinstance(cmd, str) else cmd[0]
        program = dict(o for o in options if isinstance(o, tuple)).get(
            A.executable, program)
        check("news as %s, %s: " % (user, program) in line, "log %s", line)
        why = detail.split(": ", 1)[-1]
        check(line.endswith(why if stage != A.limit
                            else "line 1 permits 1 children"), "log %s",
              line)
        check("secret" not in "\n".join(p.log()), "log %s", p.log())


@rows(SECTION + " why it is plain mode, in log and answer:", [
    ("no file", None, "there is no /etc/proctor.conf"),
    ("no rule", "permit games as daemon\n",
     "no rule of /etc/proctor.conf is for its starter"),
])
def plain_reason(rules, why):
    with Rules(rules), NativeSuid() as p:
        detail = "'daemon': nobody but news can be had, as " + why
        expect((A.error, (A.user, A.eperm, detail.encode())),
               p.ask(A.run, SLEEP, [as_user(ONE)]))
        p.until_logged("run refused")
        check(p.logged("run refused")[0].endswith(
            "news as daemon, /bin/sleep: nobody but news can be had, as "
            + why), "log %s", p.log())


@case(SECTION + " why it is refused, of a start by root")
def root_reason():
    with NativeSuid("-user", ONE, who="root") as p:
        expect((A.error, (A.user, A.eperm,
                          b"'bin': the command line does not name it")),
               p.ask(A.run, SLEEP, [as_user(TWO)]))


@case(SECTION + " why it is refused, of a user whom -limit-users leaves out")
def limited_reason():
    with usual_rules, NativeSuid("-limit-users", ONE) as p:
        expect((A.error, (A.user, A.eperm, b"'bin': -limit-users leaves it "
                          b"out")), p.ask(A.run, SLEEP, [as_user(TWO)]))


@case(SECTION + " why it is refused, in words")
def reason_text():
    with Rules(ONE_CMD), Suid() as p:
        expect((A.error, Like("^Couldn't start pid: Policy does not permit "
                              "/bin/echo as daemon: line 2 has other "
                              "arguments: ")),
               p.ask(A.run, ECHO, [as_user(ONE)]))
        expect((A.error, Like("^Couldn't start pid: Cannot run as user "
                              "'mail': no rule permits it: ")),
               p.ask(A.run, ECHO, [as_user(STRANGER)]))
        expect((A.error, Like("^Couldn't start pid: Cannot set the priority:"
                              " nice -1: no rule permits that: ")),
               p.ask(A.run, SLEEP, [(A.nice, -1)]))
