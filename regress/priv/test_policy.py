"""Policies, and what follows from each: (rules, starter, target, command,
expected), through the real program and through proctor -C.

A command of None is `sleep', for the program, and no command for -C.
"""

import os

import port
import world
from case import case, check, expect, rows
from etf import A
from suid import SLEEP, Suid, as_user
from test_users import Rules

SECTION = "policy:"
TRUE = ["/bin/true"]
ECHO = ["/bin/echo", "a"]

YES, NO = True, False
TABLE = [
    # name, rules, starter, target, command, expected
    ("one permit", "permit news as daemon\n", "news", "daemon", None, YES),
    ("another target", "permit news as daemon\n", "news", "bin", None, NO),
    ("another starter", "permit games as daemon\n"
     "permit news as bin\n", "news", "daemon", None, NO),
    ("one's own user needs no rule", "permit news as daemon\n", "news",
     "news", None, YES),
    ("one's own user denied", "permit news as daemon\n"
     "deny news as news\n", "news", "news", None, NO),
    ("one's own user with cmd only", "deny news as news\n"
     "permit news as news cmd /bin/true\n", "news", "news", TRUE, YES),
    ("permit, then deny", "permit news as daemon\ndeny news as daemon\n",
     "news", "daemon", None, NO),
    ("deny, then permit", "deny news as daemon\npermit news as daemon\n",
     "news", "daemon", None, YES),
    ("deny of another target", "permit news as daemon\n"
     "deny news as bin\n", "news", "daemon", None, YES),
    ("deny of another starter", "permit news as daemon\n"
     "deny games as daemon\n", "news", "daemon", None, YES),
    ("a group", "permit :erlang as daemon\n", "news", "daemon", None, YES),
    ("a group for its other member", "permit :erlang as daemon\n", "games",
     "daemon", None, YES),
    ("a primary group", "permit :news as daemon\n", "news", "daemon", None,
     YES),
    ("a group of others", "permit :adm as daemon\npermit news as bin\n",
     "news", "daemon", None, NO),
    ("a group permitted, a member denied", "permit :erlang as daemon\n"
     "deny news as daemon\n", "news", "daemon", None, NO),
    ("a group denied, a member permitted", "deny :erlang as daemon\n"
     "permit news as daemon\n", "news", "daemon", None, YES),
    ("a uid as identity", "permit 9 as daemon\n", "news", "daemon", None,
     YES),
    ("a gid as identity", "permit :61234 as daemon\n", "news", "daemon",
     None, YES),
    ("another uid", "permit 10 as daemon\npermit news as bin\n", "news",
     "daemon", None, NO),
    ("comments, blank lines, blanks", "# permit news as bin\n\n"
     "  permit\tnews   as daemon  # daemon\n", "news", "daemon", None, YES),
    ("in a comment", "# permit news as daemon\npermit news as bin\n",
     "news", "daemon", None, NO),
    ("a line that goes on", "permit \\\n news \\\n as daemon\n", "news",
     "daemon", None, YES),
    ("a quoted name", "permit \"news\" as \"daemon\"\n", "news", "daemon",
     None, YES),
    ("cmd: that program", "permit news as daemon cmd /bin/true\n", "news",
     "daemon", TRUE, YES),
    ("cmd: another", "permit news as daemon cmd /bin/false\n", "news",
     "daemon", TRUE, NO),
    ("cmd: any arguments", "permit news as daemon cmd /bin/echo\n", "news",
     "daemon", ECHO, YES),
    ("cmd: these arguments", "permit news as daemon cmd /bin/echo args a\n",
     "news", "daemon", ECHO, YES),
    ("cmd: no arguments", "permit news as daemon cmd /bin/echo args\n",
     "news", "daemon", ECHO, NO),
    ("cmd: others", "permit news as daemon cmd /bin/echo args b\n", "news",
     "daemon", ECHO, NO),
    ("cmd: a pattern is none", "permit news as daemon cmd /bin/*\n",
     "news", "daemon", TRUE, NO),
    ("cmd, then everything", "permit news as daemon cmd /bin/false\n"
     "permit news as daemon\n", "news", "daemon", TRUE, YES),
    ("everything, then cmd of another", "permit news as daemon\n"
     "permit news as daemon cmd /bin/false\n", "news", "daemon", TRUE, YES),
    ("cmd permitted, then all denied",
     "permit news as daemon cmd /bin/true\ndeny news as daemon\n", "news",
     "daemon", TRUE, NO),
    ("all denied, then cmd", "deny news as daemon\n"
     "permit news as daemon cmd /bin/true\n", "news", "daemon", TRUE, YES),
    ("all denied, then cmd, another", "deny news as daemon\n"
     "permit news as daemon cmd /bin/true\n", "news", "daemon", ECHO, NO),
    ("as root", "permit news as root\n", "news", "root", None, YES),
    ("root's own name only", "permit news as daemon\n", "news", "root",
     None, NO),
    ("user:group, asked by the user", "permit news as daemon:mail\n",
     "news", "daemon", None, YES),
    ("user:group, asked so", "permit news as daemon:mail\n", "news",
     "daemon:mail", None, YES),
    ("user:group, asked with another", "permit news as daemon:mail\n",
     "news", "daemon:adm", None, NO),
    ("user, asked with a group", "permit news as daemon\n", "news",
     "daemon:daemon", None, NO),
    ("a rule for a user that is not there is passed over",
     "permit news as nosuch\npermit news as daemon\n", "news", "daemon",
     None, YES),
    ("an identity that is not there is passed over",
     "permit nosuch as bin\npermit news as daemon\n", "news", "daemon",
     None, YES),
    ("nice and children", "permit nice -5 children 9 news as daemon\n",
     "news", "daemon", None, YES),
    ("no rule at all is about him", "permit games as daemon\n", "news",
     "daemon", None, NO),
]


