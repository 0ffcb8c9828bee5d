"""A taken-over broker: hostile.c in its place says what a broker never says.

Each message ends in one of two ways. It is a lie about the form: the ring
ends with status 5. Or it asks for what is not to be had: it is refused, and
the next good message gets its answer. Neither signals anybody, and nothing of
ours ever dies by a signal.
"""

import os
import shutil
import signal
import struct
import subprocess

import etf
import proc
import world
from case import Failure, case, check, eventually, expect, rows
from etf import A
from suid import SPARED, Suid, settled
from world import ONE, PARTS, STARTER, STRANGER, TWO
from imsg import (ACK, CGROUP_SET, CHILD, CUT, DEBUG, DOWN, DRAINED, EXIT,
                  FD_MARK, HELLO, IDLE, KILL, LAUNCH, LAUNCHED, LEAF, LEAF_ASK,
                  LEAF_DONE, LEAF_EVENT, LEAF_MAKE, LEAF_SET, LEAF_STATE, LIST,
                  LOST, MANAGE, MOVED, PAUSE, PIDS, PTYOPTS, REFUSE, REPLY,
                  RUN, SETPGID, SHUTDOWN, STATS, STDIN, STDIN_EOF, STOP,
                  STREAM, WELCOME, WINSZ, imsg)
from rules import usual_rules

SECTION = "hostile broker:"
MESSAGES = int(os.environ.get("PRIV_MESSAGES", "200000"))
ROUND = 20000           # messages that a ring is to survive at most
LIES = 2000             # one in that many is a lie

NAMES = {RUN: "run", STOP: "stop", KILL: "kill", LIST: "list",
         DEBUG: "debug", SETPGID: "setpgid", MANAGE: "manage",
         WINSZ: "winsz", PTYOPTS: "pty_opts", REFUSE: "refuse",
         SHUTDOWN: "shutdown", STDIN: "stdin", STDIN_EOF: "stdin eof",
         LAUNCH: "launch", STREAM: "stream", LAUNCHED: "launched",
         CHILD: "child", EXIT: "exit", REPLY: "reply", PIDS: "pids",
         LOST: "lost", HELLO: "hello", WELCOME: "welcome", ACK: "ack",
         DOWN: "down", DRAINED: "drained", CUT: "cut", IDLE: "idle",
         LEAF_MAKE: "leaf make", LEAF_SET: "leaf set", LEAF_ASK: "leaf ask",
         LEAF: "leaf", LEAF_DONE: "leaf done", LEAF_STATE: "leaf state",
         LEAF_EVENT: "leaf event", CGROUP_SET: "cgroup_set", STATS: "stats",
         PAUSE: "pause", MOVED: "moved"}
TO_PRIV = (RUN, STOP, KILL, LIST, DEBUG, SETPGID, MANAGE, WINSZ, PTYOPTS,
           REFUSE, SHUTDOWN, HELLO, CGROUP_SET, STATS, PAUSE)
OF_LEAVES = (LEAF_MAKE, LEAF_SET, LEAF_ASK, LEAF, LEAF_DONE, LEAF_STATE,
             LEAF_EVENT)
TO_WORKER = (STDIN, STDIN_EOF, ACK, MOVED)
PRIV, WORKER = 0, 1
STRINGS_MAX = 6 << 20
MSG_MAX = STRINGS_MAX + 12 * 4096
TID = 7


# Messages, as common/proto.h has them ---

def request(pid=0, arg=0, tid=TID):
    return struct.pack("=qii", tid, pid, arg)


def winsz(pid=0, rows_=24, cols=80):
    return struct.pack("=qiHH", TID, pid, rows_, cols)


def stdin(pid, data=b"", pad=0):
    return struct.pack("=iI", pid, pad) + data


def moved(pid, count):
    return struct.pack("=iI", pid, count)


def ack(pid, stream, count):
    return struct.pack("=iIQ", pid, stream, count)


def reply(code=2, value=0, stage=0, text=b"", off=0, length=None, level=0):
    return struct.pack("=qIiIiII", TID, code, value, stage, level, off,
                       len(text) if length is None else length) + text + b"\0"


# The members of struct leaf_limits, in their order, each with its format.
LIMITS = [("given", "Q")]
for _n in ("memory_max", "memory_high", "memory_low", "memory_min",
           "swap_max", "oom_group", "pids_max", "cpu_weight", "cpu_max",
           "cpu_period", "cpu_idle", "io_weight"):
    LIMITS += [(_n, "Q")]
LIMITS += [("leaf_cpus%d" % _i, "Q") for _i in range(16)]
LIMITS += [("mems", "Q")]
LIMITS += [("major%d" % _i, "I") for _i in range(4)]
LIMITS += [("minor%d" % _i, "I") for _i in range(4)]
LIMITS += [("rate%d" % _i, "Q") for _i in range(16)]
LIMITS += [("ios", "I"), ("limits_pad", "I")]
PIDS_GIVEN = 1 << 6


def limits(**values):
    return struct.pack("=" + "".join(kind for _, kind in LIMITS), *(
        values.get(name, 0) for name, _ in LIMITS))


def cgroup_set(pid=0, pad=0, given=PIDS_GIVEN, pids_max=5, **values):
    return struct.pack("=qiI", TID, pid, pad) + limits(
        given=given, pids_max=pids_max, **values)


