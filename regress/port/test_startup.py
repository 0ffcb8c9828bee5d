"""PROTOCOL 2, start-up."""

import ctypes
import os
import pwd
import random
import re
import shutil
import signal
import subprocess
import tempfile
import time

import port
import proc
import starter
from case import OK, ROOT, STARTED, Skip, case, check, check_took, expect, rows
from etf import A
from port import Port, environment, program, user_flags

SECTION = "2 start-up:"


@case(SECTION + " --version")
def version():
    code, out, log = program("--version")
    check(code == 0, "exit %d", code)
    check(re.search(rb"\d+\.\d+", out), "output %r, log %s", out, log)


@case(SECTION + " -h")
def usage():
    code, out, log = program("-h")
    check(code == 0, "exit %d", code)
    text = out.decode() + "\n".join(log)
    check("usage:" in text, "no usage in %r", text)


@case(SECTION + " --whoami")
def whoami():
    try:
        me = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        raise Skip("uid %d has no name" % os.geteuid())
    code, out, _ = program("--whoami")
    check(code == 0, "exit %d", code)
    check(out == me.encode() + b"\n", "output %r", out)


@rows(SECTION + " -C is proctor-check, from where its user is:", [
    ("a file", ["x.conf"], 0, b"configuration OK\n"),
    ("a file whose name is a flag", ["-h"], 0, b"configuration OK\n"),
    ("a permit", ["x.conf", "0", "as", "daemon"], 0, b"permit, line 1\n"),
    ("a deny", ["x.conf", "0", "as", "bin"], 1, b"deny, no rule matches\n"),
    ("a file that is not there", ["y.conf"], 1, b""),
    ("words that say nothing", ["x.conf", "0", "as"], 2, b""),
])
def check_policy(words, status, said):
    if not ROOT:
        raise Skip("the file has to be root's")
    with tempfile.TemporaryDirectory() as folder:
        for name in ("x.conf", "-h"):
            with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
                f.write("permit 0 as daemon\n")
        done = subprocess.run([port.PROGRAM, "-C", *words], cwd=folder,
                              stdin=subprocess.DEVNULL, capture_output=True,
                              check=False)
    expect((status, said), (done.returncode, done.stdout), done.stderr)


@rows(SECTION, [
    ("unknown flag: -Z", ["-Z"]),
    ("unknown flag: --nonsense", ["--nonsense"]),
    ("an argument too many", ["argument"]),
    ("-p without a number", ["-p"]),
    ("-p 3", ["-p", "3"]),
    ("-p 1", ["-p", "1"]),
    ("-p x", ["-p", "x"]),
    ("-alarm without a number", ["-alarm"]),
    ("-alarm x", ["-alarm", "x"]),
    ("-alarm -1", ["-alarm", "-1"]),
    ("-debug 11", ["-debug", "11"]),
    ("-user without a name", ["-user"]),
    ("-verbose with a value", ["-verbose", "1"]),
    ("-root with a value", ["-root", "root"]),
    ("-valgrind with two", ["-valgrind", "a", "b"]),
    ("-cap without names", ["-cap"]),
    ("-limit-users without names", ["-limit-users"]),
])
def usage_error(flags):
    """The usage on stderr, nothing on the port, exit 2."""
    if flags != ["-user"]:
        flags = user_flags() + flags
    code, out, log = program(*flags)
    check(code == 2, "exit %d, log %s", code, log)
    check(not out, "output %r", out)
    check(any("usage:" in line for line in log), "log %s", log)


@case(SECTION + " -user of an unknown user: exit 3")
def unknown_user():
    code, out, log = program("-user", "no-such-user")
    check(code == 3, "exit %d, log %s", code, log)
    check(any("no-such-user" in line for line in log), "log %s", log)


@case(SECTION + " root without -user: exit 4")
def root_without_user():
    if not ROOT:
        raise Skip("not root")
    code, out, log = program("-p", "4")
    check(code == 4, "exit %d", code)
    check(log and not out, "log %s, output %r", log, out)


@case(SECTION + " -user of one's own name, who is nobody special")
def own_user():
    uid = starter.NOBODY if ROOT else os.geteuid()
    try:
        me = pwd.getpwuid(uid).pw_name
    except KeyError:
        raise Skip("uid %d has no name" % uid)
    with starter.plain("-user", me) as p:
        pid = p.run(["/usr/bin/id", "-un"], [A.stdout])
        expect(0, p.exit(pid), "status")
        check(p.out(pid) == me.encode() + b"\n", "ran as %r", p.out(pid))
        expect(STARTED, p.ask(A.run, ["/bin/true"], [(A.user, me)]))


