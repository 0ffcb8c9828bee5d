"""What the system's log is told: real sockets in the places of syslog's and of
journald's, to which nobody else here listens."""

import contextlib
import ctypes
import os
import re
import socket
import threading

import world
from case import Skip, case, check, eventually, expect, rows
from etf import A
from rules import Range, Rules
from suid import SLEEP, NativeSuid, Suid, as_user
from world import ONE, STARTER, TWO, UNRULED

SECTION = "audit:"
SYSLOG, JOURNAL = "/dev/log", "/run/systemd/journal/socket"
TRUE = ["/bin/true"]
BURST = 100
PRIORITY = {"started": 86, "failed": 86, "refused": 85, "unlogged": 85}


class Log:
    """Whoever keeps the system's log; reads: it does so all the time."""

    def __init__(self, path=SYSLOG, reads=True):
        if path == SYSLOG and not os.path.ismount("/dev/null"):
            world.dev()
        self.path = path
        os.makedirs(os.path.dirname(path), exist_ok=True)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        os.chmod(path, 0o666)
        self.socket.settimeout(0.05)
        self.raw = []
        self.closed = False
        self.thread = threading.Thread(target=self._run)
        if reads:
            self.thread.start()

    def _run(self):
        while not self.closed:
            self.take()

    def take(self):
        """One more, if there is one."""
        try:
            self.raw.append(self.socket.recv(65536))
        except TimeoutError:
            return False
        return True

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.closed = True
        if self.thread.is_alive():
            self.thread.join()
        self.socket.close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)

    def read(self):
        """What came, as text."""
        for data in self.raw:
            check(not re.search(rb"[^\n -~]", data), "%r", data)
        return [data.decode("ascii") for data in self.raw]

    def records(self):
        """[{key: value}] of syslog's lines."""
        return [parsed(text) for text in self.read()]

    def until(self, count):
        eventually(lambda: len(self.read()) >= count, 3,
                   lambda: "%d lines and no more: %s" % (count, self.raw))
        return self.records()


def parsed(text):
    # Whoever keeps it may be slow, here as well.
    lost = re.fullmatch(r"<84>proctor\[\d+\]: lost count=(\d+): "
                        "the log had no room", text)
    if lost:
        return {"what": "lost", "result": "lost", "count": int(lost[1])}
    m = re.fullmatch(r'<(\d+)>proctor\[(\d+)\]: (\w+)((?: \w+=(?:"[^"]*"|'
                     r'[^" ]+)(?: "[^"]*")*)+)(?: \.\.\.)?', text)
    check(m, "a line of another form: %r", text)
    found = {"priority": int(m[1]), "sender": int(m[2]), "what": m[3]}
    for key, value in re.findall(r' (\w+)=((?:"[^"]*"(?: "[^"]*")*)|[^" ]+)',
                                 m[4]):
        found[key] = int(value) if re.fullmatch(r"-?\d+", value) else (
            value[1:-1] if key != "args" else value)if '"' in value else value
    expect(PRIORITY[found["result"]], found["priority"], "priority")
    return found


def run_of(p, cmd, *options):
    """The answer to a run, which may be refused."""
    return p.ask(A.run, cmd, list(options))


@case(SECTION + " who makes a log here has terminals still")
def terminals():
    with Rules("\npermit news as daemon\n"), Log(), Suid() as p:
        pid = p.run(["/bin/sh", "-c", "tty"], [A.pty, A.stdin, A.stdout,
                                               as_user(ONE)])
        expect(0, p.exit(pid), "status")
        check(p.out(pid).startswith(b"/dev/pts/"), "%r", p.out(pid))


@case(SECTION + " a child of another user")
def started():
    with Rules("\npermit news as daemon\n"), Log() as log, Suid() as p:
        pid = p.run(SLEEP, [as_user(ONE)])
        line, = log.until(1)
        expect({"what": "run", "result": "started", "priority": 86,
                "sender": p.ring()["priv"], "starter": world.uid(STARTER),
                "node": os.getpid(), "user": ONE, "uid": world.uid(ONE),
                "line": 2, "program": "/bin/sleep", "pid": pid}, line, "line")
        check("1000" not in log.read()[0], "arguments: %s", log.raw)


@case(SECTION + " no child of the starter's own, and none that nolog is for")
def untold():
    with Rules("permit nolog news as daemon\npermit news as bin\n"), \
            Log() as log, Suid() as p:
        p.run(SLEEP)
        p.run(SLEEP, [as_user(ONE)])
        p.run(SLEEP, [as_user(TWO)])
        expect([TWO], [r["user"] for r in log.until(1)], "users")