# The members of struct msg_run, in their order, each with its format.
FIELDS = [("tid", "q"), ("caps", "Q"), ("kill_timeout", "Q"),
          ("timeout", "Q"), ("idle", "Q"), *LIMITS,
          *(("soft%d" % n, "Q") for n in range(16)),
          *(("hard%d" % n, "Q") for n in range(16)),
          *(("cpus%d" % n, "Q") for n in range(16)),
          ("pid", "i"), ("group", "i"),
          ("nice", "i"), ("rows", "I"), ("cols", "I"), ("id", "I"),
          ("flags", "I"), ("success", "I"), ("window", "I"),
          ("stdin_ack", "I"),
          ("stop_signal", "I"), ("linger", "I"), ("umask", "I"),
          ("limits", "I"), ("cpu_time", "I"), ("score", "I"),
          ("io_priority", "I")]
for _i in range(3):
    FIELDS += [(name % _i, "I") for name in (
        "kind%d", "append%d", "mode%d", "path%d_off", "path%d_len")]
for _name in ("executable", "cd", "user", "kill", "arg0", "gid",
              "leaf_name"):
    FIELDS += [(_name + "_off", "I"), (_name + "_len", "I")]
for _name in ("args", "env", "groups", "modes"):
    FIELDS += [(_name + "_off", "I"), (_name + "_len", "I"),
               (_name + "_count", "I")]
FORMAT = "=" + "".join(kind for _, kind in FIELDS)
assert struct.calcsize(FORMAT) == 1064


def run(args=(b"/bin/true",), user=b"", executable=b"", cd=b"", kill=b"",
        arg0=b"", gid=b"", leaf_name=b"", env=(), groups=(), behind=b"",
        **fields):
    """A run; fields override what would be right."""
    values = {name: 0 for name, _ in FIELDS}
    values.update(tid=TID, kill_timeout=1000)
    tail = b""

    def put(name, text):
        nonlocal tail
        values[name + "_off"] = len(tail)
        values[name + "_len"] = len(text)
        tail += text + b"\0"

    for i in range(3):
        put("path%d" % i, b"")
    for name, text in (("executable", executable), ("cd", cd),
                       ("user", user), ("kill", kill), ("arg0", arg0),
                       ("gid", gid), ("leaf_name", leaf_name)):
        put(name, text)
    for name, words in (("args", args), ("env", env), ("groups", groups)):
        joined = b"".join(word + b"\0" for word in words)
        values[name + "_off"] = len(tail)
        values[name + "_len"] = len(joined)
        values[name + "_count"] = len(words)
        tail += joined
    values["modes_off"] = len(tail)
    values.update(fields)
    return struct.pack(FORMAT, *(
        _fit(values[name], kind) for name, kind in FIELDS)) + tail + behind


def _fit(value, kind):
    """As C would store it."""
    bits = 64 if kind in "qQ" else 32
    value &= (1 << bits) - 1
    if kind in "qi" and value >> (bits - 1):
        value -= 1 << bits
    return value


GOOD = {
    RUN: run(), MANAGE: run((), pid=2 ** 22 + 5), STOP: request(),
    KILL: request(), LIST: request(), DEBUG: request(), SETPGID: request(),
    WINSZ: winsz(), PTYOPTS: request(), REFUSE: reply(text=b"x"),
    SHUTDOWN: request(), STDIN: stdin(77777, b"x"),
    STDIN_EOF: stdin(77777), LAUNCH: run(id=1),
    STREAM: struct.pack("=II", 1, 0),
    LAUNCHED: struct.pack("=IiIiIIII", 1, 5, 0, 0, 0, 0, 0, 0) + b"\0",
    CHILD: struct.pack("=qQIiIIIIII", TID, 0, 1, 5, 0, 0, 0, 0, 0, 0),
    EXIT: struct.pack("=IiiIII9q", 1, 0, 0, 0, 0, 0, *range(9)),
    REPLY: reply(text=b"x"),
    PIDS: struct.pack("=qII", TID, 0, 0), LOST: struct.pack("=II", 1, 1),
    HELLO: request(0, 1),
    WELCOME: struct.pack("=qIIIIIIIIII", TID, 0, 1, 0, 2, 1, 1, 0, 1, 2, 1)
    + b"x\0/\0",
    ACK: ack(77777, 1, 5), DOWN: struct.pack("=II", 0, 1) + b"x\0",
    DRAINED: struct.pack("=II", 1, 0), CUT: struct.pack("=II", 1, 0),
    IDLE: struct.pack("=II", 1, 0),
    LEAF_MAKE: struct.pack("=II", 1, 0) + limits() + bytes(64),
    LEAF_SET: struct.pack("=II", 1, 0) + limits() + bytes(64),
    LEAF_ASK: struct.pack("=II", 1, 6), LEAF: struct.pack("=II", 1, 0),
    LEAF_DONE: struct.pack("=IIiIII", 1, 0, 0, 0, 0, 0) + b"\0",
    LEAF_STATE: struct.pack("=qII16QII", 0, 1, 6, *range(16), 0, 0) + b"\0",
    LEAF_EVENT: struct.pack("=IIQQQ", 1, 0, 1, 1, 1),
    CGROUP_SET: cgroup_set(), STATS: request(), PAUSE: request(0, 1),
    MOVED: moved(77777, 1),
}