@rows(SECTION + " the program:", TABLE)
def through_program(rules, starter, target, command, expected):
    with Rules(rules), Suid(who=starter) as p:
        reply = p.ask(A.run, command or SLEEP, [as_user(target)])
        check(isinstance(reply, tuple) and reply[0] in (A.pid, A.error),
              "%s", reply)
        check((reply[0] == A.pid) == expected, "expected %s, got %s, log "
              "%s", "a pid" if expected else "an error", reply, p.log())


def checked(path, *words, who=world.STARTER):
    """proctor -C: exit status and what it prints."""
    class Check(Suid):
        def __init__(self):
            super().__init__("-C", path, *words, who=who)
            # No -p: this is another way to call it.

        def _execve(self):
            self.argv = [self.program, "-C", path, *words]
            super()._execve()
    p = Check()
    try:
        p.close_input()
        data = bytearray()
        os.set_blocking(p.rfd, True)
        while True:
            piece = os.read(p.rfd, 65536)
            if not piece:
                break
            data += piece
        os.waitid(os.P_PIDFD, p.pidfd, os.WEXITED | os.WNOWAIT)
        p._wait(0)
        return p.status, data.decode(), p.log()
    finally:
        p.release()


@rows(SECTION + " -C says the same:", TABLE)
def through_check(rules, starter, target, command, expected):
    path = world.home + "/check.conf"
    world.write(path, rules)
    status, said, log = checked(path, starter, "as", target,
                                *(command or ()))
    check(status == (0 if expected else 1), "exit %s, %r, log %s", status,
          said, log)
    word = "permit" if expected else "deny"
    check(said.startswith(word), "said %r", said)


@rows(SECTION + " -C names the line:", [
    ("2", "permit news as bin\npermit news as daemon\n", "permit", 2),
    ("3", "permit news as daemon\n\ndeny news as daemon\n", "deny", 3),
])
def line(rules, word, number):
    path = world.home + "/check.conf"
    world.write(path, rules)
    _, said, _ = checked(path, "news", "as", "daemon")
    check(said.startswith(word) and str(number) in said.split()[-1],
          "said %r", said)


@rows(SECTION + " -C says", [
    ("configuration OK", "permit news as daemon\n", 0, "configuration OK"),
    ("nothing but an error", "permit news\n", 1, ""),
])
def configuration(rules, status, said):
    path = world.home + "/check.conf"
    world.write(path, rules)
    got = checked(path)
    check(got[0] == status and got[1].strip() == said, "%s", got)
    check(bool(got[2]) == (status != 0), "log %s", got[2])
    if status:
        check("check.conf:1" in got[2][0], "no line: %s", got[2])


@rows(SECTION + " -C refuses what a start refuses, and reads on:", [
    ("another owner", {"owner": 9}, "not owned by root"),
    ("writable by all", {"mode": 0o666}, "writable by"),
    ("writable by a group", {"mode": 0o664}, "writable by"),
])
def unsafe(how, why):
    path = world.home + "/check.conf"
    world.write(path, "permit news as nosuch\n", **how)
    for words in ((), ("news", "as", "daemon")):
        status, said, log = checked(path, *words)
        check((status, said) == (1, ""), "exit %d, %r", status, said)
        text = "\n".join(log)
        for part in (why, ":1: there is no \"nosuch\"",
                     "1 error, 1 warning"):
            check(part in text, "no %r in %s", part, log)


@case(SECTION + " -C refuses a link")
def linked():
    path, link = world.home + "/check.conf", world.home + "/link.conf"
    world.write(path, world.RULES)
    os.symlink(path, link)
    try:
        status, said, log = checked(link)
    finally:
        os.unlink(link)
    check((status, said) == (1, ""), "exit %d, %r", status, said)
    check("a symbolic link" in log[0], "log %s", log)


@rows(SECTION + " -C counts warnings:", [
    ("a user that is not there", "permit news as nosuch\n",
     "there is no \"nosuch\""),
    ("a command that is not there",
     "permit news as daemon cmd /no/such args x\n", "No such file"),
    ("a command that others can write",
     "permit news as daemon cmd {home}/loose\n", "can write it"),
    ("one in such a folder", "permit news as daemon cmd {home}/open/tight\n",
     "others than root can write /"),
])
def warnings(rules, why):
    os.makedirs(world.home + "/open", exist_ok=True)
    os.chmod(world.home + "/open", 0o777)
    world.write(world.home + "/loose", "#!/bin/sh\n", 0o775)
    world.write(world.home + "/open/tight", "#!/bin/sh\n", 0o755)
    path = world.home + "/check.conf"
    world.write(path, rules.format(home=world.home))
    status, said, log = checked(path)
    check((status, said) == (0, "configuration OK, 1 warning\n"),
          "exit %d, %r", status, said)
    check(len(log) == 1 and ":1: " in log[0]
          and why.format(home=world.home) in log[0], "log %s", log)


