"""proctor-task and the two pipes to it: the part that a node would play.

A Tree checks all the time what must hold whatever a case is about: answers
come only to what was asked, no task is born or ends twice, nothing of a task
follows its exit, no stream is read beyond its window. Tree.close(), or the end
of the with block, fails if any of that was broken, if the program did not end
with 0, or if a process was left.
"""

import os
import select
import signal
import struct
import tempfile

import etf
import proc
from case import Failure, Skip, check, expect
from etf import A
from patience import Limit, Pause

PROGRAM = None
PATIENCE = 5
WINDOW = 65536     # of input
OUTPUT = 16 * WINDOW
ROOT = 1
TREE = 0

(CALL, BATCH, STDIN, CLOSE, ACK, KILL, STOP, OPTION, LIST,
 WINSZ) = range(1, 11)
(HELLO, REPLY, RESULTS, BORN, EXEC, STDOUT, STDERR, EOF, TAKEN, SIGNAL, EXIT,
 ERROR) = range(64, 76)
(ITSELF, STOPPED, PARENT, WHOLE, LIE) = range(5)    # causes
(PROCESS, GROUP, SUBTREE) = range(3)
(MAXCHILD, MAXFORKDEPTH, SIGNALONEOF, KILL_TIMEOUT, LINGER,
 UNDER_WAY) = range(1, 7)
HEAD = struct.Struct(">BII")
NO_VALUE = object()


class Exit:
    """How a task has ended."""

    def __init__(self, data):
        (self.how, self.value, self.core, self.cause, self.utime, self.stime,
         self.maxrss) = struct.unpack(">BIBBQQQ", data)

    def __repr__(self):
        return "%s %d (cause %d)" % (
            ("exit", "signal", "unknown")[self.how], self.value, self.cause)

    def is_exit(self, status):
        return (self.how, self.value) == (0, status)

    def is_signal(self, number):
        return (self.how, self.value) == (1, number)


