"""A hostile starter: all that execve(2) lets one hand to a SUID program.

Each trick is played at the last moment before execve(2), and what comes of it
is one of two things: the program refuses to start, or it works and holds
exactly what it always holds.
"""

import ctypes
import fcntl
import os
import pty
import resource
import select
import shutil
import signal
import socket
import subprocess
import termios
import threading
import time

import port
import proc
import state
import suid
import world
from case import (ERROR, Skip, any_build, case, check, eventually, expect,
                  rows)
from etf import A
from suid import SLEEP, SPARED, Suid, as_user
from world import ONE, STARTER
from checked import checked, run_check
from rules import Place, usual_rules

SECTION = "starter:"
ALL_SIGNALS = sorted(set(range(1, 65)) - {9, 19, 32, 33})
REFUSALS = (2, 4, 6)
KILL, SETUID, NICE = 1 << 5, 1 << 7, 1 << 23


def sound(p, **expected):
    """It works for both, refuses root, and holds what it should."""
    said = p.output_of(["/usr/bin/id"], as_user(ONE))
    check(said == world.login(ONE, "/usr/bin/id").decode(), "id %r", said)
    said = p.output_of(["/usr/bin/id", "-un"])
    check(said == p.who + "\n", "id %r", said)
    expect(ERROR, p.ask(A.run, SLEEP, [as_user("root")]))
    masks = {"guard": KILL, "reaper": KILL, "priv": KILL | NICE, "keeper": 0,
             "broker": 0, "worker": 0}
    parts = dict(p.ring())
    for uid, pid in p.launchers().items():
        parts["launcher %d" % uid] = pid
    for name, pid in parts.items():
        s = state.State(pid)
        mask = masks.get(name, SETUID)
        check(s.caps["CapEff"] == s.caps["CapPrm"] == mask, "%s: %s", name,
              s.caps)
        check(0 not in s.uid + s.gid, "%s: %s %s", name, s.uid, s.gid)
        check(not s.dumpable, "%s is dumpable", name)


def refused_or_sound(p, statuses=REFUSALS):
    """Did it refuse to start? If not, it must be sound."""
    number = p.send((A.list,))
    p.answered(number, 5)
    if number in p.replies:
        sound(p)
        p.close()
        return False
    p.close_input()
    p.end()
    check(p.status in statuses, "exit %s, log %s", p.status, p.log()[-3:])
    p.nothing_left()
    p.closed = True
    return True


def starter_case(name, limit=30):
    return case("%s %s" % (SECTION, name), limit)


# Descriptors ---

@rows(SECTION + " closed descriptors:", [
    (str(fds), fds) for fds in (
        (0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2))])
def closed(fds):
    def last():
        for fd in fds:
            os.close(fd)
    world.write(world.home + "/precious", "precious\n", 0o666)
    with usual_rules, Suid(high=True, last=last) as p:
        sound(p)


@starter_case("closed 3 and 4 with -n: refused")
def closed_port():
    def last():
        os.closerange(3, 5)
    with usual_rules, Suid("-p", "4", high=True, last=last) as p:
        p.end()
        check(p.status in REFUSALS, "exit %d", p.status)
        check(p.log(), "no line in the log")
        p.close(code=p.status)


@starter_case("closed 0 and 1 without -n: nothing of its own is the port")
def closed_own_port():
    def last():
        os.close(0)
        os.close(1)
    with usual_rules, Suid(last=last) as p:
        p.end(15)
        check(p.status in (0,) + REFUSALS, "exit %d", p.status)
        p.close(code=p.status)


@starter_case("a thousand descriptors, to root's files too")
def many():
    def last():
        for fd in range(5, 1000):
            os.dup2(2, fd, inheritable=True)
    with usual_rules, Suid(high=True, last=last,
                           nofile=(1024, 4096)) as p:
        sound(p)
        for pid in list(p.ring().values()) + list(p.launchers().values()):
            held = [fd for fd, what in proc.descriptors(pid).items()
                    if fd > 20 and what != "/run/proctor.uids"]
            check(not held, "%s holds %s", proc.title(pid), held[:5])


# The command line ---

def _execve(path, argv, env):
    """execve(2) as it is: argv may be empty, or not end a string early."""
    libc = ctypes.CDLL(None, use_errno=True)

    def vector(words):
        array = (ctypes.c_char_p * (len(words) + 1))()
        array[:-1] = [os.fsencode(w) for w in words]
        return array
    libc.execve(os.fsencode(path), vector(argv), vector(env))


@starter_case("argc 0")
def argc_zero():
    def last():
        _execve(world.folder + "/proctor", [], ["A=b"])
    # The flags are gone: two bytes are a frame's length.
    with usual_rules, Suid(last=last, packet=2) as p:
        refused_or_sound(p)


@rows(SECTION + " argv[0]:", [
    ("empty", ""), ("another program's path", "/bin/sh"),
    ("a relative path", "../proctor"), ("a flag", "-user"),
    ("1 MB", "x" * 100000), ("a format", "%n%s%n%s"),
    ("a directory of the starter's", "/tmp/proctor")])
def argv0(word):
    def last():
        _execve(world.folder + "/proctor", [word, "-p", "4"],
                ["PATH=/bin:/usr/bin"])
    with usual_rules, Suid(last=last) as p:
        sound(p)


@rows(SECTION + " command line refused:", [
    ("a flag of 100 kB", ["-" + "x" * 100000]),
    ("10,000 flags, the last unknown", ["-debug"] * 10000 + ["-x"]),
    ("-user of 100 kB", ["-user", "x" * 100000]),
    ("-user with a format", ["-user", "%s%n%s%n"]),
    ("-alarm 10^30", ["-alarm", "1" + "0" * 30]),
    ("-stdin-limit -1", ["-stdin-limit", "-1"]),
    ("bytes that are no UTF-8", [b"-user", b"\xff\xfe\x80"]),
    ("-user ''", ["-user", ""]),
    ("-user root twice", ["-user", ONE, "-user", "root"]),
    ("-C behind another flag", ["-C", "/etc/shadow"]),
])
def command_line(flags):
    with usual_rules, Suid(*flags) as p:
        p.close_input()
        p.end()
        check(p.status in (1, 2, 3, 4), "exit %d, log %s", p.status,
              [line[:200] for line in p.log()])
        check(p.log(), "no line in the log")
        p.close(code=p.status)


ROOTS = [
    ("/etc/shadow", "/etc/shadow"),
    ("a file of root's", "roots-secret"),
]


def roots_file(path):
    if path.startswith("/"):
        return path
    path = os.path.join(world.home, path)
    world.write(path, "permit secret as secret\n",
                0o600 if "secret" in path else 0o644)
    return path


@rows(SECTION + " -C without a bit reads as the starter, not as root:", ROOTS)
def check_file(path):
    status, said, log = checked(roots_file(path))
    check(status == 1 and not said, "exit %s, said %r", status, said)
    check("ermission denied" in log[0] and len(log) == 1, "log %s", log)


@rows(SECTION + " -C opens no file, and says what to run:", ROOTS + [
    ("one that the starter may read", "readable"),
    ("the policy", "/etc/proctor.conf"),
    ("standard input", "-"),
    ("a flag", "-n"),
])
def check_refused(path):
    path = roots_file(path)
    real = path if os.path.exists(path) else "/etc/proctor.conf"
    with Opens(real) as opens:
        for words in ((), (STARTER, "as", ONE)):
            status, said, log = run_check(
                [world.folder + "/proctor", "-C", path, *words])
            check(status == 4 and not said, "exit %s, said %r", status, said)
            check(len(log) == 1 and "run proctor-check" in log[0], "log %s",
                  log)
        check(not opens.seen(), "%s was opened", real)
        run_check([world.folder + "/proctor-check", real], who="root")
        check(opens.seen(), "what opens it is not seen")