# The port ---

class Instead:
    """hostile.c stands where proctor-broker stood."""

    def __enter__(self):
        self.path = world.folder + "/proctor-broker"
        if not os.path.exists(self.path + ".kept"):
            os.rename(self.path, self.path + ".kept")
        shutil.copy(world.build + "/hostile", self.path)
        os.chmod(self.path, 0o755)

    def __exit__(self, kind, value, trace):
        os.replace(self.path + ".kept", self.path)


class Witness:
    """Processes that nobody has given into anybody's hands."""

    def __init__(self):
        self.processes = [subprocess.Popen(
            ["setpriv", "--reuid", user, "--regid", str(world.gid(user)),
             "--init-groups", "/bin/sleep", "1000"],
            stdin=subprocess.DEVNULL)
            for user in ("root", STRANGER, PARTS, STARTER, ONE, TWO)]
        self.pids = [p.pid for p in self.processes]
        # The first half may not even be managed.
        self.forbidden, self.permitted = self.pids[:3], self.pids[3:]

    def __enter__(self):
        SPARED.update(self.pids)
        for pid in self.pids:
            settled(pid, "/bin/sleep")
        return self

    def alive(self):
        dead = [pid for pid in self.pids if not proc.alive(pid)]
        check(not dead, "signalled: %s of %s", dead, self.pids)
        stopped = [pid for pid in self.pids if proc.state(pid) == "T"]
        check(not stopped, "stopped: %s", stopped)
        groups = [pid for pid in self.pids
                  if os.getpgid(pid) != os.getpgid(0)]
        check(not groups, "moved to another group: %s", groups)

    def __exit__(self, kind, value, trace):
        SPARED.difference_update(self.pids)
        for p in self.processes:
            p.kill()
            p.wait()


class Hostile(Suid):
    """A ring whose broker does as it is told; terms come back as they do."""

    def __init__(self, *args, **more):
        super().__init__("-alarm", "1", *args, **more)
        self.terms = []

    def _message(self, term):
        self.terms.append(term)

    def command(self, letter, *numbers, data=b""):
        self.write(letter + struct.pack("=%dI" % len(numbers), *numbers)
                   + data)

    def tell(self, raw, channel=PRIV, fd=0):
        self.command(b"W", channel, fd, len(raw), data=raw)

    def answered(self, tid):
        return [t for t in self.terms
                if isinstance(t, tuple) and t[0] == tid]

    def good(self, tid=424242):
        """Is a good message answered?"""
        self.tell(imsg(LIST, request(tid=tid)))
        self.wait(lambda: self.answered(tid) or self.eof, 10)
        return bool(self.answered(tid))

    def ended(self, codes=(5,)):
        self.end(20)
        check(self.status in codes, "exit %s, log %s", self.status,
              self.log()[-4:])
        self.nothing_left(10)
        killed = [line for line in self.log() if "killed by signal" in line
                  or "status 139" in line or "Sanitizer" in line]
        check(not killed, "died: %s", killed)
        self.closed = True

    def bye(self):
        """An orderly end."""
        self.tell(imsg(SHUTDOWN, request(tid=0)))
        self.ended((0,))


def outcome(p, witness):
    """"ends" or "refused", and all that must be true of both."""
    if p.good():
        p.bye()
        result = "refused"
    else:
        p.ended()
        result = "ends"
    witness.alive()
    return result


def say(raw, channel=PRIV, fd=0):
    """What comes of one piece of bytes, in a ring of its own."""
    with usual_rules, Instead(), Witness() as witness, Hostile() as p:
        p.tell(raw, channel, fd)
        return outcome(p, witness)


def must(expected, raw, channel=PRIV, fd=0):
    got = say(raw, channel, fd)
    check(got in expected.split("|"), "expected %s: %s", expected, got)


# The good case: without it, the others prove nothing ---

@case(SECTION + " good messages work")
def good():
    with usual_rules, Instead(), Witness() as witness, Hostile() as p:
        check(p.good(), "no list")
        for user in (b"", b"daemon", b"bin"):
            p.terms.clear()
            p.tell(imsg(RUN, run(user=user, args=[b"/bin/sleep",
                                                  b"1000"])))
            p.until(lambda: p.answered(TID), "the pid")
            expect(A.pid, p.terms[0][1][0])
            pid = p.terms[0][1][1]
            p.terms.clear()
            p.tell(imsg(KILL, request(pid, 9)))
            p.until(lambda: (TID, A.ok) in p.terms, "ok")
            p.until(lambda: (0, (A.exit_status, pid, 9)) in p.terms, "exit")
        for pid in witness.permitted:
            p.terms.clear()
            p.tell(imsg(MANAGE, run((), pid=pid)))
            p.until(lambda: p.answered(TID), "the pid")
            expect((TID, (A.pid, pid)), p.terms[0])
        witness.alive()
        p.bye()


# Types and lengths ---

@rows(SECTION + " to priv: ends:", [
    ("type %s" % NAMES.get(kind, kind), kind) for kind in (
        0, STDIN, STDIN_EOF, LAUNCH, STREAM, LAUNCHED, CHILD, EXIT, REPLY,
        PIDS, LOST, WELCOME, ACK, MOVED, DOWN, DRAINED, CUT, IDLE, *OF_LEAVES,
        99, 255, 65536,
        2 ** 31, 2 ** 32 - 1)])
