"""PROTOCOL 5 once more: endings at a bad moment, and parts that misbehave.

What happens when the end comes while requests are on their way, when nobody
reads the log or the port, when the launcher or a tracer holds a process.
"""

import fcntl
import os
import pty
import signal
import struct
import tempfile
import time
import tty

import etf
import proc
from case import (ERROR, LAUNCHER, OK, SLOW, STARTED, Skip, case, check,
                  eventually, expect, matches, rows)
from etf import A
from port import Port
from family import DEAF, FAMILY, gone, mark, start
from trace import Held, Trace, WALL, ptrace, seize
from traffic import OutputTo, node_dies, socket_pair, together

SHUTDOWN = "5 shutdown:"
LOG = "5 log:"
LAUNCH = "5 launcher:"
PIPES = [A.stdin, A.stdout, A.stderr]
LIST = (A.list,)
SLEEP = (A.run, ["/bin/sleep", "1000"], [])
FAILING = (A.run, "true", [(A.cd, "/nonexistent")])
RING_FAILED = 5

PTRACE_DETACH = 17
PTRACE_O_TRACEVFORK = 0x4
PTRACE_O_TRACECLONE = 0x8


def sent(p):
    """Everything that was queued is in the pipe at least."""
    p.until(lambda: not p.to_send, "requests to be taken")


# Requests on their way ------------------------------------------------------

@case(SHUTDOWN + " {shutdown}, {list} and end of file at once, 10 times",
      limit=40)
def shutdown_then_more():
    for _ in range(10):
        with Port() as p:
            p.ring()
            together(p, (A.shutdown,), LIST)
            p.close_input()
            p.end(seconds=2)


@case(SHUTDOWN + " {shutdown} and end of file while a child takes its time")
def shutdown_then_end():
    with Port() as p:
        pid = p.run("trap 'sleep 0.2; exit' TERM; echo up; "
                    "while :; do sleep 0.02; done", [A.stdout])
        p.until_out(pid, b"up\n")
        together(p, (A.shutdown,), LIST, (A.kill, pid, 0))
        p.close_input()
        p.end(seconds=3)
        check(p.exits[pid], "no exit")


@rows(SHUTDOWN, [
    ("SIGTERM while requests keep coming, that want a reply", 1),
    ("SIGTERM while requests keep coming, that want none", 0),
], limit=40)
def sigterm_pipelined(wanted):
    """The signal is heard, and what comes behind it does no harm."""
    term = etf.term_to_binary((0, (A.kill, 999999999, 0)))
    silent = (struct.pack(">I", len(term)) + term) * 2000
    for _ in range(5):
        with Port() as p:
            p.ring()

            def ended():
                if len(p.to_send) < 2 and wanted:
                    together(p, *[LIST] * 1000)
                elif len(p.to_send) < 2:
                    p.write(silent)
                return p.eof and p.status is not None
            p.pump(0.3, ended)
            os.kill(p.pid, signal.SIGTERM)
            p.until(ended, "the end of the port", 2)


@case(SHUTDOWN + " end of file behind 60 runs, 5 times", limit=40)
def runs_then_end():
    """At five moments: the launches are on their way, or some are done."""
    for i in range(5):
        with Port() as p:
            p.ring()
            together(p, *[(A.run, "exec sleep 1000", PIPES)] * 60)
            sent(p)
            time.sleep(0.003 * i)
            p.close_input()
            p.end(seconds=4)


# What the starter had before -------------------------------------------------

class Forked(Port):
    """The program, become by a process that has a child already."""

    def _exec(self, child_in, child_out):
        if os.fork() == 0:
            os.closerange(0, 1024)
            while True:
                signal.pause()
        super()._exec(child_in, child_out)


@case(SHUTDOWN + " a child that the starter had before is left alone")
def child_of_before():
    with Forked() as p:
        ring = p.ring().values()
        stranger = [pid for pid in proc.children(p.pid) if pid not in ring]
        pid = p.run(["/bin/sleep", "1000"])
        check(len(stranger) == 1, "children of before: %s", stranger)
        p.close_input()
        check(p.end() == 0, "it ended with %s", p.status)
        check(not proc.alive(pid), "the child is alive")
        check(proc.alive(stranger[0]), "the starter's own was killed")
        os.kill(stranger[0], signal.SIGKILL)


