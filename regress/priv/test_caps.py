"""A rule with caps: one program has some of root's rights, and only it."""

import os
import re
import shutil
import struct

import etf
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


# The program that this is for ---

class Task:
    """proctor-task as root, by a rule: calls of its root task, by name."""

    def __init__(self, p, words, *options):
        self.p = p
        self.pid = p.run(words, [A.stdin, A.stdout, A.stderr,
                                 as_user("root"), *options])
        self.seq = self.at = 0
        self.names = [str(n) for n in etf.binary_to_term(
            self.frame(64))[A.calls]]

    def frame(self, *kinds):
        """The next frame of such a type, without its head."""
        while True:
            self.p.until(self._whole, "a frame; %r" % self.p.out(
                self.pid, A.stderr))
            out = self.p.out(self.pid)
            size, kind = struct.unpack_from(">IB", out, self.at)
            data = out[self.at + 13:self.at + 4 + size]
            self.at += 4 + size
            if kind in kinds:
                return data

    def _whole(self):
        out = self.p.out(self.pid)[self.at:]
        return len(out) >= 4 and \
            len(out) >= 4 + struct.unpack_from(">I", out)[0]

    def call(self, name, *args, task=1):
        self.seq += 1
        data = struct.pack(">BIIIH", 1, task, self.seq, 0,
                           self.names.index(name)) + etf.term_to_binary(args)
        self.p.send((A.stdin, self.pid, struct.pack(">I", len(data)) + data))
        return etf.binary_to_term(self.frame(65))


def task_program():
    path = os.path.join(world.home, "proctor-task")
    if not os.path.exists(path):
        shutil.copy(os.path.join(world.build, "proctor-task"), path)
        os.chmod(path, 0o755)
    return path


def denied(name, stage="policy"):
    return A.error, (getattr(A, stage), A.eperm, getattr(A, name))


NONE = {A.effective: [], A.permitted: [], A.inheritable: []}


@case(SECTION + " proctor-task: what root's file gives, and no more")
def task_rights():
    words = [task_program(), "-maxchild", "3"]
    with Rules(rule("sys_admin sys_chroot setuid setgid", words)), Suid() as p:
        t = Task(p, words)
        expect(OK, t.call("chroot", "/"))
        expect(OK, t.call("unshare", A.clone_newns))
        expect(OK, t.call("mount", [], "/", [], [A.ms_rec, A.ms_private]))
        expect(OK, t.call("mount", "t", "/tmp", "tmpfs", A.ms_nodev))
        expect(denied("unshare", "call"), t.call("unshare", A.clone_newuser))
        expect(OK, t.call("mkfifo", "/tmp/f", 0o600))
        expect((A.error, (A.call, A.eacces, A.setpriority)),
               t.call("setpriority", A.prio_process, 0, -5))


@case(SECTION + " proctor-task: who was root and is not has none left")
def task_drops():
    words = [task_program(), "-maxchild", "3"]
    with Rules(rule("setuid setgid sys_chroot", words)), Suid() as p:
        t = Task(p, words)
        held = [A.cap_setgid, A.cap_setuid, A.cap_sys_chroot]
        expect((A.ok, {A.effective: held, A.permitted: held,
                       A.inheritable: held}), t.call("capget"))
        expect(OK, t.call("setgroups", []))
        expect(OK, t.call("setresgid", 4242, 4242, 4242))
        expect(OK, t.call("setresuid", 4242, 4242, 4242))
        said = t.call("capget")[1]
        expect([], said[A.effective], "effective")
        expect([], said[A.permitted], "permitted")
        expect(denied("setresuid", "call"), t.call("setresuid", 0, 0, 0))
        expect(denied("chroot", "call"), t.call("chroot", "/"))