class Opens:
    """Does anybody open that file while the block lasts? By inotify(7)."""
    OPEN = 0x20

    def __init__(self, path):
        self.path = path

    def __enter__(self):
        libc = ctypes.CDLL(None, use_errno=True)
        self.fd = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        watch = libc.inotify_add_watch(self.fd, os.fsencode(self.path),
                                       self.OPEN)
        check(self.fd != -1 and watch != -1, "inotify: errno %d",
              ctypes.get_errno())
        return self

    def __exit__(self, kind, value, trace):
        os.close(self.fd)

    def seen(self):
        try:
            return bool(os.read(self.fd, 65536))
        except BlockingIOError:
            return False


# The environment ---

def marker(name):
    """A file that only a program with another user's rights can make."""
    return os.path.join(Place(STARTER).path, name)


@rows(SECTION + " environment:", [
    ("LD_PRELOAD, LD_LIBRARY_PATH, LD_AUDIT", {
        "LD_PRELOAD": "/no/such.so", "LD_LIBRARY_PATH": "/tmp:.",
        "LD_AUDIT": "/no/such.so", "LD_ORIGIN_PATH": "/tmp",
        "LD_BIND_NOT": "1"}),
    ("LD_DEBUG, LD_PROFILE, LD_SHOW_AUXV", {
        "LD_DEBUG": "all", "LD_DEBUG_OUTPUT": "{dir}/debug",
        "LD_PROFILE": "libc.so.6", "LD_PROFILE_OUTPUT": "{dir}",
        "LD_SHOW_AUXV": "1"}),
    ("GLIBC_TUNABLES", {
        "GLIBC_TUNABLES": "glibc.malloc.mxfast=glibc.malloc.mxfast="
        + "A" * 4096 + ":glibc.malloc.check=3:glibc.rtld.nns=0"}),
    ("MALLOC_*", {
        "MALLOC_CHECK_": "3", "MALLOC_PERTURB_": "255",
        "MALLOC_ARENA_MAX": "0", "MALLOC_TRACE": "{dir}/trace",
        "MALLOC_TOP_PAD_": "99999999999", "MALLOC_MMAP_THRESHOLD_": "1"}),
    ("EVENT_*", {
        "EVENT_NOEPOLL": "1", "EVENT_NOPOLL": "1", "EVENT_NOSELECT": "1",
        "EVENT_SHOW_METHOD": "1", "EVENT_PRECISE_TIMER": "1",
        "EVENT_DEBUG_MODE": "1", "EVENT_DEBUG_LOGGING_ALL": "1"}),
    ("locales, time zones, resolvers", {
        "LOCPATH": "{dir}", "NLSPATH": "{dir}/%N", "LANG": "xx_XX",
        "TZ": ":/etc/shadow", "TZDIR": "{dir}", "HOSTALIASES": "/etc/shadow",
        "RES_OPTIONS": "debug", "LOCALDOMAIN": "x",
        "GCONV_PATH": "{dir}", "GETCONF_DIR": "{dir}", "TMPDIR": "{dir}"}),
    ("its own names and the sanitizers'", {
        "PROCTOR_CONF": "{dir}/conf", "PROCTOR_LIBEXECDIR": "{dir}",
        "ASAN_OPTIONS": "log_path={dir}/asan", "SHELL": "{dir}/sh",
        "PATH": "{dir}", "HOME": "{dir}", "USER": "root",
        "LOGNAME": "root", "SUDO_UID": "0", "SUDO_USER": "root",
        "LISTEN_FDS": "9", "NOTIFY_SOCKET": "/run/systemd/notify"}),
    ("IFS, BASH_ENV, ENV, SHELLOPTS", {
        "IFS": "/", "BASH_ENV": "{dir}/rc", "ENV": "{dir}/rc",
        "SHELLOPTS": "xtrace", "PS4": "$(touch {dir}/ps4)",
        "CDPATH": "{dir}", "BASH_FUNC_id%%": "() { echo root; }"}),
])
def environment(env):
    place = Place(STARTER).empty().path
    env = {k: v.replace("{dir}", place) for k, v in env.items()}
    with usual_rules, Suid(env=env) as p:
        said = p.output_of(["/usr/bin/env"], as_user(ONE))
        check(all(line.split("=")[0] in (
            "HOME", "USER", "LOGNAME", "SHELL", "PATH")
            for line in said.splitlines()), "a child has %s", said)
        sound_env(p)
    check(not os.listdir(place), "made: %s", os.listdir(place))


@starter_case("environment: LD_TRACE_LOADED_OBJECTS: refused by the loader")
def traced_objects():
    with usual_rules, Suid(env={"LD_TRACE_LOADED_OBJECTS": "1"}) as p:
        refused_or_sound(p, REFUSALS + (5, 127))


def sound_env(p):
    """sound() without a child of the starter's own, whose loader obeys."""
    said = p.output_of(["/usr/bin/id"], as_user(ONE))
    check(said == world.login(ONE, "/usr/bin/id").decode(), "id %r", said)
    expect(ERROR, p.ask(A.run, SLEEP, [as_user("root")]))
    for name, pid in p.ring().items():
        s = state.State(pid)
        check(0 not in s.uid + s.gid and not s.dumpable, "%s: %s", name,
              s.uid)


@rows(SECTION + " environment: strings that are no variables:", [
    ("no =", ["NOVALUE"]), ("empty", [""]), ("only =", ["="]),
    ("the same name thrice", ["PATH=/a", "PATH=/b", "PATH=/c"]),
    ("a hundred thousand", ["A%d=" % i for i in range(100000)]),
    ("bytes", [b"\xff=\xfe", b"A\n=\n"]),
    ("none at all", []),
])
def odd_environment(env):
    def last():
        _execve(world.folder + "/proctor", ["proctor", "-p", "4"], env)
    with usual_rules, Suid(last=last) as p:
        sound_env(p)


@starter_case("environment: as much as the kernel takes, 10 MB at most",
              limit=60)
def huge_environment():
    """A string may have 128 KiB; the stack limit is for all of them."""
    def last():
        resource.setrlimit(resource.RLIMIT_STACK, (64 << 20, 64 << 20))
        for count in (80, 40, 20, 8):
            _execve(world.folder + "/proctor", ["proctor", "-p", "4"],
                    ["V%d=" % i + "x" * 131000 for i in range(count)])
    with usual_rules, Suid(last=last) as p:
        sound_env(p)
        said = p.output_of(["/bin/sh", "-c", "env | wc -c"], as_user(ONE))
        check(int(said) < 1000, "%s bytes", said)


# Limits ---

LIMITS = [name for name in dir(resource) if name.startswith("RLIMIT_")
          and name not in ("RLIMIT_OFILE",)]


def limited(names, hard=0):
    def last():
        for name in names:
            kind = getattr(resource, name)
            try:
                resource.setrlimit(kind, (0, hard))
            except (OSError, ValueError):
                pass
        # Nothing of Python's works any more: the image that comes next.
        _libc_execve()
    argv = [world.folder + "/proctor", "-p", "4"]
    array = (ctypes.c_char_p * 4)(*map(os.fsencode, argv), None)
    envp = (ctypes.c_char_p * 2)(b"PATH=/bin:/usr/bin", None)
    libc = ctypes.CDLL(None, use_errno=True)

    def _libc_execve():
        libc.execve(array[0], array, envp)
        os._exit(6)     # the kernel itself refuses
    return last


@rows(SECTION + " limit of 0:", [(name, name) for name in LIMITS])
def limit(name):
    with usual_rules, Suid(last=limited([name])) as p:
        try:
            limited_outcome(p)
        finally:
            p.no_faults()


