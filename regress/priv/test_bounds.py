"""How much another user's child may have, and what a rule says of it."""

import os

import proc
from case import OK, case, check, expect, rows
from etf import A, Atom
from native import Native
from suid import SLEEP, Suid, as_user
from world import ONE, STARTER, TWO
from rules import Place, Rules, usual_rules

SECTION = "bounds:"
ALL = ["-user", "root", "-limit-users", "all"]


class NativeSuid(Native, Suid):
    """In the native dialect."""


def limit(**values):
    return (A.rlimit, [(Atom(k), v) for k, v in values.items()])


LIMITS = "ulimit -Sn; ulimit -Hn; ulimit -Sc; ulimit -Hc"
CAT_LIMITS = ["/bin/cat", "/proc/self/limits"]


@rows(SECTION + " rlimit of a rule:", [
    ("what a run has that says nothing", ONE, [], "50 50 0 0"),
    ("less, as a run says", ONE, [limit(nofile=(20, 30))], "20 30 0 0"),
    ("as much, as a run says", ONE, [limit(nofile=(20, 50), core=0)],
     "20 50 0 0"),
    ("the starter's own children by a rule of his", STARTER, [],
     "60 60 0 0"),
])
def rlimit_rule(user, options, want):
    rules = ("permit rlimit nofile 50 rlimit core 0 news as daemon\n"
             "permit rlimit core 0 rlimit nofile 60 news as news\n")
    with Rules(rules), Suid() as p:
        said = p.output_of(LIMITS, as_user(user), *options)
        check(said.split() == want.split(), "%r", said)
        # Nobody gets it back.
        said = p.output_of("ulimit -n 51 2>/dev/null || echo no; "
                           "ulimit -n 4096 2>/dev/null || echo no",
                           as_user(ONE))
        check(said == "no\nno\n", "%r", said)


@case(SECTION + " rlimit of a rule: no more than there is, and no failure")
def rlimit_above():
    rules = ("permit rlimit nofile 1000000000 rlimit memlock 8T "
             "news as daemon\n")
    with usual_rules, Suid() as p:
        want = p.output_of(CAT_LIMITS, as_user(ONE))
    with Rules(rules), Suid() as p:
        said = p.output_of(CAT_LIMITS, as_user(ONE))
        for title in ("Max open files", "Max locked memory"):
            old, new = ([line[26:].split()[:2] for line in text.splitlines()
                         if line.startswith(title)][0]
                        for text in (want, said))
            check(new == [old[1]] * 2, "%s: %s, not %s", title, new, old[1])


@case(SECTION + " rlimit of a rule: of a kill command, by the rule of that")
def rlimit_kill():
    where = Place(ONE).empty()
    with Rules("permit rlimit nofile 50 news as daemon\n"), Suid() as p:
        file = where.file("limit")
        pid = p.run(SLEEP, [as_user(ONE), (A.kill_timeout, 20), (
            A.kill, "ulimit -Hn >%s; kill $CHILD_PID" % file)])
        expect(OK, p.ask(A.stop, pid))
        p.exit(pid)
        with open(file) as f:
            check(f.read() == "50\n", "another one")


@rows(SECTION + " how much another user's child may have:", [
    ("rlimit", [limit(cpu=(7, 9), nofile=(30, 40), nproc=5000)],
     "ulimit -St; ulimit -Ht; ulimit -Sn; ulimit -Hn; ulimit -p",
     "7 9 30 40 5000"),
    ("oom_score_adj", [(A.oom_score_adj, 777)], "cat /proc/$$/oom_score_adj",
     "777"),
    ("oom_score_adj of one that has a file",
     [(A.oom_score_adj, 777), (A.stdin, "/dev/null")],
     "cat /proc/$$/oom_score_adj", "777"),
    ("cpus", [(A.cpus, str(max(os.sched_getaffinity(0))))],
     "taskset -pc $$ | sed 's/.*: //'", str(max(os.sched_getaffinity(0)))),
    ("ionice", [(A.ionice, (A.best_effort, 6))], "ionice -p $$",
     "best-effort: prio 6"),
    ("no_new_privs", [A.no_new_privs],
     "grep NoNewPrivs /proc/self/status", "NoNewPrivs: 1"),
])
def bounds(options, cmd, want):
    for flags, who in (((), STARTER), (ALL, "root")):
        with usual_rules, Suid(*flags, who=who) as p:
            before = p.output_of(cmd, as_user(ONE))
            for user in (ONE, TWO):
                said = p.output_of(cmd, as_user(user), *options)
                check(said.split() == want.split(), "%r", said)
            check(p.output_of(cmd, as_user(ONE)) == before,
                  "the next one has it, too")


@rows(SECTION + " nobody has more by it:", [
    ("rlimit", [limit(nofile=10 ** 9)], b"nofile"),
    ("rlimit of realtime", [limit(rtprio=50)], b"rtprio"),
    ("a priority of realtime for disks", [(A.ionice, (A.realtime, 0))],
     b"ionice"),
])
def bounds_refused(options, name):
    with usual_rules, NativeSuid() as p:
        for user in (ONE, STARTER):
            expect((A.error, (A.rlimit, A.eperm, name)),
                   p.ask(A.run, SLEEP, [as_user(user), *options]))
    with usual_rules, NativeSuid(*ALL, who="root") as p:
        expect((A.error, (A.rlimit, A.eperm, name)),
               p.ask(A.run, SLEEP, [as_user(ONE), *options]))


def left(p):
    """No process of ours but the ring is there."""
    expect([], p.ask(A.list))
    found = [pid for pid in proc.children(p.ring()["priv"])
             if proc.comm(pid) == "sleep"]
    check(not found, "%s runs", found)


@rows(SECTION + " {limit, eperm, Why}:", [
    ("above the rule", "nofile 50", [limit(nofile=51)],
     "rlimit nofile: line 1 permits 50 at most"),
    ("it could go above the rule", "nofile 50",
     [limit(nofile=(5, A.infinity))],
     "rlimit nofile: line 1 permits 50 at most"),
    ("of bytes", "fsize 1K", [limit(fsize=1025)],
     "rlimit fsize: line 1 permits 1024 at most"),
    ("time of processors", "cpu 50", [(A.cpu_timeout, 50)],
     "rlimit cpu: line 1 permits 50 at most"),
])
def ceiling(rule, options, detail):
    for user in (ONE, STARTER):
        with Rules("permit rlimit %s news as %s\n" % (rule, user)), \
                NativeSuid() as p:
            expect((A.error, (A.limit, A.eperm, detail.encode())),
                   p.ask(A.run, SLEEP, [as_user(user), *options]))
            p.until_logged("run refused")
            left(p)


@case(SECTION + " rlimit does not go with cmd, cpu_timeout does")
def with_cmd():
    with Rules("permit news as daemon cmd /bin/sleep\n"), NativeSuid() as p:
        expect((A.error, (A.policy, A.eperm, b"rlimit: line 1 has cmd")),
               p.ask(A.run, SLEEP, [as_user(ONE), limit(nofile=5)]))
        left(p)
        p.run(SLEEP, [as_user(ONE), (A.cpu_timeout, 5)])
