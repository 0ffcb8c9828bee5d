"""A worker that was taken over, and what it can make priv do.

A plain start takes its parts from its own folder, so a script can stand where
proctor-worker should. It writes a line for each message that it hears from
priv, and says to priv, byte for byte, what the node sends as anybody's stdin.
"""

import os
import shutil
import struct
import tempfile

import etf
import port
import proc
from case import case, check, eventually, rows
from etf import A

SECTION = "hostile worker:"
FD_MARK = 1 << 31
(CHILD, EXIT, LOST, DRAINED, CUT) = (17, 18, 21, 26, 27)
NOBODY = 4711
WITH = 4712             # and it sends a descriptor along
WORKER = """#!/usr/bin/python3 -I
import os, select, socket, struct, sys
priv, broker = (socket.socket(fileno=fd) for fd in (3, 4))
read = {priv: b"", broker: b""}

def heard(kind, body):
    if kind == 17:
        os.write(1, b"child %d %d\\n" % struct.unpack_from("=Ii", body, 16))
    elif kind == 18:
        os.write(1, b"exit %d %d %d\\n" % struct.unpack_from("=Iii", body))

def say(raw):
    try:
        priv.sendall(raw)
    except OSError:
        sys.exit(0)

while True:
    for s in select.select(list(read), [], [])[0]:
        try:
            data = s.recvmsg(65536, 4096)[0]
        except OSError:
            sys.exit(0)
        if not data and s is priv:
            sys.exit(0)
        elif not data:
            del read[s]
            continue
        read[s] += data
        while len(read[s]) >= 16:
            kind, n = struct.unpack_from("=II", read[s])
            n &= 0x7fffffff
            if len(read[s]) < n:
                break
            body, read[s] = read[s][16:n], read[s][n:]
            if s is priv:
                heard(kind, body)
            elif struct.unpack_from("=i", body)[0] == 4711:
                say(body[8:])
            else:
                socket.send_fds(priv, [body[8:]], [2])
"""


class Hostile(port.Port):
    """Lines in place of frames."""

    def __init__(self, *args):
        self.folder = tempfile.mkdtemp()
        self.lines = []
        for name in ("proctor", "proctor-broker"):
            shutil.copy(os.path.join(os.path.dirname(port.PROGRAM), name),
                        self.folder)
        worker = os.path.join(self.folder, "proctor-worker")
        with open(worker, "w", encoding="ascii") as f:
            f.write(WORKER)
        os.chmod(worker, 0o755)
        super().__init__(*args)

    def _execve(self):
        os.execve(os.path.join(self.folder, "proctor"), self.argv, self.env)

    def _frames(self):
        *lines, rest = bytes(self.received).split(b"\n")
        self.lines += [line.split() for line in lines]
        self.received[:] = rest

    def hears(self, what, *numbers):
        """Wait for a line that begins so; its numbers."""
        def found():
            return [line for line in self.lines if line[0] == what and
                    [int(n) for n in line[1:1 + len(numbers)]]
                    == list(numbers)]
        self.until(found, "%s %s" % (what, numbers))
        return [int(n) for n in found()[0][1:]]

    def child(self, cmd, options):
        """A new child's number at priv, and its pid."""
        before = [line[1:] for line in self.lines if line[0] == b"child"]
        self.frame(etf.term_to_binary((0, (A.run, cmd, options))))
        self.until(lambda: [line for line in self.lines
                            if line[0] == b"child"
                            and line[1:] not in before], "a child")
        return [int(n) for n in self.lines[-1][1:]]

    def says(self, kind, body, mark=0, to=NOBODY):
        raw = struct.pack("=IIII", kind, 16 + len(body) | mark, 0, 0) + body
        self.frame(etf.term_to_binary((0, (A.stdin, to, raw))))

    def note(self, kind, number, pad=0):
        self.says(kind, struct.pack("=II", number, pad))

    def witness(self):
        """A child whose end shows that what was said has been heard."""
        return self.child(SLEEP, [A.stdin])[0]

    def goes_on(self, witness):
        """Whatever was said: what is said behind it works."""
        self.note(CUT, witness)
        self.hears(b"exit", witness, 9)

    def ends(self):
        """What was said was a lie about the form."""
        self.end()
        self.close(5)

    def release(self):
        super().release()
        shutil.rmtree(self.folder)


