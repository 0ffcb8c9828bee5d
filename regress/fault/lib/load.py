"""Work of all kinds for a port, each piece of which says what became of it:
done, or refused, or hurt by what failed; or the port has ended. Anything else
is a wrong answer, and fails the case: an exit that is not the child's, output
that is not what it wrote, an exit behind less than all of it that does not say
so, a request without an answer.
"""

from case import Failure, check, expect
from etf import A
from foreign import Foreign
from native import exited, signaled

PATIENCE = 12
DONE, REFUSED, HURT = "done", "refused", "hurt"
LINES = "".join("%d\n" % i for i in range(1, 60001)).encode()
TEXT = b"".join(b"%06d" % i for i in range(20000))
LEAF = (A.cgroup, A.true)
# A child of its, and a daemon, that outlive it.
LEAVES_BEHIND = "sleep 1000 & setsid sleep 1000 & exit 4"


class Refused(Exception):
    """A run was answered with an error."""


class Hurt(Exception):
    """It did not go its way, and was told so."""


def answer(p, *instruction):
    number = p.send(instruction)
    yield lambda: number in p.replies
    return p.replies.pop(number)


def started(p, cmd, options):
    reply = yield from answer(p, A.run, cmd, options)
    if reply[:1] == (A.error,):
        check(len(reply) == 2, "reply %s", reply)
        raise Refused(reply)
    return reply[1]


def ended(p, pid, status, output, reason=A.normal):
    """Its end, which has to be this one, with all of its output."""
    yield lambda: p.exits[pid]
    value = p.exits[pid][0]
    out = p.out(pid)
    check(output.startswith(out), "output %r, not %r", out[:80], output[:80])
    if value[A.reason] == A.shutdown:
        raise Hurt("shutdown")
    if value[A.status] != status:
        check(value[A.status] in (signaled(9), A.unknown) or
              value[A.truncated] != [], "status %s", value[A.status])
        raise Hurt("status %s" % (value[A.status],))
    expect(reason, value[A.reason], "reason")
    if out != output:
        check(value[A.truncated] != [] or reason != A.normal or
              A.stdin in p.eofs[pid],
              "%d bytes of %d, and nobody says so", len(out), len(output))
        raise Hurt("truncated")


def writes(p):
    pid = yield from started(p, ["/usr/bin/seq", "1", "60000"], [A.stdout])
    yield from ended(p, pid, exited(0), LINES)


def fails(p):
    pid = yield from started(p, "echo out; echo err >&2; exit 3",
                             [A.stdout, A.stderr])
    yield from ended(p, pid, exited(3), b"out\n")


def echoes(p):
    pid = yield from started(p, ["/bin/cat"], [A.stdin, A.stdout])
    for at in range(0, len(TEXT), 20000):
        p.stdin(pid, TEXT[at:at + 20000])
    p.stdin(pid, A.eof)
    yield from ended(p, pid, exited(0), TEXT)


def terminal(p):
    pid = yield from started(p, "read x; stty size; exit 5",
                             [A.pty, A.stdin, A.stdout])
    reply = yield from answer(p, A.winsz, pid, 7, 9)
    p.stdin(pid, b"x\n")
    size = b"7 9" if reply == A.ok else b"0 0"
    yield from ended(p, pid, exited(5), size + b"\r\n")


def stopped(p):
    pid = yield from started(p, "exec sleep 1000",
                             [A.kill_group, (A.group, 0)])
    reply = yield from answer(p, A.stop, pid)
    if reply != A.ok:
        reply = yield from answer(p, A.kill, pid, 15)
        if reply != A.ok:
            yield from answer(p, A.kill, pid, 15)
        yield lambda: p.exits[pid]
        raise Hurt("stop: %s" % (reply,))
    yield from ended(p, pid, signaled(15), b"", A.stopped)


def leaves(p):
    pid = yield from started(p, LEAVES_BEHIND, [])
    yield from ended(p, pid, exited(4), b"")


def contained(p):
    pid = yield from started(p, LEAVES_BEHIND, [LEAF])
    yield from ended(p, pid, exited(4), b"")


def late(p):
    pid = yield from started(p, ["/bin/sleep", "1000"], [(A.timeout, 100)])
    yield from ended(p, pid, signaled(15), b"", A.timeout)


