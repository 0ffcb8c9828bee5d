"""PROTOCOL 3, options: how much one process may have.

Limits of setrlimit(2), processors, its turn at disks and in the out-of-memory
killer's list, new rights, time of processors. What is refused by its value is
in test_native.py.
"""

import os
import resource
import signal
import tempfile

import etf
import starter
from case import ERROR, ROOT, Skip, case, check, expect, rows
from etf import A
from native import Native, exited, signaled
from port import Port

SECTION = "3 options:"
BURN = "while :; do :; done"
INFINITY = resource.RLIM_INFINITY

# As /proc calls them, and a value that is not what anybody begins with.
NAMES = {
    "as": ("Max address space", 2 ** 40), "core": ("Max core file size", 5),
    "cpu": ("Max cpu time", 77), "data": ("Max data size", 2 ** 39),
    "fsize": ("Max file size", 12345), "locks": ("Max file locks", 33),
    "memlock": ("Max locked memory", 4096),
    "msgqueue": ("Max msgqueue size", 8192),
    "nice": ("Max nice priority", 0), "nofile": ("Max open files", 50),
    "nproc": ("Max processes", 999), "rss": ("Max resident set", 2 ** 38),
    "rtprio": ("Max realtime priority", 0),
    "rttime": ("Max realtime timeout", 88),
    "sigpending": ("Max pending signals", 66),
    "stack": ("Max stack size", 1 << 20),
}


class Plain(Native, starter.Starter):
    """Started by nobody special, who has no right to more."""

    def __init__(self, *args, **more):
        super().__init__(starter.PLAIN, *args, user=False, cwd="/", **more)


def output(p, cmd, *options):
    """What a child that ends well writes."""
    pid = p.run(cmd, [A.stdout, *options])
    expect(exited(0), p.exit(pid)[A.status], "status")
    return p.out(pid).decode()


def limits(p, *options):
    """{title: (soft, hard)} of a child."""
    text = output(p, ["/bin/cat", "/proc/self/limits"], *options)
    return {line[:26].strip(): tuple(line[26:].split()[:2])
            for line in text.splitlines()[1:]}


def rlimit(**values):
    return (A.rlimit, [(etf.Atom(k), v) for k, v in values.items()])


@rows(SECTION + " {rlimit, [{Name, N}]}:", [(name, name) for name in NAMES])
def rlimit_each(name):
    title, value = NAMES[name]
    with Native() as p:
        before = limits(p)
        got = limits(p, rlimit(**{name: value}))
        expect((str(value),) * 2, got.pop(title), "limit")
        before.pop(title)
        check(got == before, "other limits: %s, not %s", got, before)
        check(limits(p)[title] != (str(value),) * 2 or value == 0,
              "the next one has it, too")


@case(SECTION + " {rlimit, [...]}: soft and hard, several at once")
def rlimit_several():
    with Native() as p:
        got = limits(p, rlimit(nofile=(20, 40), core=(0, 77), cpu=(5, 9)))
        for title, want in (("Max open files", ("20", "40")),
                            ("Max core file size", ("0", "77")),
                            ("Max cpu time", ("5", "9"))):
            expect(want, got[title], title)


@case(SECTION + " {rlimit, [{Name, infinity}]}: none")
def rlimit_infinity():
    if resource.getrlimit(resource.RLIMIT_FSIZE)[1] != INFINITY:
        raise Skip("files are limited here")
    with Native() as p:
        got = limits(p, rlimit(fsize=(5, A.infinity)))
        expect(("5", "unlimited"), got["Max file size"], "limit")
        got = limits(p, rlimit(fsize=A.infinity))
        expect(("unlimited",) * 2, got["Max file size"], "limit")


@rows(SECTION + " {rlimit, [...]}: no hard limit goes up:", [
    ("nofile", dict(nofile=600), "nofile"),
    ("nofile, the hard one only", dict(nofile=(50, 600)), "nofile"),
    ("nofile, none", dict(nofile=A.infinity), "nofile"),
    ("nice", dict(nice=40), "nice"),
    ("the second of two", dict(cpu=5, rtprio=99), "rtprio"),
])
def rlimit_up(values, name):
    if not ROOT:
        raise Skip("needs root to be somebody without rights")
    with Plain(nofile=(100, 500)) as p:
        file = tempfile.mktemp(dir="/tmp")
        p.refused((A.rlimit, A.eperm, name.encode()), A.run, "true",
                  [rlimit(**values), (A.stdout, file)])
        check(not os.path.exists(file), "its file was made")
        expect([], p.ask(A.list))
        got = limits(p, rlimit(nofile=500))
        expect(("500", "500"), got["Max open files"], "limit")


