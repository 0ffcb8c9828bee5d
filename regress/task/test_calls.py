"""Calls, as a node sees them: what a script of regress/unit/task_calls_test.c
cannot, which has no switch, no children and no frames."""

import os
import struct
import tempfile

import proc
from case import case, check, eventually, expect, rows, Skip
from etf import A
from tree import ROOT, Tree, needs_root


def atoms(text):
    return [getattr(A, w) for w in text.split()]


def failed(stage, errno, detail):
    if isinstance(detail, str):
        detail = getattr(A, detail)
    return (A.error, (getattr(A, stage), getattr(A, errno), detail))


def folder():
    d = tempfile.TemporaryDirectory(prefix="proctor-calls.")
    os.chmod(d.name, 0o755)
    return d


# What each row does with no arguments, with too many, and with what is of no
# type that any of them has: an answer, and the task lives.
KINDS = [(), (A.nothing,) * 9, (1.5,), (1.5,) * 2, (1.5,) * 3, (1.5,) * 4,
         (1.5,) * 5]


@case("calls rows: each refuses what it cannot read, and goes on")
def each_row():
    with Tree() as t:
        harmless = {"fork", "init", "exit", "setsid", "clearenv"}
        for name in t.names:
            for args in KINDS:
                if not args and name in harmless:
                    continue
                n = t.number(name)
                got = t.call(ROOT, n, *args)
                if not args and (got == A.ok or got[0] == A.ok):
                    continue
                check(got[0] == A.error, "%s%r: %r", name, args, got)
                stage, errno, detail = got[1]
                check(stage in (A.argument, A.system), "%s: %r", name, got)
                if stage == A.argument:
                    expect(A.einval, errno, name)
                    check(0 <= detail <= 8, "%s: %r", name, got)
                else:
                    expect((A.enosys, getattr(A, name)), (errno, detail))
        expect(t.os_pid(ROOT), t.value(ROOT, "getpid"))


@case("calls rows: a number that is no row's")
def no_row():
    with Tree() as t:
        for n in (len(t.names), 4711, 65535):
            expect(failed("system", "enosys", "call"), t.call(ROOT, n))


@case("calls size: 70,000 bytes are written, and read again")
def large_write():
    with Tree() as t, folder() as d:
        data = os.urandom(70000)
        fd = t.value(ROOT, "open", d + "/f",
                     atoms("o_rdwr o_creat"), 0o600)
        expect(70000, t.value(ROOT, "write", fd, data))
        expect(0, t.value(ROOT, "lseek", fd, 0, A.seek_set))
        expect(data, t.value(ROOT, "read", fd, 65535)
               + t.value(ROOT, "read", fd, 65535))


@case("calls size: what has no room in a frame is read later")
def large_read():
    with Tree() as t, folder() as d:
        data = os.urandom(3 << 20)
        with open(d + "/f", "wb") as f:
            f.write(data)
        fd = t.value(ROOT, "open", d + "/f", A.o_rdonly)
        got, least = b"", 1 << 20
        while part := t.value(ROOT, "read", fd, 1 << 40):
            got += part
            least = min(least, len(part)) if len(got) < len(data) else least
        check(got == data, "%d bytes", len(got))
        check(least > (1 << 20) - 4096, "%d bytes in a frame", least)


@case("calls size: a folder of 3,000 names, and one of 9,000 in pieces")
def large_folder():
    with Tree() as t, folder() as d:
        names = {b"%08d" % n for n in range(3000)}
        for n in names:
            open(os.path.join(d.encode(), n), "w").close()
        got = t.value(ROOT, "readdir", d)
        expect(names | {b".", b".."}, set(got))
        expect(len(names) + 2, len(got))
        long = {b"%0200d" % n for n in range(9000)}
        for n in long:
            open(os.path.join(d.encode(), n), "w").close()
        expect(failed("wire", "emsgsize", "readdir"),
               t.call(ROOT, "readdir", d))
        got, at, parts = [], 0, 0
        while at != A.eof:
            names_here, at = t.value(ROOT, "readdir", d, at)
            got += names_here
            parts += 1
        expect(names | long | {b".", b".."}, set(got))
        expect(3000 + 9000 + 2, len(got))
        check(parts > 1, "in one piece")