def type_priv(kind):
    must("ends", imsg(kind, GOOD.get(kind, request())))


@rows(SECTION + " to the worker: ends:", [
    ("type %s" % NAMES.get(kind, kind), kind) for kind in (
        0, *TO_PRIV, LAUNCH, STREAM, LAUNCHED, CHILD, EXIT, REPLY, PIDS,
        LOST, HELLO, WELCOME, DRAINED, CUT, IDLE, *OF_LEAVES, 99, 2 ** 31)])
def type_worker(kind):
    must("ends", imsg(kind, GOOD.get(kind, stdin(5))), WORKER)


def lengths(kind):
    body = GOOD[kind]
    yield "empty", b""
    yield "a byte", body[:1]
    yield "a byte less", body[:-1]
    if kind not in (STDIN,):
        yield "a byte more", body + b"\0"
    if kind not in TO_WORKER:
        yield "too much", body + bytes(STRINGS_MAX)
    else:
        yield "65,537 bytes", stdin(77777, bytes(65537))


@rows(SECTION + " length: ends:", [
    ("%s: %s" % (NAMES[kind], what), kind, body)
    for kind in TO_PRIV + TO_WORKER for what, body in lengths(kind)
    if not (kind == STDIN and what == "a byte less")])
def length(kind, body):
    must("ends", imsg(kind, body), WORKER if kind in TO_WORKER else PRIV)


@rows(SECTION + " header: ends:", [
    ("%s, length %d" % (whom, n), channel, n)
    for whom, channel in (("priv", PRIV), ("worker", WORKER))
    for n in (0, 1, 15, MSG_MAX + 17, 2 ** 31 - 1, FD_MARK, FD_MARK | 15)])
def header(channel, n):
    kind = LIST if channel == PRIV else STDIN_EOF
    must("ends", imsg(kind, GOOD[kind], length=n), channel)


@rows(SECTION + " header: without effect:", [
    ("peerid and pid are anything", dict(peerid=0xffffffff, pid=1)),
    ("a descriptor is announced and none comes",
     dict(length=FD_MARK | 32)),
])
def header_odd(fields):
    must("refused|ends", imsg(LIST, request(), **fields))


@rows(SECTION + " a descriptor is passed to", [
    ("priv, announced", PRIV, imsg(LIST, request(), length=FD_MARK | 32)),
    ("priv, not announced", PRIV, imsg(LIST, request())),
    ("worker, announced", WORKER,
     imsg(STDIN_EOF, stdin(77777), length=FD_MARK | 24)),
    ("worker, not announced", WORKER, imsg(STDIN_EOF, stdin(77777))),
])
def descriptor(channel, raw):
    """It is closed or it ends the ring; nobody keeps it."""
    with usual_rules, Instead(), Witness() as witness, Hostile() as p:
        check(p.good(), "no list")
        role = "priv" if channel == PRIV else "worker"
        before = len(proc.descriptors(p.ring()[role]))
        p.tell(raw, channel, fd=1)
        if p.good(424243):
            check(len(proc.descriptors(p.ring()[role])) <= before,
                  "it is kept")
        outcome(p, witness)


@rows(SECTION + " half a message, and then the broker", [
    ("waits", None), ("is gone", 0), ("is gone with status 1", 1),
    ("is gone with status 5", 5)])
def half(status):
    with usual_rules, Instead(), Witness() as witness, Hostile() as p:
        p.tell(imsg(RUN, run())[:50])
        p.tell(imsg(STDIN, stdin(77777, b"xyz"))[:20], WORKER)
        if status is None:
            p.pump(0.2)
            p.close_input()
        else:
            p.command(b"X", status)
        p.ended((0, 5))
        witness.alive()


# Fields of a run ---

U32 = (0xffffffff, 0x80000000, 0x7fffffff, 1 << 20)


@rows(SECTION + " run: each number at its limits:", [
    (name, name) for name, _ in FIELDS], limit=60)
def field(name):
    """Whatever comes of each, it is one of the two."""
    good_value = dict(zip((n for n, _ in FIELDS),
                          struct.unpack_from(FORMAT, run())))[name]
    for value in (*U32, good_value + 1, good_value - 1):
        say(imsg(RUN, run(**{name: value})))