SLEEP = ["/bin/sleep", "1000"]
LONG = (A.linger, 60000)


@rows(SECTION + " of nobody: nothing", [("drained", DRAINED), ("cut", CUT)])
def of_nobody(kind):
    with Hostile() as p:
        witness = p.witness()
        for number in (0, witness - 1, witness + 1, NOBODY, 2 ** 32 - 1):
            p.note(kind, number)
        p.goes_on(witness)


@rows(SECTION + " ends:", [
    ("%s, %s" % (name, what), kind, body)
    for name, kind in (("drained", DRAINED), ("cut", CUT))
    for what, body in (("pad", struct.pack("=II", 1, 1)),
                       ("a byte less", bytes(7)), ("a byte more", bytes(9)),
                       ("a MiB", bytes(1 << 20)), ("nothing", b""))])
def lies(kind, body):
    with Hostile() as p:
        p.says(kind, body)
        p.ends()


@rows(SECTION + " ends: a descriptor comes with it:", [
    ("announced", FD_MARK, DRAINED), ("not announced", 0, DRAINED),
    ("announced, with cut", FD_MARK, CUT), ("not, with cut", 0, CUT)])
def descriptor(mark, kind):
    with Hostile() as p:
        p.says(kind, struct.pack("=II", NOBODY, 0), mark, WITH)
        p.ends()
        said = [line for line in p.log() if "with a descriptor" in line
                or "a descriptor with nothing" in line]
        check(len(said) == 1, "log %s", p.log())


@rows(SECTION + " drained ends:", [
    ("of a child without linger", [A.stdout]),
    ("of one without a pipe", [A.stdin, LONG]),
    ("of one on a terminal", [A.pty, A.stdout, LONG])])
def drained_lies(options):
    with Hostile() as p:
        number, _ = p.child(SLEEP, options)
        p.note(DRAINED, number)
        p.ends()


@rows(SECTION + " ends: twice:", [("drained", DRAINED), ("cut", CUT)])
def twice(kind):
    with Hostile() as p:
        number, _ = p.child(SLEEP, [A.stdin, A.stdout, LONG])
        both = 2 * struct.pack("=IIIIII", kind, 24, 0, 0, number, 0)
        p.frame(etf.term_to_binary((0, (A.stdin, NOBODY, both))))
        p.ends()


@rows(SECTION + " cut ends:", [
    ("of a child without stdin", [A.stdout, LONG]),
    ("of a kill command's", [(A.kill, "sleep 1000")])])
def cut_lies(options):
    with Hostile() as p:
        number, _ = p.child(SLEEP, options)
        p.note(CUT, number)
        p.ends()


@case(SECTION + " drained of one that lives: its end is told at once")
def drained_early():
    with Hostile() as p:
        number, pid = p.child("sleep 1000 & exec sleep 1000",
                              [A.stdout, LONG])
        witness = p.witness()
        p.note(DRAINED, number)
        p.goes_on(witness)
        check(proc.alive(pid), "it was ended")
        os.kill(pid, 9)
        p.hears(b"exit", number, 9)


@case(SECTION + " drained never comes: linger is over in its time")
def drained_never():
    with Hostile() as p:
        witness = p.witness()
        number, _ = p.child(["/bin/true"], [A.stdout, (A.linger, 100)])
        p.hears(b"exit", number, 0)
        p.note(DRAINED, number)
        p.goes_on(witness)


@case(SECTION + " drained is waited for, and ends a linger")
def drained_good():
    with Hostile() as p:
        witness = p.witness()
        number, pid = p.child(["/bin/true"], [A.stdout, LONG])
        eventually(lambda: proc.state(pid) == "Z", 5, "it lives")
        p.goes_on(witness)
        check(proc.state(pid) == "Z", "it was reaped")
        p.note(DRAINED, number)
        p.hears(b"exit", number, 0)


@case(SECTION + " cut: SIGKILL to that one")
def cut_good():
    with Hostile() as p:
        number, _ = p.child(SLEEP, [A.stdin])
        _, other = p.child(SLEEP, [A.stdin])
        witness = p.witness()
        p.note(CUT, number)
        p.hears(b"exit", number, 9)
        p.note(CUT, number)
        p.goes_on(witness)
        check(proc.alive(other), "the other has ended")