def limited_outcome(p):
    """Refused, ended by the limit's own signal, or it works."""
    number = p.send((A.list,))
    p.answered(number, 5)
    if number in p.replies:
        for role, pid in p.ring().items():
            s = state.State(pid)
            check(0 not in s.uid + s.gid, "%s: %s", role, s.uid)
        reply = p.ask(A.run, ["/bin/true"], [as_user(ONE)])
        check(reply[0] in (A.pid, A.error), "%s", reply)
        expect(ERROR, p.ask(A.run, SLEEP, [as_user("root")]))
        p.close_input()
    p.close_input()
    p.end(15)
    signals = (-signal.SIGKILL, -signal.SIGXCPU, -signal.SIGSEGV, 127)
    check(p.status in (0, 5) + REFUSALS + signals, "exit %s, log %s",
          p.status, p.log()[-3:])
    p.nothing_left(20)
    p.closed = True


@starter_case("limit of 0 on everything")
def limits():
    with usual_rules, Suid(last=limited(LIMITS)) as p:
        limited_outcome(p)


@starter_case("limits of the starter come back for his own children")
def limits_restored():
    def last():
        resource.setrlimit(resource.RLIMIT_CORE, (4096, 8192))
        resource.setrlimit(resource.RLIMIT_NOFILE, (200, 300))
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 21))
    if limits_refused(last):
        return
    with usual_rules, Suid(last=last) as p:
        said = p.output_of("ulimit -Sn; ulimit -Hn; ulimit -Sf; "
                           "ulimit -Hf; ulimit -Sc; ulimit -Hc",
                           as_user(STARTER))
        check(said.split() == ["200", "300", "2048", "4096", "8", "16"],
              "%s", said.split())


# What other users' children start from ---

ATTRIBUTES = """
import ctypes, os, platform, resource
libc = ctypes.CDLL(None, use_errno=True)
arm = platform.machine() == "aarch64"
IOPRIO_GET, GET_MEMPOLICY = (31, 236) if arm else (252, 239)
mode = ctypes.c_int(-1)
libc.syscall(GET_MEMPOLICY, ctypes.byref(mode), None, 0, None, 0)
tsc = ctypes.c_int(0)
libc.prctl(25, ctypes.byref(tsc), 0, 0, 0)
print("personality", libc.personality(0xffffffff))
print("processors", sorted(os.sched_getaffinity(0)))
print("policy", os.sched_getscheduler(0))
print("nice", os.getpriority(os.PRIO_PROCESS, 0))
print("io", libc.syscall(IOPRIO_GET, 1, 0))
print("memory", mode.value)
print("score", open("/proc/self/oom_score_adj").read().strip())
print("slack", libc.prctl(30, 0, 0, 0, 0))
print("huge", libc.prctl(42, 0, 0, 0, 0))
print("filter", open("/proc/self/coredump_filter").read().strip())
print("merge", libc.prctl(68, 0, 0, 0, 0))
print("bad memory", libc.prctl(34, 0, 0, 0, 0))
print("tsc", arm or tsc.value)
for i in range(3):
    print("speculation%d" % i, libc.prctl(52, i, 0, 0, 0))
try:
    print("autogroup", open("/proc/self/autogroup").read().split()[-1])
except OSError:
    print("autogroup", 0)
for name in sorted(dir(resource)):
    if name.startswith("RLIMIT_"):
        print(name, resource.getrlimit(getattr(resource, name)))
"""


def odd_attributes():
    """All that a user can set for himself and exec passes on."""
    libc = ctypes.CDLL(None, use_errno=True)
    arm = os.uname().machine == "aarch64"
    ioprio_set, set_mempolicy = (30, 237) if arm else (251, 238)
    libc.prctl(4, 1, 0, 0, 0)       # dumpable: its files in /proc are its own
    for name, value in (("FSIZE", 100000), ("NOFILE", 200), ("AS", 1 << 34),
                        ("STACK", 1 << 20), ("MSGQUEUE", 0),
                        ("MEMLOCK", 0), ("CORE", 0), ("SIGPENDING", 10),
                        ("CPU", 1000), ("DATA", 1 << 33)):
        kind = getattr(resource, "RLIMIT_" + name)
        hard = value if lifts_limits() else resource.getrlimit(kind)[1]
        resource.setrlimit(kind, (value, hard))
    with open("/proc/self/oom_score_adj", "w", encoding="utf-8") as f:
        f.write("1000")
    with open("/proc/self/coredump_filter", "w", encoding="utf-8") as f:
        f.write("0x7f")
    try:
        with open("/proc/self/autogroup", "w", encoding="utf-8") as f:
            f.write("19")
    except OSError:
        pass
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    os.nice(19)
    os.sched_setscheduler(0, 5, os.sched_param(0))     # SCHED_IDLE
    libc.syscall(ioprio_set, 1, 0, 3 << 13)
    nodes = ctypes.c_ulong(1)
    libc.syscall(set_mempolicy, 1, ctypes.byref(nodes), 64)
    for option, value in ((29, 100000000), (41, 1), (67, 1), (33, 1)):
        libc.prctl(option, value, 1 if option == 33 else 0, 0, 0)
    for which, value in ((0, 4), (1, 4), (2, 2)):
        libc.prctl(53, which, value, 0, 0)      # speculation
    libc.personality(0x0020000 | 0x1000000 | 0x0040000)


def lifts_limits():
    """Root in a container may not be able to."""
    return bool(int(proc.status(os.getpid())["CapEff"], 16) & 1 << 24)


def limits_refused(last):
    """Where his limits cannot be lifted there is no start: was it so?"""
    if lifts_limits():
        return False
    with usual_rules, Suid(last=last) as p:
        p.close_input()
        p.end()
        expect(4, p.status, "exit")
        check(p.logged("cannot be lifted"), "log %s", p.log())
        p.closed = True
    return True


def attributes(said):
    return dict(line.split(" ", 1) for line in said.splitlines())


@starter_case("his limits and attributes are not another user's child's")
def attributes_reset():
    argv = ["/usr/bin/python3", "-c", ATTRIBUTES]
    with usual_rules, Suid() as p:
        usual = attributes(p.output_of(argv, as_user(ONE)))
    with usual_rules, Suid(last=odd_attributes) as p:
        odd = attributes(p.output_of(argv, as_user(ONE)))
        his = attributes(p.output_of(argv))
    expect(usual, odd, "of another user's child")
    expect("0", odd["personality"])
    expect("(1024", odd["RLIMIT_NOFILE"].split(",")[0])
    expect("100000000", his["slack"], "his own keeps what he gave")
    expect("1000", his["score"])
    expect("(200", his["RLIMIT_NOFILE"].split(",")[0])


@starter_case("a file that another user's child writes is not cut short")
def file_limit():
    def last():
        resource.setrlimit(resource.RLIMIT_FSIZE, (
            100, 100 if lifts_limits() else -1))
    with usual_rules, Suid(last=last) as p:
        said = p.output_of("f=$(mktemp) && head -c 5000 /dev/zero > $f; "
                           "wc -c < $f; rm -f $f", as_user(ONE))
        expect("5000", said.strip())


@starter_case("a hard limit that cannot be lifted is refused")
def hard_limit():
    def last():
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
    if not limits_refused(last):
        raise Skip("root can lift them here")


@rows(SECTION + " timers:", [("real", 0), ("virtual", 1), ("profiling", 2)])
def timers(which):
    """They outlive exec, and would kill the guard."""
    def last():
        # Not before main(): nobody could do anything about that.
        signal.setitimer(which, 0.5, 0.01)
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
    with usual_rules, Suid(last=last) as p:
        p.pump(0.6)
        sound(p)


@starter_case("what cannot be undone for others is refused")
def odd_for_good():
    def last():
        # PR_SET_MDWE: memory is never written and executed
        if ctypes.CDLL(None).prctl(65, 1, 0, 0, 0) == -1:
            os._exit(99)
    with usual_rules, Suid(last=last) as p:
        p.close_input()
        p.end()
        p.closed = True
        if p.status == 99:
            raise Skip("not in this kernel")
        expect(4, p.status, "exit")
        check(p.logged("executed"), "log %s", p.log())