@rows(SECTION + " a deny of whom nobody knows is an error:", [
    ("the identity", "permit news as daemon\ndeny nosuch as daemon\n"),
    ("its group", "permit news as daemon\ndeny :nosuch as daemon\n"),
    ("the target", "permit news as daemon\ndeny news as nosuch\n"),
])
def misspelt_deny(rules):
    path = world.home + "/check.conf"
    world.write(path, rules)
    status, said, log = checked(path)
    check((status, said) == (1, ""), "exit %d, %r", status, said)
    check("1 error" in log[-1], "log %s", log)
    with Rules(rules), Suid() as p:
        p.close_input()
        p.end(5)
        expect(4, p.status, "exit")
        p.close(code=4)


@rows(SECTION + " what is wrong with others' rules is theirs: a start says "
      "no more than the line:", [
    ("syntax", "permit news as daemon\npermit games as secret cmd secret\n",
     4),
    ("a deny", "permit news as daemon\ndeny games as secret\n", 4),
    ("a permit", "permit news as daemon\npermit secret as bin\n", 0),
])
def told(rules, status):
    with Rules(rules), Suid() as p:
        p.close_input()
        p.end(5)
        text = "\n".join(p.log())
        check("/etc/proctor.conf:2:" in text and "root" in text, "log %s",
              text)
        check("secret" not in text, "log %s", text)
        p.close(code=status)


@case(SECTION + " -n of who may not read the file says nothing of it")
def unreadable():
    class Check(Suid):
        def _execve(self):
            self.argv = [self.program, "-n"]
            os.closerange(3, 5)
            super()._execve()
    world.conf("permit games as secret cmd secret\n", mode=0o600)
    p = Check()
    try:
        p.close_input()
        p.end(5)
        check(p.status == 1, "exit %d", p.status)
        check("secret" not in "\n".join(p.log())
              and "Permission denied" in p.log()[0], "log %s", p.log())
    finally:
        p.release()
        world.conf()


@rows(SECTION + " -n alone checks /etc/proctor.conf:", [
    ("good", "permit news as daemon\n", 0),
    ("bad", "permit news\n", 4),
])
def check_only(rules, status):
    class Check(Suid):
        def _execve(self):
            self.argv = [self.program, "-n"]
            os.closerange(3, 5)
            super()._execve()
    with Rules(rules):
        p = Check(who="root")
        try:
            p.close_input()
            os.waitid(os.P_PIDFD, p.pidfd, os.WEXITED | os.WNOWAIT)
            p._wait(0)
            said = os.read(p.rfd, 4096).decode()
            ok = "configuration OK" in said + "\n".join(p.log())
            check(ok == (status == 0), "said %r, log %s", said, p.log())
            check((p.status == 0) == (status == 0), "exit %d", p.status)
        finally:
            p.release()


@rows(SECTION + " errors name the line, and the program does not start:", [
    (repr(rules), rules, number) for rules, number in (
        ("permit\n", 1), ("permit news\n", 1), ("permit news as\n", 1),
        ("\n\nnews as daemon\n", 3), ("permit news as daemon bin\n", 1),
        ("permit nice news as daemon\n", 1),
        ("permit nice 99 news as daemon\n", 1),
        ("permit children 0 news as daemon\n", 1),
        ("permit children -1 news as daemon\n", 1),
        ("permit news as daemon cmd\n", 1),
        ("permit news as daemon cmd true\n", 1),
        ("permit news as daemon args a\n", 1),
        ("deny nice 5 news as daemon\n", 1),
        ("permit : as daemon\n", 1), ("permit news as :mail\n", 1),
        ("permit news as 1\n", 1), ("permit news as daemon:\n", 1),
        ("permit setenv { =x } news as daemon\n", 1),
        ("permit setenv { A=1 news as daemon\n", 2),
        ("permit \"news as daemon\n", 1), ("permit news as daemon }\n", 1),
        ("permit news as daemon\npermit news as \x01\n", 2),
    )
])
def syntax(rules, number):
    with Rules(rules), Suid() as p:
        p.close_input()
        p.end(5)
        expect(4, p.status, "exit")
        check(any(":%d:" % number in x or ":%d:" % (number - 1) in x
                  for x in p.log()), "log %s", p.log())
        p.close(code=4)


@rows(SECTION + " a plain start reads no policy:", [
    ("a broken file", "nonsense\n")])
def plain(rules):
    folder = world.copy_programs("copy")
    with Rules(rules), Suid(program=folder + "/proctor") as p:
        expect([], p.ask(A.list))
    check(port.PROGRAM.startswith("/"), "program")
