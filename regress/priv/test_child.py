"""A hostile child of another user: it knows all pids and tries everything."""

import os
import shutil
import tempfile

import proc
import world
from case import ERROR, SLOW, case, check, eventually, expect, rows
from etf import A
from sisters import SISTERS
from suid import SLEEP, Suid, as_user
from world import ONE, STARTER, TWO
from rules import usual_rules

SECTION = "child:"
# Prints a line for each thing that works and should not, then "end".
ATTACK = r"""
import ctypes, os, resource, signal, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
me = os.getpid()
NO = (PermissionError, ProcessLookupError, FileNotFoundError,
      NotADirectoryError, OSError)


def works(what, function):
    try:
        function()
        print(what)
    except NO:
        pass


def opens(path, flags):
    works("open " + path, lambda: os.close(os.open(path, flags)))


def call(name, *args):
    ctypes.set_errno(0)
    if getattr(libc, name)(*args) == -1:
        raise OSError(ctypes.get_errno())


for pid in map(int, sys.argv[1:]):
    for sig in (0, 1, 2, 9, 10, 15, 17, 19, 23, 34, 64):
        works("signal %d to %d" % (sig, pid), lambda: os.kill(pid, sig))
        works("queue %d to %d" % (sig, pid), lambda: call(
            "sigqueue", pid, sig, ctypes.c_void_p(0)))
        works("pidfd signal %d to %d" % (sig, pid), lambda:
              signal.pidfd_send_signal(os.pidfd_open(pid), sig))
    if pid > 1:
        works("kill group %d" % pid, lambda: os.killpg(pid, 0))
    works("ptrace %d" % pid, lambda: call("ptrace", 16, pid, 0, 0))
    works("seize %d" % pid, lambda: call("ptrace", 0x4206, pid, 0, 0))
    buf = ctypes.create_string_buffer(64)
    iov = (ctypes.c_void_p * 2)(ctypes.addressof(buf), 64)
    works("read memory of %d" % pid, lambda: call(
        "process_vm_readv", pid, iov, 1, iov, 1, 0))
    works("write memory of %d" % pid, lambda: call(
        "process_vm_writev", pid, iov, 1, iov, 1, 0))
    works("prlimit %d" % pid, lambda: resource.prlimit(
        pid, resource.RLIMIT_NOFILE, (0, 0)))
    works("setpriority %d" % pid, lambda: os.setpriority(
        os.PRIO_PROCESS, pid, 19))
    works("scheduler %d" % pid, lambda: os.sched_setscheduler(
        pid, os.SCHED_IDLE, os.sched_param(0)))
    works("affinity %d" % pid, lambda: os.sched_setaffinity(pid, {0}))
    works("setpgid %d" % pid, lambda: os.setpgid(pid, 0))
    for name in ("mem", "maps", "environ", "auxv", "syscall", "stack",
                 "io", "personality", "pagemap"):
        opens("/proc/%d/%s" % (pid, name), os.O_RDONLY)
    for name in ("mem", "oom_score_adj", "clear_refs", "comm",
                 "setgroups", "uid_map"):
        opens("/proc/%d/%s" % (pid, name), os.O_WRONLY)
    for fd in range(12):
        works("readlink fd %d of %d" % (fd, pid), lambda: os.readlink(
            "/proc/%d/fd/%d" % (pid, fd)))
        for flags in (os.O_RDONLY, os.O_WRONLY, os.O_RDWR):
            opens("/proc/%d/fd/%d" % (pid, fd), flags)

        def get():
            pidfd = os.pidfd_open(pid)
            fd_ = libc.syscall(438, pidfd, fd, 0)
            if fd_ == -1:
                raise OSError
        works("pidfd_getfd %d of %d" % (fd, pid), get)
    works("list /proc/%d/fd" % pid, lambda: os.listdir("/proc/%d/fd" % pid))
    works("cwd of %d" % pid, lambda: os.readlink("/proc/%d/cwd" % pid))
    works("root of %d" % pid, lambda: os.readlink("/proc/%d/root" % pid))
    works("exe of %d" % pid, lambda: os.readlink("/proc/%d/exe" % pid))
print("end")
"""
SPAM = ("import os\n"
        "while True:\n"
        "    try: os.write(1, b'x' * 65536); os.write(2, b'y' * 65536)\n"
        "    except OSError: break\n")
# Forks as long as it may; all of them in sessions of their own.
BOMB = r"""
import os, resource, time
resource.setrlimit(resource.RLIMIT_NPROC, (150, 150))
os.write(1, b"up\n")
deadline = time.monotonic() + 600
while time.monotonic() < deadline:
    try:
        if os.fork() == 0:
            try:
                os.setsid()
            except PermissionError:
                pass
    except OSError:
        time.sleep(0.01)
"""