# A node that reads late -----------------------------------------------------

def children(p):
    """Of priv, but for those that are of the ring."""
    ring = p.ring()
    return set(proc.children(ring["priv"])) - set(ring.values())


@rows(SHUTDOWN, [
    ("the node reads 1 s later: 20 exits and all output, children that "
     "had ended", "exit", 0),
    ("the node reads 1 s later: 20 exits and all output, children that "
     "had not", "exec sleep 1000", int(signal.SIGTERM)),
])
def last_words(then, status):
    with tempfile.TemporaryDirectory() as d, Port() as p:
        p.ring()
        os.chmod(d, 0o777)
        cmd = "head -c 60000 /dev/zero; echo >%s/$$; %s" % (d, then)
        p.reading = False
        numbers = together(p, *[(A.run, cmd, [A.stdout])] * 20)
        eventually(lambda: p.pump(0) or len(os.listdir(d)) == 20, 5,
                   "not all of it is written")
        eventually(lambda: status or not children(p), 5, "they live")
        p.close_input()
        time.sleep(1)
        p.end()
        pids = [p.replies[number][1] for number in numbers
                if matches(STARTED, p.replies.get(number))]
        check(len(pids) == 20, "%d of 20 replies", len(pids))
        got = [p.exits[pid] for pid in pids]
        check(got == [[status]] * 20, "exits %s", got)
        got = [len(p.out(pid)) for pid in pids]
        check(got == [60000] * 20, "bytes of output: %s", got)


# The log --------------------------------------------------------------------

class PipedLog(Port):
    """Its stderr is a pipe, of which log_rfd is the reading end."""

    def __init__(self, *args, **options):
        self.log_rfd, self.log_wfd = os.pipe()
        super().__init__(*args, **options)

    def _exec(self, child_in, child_out):
        self.log_file = os.fdopen(self.log_wfd, "wb")
        super()._exec(child_in, child_out)

    def no_reader(self):
        """As if the log's reader had died."""
        for fd in (self.log_rfd, self.log_wfd):
            os.close(fd)
        self.log_rfd = self.log_wfd = -1

    def fill_log(self):
        """Not one more byte fits."""
        os.set_blocking(self.log_wfd, False)
        for size in (4096, 1):
            try:
                while True:
                    os.write(self.log_wfd, b"x" * size)
            except BlockingIOError:
                pass
        os.set_blocking(self.log_wfd, True)

    def release(self):
        super().release()
        for fd in (self.log_rfd, self.log_wfd):
            if fd != -1:
                os.close(fd)


def kill_part(role):
    return lambda p: os.kill(p.ring()[role], signal.SIGKILL)


ENDINGS = [
    ("end of file, who ignore SIGTERM", lambda p: p.close_input(), 0),
    ("SIGTERM, who ignore it", lambda p: os.kill(p.pid, signal.SIGTERM), 0),
    ("SIGKILL of the broker", kill_part("broker"), RING_FAILED),
    ("SIGKILL of the worker", kill_part("worker"), RING_FAILED),
    ("SIGKILL of priv", kill_part("priv"), RING_FAILED),
    ("SIGKILL of the reaper", kill_part("reaper"), RING_FAILED),
    ("SIGKILL of the guard", kill_part("guard"), -signal.SIGKILL),
]


@rows(LOG + " nobody reads it any more:", ENDINGS, limit=40)
def log_closed(ending, code):
    with PipedLog("-alarm", "1") as p:
        p.ring()
        entry, _ = start(p, DEAF, 3, 6)
        p.no_reader()
        ending(p)
        eventually(lambda: p._wait(0) or p.status is not None, 4,
                   "the port goes on")
        gone(entry, 4)
        check(p.status == code, "exit code %s, not %s", p.status, code)
        p.nothing_left(2)
        p.closed = True