@starter_case("no part can leave a core")
def no_core():
    with usual_rules, Suid() as p:
        for role, pid in p.ring().items():
            with open("/proc/%d/limits" % pid, encoding="utf-8") as f:
                line = [x for x in f if x.startswith("Max core")][0]
            check(line.split()[4] == "0", "%s: %s", role, line)


# Signals ---

def ignore(signals):
    def last():
        for sig in signals:
            try:
                signal.signal(sig, signal.SIG_IGN)
            except (OSError, ValueError):
                pass
    return last


def block(signals):
    def last():
        signal.pthread_sigmask(signal.SIG_SETMASK, signals)
    return last


@rows(SECTION + " signals:", [
    ("all ignored", ignore(ALL_SIGNALS)), ("all blocked",
                                           block(ALL_SIGNALS)),
    ("SIGCHLD ignored", ignore([signal.SIGCHLD])),
    ("SIGCHLD blocked", block([signal.SIGCHLD])),
    ("SIGPIPE ignored", ignore([signal.SIGPIPE])),
])
def signals_case(last):
    with usual_rules, Suid(last=last) as p:
        sound(p)
        pid = p.run("kill -TERM $$; exit 1", [as_user(ONE)])
        expect(int(signal.SIGTERM), p.exit(pid), "a child ignores it")


@starter_case("a signal is pending and blocked")
def pending():
    def last():
        signal.pthread_sigmask(signal.SIG_SETMASK, ALL_SIGNALS)
        for sig in (signal.SIGUSR1, signal.SIGALRM, signal.SIGCHLD,
                    signal.SIGPIPE, signal.SIGWINCH):
            os.kill(os.getpid(), sig)
    with usual_rules, Suid(last=last) as p:
        refused_or_sound(p)


@rows(SECTION + " alarm(2) and setitimer(2) are pending:", [
    ("%d ms" % ms, ms) for ms in (1, 5, 20, 100)])
def alarm(ms):
    def last():
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.signal(signal.SIGVTALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, ms / 1000, ms / 1000)
        signal.setitimer(signal.ITIMER_VIRTUAL, ms / 1000)
    with usual_rules, Suid(last=last) as p:
        number = p.send((A.list,))
        p.answered(number, 5)
        if number in p.replies:
            time.sleep(0.15)
            sound(p)
            p.close()
            return
        # The starter may end what has not become another yet.
        p.close_input()
        p.end()
        check(p.status in (-signal.SIGALRM, -signal.SIGVTALRM), "exit %d",
              p.status)
        p.nothing_left()
        p.closed = True


@starter_case("stopped and continued all through its start", limit=60)
def stopped():
    for wait in (0, 0.0005, 0.001, 0.002, 0.004, 0.008, 0.016):
        with usual_rules, Suid() as p:
            time.sleep(wait)
            os.kill(p.pid, signal.SIGSTOP)
            time.sleep(0.02)
            os.kill(p.pid, signal.SIGCONT)
            sound(p)


class Killer:
    """A process of the starter's that waits to be told whom to signal."""

    def __init__(self):
        rfd, self.wfd = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.close(self.wfd)
                world.become(STARTER)
                with os.fdopen(rfd) as f:
                    self._main(f)
            finally:
                os._exit(0)
        os.close(rfd)
        SPARED.add(self.pid)

    @staticmethod
    def _main(f):
        for line in f:
            pid, sig, wait = line.split()
            time.sleep(float(wait))
            try:
                os.kill(int(pid), int(sig))
            except (PermissionError, ProcessLookupError):
                pass

    def tell(self, pid, sig, wait):
        os.write(self.wfd, b"%d %d %f\n" % (pid, sig, wait))

    def end(self):
        os.close(self.wfd)
        os.waitpid(self.pid, 0)
        SPARED.discard(self.pid)


@rows(SECTION + " at any moment of its start he sends", [
    ("SIGKILL", signal.SIGKILL), ("SIGTERM", signal.SIGTERM),
    ("SIGSEGV", signal.SIGSEGV), ("SIGCHLD", signal.SIGCHLD)], limit=90)
@any_build
def ended(sig):
    """What runs for another real uid he may not signal at all; what he can
    still end leaves nothing."""
    killer = Killer()
    try:
        for step in range(40):
            with usual_rules, Suid() as p:
                killer.tell(p.pid, sig, step * 0.0004)
                number = p.send((A.list,))
                p.answered(number, 5)
                p.close_input()
                p.end(15)
                check(p.status in (0, 5, 6, -sig), "%g s: exit %s",
                      step * 0.0004, p.status)
                p.nothing_left(10)
                p.closed = True
    finally:
        killer.end()


