"""Frames of a node that is broken, or worse: the tree ends in order, or goes
on; it never dies of them."""

import os
import random
import struct

import etf
import proc
import tree
from case import SOAK, Failure, case, check, rows
from etf import A
from tree import ROOT, Tree

TREES = 400 if SOAK else 12
FRAMES = 150
KINDS = range(1, 11)


def number(r, *usual):
    """One of those, or now and then what is at an edge."""
    if r.random() < 0.97:
        return r.choice(usual)
    return r.choice([r.getrandbits(32), 2 ** 31, 2 ** 32 - 1, 65536, 1,
                     2, 3, 0])


def term(r, depth=0):
    kind = r.randrange(9 if depth < 3 else 6)
    if kind == 0:
        return r.choice([0, 1, -1, 3, 255, 2 ** 31, 2 ** 63, -2 ** 63,
                         2 ** 64])
    if kind == 1:
        return A.ok if r.random() < 0.5 else etf.Atom("o_rdonly")
    if kind == 2:
        return os.urandom(r.choice([0, 1, 7, 300]))
    if kind == 3:
        return "/dev/null"
    if kind == 4:
        return []
    if kind == 5:
        return 2.5
    items = [term(r, depth + 1) for _ in range(r.randrange(4))]
    return tuple(items) if kind == 6 else items


def call(r, names):
    """Nothing that harms what is not its own: no signals, ids or files."""
    if r.random() < 0.1:
        return names[0], etf.term_to_binary(())
    name = r.choice(names)
    data = etf.term_to_binary(tuple(term(r) for _ in range(r.randrange(5))))
    if r.random() < 0.2:
        at = r.randrange(len(data))
        data = data[:at] + bytes([r.randrange(256)]) + data[at + 1:]
    return name, data


HARMLESS = ("fork", "getpid", "getppid", "getcwd", "open", "read", "lseek",
            "select",
            "fcntl", "environ", "getenv", "constant", "getgroups",
            "getrlimit", "sigaction", "waitpid", "pipe", "dup", "stat",
            "socketpair", "exec", "execvp", "version", "filters")


def frame(r, t, names):
    kind = r.choice(KINDS) if r.random() < 0.5 else tree.CALL
    task = number(r, *t.born, ROOT)
    if kind == tree.CALL:
        name, data = call(r, names)
        data = struct.pack(">IH", r.choice([0, 50, 100]),
                           name if r.random() < 0.9
                           else r.randrange(65536)) + data
        if r.random() < 0.01:
            data = data[:r.randrange(len(data))]
    elif kind == tree.BATCH:
        calls = [call(r, names) for _ in range(r.randrange(1, 6))]
        data = struct.pack(">IBH", 100, r.choice([0, 1]), len(calls))
        for name, args in calls:
            data += struct.pack(">HI", name, len(args)) + args
        if r.random() < 0.02:
            at = r.randrange(len(data))
            data = data[:at] + bytes([r.randrange(256)]) + data[at + 1:]
    elif kind == tree.STDIN:
        data = os.urandom(r.choice([0, 1, 1000, 1000, 30000]))
    elif kind == tree.CLOSE:
        data = bytes([r.choice([0, 1, 2] * 20 + [3])])
    elif kind == tree.ACK:
        data = struct.pack(">BI", r.choice([1, 2]),
                           int(r.random() < 0.01))
    elif kind == tree.KILL:
        data = bytes([r.choice([0, 1, 2]), r.choice([0, 10, 18, 28])])
    elif kind == tree.STOP:
        if task <= ROOT and r.random() < 0.97:
            task = max(t.born)
        data = struct.pack(">BI", r.choice([0, 15]), r.choice([0, 20]))
    elif kind == tree.OPTION:
        data = struct.pack(">BBq", r.randrange(1, 6), r.choice([0, 1]),
                           r.choice([0, 1, 5, 100, -1, 2 ** 62, -2 ** 63]))
    elif kind == tree.LIST:
        data = b""
    else:
        data = struct.pack(">HH", r.getrandbits(16), r.getrandbits(16))
    if r.random() < 0.002:
        data = data[:-1]
    return kind, task, data


class Loose(Tree):
    """It asks for what it does not keep in mind."""

    def _wrong(self, text, *values):
        if "which was not asked" not in text and "born again" not in text:
            super()._wrong(text, *values)


@rows("fuzz: frames,", [("round %d" % i, i) for i in range(TREES)],
      limit=60)
def frames(seed):
    seed = int(os.environ.get("FUZZ_SEED", seed))
    r = random.Random(seed)
    t = Loose()
    try:
        names = [t.number(n) for n in HARMLESS if n in t.names]
        tasks = [*t.chain(2), t.fork()]
        for above in (ROOT, *tasks):
            t.sh("cat; sleep 1000", parent=above)
        for i in range(FRAMES):
            kind, task, data = frame(r, t, names)
            t.frame(kind, task, i + 1000, data)
            t._send()
            if i % 8 == 0:
                t.turn(0.002)
            if t.eof:
                break
        t.pump(0.1)
        if os.environ.get("FUZZ_SAY"):
            print("seed %d: %d frames, %d tasks, %d answers" % (
                seed, i, len(t.born), len(t.answers)))
        t.close(status=None)
        status = os.waitstatus_to_exitcode(t.status)
        check(status in (0, 1) and (status == 1) == (t.error is not None),
              "seed %d: %d; log: %s", seed, status, t.log())
        check("killed by" not in t.log() and "Sanitizer" not in t.log(),
              "seed %d: %s", seed, t.log())
    except Failure as e:
        raise Failure("seed %d: %s" % (seed, e)) from None


@case("fuzz: bytes of no kind")
def noise():
    r = random.Random(1)
    for _ in range(60 if SOAK else 10):
        t = Loose()     # it may be a frame by chance
        t.program(["/bin/sleep", "1000"])
        t.raw(struct.pack(">I", r.choice([9, 10, 40, 2 ** 20, 2 ** 31]))
              + os.urandom(200))
        t._send()
        t.pump(0.05)
        t.close(status=None)
        status = os.waitstatus_to_exitcode(t.status)
        check(status in (0, 1), "%d; log: %s", status, t.log())