@case(SECTION + " {rlimit, [...]} that fails, in the exec-port dialect")
def rlimit_text():
    if not ROOT:
        raise Skip("needs root to be somebody without rights")
    with starter.plain(nofile=(100, 500)) as p:
        reply = p.ask(A.run, "true", [rlimit(nofile=600)])
        expect((A.error, "Couldn't start pid: Cannot set nofile: Operation "
                         "not permitted"),
               (reply[0], etf.text(reply[1])), "reply")


@case(SECTION + " {rlimit, [{nofile, 4}]}: files and pipes are there still")
def rlimit_files():
    with Native() as p, tempfile.NamedTemporaryFile() as out, \
            tempfile.NamedTemporaryFile(mode="w") as source:
        source.write("text")
        source.flush()
        # One more than its streams is what the loader of programs needs.
        pid = p.run(["/bin/cat", "-", "/nope"],
                    [rlimit(nofile=4), (A.stdin, source.name),
                     (A.stdout, out.name), A.stderr])
        expect(exited(1), p.exit(pid)[A.status], "status")
        check(out.read() == b"text", "its output")
        check(b"No such file" in p.out(pid, A.stderr), "its errors: %s",
              p.out(pid, A.stderr))


@case(SECTION + " {rlimit, [{fsize, N}]}: a file that grows over it ends it")
def rlimit_fsize():
    with Native() as p, tempfile.NamedTemporaryFile() as out:
        pid = p.run(["/usr/bin/head", "-c", "100000", "/dev/zero"],
                    [rlimit(fsize=1000, core=0), (A.stdout, out.name)])
        expect(signaled(int(signal.SIGXFSZ)), p.exit(pid)[A.status], "status")
        check(os.stat(out.name).st_size == 1000, "size")


# The out-of-memory killer ---------------------------------------------------

def score(p, *options):
    return int(output(p, ["/bin/cat", "/proc/self/oom_score_adj"], *options))


@rows(SECTION + " {oom_score_adj, N}:", [
    ("1000", [], 1000), ("300", [], 300),
    ("of one that has a file", [(A.stdin, "/dev/null")], 300),
    ("of one on a terminal", [A.pty], 300),
])
def oom_score(options, value):
    with Native() as p:
        before = score(p)
        if before > value:
            raise Skip("it is %d here" % before)
        expect(value, score(p, (A.oom_score_adj, value), *options), "score")
        expect(before, score(p, *options), "score of the next one")
        p.refused((A.exec, A.enoent, b"/nope"), A.run, ["/nope"],
                  [(A.oom_score_adj, value), *options])
        expect(before, score(p), "score behind one that failed")


@case(SECTION + " {oom_score_adj, N} as nobody special")
def oom_score_plain():
    if not ROOT:
        raise Skip("needs root to be somebody without rights")
    with Plain() as p:
        before = score(p)
        expect(900, score(p, (A.oom_score_adj, 900)), "score")
        expect(before, score(p), "score of the next one")


# Processors -----------------------------------------------------------------

def processors(p, *options):
    for line in output(p, ["/bin/cat", "/proc/self/status"],
                       *options).splitlines():
        if line.startswith("Cpus_allowed_list:"):
            return line.split()[1]


@case(SECTION + " {cpus, List}: on these only")
def cpus():
    mine = sorted(os.sched_getaffinity(0))
    with Native() as p:
        before = processors(p)
        for n in (mine[0], mine[-1]):
            expect(str(n), processors(p, (A.cpus, str(n))), "processors")
        every = ",".join(map(str, mine))
        expect(before, processors(p, (A.cpus, every)), "processors")
        expect(before, processors(p), "processors of the next one")


@rows(SECTION + " {cpus, List} that is not to be had:", [
    ("one that is not there", "1023"),
    ("some that are not there", None),
])
def cpus_absent(text):
    text = text or "%d,1000-1023" % min(os.sched_getaffinity(0))
    with Native() as p:
        p.refused((A.rlimit, A.einval, b"cpus"), A.run, "true",
                  [(A.cpus, text)])
        expect([], p.ask(A.list))


# Disks ----------------------------------------------------------------------