@case(SECTION + " the starter's own by a rule")
def own():
    with Rules("deny news as news\npermit news as news cmd /bin/true\n"), \
            Log() as log, Suid() as p:
        p.run(TRUE)
        line, = log.until(1)
        expect((STARTER, 2), (line["user"], line["line"]), "line")


@rows(SECTION + " a refusal:", [
    ("nobody's rule", "permit news as daemon\n", TRUE, "mail", [],
     None, "no rule permits it"),
    ("a deny", "permit news as daemon\ndeny news as bin\n", TRUE, "bin", [],
     None, "line 2 denies it"),
    ("another program", "permit news as daemon cmd /bin/echo\n", TRUE,
     "daemon", [], None, "line 1 is for another program"),
    ("a directory under cmd", "permit news as daemon cmd /bin/true\n", TRUE,
     "daemon", [(A.cd, "/")], 1, "cd: line 1 has cmd"),
    ("too nice", "permit news as daemon\n", TRUE, "daemon", [(A.nice, -3)],
     1, "nice -3: line 1 permits 0 at least"),
])
def refused(rules, cmd, user, options, line, why):
    with Rules(rules), Log() as log, Suid() as p:
        p.refused(cmd, as_user(user), *options)
        got, = log.until(1)
        expect(("refused", user, cmd[0], line, why),
               (got["result"], got["user"], got["program"], got.get("line"),
                got["why"]), "line")
        check("pid" not in got and "args" not in got, "%s", got)


@case(SECTION + " one whose program cannot be executed")
def failed():
    with Rules("permit news as daemon\n"), Log() as log, NativeSuid() as p:
        run_of(p, ["/nonexistent"], as_user(ONE))
        got, = log.until(1)
        expect(("failed", "No such file or directory", "/nonexistent"),
               (got["result"], got["why"], got["program"]), "line")


@case(SECTION + " a kill command is one, by its own rule")
def killer():
    with Rules("permit news as daemon\n"), Log() as log, Suid() as p:
        pid = p.run(SLEEP, [as_user(ONE), (A.kill, "kill $CHILD_PID")])
        p.ask(A.stop, pid)
        p.exit(pid)
        got = log.until(2)[1]
        expect(("kill_command", ONE, "/bin/sh"),
               (got["what"], got["user"], got["program"]), "line")


@case(SECTION + " arguments with log args only, whatever is in them")
def arguments():
    hostile = "a\n<0>proctor[1]: run\x1b[2J\"\\\u00e9"
    with Rules("permit log args news as daemon\npermit news as bin\n"), \
            Log() as log, Suid() as p:
        p.exit(p.run(["/bin/echo", "one two", hostile], [as_user(ONE)]))
        p.exit(p.run("echo $HOME", [as_user(ONE)]))
        p.exit(p.run(["/bin/echo", "secret"], [as_user(TWO)]))
        p.exit(p.run(TRUE, [as_user(ONE)]))
        first, shell, other, none_at_all = log.until(4)
        check("args" not in none_at_all, "%s", none_at_all)
        expect('"one two" "a\\012<0>proctor[1]: run\\033[2J\\042\\134'
               '\\303\\251"', first["args"], "args")
        expect('"-c" "echo $HOME"', shell["args"], "a command line")
        check("args" not in other, "%s", other)


@case(SECTION + " a program's name is shown as it is, and cut")
def names():
    with Rules("permit news as daemon\n"), Log() as log, NativeSuid() as p:
        run_of(p, ["/x\ny\" pid=1"], as_user(ONE))
        run_of(p, ["/" + 1000 * "\x01"], as_user(ONE))
        one, two = log.until(2)
        expect("/x\\012y\\042 pid=1", one["program"], "program")
        check("pid" not in one, "%s", one)
        check(two["program"].endswith("...") and len(two["program"]) <= 1024,
              "%d", len(two["program"]))


@case(SECTION + " many arguments are cut")
def many():
    with Rules("permit log args news as daemon\n"), Log() as log, \
            Suid() as p:
        p.exit(p.run(["/bin/true", *(200 * ["\x02\x03word"])],
                     [as_user(ONE)]))
        p.exit(p.run(["/bin/true", 5000 * "y"], [as_user(ONE)]))
        log.until(2)
        for text in log.read():
            check(len(text) < 2500 and "..." in text, "%d: %s", len(text),
                  text)