class Hunter:
    """A process of the starter's that signals whatever the program that it
    is told of has forked, as soon as it is there."""

    def __init__(self, sig):
        # Each word by itself, however long it has to wait.
        self.ours, theirs = socket.socketpair(
            socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.pid = os.fork()
        if self.pid == 0:
            try:
                self.ours.close()
                world.become(STARTER)
                theirs.setblocking(False)
                self._main(theirs, sig)
            finally:
                os._exit(0)
        theirs.close()
        SPARED.add(self.pid)

    @staticmethod
    def _main(sock, sig):
        """Until the other end is closed: a pid begins a hunt, 0 ends it and
        is answered by how many were met."""
        pid = met = 0
        while True:
            try:
                told = sock.recv(16)
                if not told:
                    return
                pid = int(told)
                if pid == 0:
                    sock.send(b"%d" % met)
                    met = 0
            except BlockingIOError:
                pass
            if pid:
                met += Hunter._below(pid, sig)

    @staticmethod
    def _below(pid, sig):
        met = 0
        for child in proc.children(pid):
            try:
                os.kill(child, sig)
                met += 1
            except (PermissionError, ProcessLookupError):
                met += Hunter._below(child, sig)
        return met

    def begin(self, pid):
        self.ours.send(b"%d" % pid)

    def met(self):
        """How many it could signal in this hunt."""
        self.ours.send(b"0")
        return int(self.ours.recv(16))

    def end(self):
        self.ours.close()
        os.waitpid(self.pid, 0)
        SPARED.discard(self.pid)


STARTS = int(os.environ.get("PRIV_STARTS", "150"))


@rows(SECTION + " %d starts, and what they fork cannot be sent" % STARTS, [
    ("SIGKILL", signal.SIGKILL), ("SIGSTOP", signal.SIGSTOP)], limit=120)
@any_build
def hunted(sig):
    """Half of a ring that is killed is what the other half ends, with all
    that is in its group; one that is stopped stays for ever."""
    hunter = Hunter(sig)
    try:
        with usual_rules:
            for i in range(STARTS):
                with Suid() as p:
                    hunter.begin(p.pid)
                    expect([], p.ask(A.list))
                    met = hunter.met()
                    check(met == 0, "start %d: %d were met", i, met)
    finally:
        hunter.end()


@starter_case("he may neither signal nor trace any part of it")
def no_signal():
    code = """
import ctypes, os, sys
os.initgroups(%r, %d); os.setgid(%d); os.setuid(%d)
libc = ctypes.CDLL(None, use_errno=True)
for pid in map(int, sys.argv[1:]):
    for sig in (0, 15, 9, 19, 18, 1):
        try:
            os.kill(pid, sig)
            print("signal", sig, pid)
        except PermissionError:
            pass
    if libc.ptrace(16, pid, 0, 0) != -1:
        print("ptrace", pid)
    for name in ("mem", "environ", "maps", "fd/0", "fd/2", "fd/3", "cwd/x"):
        try:
            os.open("/proc/%%d/%%s" %% (pid, name), os.O_RDONLY)
            print("open", name, pid)
        except (PermissionError, FileNotFoundError, NotADirectoryError):
            pass
""" % (STARTER, world.gid(STARTER), world.gid(STARTER), world.uid(STARTER))
    with usual_rules, Suid() as p:
        parts = list(p.ring().values()) + list(p.launchers().values())
        done = subprocess.run(
            ["/usr/bin/python3", "-c", code, *map(str, parts)],
            stdout=subprocess.PIPE, text=True, check=True)
        allowed = [line for line in done.stdout.splitlines()
                   if not line.startswith("signal 18 ")]
        check(not allowed, "he could: %s", allowed)
        sound(p)


# Paths ---

def linked(link):
    """A path of the starter's to the program; link makes it."""
    place = os.path.join(world.home, "links")
    if not os.path.isdir(place):
        os.mkdir(place)
        os.chmod(place, 0o777)
    path = os.path.join(place, "proctor")
    for name in ("proctor", "proctor-broker", "proctor-worker",
                 "proctor-check"):
        other = os.path.join(place, name)
        if os.path.lexists(other):
            os.unlink(other)
        if name != "proctor":
            world.write(other, "#!/bin/sh\ntouch %s/ran\n" % place, 0o755)
    link(world.folder + "/proctor", path)
    return path


@rows(SECTION + " started through", [
    ("a symbolic link", os.symlink), ("a hard link", os.link)])
def through(link):
    """Its broker and worker are those that are compiled in."""
    try:
        path = linked(link)
    except OSError:
        path = linked(same)     # another file system
    with usual_rules, Suid(program=path) as p:
        sound(p)
        for role in ("broker", "worker"):
            exe = os.readlink("/proc/%d/exe" % p.ring()[role])
            check(exe == "%s/proctor-%s" % (world.folder, role), "%s", exe)
    ran = os.path.join(os.path.dirname(path), "ran")
    check(not os.path.exists(ran), "a program of the starter's has run")


def same(old, new):
    """A file with the same text, owner and mode."""
    shutil.copy(old, new)
    st = os.stat(old)
    os.chown(new, st.st_uid, st.st_gid)
    os.chmod(new, 0o4750)


@starter_case("the name is switched to another file while it starts")
def switched():
    place = os.path.join(world.home, "switch")
    os.makedirs(place, exist_ok=True)
    path = os.path.join(place, "proctor")
    stop = threading.Event()

    def switch():
        while not stop.is_set():
            for target in (world.folder + "/proctor", "/bin/false"):
                os.symlink(target, path + ".new")
                os.rename(path + ".new", path)
    os.symlink(world.folder + "/proctor", path)
    thread = threading.Thread(target=switch)
    thread.start()
    try:
        for _ in range(10):
            with usual_rules, Suid(program=path) as p:
                refused_or_sound(p, REFUSALS + (1,))
    finally:
        stop.set()
        thread.join()
        shutil.rmtree(place)


def deleted():
    path = os.path.join(world.home, "deleted")
    os.mkdir(path)
    os.chmod(path, 0o755)
    os.chdir(path)
    os.rmdir(path)


def unreadable():
    path = Place("root").path
    fd = os.open("/", os.O_RDONLY)
    os.fchdir(fd)
    os.chdir(path)


@rows(SECTION + " working directory:", [
    ("deleted", deleted), ("one that he may not read", unreadable),
    ("his own, closed to others",
     lambda: os.chdir(Place(STARTER).path))])
def cwd(change):
    """As root he is led there; then he becomes himself."""
    class There(Suid):
        def _exec(self, child_in, child_out):
            change()
            super()._exec(child_in, child_out)
    with usual_rules, There(cwd=None) as p:
        sound(p)
        for pid in (p.ring()["guard"], p.ring()["reaper"],
                    p.ring()["priv"]):
            check(os.readlink("/proc/%d/cwd" % pid) == "/", "cwd")


@starter_case("umask 0 and 0777")
def umask():
    for mask in (0, 0o777):
        with usual_rules, Suid(last=lambda: os.umask(mask)) as p:
            sound(p)


# Traced ---

@starter_case("being traced: the bit has no effect, the mode is plain")
def traced():
    tool = shutil.which("strace")
    if not tool:
        raise Skip("no strace")

    log = marker("strace")

    class Traced(Suid):
        def _execve(self):
            os.execve(tool, [tool, "-o", log, "-e", "trace=none",
                             self.program, *self.argv[1:]], self.env)
    with usual_rules, Traced() as p:
        number = p.send((A.list,))
        p.answered(number, 5)
        if number not in p.replies:
            p.close_input()
            p.end()
            check(p.status in REFUSALS, "exit %s", p.status)
        else:
            expect(ERROR, p.ask(A.run, SLEEP, [as_user(ONE)]))
            for pid in proc.descendants(p.pid):
                check(0 not in suid.ids(pid, "Uid"), "uid 0")
            p.close_input()
            p.end()
        p.closed = True
        p.nothing_left()
    for name in os.listdir(Place(STARTER).path):
        os.unlink(marker(name))


@starter_case("ptrace from its start, TRACEME")
def traceme():
    def last():
        libc = ctypes.CDLL(None, use_errno=True)
        libc.ptrace(0, 0, 0, 0)
    with usual_rules, Suid(last=last) as p:
        # It stops at its execve: its tracer is the harness, which is root,
        # so the bit has its effect; a detached one goes on.
        pid, status = os.waitpid(p.pid, os.WUNTRACED)
        check(os.WIFSTOPPED(status), "status %x", status)
        ctypes.CDLL(None).ptrace(17, pid, 0, 0)
        refused_or_sound(p)


class Watched(Suid):
    """One whose calls of these names root sees; calls() when it is over."""

    def __init__(self, names, **more):
        self.tool = shutil.which("strace")
        if not self.tool:
            raise Skip("no strace")
        self.names = names
        self.said = os.path.join(world.home, "calls")
        super().__init__(**more)

    def _exec(self, child_in, child_out):
        port.Port._exec(self, child_in, child_out)

    def _execve(self):
        os.execve(self.tool, [
            self.tool, "-D", "-f", "-qq", "-o", self.said, "-e",
            "signal=none", "-e", "trace=" + self.names, "-u", self.who,
            self.program, *self.argv[1:]], self.env)

    def calls(self):
        """[(pid, call)] in their order."""
        with open(self.said, encoding="utf-8") as f:
            lines = [line.split(None, 1) for line in f]
        os.unlink(self.said)
        return [(int(pid), call) for pid, call in lines
                if "resumed>" not in call]


IDS = "setresuid,setresgid,setfsuid,setfsgid"


@starter_case("fs.suid_dumpable: who changes its ids is not dumpable behind "
              "that, before it gives up what those may not trace")
def dumpable_again():
    """What the kernel makes of it is a setting of the machine's, which stays
    as it is: these are the calls."""
    with usual_rules, Watched(IDS + ",prctl,capset,execve") as p:
        p.output_of(["/bin/true"])
        p.output_of(["/bin/true"], as_user(ONE))
        p.close_input()
        # Its tracer hears of its end before others do.
        eventually(lambda: p.pump(0.1, lambda: p.status is not None and p.eof),
                   20, "no end")
        expect(0, p.status, "exit")
    changed, met = set(), set()
    for pid, call in p.calls():
        name = call.split("(")[0]
        if call.startswith("setresuid(-1, 0, -1"):
            continue    # which fails: that is what it is to prove
        if name in IDS.split(","):
            changed.add(pid)
            met.add(pid)
        elif call.startswith("prctl(PR_SET_DUMPABLE, SUID_DUMP_DISABLE"):
            changed.discard(pid)
        elif name in ("capset", "execve"):
            check(pid not in changed, "%d: %s", pid, call)
    check(not changed, "%s at their end", changed)
    # Guard, reaper, priv, broker, worker, launchers and children; the keeper,
    # and who has tried a leaf before.
    expect(10 if world.groups_dir is None else 12, len(met), "processes")


@starter_case("who can freeze his control group leaves it before he takes "
              "what others use, and none waits for a lock")
def frozen():
    if world.groups_dir is None:
        raise Skip("no control groups here")
    with usual_rules, Watched("write,fcntl") as p:
        p.output_of(["/bin/true"])
        p.close_input()
        eventually(lambda: p.pump(0.1, lambda: p.status is not None and p.eof),
                   20, "no end")
    calls = [call for pid, call in p.calls() if pid == p.pid]
    entered = [n for n, call in enumerate(calls)
               if call.startswith("write(") and '"0", 1)' in call]
    takes = [n for n, call in enumerate(calls) if "F_OFD_SETLK," in call]
    check(entered and takes and entered[0] < takes[0], "%s", calls)
    check(not [call for call in calls if "SETLKW" in call], "%s", calls)


def full_terminal():
    """Its master, and its slave, which has room for a line, as poll(2) says,
    but not for a newline that becomes two characters."""
    master, slave = pty.openpty()
    modes = termios.tcgetattr(slave)
    modes[1] &= ~termios.OPOST
    modes[3] &= ~(termios.ECHO | termios.ICANON)
    termios.tcsetattr(slave, termios.TCSANOW, modes)
    os.set_blocking(slave, False)
    for size in (256, 1):
        tries = 0
        while tries < 5:
            try:
                os.write(slave, b"x" * size)
                tries = 0
            except BlockingIOError:
                tries += 1
                time.sleep(0.01)
    while not select.select([], [slave], [], 0)[1]:
        os.read(master, 64)
        time.sleep(0.002)
    os.set_blocking(slave, True)
    modes[1] |= termios.OPOST | termios.ONLCR
    termios.tcsetattr(slave, termios.TCSANOW, modes)
    return master, slave


@starter_case("the log is a terminal that nobody reads: it holds up nobody")
def full_log():
    ends = full_terminal()
    try:
        with usual_rules, Suid(last=lambda: os.dup2(ends[1], 2)) as p:
            for _ in range(20):
                expect(ERROR, p.ask(A.run, SLEEP, [as_user("root")]))
            p.run(SLEEP, [as_user(ONE)])
    finally:
        for end in ends:
            os.close(end)


@starter_case("the log is a terminal: who may be taken over has no flags of "
              "priv's")
def own_log():
    """kcmp(2): 0 says that both have one open file description."""
    number = {"x86_64": 312, "aarch64": 272}.get(os.uname().machine)
    if number is None:
        raise Skip("its number is not known here")
    ends = pty.openpty()
    try:
        with usual_rules, Suid(last=lambda: os.dup2(ends[1], 2)) as p:
            p.run(SLEEP, [as_user(ONE)])
            ring = p.ring()
            others = [ring["broker"], ring["worker"], *p.launchers().values()]
            same = [proc.title(pid) for pid in others if
                    ctypes.CDLL(None).syscall(number, ring["priv"], pid, 0,
                                              2, 2) == 0]
            check(not same, "%s", same)
    finally:
        for end in ends:
            os.close(end)


# no_new_privs, namespaces ---

@starter_case("no_new_privs: the bit has no effect, the mode is plain")
def no_new_privs():
    def last():
        ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)
    with usual_rules, Suid(last=last) as p:
        expect([], p.ask(A.list))
        check(p.mode() == "plain", "mode %s", p.mode())
        expect(ERROR, p.ask(A.run, SLEEP, [as_user(ONE)]))