@case("calls size: an environment of 90,000 bytes, and one of 2 MB")
def large_environment():
    with Tree() as t:
        expect(A.ok, t.value(ROOT, "clearenv"))
        want = []
        for n in range(9):
            t.value(ROOT, "setenv", "V%02d" % n, "x" * 10000, 1)
            want.append(b"V%02d=" % n + b"x" * 10000)
        expect(want, t.value(ROOT, "environ"))
        for n in range(9, 200):
            t.value(ROOT, "setenv", "V%02d" % n, "x" * 10000, 1)
            want.append(b"V%02d=" % n + b"x" * 10000)
        expect(failed("wire", "emsgsize", "environ"),
               t.call(ROOT, "environ"))
        got, at = [], 0
        while at != A.eof:
            part, at = t.value(ROOT, "environ", at)
            got += part
        expect(want, got)


@case("calls size: one variable that has no room, and one that just has")
def huge_variable():
    with Tree() as t:
        expect(A.ok, t.value(ROOT, "clearenv"))
        t.value(ROOT, "setenv", "A", "x", 1)
        for size, fits in (((1 << 20) - 500, True), ((1 << 20) - 31, False)):
            t.value(ROOT, "setenv", "B", b"x" * size, 1)
            expect(([b"A=x"], 1), t.value(ROOT, "environ", 0))
            expect((A.ok, ([b"B=" + b"x" * size], A.eof)) if fits
                   else failed("wire", "emsgsize", "environ"),
                   t.call(ROOT, "environ", 1))


@case("calls size: in a batch each answer has its own room")
def batch_room():
    with Tree() as t, folder() as d:
        with open(d + "/f", "wb") as f:
            f.write(b"x" * (2 << 20))
        fd = t.value(ROOT, "open", d + "/f", A.o_rdonly)
        got = t.batch(ROOT, [("read", fd, 1 << 30), ("read", fd, 1 << 30),
                             ("getpid",)], flags=1)
        expect(3, len(got))
        check(got[0][0] == A.ok and len(got[0][1]) > 1 << 19, "%r",
              len(got[0][1]))
        check(got[2] == (A.ok, t.os_pid(ROOT)), "%r", got[2])


# What waits, and what is to be made before: (name, arguments, before).
WAITS = [
    ("read", lambda t: (pipe(t)[0], 1)),
    ("write", lambda t: (full(t), b"x" * 70000)),
    ("select", lambda t: ([pipe(t)[0]], [], [])),
    ("select", lambda t: ([pipe(t)[0]], [], [], 3600000)),
    ("open", lambda t: (fifo(t), A.o_rdonly)),
    ("accept", lambda t: (listening(t),)),
    ("waitpid", lambda t: (asleep(t), 0)),
    ("fcntl", lambda t: locked(t)),
]


def pipe(t):
    return t.value(ROOT, "pipe")


def full(t):
    fd = pipe(t)[1]
    t.value(ROOT, "write", fd, b"x" * 65536)
    return fd


def fifo(t):
    t.value(ROOT, "mkfifo", t.dir + "/fifo", 0o600)
    return t.dir + "/fifo"


def listening(t):
    fd = t.value(ROOT, "socket", A.af_unix, A.sock_stream, 0)
    t.value(ROOT, "bind", fd, (A.local, (t.dir + "/s").encode()))
    t.value(ROOT, "listen", fd, 1)
    return fd


def asleep(t):
    return t.born[t.fork()][2]


def locked(t):
    """Another task holds a lock, and this one waits for it."""
    other = t.fork()
    path = t.dir + "/lock"
    # struct flock: l_type, l_whence, l_start, l_len, l_pid.
    lock = struct.pack("@hhqqi4x", 1, 0, 0, 0, 0)
    for task, wait in ((other, "f_setlk"), (ROOT, None)):
        fd = t.value(task, "open", path, atoms("o_rdwr o_creat"), 0o600)
        if wait:
            t.value(task, "fcntl", fd, getattr(A, wait), lock)
    return fd, A.f_setlkw, lock


@rows("calls deadline:", [("%s %d" % (w[0], i), *w)
                          for i, w in enumerate(WAITS)])
