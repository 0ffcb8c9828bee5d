"""Groups that a rule lists: who has exactly these, and who is refused them."""

import os

import proc
import world
from case import (ERROR, OK, Like, any_build, case, check, eventually, expect,
                  rows)
from checked import checked
from etf import A
from rules import Place, Rules
from suid import SLEEP, NativeSuid, Suid, as_user, dropped, ids, settled
from world import ONE, STARTER, STRANGER, TWO

SECTION = "listed groups:"
TWO_LISTS = ("permit news as daemon groups { adm }\n"
             "permit news as daemon groups { mail 60 }\n")


def told(p, *options):
    """What a child says that it has: group, and those that the kernel keeps
    besides."""
    text = p.output_of(["/bin/cat", "/proc/self/status"], *options)
    status = dict(line.split(":", 1) for line in text.splitlines())
    gid = {int(n) for n in status["Gid"].split()}
    check(len(gid) == 1, "Gid %s", gid)
    return gid.pop(), sorted(int(n) for n in status["Groups"].split())


def forbidden(why):
    return (A.error, (A.policy, A.eperm, why))


@rows(SECTION + " a child has these and no other:", [
    ("two", "as daemon groups { mail adm }", ONE, "daemon", ("adm", "mail")),
    ("a number", "as daemon groups { 60 }", ONE, "daemon", (60,)),
    ("a number without a name", "as daemon groups { 4242 }", ONE, "daemon",
     (4242,)),
    ("none", "as daemon groups { }", ONE, "daemon", ()),
    ("beside another primary one", "as daemon:mail groups { lp }", ONE,
     "mail", ("lp",)),
    ("its own among them", "as daemon groups { daemon lp }", ONE, "daemon",
     ("daemon", "lp")),
    ("the starter", "as news groups { lp }", STARTER, "news", ("lp",)),
    ("the starter, none", "as news groups { }", STARTER, "news", ()),
    ("of one program", "as daemon groups { lp } cmd /bin/cat", ONE, "daemon",
     ("lp",)),
])
@any_build
def exactly(rule, user, group, groups):
    group_of = {"daemon": 1, "mail": 8, "news": 9, "adm": 4, "lp": 7}
    want = (group_of[group], sorted(group_of.get(g, g) for g in groups))
    with Rules("permit news %s\n" % rule), Suid() as p:
        expect(want, told(p, as_user(user)))
        expect(want, told(p, as_user(user), (A.groups, list(
            b"%d" % n for n in want[1]))))
        if user != STARTER:
            expect((world.gid(STARTER), world.groups(STARTER)), told(p))


@case(SECTION + " two lists of a user: two launchers, which do not mix")
def two_lists():
    with Rules(TWO_LISTS), Suid() as p:
        lists = {(4,): ["adm"], (8, 60): ["games", b"8"]}
        for _ in range(5):
            for want, asked in lists.items():
                expect((1, list(want)),
                       told(p, as_user(ONE), (A.groups, asked)))
            # Who says nothing is by the last rule.
            expect((1, [8, 60]), told(p, as_user(ONE)))
        made = [pid for pid in proc.children(p.ring()["priv"])
                if p._program(pid) == "proctor"
                and pid != p.ring().get("keeper")]
        eventually(lambda: all(dropped(pid) for pid in made), 5, "launchers")
        # Each has its groups and a uid of its own, and may be its target.
        found = sorted((ids(pid, "Uid")[3], sorted(ids(pid, "Groups")))
                       for pid in made)
        expect(sorted([(1, [4]), (1, [8, 60]),
                       (9, world.groups(STARTER))]), found)
        own = {ids(pid, "Uid")[0] for pid in made}
        check(len(own) == 3 and own <= set(world.uids()), "uids %s", own)


@case(SECTION + " a login's, and a list, of one user: each is what it is")
def login_and_list():
    rules = "permit news as daemon groups { lp }\npermit news as daemon\n"
    with Rules(rules), Suid() as p:
        expect((1, world.groups(ONE)), told(p, as_user(ONE)))
        expect((1, [7]), told(p, as_user(ONE), (A.groups, ["lp"])))


@rows(SECTION + " refused, as no rule lists exactly these:", [
    ("less", ["mail"]), ("more", ["mail", "games", "adm"]),
    ("of both lists", ["mail", "adm"]), ("none", []),
    ("another", ["lp"]), ("root's", [b"0"]), ("a login's", [
        "daemon", "sys", "adm", "games"]),
    ("nobody's", ["nosuch"]), ("one of nobody's", ["adm", "nosuch"]),
    ("an id that is none", [b"4294967295"]),
    ("a name that begins one", ["ad"]), ("two in one", ["adm,mail"]),
])
def not_these(groups):
    with Rules(TWO_LISTS), NativeSuid() as p:
        reply = p.ask(A.run, SLEEP, [as_user(ONE), (A.groups, groups)])
        expect(forbidden(b"/bin/sleep as daemon: line 2 is not for these "
                         b"groups"), reply)
        expect([], p.ask(A.list))
        check(p.logged("is not for these groups"), "log %s", p.log())