@starter_case("a user namespace of the starter's: nobody is root there")
def namespace():
    def last():
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(0x10000000) == -1:
            os._exit(99)
    with usual_rules, Suid(last=last) as p:
        number = p.send((A.list,))
        p.answered(number, 5)
        p.close_input()
        p.end()
        check(p.status in (0, 99) + REFUSALS, "exit %s, log %s", p.status,
              p.log())
        p.nothing_left()
        p.closed = True


@rows(SECTION + " another bit, another owner: refused", [
    ("SGID", 0, 0, 0o2755), ("SGID of a group", 0, 8, 0o2755),
    ("SUID of bin", 2, 0, 0o4755), ("SUID of bin, SGID", 2, 8, 0o6755)])
def other_bits(owner, group, mode):
    folder = world.copy_programs("bits")
    path = folder + "/proctor"
    os.chown(path, owner, group)
    os.chmod(path, mode)
    with usual_rules, Suid(program=path) as p:
        p.close_input()
        p.end()
        check(p.status == 4, "exit %d, log %s", p.status, p.log())
        check(p.log(), "no line in the log")
        p.close(code=4)


@starter_case("SGID besides SUID: that group is nobody's afterwards")
def both_bits():
    path = world.copy_programs("bits") + "/proctor"
    os.chown(path, 0, 8)
    os.chmod(path, 0o6755)
    with usual_rules, Suid(program=path) as p:
        sound(p)
        for pid in [p.pid] + proc.descendants(p.pid):
            check(8 not in suid.ids(pid, "Gid") + suid.ids(pid, "Groups"),
                  "%s has it", proc.title(pid))


# What a login leaves in a process ---

def capable(flags):
    """The starter has been given that by setpriv(1)."""
    class Capable(Suid):
        def _exec(self, child_in, child_out):
            self.who = "root"       # setpriv makes him the starter
            super()._exec(child_in, child_out)

        def _execve(self):
            name = world.STARTER
            os.execve("/usr/bin/setpriv", [
                "setpriv", "--reuid", name, "--regid", str(world.gid(name)),
                "--init-groups", *flags, self.program, *self.argv[1:]],
                self.env)
    return Capable()


@rows(SECTION + " he holds", [
    ("inheritable capabilities", ["--inh-caps", "+kill,+setuid,+sys_admin"]),
    ("inheritable and ambient ones",
     ["--inh-caps", "+kill,+net_raw", "--ambient-caps", "+kill,+net_raw"]),
    ("securebits: noroot", ["--securebits", "+noroot,+noroot_locked"]),
    ("securebits: no_setuid_fixup",
     ["--securebits", "+no_setuid_fixup,+no_setuid_fixup_locked"]),
    ("a bounding set without what is needed",
     ["--bounding-set", "-setuid,-kill"]),
    ("an empty bounding set", ["--bounding-set", "-all"]),
])
def holds(flags):
    with usual_rules, capable(flags) as p:
        refused_or_sound(p, REFUSALS + (5,))


KEYS = """
import ctypes, os, platform, sys
libc = ctypes.CDLL(None, use_errno=True)
arm = platform.machine() == "aarch64"
ADD, REQUEST, KEYCTL = (217, 218, 219) if arm else (248, 249, 250)
"""
READ_KEY = KEYS + """
key = libc.syscall(REQUEST, b"user", b"proctor-test", None, 0)
buf = ctypes.create_string_buffer(64)
n = libc.syscall(KEYCTL, 11, key, buf, 64)
print("read", buf.value[:n] if n > 0 else None)
"""


@starter_case("his session keyring is not another user's child's")
@any_build
def keyring():
    def last():
        libc = ctypes.CDLL(None, use_errno=True)
        arm = os.uname().machine == "aarch64"
        add, keyctl = (217, 219) if arm else (248, 250)
        if libc.syscall(keyctl, 1, None) == -1 or libc.syscall(
                add, b"user", b"proctor-test", b"secret", 6, -3) == -1:
            os._exit(99)
    with usual_rules, Suid(last=last) as p:
        number = p.send((A.list,))
        p.answered(number, 5)
        if p.eof:
            p.end()
            p.closed = True
            raise Skip("no keyrings here")
        said = p.output_of(["/usr/bin/python3", "-c", READ_KEY])
        check("secret" in said, "not even he has it: %s", said)
        said = p.output_of(["/usr/bin/python3", "-c", READ_KEY],
                           as_user(ONE))
        check("None" in said, "it said: %s", said)


TERMINAL = """
import os
try:
    fd = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
    os.write(fd, b"written by another user")
    print("opened")
except OSError:
    print("none")
"""


