"""A rule with caps: one program that has some of root's rights, and only it."""

import os
import re

import proc
import suid
import world
from case import OK, case, check, expect, rows
from etf import A
from rules import Rules
from suid import SLEEP, Suid, as_user
from world import ONE, STARTER

SECTION = "caps:"
CAT = ["/bin/cat", "/proc/self/status"]
NUMBERS = {"setgid": 6, "setuid": 7, "sys_chroot": 18, "sys_admin": 21}


def rule(caps, words, whom="root", path=None):
    args = " ".join('"%s"' % w.replace("\\", "\\\\").replace('"', '\\"')
                    for w in words[1:])
    return "permit caps { %s } news as %s cmd %s args %s\n" % (
        caps, whom, path or words[0], args)


def bits(caps):
    return sum(1 << NUMBERS[c] for c in caps.split())


def sets(text):
    return {key: int(re.search(r"%s:\s*(\w+)" % key, text).group(1), 16)
            for key in suid.CAPS + ("CapBnd",)
            if re.search(r"%s:" % key, text)}


@rows(SECTION + " the program has these, and no other:", [
    ("%s as %s" % (caps, whom), caps, whom)
    for caps in ("sys_chroot", "setuid setgid", "sys_admin sys_chroot")
    for whom in ("root", ONE)])
def has(caps, whom):
    with Rules(rule(caps, CAT, whom)), Suid() as p:
        text = p.output_of(CAT, as_user(whom))
        for key, found in sets(text).items():
            expect(bits(caps), found, key)
        check(re.search(r"NoNewPrivs:\s*1", text), "no_new_privs")
        check(re.search(r"Seccomp:\s*2", text), "a filter")
        uid = world.uid(whom) if whom != "root" else 0
        check(re.search(r"Uid:\s*%d\s%d\s%d\s%d" % ((uid,) * 4), text),
              "%s", text)


@case(SECTION + " the starter himself can have some, and none without")
def oneself():
    with Rules(rule("sys_chroot", CAT, STARTER)), Suid() as p:
        text = p.output_of(CAT, as_user(STARTER))
        expect(bits("sys_chroot"), sets(text)["CapEff"])
        text = p.output_of(["/bin/cat", "/proc/self/stat",
                            "/proc/self/status"])
        expect(0, sets(text)["CapEff"])


@case(SECTION + " other arguments, another program, another user: refused")
def other():
    with Rules(rule("sys_admin", CAT)), Suid() as p:
        for words in (["/bin/cat"], CAT + ["/etc/passwd"],
                      ["/bin/cat", "/proc/self/stat"],
                      ["/usr/bin/id"]):
            p.refused(words, as_user("root"))
        p.refused(CAT, as_user(ONE))
        p.refused("cat /proc/self/status", as_user("root"))


@case(SECTION + " beside a rule without, each has its own")
def beside():
    text = rule("sys_admin", CAT, ONE) + "permit news as daemon cmd /bin/cat" \
        " args /proc/self/status /dev/null\n"
    with Rules(text), Suid() as p:
        expect(bits("sys_admin"),
               sets(p.output_of(CAT, as_user(ONE)))["CapEff"])
        plain = sets(p.output_of(CAT + ["/dev/null"], as_user(ONE)))
        check(not any(plain.values()), "%r", plain)


@case(SECTION + " a run may keep fewer")
def fewer():
    with Rules(rule("setuid sys_chroot", CAT)), Suid() as p:
        said = sets(p.output_of(CAT, as_user("root"),
                                (A.capabilities, [A.setuid])))
        expect(bits("setuid"), said["CapEff"])
        expect(bits("setuid"), said["CapPrm"])
        p.refused(CAT, as_user("root"), (A.capabilities, [A.sys_admin]))


# What each can do: (capabilities, a program, what it says).
TRIES = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
def can(f, *a):
    pid = os.fork()
    if pid == 0:
        try:
            r = f(*a)
        except OSError:
            r = -1
        os._exit(1 if r == -1 else 0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
ns = os.open('/proc/self/ns/uts', os.O_RDONLY)
print(can(os.chroot, '/'), can(os.setresuid, 4242, 4242, 4242),
      can(os.setgroups, [7]), can(libc.unshare, 0x4000000),
      can(libc.setns, ns, 0), can(libc.unshare, 0x10000000),
      can(os.chmod, '/tmp/of-root', 0o4755), can(os.kill, os.getppid(), 0))
"""


@rows(SECTION + " what the filter lets through:", [
    # chroot, setuid, setgroups, unshare, setns, user namespace, suid
    (caps, caps, want) for caps, want in (
        ("sys_chroot", "True False False False False False False"),
        ("setuid setgid", "False True True False False False False"),
        ("sys_admin", "False False False True True False False"))])
def lets(caps, want):
    path = "/tmp/of-root"
    with open(path, "w"):
        pass
    try:
        script = os.path.join(world.home, "tries.py")
        with open(script, "w") as f:
            f.write(TRIES)
        os.chmod(script, 0o644)
        words = ["/usr/bin/python3", script]
        with Rules(rule(caps, words)), Suid() as p:
            said = p.output_of(words, as_user("root"))
            expect(want, said.rsplit(" ", 1)[0].strip(), caps)
    finally:
        os.unlink(path)


@case(SECTION + " the launcher holds exactly these, and its own uid")
def launcher():
    with Rules(rule("sys_chroot sys_admin", SLEEP)), Suid() as p:
        pid = p.run(SLEEP, [as_user("root")])
        suid.settled(pid, SLEEP[0])
        found = [q for q in proc.descendants(p.pid)
                 if "launcher of root" in proc.title(q)]
        expect(1, len(found), "launchers")
        status = proc.status(found[0])
        own = bits("sys_chroot sys_admin")
        expect(own | 1 << 7, int(status["CapPrm"], 16), "permitted")
        expect(1 << 7, int(status["CapEff"], 16), "effective")
        expect(own, int(status["CapInh"], 16), "inheritable")
        expect(own, int(status["CapBnd"], 16), "bounding")
        expect(0, int(status["CapAmb"], 16), "ambient")
        check(int(status["Uid"].split()[0]) not in (0, world.uid(STARTER)),
              "%s", status["Uid"])


@case(SECTION + " nothing that the starter names is loaded into it")
def environment():
    words = ["/usr/bin/env"]
    with Rules(rule("sys_admin", words)), Suid() as p:
        for name in ("LD_PRELOAD", "PYTHONPATH", "PATH"):
            p.refused(words, as_user("root"), (A.env, [(name, "/tmp")]))


@case(SECTION + " it is stopped as any other")
def stopped():
    with Rules(rule("sys_admin setuid", SLEEP)), Suid() as p:
        pid = p.run(SLEEP, [as_user("root")])
        suid.settled(pid, SLEEP[0])
        expect(OK, p.ask(A.stop, pid))
        p.exit(pid)
        check(not proc.alive(pid), "lives")
