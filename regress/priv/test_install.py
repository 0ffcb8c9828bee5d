"""make install and make install-suid, as they left it in this namespace."""

import os
import shutil
import stat

import world
from case import case, check, expect, rows

SECTION = "install:"


def mode_of(path):
    st = os.lstat(path)
    return (stat.filemode(st.st_mode), st.st_uid, st.st_gid)


def names(database):
    with open(database, encoding="utf-8") as f:
        return {line.split(":")[0]: line for line in f}


@rows(SECTION + " install-suid: modes and owners:", [
    ("proctor", "proctor", "-rwsr-x---", world.GROUP),
    ("proctor-broker", "proctor-broker", "-rwxr-xr-x", "root"),
    ("proctor-worker", "proctor-worker", "-rwxr-xr-x", "root"),
    ("proctor-check", "proctor-check", "-rwxr-xr-x", "root"),
    ("the empty directory", "empty", "drwxr-xr-x", "root"),
    ("the folder", "", "drwxr-xr-x", "root"),
])
def modes(name, mode, group):
    group = names("/etc/group")[group].split(":")[2]
    found = mode_of(os.path.join(world.folder, name).rstrip("/"))
    check(found == (mode, 0, int(group)), "%s", found)


@case(SECTION + " install-suid: nothing is in the empty directory")
def empty():
    found = os.listdir(world.folder + "/empty")
    check(not found, "%s", found)


@case(SECTION + " proctor-check is in the folder for PATH, and runs there")
def in_path():
    path = world.home + "/bin/proctor-check"
    expect(world.folder + "/proctor-check", os.readlink(path), "the link")
    world.write(world.home + "/check.conf", "permit news as daemon\n")
    said = world.login("nobody", path, world.home + "/check.conf")
    expect(b"configuration OK\n", said, "said")


@case(SECTION + " install-suid: the user and the group _proctor")
def user():
    uid, gid = world.uid(world.PARTS), world.gid(world.PARTS)
    check(uid != 0 and gid != 0, "uid %d, gid %d", uid, gid)
    check(world.PARTS in names("/etc/group"), "no group")
    shell = names("/etc/passwd")[world.PARTS].rstrip().split(":")[6]
    check(shell.endswith(("nologin", "false")), "shell %s", shell)


class Again:
    """Another installation, below a directory; /etc is as before then.

    The path is compiled in: all of them share a build of their own.
    """

    def __init__(self):
        self.root = world.home + "/again"
        self.kept = {}
        for path in ("/etc/passwd", "/etc/group", "/etc/proctor.conf"):
            self.kept[path] = None
            if os.path.exists(path):
                with open(path, encoding="utf-8") as f:
                    self.kept[path] = f.read()

    def make(self, *words, group=world.GROUP, target="install-suid", **env):
        if group is not None:
            words += ("GROUP=" + group,)
        folder = world.home + "/again.build"
        if not os.path.exists(folder):
            # Configured as the other one.
            os.mkdir(folder)
            for name in ("config.h", "config.mk", "config.args"):
                shutil.copy2(os.path.join(world.build, name), folder)
        done = world.make(
            target, "LIBEXECDIR=%s/libexec" % self.root, "BUILD=" + folder,
            "MANDIR=%s/man" % self.root, "BINDIR=%s/bin" % self.root,
            "SYSUSERSDIR=%s/sysusers.d" % self.root,
            "TMPFILESDIR=%s/tmpfiles.d" % self.root, *words, **env)
        return done.returncode, done.stdout

    def installed(self):
        return os.path.exists(self.root)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        for path, text in self.kept.items():
            if text is not None:
                world.write(path, text)
            elif os.path.exists(path):
                os.unlink(path)
        shutil.rmtree(self.root, ignore_errors=True)


@rows(SECTION + " install-suid refuses", [
    ("without GROUP", None, "GROUP"),
    ("GROUP empty", "", "GROUP"),
    ("an unknown group", "nosuchgroup", "nosuchgroup"),
])
def refuses(group, word):
    with Again() as again:
        code, said = again.make(group=group)
        check(code != 0, "it went well: %s", said)
        check(word in said, "said %s", said)
        check(not again.installed(), "something was installed")