@case(SECTION + " proctor-task -uids: no other id is taken or given")
def task_ids():
    words = [task_program(), "-uids", "4000-4999"]
    with Rules(rule("setuid setgid chown", words)), Suid() as p:
        t = Task(p, words)
        for name, args in (
                ("setuid", (5000,)), ("setgid", (3999,)),
                ("setresuid", (4000, 0, 4000)),
                ("setresgid", (-1, 4000, 9)), ("setgroups", ([4000, 0],)),
                ("chown", ("/tmp", 0, 4000)), ("chown", ("/tmp", 4000, 0)),
                ("map_ids", (0, [(0, 0, 1)], [])),
                ("map_ids", (0, [], [(0, 4999, 2)]))):
            expect(denied(name), t.call(name, *args), name)
        path = world.home + "/given"
        open(path, "w").close()
        expect(OK, t.call("chown", path, 4000, -1))
        expect(4000, os.stat(path).st_uid)
        expect(OK, t.call("setgroups", [4000, 4999]))
        expect(OK, t.call("setresgid", 4000, 4000, 4002))
        # The same behind its own program.
        expect(OK, t.call("reexec"))
        expect(denied("setuid"), t.call("setuid", 5000))
        expect(denied("setuid"), t.call("setuid", 0))
        expect(OK, t.call("setresuid", 4000, 4999, -1))


@case(SECTION + " proctor-task -uids: a program of it has none")
def task_programs():
    words = [task_program(), "-uids", "4000-4999"]
    with Rules(rule("setuid setgid chown", words)), Suid() as p:
        t = Task(p, words)
        expect((A.error, (A.exec, A.enoent, A.execve)),
               t.call("execve", "/nowhere", ["x"], []))
        expect(3, len(t.call("capget")[1][A.permitted]))
        expect(OK, t.call("execve", "/bin/cat", CAT, []))
        text = t.frame(69)
        for key, found in sets(text.decode()).items():
            if key != "CapBnd":
                expect(0, found, key)


