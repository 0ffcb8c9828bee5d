"""A Port that speaks the native dialect: what may be said only there."""

from case import Pattern, check, expect
from etf import A
from port import Port

HELLO = (A.hello, {A.version: 1, A.move: A.true})
USAGE = {A.utime_us, A.stime_us, A.maxrss_kb, A.minflt, A.majflt, A.inblock,
         A.oublock, A.nvcsw, A.nivcsw}
REASONS = (A.normal, A.stopped, A.timeout, A.idle_timeout, A.shutdown, A.oom)
# What a leaf has used, as far as the system knows it.
USED = {A.memory_peak, A.oom_kill, A.memory_high, A.memory_max, A.pids_peak,
        A.pids_denied, A.cpu_us, A.cpu_user_us, A.cpu_system_us,
        A.cpu_throttled_us, A.io_read, A.io_written}
COUNTS = {A.oom_kill, A.pids_denied, A.memory_high}
CUTS = ([], [A.stdout], [A.stderr], [A.stdout, A.stderr])


def _is_exit(value):
    if not isinstance(value, dict):
        return False
    keys = {A.status, A.reason, A.killed, A.truncated}
    if value.get(A.status) != A.unknown:
        keys.add(A.usage)
    if A.cgroup in value:
        keys.add(A.cgroup)
    usage = value.get(A.usage, {})
    return (set(value) == keys and value[A.reason] in REASONS
            and value[A.killed] in (A.true, A.false)
            and value[A.truncated] in CUTS
            and (A.usage not in keys or set(usage) == USAGE)
            and _are_counts(usage, USAGE)
            and _are_counts(value.get(A.cgroup, {}), USED))


def _are_counts(value, keys):
    return isinstance(value, dict) and set(value) <= keys and all(
        type(n) is int and n >= 0 for n in value.values())


EXIT = Pattern("#{status, reason, killed, truncated, usage, cgroup}", _is_exit)


class Native(Port):
    """Also checked all the time: the form of exits, that a stream is silent
    after its eof, and that none is sent more than its window.

    unacked     {(pid, stream): bytes that the port has not been given back}
    most        the same, as it was when it was highest
    left        {pid: what stdin_acks have told}
    eofs        {pid: [stream]}
    down        [user], whose launchers have died
    leaves      {pid: [counts]}, of events of its leaf
    """

    def __init__(self, *args, hello=True, **more):
        self.native = False
        self.unacked, self.most, self.left, self.eofs = {}, {}, {}, {}
        self.down = []
        self.leaves = {}
        super().__init__(*args, **more)
        if hello:
            self.hello()

    def hello(self):
        number = self.send(HELLO)
        return self.reply(number)

    def _reply(self, number, reply):
        super()._reply(number, reply)
        if not (isinstance(reply, tuple) and len(reply) == 2):
            return
        if reply[0] == A.pid:
            self.eofs[reply[1]] = []
            self.leaves[reply[1]] = []
            self.left[reply[1]] = 0
            for stream in (A.stdout, A.stderr):
                self.unacked.pop((reply[1], stream), None)
                self.most.pop((reply[1], stream), None)
        elif reply[0] == A.ok and isinstance(reply[1], dict):
            self.native = True
            self.ordered = False

    def _event(self, event):
        if self.native and event[:1] == (A.launcher_down,):
            self.down.append(event[1])
            return
        kind, pid, value = (event + (None,) * 3)[:3]
        if kind in (A.stdout, A.stderr):
            self._output(kind, pid, value)
        if kind not in (A.exit, A.eof, A.stdin_ack, A.exit_status, A.cgroup):
            super()._event(event)
            return
        self.events.append(event)
        if self.exits.get(pid) != []:
            self.broken.append("event of who does not run: %r" % (event,))
        elif (kind == A.exit_status) == self.native:
            self.broken.append("event of the other dialect: %r" % (event,))
        elif kind in (A.exit, A.exit_status):
            self.exits[pid].append(value)
            if kind == A.exit and not EXIT.test(value):
                self.broken.append("exit %r" % (value,))
        elif kind == A.eof and value not in self.eofs[pid]:
            self.eofs[pid].append(value)
        elif kind == A.cgroup and _are_counts(value, COUNTS):
            self.leaves[pid].append(value)
        elif kind == A.stdin_ack and type(value) is int and value > 0:
            self.left[pid] += value
        else:
            self.broken.append("event %r" % (event,))

    def _output(self, stream, pid, data):
        if stream in self.eofs.get(pid, ()):
            self.broken.append("output of %d after eof" % pid)
        key = (pid, stream)
        self.unacked[key] = self.unacked.get(key, 0) + len(data)
        self.most[key] = max(self.most.get(key, 0), self.unacked[key])

    def ack(self, pid, stream=A.stdout, size=None):
        """Give back all, or so many bytes."""
        had = self.unacked.get((pid, stream), 0)
        size = had if size is None else size
        self.unacked[pid, stream] = max(0, had - size)
        self.send((A.ack, pid, stream, size), 0)

    def has(self, pid, size, stream=A.stdout, seconds=5):
        """Wait until a child has written so much."""
        self.until(lambda: len(self.out(pid, stream)) >= size,
                   "%d bytes" % size, seconds)

    def still(self, pid, size, stream=A.stdout):
        """It has written so much, and is sent no more."""
        self.has(pid, size, stream)
        self.pump(0.1)
        self.ask(A.list)
        got = len(self.out(pid, stream))
        check(got == size, "%s: %d bytes, not %d", stream, got, size)

    def until_eof(self, pid, stream, seconds=5):
        self.until(lambda: stream in self.eofs[pid],
                   "eof of %s" % stream, seconds)

    def ended(self, pid, status, reason=A.normal, seconds=5, killed=None):
        """Wait for an exit that has to be this one; its usage.

        killed: was SIGKILL needed? As a rule that shows in the status.
        """
        if killed is None:
            killed = reason != A.normal and status == signaled(9)
        value = self.exit(pid, seconds)
        expect(EXIT, value, "exit")
        expect(status, value[A.status], "status")
        expect(reason, value[A.reason], "reason")
        expect(A.true if killed else A.false, value[A.killed], "killed")
        return value.get(A.usage)

    def used(self, pid):
        """What its leaf has used, of one that has ended."""
        return self.exits[pid][0].get(A.cgroup)

    def refused(self, pattern, *instruction):
        expect((A.error, pattern), self.ask(*instruction))


def exited(code):
    return (A.exited, code)


def signaled(sig, core=False):
    return (A.signaled, sig, A.true if core else A.false)
