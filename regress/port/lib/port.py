"""The port program and the pipes to it: the part that a node would play.

A Port checks all the time what must hold whatever a case is about: every
frame is a term, replies come only to requests that asked for one, and in the
exec-port dialect in the order of these, no event names a process that was not
announced, no output follows an exit, no process exits twice. Port.close(), or
the end of the with block, fails if any of that was broken, if the program did
not end with 0, or if it left a process behind.
"""

import collections
import fcntl
import os
import resource
import select
import signal
import struct
import tempfile
import time

import etf
import proc
import seeds
from case import LAUNCHER, ROOT, STARTED, Failure, check, eventually, expect
from etf import A
from patience import Limit, Pause

PROGRAM = None
PATIENCE = 5
MAX_FRAME = 64 << 20
READ_SIZE = 1 << 18
# What a sanitizer's run time needs is passed on; nothing else is.
KEEP = ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "LD_LIBRARY_PATH")
SILENT = (A.stdin, A.shutdown)


def environment(**more):
    env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "SHELL": "/bin/sh"}
    env.update({k: os.environ[k] for k in KEEP if k in os.environ})
    env.update(more)
    return env


def user_flags():
    """Root must say as whom it serves; anybody else serves as himself."""
    return ["-user", "root"] if ROOT else []


class Port:
    """One running port program.

    args, first     further flags, behind or before the usual ones
    packet          2 or 4, the bytes of a frame's length; None: no flag
    high            use descriptors 3 and 4 (-n)
    env, cwd        of the program
    nofile          (soft, hard) RLIMIT_NOFILE
    signals         to be blocked and ignored when it starts
    session         start it as leader of a new session
    user            pass -user where it is needed
    """

    def __init__(self, *args, first=(), packet=4, high=False, env=None,
                 cwd=None, nofile=None, signals=(), session=True,
                 user=True):
        self.argv = [PROGRAM, *first]
        self.argv += ["-p", str(packet)] if packet else []
        self.argv += ["-n"] if high else []
        self.argv += user_flags() if user else []
        self.argv += args
        self.length = ">I" if packet == 4 else ">H"
        self.high = high
        self.env = environment() if env is None else env
        self.cwd, self.nofile, self.signals = cwd, nofile, signals
        self.session = session

        self.to_send = collections.deque()  # memoryviews
        self.received = bytearray()
        self.reading = True
        self.eof = False
        self.broken = []                    # what should not have happened
        self.next_id = 1
        self.asked = collections.deque()    # ids that want a reply
        self.ordered = True                 # and get it in this order
        self.replies = {}
        self.before = {}                    # number: events before its reply
        self.events = []
        self.output = {}                    # (pid, stream): bytearray
        self.exits = {}                     # pid: [status]
        self.timeouts = {}                  # pid: seconds
        self.status = None
        self.closed = False
        self.roles = None
        self._start()

    # Starting -----------------------------------------------------------

    def _start(self):
        child_in, self.wfd = os.pipe()
        self.rfd, child_out = os.pipe()
        self.log_file = tempfile.TemporaryFile()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                self._exec(child_in, child_out)
            finally:
                os._exit(127)
        os.close(child_in)
        os.close(child_out)
        os.set_blocking(self.wfd, False)
        os.set_blocking(self.rfd, False)
        self.pidfd = os.pidfd_open(self.pid)

    def _exec(self, child_in, child_out):
        """In the child: become the program."""
        # Above everything that is about to be replaced.
        fds = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 20)
               for fd in (child_in, child_out, self.log_file.fileno())]
        null = os.open("/dev/null", os.O_RDWR)
        for fd in (0, 1):
            os.dup2(null, fd)
        os.dup2(fds[0], 3 if self.high else 0)
        os.dup2(fds[1], 4 if self.high else 1)
        os.dup2(fds[2], 2)
        if self.session:
            os.setsid()
        if self.cwd:
            os.chdir(self.cwd)
        if self.nofile:
            resource.setrlimit(resource.RLIMIT_NOFILE, self.nofile)
        for sig in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT):
            signal.signal(sig, signal.SIG_DFL)
        for sig in self.signals:
            signal.signal(sig, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_SETMASK, self.signals)
        self._execve()

    def _execve(self):
        os.execve(self.argv[0], self.argv, self.env)

    # Bytes --------------------------------------------------------------

    def write(self, data):
        """Queue bytes as they are."""
        if data:
            self.to_send.append(memoryview(bytes(data)))
            self._flush()

    def frame(self, data):
        """A length prefix and these bytes."""
        seeds.keep("frames", bytes([3, 0]) + struct.pack(">I", len(data))
                   + data)
        self.write(struct.pack(self.length, len(data)) + data)

    def _flush(self):
        while self.to_send and self.wfd != -1:
            try:
                n = os.write(self.wfd, self.to_send[0])
            except BlockingIOError:
                return
            except BrokenPipeError:
                self.to_send.clear()
                return
            self.to_send[0] = self.to_send[0][n:]
            if not self.to_send[0]:
                self.to_send.popleft()

    def _fill(self):
        try:
            data = os.read(self.rfd, READ_SIZE)
        except BlockingIOError:
            return
        if not data:
            self.eof = True
            if self.received:
                self.broken.append("%d bytes of an unfinished frame"
                                   % len(self.received))
        self.received += data
        self._frames()

    def _frames(self):
        size = struct.calcsize(self.length)
        at = 0
        while len(self.received) - at >= size:
            n, = struct.unpack_from(self.length, self.received, at)
            if len(self.received) - at - size < n:
                break
            frame = bytes(self.received[at + size:at + size + n])
            at += size + n
            try:
                self._message(etf.binary_to_term(frame))
            except etf.BadTerm as e:
                self.broken.append("no term: %s: %r" % (e, frame[:80]))
        del self.received[:at]

    def pump(self, seconds, done=lambda: False):
        """Send and receive for so long, or until done() is true: was it?

        For what may come or not; see wait() and until() for what has to.
        """
        return self._pump(done, Pause(seconds))

    def wait(self, done, seconds=PATIENCE):
        """The same for what has to come."""
        return self._pump(done, Limit(seconds))

    def _pump(self, done, limit):
        while not done():
            left = limit.left()
            if left <= 0:
                return False
            poll = select.poll()
            if self.reading and not self.eof:
                poll.register(self.rfd, select.POLLIN)
            if self.to_send and self.wfd != -1:
                poll.register(self.wfd, select.POLLOUT)
            if self.eof:
                poll.register(self.pidfd, select.POLLIN)
            ready = [fd for fd, _ in poll.poll(min(left, 0.25) * 1000)]
            if self.wfd in ready:
                self._flush()
            if self.rfd in ready:
                self._fill()
            if self.pidfd in ready:
                self._wait(0)
                return done()
        return True

    # Terms --------------------------------------------------------------

    def _message(self, term):
        if not (isinstance(term, tuple) and len(term) == 2
                and type(term[0]) is int):
            self.broken.append("not {Integer, Term}: %s" % etf.show(term))
        elif term[0] == 0:
            self._event(term[1])
        else:
            self._reply(*term)

    def _reply(self, number, reply):
        if number not in self.asked:
            self.broken.append("reply %d to nothing" % number)
        elif self.ordered and self.asked[0] != number:
            self.broken.append("reply %d out of order, expected %s"
                               % (number, list(self.asked)[:3]))
        if number in self.asked:
            self.asked.remove(number)
        self.replies[number] = reply
        self.before[number] = len(self.events)
        if (isinstance(reply, tuple) and len(reply) == 2
                and reply[0] == A.pid):
            self.exits[reply[1]] = []
            for stream in (A.stdout, A.stderr):
                self.output.pop((reply[1], stream), None)

    def _event(self, event):
        self.events.append(event)
        if not (isinstance(event, tuple) and len(event) == 3):
            self.broken.append("event %s" % etf.show(event))
            return
        kind, pid, value = event
        exits = self.exits.get(pid)
        if exits is None:
            self.broken.append("event of an unknown pid: %s"
                               % etf.show(event))
        elif exits:
            self.broken.append("event after the exit: %s" % etf.show(event))
        if kind in (A.stdout, A.stderr) and isinstance(value, bytes):
            self.output.setdefault((pid, kind), bytearray()).extend(value)
        elif kind == A.exit_status and type(value) is int:
            self.exits.setdefault(pid, []).append(value)
        else:
            self.broken.append("event %s" % etf.show(event))

    def send(self, instruction, number=None):
        """Send a request; its number, of which 0 wants no reply."""
        if number is None:
            number, self.next_id = self.next_id, self.next_id + 1
        if number and instruction[:1] not in [(s,) for s in SILENT]:
            self.asked.append(number)
        self.frame(etf.term_to_binary((number, instruction)))
        return number

    def reply(self, number, seconds=PATIENCE):
        """The reply to a request that was sent."""
        self.until(lambda: number in self.replies,
                   "reply %d" % number, seconds)
        return self.replies.pop(number)

    def ask(self, *instruction, seconds=PATIENCE):
        """Send a request and take its reply."""
        return self.reply(self.send(instruction), seconds)

    def answered(self, number, seconds=PATIENCE):
        """Wait until a request has its reply or the port's output its end:
        has it one?"""
        self.wait(lambda: number in self.replies or self.eof, seconds)
        return number in self.replies

    def until(self, done, what, seconds=PATIENCE):
        if not self.wait(done, seconds):
            if self.broken:
                what += "; " + "; ".join(self.broken[:3])
            raise Failure("%s in waiting for %s%s" % (
                "end of file" if self.eof else "time out", what,
                self._log_tail()))

    def _log_tail(self):
        lines = self.log()
        return "; log: %s" % " | ".join(lines[-3:]) if lines else ""

    # What the cases mostly do -------------------------------------------

    def run(self, cmd, options=()):
        """Start a child; its pid."""
        reply = self.ask(A.run, cmd, list(options))
        expect(STARTED, reply, "run")
        self.timeouts[reply[1]] = sum(
            o[1] / 1000 for o in options
            if isinstance(o, tuple) and o[0] == A.timeout)
        return reply[1]

    def later(self, pid, seconds):
        """So long, and as long as its run may take by its timeout."""
        return seconds + self.timeouts.get(pid, 0)

    def stdin(self, pid, data):
        """Bytes, or A.eof, for a child."""
        self.send((A.stdin, pid, data), 0)

    def exit(self, pid, seconds=PATIENCE):
        """A child's status, waited for."""
        self.until(lambda: self.exits.get(pid), "the exit of %d" % pid,
                   self.later(pid, seconds))
        return self.exits[pid][0]

    def out(self, pid, stream=A.stdout):
        """What a child has written so far."""
        return bytes(self.output.get((pid, stream), b""))

    def until_out(self, pid, data, stream=A.stdout, seconds=PATIENCE):
        """Wait until a child has written exactly this."""
        self.until(lambda: len(self.out(pid, stream)) >= len(data),
                   "%r" % data[:80], self.later(pid, seconds))
        check(self.out(pid, stream) == data, "%s: expected %r, got %r",
              stream, data[:200], self.out(pid, stream)[:200])

    def log(self):
        """The lines of the program's stderr."""
        return self.log_bytes().decode(errors="replace").splitlines()

    def log_bytes(self):
        size = os.fstat(self.log_file.fileno()).st_size
        return os.pread(self.log_file.fileno(), size, 0)

    # The ring -----------------------------------------------------------

    def ring(self):
        """{"guard": pid, "reaper", "priv", "broker", "worker"}, "launcher"?,
        "keeper"?"""
        if self.roles is None:
            self.roles = eventually(self._find_ring, 2, lambda: (
                "no ring below %d: %s" % (self.pid, [
                    (p, proc.title(p))
                    for p in proc.descendants(self.pid)])))
        return self.roles

    def _find_ring(self):
        roles = {"guard": self.pid}
        for pid in proc.children(self.pid):
            if "proctor: reaper" in proc.title(pid):
                roles["reaper"] = pid
        for pid in proc.children(roles.get("reaper", 0)):
            if "proctor: priv" in proc.title(pid):
                roles["priv"] = pid
        for pid in proc.children(roles.get("priv", 0)):
            for role in ("broker", "worker"):
                if self._program(pid) == "proctor-" + role:
                    roles[role] = pid
            if proc.title(pid).startswith("proctor: launcher"):
                roles["launcher"] = pid
            elif proc.title(pid).startswith("proctor: keeper"):
                roles["keeper"] = pid
            elif self._program(pid) == "proctor" and proc.state(pid) != "Z":
                return None     # it is about to be one of them
        found = len(roles) - ("keeper" in roles)
        return roles if found == (6 if LAUNCHER else 5) else None

    def is_alone(self):
        """Is nobody below it but the ring, which is looked up again?"""
        roles = self._find_ring()
        below = {self.pid, *proc.descendants(self.pid)}
        if roles is None or below != set(roles.values()):
            return False
        self.roles = roles
        return True

    @staticmethod
    def _program(pid):
        try:
            return os.path.basename(os.readlink("/proc/%d/exe" % pid))
        except OSError:
            return proc.comm(pid)

    def rest(self, *pids):
        """Wait until the ring, and these, have nothing to do any more."""
        pids = [*self.ring().values(), *pids]

        def still():
            before = proc.switches(pids)
            self.pump(0.1)
            return proc.switches(pids) == before
        eventually(still, PATIENCE, "the ring does not come to rest")

    def descriptors(self):
        """{role: how many} of the ring."""
        return {role: len(proc.descriptors(pid))
                for role, pid in self.ring().items()}

    def zombies(self):
        return proc.zombies(self.pid)

    # Ending -------------------------------------------------------------

    def close_input(self):
        """What the node's end looks like to the port."""
        if self.wfd != -1:
            os.close(self.wfd)
            self.wfd = -1

    def _wait(self, flags):
        if self.status is None:
            pid, status = os.waitpid(self.pid, flags | os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)

    def end(self, seconds=PATIENCE):
        """Wait for the program's end; its exit code, -N for a signal."""
        self.reading = True
        self.until(lambda: self.status is not None and self.eof,
                   "the end of the port", seconds)
        return self.status

    def nothing_left(self, seconds=1):
        """Fail unless all that the port started goes away."""
        def rest():
            proc.reap(keep=(self.pid,))
            return [p for p in proc.descendants(os.getpid())
                    if p != self.pid]
        eventually(lambda: not rest(), seconds, lambda: (
            "left behind: %s" % [(p, proc.state(p), proc.title(p))
                                 for p in rest()][:5]))

    def no_faults(self):
        check(not self.broken, "%s", "; ".join(self.broken[:3]))

    def close(self, code=0):
        """End of file, and everything that must be true after it."""
        if self.status is None:
            self.close_input()
            self.end()
        check(self.status == code, "the port ended with %s, not %s%s",
              self.status, code, self._log_tail())
        self.nothing_left()
        self.no_faults()
        self.closed = True

    def release(self):
        """Give back what this object holds; the runner kills the rest."""
        self.close_input()
        for fd in (self.rfd, self.pidfd):
            os.close(fd)
        self.log_file.close()

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        try:
            if kind is None and not self.closed:
                self.close()
        finally:
            self.release()


def program(*args, user=False, seconds=PATIENCE, **options):
    """Run the program without traffic: its exit code and log lines.

    Standard output is what came where frames would be.
    """
    port = Port(*args, packet=None, user=user, **options)
    try:
        data = bytearray()
        port.close_input()
        limit = Limit(seconds)
        while limit.left() > 0:
            if select.select([port.rfd], [], [], 0.1)[0]:
                piece = os.read(port.rfd, READ_SIZE)
                data += piece
                if not piece:
                    break
        while port.status is None and limit.left() > 0:
            port._wait(0)
            time.sleep(0.002)
        check(port.status is not None, "it did not end")
        return port.status, bytes(data), port.log()
    finally:
        port.release()