class Tree:
    """One running proctor-task.

    args      of it
    acks      the node takes all output at once
    clean     it is to end with 0 and to leave nobody
    before    called in the process that becomes it
    """

    def __init__(self, *args, acks=True, before=None, env=None, hello=True):
        self.acks = acks
        self.seq = 0
        self.waiting = {}           # seq: what was asked
        self.answers = {}           # seq: term
        self.born = {ROOT: (0, 0, 0)}   # task: parent, pid, inner
        self.out = {}               # (task, 1 or 2): bytes
        self.credit = {}
        self.eofs = {}              # (task, stream): errno
        self.taken = {}             # task: bytes
        self.execs = {}             # task: streams
        self.signals = []           # (task, number, siginfo)
        self.exits = {}             # task: Exit
        self.order = []             # (type, task) of all that came
        self.broken = []
        self.eof = False
        self.reading = True
        self.hello = None
        self.error = None
        self.status = None
        self.received = bytearray()
        self.to_send = bytearray()
        self._start(args, before, env)
        if hello:
            self.until(lambda: self.hello, "no hello")
            self.born[ROOT] = (0, self.hello[A.root_pid],
                               self.hello[A.root_pid])
            self.names = [str(n) for n in self.hello[A.calls]]

    def _start(self, args, before, env):
        child_in, self.wfd = os.pipe()
        self.rfd, child_out = os.pipe()
        self.log_file = tempfile.TemporaryFile()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.setsid()
                for fd, to in ((child_in, 0), (child_out, 1),
                               (self.log_file.fileno(), 2)):
                    os.dup2(fd, to)
                os.closerange(3, 1024)
                if before:
                    before()
                os.execve(PROGRAM, [PROGRAM, *args],
                          env or {"PATH": "/usr/bin:/bin",
                                  **{k: os.environ[k] for k in os.environ
                                     if k.endswith("_OPTIONS")}})
            finally:
                os._exit(127)
        os.close(child_in)
        os.close(child_out)
        os.set_blocking(self.wfd, False)
        os.set_blocking(self.rfd, False)

    # Frames -------------------------------------------------------------

    def raw(self, data):
        self.to_send += data

    def frame(self, kind, task, seq, data=b""):
        self.raw(struct.pack(">I", HEAD.size + len(data))
                 + HEAD.pack(kind, task, seq) + data)

    def ask(self, kind, task, data=b""):
        """Send what has an answer: its number."""
        self.seq += 1
        self.waiting[self.seq] = (kind, task)
        self.frame(kind, task, self.seq, data)
        self._send()
        return self.seq

    def _send(self):
        while self.to_send:
            try:
                n = os.write(self.wfd, self.to_send[:1 << 18])
            except BlockingIOError:
                return
            except BrokenPipeError:
                self.to_send.clear()
                return
            del self.to_send[:n]

    def _wrong(self, text, *values):
        self.broken.append(text % values)

    def _read(self):
        try:
            data = os.read(self.rfd, 1 << 20)
        except BlockingIOError:
            return
        if not data:
            self.eof = True
        self._fed(data)

    def _fed(self, data):
        self.received += data
        at = 0
        while len(self.received) - at >= 4:
            size, = struct.unpack_from(">I", self.received, at)
            if len(self.received) - at < 4 + size:
                break
            self._take(bytes(self.received[at + 4:at + 4 + size]))
            at += 4 + size
        del self.received[:at]

    def _take(self, data):
        kind, task, seq = HEAD.unpack_from(data)
        data = data[HEAD.size:]
        self.order.append((kind, task))
        if kind == HELLO:
            if len(self.order) != 1:
                self._wrong("a late hello")
            self.hello = etf.binary_to_term(data)
        elif kind == ERROR:
            self.error = etf.binary_to_term(data)
        elif kind in (REPLY, RESULTS):
            if self.waiting.pop(seq, None) is None:
                self._wrong("an answer to %d, which was not asked", seq)
            self.answers[seq] = etf.binary_to_term(data)
        else:
            self._event(kind, task, seq, data)

    def _event(self, kind, task, seq, data):
        if task in self.exits:
            self._wrong("%d of task %d behind its exit", kind, task)
        if kind == BORN:
            if task in self.born or seq not in self.waiting:
                self._wrong("task %d is born again", task)
            self.born[task] = struct.unpack(">III", data)
        elif task not in self.born:
            self._wrong("%d of task %d, which there is not", kind, task)
        elif kind == EXEC:
            self.execs[task] = data[0]
        elif kind in (STDOUT, STDERR):
            self._output(task, 1 if kind == STDOUT else 2, data)
        elif kind == EOF:
            self.eofs[task, data[0]] = data[1]
        elif kind == TAKEN:
            self.taken[task] = (self.taken.get(task, 0)
                                + struct.unpack(">I", data)[0])
        elif kind == SIGNAL:
            self.signals.append((task, data[0], data[1:]))
        elif kind == EXIT:
            self.exits[task] = Exit(data)
        else:
            self._wrong("a frame of type %d", kind)

    def _output(self, task, stream, data):
        key = task, stream
        self.out[key] = self.out.get(key, b"") + data
        self.credit[key] = self.credit.get(key, OUTPUT) - len(data)
        if not data or self.credit[key] < 0:
            self._wrong("%d bytes of task %d", len(data), task)
        if self.acks:
            self.ack(task, stream, len(data))

    def ack(self, task, stream, n):
        self.credit[task, stream] += n
        self.frame(ACK, task, 0, struct.pack(">BI", stream, n))

    # Waiting ------------------------------------------------------------

    def turn(self, seconds):
        fds = [self.rfd] if self.reading and not self.eof else []
        out = [self.wfd] if self.to_send else []
        if not fds and not out:
            return
        r, w, _ = select.select(fds, out, [], max(0, seconds))
        if r:
            self._read()
        if w or self.to_send:
            self._send()

    def until(self, function, message, seconds=PATIENCE):
        limit = Limit(seconds)
        while not (value := function()):
            left = limit.left()
            if left <= 0 or (self.eof and not self.to_send):
                if function():
                    return function()
                raise Failure("%s; log: %s" % (message, self.log()))
            self.turn(min(left, 0.1))
        return value

    def pump(self, seconds):
        """For what must not happen."""
        pause = Pause(seconds)
        while pause.left() > 0:
            self.turn(pause.left())
            if self.eof:
                return

    def log(self):
        self.log_file.seek(0)
        return self.log_file.read().decode(errors="replace").strip()

    # What can be asked --------------------------------------------------

    def answer(self, seq, seconds=PATIENCE):
        self.until(lambda: seq in self.answers,
                   "no answer to %d" % seq, seconds)
        return self.answers.pop(seq)

    def number(self, name):
        return self.names.index(name)

    def begin(self, task, name, *args, ms=0):
        """Ask for a call: the number of its answer."""
        n = name if isinstance(name, int) else self.number(name)
        return self.ask(CALL, task, struct.pack(">IH", ms, n)
                        + etf.term_to_binary(args))

    def call(self, task, name, *args, ms=0, seconds=PATIENCE):
        return self.answer(self.begin(task, name, *args, ms=ms), seconds)

    def value(self, task, name, *args, ms=0):
        """The same of one that has to work: its value."""
        answer = self.call(task, name, *args, ms=ms)
        if answer == A.ok:
            return A.ok
        if not (isinstance(answer, tuple) and answer[0] == A.ok):
            raise Failure("%s%r: %s" % (name, args, etf.show(answer)))
        return answer[1]

    def batch(self, task, calls, flags=0, ms=0):
        data = struct.pack(">IBH", ms, flags, len(calls))
        for name, *args in calls:
            term = etf.term_to_binary(tuple(args))
            data += struct.pack(">HI", self.number(name), len(term)) + term
        return self.answer(self.ask(BATCH, task, data))

    def fork(self, parent=ROOT, name="fork", *args):
        """The number of a new task."""
        before = set(self.born)
        self.value(parent, name, *args)
        new = [t for t in set(self.born) - before
               if self.born[t][0] == parent]
        check(len(new) == 1, "not one task more: %r", new)
        return new[0]

    def chain(self, depth, parent=ROOT):
        """So many tasks, one below the other."""
        tasks = []
        for _ in range(depth):
            parent = self.fork(parent)
            tasks.append(parent)
        return tasks

    def exec(self, task, argv, env=(), *options):
        expect(A.ok, self.call(task, "exec", argv[0], list(argv), list(env),
                               list(options)))

    def program(self, argv, *options, parent=ROOT, env=()):
        """A new task that becomes a program."""
        task = self.fork(parent)
        self.exec(task, argv, env, *options)
        return task

    def sh(self, text, *options, parent=ROOT):
        return self.program(["/bin/sh", "-c", text], *options, parent=parent)

    def send(self, task, data):
        self.frame(STDIN, task, 0, data)
        self._send()

    def shut(self, task, stream=0):
        return self.answer(self.ask(CLOSE, task, bytes([stream])))

    def kill(self, task, sig, scope=PROCESS):
        return self.answer(self.ask(KILL, task, bytes([scope, sig])))

    def stop(self, task, sig=0, ms=0, seconds=PATIENCE):
        return self.answer(self.ask(STOP, task, struct.pack(">BI", sig, ms)),
                           seconds)

    def option(self, task, option, value=None):
        data = struct.pack(">BBq", option, value is not None, value or 0)
        return self.answer(self.ask(OPTION, task, data))

    def list(self):
        answer = self.answer(self.ask(LIST, TREE))
        return {row[A.task]: row for row in answer[1]}

    def exit(self, task, seconds=PATIENCE):
        self.until(lambda: task in self.exits,
                   "task %d does not end" % task, seconds)
        return self.exits[task]

    def until_out(self, task, text, stream=1, seconds=PATIENCE):
        self.until(lambda: text in self.out.get((task, stream), b""),
                   "no %r of task %d" % (text, task), seconds)

    def os_pid(self, task):
        return self.born[task][1]

    # The end ------------------------------------------------------------

    def guard(self):
        return self.pid

    def switch(self):
        return self.hello[A.pid]

    def hang_up(self):
        if self.wfd != -1:
            os.close(self.wfd)
        self.wfd = -1
        self.to_send.clear()

    def wait(self, seconds=10):
        """The program's end: its status."""
        limit = Limit(seconds)
        while self.status is None:
            if self.reading and not self.eof:
                r, _, _ = select.select([self.rfd], [], [], 0.01)
                if r:
                    self._read()
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = status
                break
            if limit.left() <= 0:
                raise Failure("it does not end; log: " + self.log())
            if not self.reading or self.eof:
                Pause(0.01)
                select.select([], [], [], 0.01)
        while self.reading and not self.eof:
            select.select([self.rfd], [], [], 1)
            self._read()
        return os.waitstatus_to_exitcode(self.status)

    def close(self, status=0):
        if self.wfd != -1 and not self.eof:
            self.hang_up()
        got = self.wait()
        os.close(self.rfd)
        if self.broken:
            raise Failure("; ".join(self.broken[:5]))
        if status is not None and got != status:
            raise Failure("status %d and not %d; log: %s"
                          % (got, status, self.log()))
        left = [p for p in proc.descendants(os.getpid()) if proc.alive(p)]
        if left:
            raise Failure("left: " + ", ".join(
                "%d %s" % (p, proc.title(p)) for p in left))

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind is None:
            if self.status is None:
                self.close()
            return
        self.hang_up()


def skip(text):
    raise Skip(text)


def needs_root():
    if os.geteuid() != 0:
        raise Skip("only root can")


def died_of(status, number):
    return status in (-number, 128 + number) or status == -number


def signal_of(name):
    return getattr(signal, "SIG" + name)