@rows(SECTION + " run: ends:", [
    ("id is given", dict(id=1)), ("a pid", dict(pid=5)),
    ("unknown flags", dict(flags=1 << 31)),
    ("limits without their flag", dict(given=1)),
    ("a limit of a leaf that was not given", dict(flags=0x20000, pids_max=1)),
    ("a limit of a leaf that there is not",
     dict(flags=0x20000, given=1 << 15)),
    ("a cpu_max of 999 us", dict(flags=0x20000, given=3 << 8, cpu_max=999,
                                 cpu_period=1000)),
    ("half of cpu_max", dict(flags=0x20000, given=1 << 8, cpu_max=1000)),
    ("a cpu_weight of 0", dict(flags=0x20000, given=1 << 7)),
    ("no processor", dict(flags=0x20000, given=1 << 12)),
    ("five devices", dict(flags=0x20000, given=1 << 14, ios=5)),
    ("limits with their padding", dict(flags=0x20000, limits_pad=1)),
    ("a leaf above", dict(flags=0x20000, leaf_name=b"..")),
    ("a leaf elsewhere", dict(flags=0x20000, leaf_name=b"a/b")),
    ("a leaf of 64 bytes", dict(flags=0x20000, leaf_name=b"x" * 64)),
    ("a leaf's name without its flag", dict(leaf_name=b"x")),
    ("a limit that is not given", dict(hard9=1)),
    ("a limit that there is not", dict(limits=1 << 16)),
    ("a soft limit above the hard one", dict(limits=1 << 9, soft9=1)),
    ("a limit of 2^63", dict(limits=1 << 9, hard9=1 << 63)),
    ("a time of processors of more than 2^31 s", dict(cpu_time=1 << 31)),
    ("a time of processors, and a limit of it",
     dict(cpu_time=1, limits=1 << 2, hard2=5)),
    ("a score of 1001", dict(flags=0x8000, score=1001)),
    ("a score without its flag", dict(score=1)),
    ("a level without a class", dict(io_priority=1)),
    ("a level of idle", dict(io_priority=3 << 3 | 1)),
    ("a fourth class", dict(io_priority=4 << 3)),
    ("a flag that is priv's", dict(flags=1 << 10)),
    ("a window of more than 1 GiB", dict(window=(1 << 30) + 1)),
    ("a stdin_ack of more than 1 GiB", dict(stdin_ack=(1 << 30) + 1)),
    ("a timeout of more than 2^53 ms", dict(timeout=2 ** 53 + 1)),
    ("an idle_timeout of more than 2^53 ms",
     dict(kind1=1, idle=2 ** 53 + 1)),
    ("an idle_timeout without output", dict(idle=1)),
    ("a umask of more than 8#777", dict(flags=0x2000, umask=0o1000)),
    ("a umask without its flag", dict(umask=1)),
    ("groups without their flag", dict(groups_count=1)),
    ("stdout inherited", dict(kind1=6)),
    ("all flags", dict(flags=-1)),
    ("nice 21", dict(flags=0x20, nice=21)),
    ("nice -21", dict(flags=0x20, nice=-21)),
    ("nice without its flag", dict(nice=1)),
    ("caps without their flag", dict(caps=1)),
    ("a negative group", dict(flags=0x10, group=-1)),
    ("a kill_timeout of more than 2^53 ms",
     dict(kill_timeout=2 ** 53 + 1)),
    ("success 256", dict(flags=4, success=256)),
    ("stdin of kind 6", dict(kind0=6)),
    ("a file without a path", dict(kind1=3)),
    ("mode 0o10000", dict(kind1=3, mode1=0o10000)),
    ("no arguments", dict(args=())),
    ("args_count too large", dict(args_count=2)),
    ("args_count 2^32-1", dict(args_count=0xffffffff)),
    ("args_len too large", dict(args_len=1000)),
    ("args_len 2^32-1", dict(args_len=0xffffffff)),
    ("args_off + args_len wraps", dict(args_off=0xfffffff0)),
    ("user_len too large", dict(user_len=4096)),
    ("user_off behind the end", dict(user_off=100000)),
    ("user overlaps cd", dict(user_off=4)),
    ("user_len hides a NUL", dict(user=b"ro\0ot")),
    ("left-over bytes", dict(behind=b"x")),
    ("65 modes", dict(flags=0x40, modes_count=65, modes_len=65 * 8,
                      behind=bytes(65 * 8))),
    ("an unknown mode", dict(flags=0x40, modes_count=1, modes_len=8,
                             behind=struct.pack("=II", 250, 1))),
    ("a circle of stdout and stderr", dict(kind1=5, kind2=4)),
    ("stop_signal 65", dict(stop_signal=65)),
    ("stop_signal -1", dict(stop_signal=-1)),
    ("rows without columns", dict(flags=0x40, rows=5)),
    ("linger without its flag", dict(linger=1)),
    ("linger of a day and a ms", dict(flags=0x1000, linger=86400001)),
])
def run_lies(fields):
    must("ends", imsg(RUN, run(**fields)))


@rows(SECTION + " manage: ends:", [
    ("with arguments", run(pid=99999)),
    ("without a pid", run((), pid=0)), ("pid 1", run((), pid=1)),
    ("pid -1", run((), pid=-1)), ("pid -2^31", run((), pid=-2 ** 31)),
    ("with a user", run((), pid=99999, user=b"daemon")),
    ("of a flag that is a run's", run((), pid=99999, flags=0x40)),
    ("with an id", run((), pid=99999, id=3)),
    ("with a window", run((), pid=99999, window=1)),
    ("with a stdin_ack", run((), pid=99999, stdin_ack=1)),
    ("with a timeout", run((), pid=99999, timeout=1)),
    ("with a linger", run((), pid=99999, flags=0x1000, linger=1)),
    ("with a leaf", run((), pid=99999, flags=0x20000)),
])
def manage_lies(body):
    must("ends", imsg(MANAGE, body))