@case(SECTION + " install-suid: a range of uids behind all others, once",
      limit=60)
def subuids():
    with open("/etc/subuid", encoding="utf-8") as f:
        kept = f.read()
    try:
        for text, first in (("news:300000:65536\nmail:100000:65536\n", 365536),
                            ("", 100000),
                            ("_proctor:70000:130\n", 70000)):
            world.write("/etc/subuid", text)
            with Again() as again:
                code, said = again.make()
                check(code == 0, "%s", said)
            expect(first, world.uids()[0], text)
            with open("/etc/subuid", encoding="utf-8") as f:
                expect(1, f.read().count(world.PARTS), "lines")
    finally:
        world.write("/etc/subuid", kept)


def copy_script(to):
    """To where others can read it, with what it reads."""
    os.makedirs(os.path.dirname(to), exist_ok=True)
    for name in ("install-suid.sh", "users.sh"):
        shutil.copyfile("dist/" + name,
                        os.path.join(os.path.dirname(to), name))


@case(SECTION + " install-suid as nobody special is refused")
def not_root():
    script = world.home + "/dist/install-suid.sh"
    copy_script(script)
    done = world.login(
        "nobody", "/bin/sh", "-c",
        "GROUP=%s DESTDIR= LIBEXECDIR=/x SYSUSERSDIR=/x TMPFILESDIR=/x "
        "SYSCONFDIR=/x BUILD=x sh %s do 2>&1; echo $?"
        % (world.GROUP, script))
    check(done.endswith(b"\n1\n") and b"only root" in done, "%r", done)


@case(SECTION + " install: nothing is SUID, no user, no policy", limit=60)
def plain():
    with Again() as again:
        world.conf(None)
        lines = names("/etc/passwd")
        code, said = again.make(target="install", group=None)
        check(code == 0, "%s", said)
        for directory, _, files in os.walk(again.root):
            for name in files:
                mode = os.lstat(os.path.join(directory, name)).st_mode
                check(stat.S_ISLNK(mode) or not mode & 0o6022, "%s: %o",
                      name, mode)
        check(os.path.isdir(again.root + "/libexec/proctor/empty"),
              "no empty directory")
        check(names("/etc/passwd") == lines, "another passwd")
        check(not os.path.exists("/etc/proctor.conf"), "a policy")


@rows(SECTION + " install over a set-user-ID program: group and mode stay",
      [("4750", 0o4750, ""), ("4710, with DESTDIR", 0o4710, "/root"),
       ("6755", 0o6755, "")], limit=60)
def upgrade(mode, destdir):
    with Again() as again:
        root = again.root + destdir if destdir else ""
        path = root + again.root + "/libexec/proctor/proctor"
        code, said = again.make("DESTDIR=" + root)
        check(code == 0, "%s", said)
        os.chmod(path, mode)
        before = os.lstat(path)
        code, said = again.make("DESTDIR=" + root, target="install",
                                group=None)
        check(code == 0, "%s", said)
        after = os.lstat(path)
        check((after.st_mode, after.st_uid, after.st_gid)
              == (before.st_mode, 0, before.st_gid), "%s", mode_of(path))
        check(after.st_ino != before.st_ino, "the same file")
        check("stays set-user-ID root" in said, "it did not say so: %s",
              said)
        left = sorted(os.listdir(os.path.dirname(path)))
        check(left == ["empty", "proctor", "proctor-broker",
                       "proctor-check", "proctor-task", "proctor-worker"],
              "there is %s", left)


@rows(SECTION + " install over a program with rights is refused", [
    ("by who is not root", 0, 0o4750, "news", "make install-suid GROUP="),
    ("if it is somebody else's", 9, 0o4755, "root", "not root's"),
])
def upgrade_refused(owner, mode, who, word):
    directory = world.home + "/refused/proctor"
    path = directory + "/proctor"
    script = world.home + "/dist/install-suid.sh"
    os.makedirs(directory, exist_ok=True)
    copy_script(script)
    world.write(path, "old\n", mode, owner)
    os.chmod(path, mode)
    os.chown(directory, world.uid(who), 0)
    try:
        done = world.login(
            who, "/bin/sh", "-c", "DESTDIR= LIBEXECDIR=%s BUILD=%s sh %s "
            "program 2>&1; echo $?" % (os.path.dirname(directory),
                                      world.folder, script)).decode()
        check(done.endswith("\n1\n") and word in done, "%s", done)
        with open(path, encoding="utf-8") as f:
            check(f.read() == "old\n", "it was replaced")
    finally:
        shutil.rmtree(os.path.dirname(directory))