@case(SECTION + " a rule has so many at once; what is more is counted")
def limited():
    extra = 20
    with Rules("permit news as daemon\npermit news as bin\n"), \
            Log() as log, Suid() as p:
        for _ in range(BURST + extra):
            run_of(p, ["/nonexistent"], as_user(ONE))
        run_of(p, ["/nonexistent"], as_user(TWO))
        eventually(lambda: total(log) == BURST + extra + 1, 5,
                   lambda: "%d" % total(log))
        check(any(r["result"] == "unlogged" and r["line"] == 1
                  for r in log.records()), "no line for the rest")
        expect([TWO], [r["user"] for r in log.records()
                       if r.get("line") == 2], "another rule's")


def total(log):
    return sum(r.get("count", 1) for r in log.records())


@case(SECTION + " what is more is counted at the end, too")
def end():
    with Rules("permit news as daemon\n"), Log() as log:
        with Suid() as p:
            for _ in range(BURST + 5):
                run_of(p, ["/nonexistent"], as_user(ONE))
        eventually(lambda: total(log) == BURST + 5, 3,
                   lambda: "%d" % total(log))


@case(SECTION + " a log that is not read holds up nobody, and what it lost is"
      " counted")
def unread():
    with Rules("permit news as daemon\n"), Log(reads=False) as log, \
            Suid() as p:
        with open("/proc/sys/net/unix/max_dgram_qlen", encoding="ascii") as f:
            room = int(f.read())
        check(room + 10 < BURST, "a queue of %d", room)
        for _ in range(BURST - 1):
            run_of(p, ["/nonexistent"], as_user(ONE))
        expect([], p.ask(A.list), "list")
        while log.take():
            continue
        before = len(log.raw)
        run_of(p, ["/nonexistent"], as_user(ONE))
        eventually(lambda: not log.take() and len(log.raw) == before + 2, 3,
                   lambda: "%d, %d" % (before, len(log.raw)))
        lost = int(re.search(r": lost count=(\d+)", log.read()[-2])[1])
        expect(BURST, before + lost + 1, "lines")


@case(SECTION + " a log that is gone is said once, and ends nothing")
def gone():
    with Rules("permit news as daemon\n"), Log() as log, Suid() as p:
        expect([], p.ask(A.list), "list")
        log.close()
        for _ in range(3):
            p.exit(p.run(TRUE, [as_user(ONE)]))
        p.until_logged("takes no audit lines any more")
        expect(1, len(p.logged("takes no audit lines any more")), "lines")


@case(SECTION + " without a log it says so")
def none():
    with Rules("permit news as daemon\n"), Suid() as p:
        p.until_logged("there is no system log")
        p.exit(p.run(TRUE, [as_user(ONE)]))


@case(SECTION + " journald has fields of its own, and syslog nothing then")
def journal():
    with Rules("permit news as daemon\n"), Log() as log, \
            Log(JOURNAL) as native, Suid() as p:
        pid = p.run(SLEEP, [as_user(ONE)])
        text = native_until(native)
        fields = dict(line.split("=", 1) for line in text.splitlines())
        expect({"PRIORITY": "6", "SYSLOG_FACILITY": "10",
                "SYSLOG_IDENTIFIER": "proctor",
                "SYSLOG_PID": str(p.ring()["priv"]), "PROCTOR_WHAT": "run",
                "PROCTOR_RESULT": "started", "PROCTOR_USER": ONE,
                "PROCTOR_UID": str(world.uid(ONE)),
                "PROCTOR_STARTER": str(world.uid(STARTER)),
                "PROCTOR_NODE": str(os.getpid()), "PROCTOR_LINE": "1",
                "PROCTOR_PROGRAM": "/bin/sleep", "PROCTOR_PID": str(pid)},
               {k: v for k, v in fields.items() if k != "MESSAGE"}, "fields")
        check(fields["MESSAGE"].startswith("run result=started "), "%s",
              fields)
        expect([], log.read(), "syslog")


def native_until(log):
    eventually(lambda: log.read(), 3, "nothing in the journal")
    return log.read()[0]


@case(SECTION + " only priv can write to it")
def alone():
    with Rules("permit news as daemon\n"), Log() as log, Suid() as p:
        pid = p.run(SLEEP, [as_user(ONE)])
        log.until(1)
        inode = os.stat("/proc/self/fd/%d" % log.socket.fileno()).st_ino
        holders = [who for who, at in [*p.ring().items(), ("child", pid),
                                       *p.launchers().items()]
                   if talks_to(at)]
        expect(["priv"], holders, "of %d" % inode)