def parts(p):
    return list(p.ring().values()) + list(p.launchers().values())


@rows(SECTION + " signals, traces and reopens nothing of ours:", [
    ("a target's", ONE), ("another target's", TWO)], limit=60)
def attack(user):
    with usual_rules, Suid() as p:
        pids = parts(p) + [os.getpid(), p.run(SLEEP)]
        pids.append(p.run(SLEEP, [as_user(TWO if user == ONE else ONE)]))
        nices = [proc.stat(pid)[16] for pid in pids]
        said = p.output_of(["/usr/bin/python3", "-c", ATTACK,
                            *map(str, pids)], as_user(user))
        check(said.endswith("end\n"), "it did not end: %r", said[-200:])
        worked = said.splitlines()[:-1]
        check(not worked, "%d things worked: %s", len(worked), worked[:8])
        check(nices == [proc.stat(pid)[16] for pid in pids], "reniced")
        check(all(map(proc.alive, pids)), "one is dead")


@case(SECTION + " even the starter's own child reopens nothing of ours",
      limit=60)
def attack_own():
    """It may signal another child of the same user, and no more."""
    with usual_rules, Suid() as p:
        pids = parts(p)
        said = p.output_of(["/usr/bin/python3", "-c", ATTACK,
                            *map(str, pids)])
        worked = said.splitlines()[:-1]
        check(not worked, "%d things worked: %s", len(worked), worked[:8])


@case(SECTION + " kill(-1, SIGKILL) ends that user's processes, and no part")
def kill_all():
    with usual_rules, Suid() as p:
        mine = p.run(SLEEP)
        other = p.run(SLEEP, [as_user(TWO)])
        same = p.run(SLEEP, [as_user(ONE)])
        pid = p.run(["/usr/bin/python3", "-c",
                     "import os; os.kill(-1, 9)"], [as_user(ONE)])
        p.exit(pid)
        expect(9, p.exit(same), "status")
        check(proc.alive(mine) and proc.alive(other), "others are dead")
        check(all(map(proc.alive, parts(p))), "a part is dead")
        p.output_of(["/bin/true"], as_user(ONE))


@case(SECTION + " fills every pipe that nobody reads, others go on", limit=60)
def spam():
    with usual_rules, Suid() as p:
        for user in (ONE, TWO):
            p.run(["/usr/bin/python3", "-c", SPAM],
                  [A.stdout, A.stderr, as_user(user)])
        # Nobody reads the port for a while: all of it is full.
        p.reading = False
        p.pump(1)
        size = proc.rss(p.ring()["worker"])
        p.pump(1)
        check(proc.rss(p.ring()["worker"]) < size + (16 << 20),
              "the worker grows")
        p.reading = True
        pid = p.run(["/bin/echo", "through"], [A.stdout, as_user(TWO)])
        p.until(lambda: p.exits.get(pid), "its exit", 20)
        p.events.clear()
        p.output.clear()


@case(SECTION + " fills stdin's queue by not reading: bounded")
def deaf_stdin():
    with usual_rules, Suid("-stdin-limit", str(1 << 20)) as p:
        pid = p.run(SLEEP, [A.stdin, as_user(ONE)])
        for _ in range(64):
            p.stdin(pid, b"x" * 65536)
        expect(9, p.exit(pid), "status")
        check(proc.rss(p.ring()["worker"]) < 64 << 20, "the worker grows")


@rows(SECTION + " waits for the writer of a FIFO:", [
    ("the starter's", ()), ("another user's", (as_user(ONE),))])
def fifo(who):
    """Longer than a launcher is waited for, with nothing but its streams."""
    folder = tempfile.mkdtemp()
    path = os.path.join(folder, "fifo")
    os.mkfifo(path)
    os.chmod(path, 0o666)
    os.chmod(folder, 0o755)
    try:
        with usual_rules, Suid() as p:
            pid = p.run(["/bin/cat"], [(A.stdin, path.encode()), A.stdout,
                                       *who])
            expect(0, p.exit(p.run(["/bin/true"], list(who))), "status")
            eventually(lambda: "waits" in proc.title(pid), 5, "no title")
            eventually(lambda: set(proc.descriptors(pid)) == {0, 1, 2}, 5,
                       "more than its streams")
            expect({"0"}, {proc.status(pid)[key].strip("0") or "0" for key in
                           ("CapInh", "CapPrm", "CapEff", "CapAmb")}, "caps")
            with open(path, "wb") as f:
                f.write(b"x\n")
            expect(0, p.exit(pid), "status")
            check(p.out(pid) == b"x\n", "%r", p.out(pid))
    finally:
        shutil.rmtree(folder)