@case(SECTION + " install-suid: DESTDIR gets all, the system nothing",
      limit=60)
def destdir():
    with Again() as again:
        world.conf(None)
        lines = names("/etc/passwd")
        del lines[world.PARTS]
        world.write("/etc/passwd", "".join(lines.values()))
        root = again.root + "/root"
        done = world.make("install-suid", "GROUP=" + world.GROUP,
                          "DESTDIR=" + root, "BINDIR=/usr/bin")
        check(done.returncode == 0, "%s", done.stdout)
        check(names("/etc/passwd") == lines, "it made a user")
        check(not os.path.exists("/etc/proctor.conf"), "it made a policy")
        path = root + world.folder + "/proctor"
        check(mode_of(path)[0] == "-rwsr-x---", "%s", mode_of(path))
        check(mode_of(root + "/etc/proctor.conf")
              == ("-rw-r--r--", 0, 0), "the policy's example")
        expect(world.folder + "/proctor-check",
               os.readlink(root + "/usr/bin/proctor-check"), "the link")
        for name in ("sysusers.d", "tmpfiles.d"):
            check(os.path.exists("%s/usr/local/lib/%s/proctor.conf"
                                 % (root, name)), "no %s", name)
        done = world.make("uninstall", "DESTDIR=" + root, "BINDIR=/usr/bin")
        check(done.returncode == 0, "%s", done.stdout)
        left = [os.path.join(d, name) for d, _, files in os.walk(root)
                for name in files]
        expect([root + "/etc/proctor.conf"], left, "left by uninstall")


@case(SECTION + " install-suid twice: user and policy stay", limit=60)
def twice():
    with Again() as again:
        world.conf("permit news as lp\n", mode=0o600)
        lines = names("/etc/passwd")
        lines[world.PARTS] = "_proctor:x:4242:8::/:/bin/false\n"
        world.write("/etc/passwd", "".join(lines.values()))
        code, said = again.make()
        check(code == 0, "%s", said)
        check(names("/etc/passwd") == lines, "another passwd")
        with open("/etc/proctor.conf", encoding="utf-8") as f:
            text = f.read()
        check(text == "permit news as lp\n", "policy: %s", text)
        check("stays" in said, "it did not say so: %s", said)


@case(SECTION + " install-suid: a _proctor that is root is refused",
      limit=60)
def root_parts():
    with Again() as again:
        lines = names("/etc/passwd")
        lines[world.PARTS] = "_proctor:x:0:0::/:/bin/false\n"
        world.write("/etc/passwd", "".join(lines.values()))
        code, said = again.make()
        check(code != 0, "it went well")
        path = again.root + "/libexec/proctor/proctor"
        check(not os.lstat(path).st_mode & 0o4000, "it is SUID: %s", said)


@case(SECTION + " install-suid without systemd-sysusers: useradd", limit=60)
def useradd():
    tool = "/usr/bin/systemd-sysusers"
    with Again() as again:
        lines = names("/etc/passwd")
        del lines[world.PARTS]
        world.write("/etc/passwd", "".join(lines.values()))
        there = os.path.exists(tool)
        if there:
            world.bind("/dev/null", tool)
        try:
            code, said = again.make()
        finally:
            if there:
                world.umount(tool)
        check(code == 0, "%s", said)
        check(world.PARTS in names("/etc/passwd"), "no user: %s", said)


@case(SECTION + " install-suid: the example permits nothing", limit=60)
def example():
    with Again() as again:
        world.conf(None)
        code, said = again.make()
        check(code == 0, "%s", said)
        with open("/etc/proctor.conf", encoding="utf-8") as f:
            rules = [line for line in f
                     if line.strip() and not line.startswith("#")]
        check(not rules, "rules: %s", rules)
        check(mode_of("/etc/proctor.conf") == ("-rw-r--r--", 0, 0), "%s",
              mode_of("/etc/proctor.conf"))