@case(SECTION + " -user of another, by nobody special: exit 4")
def other_user():
    with starter.plain("-user", "root") as p:
        check(p.end() == 4, "exit %s", p.status)
        check(any("root" in line for line in p.log()), "log %s", p.log())
        p.close(code=4)


@rows(SECTION + " an error is its exit status, within 350 ms:", [
    ("2, unknown flag", ["-Z"], 2),
    ("3, unknown user", ["-user", "no-such-user"], 3),
    ("4, root without -user", [], 4),
])
def soon(flags, status):
    if status == 4 and not ROOT:
        raise Skip("not root")
    took = []
    for _ in range(5):
        start = time.monotonic()
        code, out, log = program(*flags)
        took.append(time.monotonic() - start)
        check(code == status and not out and log,
              "exit %d, output %r, log %s", code, out, log)
    check_took(min(took), 0, 0.35)


@rows(SECTION + " flags in any order:", [
    ("-alarm -debug N", ["-alarm", "3", "-debug", "1"]),
    ("-debug N -alarm", ["-debug", "1", "-alarm", "3"]),
    ("-debug -alarm", ["-debug", "-alarm", "3"]),
    ("-alarm -debug", ["-alarm", "3", "-debug"]),
])
def order(flags):
    for options in (dict(first=flags), dict(first=flags, high=True)):
        with Port(**options) as p:
            expect([], p.ask(A.list))
        with Port(*flags, packet=2, high=True) as p:
            expect([], p.ask(A.list))


@rows(SECTION + " what erlexec's client sends:", [
    (" ".join(flags), flags) for flags in (
        ["-verbose"], ["-root"], ["-valgrind"], ["-valgrind", "/tmp/log"],
        ["-debug"], ["-debug", "3", "-verbose"], ["-alarm", "5", "-root"],
        ["-valgrind", "-debug", "1"], ["-cap", "all", "-root"],
        ["-verbose", "-verbose", "-root", "-limit-users", "daemon,bin"])])
def erlexec(flags):
    for options in (dict(first=flags), dict(first=flags, high=True),
                    dict(packet=2)):
        with Port(*(() if "first" in options else flags), **options) as p:
            pid = p.run("exit 3")
            expect(768, p.exit(pid))


@case(SECTION + " -root and -valgrind start no program and make nobody root")
def erlexec_widens():
    with starter.plain("-root", "-valgrind", "/nonexistent/x") as p:
        pid = p.run(["/usr/bin/id", "-u"], [A.stdout])
        expect(0, p.exit(pid), "status")
        uid = starter.NOBODY if ROOT else os.geteuid()
        check(p.out(pid) == b"%d\n" % uid, "ran as %r", p.out(pid))
    if ROOT:
        code, _, log = program("-root")
        check(code == 4, "exit %d, log %s", code, log)


# But -h, --version and --whoami, which start nothing.
ALL_FLAGS = [
    ["-n"], ["-p", "2"], ["-alarm", "3"], ["-debug", "1"],
    ["-limit-users", "daemon"], ["-cap", "all"], ["-stdin-limit", "1000"],
    ["-root"], ["-valgrind", "/tmp/log"], ["-verbose"],
    user_flags(),
]


@case(SECTION + " flags in any order: all of them, 30 permutations")
def order_all():
    source = random.Random(350)
    for _ in range(30):
        order = source.sample(ALL_FLAGS, len(ALL_FLAGS))
        args = [word for flag in order for word in flag]
        with Port(*args, packet=None, user=False, high=True) as p:
            expect((OK, 1), p.ask(A.debug, 0))


@case(SECTION + " ready within 350 ms")
def ready():
    took = []
    for _ in range(5):
        start = time.monotonic()
        with Port() as p:
            expect([], p.ask(A.list))
            took.append(time.monotonic() - start)
    check_took(max(took), 0, 0.35)


@case(SECTION + " ready within 50 ms, the median of nine")
def ready_soon():
    took = []
    for _ in range(9):
        start = time.monotonic()
        with Port() as p:
            expect([], p.ask(A.list))
            took.append(time.monotonic() - start)
    median = sorted(took)[4]
    check_took(median, 0, 0.05)


@rows(SECTION + " process group leader,", [
    ("started in its parent's group", False),
    ("started as a session leader", True),
])
def group_leader(session):
    with Port(session=session) as p:
        expect([], p.ask(A.list))
        check(os.getpgid(p.pid) == p.pid, "group %d of %d",
              os.getpgid(p.pid), p.pid)