@case(LOG + " nobody reads it any more: warnings do no harm")
def log_closed_goes_on():
    with PipedLog("-stdin-limit", "1000") as p:
        pid = p.run(["/bin/sleep", "1000"], [A.stdin])
        p.no_reader()
        for _ in range(200):
            p.stdin(pid, bytes(10000))
        expect(9, p.exit(pid), "status")
        p.ring()
        pid = p.run(["/bin/echo", "x"], [A.stdout])
        expect(0, p.exit(pid), "status")
        check(p.out(pid) == b"x\n", "output %r", p.out(pid))


@rows(LOG + " its pipe is full:", ENDINGS, limit=40)
def log_full(ending, code):
    with PipedLog("-alarm", "1") as p:
        p.ring()
        entry, _ = start(p, DEAF, 3, 6)
        p.fill_log()
        ending(p)
        eventually(lambda: p._wait(0) or p.status is not None, 3,
                   "the port goes on")
        gone(entry, 3)
        check(p.status == code, "exit code %s, not %s", p.status, code)
        p.nothing_left(2)
        p.closed = True


# Processes that are not reaped ----------------------------------------------

@case("5 leaks: runs that fail for 2 s leave few zombies at any time")
def failing_stream():
    with Port() as p:
        most, answered, deadline = 0, [], time.monotonic() + 2
        while time.monotonic() < deadline:
            if len(p.asked) < 1000:
                together(p, *[FAILING] * 200)
            p.pump(0.05)
            most = max(most, len(p.zombies()))
            answered.append(len(p.replies))
        check(most < 300, "%d zombies", most)
        half = answered[len(answered) // 2]
        check(0 < half < answered[-1], "%d replies in 1 s, %d in 2 s", half,
              answered[-1])
        p.until(lambda: not p.asked, "all replies", 10)
        expect(ERROR, p.replies.popitem()[1])
        eventually(lambda: not p.zombies(), 2, lambda: (
            "%d zombies" % len(p.zombies())))


def ticks(pid):
    """Processor time in seconds."""
    fields = proc.stat(pid)
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@case("4 events: the exit of a child whose tracer holds it, without spinning")
def traced():
    with Port() as p:
        pid = p.run(["/bin/sleep", "1000"], [A.stdout])
        other = p.run(["/bin/cat"], [A.stdin, A.stdout])
        priv = p.ring()["priv"]
        with Held(pid):
            before = ticks(priv)
            expect(-1, p.exit(pid), "status")
            p.pump(0.5)
            used = ticks(priv) - before
            check(used < 0.2, "%.2f s of processor time in 2.5 s", used)
            p.stdin(other, b"others go on")
            p.until_out(other, b"others go on")
        expect([other], p.ask(A.list))


@case(SHUTDOWN + " a child whose tracer holds it until then")
def traced_shutdown():
    with Port() as p:
        pid = p.run(["/bin/sleep", "1000"], [A.stdout])
        seize(pid)
        try:
            os.kill(pid, signal.SIGKILL)
            eventually(lambda: proc.state(pid) == "Z", 2, "it lives")
            p.pump(0.1)
            p.close_input()
            p.pump(0.2)
        finally:
            os.waitpid(pid, WALL)
        p.end(seconds=2)
        check(p.exits[pid] == [signal.SIGKILL], "exits %s", p.exits[pid])


@case("4 events: a child whose tracer does not wait: an exit without status")
def held():
    with Port() as p:
        pid = p.run(["/bin/sleep", "1000"], [A.stdout])
        stopped = p.run(["/bin/sleep", "1000"], [A.stdout])
        other = p.run(["/bin/cat"], [A.stdin, A.stdout])
        with Held(pid), Held(stopped):
            expect(OK, p.ask(A.stop, stopped))
            expect(-1, p.exit(pid), "status")
            # That was its wish: no failure.
            expect(0, p.exit(stopped), "status")
            expect([other], p.ask(A.list))
            check(proc.state(pid) == "Z", "it was reaped")
            expect(ERROR, p.ask(A.manage, pid, []))
        eventually(lambda: not p.zombies(), 2, lambda: (
            "%d zombies" % len(p.zombies())))


@case(SHUTDOWN + " a dead child whose tracer does not wait is not waited for",
      limit=60)
def held_shutdown():
    with Port() as p:
        pid = p.run(["/bin/sleep", "1000"], [A.stdout])
        with Held(pid):
            p.close_input()
            p.end(seconds=15)
            check(p.exits[pid] == [-1], "exits %s", p.exits[pid])
            check(not any("survive" in line for line in p.log()),
                  "log %s", p.log())


@case(SHUTDOWN + " a dead orphan whose tracer does not wait is not waited for",
      limit=60)
def held_orphan():
    with Port() as p:
        entry = mark()
        p.exit(p.run("setsid sleep 1000 & exit 0", [(A.env, [entry])]))
        # Not before its exec, in which it has no environment for a moment.
        eventually(lambda: [proc.comm(q) for q in proc.marked(entry)]
                   == ["sleep"], 5, "no orphan")
        with Held(proc.marked(entry)[0]):
            p.close_input()
            p.end(seconds=15)
            check(not any("survive" in line for line in p.log()),
                  "log %s", p.log())


# The launcher ---------------------------------------------------------------

def launcher(p):
    if not LAUNCHER:
        raise Skip("built without a launcher")
    return p.ring()["launcher"]


@rows(SHUTDOWN, [
    ("the launcher is stopped, -alarm 1", 0),
    ("the launcher is stopped with a run, -alarm 1", 1),
    ("the launcher is stopped with 50 runs, -alarm 1", 50),
])
def launcher_stopped(count):
    with Port("-alarm", "1") as p:
        held = launcher(p)
        entry, _ = start(p, FAMILY, 5, 3)
        os.kill(held, signal.SIGSTOP)
        together(p, *[SLEEP] * count)
        sent(p)
        p.pump(0.1)
        p.close_input()
        p.end(seconds=3)
        check(not proc.marked(entry), "alive: %s", proc.marked(entry))


@case(SHUTDOWN + " the node dies, the ring is full, the launcher is stopped")
def full_ring():
    with Port("-alarm", "1") as p:
        held = launcher(p)
        entry, _ = start(p, FAMILY, 5, 3)
        os.kill(held, signal.SIGSTOP)
        together(p, *[(A.run, ["/bin/sleep", "x" * 1000], [])] * 5000)
        check(not p.pump(0.5 * SLOW, lambda: not p.to_send),
              "the ring takes 5,000 runs")
        node_dies(p)
        p.end(seconds=3)
        gone(entry, 0)
        p.nothing_left()


def accounted(p, numbers, before=()):
    """Each run has one answer; nothing lives that the list does not know."""
    p.until(lambda: not p.asked, "an answer to each run")
    started = set(before)
    for number in numbers:
        reply = p.replies.pop(number)
        if matches(STARTED, reply):
            started.add(reply[1])
        else:
            expect(ERROR, reply)
    ring = p.ring()

    def strangers():
        live = {q for q in proc.children(ring["priv"]) if proc.alive(q)}
        return live - set(ring.values()) - started
    eventually(lambda: not strangers(), 1, lambda: (
        "nobody's: %s" % [proc.title(q) for q in strangers()][:5]))
    p.pump(0.1)
    ended = {pid for pid in started if p.exits[pid]}
    check(set(p.ask(A.list)) == started - ended, "list")
    return started


# As long as a launch is a large message it waits in several places.
LARGE = (A.run, ["/bin/sleep", "1000"],
         [A.stdout, (A.env, ["A=" + "x" * 100000])])


@case(LAUNCH + " SIGKILL when it is done and nobody has heard, "
      "20 runs on their way")
def launcher_unheard():
    """What it has made is there, but priv has not read so."""
    with Port() as p:
        held, priv = launcher(p), p.ring()["priv"]
        keeper = p.run(SLEEP[1])        # without one the port ends
        os.kill(held, signal.SIGSTOP)
        numbers = together(p, *[LARGE] * 20)
        p.pump(0.3 * SLOW)
        os.kill(priv, signal.SIGSTOP)
        os.kill(held, signal.SIGCONT)
        time.sleep(0.2)
        os.kill(held, signal.SIGKILL)
        time.sleep(0.05)
        os.kill(priv, signal.SIGCONT)
        accounted(p, numbers, [keeper])
        expect(ERROR, p.ask(*SLEEP))


@case(LAUNCH + " SIGKILL with 20 runs on their way, at 8 moments", limit=40)
def launcher_killed():
    for i in range(8):
        with Port() as p:
            held = launcher(p)
            keeper = p.run(SLEEP[1])    # without one the port ends
            numbers = together(p, *[LARGE] * 20)
            p.pump(0.004 * i)
            os.kill(held, signal.SIGKILL)
            accounted(p, numbers, [keeper])


@case(LAUNCH + " SIGKILL while its newborn child cannot be reaped")
def launcher_newborn():
    """What nobody was told of is no child that the end has to wait for."""
    with Port("-debug", "1") as p:
        held = launcher(p)
        expect([], p.ask(*LIST))
        # The newborn gets the same tracer, and stops at once.
        seize(held, PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE)
        number = p.send(SLEEP)
        child = eventually(lambda: [
            pid for pid in proc.children(p.ring()["priv"])
            if pid not in p.ring().values()], 3, "no newborn")[0]
        os.waitpid(held, WALL)
        os.waitpid(child, WALL)
        ptrace(PTRACE_DETACH, held)
        os.kill(held, signal.SIGKILL)
        expect(ERROR, p.reply(number))
        try:
            eventually(lambda: proc.state(child) == "Z", 3, "it lives")
            eventually(lambda: any("shutting down" in line
                                   for line in p.log()), 3, "it goes on")
        finally:
            os.waitpid(child, WALL)
        p.end()
        p.close(code=RING_FAILED)


# Signals that end nothing ---------------------------------------------------

@rows(SHUTDOWN, [
    ("%s to %s ends nothing" % (name, who), role, getattr(signal, name))
    for role, who in (("guard", "the guard"), ("reaper", "the reaper"),
                      ("priv", "priv"))
    for name in ("SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGPIPE")
])
def other_signals(role, sig):
    with Port() as p:
        cat = p.run(["/bin/cat"], [A.stdin, A.stdout])
        target = p.ring()[role]
        os.kill(target, sig)
        p.pump(0.1)
        check(proc.alive(target), "%s has died", role)
        p.stdin(cat, b"still here")
        p.until_out(cat, b"still here")
        pid = p.run(["/bin/true"])
        expect(0, p.exit(pid), "status")
        expect([cat], p.ask(A.list))


# Replies --------------------------------------------------------------------

# Dead before they are named -------------------------------------------------

def slow_launcher(p):
    """Half a second passes before it tells of a child that it has made."""
    delay = "inject=sendmsg:delay_enter=500000"
    return Trace([launcher(p)], ["-e", "trace=sendmsg", "-e", delay])


def newborn(p, *run):
    """Ask for a run: its number, and its pid before priv knows that."""
    priv = p.ring()["priv"]
    before = set(proc.children(priv))
    number = p.send(run)
    return number, eventually(
        lambda: set(proc.children(priv)) - before, 2, "no child").pop()


@case("3 manage: a child that priv has not heard of yet")
def manage_newborn():
    with Port() as p:
        trace = slow_launcher(p)
        run, pid = newborn(p, *SLEEP)
        manage = p.send((A.manage, pid, []))
        expect((A.pid, pid), p.reply(run), "run")
        expect(ERROR, p.reply(manage), "manage")
        trace.stop()
        expect(A.ok, p.ask(A.kill, pid, 9))
        expect(9, p.exit(pid), "status")


@case("3 options: {kill, Cmd}: one that ends before priv hears of it")
def helper_unheard():
    """Nothing is left of it that a shutdown would wait for."""
    with Port() as p:
        pid = p.run(["/bin/sleep", "1000"],
                    [(A.kill, "kill -9 $CHILD_PID"), (A.kill_timeout, 1)])
        trace = slow_launcher(p)
        expect(A.ok, p.ask(A.stop, pid))
        expect(0, p.exit(pid), "status")
        p.pump(0.7)
        trace.stop()
        p.close_input()
        p.end(seconds=3)


@rows("4 kill_group: of one that ends before priv hears of it, and", [
    ("has a group", [A.kill_group], 0),
    ("wants no other to go", [], 1),
])
def group_unheard(options, left):
    """The rest of its group gets SIGTERM when it is reaped all the same."""
    with Port() as p:
        trace = slow_launcher(p)
        number, pid = newborn(p, A.run, "sleep 1000 & wait", options)
        eventually(lambda: len(proc.group(pid)) == 2, 2, "no member")
        os.kill(pid, signal.SIGKILL)
        expect((A.pid, pid), p.reply(number), "run")
        expect(int(signal.SIGKILL), p.exit(pid), "status")
        trace.stop()
        eventually(lambda: len(proc.group(pid)) == left, 2, lambda: (
            "%d live" % len(proc.group(pid))))


@case("3 list: {run} and {list} in one write, 100 times")
def run_and_list():
    with Port() as p:
        pids = set()
        for _ in range(100):
            run, all_of_them = together(p, SLEEP, LIST)
            reply = p.reply(run)
            expect(STARTED, reply)
            pids.add(reply[1])
            reply = p.reply(all_of_them)
            check(set(reply) == pids, "%d in the list, not %d", len(reply),
                  len(pids))


# The port's descriptors -----------------------------------------------------


def raw_pty():
    master, slave = pty.openpty()
    tty.setraw(slave)
    return master, slave


def named_pipe():
    with tempfile.TemporaryDirectory() as place:
        os.mkfifo(place + "/fifo")
        reader = os.open(place + "/fifo", os.O_RDONLY | os.O_NONBLOCK)
        return [reader, os.open(place + "/fifo", os.O_WRONLY)]


@rows(SHUTDOWN + " the node dies, and the broker does not say so:", [
    ("a pipe", os.pipe), ("a FIFO", named_pipe), ("a socket", socket_pair),
    ("a terminal", raw_pty)], limit=60)
def hidden_end(ends):
    with OutputTo(*ends()) as p:
        entry, _ = start(p, FAMILY, 5, 3)
        broker = p.ring()["broker"]
        os.kill(broker, signal.SIGSTOP)
        eventually(lambda: proc.state(broker) == "T", 2, "it runs")
        node_dies(p)
        p.end(seconds=15)
        gone(entry, 0)
        p.nothing_left()
        check(any("the broker has not said so" in line for line in p.log()),
              "log %s", p.log())


@case(SHUTDOWN + " who reads no more is gone", limit=60)
def reads_no_more():
    with Port() as p:
        entry, _ = start(p, FAMILY, 5, 3)
        os.close(p.rfd)
        p.rfd = os.open("/dev/null", os.O_RDONLY)
        p.eof = True
        p.end(seconds=15)
        gone(entry, 0)


WAYS = {
    "end of file": lambda p: p.close_input(),
    "SIGTERM": lambda p: os.kill(p.pid, signal.SIGTERM),
}


@rows("5 shutdown: O_NONBLOCK is not left behind on", [
    ("%s, %s" % (name, way), make, way)
    for name, make in (("a pipe", os.pipe), ("a socket", socket_pair),
                       ("a terminal", raw_pty))
    for way in WAYS
])
def flags_left(make, way):
    reader, output = make()
    try:
        before = fcntl.fcntl(output, fcntl.F_GETFL)
        with OutputTo(reader, output) as p:
            pid = p.run(["/bin/echo", "x"], [A.stdout])
            expect(0, p.exit(pid), "status")
            check(p.out(pid) == b"x\n", "output %r", p.out(pid))
            # We hold this end open, so that there will be no end of file.
            p.eof = True
            WAYS[way](p)
            p.end()
        after = fcntl.fcntl(output, fcntl.F_GETFL)
        check(after == before, "flags 0%o, before 0%o", after, before)
    finally:
        os.close(output)