@case(SECTION + " the same one twice is one; a thousand are refused")
def twice():
    with Rules(TWO_LISTS), Suid() as p:
        expect((1, [4]), told(p, as_user(ONE), (A.groups, [
            "adm", b"4", "adm", b"004"])))
        a_thousand = [b"%d" % n for n in range(10, 1010)]
        expect((A.error, Like("is not for these groups")), p.ask(
            A.run, SLEEP, [as_user(ONE), (A.groups, a_thousand)]))
        expect((1, [4]), told(p, as_user(ONE), (A.groups, ["adm"])))


@rows(SECTION + " not for who has no rule that lists any:", [
    ("another user", TWO, b"/bin/sleep as bin: line 3 is not for these "
     b"groups"),
    ("the starter", STARTER, b"/bin/sleep as news: no rule is for these "
     b"groups")])
def no_list(user, why):
    with Rules(TWO_LISTS + "permit news as bin\n"), NativeSuid() as p:
        for groups in (["adm"], []):
            expect(forbidden(why), p.ask(
                A.run, SLEEP, [as_user(user), (A.groups, groups)]))
        reply = p.ask(A.run, SLEEP, [as_user(STRANGER),
                                     (A.groups, ["adm"])])
        expect((A.error, (A.user, A.eperm, b"'mail': no rule permits it")),
               reply)


@case(SECTION + " not in plain mode, and it is said so")
def plain():
    with Rules("permit games as daemon groups { adm }\n"), NativeSuid() as p:
        for groups in (["adm"], []):
            expect(forbidden(b"/bin/sleep as news: no rule is for these "
                             b"groups"),
                   p.ask(A.run, SLEEP, [(A.groups, groups)]))


@case(SECTION + " a deny is of whatever groups")
def denied():
    with Rules(TWO_LISTS + "deny news as daemon\n"
               "permit news as bin\n"), Suid() as p:
        for groups in (["adm"], ["mail", "games"]):
            p.refused(SLEEP, as_user(ONE), (A.groups, groups))
        p.refused(SLEEP, as_user(ONE))


@case(SECTION + " with cmd: one program has them, and no other")
def one_program():
    rules = ("permit news as daemon\n"
             "permit news as daemon groups { lp } cmd /bin/cat\n")
    with Rules(rules), Suid() as p:
        expect((1, [7]), told(p, as_user(ONE)))
        said = p.output_of(["/usr/bin/id", "-G"], as_user(ONE))
        expect(world.groups(ONE), sorted(map(int, said.split())))
        expect((A.error, Like("line 2 is for another program")), p.ask(
            A.run, ["/usr/bin/id"], [as_user(ONE), (A.groups, ["lp"])]))


@case(SECTION + " files are opened with them, and with no others")
def files():
    place = Place("root")
    os.chmod(place.path, 0o755)
    path = place.file("of-lp", "for lp\n")
    os.chown(path, 0, world.gid("root"))
    os.chmod(path, 0o640)
    os.chown(path, 0, 7)
    rules = ("permit news as daemon groups { lp }\n"
             "permit news as daemon groups { adm }\n")
    with Rules(rules), Suid() as p:
        said = p.output_of(["/bin/cat"], as_user(ONE), (A.groups, ["lp"]),
                           (A.stdin, path))
        expect("for lp\n", said)
        for options in ([], [(A.groups, ["adm"])]):
            expect(ERROR, p.ask(A.run, ["/bin/cat"], [
                as_user(ONE), (A.stdin, path), *options]))


@case(SECTION + " a kill command has those of what it stops")
def kill():
    path = Place(ONE).file("killed")
    rules = ("permit news as daemon groups { lp }\n"
             "permit news as daemon groups { adm }\n"
             "permit news as daemon\n")
    with Rules(rules), Suid() as p:
        for name, gid in (("lp", 7), ("adm", 4)):
            line = "id -G >%s; kill $CHILD_PID" % path
            pid = p.run(SLEEP, [as_user(ONE), (A.groups, [name]),
                                (A.kill, line)])
            settled(pid, SLEEP[0])
            expect(OK, p.ask(A.stop, pid))
            p.exit(pid)
            with open(path, encoding="ascii") as f:
                expect("1 %d\n" % gid, f.read())