@rows(SECTION + " ends:", [
    ("list of a pid", LIST, request(1)), ("list with arg", LIST,
                                          request(0, 1)),
    ("debug 11", DEBUG, request(0, 11)), ("debug -1", DEBUG,
                                          request(0, -1)),
    ("debug of a pid", DEBUG, request(5, 1)),
    ("stop with arg", STOP, request(5, 9)),
    ("shutdown 2", SHUTDOWN, request(0, 2)),
    ("shutdown 5", SHUTDOWN, request(0, 5)),
    ("shutdown -1", SHUTDOWN, request(0, -1)),
    ("winsz 0 rows", WINSZ, winsz(5, 0, 80)),
    ("winsz 0 columns", WINSZ, winsz(5, 24, 0)),
    ("pty_opts: 65", PTYOPTS, request(5, 65) + bytes(65 * 8)),
    ("pty_opts: more than there are", PTYOPTS, request(5, 2) + bytes(8)),
    ("pty_opts: -1", PTYOPTS, request(5, -1)),
    ("pty_opts: an unknown one", PTYOPTS,
     request(5, 1) + struct.pack("=II", 250, 0)),
    ("refuse: ok", REFUSE, reply(code=0)),
    ("refuse: a level", REFUSE, reply(code=5)),
    ("refuse: run failed", REFUSE, reply(code=6)),
    ("refuse: code 10", REFUSE, reply(code=10)),
    ("refuse: an option behind its text", REFUSE,
     reply(code=7, value=2, text=b"x")),
    ("refuse: an option before its text", REFUSE,
     reply(code=7, value=-1, text=b"x")),
    ("stats with arg", STATS, request(5, 1)),
    ("pause 2", PAUSE, request(5, 2)), ("pause -1", PAUSE, request(5, -1)),
    ("cgroup_set: pad", CGROUP_SET, cgroup_set(5, 1)),
    ("cgroup_set: not given", CGROUP_SET, cgroup_set(5, given=0)),
    ("cgroup_set: too many", CGROUP_SET, cgroup_set(5, pids_max=1 << 31)),
    ("refuse: paused", REFUSE, reply(code=9, value=1)),
    ("hello: version 2", HELLO, request(0, 2)),
    ("hello: a pid", HELLO, request(5, 1)),
    ("refuse: stage 99", REFUSE, reply(stage=99)),
    ("refuse: level 11", REFUSE, reply(level=11)),
    ("refuse: off 1", REFUSE, reply(text=b"x", off=1)),
    ("refuse: len 2^32-1", REFUSE, reply(text=b"x", length=2 ** 32 - 1)),
    ("refuse: a NUL inside", REFUSE, reply(text=b"x\0y")),
])
def request_lies(kind, body):
    must("ends", imsg(kind, body))


@case(SECTION + " refused: what the broker refuses itself, which is no lie")
def no_lie():
    """What the lies about it change is good as it is."""
    must("refused", imsg(REFUSE, GOOD[REFUSE]))


@rows(SECTION + " to the worker: ends:", [
    ("stdin of pid 1", STDIN, stdin(1, b"x")),
    ("stdin of pid 0", STDIN, stdin(0, b"x")),
    ("stdin of pid -1", STDIN, stdin(-1, b"x")),
    ("stdin: pad", STDIN, stdin(5, b"x", 1)),
    ("eof of pid 0", STDIN_EOF, stdin(0)),
    ("moved of pid 1", MOVED, moved(1, 1)),
    ("moved of pid -1", MOVED, moved(-1, 1)),
    ("moved: nothing", MOVED, moved(77777, 0)),
    ("moved: more than there can be", MOVED, moved(77777, (1 << 20) + 1)),
    ("moved: what is not there", MOVED, moved(77777, 1)),
    ("moved: much that is not there", MOVED, moved(77777, 1 << 20)),
    ("ack of pid 1", ACK, ack(1, 1, 5)), ("ack of pid -1", ACK, ack(-1, 1, 5)),
    ("ack of stdin", ACK, ack(77777, 0, 5)),
    ("ack of stream 3", ACK, ack(77777, 3, 5)),
])
def worker_lies(kind, body):
    must("ends", imsg(kind, body), WORKER)


# Well-formed, and not to be had ---

def strangers(p, witness):
    """Pids that are no child's."""
    ring = p.ring()
    return ([0, 1, -1, 2, 2 ** 31 - 1, -2 ** 31, -2 ** 31 + 1, os.getpid(),
             -os.getpid()] + list(ring.values()) +
            [-pid for pid in ring.values()] +
            list(p.launchers().values()) + witness.pids +
            [-pid for pid in witness.pids])


def refused_all(p, kind, bodies):
    """Each is answered with {error, _}; the ring goes on."""
    for body in bodies:
        p.terms.clear()
        p.tell(imsg(kind, body))
        p.until(lambda: p.answered(TID), "an answer to %s %r" % (
            NAMES[kind], body))
        term = p.answered(TID)[0][1]
        check(isinstance(term, tuple) and term[0] == A.error,
              "%s %r: %s", NAMES[kind], body, etf.show(term))


@rows(SECTION + " refused:", [
    ("%s of nobody's child" % NAMES[kind], kind)
    for kind in (KILL, STOP, SETPGID, WINSZ, PTYOPTS, CGROUP_SET, STATS,
                 PAUSE)], limit=60)
