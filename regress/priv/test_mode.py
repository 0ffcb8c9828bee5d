"""What a start says of itself: its mode, and why it is that."""

import ctypes
import os
import shutil

import world
from case import case, check, expect, rows
from etf import A
from rules import Rules
from suid import Suid
from world import ONE, UNRULED

SECTION = "mode:"
PR_SET_NO_NEW_PRIVS = 38
MS_NOSUID = 2


def no_new_privs():
    ctypes.CDLL(None).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def modes(p):
    """What the log says of it, once the ring works."""
    expect([], p.ask(A.list), "list")
    return [line.split("mode: ")[1] for line in p.logged("mode: ")]


@rows(SECTION, [
    ("set-user-ID, with rules", "permit news as daemon\n", [], {},
     "privileged, as it is set-user-ID root and /etc/proctor.conf has rules "
     "for news"),
    ("set-user-ID, no file", None, [], {},
     "plain, nobody but news can be had, as there is no /etc/proctor.conf"),
    ("set-user-ID, nothing for its starter", "permit news as daemon\n", [],
     {"who": UNRULED},
     "plain, nobody but games can be had, as no rule of /etc/proctor.conf is "
     "for its starter"),
    ("set-user-ID, with no_new_privs", "permit news as daemon\n", [],
     {"last": no_new_privs}, "plain, nobody but news can be had, as "
     "no_new_privs is set, with which its set-user-ID bit does not count"),
    ("root for others", None, ["-user", ONE], {"who": "root"},
     "privileged, as root has started it with -user"),
    ("root for root", None, ["-user", "root"], {"who": "root"},
     "root, as root has started it with -user root"),
])
def said(rules, args, how, mode):
    with Rules(rules), Suid(*args, **how) as p:
        expect([mode], modes(p), "mode")


def nosuid():
    """The programs on a file system where the bit does not count."""
    path = os.path.join(world.home, "nosuid")
    if not os.path.isdir(path):
        os.mkdir(path)
        world.mount("tmpfs", path, "tmpfs", MS_NOSUID, "mode=755")
        for name in os.listdir(world.folder):
            if name != "empty":
                shutil.copy(os.path.join(world.folder, name), path)
        os.chmod(path + "/proctor", 0o4755)
    return path + "/proctor"


@case(SECTION + " set-user-ID, on a file system that is mounted nosuid")
def mounted():
    with Rules("permit news as daemon\n"), Suid(program=nosuid()) as p:
        expect(["plain, nobody but news can be had, as its file system is "
                "mounted nosuid"], modes(p), "mode")


@case(SECTION + " without the bit, which everybody expects: with -debug only")
def usual():
    program = os.path.join(world.copy_programs("plain"), "proctor")
    with Suid(program=program) as p:
        expect([], modes(p), "mode")
    with Suid("-debug", program=program) as p:
        got = modes(p)
        check(got == ["plain, nobody but news can be had, as proctor is not "
                      "set-user-ID root"], "%s", got)