@starter_case("his terminal is not another user's child's")
@any_build
def terminal():
    """/dev/tty opens for whoever is in the session."""
    master, slave = os.openpty()
    os.fchmod(slave, 0o600)

    class There(Suid):
        def _exec(self, child_in, child_out):
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            os.close(master)
            os.close(slave)
            self.session = False
            super()._exec(child_in, child_out)
    try:
        with usual_rules, There() as p:
            said = p.output_of(["/usr/bin/python3", "-c", TERMINAL],
                               as_user(ONE))
            check(said == "none\n", "%s", said)
    finally:
        os.close(master)
        os.close(slave)


# The log ---

@rows(SECTION + " nothing that he asks for forges a line of the log:", [
    ("a user's name", lambda p, text: p.ask(A.run, SLEEP,
                                            [as_user("x" + text)])),
    ("a program's", lambda p, text: p.ask(A.run, ["/no" + text], [])),
    ("a directory's", lambda p, text: p.ask(A.run, SLEEP,
                                            [(A.cd, "/no" + text)])),
    ("an option's", lambda p, text: p.ask(A.run, SLEEP,
                                          [A.__getattr__("x" + text)])),
    ("a request's", lambda p, text: p.ask(A.__getattr__("x" + text))),
])
def forged(ask):
    text = "\nproctor[1] priv: forged \x1b[2J\r"
    with usual_rules, Suid("-debug", "3") as p:
        ask(p, text)
        expect([], [line for line in p.log_bytes().split(b"\n")
                    if line.startswith(b"proctor[1]") or b"\x1b" in line])


@rows(SECTION + " command line: nothing forges a line of the log:", [
    (flag, flag) for flag in ("-user", "-limit-users", "-alarm", "-x")])
def forged_flag(flag):
    text = "x\nproctor[1] priv: forged \x1b[2J"
    with usual_rules, Suid(flag, text) as p:
        p.close_input()
        p.end()
        lines = [line for line in p.log_bytes().split(b"\n")
                 if line.startswith(b"proctor[1]") or b"\x1b" in line]
        check(not lines, "%s", lines)
        p.closed = True


@starter_case("standard error is a full pipe that nobody reads")
def full_log():
    rfd, wfd = os.pipe()
    os.set_blocking(wfd, False)
    try:
        while True:
            os.write(wfd, b"x" * 4096)
    except BlockingIOError:
        os.set_blocking(wfd, True)
    try:
        with usual_rules, Suid(last=lambda: os.dup2(wfd, 2)) as p:
            pid = p.run(SLEEP, [as_user(ONE)])
            for _ in range(5):
                expect(ERROR, p.ask(A.run, SLEEP, [as_user("root")]))
            p.close_input()
            p.end(15)
            expect(0, p.status, "exit")
            check(not proc.alive(pid), "its child lives")
            p.closed = True
    finally:
        os.close(rfd)
        os.close(wfd)


def access(pid, fd):
    """How a descriptor is open: os.O_RDONLY ..."""
    with open("/proc/%d/fdinfo/%d" % (pid, fd), encoding="utf-8") as f:
        flags = [x.split()[1] for x in f if x.startswith("flags:")][0]
    return int(flags, 8) & os.O_ACCMODE


def log_terminal():
    """Both ends; the latter is closed with them."""
    master, slave = os.openpty()
    return slave, (master, slave)


def log_file():
    fd = os.open(marker("log"), os.O_RDWR | os.O_CREAT, 0o600)
    os.write(fd, b"before\n")
    return fd, (fd,)


def log_fifo():
    os.mkfifo(marker("fifo"), 0o600)
    fd = os.open(marker("fifo"), os.O_RDWR)
    return fd, (fd,)


@rows(SECTION + " standard error can be read: of ours nobody can,", [
    ("a terminal", log_terminal), ("a file", log_file),
    ("a FIFO", log_fifo)])
def readable_log(make):
    os.makedirs(Place(STARTER).path, exist_ok=True)
    fd, ends = make()
    try:
        with usual_rules, Suid("-debug", last=lambda: os.dup2(fd, 2)) as p:
            p.run(SLEEP, [as_user(ONE)])
            parts = list(p.ring().values()) + list(p.launchers().values())
            for part in parts:
                expect(os.O_WRONLY, access(part, 2), proc.title(part))
            expect(ERROR, p.ask(A.run, SLEEP, [as_user("root")]))
            if make == log_file:
                said = os.pread(fd, 65536, 0)
                check(said.startswith(b"before\nproctor["), "%s", said)
            else:
                said = os.read(ends[0], 4096)
                check(said.startswith(b"proctor["), "%s", said)
    finally:
        for end in ends:
            os.close(end)
        for name in os.listdir(Place(STARTER).path):
            os.unlink(marker(name))


@starter_case("standard error is root's file, for reading: it stays as it is")
def roots_log():
    path = os.path.join(world.home, "roots-log")
    world.write(path, "root\n", 0o644)
    fd = os.open(path, os.O_RDONLY)
    try:
        with usual_rules, Suid("-debug", last=lambda: os.dup2(fd, 2)) as p:
            sound(p)
    finally:
        os.close(fd)
    with open(path, encoding="utf-8") as f:
        expect("root\n", f.read())


# Through sudo, as proctor(8) has it ---

@starter_case("sudo instead of the bit: its command line is the policy")
def sudo():
    tool = shutil.which("sudo")
    if not tool:
        raise Skip("no sudo")
    folder = world.copy_programs("sudo")
    line = "%s/proctor -p 4 -user %s -limit-users %s\\,%s" % (
        folder, ONE, ONE, world.TWO)
    world.write("/etc/sudoers",
                "%s ALL = (root) NOPASSWD: %s\n" % (STARTER, line), 0o440)

    class Through(Suid):
        def _execve(self):
            flags = self.flags
            os.execve(tool, ["sudo", "-n", folder + "/proctor", *flags],
                      self.env)
    flags = ["-p", "4", "-user", ONE, "-limit-users",
             "%s,%s" % (ONE, world.TWO)]
    Through.flags = flags
    with Through() as p:
        said = p.output_of(["/usr/bin/id"])
        check(said == world.login(ONE, "/usr/bin/id").decode(), "%r", said)
        p.output_of(["/bin/true"], as_user(world.TWO))
        for name in ("root", STARTER, "mail"):
            p.refused(SLEEP, as_user(name))
    Through.flags = flags[:3] + ["root"]
    with Through() as p:
        p.close_input()
        p.end()
        check(p.status == 1, "exit %d", p.status)
        p.close(code=1)


# The policy file ---

def as_link():
    world.write(world.home + "/rules", world.RULES)
    os.symlink(world.home + "/rules", "/etc/proctor.conf")


def as_fifo():
    os.mkfifo("/etc/proctor.conf", 0o600)


def as_directory():
    os.mkdir("/etc/proctor.conf", 0o755)


def as_device():
    os.mknod("/etc/proctor.conf", 0o20600, os.makedev(1, 5))


def file_of(mode, owner=0, group=0):
    return lambda: world.write("/etc/proctor.conf", world.RULES, mode,
                               owner, group)


def text(words):
    return lambda: world.write("/etc/proctor.conf", words)


@rows(SECTION + " policy file refused, exit 4:", [
    ("a symbolic link", as_link), ("a FIFO", as_fifo),
    ("a directory", as_directory), ("a device", as_device),
    ("group-writable", file_of(0o664)),
    ("world-writable", file_of(0o646)),
    ("the starter's", file_of(0o644, 9)),
    ("another user's", file_of(0o600, 1)),
    ("a syntax error in line 3", text(world.RULES + "permit news\n")),
    ("an unknown word", text("allow news as daemon\n")),
    ("without its last newline", text("permit news as daemon")),
    ("a NUL in it", text("permit news as daemon\n\0\n")),
    ("1 MB", text("#" * 80 + "\n" + ("#" * 79 + "\n") * 13000)),
])
def policy_file(make):
    world.conf(None)
    make()
    try:
        with Suid() as p:
            p.close_input()
            p.end()
            check(p.status == 4, "exit %d, log %s", p.status, p.log())
            check(p.log(), "no line in the log")
            p.close(code=4)
    finally:
        if os.path.isdir("/etc/proctor.conf"):
            os.rmdir("/etc/proctor.conf")
        world.conf()