def unmanaged(kind):
    with usual_rules, Instead(), Witness() as witness, Hostile() as p:
        check(p.good(), "no list")
        pids = strangers(p, witness)
        if kind == KILL:
            bodies = [request(pid, sig) for pid in pids
                      for sig in (0, 1, 9, 15, 19, 64, 65, -1, 2 ** 31 - 1)]
        elif kind == SETPGID:
            bodies = [request(pid, arg) for pid in pids
                      for arg in (0, pid & 0x7fffffff, os.getpid())]
        elif kind == WINSZ:
            bodies = [winsz(pid) for pid in pids]
        elif kind == CGROUP_SET:
            bodies = [cgroup_set(pid) for pid in pids]
        elif kind == PAUSE:
            bodies = [request(pid, arg) for pid in pids for arg in (0, 1)]
        else:
            bodies = [request(pid) for pid in pids]
        refused_all(p, kind, bodies)
        witness.alive()
        p.bye()


@case(SECTION + " refused: manage of what is root's, a stranger's or ours")
def unmanageable():
    with usual_rules, Instead(), Witness() as witness, Hostile() as p:
        check(p.good(), "no list")
        pids = [os.getpid(), *witness.forbidden, *p.ring().values(),
                *p.launchers().values(), 2 ** 22 + 1, 2 ** 31 - 1]
        refused_all(p, MANAGE, [run((), pid=pid) for pid in pids if
                                pid > 1])
        refused_all(p, KILL, [request(pid, 9) for pid in pids])
        witness.alive()
        p.bye()


@case(SECTION + " refused: signals out of range for one's own child")
def signals():
    with usual_rules, Instead(), Hostile() as p:
        p.tell(imsg(RUN, run([b"/bin/sleep", b"1000"], user=b"daemon")))
        p.until(lambda: p.answered(TID), "the pid")
        pid = p.terms[0][1][1]
        refused_all(p, KILL, [request(pid, sig) for sig in (
            65, 128, -1, -9, 2 ** 31 - 1, -2 ** 31)])
        check(proc.alive(pid), "it is dead")
        refused_all(p, SETPGID, [request(pid, group) for group in (
            1, -1, p.ring()["priv"], p.pid, 2 ** 31 - 1)])
        p.bye()


@case(SECTION + " refused: runs as users that are not permitted")
def users():
    names = [b"root", b"mail", b"nobody", b"_proctor", b"0", b"8", b"+1",
             b"daemon:root", b"daemon:0", b":root", b"daemon:", b"\xff",
             b"%s%n", b"x" * 4095, b"root\n", b"../daemon"]
    with usual_rules, Instead(), Witness() as witness, Hostile() as p:
        refused_all(p, RUN, [run(user=name) for name in names])
        refused_all(p, RUN, [run(user=b"daemon", flags=0x20, nice=-20),
                             run(user=b"daemon", flags=0x10,
                                 group=witness.pids[0]),
                             run(user=b"daemon", flags=0x100, caps=1 << 21),
                             run(flags=0x20, nice=-1),
                             run(user=b"daemon", io_priority=1 << 3),
                             run(user=b"daemon", limits=1 << 12, soft12=99,
                                 hard12=99),
                             run(user=b"daemon", cpus15=1 << 63),
                             run(flags=0x10, group=1)])
        left = [pid for pid in proc.children(p.ring()["priv"])
                if proc.comm(pid) == "true"]
        check(not left, "it runs")
        witness.alive()
        p.bye()


@case(SECTION + " refused: what a rule with cmd does not name")
def commands():
    rules = "permit news as daemon cmd /bin/true args x\n"
    good_args = (b"/bin/true", b"x")
    with Instead(), Hostile_rules(rules) as p:
        refused_all(p, RUN, [
            run(user=b"daemon"), run(good_args + (b"",), user=b"daemon"),
            run((b"/bin/sh", b"x"), user=b"daemon", executable=b"/bin/true"),
            run(good_args, user=b"daemon", executable=b"/bin/sh"),
            run(good_args, user=b"daemon", env=[b"LD_PRELOAD=x"]),
            run(good_args, user=b"daemon", flags=2),
            run(good_args, user=b"daemon", kill=b"id"),
            run((b"/bin/true",), user=b"daemon", flags=1),
        ])
        p.terms.clear()
        p.tell(imsg(RUN, run(good_args, user=b"daemon")))
        p.until(lambda: p.answered(TID), "the pid")
        expect(A.pid, p.answered(TID)[0][1][0])
        p.bye()


@case(SECTION + " refused: capabilities that a rule does not give")
def capabilities():
    rules = "permit caps { sys_chroot } news as daemon cmd /bin/true " \
        "args x\n" \
        "permit news as daemon cmd /bin/true args y\n"
    given, other = 1 << 18, 1 << 21
    words = (b"/bin/true", b"x")
    with Instead(), Hostile_rules(rules) as p:
        refused_all(p, RUN, [
            run(words, user=b"daemon", flags=0x100, caps=caps)
            for caps in (other, given | other, 1 << 63, given << 32,
                         (1 << 64) - 2)])
        refused_all(p, RUN, [
            run((b"/bin/true", word), user=b"daemon", flags=0x100, caps=given)
            for word in (b"y", b"z", b"", b"x x", b"caps")])
        refused_all(p, RUN, [
            run(words, user=b"daemon", flags=0x100, caps=given, cd=b"/tmp",
                executable=b"/bin/sh"),
            run(words, user=b"root", flags=0x100, caps=given),
            run(words, flags=0x100, caps=given)])
        # All that there are of the rule's are what that gives.
        for caps in (given, (1 << 64) - 1, 0):
            p.terms.clear()
            p.tell(imsg(RUN, run(words, user=b"daemon", flags=0x100,
                                 caps=caps)))
            p.until(lambda: p.answered(TID), "the pid")
            expect(A.pid, p.answered(TID)[0][1][0])
        p.bye()