def deadline(name, args):
    with Tree() as t, folder() as d:
        t.dir = d
        got = t.call(ROOT, name, *args(t), ms=100)
        expect(failed("timeout", "etimedout", name), got)
        expect(t.os_pid(ROOT), t.value(ROOT, "getpid"))


@case("calls deadline: of one that has its answer before, nothing is left")
def no_late_deadline():
    with Tree() as t:
        r, _ = pipe(t)
        for _ in range(50):
            expect(t.os_pid(ROOT), t.value(ROOT, "getpid", ms=1))
            expect(([], [], []), t.value(ROOT, "select", [r], [], [], 3))


@case("calls deadline: a batch has one for all of it")
def batch_deadline():
    with Tree() as t:
        r, _ = pipe(t)
        got = t.batch(ROOT, [("getpid",), ("read", r, 1), ("getpid",)], ms=100)
        expect([(A.ok, t.os_pid(ROOT)),
                failed("timeout", "etimedout", "read")], got)


def ours(t):
    """The node reaps, and not the task by itself."""
    t.value(ROOT, "sigaction", A.sigchld, A.sig_info)


@case("calls waitpid: what was reaped by hand is told, too")
def waitpid():
    with Tree() as t:
        ours(t)
        n = t.fork()
        inner = t.born[n][2]
        expect((0, 0, []), t.value(ROOT, "waitpid", inner, A.wnohang))
        seq = t.begin(ROOT, "waitpid", inner, 0)
        t.begin(n, "exit", 7)
        pid, status, how = t.answer(seq)[1]
        expect((inner, 7 << 8, [(A.exit_status, 7)]), (pid, status, how))
        check(t.exit(n).is_exit(7), "%r", t.exit(n))
        n = t.fork()
        inner = t.born[n][2]
        expect(A.ok, t.kill(n, 19))
        pid, _, how = t.value(ROOT, "waitpid", inner, A.wuntraced)
        expect((inner, [(A.stopsig, A.sigstop)]), (pid, how))
        expect(A.ok, t.kill(n, 18))
        pid, _, how = t.value(ROOT, "waitpid", inner, A.wcontinued)
        expect((inner, [A.continued]), (pid, how))
        seq = t.begin(ROOT, "waitpid", inner, 0)
        t.kill(n, 9)
        expect([(A.termsig, A.sigkill)], t.answer(seq)[1][2])
        check(t.exit(n).is_signal(9), "%r", t.exit(n))


@case("calls title: ps shows it")
def title():
    with Tree() as t:
        expect(A.ok, t.value(ROOT, "setproctitle", b"named %s so"))
        expect("named %s so", proc.title(t.os_pid(ROOT)).strip("\0 "))


@case("calls ids: the parent's death is its own end, whoever it has become")
def ids():
    needs_root()
    with Tree() as t:
        n = t.fork()
        below = t.fork(n)
        expect(A.ok, t.value(below, "setgroups", [200, 100]))
        expect([100, 200], sorted(t.value(below, "getgroups")))
        expect(A.ok, t.value(below, "setresgid", 12345, 12345, 12345))
        expect(A.ok, t.value(below, "setresuid", 12345, 12345, 12345))
        expect((12345,) * 3, t.value(below, "getresuid"))
        expect(failed("call", "eperm", "setuid"), t.call(below, "setuid", 0))
        four = struct.pack("@i", 0)
        ret, sig, *_ = t.value(below, "prctl", A.pr_get_pdeathsig, four,
                               0, 0, 0)
        expect(struct.pack("@i", 9), sig, "signal of the parent's death")
        # Also if it asks for another.
        t.value(below, "prctl", A.pr_set_pdeathsig, 0, 0, 0, 0)
        ret, sig, *_ = t.value(below, "prctl", A.pr_get_pdeathsig, four,
                               0, 0, 0)
        expect(struct.pack("@i", 9), sig, "signal of the parent's death")