def talks_to(pid):
    """Has it a socket of datagrams?"""
    kinds = set()
    with open("/proc/net/unix", encoding="ascii") as f:
        for line in f.readlines()[1:]:
            words = line.split()
            if words[4] == "0002":
                kinds.add("socket:[%s]" % words[6])
    return any(os.readlink("/proc/%d/fd/%s" % (pid, fd)) in kinds
               for fd in os.listdir("/proc/%d/fd" % pid))


@case(SECTION + " root's own start has its children told, and those of others")
def by_root():
    with Log() as log, Suid("-user", ONE, who="root") as p:
        pid = p.run(SLEEP)
        got, = log.until(1)
        expect((0, ONE, 0, pid), (got["starter"], got["user"], got["line"],
                                  got["pid"]), "line")


@rows(SECTION + " a start that is refused:", [
    ("a user whom no rule is for", "permit news as daemon\n",
     ["-user", "mail"], "mail", "no rule permits it"),
    ("a user who is denied", "permit news as daemon\ndeny news as bin\n",
     ["-user", "bin"], "bin", "line 2 denies it"),
    ("a file that is wrong", "permit\n", [], None,
     "/etc/proctor.conf is wrong"),
])
def no_start(rules, args, user, why):
    with Rules(rules), Log() as log, Suid(*args) as p:
        p.end()
        expect(4, p.status, "exit")
        got, = log.until(1)
        expect(("start", "refused", world.uid(STARTER), os.getpid(), user,
                why), (got["what"], got["result"], got["starter"],
                       got["node"], got.get("user"), got["why"]), "line")
        p.closed = True


def for_good():
    """What nobody undoes: PR_SET_MDWE."""
    if ctypes.CDLL(None).prctl(65, 1, 0, 0, 0) == -1:
        os._exit(99)


@rows(SECTION + " a start that is refused:", [
    ("nobody's rule is for him", UNRULED, ["-user", ONE], None, None, 4, ONE,
     "no rule of /etc/proctor.conf is for its starter"),
    ("nor for one who is nobody", UNRULED, ["-user", "nobody-at-all"], None,
     None, 3, "nobody-at-all", "no such user"),
    ("a control group", STARTER, ["-cgroup", "x"], None, None, 4, None,
     "-cgroup: root says where, if other users can be had"),
    ("what he has set", STARTER, [], for_good, None, 4, None,
     "the starter has set what other users' children would have for good: "),
    ("no uids", STARTER, [], None, "", 6, None,
     "/etc/subuid has no uids for _proctor"),
    ("uids that are somebody's", STARTER, [], None, "_proctor:1:65536\n", 4,
     STARTER, "its children could signal _proctor"),
])
def no_start_at_all(who, args, last, subuid, status, user, why):
    uids = Range(subuid) if subuid is not None else contextlib.nullcontext()
    with Rules("permit news as daemon\n"), uids, Log() as log, \
            Suid(*args, who=who, last=last) as p:
        p.close_input()
        p.end()
        p.closed = True
        if p.status == 99:
            raise Skip("no PR_SET_MDWE in this kernel")
        expect(status, p.status, "exit")
        got, = log.until(1)
        expect(("start", "refused", world.uid(who), user),
               (got["what"], got["result"], got["starter"], got.get("user")),
               "line")
        check(got["why"].startswith(why), "%s", got)


@case(SECTION + " a start that is refused: all uids are taken")
def no_uids_left():
    with Rules("permit news as daemon\n"), Log() as log, \
            Range("_proctor:200000:65\n"), Suid() as first:
        expect([], first.ask(A.list), "list")
        p = Suid()
        try:
            p.close_input()
            expect(6, p.end(20), "exit")
            got, = log.until(1)
            check(got["why"].startswith("all of the uids"), "%s", got)
            p.closed = True
        finally:
            p.release()


@case(SECTION + " what is refused to whom no rule is for")
def no_rule():
    with Rules("permit news as daemon\n"), Log() as log, \
            Suid(who=UNRULED) as p:
        p.refused(TRUE, as_user(ONE))
        got, = log.until(1)
        expect(("run", "refused", world.uid(UNRULED), ONE, "/bin/true"),
               (got["what"], got["result"], got["starter"], got["user"],
                got["program"]), "line")
        check("no rule of /etc/proctor.conf" in got["why"], "%s", got)
        p.exit(p.run(TRUE))
        expect(1, len(log.read()), "his own are not told")


@case(SECTION + " a start that is refused for a file that others may write")
def no_start_loose():
    with Rules("permit news as daemon\n"), Log() as log:
        os.chmod("/etc/proctor.conf", 0o666)
        with Suid() as p:
            p.end()
            check("others than root could write" in log.until(1)[0]["why"],
                  "%s", log.raw)
            p.closed = True
