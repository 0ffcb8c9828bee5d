"""Policies, and what follows from each: (rules, starter, target, command,
expected), through the real program and through proctor-check, by its name
and as proctor -C.

A command of None is `sleep', for the program, and no command for -C.
"""

import os
import shutil

import port
import world
from case import case, check, expect, rows
from etf import A
from suid import SLEEP, Suid, as_user
from checked import checked, run_check
from rules import Rules

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
    ("groups, asked by the user", "permit news as daemon groups { mail }\n",
     "news", "daemon", None, YES),
    ("groups, for another program",
     "permit news as daemon groups { mail } cmd /bin/false\n", "news",
     "daemon", TRUE, NO),
    ("groups, then all denied", "permit news as daemon groups { mail }\n"
     "deny news as daemon\n", "news", "daemon", None, NO),
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
    ("rlimit", "permit rlimit nofile 99 rlimit core 0 rlimit fsize 1G news "
     "as daemon\n", "news", "daemon", None, YES),
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


@rows(SECTION + " -C says what a child has:", [
    ("nothing", "permit news as daemon\n", ["permit, line 1"]),
    ("a group", "permit cgroup news as daemon\n",
     ["permit, line 1", "leaf: no limit"]),
    ("limits", "cgroup /app.slice\npermit memory 512M swap 0 pids 64 cpu 50% "
     "cpus 0-1,3 io { 8:0 rbps=1M } news as daemon\n",
     ["permit, line 2", "cgroup: /app.slice", "leaf: memory_max 536870912, "
      "memory_swap_max 0, pids_max 64, cpu_max 50000/100000, cpuset_cpus "
      "0-1,3, io_max 8:0 rbps 1048576"]),
    ("those of the last rule", "permit memory 1G news as daemon\n"
     "permit pids 9 news as daemon\n", ["permit, line 2", "leaf: pids_max 9"]),
])
def limits(rules, expected):
    path = world.home + "/check.conf"
    world.write(path, rules)
    status, said, log = checked(path, "news", "as", "daemon")
    check((status, log) == (0, []), "exit %s, log %s", status, log)
    expect(expected, said.splitlines(), "said")


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


def alone(bit):
    """What -n alone calls: the set-user-ID program, or a copy of it."""
    folder = world.folder if bit else world.copy_programs("copy")
    return [folder + "/proctor", "-n"]


@case(SECTION + " -n of who may not read the file says nothing of it")
def unreadable():
    world.conf("permit games as secret cmd secret\n", mode=0o600)
    try:
        status, said, log = run_check(alone(False))
        check((status, said) == (1, ""), "exit %d, %r", status, said)
        check("secret" not in "\n".join(log)
              and "Permission denied" in log[0], "log %s", log)
    finally:
        world.conf()


@rows(SECTION + " -n alone checks /etc/proctor.conf:", [
    ("good", False, "permit news as daemon\n", world.STARTER, 0),
    ("good, by root", True, "permit news as daemon\n", "root", 0),
    ("bad", False, "permit news\n", world.STARTER, 1),
    ("bad, by root", True, "permit news\n", "root", 1),
])
def check_only(bit, rules, who, expected):
    with Rules(rules):
        status, said, log = run_check(alone(bit), who=who)
        expect(expected, status, "exit, log %s" % log)
        expect("" if expected else "configuration OK\n", said, "said")


@case(SECTION + " -n alone of a set-user-ID program says what to run")
def check_only_suid():
    with Rules("permit news\n"):
        status, said, log = run_check(alone(True))
        check((status, said) == (4, ""), "exit %d, %r", status, said)
        check(len(log) == 1 and "run proctor-check" in log[0], "log %s", log)


@case(SECTION + " -C of a file named from where its user is")
def relative():
    path = world.home + "/check.conf"
    world.write(path, "permit news as daemon\n")
    program = world.copy_programs("copy") + "/proctor"
    said = world.login("news", "/bin/sh", "-c",
                       "cd %s && %s -C check.conf" % (world.home, program))
    expect(b"configuration OK\n", said, "said")


@case(SECTION + " proctor-check with a bit opens nothing")
def check_suid():
    program = world.home + "/check-suid"
    shutil.copyfile(world.folder + "/proctor-check", program)
    os.chmod(program, 0o4755)
    try:
        status, said, log = run_check([program, "/etc/shadow"])
        check((status, said) == (4, ""), "exit %d, %r", status, said)
        check("set-user-ID" in log[0] and len(log) == 1, "log %s", log)
    finally:
        os.unlink(program)


@rows(SECTION + " errors name the line, and the program does not start:", [
    (repr(rules), rules, number) for rules, number in (
        ("permit\n", 1), ("permit news\n", 1), ("permit news as\n", 1),
        ("\n\nnews as daemon\n", 3), ("permit news as daemon bin\n", 1),
        ("permit nice news as daemon\n", 1),
        ("permit nice 99 news as daemon\n", 1),
        ("permit rlimit news as daemon\n", 1),
        ("permit rlimit nofile as daemon\n", 1),
        ("permit rlimit nofile 1k news as daemon\n", 1),
        ("permit rlimit cpu 1 rlimit cpu 1 news as daemon\n", 1),
        ("permit children 0 news as daemon\n", 1),
        ("permit children -1 news as daemon\n", 1),
        ("permit news as daemon cmd\n", 1),
        ("permit news as daemon cmd true\n", 1),
        ("permit news as daemon args a\n", 1),
        ("permit memory news as daemon\n", 1),
        ("permit memory 512 news as daemon\n", 1),
        ("permit memory max news as daemon\n", 1),
        ("permit pids 0 news as daemon\n", 1),
        ("permit cpu 50 news as daemon\n", 1),
        ("permit cpus 3-1 news as daemon\n", 1),
        ("permit io { 8:0 } news as daemon\n", 1),
        ("deny cgroup news as daemon\n", 1),
        ("permit news as daemon\ncgroup ../a\n", 2),
        ("cgroup /a/../b\npermit news as daemon\n", 1),
        ("cgroup /a\npermit news as daemon\ncgroup /a\n", 3),
        ("deny nice 5 news as daemon\n", 1),
        ("permit : as daemon\n", 1), ("permit news as :mail\n", 1),
        ("permit news as 1\n", 1), ("permit news as daemon:\n", 1),
        ("permit setenv { =x } news as daemon\n", 1),
        ("permit setenv { A=1 news as daemon\n", 2),
        ("permit news as daemon groups adm\n", 1),
        ("permit news as daemon groups { adm { } }\n", 1),
        ("permit news as daemon groups { a:b }\n", 1),
        ("permit groups { adm } news as daemon\n", 1),
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