@case("calls ids: a user namespace, mapped by itself and by its parent")
def maps():
    with Tree() as t:
        uid, gid = os.geteuid(), os.getegid()
        got = t.call(ROOT, "clone", atoms("clone_newuser clone_newuts"))
        if got[0] != A.ok:
            raise Skip("no user namespace: %r" % (got,))
        n = max(t.born)
        expect(65534, t.value(n, "getuid"))
        expect(A.ok, t.value(n, "map_ids", 0, [(0, uid, 1)], [(0, gid, 1)]))
        expect((0, 0), (t.value(n, "getuid"), t.value(n, "getgid")))
        expect(A.ok, t.value(n, "sethostname", "inside"))
        expect(b"inside", t.value(n, "gethostname"))
        check(t.value(ROOT, "gethostname") != b"inside", "outside, too")
        t.value(ROOT, "clone", A.clone_newuser)
        n = max(t.born)
        expect(A.ok, t.value(ROOT, "map_ids", t.born[n][2],
                             [(7, uid, 1)], [(8, gid, 1)]))
        expect((7, 8), (t.value(n, "getuid"), t.value(n, "getgid")))


@case("calls namespaces: setns to another's, and out of it")
def namespaces():
    needs_root()
    with Tree() as t:
        t.value(ROOT, "clone", A.clone_newuts)
        n = max(t.born)
        t.value(n, "sethostname", "other")
        other = t.fork()
        own = t.value(other, "gethostname")
        fd = t.value(other, "open", "/proc/%d/ns/uts" % t.born[n][2],
                     A.o_rdonly)
        expect(failed("call", "einval", "setns"),
               t.call(other, "setns", fd, A.clone_newnet))
        back = t.value(other, "open", "/proc/self/ns/uts", A.o_rdonly)
        expect(A.ok, t.value(other, "setns", fd, A.clone_newuts))
        expect(b"other", t.value(other, "gethostname"))
        expect(A.ok, t.value(other, "setns", back, 0))
        expect(own, t.value(other, "gethostname"))


def filter_of(number):
    """A program that answers that system call with ENOTNAM, and no other."""
    code = [(0x20, 0, 0, 0),                    # load the number
            (0x15, 0, 1, number),               # is it that one?
            (0x06, 0, 0, 0x00050000 | 118),     # errno
            (0x06, 0, 0, 0x7fff0000)]           # allow
    return b"".join(struct.pack("@HBBI", *c) for c in code), len(code)


@case("calls seccomp: a program as a cstruct")
def seccomp():
    with Tree() as t:
        n = t.fork()
        number = t.value(n, "constant", A.syscall, A.sys_getcwd)
        text, length = filter_of(number)
        pad = b"\0" * (struct.calcsize("@P") - 2)
        prog = [struct.pack("@H", length) + pad, (A.ptr, text)]
        t.value(n, "prctl", A.pr_set_no_new_privs, 1, 0, 0, 0)
        expect(failed("call", "einval", "seccomp"),
               t.call(n, "seccomp", 99, 0, prog))
        expect(failed("call", "efault", "seccomp"),
               t.call(n, "seccomp", A.seccomp_set_mode_filter, 0, []))
        expect(A.ok, t.value(n, "seccomp", A.seccomp_set_mode_filter, 0,
                             prog))
        expect(failed("call", "enotnam", "getcwd"), t.call(n, "getcwd"))
        expect(os.getcwd(), t.value(ROOT, "getcwd").decode())
        # By the other way, as well.
        n = t.fork()
        t.value(n, "prctl", A.pr_set_no_new_privs, 1, 0, 0, 0)
        ret, mode, back, *_ = t.value(
            n, "prctl", A.pr_set_seccomp, A.seccomp_mode_filter, prog, 0, 0)
        expect((0, 2), (ret, mode))
        expect([prog[0], (A.ptr, text)], back)
        expect(failed("call", "enotnam", "getcwd"), t.call(n, "getcwd"))