@case(SECTION + " children are counted for each list by itself")
def counted():
    rules = ("permit children 1 news as daemon groups { lp }\n"
             "permit children 1 news as daemon groups { adm }\n")
    with Rules(rules), Suid() as p, Suid() as q:
        for name in ("lp", "adm"):
            p.run(SLEEP, [as_user(ONE), (A.groups, [name])])
            for port in (p, q):
                expect(ERROR, port.ask(A.run, SLEEP, [
                    as_user(ONE), (A.groups, [name])]))


@case(SECTION + " -limit-users leaves out a user with all of his lists")
def limited():
    with Rules(TWO_LISTS + "permit news as bin\n"), \
            Suid("-limit-users", TWO) as p:
        p.refused(SLEEP, as_user(ONE), (A.groups, ["adm"]))
        p.refused(SLEEP, as_user(ONE))
        p.output_of(["/bin/true"], as_user(TWO))
    with Rules(TWO_LISTS), Suid("-limit-users", ONE) as p:
        expect((1, [4]), told(p, as_user(ONE), (A.groups, ["adm"])))


@case(SECTION + " hello names a user once, whatever lists he has")
def hello():
    with Rules(TWO_LISTS + "permit news as bin\n"), NativeSuid() as p:
        _, told_us = p.hello()
        expect([b"daemon", b"bin"], told_us[A.users])


def many(n):
    return "".join("permit news as daemon groups { %d }\n" % (5000 + i)
                   for i in range(n))


@case(SECTION + " 64 launchers are had, and each its list", limit=60)
def many_lists():
    with Rules(many(63)), Suid() as p:
        for i in (0, 31, 62):
            expect((1, [5000 + i]),
                   told(p, as_user(ONE), (A.groups, [b"%d" % (5000 + i)])))


@case(SECTION + " the same list in other words takes no launcher more")
def same_lists():
    rules = "permit news as daemon groups { %s } cmd /bin/cat args %d\n"
    turned = ("adm mail", "mail adm", "4 mail", "8 4", "mail 04")
    with Rules("".join(rules % (turned[i % 5], i) for i in range(200))
               + TWO_LISTS), Suid() as p:
        made = [pid for pid in proc.children(p.ring()["priv"])
                if p._program(pid) == "proctor"
                and pid != p.ring().get("keeper")]
        check(len(made) == 4, "%d launchers", len(made))


@rows(SECTION + " no start:", [
    ("with one launcher more than 64", many(64), 4,
     "more than 64 users with their groups"),
    ("with a group that is not there",
     "permit news as daemon\npermit news as daemon groups { adm nosuch }\n",
     4, "/etc/proctor.conf:2:"),
    ("with one that is there twice",
     "permit news as daemon\npermit news as daemon groups { adm 4 }\n", 4,
     "/etc/proctor.conf:2:"),
    ("with a list without an end",
     "permit news as daemon\npermit news as daemon groups { adm\n", 4,
     "/etc/proctor.conf:"),
    ("with one in a deny",
     "permit news as daemon\ndeny news as daemon groups { adm }\n", 4,
     "/etc/proctor.conf:2:"),
])
def no_start(rules, status, why):
    with Rules(rules), Suid() as p:
        p.close_input()
        p.end(10)
        expect(status, p.status, "exit, log %s" % p.log())
        check(p.logged(why), "log %s", p.log())
        check(not p.logged("nosuch"), "it is told what the file says: %s",
              p.log())
        p.close(code=status)


@rows(SECTION + " proctor-check:", [
    ("these", ["groups", "{", "games", "8", "}"], 0, "permit, line 2\n"),
    ("others", ["groups", "{", "8", "}"], 1, "deny, no rule matches\n"),
    ("of a command", ["groups", "{", "adm", "}", "/bin/true"], 0,
     "permit, line 1\n"),
    ("none said", [], 0, "permit, line 2\n"),
    ("nobody's", ["groups", "{", "nosuch", "}"], 1, ""),
    ("without an end", ["groups", "{", "adm"], 2, ""),
])
def check_said(words, status, said):
    path = world.home + "/check.conf"
    world.write(path, TWO_LISTS)
    got = checked(path, "news", "as", "daemon", *words)
    expect((status, said), got[:2], "log %s" % got[2])
    check(bool(said) == (not got[2]), "log %s", got[2])


@case(SECTION + " proctor-check says which group is not there")
def check_unknown():
    path = world.home + "/check.conf"
    world.write(path, "permit news as daemon groups { adm nosuch }\n")
    status, said, log = checked(path)
    expect((1, ""), (status, said))
    check(":1: there is no group \"nosuch\"" in log[0], "log %s", log)