@starter_case("policy file replaced while it starts: the old one or the new",
              limit=60)
def replaced():
    """Each has one user only; what starts has exactly one of the two."""
    texts = ["permit news as daemon\n", "permit news as bin\n"]
    stop = threading.Event()

    def replace():
        n = 0
        while not stop.is_set():
            n += 1
            world.write("/etc/proctor.conf.new", texts[n % 2])
            os.rename("/etc/proctor.conf.new", "/etc/proctor.conf")
    world.conf(texts[0])
    thread = threading.Thread(target=replace)
    thread.start()
    try:
        for _ in range(15):
            with Suid() as p:
                replies = [p.ask(A.run, ["/bin/true"], [as_user(user)])
                           for user in (ONE, world.TWO)]
                kinds = sorted(str(r[0]) for r in replies)
                check(kinds == ["error", "pid"], "%s", replies)
    finally:
        stop.set()
        thread.join()
        world.conf()


@starter_case("policy file changed while it runs: no effect")
def changed():
    with usual_rules, Suid() as p:
        expect([], p.ask(A.list))
        world.conf("permit news as root\npermit news as mail\n")
        for name in ("root", "mail"):
            p.refused(SLEEP, as_user(name))
        p.output_of(["/bin/true"], as_user(ONE))


# No user _proctor ---

class WithoutParts:
    """passwd and group without _proctor."""

    def __enter__(self):
        self.kept = {}
        for path in ("/etc/passwd", "/etc/group"):
            with open(path, encoding="utf-8") as f:
                self.kept[path] = f.read()
            lines = self.kept[path].splitlines(True)
            world.write(path, "".join(
                x for x in lines if not x.startswith(world.PARTS)))

    def __exit__(self, kind, value, trace):
        for path, lines in self.kept.items():
            world.write(path, lines)


@starter_case("no user _proctor: a SUID start is refused, exit 6")
def no_parts_user():
    with WithoutParts(), usual_rules, Suid() as p:
        p.close_input()
        p.end()
        check(p.status == 6, "exit %d, log %s", p.status, p.log())
        check(world.PARTS in "".join(p.log()), "log %s", p.log())
        p.close(code=6)


@starter_case("no user _proctor: root's start makes them nobody, and says so")
def nobody_parts():
    with WithoutParts(), Suid("-user", "root", who="root") as p:
        expect([], p.ask(A.list))
        for role in ("broker", "worker"):
            uids = suid.ids(p.ring()[role], "Uid")
            check(uids == [65534] * 4, "%s: %s", role, uids)
        check(p.logged("nobody"), "log %s", p.log())


@starter_case("the empty directory is not empty, or is another's: no start")
def not_empty():
    path = world.folder + "/empty"
    os.chown(path, world.uid(STARTER), 0)
    try:
        with usual_rules, Suid() as p:
            p.close_input()
            p.end()
            check(p.status in (4, 5, 6), "exit %d", p.status)
            p.close(code=p.status)
    finally:
        os.chown(path, 0, 0)


# Traffic before it is ready ---

@starter_case("requests are there before it starts")
def early():
    with usual_rules, Suid() as p:
        numbers = [p.send((A.run, ["/bin/true"], [as_user(ONE)]))
                   for _ in range(50)]
        for n in numbers:
            check(p.reply(n)[0] == A.pid, "no pid")


@starter_case("fifty starts at once", limit=90)
def fifty():
    ports = []
    try:
        with usual_rules:
            for _ in range(50):
                ports.append(Suid())
            for p in ports:
                number = p.send((A.run, ["/bin/true"], [as_user(ONE)]))
                check(p.reply(number, 20)[0] == A.pid, "no pid")
            for p in ports:
                p.close_input()
                expect(0, p.end(20), "exit")
    finally:
        for p in ports:
            p.release()


def port_of(*fds):
    """These for 0 and 1; None for what the port has anyway."""
    def last():
        for number, fd in enumerate(fds):
            if fd is not None:
                os.dup2(fd(), number)
    return last


def a_file():
    return os.open(marker("file"), os.O_RDWR | os.O_CREAT)


def a_fifo():
    path = marker("fifo")
    os.mkfifo(path)
    return os.open(path, os.O_RDWR)


def one_pipe():
    """Both ends of one."""
    rfd, wfd = os.pipe()
    os.dup2(rfd, 0)
    os.dup2(wfd, 1)


def datagrams():
    return socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).detach()


def listener():
    s = socket.socket(socket.AF_UNIX)
    s.bind("")
    s.listen()
    return s.detach()


def hung_up():
    """A terminal whose other side has gone: EIO."""
    master, slave = os.openpty()
    os.close(slave)
    return master


def opened(path, flags):
    return lambda: os.open(path, flags)


@rows(SECTION + " port descriptors, refused with 6:", [
    ("root's directory for both", port_of(*[opened("/", os.O_RDONLY)] * 2)),
    ("a directory to be read", port_of(opened("/", os.O_RDONLY))),
    ("a name to be read", port_of(opened("/dev/null", os.O_PATH))),
    ("a reading end to be written", port_of(
        None, opened("/dev/null", os.O_RDONLY))),
    ("a writing end to be read", port_of(opened("/dev/null", os.O_WRONLY))),
    ("a FIFO opened read-write to be read", port_of(a_fifo)),
    ("a FIFO opened read-write to be written", port_of(None, a_fifo)),
    ("both ends of one pipe", one_pipe),
    ("a file for both", port_of(a_file, a_file)),
    ("datagrams", port_of(datagrams, datagrams)),
    ("a socket that listens", port_of(listener)),
    ("an event descriptor", port_of(lambda: os.eventfd(1))),
])
def port_refused(last):
    with usual_rules, Suid(last=last) as p:
        p.end(15)
        p.closed = True
        expect(6, p.status, "exit")
        expect(1, len(p.logged("the port's descriptor")), "lines")
    forget()


def forget():
    for name in os.listdir(Place(STARTER).path):
        os.unlink(marker(name))


@rows(SECTION + " port descriptors:", [
    ("/dev/null", port_of(*[opened("/dev/null", os.O_RDWR)] * 2), 0),
    ("a file to be read that is empty", port_of(a_file), 0),
    ("one that cannot be read: an error is no end",
     port_of(hung_up), 1)])
def port_descriptors(last, status):
    with usual_rules, Suid(last=last) as p:
        p.end(15)
        p.closed = True
        expect(status, p.status, "exit")
        expect(status, len(p.logged("the port cannot be read")), "lines")
        p.nothing_left()
    forget()


@starter_case("a port that cannot be written: an error is no end")
def port_full_disk():
    last = port_of(None, opened("/dev/full", os.O_WRONLY))
    with usual_rules, Suid(last=last) as p:
        p.send((A.list,))
        p.end(15)
        p.closed = True
        expect(1, p.status, "exit")
        expect(1, len(p.logged("the port cannot be written")), "lines")


@starter_case("a stream socket for a port")
def port_socket():
    """As socat and inetd have it: one for both, or one each."""
    class There(Suid):
        def _exec(self, child_in, child_out):
            os.dup2(self.theirs.fileno(), child_in)
            os.dup2(self.theirs.fileno(), child_out)
            super()._exec(child_in, child_out)

        def _start(self):
            self.ours, self.theirs = socket.socketpair()
            super()._start()
            os.dup2(self.ours.fileno(), self.rfd)
            os.dup2(self.ours.fileno(), self.wfd)
            self.ours.close()
            self.theirs.close()

        def close_input(self):
            if self.wfd != -1:
                socket.socket(fileno=os.dup(self.wfd)).shutdown(
                    socket.SHUT_WR)
            super().close_input()
    with usual_rules, There() as p:
        sound(p)