@case("calls ptrace: one task reads the memory of another")
def ptrace():
    with Tree() as t:
        ours(t)
        n = t.fork()
        pid = t.born[n][2]
        got = t.call(ROOT, "ptrace", A.ptrace_attach, pid, 0, 0)
        if got[0] == A.error and got[1][1] in (A.eperm, A.enosys):
            raise Skip("no ptrace here")
        expect((0, 0, 0), got[1])
        p, _, how = t.value(ROOT, "waitpid", pid, 0)
        expect((pid, [(A.stopsig, A.sigstop)]), (p, how))
        ret, _, info = t.value(ROOT, "ptrace", A.ptrace_getsiginfo, pid, 0,
                               bytes(128))
        expect((0, 19), (ret, struct.unpack_from("@i", info)[0]))
        expect(failed("call", "eio", "ptrace"),
               t.call(ROOT, "ptrace", A.ptrace_peekdata, pid, 8, 0))
        expect((0, 0, 0), t.value(ROOT, "ptrace", A.ptrace_detach, pid, 0, 0))
        expect(pid, t.value(n, "getpid"))
        expect(failed("call", "esrch", "ptrace"),
               t.call(ROOT, "ptrace", A.ptrace_cont, pid, 0, 0))


@case("calls jobs: priorities, groups and sessions of others")
def jobs():
    with Tree() as t:
        n = t.fork()
        pid = t.born[n][2]
        expect(A.ok, t.value(ROOT, "setpgid", pid, 0))
        expect(pid, t.value(n, "getpgrp"))
        expect(A.ok, t.value(ROOT, "setpriority", A.prio_pgrp, pid, 5))
        expect(5, t.value(n, "getpriority", A.prio_process, 0))
        below = t.fork(n)
        expect(pid, t.value(below, "getpgrp"))
        expect(t.born[below][2], t.value(below, "setsid"))
        expect(t.born[below][2], t.value(ROOT, "getsid", t.os_pid(below)))
        expect(A.ok, t.value(ROOT, "kill", -pid, A.sigkill))
        check(t.exit(n).is_signal(9), "%r", t.exit(n))


@case("calls terminal: one of its own, and its size")
def terminal():
    with Tree() as t:
        n = t.fork()
        master = t.value(n, "open", "/dev/ptmx", atoms("o_rdwr o_noctty"))
        t.value(n, "setsid")
        expect((0, struct.pack("@i", 0)),
               t.value(n, "ioctl", master, A.tiocsptlck, struct.pack("@i", 0)))
        _, name = t.value(n, "ioctl", master, A.tiocgptn, bytes(4))
        slave = t.value(n, "open",
                        "/dev/pts/%d" % struct.unpack("@I", name)[0],
                        atoms("o_rdwr o_noctty"))
        size = struct.pack("@HHHH", 24, 80, 0, 0)
        expect((0, size), t.value(n, "ioctl", slave, A.tiocswinsz, size))
        expect((0, size), t.value(n, "ioctl", master, A.tiocgwinsz, bytes(8)))
        expect((0, 0), t.value(n, "ioctl", slave, A.tiocsctty, 0))
        sid, = struct.unpack("@i", t.value(n, "ioctl", slave, A.tiocgsid,
                                           bytes(4))[1])
        expect(t.born[n][2], sid)


@case("calls descriptors: what a task opens a program has, unless it closes")
def inherited():
    with Tree() as t:
        n = t.fork()
        kept = t.value(n, "open", "/dev/null", A.o_rdonly)
        gone = t.value(n, "open", "/dev/null", atoms("o_rdonly o_cloexec"))
        t.exec(n, ["/bin/sh", "-c",
                   "for n in 0 1 2 3 4 5 6 7 8 9; do "
                   "[ -e /dev/fd/$n ] && echo $n; done"])
        t.exit(n)
        got = {int(w) for w in t.out[n, 1].split()}
        check(gone > 3, "%d", gone)
        expect({0, 1, 2, kept}, got)


@case("calls cgroup: a task goes into one")
def cgroup():
    needs_root()
    root = "/sys/fs/cgroup"
    if not os.path.exists(root + "/cgroup.procs"):
        raise Skip("no cgroup tree of version 2")
    path = root + "/proctor-calls-%d" % os.getpid()
    try:
        os.mkdir(path)
    except OSError:
        raise Skip("none can be made")
    try:
        with Tree() as t:
            n = t.fork()
            expect(A.ok, t.value(n, "cgroup_enter", path))
            with open(path + "/cgroup.procs") as f:
                expect(t.os_pid(n), int(f.read()))
    finally:
        eventually(lambda: rmdir(path), "the cgroup stays")


def rmdir(path):
    try:
        os.rmdir(path)
        return True
    except OSError:
        return False