@case(SECTION + " refused: groups that no rule lists")
def listed():
    lists = [(), (b"",), (b"adm",), (b"adm", b""), (b"adm", b"mail", b"0"),
             (b"adm mail",), (b"adm\n", b"mail"), (b"\xff", b"%s%n"),
             (b"4294967295",), (b"9" * 4095,), (b"x" * 4095,),
             (b"",) * 4096, (b"8",) * 2048,
             tuple(b"%d" % n for n in range(1, 1010))]
    with Instead(), Hostile_rules("permit news as daemon groups {"
                                  " adm mail }\n") as p:
        for user in (b"daemon", b"news", b"daemon:adm"):
            refused_all(p, RUN, [run(user=user, groups=words, flags=0x4000)
                                 for words in lists])
        p.terms.clear()
        p.tell(imsg(RUN, run(user=b"daemon", flags=0x4000,
                             groups=(b"8", b"adm", b"08"))))
        p.until(lambda: p.answered(TID), "the pid")
        expect(A.pid, p.answered(TID)[0][1][0])
        p.bye()


class Hostile_rules(Hostile):
    def __init__(self, rules):
        world.conf(rules)
        try:
            super().__init__()
            check(self.good(), "no list")
        finally:
            world.conf()


@rows(SECTION + " survived by the worker:", [
    ("stdin of an unknown pid", [stdin(77777, b"x"), stdin(2, b"x")]),
    ("stdin of priv, the reaper, the guard", None),
])
def unknown_stdin(bodies):
    with usual_rules, Instead(), Witness() as witness, Hostile() as p:
        check(p.good(), "no list")
        if bodies is None:
            bodies = [stdin(pid, b"x") for pid in strangers(p, witness)
                      if pid > 1]
        for body in bodies:
            p.tell(imsg(STDIN, body), WORKER)
            p.tell(imsg(STDIN_EOF, body[:8]), WORKER)
        check(outcome(p, witness) == "refused", "it ended")


@case(SECTION + " a hundred thousand lists that nobody reads: bounded",
      limit=90)
def flood():
    with usual_rules, Instead(), Hostile() as p:
        check(p.good(), "no list")
        ring = p.ring()
        p.reading = False
        p.tell(imsg(LIST, request(tid=1)) * 20000)
        p.pump(1)
        sizes = [proc.rss(ring[r]) for r in ("priv", "worker")]
        for _ in range(4):
            p.tell(imsg(LIST, request(tid=1)) * 20000)
        p.pump(2)
        for role, size in zip(("priv", "worker"), sizes):
            check(proc.rss(ring[role]) < size + (8 << 20), "%s grows",
                  role)
        p.reading = True
        p.wait(lambda: len(p.terms) > 100000, 60)
        check(len(p.terms) > 100000, "%d answers", len(p.terms))
        p.terms.clear()
        p.bye()


# Mutated messages ---

def sent(p):
    lines = p.logged("hostile: ")
    return int(lines[-1].split()[1]) if lines else None


def mutated_round(seed, count, witness):
    """One ring's: how many messages went out."""
    with Hostile("-debug", "0") as p:
        p._frames = p.received.clear         # nobody looks at the answers
        roles = eventually(p._find_ring, 3, "no ring")
        forbidden = witness.forbidden + list(roles.values()) + [os.getpid()]
        pids = forbidden + witness.permitted
        p.command(b"M", seed, count, LIES, len(forbidden), len(pids),
                  data=struct.pack("=%di" % len(pids), *pids))
        p.wait(lambda: sent(p) is not None or p.eof, 120)
        check(sent(p) is not None or p.eof, "seed %d: it hangs", seed)
        p.close_input()
        try:
            p.ended((0, 1, 5))
            witness.alive()
        except Failure as e:
            raise Failure("seed %d, %d messages: %s" % (seed, count, e))
        return sent(p) or 0


@case(SECTION + " %d mutated messages, one in %d a lie" % (MESSAGES, LIES),
      limit=60 + MESSAGES // 200)
def mutated():
    """PRIV_MESSAGES=1000000 for the whole of it."""
    done, seed, broken = 0, 1, 0
    with usual_rules, Instead(), Witness() as witness:
        while done < MESSAGES:
            count = min(ROUND, MESSAGES - done)
            n = mutated_round(seed, count, witness)
            broken += n < count
            done += max(n, 1)
            seed += 1
    check(broken > 0 or MESSAGES < 5 * LIES, "no lie ended the ring")


@rows(SECTION + " a part dies by its own sandbox: status 5:", [
    ("broker", "broker"), ("worker", "worker")])
def sandboxed(role):
    """As seccomp would end it."""
    with usual_rules, Suid() as p:
        os.kill(p.ring()[role], signal.SIGSYS)
        p.end()
        expect(5, p.status, "exit")
        p.nothing_left(5)
        p.closed = True