@rows(SECTION + " forks until it is stopped; nothing is left after", [
    ("stop", lambda p, pid: p.ask(A.stop, pid)),
    ("end of file", lambda p, pid: p.close_input()),
    ("SIGKILL of priv", lambda p, pid: os.kill(p.ring()["priv"], 9)),
], limit=90)
def bomb(how):
    with usual_rules, Suid("-alarm", "2") as p:
        pid = p.run(["/usr/bin/python3", "-c", BOMB],
                    [A.stdout, (A.kill_timeout, 1), as_user(ONE)])
        p.until_out(pid, b"up\n")
        eventually(lambda: len(proc.descendants(p.pid)) > 100, 20,
                   "it does not fork")
        how(p, pid)
        p.close_input()
        p.end(40)
        p.nothing_left(20)
        check(p.status in (0, 5), "exit %d", p.status)
        p.closed = True


@case(SECTION + " a program that comes from a FIFO holds up nobody")
def slow_exec():
    """A program on a FIFO: exec does not return. Only its user waits."""
    path = world.home + "/fifo"
    if os.path.exists(path):
        os.unlink(path)
    os.mkfifo(path, 0o666)
    with usual_rules, Suid() as p:
        pid = p.run(["/bin/sh", path], [A.stdout, as_user(ONE)])
        p.output_of(["/bin/true"], as_user(TWO))
        p.output_of(["/bin/true"], as_user(ONE))
        check(proc.alive(pid), "it is dead")


@case(SECTION + " a file for stdout that is a FIFO without a reader")
def fifo_out():
    path = world.home + "/fifo-out"
    if os.path.exists(path):
        os.unlink(path)
    os.mkfifo(path, 0o666)
    os.chmod(path, 0o666)
    with usual_rules, Suid() as p:
        expect(ERROR, p.ask(A.run, SLEEP, [(A.stdout, path),
                                           as_user(ONE)],
                            seconds=15))
        p.output_of(["/bin/true"], as_user(ONE))


TIOCSTI = r"""
import fcntl, os, sys
for name in ("/dev/tty", "/proc/self/fd/0"):
    try:
        fd = os.open(name, os.O_RDWR)
        fcntl.ioctl(fd, 0x5412, b"x")
        print("pushed", name)
    except OSError:
        pass
print("end")
"""


@case(SECTION + " without a pty there is no terminal to push input into")
def no_terminal():
    """Not even that of whoever started the node."""
    with usual_rules, Suid(session=False) as p:
        said = p.output_of(["/usr/bin/python3", "-c", TIOCSTI],
                           as_user(ONE))
        check(said == "end\n", "%s", said)


@rows(SECTION + " makes no children for priv: as", [
    ("the starter", STARTER), ("another user", ONE)])
def no_sister(user):
    with usual_rules, Suid() as p:
        before = set(proc.children(p.ring()["priv"]))
        pid = p.run(["/usr/bin/python3", "-c", SISTERS, "1", "0"],
                    [A.stdout, as_user(user)])
        p.until_out(pid, b"errno 1\n")
        p.exit(pid)
        expect([], sorted(set(proc.children(p.ring()["priv"])) - before))
        # Other children, and threads, it makes as ever.
        p.output_of(["/bin/sh", "-c", "(true) | cat; true & wait"],
                    as_user(user))


@case(SECTION + " its group and session are its own")
def own_group():
    with usual_rules, Suid() as p:
        pid = p.run(SLEEP, [as_user(ONE)])
        check(os.getpgid(pid) == pid, "group %d", os.getpgid(pid))
        for role, part in p.ring().items():
            check(os.getpgid(part) != pid, "%s is in its group", role)


@case(SECTION + " an exec that a SUID program begins is not privileged, and "
      "ends with its parent")
def death_signal():
    """PR_SET_PDEATHSIG outlives a SUID exec, as no_new_privs makes it one
    without effect."""
    with usual_rules, Suid() as p:
        pid = p.run(["/usr/bin/su", "-c", "true"],
                    [A.stdin, A.stdout, A.stderr, as_user(ONE)])
        p.pump(0.5 * SLOW)
        os.kill(p.ring()["priv"], 9)
        p.end(20)
        p.nothing_left(10)
        check(not proc.alive(pid), "it lives")
        p.closed = True


@case(SECTION + " a child of the starter's does not see the others' "
      "descriptors")
def siblings():
    with usual_rules, Suid() as p:
        pid = p.run(["/bin/cat"], [A.stdin, A.stdout, as_user(ONE)])
        code = ("import os,sys\n"
                "for fd in range(4):\n"
                "  try: os.open('/proc/%s/fd/%d' % (sys.argv[1], fd), 0);"
                " print('opened', fd)\n"
                "  except OSError: pass\n")
        for user in (STARTER, TWO):
            said = p.output_of(["/usr/bin/python3", "-c", code, str(pid)],
                               as_user(user))
            check(said == "", "%s: %s", user, said)