@case(SECTION + " process group leader, or exit 4")
def no_group_leader():
    """What the system refuses to us, strace(1) does."""
    tool = shutil.which("strace")
    if not tool or subprocess.run(
            [tool, "-o", "/dev/null", "/bin/true"], check=False,
            stderr=subprocess.DEVNULL).returncode:
        raise Skip("no strace(1), or it may not trace")
    done = subprocess.run(
        [tool, "-qq", "-o", "/dev/null", "-e", "inject=setpgid:error=EPERM",
         port.PROGRAM] + user_flags(), check=False,
        # A leak checker cannot work under a tracer.
        env=environment(ASAN_OPTIONS="detect_leaks=0"),
        stdin=subprocess.DEVNULL, capture_output=True)
    check(done.returncode == 4, "exit %d", done.returncode)
    check(b"process group" in done.stderr and not done.stdout,
          "stderr %r, stdout %r", done.stderr, done.stdout)


@case(SECTION + " the group's signals do not reach the starter")
def not_our_group():
    """A terminal's SIGINT to the starter's group passes the port by."""
    with Port(session=False) as p:
        expect([], p.ask(A.list))
        for pid in p.ring().values():
            check(os.getpgid(pid) != os.getpgid(0), "%d is in our group",
                  pid)


@rows(SECTION + " SHELL", [
    ("unset means /bin/sh", None, b"/bin/sh"),
    ("empty means /bin/sh", "", b"/bin/sh"),
    ("is what runs commands", "/bin/bash", b"/bin/bash"),
])
def shell(value, means):
    if not os.access("/bin/bash", os.X_OK):
        raise Skip("no bash")
    env = environment()
    env.pop("SHELL")
    if value is not None:
        env["SHELL"] = value
    with Port(env=env) as p:
        pid = p.run("echo $0; echo .$BASH_VERSION", [A.stdout])
        expect(0, p.exit(pid))
        name, version = p.out(pid).splitlines()
        check(name == means, "$0 is %r", name)
        check((version != b".") == (value == "/bin/bash"),
              "another shell: %r", version)


@case(SECTION + " an empty environment will do")
def no_environment():
    env = {k: v for k, v in environment().items()
           if k not in ("PATH", "SHELL")}
    with Port(env=env) as p:
        pid = p.run("echo works", [A.stdout])
        expect(0, p.exit(pid))
        check(p.out(pid) == b"works\n", "output %r", p.out(pid))


@rows(SECTION, [
    ("-debug N is the level that debug answers", ["-debug", "2"], 2),
    ("-debug 0", ["-debug", "0"], 0), ("-debug 10", ["-debug", "10"], 10),
    ("-debug without N is level 1", ["-debug"], 1),
    ("without -debug the level is 0", [], 0),
])
def debug_flag(flags, level):
    with Port(*flags) as p:
        expect((OK, level), p.ask(A.debug, 0))


@rows(SECTION + " the level decides what stderr gets:", [
    ("-debug", ["-debug"], True), ("-debug 0", ["-debug", "0"], False),
    ("without -debug", [], False),
])
def debug_log(flags, more):
    with Port(*flags) as p:
        pid = p.run("exit 3")
        expect(768, p.exit(pid))
        told = [line for line in p.log() if "pid %d " % pid in line]
        check(bool(told) == more, "log %s", p.log())


# Odd places -----------------------------------------------------------------

def needs_root():
    if not ROOT:
        raise Skip("not root")


class Under(Port):
    """Started through another program, which has to end as it does."""

    def __init__(self, prefix, *args, **more):
        if subprocess.run([*prefix, "/bin/true"], check=False,
                          stdin=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL).returncode:
            raise Skip("%s: not possible here" % " ".join(prefix))
        self.prefix = prefix
        super().__init__(*args, **more)

    def _exec(self, child_in, child_out):
        self.argv[:0] = self.prefix
        super()._exec(child_in, child_out)


def works(p):
    """It runs, stops and ends its children; as whom they run."""
    pid = p.run("id -u", [A.stdout])
    expect(0, p.exit(pid), "status")
    p.run(["/bin/sleep", "1000"])
    stopped = p.run(["/bin/sleep", "1000"])
    expect(OK, p.ask(A.stop, stopped))
    expect(0, p.exit(stopped), "status of the stopped one")
    return int(p.out(pid))


UNSHARE = ["/usr/bin/unshare", "-U", "-r"]


@case(SECTION + " root of a user namespace with one id: plain")
def few_ids():
    with Under(UNSHARE, "-user", "root", user=False) as p:
        check(works(p) == 0, "another user")
        check(any("cannot become another user" in line
                  for line in p.log()), "log %s", p.log())


@case(SECTION + " root of a user namespace, and a user whom it does not have")
def few_ids_user():
    with Under(UNSHARE, "-user", "nobody", user=False) as p:
        check(p.end() == 4, "exit %s", p.status)
        p.close(code=4)


@rows(SECTION + " root without a capability:", [
    (name, name) for name in (
        "sys_chroot", "setuid", "setgid", "setpcap", "kill", "sys_nice",
        "sys_resource", "sys_admin", "sys_ptrace", "dac_override", "chown",
        "fowner", "dac_read_search", "ipc_lock")])