@rows(SECTION + " {ionice, Class}:", [
    ("idle", A.idle, "idle"),
    ("{best_effort, 7}", (A.best_effort, 7), "best-effort: prio 7"),
    ("{best_effort, 0}", (A.best_effort, 0), "best-effort: prio 0"),
])
def ionice(value, want):
    with Native() as p:
        for cmd in ("ionice -p $$", ["/usr/bin/ionice"]):
            got = output(p, cmd, (A.ionice, value))
            check(got.strip() == want, "ionice %s", got)
        check(output(p, ["/usr/bin/ionice"]).strip() != want,
              "the next one has it, too")


@case(SECTION + " {ionice, {realtime, N}}: for who has the right to it")
def ionice_realtime():
    if not ROOT:
        raise Skip("needs root")
    with Plain() as p:
        p.refused((A.rlimit, A.eperm, b"ionice"), A.run, "true",
                  [(A.ionice, (A.realtime, 4))])
    with Native() as p:
        got = p.ask(A.run, ["/usr/bin/ionice"],
                    [A.stdout, (A.ionice, (A.realtime, 4))])
        if got[0] == A.error:
            raise Skip("root may not here")
        p.exit(got[1])
        check(p.out(got[1]).strip() == b"realtime: prio 4", "ionice %s",
              p.out(got[1]))


# New rights -----------------------------------------------------------------

@case(SECTION + " no_new_privs: no exec gives it more rights")
def no_new_privs():
    with Native() as p:
        cmd = "grep NoNewPrivs /proc/self/status"
        before = output(p, cmd)
        check(output(p, cmd, A.no_new_privs).split() == ["NoNewPrivs:", "1"],
              "it has none")
        expect(before, output(p, cmd), "of the next one")


# Time of processors ---------------------------------------------------------

NO_CORE = (A.rlimit, [(A.core, 0)])


@case(SECTION + " {cpu_timeout, S}: it is ended by SIGXCPU, told as timeout")
def cpu_timeout():
    with Native() as p:
        pid = p.run(BURN, [(A.cpu_timeout, 1), NO_CORE])
        usage = p.ended(pid, signaled(int(signal.SIGXCPU)), A.timeout,
                        seconds=20)
        check(usage[A.utime_us] + usage[A.stime_us] < 5000000, "used %s",
              usage)


@case(SECTION + " {cpu_timeout, S}: SIGKILL for who does not hear SIGXCPU")
def cpu_timeout_deaf():
    with Native() as p:
        pid = p.run("trap '' XCPU; " + BURN, [(A.cpu_timeout, 1), NO_CORE])
        p.ended(pid, signaled(int(signal.SIGKILL)), A.timeout, seconds=20)


@case(SECTION + " {cpu_timeout, S} and kill_group: nobody is left of it")
def cpu_timeout_group():
    with Native() as p:
        pid = p.run("trap '' TERM; sleep 1000 & echo $!; exec sh -c '%s'"
                    % BURN, [A.stdout, A.kill_group, (A.cpu_timeout, 1),
                             (A.kill_timeout, 1000), NO_CORE])
        p.until(lambda: p.out(pid).endswith(b"\n"), "a pid")
        p.ended(pid, signaled(int(signal.SIGXCPU)), A.timeout, seconds=20)
        other = int(p.out(pid))
        check(not os.path.exists("/proc/%d" % other), "%d is left", other)


@rows(SECTION + " {cpu_timeout, S} that is not over:", [
    ("an exit", "exit 3", exited(3), A.normal),
    ("SIGKILL from elsewhere", "kill -9 $$", signaled(9), A.normal),
    ("SIGTERM from elsewhere", "kill -15 $$", signaled(15), A.normal),
])
def cpu_timeout_before(cmd, status, reason):
    with Native() as p:
        p.ended(p.run(cmd, [(A.cpu_timeout, 1000)]), status, reason)


@case(SECTION + " {cpu_timeout, S} is of the native dialect")
def cpu_timeout_text():
    with Port() as p:
        expect(ERROR, p.ask(A.run, "true", [(A.cpu_timeout, 5)]))


@case(SECTION + " SIGXCPU of a limit of cpu alone is no timeout")
def cpu_limit():
    with Native() as p:
        pid = p.run(BURN, [rlimit(cpu=(1, 5), core=0)])
        p.ended(pid, signaled(int(signal.SIGXCPU)), seconds=20)