def absent(p):
    reply = yield from answer(p, A.run, ["/nonexistent"], [])
    check(reply[0] == A.error, "%s", reply)
    if reply[1][1] != A.enoent:
        raise Refused(reply)


def nice(p):
    pid = yield from started(p, "exec cat", [A.stdin, A.stdout, (A.nice, 3)])
    p.stdin(pid, b"x")
    p.stdin(pid, A.eof)
    yield from ended(p, pid, exited(0), b"x")


def asks(p):
    reply = yield from answer(p, A.list)
    check(isinstance(reply, list), "list: %s", reply)


def regrouped(p):
    pid = yield from started(p, "exec cat", [A.stdin])
    reply = yield from answer(p, A.setpgid, pid, 0)
    p.stdin(pid, A.eof)
    yield from ended(p, pid, exited(0), b"")
    # It is its program by now: POSIX has it refused.
    if reply != (A.error, A.eacces):
        raise Refused(reply)


def held(p):
    """One with limits, that is looked at, stands still, and goes on."""
    pid = yield from started(p, ["/bin/cat"], [
        A.stdin, A.stdout, (A.cgroup, {A.pids_max: 50})])
    replies = []
    for what in (A.stats, A.pause, A.resume):
        replies.append((yield from answer(p, what, pid)))
    p.stdin(pid, b"on")
    p.stdin(pid, A.eof)
    if replies[2][:1] == (A.error,) and replies[1][:1] != (A.error,):
        yield from answer(p, A.resume, pid)
    yield from ended(p, pid, exited(0), b"on")
    if any(reply[:1] == (A.error,) for reply in replies):
        raise Refused(replies)


def managed(p):
    """What nobody here has started."""
    with Foreign() as f:
        reply = yield from answer(p, A.manage, f.pid, [(A.nice, 5)])
        if reply[:1] == (A.error,):
            raise Refused(reply)
        reply = yield from answer(p, A.kill, f.pid, 15)
        f.end()
        yield lambda: p.exits[f.pid]
        if reply != A.ok:
            raise Refused(reply)


def unknown(p):
    """What is refused with a line in the log."""
    reply = yield from answer(p, A.nonsense)
    check(reply[:1] == (A.error,), "%s", reply)


def forbidden(p):
    """What is refused with a line of priv's in the log."""
    reply = yield from answer(p, A.run, ["/bin/true"], [(A.user, "nobody")])
    check(reply[:1] == (A.error,), "%s", reply)


KINDS = (writes, fails, echoes, terminal, stopped, leaves, contained, late,
         absent, nice, regrouped, held, managed, unknown,
         forbidden, asks)


class Piece:
    """A piece of work on its way."""

    def __init__(self, p, kind):
        self.name = kind.__name__
        self.steps = kind(p)
        self.done = lambda: True
        self.result, self.why = None, None

    def give_up(self):
        """It has no time any more."""
        self.steps.close()

    def step(self):
        """Go on as far as it goes: is it over?"""
        while self.result is None and self.done():
            try:
                self.done = next(self.steps)
            except StopIteration:
                self.result = DONE
            except (Refused, Hurt) as e:
                self.why = str(e)
                self.result = REFUSED if isinstance(e, Refused) else HURT
            except Failure as e:
                raise Failure("%s: %s" % (self.name, e)) from e
        return self.result is not None


def work(p, kinds=KINDS):
    """Do it all at once: [Piece], whose results are None if the port ended
    before theirs came."""
    pieces = [Piece(p, kind) for kind in kinds]
    over = lambda: all([piece.step() for piece in pieces])
    try:
        if not p.wait(lambda: over() or p.eof, PATIENCE):
            raise Failure("no answer to: %s; log: %s" % (
                [piece.name for piece in pieces if piece.result is None],
                p.log()[-3:]))
        over()
    finally:
        for piece in pieces:
            piece.give_up()
    return pieces


def perfect(p, kinds=KINDS):
    """The same where nothing fails."""
    for piece in work(p, kinds):
        check(piece.result == DONE, "%s: %s, %s; log: %s", piece.name,
              piece.result, piece.why, p.log()[-3:])