def less_root(name):
    needs_root()
    with Under(["/usr/bin/setpriv", "--bounding-set", "-" + name],
               "-user", "root", user=False) as p:
        check(works(p) == 0, "another user")


THREAD = """
#include <pthread.h>
#include <unistd.h>

static void *
stay(void *arg)
{
    for (;;)
        (void)pause();
    return (arg);
}

static void __attribute__((__constructor__))
begin(void)
{
    pthread_t t;

    (void)pthread_create(&t, NULL, stay, NULL);
}
"""


def preloaded(directory):
    """An environment in which each program has a thread more."""
    compiler = shutil.which("cc")
    with open(port.PROGRAM, "rb") as f:
        sanitized = b"__asan_init" in f.read()
    if not compiler or sanitized:
        raise Skip("no compiler, or a sanitizer, which wants to be first")
    os.chmod(directory, 0o755)
    with open(directory + "/thread.c", "w", encoding="ascii") as f:
        f.write(THREAD)
    library = directory + "/thread.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library,
                    directory + "/thread.c", "-lpthread"], check=True)
    return environment(LD_PRELOAD=library)


def other_thread(p, sig):
    """A signal that the thread hears which does not wait for any."""
    tids = map(int, os.listdir("/proc/%d/task" % p.pid))
    tid = next(tid for tid in tids if tid != p.pid)
    tgkill = 131 if os.uname().machine == "aarch64" else 234
    ctypes.CDLL(None).syscall(tgkill, p.pid, tid, int(sig))


@rows(SECTION + " a thread of a preloaded library, ended by", [
    ("end of file", lambda p: p.close_input()),
    ("SIGTERM", lambda p: os.kill(p.pid, signal.SIGTERM)),
    ("SIGTERM to that thread", lambda p: other_thread(p, signal.SIGTERM)),
])
def thread(end):
    with tempfile.TemporaryDirectory() as directory:
        env = preloaded(directory)
        for _ in range(3):
            with Port(env=env) as p:
                works(p)
                threads = os.listdir("/proc/%d/task" % p.pid)
                check(len(threads) == 2, "%d threads", len(threads))
                end(p)
                check(p.end() == 0, "exit %s", p.status)


@case(SECTION + " signals ignored and blocked by the starter")
def signals_blocked():
    """They are the port's own again: SIGTERM ends it."""
    with Port(signals=(signal.SIGTERM, signal.SIGCHLD, signal.SIGPIPE,
                       signal.SIGINT, signal.SIGHUP)) as p:
        pid = p.run(["/bin/sleep", "0.01"])
        expect(0, p.exit(pid))
        p.run(["/bin/sleep", "1000"])
        os.kill(p.pid, signal.SIGTERM)
        p.end()


class Without(Port):
    """Where this folder of the system's is an empty one."""

    def __init__(self, place, *args):
        self.place = place
        super().__init__(*args)

    def _execve(self):
        os.execve("/usr/bin/unshare", [
            "unshare", "-m", "sh", "-c",
            'mount -t tmpfs none "$0" && exec "$@"', self.place, *self.argv],
            self.env)


def only_root():
    if not ROOT:
        raise Skip("only root can hide a folder")


def no_leak_check():
    """Who looks for leaks at its end wants /proc for that."""
    with open(port.PROGRAM, "rb") as f:
        if b"libasan" in f.read():
            raise Skip("a build for sanitizers wants /proc itself")


@case(SECTION + " without /proc it finds its programs beside itself")
def no_proc():
    only_root()
    no_leak_check()
    with Without("/proc") as p:
        pid = p.run("echo up; exit 3", [A.stdout])
        expect(3 << 8, p.exit(pid), "status")
        check(p.out(pid) == b"up\n", "output %r", p.out(pid))
        check(any("orphans of children cannot be found" in line
                  for line in p.log()), "log %s", p.log())


@case(SECTION + " without /proc nobody has orphans, and hello says so")
def no_orphans():
    only_root()
    no_leak_check()
    with Without("/proc") as p:
        pid = p.run("exec sleep 1000")
        answer = p.ask(A.hello, {A.version: 1})
        expect(A.none, answer[1][A.orphans])
        os.kill(p.pid, signal.SIGKILL)
        p.closed = True
        p.until(lambda: p.eof, "the end")
        check(proc.alive(pid), "somebody has ended it")
        os.kill(pid, signal.SIGKILL)


@case(SECTION + " without /dev/null it says so and does not start")
def no_null():
    only_root()
    with Without("/dev") as p:
        check(p.end() == 6, "exit %d", p.status)
        check(len(p.log()) == 1 and "/dev/null" in p.log()[0], "log %s",
              p.log())
        p.closed = True