@case(SECTION + " proctor-task -uids: not where root is root again")
def task_needs_rule():
    # As root without a launcher of ours, exec gives all rights back.
    pid = os.fork()
    if pid == 0:
        os.dup2(os.open("/dev/null", os.O_RDWR), 2)
        r, w = os.pipe()
        os.dup2(r, 0)
        os.dup2(w, 1)
        os.execv(task_program(), ["proctor-task", "-uids", "1-2"])
    expect(4, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def jail_of(t, root):
    """A folder for -root, with something in it; the tree is in namespaces of
    its own, so that what it mounts is seen by nobody else."""
    expect(OK, t.call("unshare", A.clone_newns))
    for name in ("new", "src", "new/old", "new/proc"):
        expect(OK, t.call("mkdir", root + "/" + name, 0o755))


@case(SECTION + " proctor-task -root: roots and mounts are in there")
def task_root():
    root = world.home + "/tree"
    shutil.rmtree(root, ignore_errors=True)
    os.mkdir(root)
    os.symlink("/", root + "/out")
    os.symlink("new", root + "/in")
    words = [task_program(), "-root", root]
    with Rules(rule("sys_admin sys_chroot", words)), Suid() as p:
        t = Task(p, words)
        jail_of(t, root)
        expect(OK, t.call("chdir", root))
        open_root = t.call("open", "/", A.o_rdonly)[1]
        # Elsewhere, by whatever way.
        for name, args in (
                ("chroot", ("/",)), ("chroot", (root + "/..",)),
                ("chroot", (root + "/out",)), ("chroot", ("out/tmp",)),
                ("chroot", ("/proc/self/root",)),
                ("chroot", ("/proc/self/fd/%d" % open_root,)),
                ("mount", ("t", "/tmp", "tmpfs", 0)),
                ("mount", ("t", "out/tmp", "tmpfs", 0)),
                ("mount", ("/etc", "new", [], A.ms_bind)),
                ("mount", ("out/etc", "new", [], A.ms_bind)),
                ("mount", ("/etc/passwd", "src", [], A.ms_bind)),
                ("mount", ("src", "/tmp", [], A.ms_bind)),
                ("mount", ("/", "new", [], A.ms_move)),
                ("mount", ([], "/", [], [A.ms_rec, A.ms_private])),
                ("mount", ("o", "new", "overlay", 0,
                           "lowerdir=/etc:/usr")),
                ("mount", ("/dev/sda", "new", "ext4", 0)),
                ("umount", ("/proc",)), ("umount2", ("out/proc", 0)),
                ("umount", ("..",)), ("umount", (root,)),
                ("pivot_root", ("/", "/tmp")),
                ("pivot_root", ("new", "/tmp")),
                ("setns", (open_root,)),
                ("setns", (open_root, A.clone_newns))):
            expect(denied(name), t.call(name, *args), "%s%r" % (name, args))
        # And in there what there is to do.
        expect(OK, t.call("mkfifo", root + "/src/f", 0o600))
        expect(OK, t.call("mount", "t", "in", "tmpfs", A.ms_nodev,
                          "size=64k"))
        for name in ("old", "proc", "sub"):
            expect(OK, t.call("mkdir", "in/" + name, 0o755))
        expect(OK, t.call("mount", "src", root + "/new/sub", [],
                          [A.ms_bind, A.ms_rec]))
        expect(A.ok, t.call("lstat", "new/sub/f")[0])
        expect(OK, t.call("mount", [], "new/sub", [],
                          [A.ms_remount, A.ms_bind, A.ms_rdonly]))
        expect((A.error, (A.call, A.erofs, A.mkdir)),
               t.call("mkdir", "new/sub/x", 0o755))
        expect(OK, t.call("umount", "new/sub/"))
        expect((A.error, (A.call, A.enoent, A.lstat)),
               t.call("lstat", "new/sub/f"))
        expect(OK, t.call("mount", "p", "new/proc", "proc", 0))
        # What a proc that is in there leads to is out there.
        expect(denied("chroot"), t.call("chroot", "new/proc/self/root"))
        expect(denied("mount"), t.call("mount", "new/proc/self/root/etc",
                                       "src", [], A.ms_bind))
        # Its own program remembers.
        expect(OK, t.call("reexec"))
        expect(denied("chroot"), t.call("chroot", "/"))
        expect(OK, t.call("chdir", root))
        expect(OK, t.call("pivot_root", "new", "new/old"))
        expect(OK, t.call("chdir", "/"))
        expect(OK, t.call("umount2", "old", A.mnt_detach))
        expect(OK, t.call("rmdir", "old"))
        # The new root is in there, with all that is in it.
        expect(OK, t.call("mount", "t", "/sub", "tmpfs", 0))
        expect(OK, t.call("mkdir", "/sub/deep", 0o755))
        # But not what was left open.
        expect(denied("chroot"),
               t.call("chroot", "/proc/self/fd/%d" % open_root))
        expect(OK, t.call("chroot", "/sub"))
        expect(OK, t.call("chdir", "/"))
        expect([b".", b"..", b"deep"], sorted(t.call("readdir", "/")[1]))
        expect(OK, t.call("chroot", "deep"))


@case(SECTION + " proctor-task -root: files are bound in there alone")
def task_files():
    root = world.home + "/tree"
    shutil.rmtree(root, ignore_errors=True)
    os.mkdir(root)
    for name in ("one", "two"):
        with open(root + "/" + name, "w") as f:
            f.write(name)
    os.symlink("/etc/passwd", root + "/leads")
    os.symlink("one", root + "/link")
    words = [task_program(), "-root", root]
    with Rules(rule("sys_admin sys_chroot", words)), Suid() as p:
        t = Task(p, words)
        jail_of(t, root)
        expect(OK, t.call("chdir", root))
        passwd = t.call("open", "/etc/passwd", A.o_rdonly)[1]
        expect(OK, t.call("mount", "p", "new/proc", "proc", 0))
        held = "proc/self/fd/%d" % passwd
        # What is elsewhere, by whatever way, and links, wherever they lead.
        for source in ("/etc/passwd", "leads", "link", "/" + held,
                       "new/" + held, "new/proc/self/root/etc/passwd",
                       "../../etc/passwd", "new/../../../etc/passwd"):
            for flags in (A.ms_bind, [A.ms_bind, A.ms_rec], A.ms_move):
                answer = t.call("mount", source, "two", [], flags)
                check(answer == denied("mount")
                      or answer[1][1] == A.enoent, "%s: %r", source, answer)
        for target in ("/etc/passwd", "leads", "/" + held, "new/" + held,
                       "new/proc/self/root/etc/passwd"):
            expect(denied("mount"),
                   t.call("mount", "one", target, [], A.ms_bind), target)
        for target in ("/etc/passwd", "leads", "/" + held):
            answer = t.call("umount", target)
            check(answer[0] == A.error, "%s: %r", target, answer)
        # In there they are what they seem.
        expect(OK, t.call("mount", "one", "two", [], A.ms_bind))
        seen = t.call("open", "two", A.o_rdonly)[1]
        expect((A.ok, b"one"), t.call("read", seen, 100))
        expect(OK, t.call("close", seen))
        expect(OK, t.call("umount", "two"))
        seen = t.call("open", "two", A.o_rdonly)[1]
        expect((A.ok, b"two"), t.call("read", seen, 100))


@case(SECTION + " proctor-task -root: an old root behind the new is none")
def task_pivot():
    root = world.home + "/tree"
    shutil.rmtree(root, ignore_errors=True)
    os.mkdir(root)
    words = [task_program(), "-root", root]
    with Rules(rule("sys_admin sys_chroot", words)), Suid() as p:
        t = Task(p, words)
        jail_of(t, root)
        expect(OK, t.call("chdir", root))
        expect(OK, t.call("mount", "t", "new", "tmpfs", 0))
        for name in ("new/sub", "new/old"):
            expect(OK, t.call("mkdir", name, 0o755))
        # Places that are no mounts, or not below the new root.
        for new, old in (("src", "src"), ("new", "src"), ("new", "."),
                         ("new/sub", "new/sub")):
            check(t.call("pivot_root", new, old)[0] == A.error,
                  "%s, %s", new, old)
        expect(OK, t.call("chdir", "new"))
        # One over the other: what is above the new root is the old one.
        expect(OK, t.call("pivot_root", ".", "."))
        for name, args in (
                ("chroot", ("/..",)), ("chroot", ("/../etc",)),
                ("chroot", ("..",)), ("chroot", ("/../tmp",)),
                ("mount", ("t", "/../tmp", "tmpfs", 0)),
                ("mount", ("/../etc", "/sub", [], A.ms_bind)),
                ("mount", ("/..", "/sub", [], [A.ms_bind, A.ms_rec])),
                ("mount", ("/../etc/passwd", "/sub", [], A.ms_bind)),
                ("mount", ("/sub", "/../tmp", [], A.ms_bind)),
                ("mount", ("/..", "/sub", [], A.ms_move)),
                ("umount", ("/../proc",)),
                ("pivot_root", ("/../tmp", "/../tmp"))):
            answer = t.call(name, *args)
            check(answer[0] == A.error, "%s%r: %r", name, args, answer)
        # So even the new one leads out, as far as anybody can tell.
        expect(denied("chroot"), t.call("chroot", "/sub"))


@rows(SECTION + " proctor-task -root: no such folder:", [
    (w, w) for w in ("nowhere", "/nowhere", "/etc/passwd")])
def task_no_root(word):
    pid = os.fork()
    if pid == 0:
        os.dup2(os.open("/dev/null", os.O_RDWR), 2)
        os.execv(task_program(), ["proctor-task", "-root", word])
    expect(2, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
