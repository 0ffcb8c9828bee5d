"""PROTOCOL 1, framing and terms."""

import random
import struct
import time
import zlib

import etf
from case import (ANY, BADARG, ERROR, OK, REFUSED, SLOW, STARTED, Failure,
                  case, check, expect, rows)
from etf import A, Atom
from port import MAX_FRAME, Port
import proc

SECTION = "1 framing:"
TERMS = "1 terms:"
LIST = etf.encode((A.list,))


def frame(data, length=">I"):
    return struct.pack(length, len(data)) + data


def request(number, instruction):
    """A frame of {number, instruction}."""
    return frame(etf.term_to_binary((number, instruction)))


# Descriptors and lengths --------------------------------------------------

@rows(SECTION, [
    ("-p 2", dict(packet=2)),
    ("-p 4", dict(packet=4)),
    ("-p 2 -n, descriptors 3 and 4", dict(packet=2, high=True)),
    ("-p 4 -n, descriptors 3 and 4", dict(packet=4, high=True)),
    ("without -p, 2 bytes", dict(packet=None)),
    ("without -p, 2 bytes, -n", dict(packet=None, high=True)),
])
def framing(options):
    with Port(**options) as p:
        expect([], p.ask(A.list))
        pid = p.run(["/bin/cat"], [A.stdin, A.stdout])
        p.stdin(pid, b"through the pipe")
        p.until_out(pid, b"through the pipe")


@rows(SECTION, [
    ("-p 2, frames split at every byte", 2),
    ("-p 4, frames split at every byte", 4),
])
def split(packet):
    with Port(packet=packet) as p:
        data = b"".join(
            frame(etf.term_to_binary(t), p.length) for t in (
                (1, (A.run, ["/bin/echo", "split"], [A.stdout])),
                (2, (A.list,)), (3, (A.nonsense, b"x"))))
        p.asked.extend((1, 2, 3))
        for i in range(len(data)):
            p.write(data[i:i + 1])
            p.pump(0.001)
        expect((A.error, ANY), p.reply(3))
        expect(STARTED, p.replies[1])
        pid = p.replies[1][1]
        expect(0, p.exit(pid))
        check(p.out(pid) == b"split\n", "output %r", p.out(pid))


@rows(SECTION, [("%d frames in one write" % n, n) for n in (2, 50, 2000)])
def together(n):
    with Port() as p:
        p.asked.extend(range(1, n + 1))
        p.write(b"".join(request(i, (A.list,)) for i in range(1, n + 1)))
        expect([], p.reply(n))
        check(len(p.replies) == n - 1, "%d replies", len(p.replies) + 1)


@case(SECTION + " -p 2, a frame of 65,535 bytes")
def longest_of_two():
    with Port(packet=2) as p:
        head = len(etf.term_to_binary((1, (A.nonsense, b""))))
        p.asked.append(1)
        p.frame(etf.term_to_binary((1, (A.nonsense,
                                        bytes(65535 - head)))))
        expect(ERROR, p.reply(1))


@case(SECTION + " a frame of 64 MiB passes")
def longest_of_four():
    with Port() as p:
        expect([], p.ask(A.list))
        head = len(etf.term_to_binary((0, (A.stdin, 2 ** 30, b""))))
        p.frame(etf.term_to_binary(
            (0, (A.stdin, 2 ** 30, bytes(MAX_FRAME - head)))))
        expect([], p.ask(A.list, seconds=10))


@rows(SECTION + " a long stdin payload is passed on as it arrives,", [
    ("-p 2", 2, 65000), ("-p 4", 4, 1 << 20)])
def passed_on(packet, size):
    """The child has what has come of it; the rest of the frame has not."""
    with Port(packet=packet) as p:
        pid = p.run(["/bin/cat"], [A.stdin, A.stdout])
        data = random.Random(packet).randbytes(size)
        term = etf.term_to_binary((0, (A.stdin, pid, data)))
        p.write(struct.pack(p.length, len(term)))
        head, at = len(term) - size, 0
        for end in (size // 4, size // 2, size):
            p.write(term[at:head + end])
            at = head + end
            p.until_out(pid, data[:end])
        p.stdin(pid, A.eof)
        expect(0, p.exit(pid), "status")


@case(SECTION + " TransId 0 asks for no reply")
def no_reply():
    with Port() as p:
        p.frame(etf.term_to_binary((0, (A.list,))))
        p.frame(etf.term_to_binary((0, (A.stop, 2 ** 30))))
        p.frame(etf.term_to_binary((0, (A.nonsense,))))
        expect([], p.ask(A.list))
        check(not p.events, "came: %s", p.events)


# A broken peer ------------------------------------------------------------

def broken_peer(data):
    """One line in the log, children gone, exit 1."""
    with Port() as p:
        pid = p.run("sleep 1000 & sleep 1000")
        before = len(p.log())
        p.write(data)
        code = p.end()
        check(code == 1, "exit code %d, not 1", code)
        p.close(code=1)
        check(not proc.alive(pid), "child %d lives", pid)
        lines = p.log()[before:]
        check(len(lines) == 1, "log lines, not 1: %s", lines)


def nested(depth):
    return bytes([131, 104, 2, 97, 1]) + b"\x68\x01" * depth + b"\x6a"


VALID = etf.term_to_binary((1, (A.list,)))

BROKEN = [
    ("a frame claimed one byte over 64 MiB",
     struct.pack(">I", MAX_FRAME + 1)),
    ("a frame claimed 4 GiB", b"\xff\xff\xff\xff" + bytes(100)),
    ("an empty frame", frame(b"")),
    ("the version byte alone", frame(b"\x83")),
    ("a wrong version byte", frame(b"\x82" + VALID[1:])),
    ("no term: text", frame(b"GET / HTTP/1.0\r\n\r\n")),
    ("no term: an unknown tag", frame(b"\x83\x68\x02\x61\x01\x00")),
    ("no term: bytes after the term", frame(VALID + b"\x6a")),
    ("no term: a tuple claims 4 G elements",
     frame(b"\x83\x69\xff\xff\xff\xff")),
    ("no term: a list claims 4 G elements",
     frame(b"\x83\x68\x02\x61\x01\x6c\xff\xff\xff\xff\x6a")),
    ("no term: a binary claims 4 GiB",
     frame(b"\x83\x68\x02\x61\x01\x6d\xff\xff\xff\xffxx")),
    ("no term: an atom longer than the frame",
     frame(b"\x83\x68\x02\x61\x01\x68\x01\x77\xfflist")),
    ("no term: 100,000 tuples in each other", frame(nested(100000))),
    ("a compressed term", frame(b"\x83\x50" + struct.pack(
        ">I", len(VALID) - 1) + zlib.compress(VALID[1:]))),
    ("not {Integer, Tuple}: an atom", frame(etf.term_to_binary(A.list))),
    ("not {Integer, Tuple}: an integer", frame(etf.term_to_binary(7))),
    ("not {Integer, Tuple}: a list", frame(etf.term_to_binary([1, 2]))),
    ("not {Integer, Tuple}: a map", frame(etf.term_to_binary({1: 2}))),
    ("not {Integer, Tuple}: a tuple of 0", frame(etf.term_to_binary(()))),
    ("not {Integer, Tuple}: a tuple of 1", frame(etf.term_to_binary((1,)))),
    ("not {Integer, Tuple}: a tuple of 3",
     frame(etf.term_to_binary((1, (A.list,), 1)))),
    ("not {Integer, Tuple}: {Atom, Tuple}",
     frame(etf.term_to_binary((A.one, (A.list,))))),
    ("not {Integer, Tuple}: {Float, Tuple}",
     frame(etf.term_to_binary((1.0, (A.list,))))),
    ("not {Integer, Tuple}: {Integer, Atom}",
     frame(etf.term_to_binary((1, A.list)))),
    ("not {Integer, Tuple}: {Integer, List}",
     frame(etf.term_to_binary((1, [A.list])))),
] + [
    ("a term cut off after %d of %d bytes" % (n, len(VALID)),
     frame(VALID[:n])) for n in range(2, len(VALID))
]

rows("1 broken peer:", BROKEN)(broken_peer)


# Encodings ----------------------------------------------------------------

NUMBERS = [
    ("small int", 5, etf.small_int(5)),
    ("int", 5, etf.int32(5)),
    ("int, large", 2 ** 31 - 1, etf.int32(2 ** 31 - 1)),
    ("int, negative", -5, etf.int32(-5)),
    ("int, least", -2 ** 31, etf.int32(-2 ** 31)),
    ("small big of 1 byte", 5, etf.small_big(5)),
    ("small big of 4 bytes", 2 ** 31, etf.small_big(2 ** 31)),
    ("small big of 5 bytes", 2 ** 40 - 1, etf.small_big(2 ** 40 - 1)),
    ("small big, negative", -2 ** 40, etf.small_big(-2 ** 40)),
    ("small big with leading zeros", 300, etf.small_big(300, 8)),
    ("small big, the largest", 2 ** 63 - 1, etf.small_big(2 ** 63 - 1)),
    ("small big, the least", -2 ** 63, etf.small_big(-2 ** 63)),
]


@rows(TERMS + " TransId as", NUMBERS)
def trans_id(value, raw):
    """The reply carries the same number, however it was written."""
    with Port() as p:
        p.asked.append(value)
        p.frame(etf.term_to_binary((raw, (A.list,))))
        expect([], p.reply(value))


@rows(TERMS + " OsPid as", [
    ("int", etf.int32),
    ("small big", etf.small_big),
    ("small big with leading zeros", lambda n: etf.small_big(n, 8)),
])
def os_pid(encoding):
    with Port() as p:
        pid = p.run(["/bin/sleep", "1000"])
        expect(OK, p.ask(A.kill, encoding(pid), etf.small_big(9, 3)))
        expect(9, p.exit(pid))


@rows(TERMS + " atoms as", [
    ("ATOM_EXT", etf.atom_latin1),
    ("SMALL_ATOM_EXT", etf.small_atom_latin1),
    ("ATOM_UTF8_EXT", etf.atom_utf8),
    ("SMALL_ATOM_UTF8_EXT", etf.small_atom_utf8),
])
def atoms(encoding):
    with Port() as p:
        reply = p.ask(encoding("run"), ["/bin/cat"], [
            encoding("stdin"), encoding("stdout"),
            (encoding("stderr"), encoding("null"))])
        expect(STARTED, reply)
        p.stdin(reply[1], b"x")
        p.stdin(reply[1], encoding("eof"))
        p.until_out(reply[1], b"x")
        expect((A.error, ANY), p.ask(encoding("caf\u00e9")))


STRINGS = [
    ("a binary", lambda s: etf.binary(s.encode())),
    ("STRING_EXT", etf.string_ext),
    ("a list of integers", etf.code_points),
]


@rows(TERMS + " strings as", STRINGS)
def strings(encoding):
    """A command, an argument, an option, an environment's entry."""
    with Port() as p:
        pid = p.run(encoding("echo $A $B $(pwd)"), [
            A.stdout, (A.cd, encoding("/usr")),
            (A.env, [encoding("A=a"), (encoding("B"), encoding("b"))])])
        expect(0, p.exit(pid))
        check(p.out(pid) == b"a b /usr\n", "output %r", p.out(pid))
        pid = p.run([encoding("/bin/echo"), encoding("1"), encoding("2")],
                    [A.stdout])
        expect(0, p.exit(pid))
        check(p.out(pid) == b"1 2\n", "output %r", p.out(pid))


UTF8 = [
    ("a binary", etf.binary("b\u00fccher \u65e5\u672c".encode()),
     "b\u00fccher \u65e5\u672c"),
    ("a list of code points", etf.code_points("\u65e5\u672c \U0001f600"),
     "\u65e5\u672c \U0001f600"),
    ("STRING_EXT of code points below 256", etf.string_ext("b\u00fccher"),
     "b\u00fccher"),
]


@rows(TERMS + " UTF-8 in", UTF8)
def utf8(raw, means):
    with Port() as p:
        pid = p.run(["/usr/bin/printf", "%s", raw], [A.stdout])
        expect(0, p.exit(pid))
        check(p.out(pid) == means.encode(), "output %r", p.out(pid))


@rows(TERMS + " no text:", [
    ("a surrogate", etf.list_ext([0xd800])),
    ("a number beyond Unicode", etf.list_ext([0x110000])),
    ("a negative number", etf.list_ext([65, -1])),
    ("an improper list", etf.list_ext([65, 66], tail=67)),
    ("a list with an atom", etf.list_ext([65, A.a])),
    ("an integer", etf.small_int(5)),
    ("an atom", etf.encode(A.text)),
])
def no_text(raw):
    with Port() as p:
        expect(REFUSED, p.ask(A.run, ["/bin/echo", raw], [A.stdout]))
        expect([], p.ask(A.list))


@rows(TERMS + " tuples as", [
    ("small tuples", etf.small_tuple), ("large tuples", etf.large_tuple)])
def tuples(encoding):
    with Port() as p:
        p.asked.append(1)
        p.frame(etf.term_to_binary(encoding([1, encoding([
            A.run, ["/bin/pwd"],
            [A.stdout, encoding([A.cd, "/"]),
             encoding([A.env, [encoding(["A", "B"])]])]])])))
        reply = p.reply(1)
        expect(STARTED, reply)
        expect(0, p.exit(reply[1]))
        check(p.out(reply[1]) == b"/\n", "output %r", p.out(reply[1]))


# Tags that Erlang may send and nothing here uses ---------------------------

NODE = etf.atom_utf8("nonode@nohost")
WORDS = struct.pack(">III", 1, 2, 3)
ODD = [
    ("a float", etf.new_float(1.5)),
    ("a map", etf.encode({A.a: 1, 2: [3]})),
    ("an empty map", etf.encode({})),
    ("a bit binary", etf.bit_binary(b"ab", 3)),
    ("a big of 30 bytes", etf.small_big(2 ** 239)),
    ("an empty tuple", etf.encode(())),
    ("a tuple of 300", etf.encode(tuple(range(300)))),
    ("an improper list", etf.list_ext([1, 2], tail=3)),
    ("a list in 20 lists", etf.Raw(b"\x6c\0\0\0\1" * 20 + b"\x6a" * 21)),
]
# These may also be taken for no terms: the old format had many.
ODDER = [
    ("a large big", etf.large_big(2 ** 4000)),
    ("a pid", etf.Raw(b"\x58" + NODE + WORDS)),
    ("a port", etf.Raw(b"\x59" + NODE + WORDS[:8])),
    ("a reference", etf.Raw(b"\x5a\0\2" + NODE + WORDS)),
    ("an external fun", etf.Raw(
        b"\x71" + etf.encode(A.erlang) + etf.encode(A.halt)
        + etf.encode(1))),
    ("an old float", etf.Raw(b"\x63" + b"1.5".ljust(31, b"\0"))),
]


@rows(TERMS + " unused as an option:", ODD)
def unused_option(raw):
    with Port() as p:
        expect(REFUSED, p.ask(A.run, "true", [A.stdout, raw]))
        expect(REFUSED, p.ask(A.run, "true", [(A.cd, raw)]))
        expect([], p.ask(A.list))


@rows(TERMS + " unused in a request:", ODD)
def unused_argument(raw):
    with Port() as p:
        expect(REFUSED, p.ask(A.run, raw, []))
        expect(REFUSED, p.ask(A.kill, raw, 9))
        expect((A.error, ANY), p.ask(A.nonsense, raw, 9))
        expect([], p.ask(A.list))


@rows(TERMS + " skipped or refused:", ODDER)
def odder(raw):
    with Port() as p:
        number = p.send((A.nonsense, raw))
        if p.answered(number):
            expect(ERROR, p.reply(number))
            expect([], p.ask(A.list))
            return
        p.close(code=1)


@case(TERMS + " an instruction of 255 elements")
def long_instruction():
    with Port() as p:
        expect((A.error, ANY), p.ask(A.run, *range(254)))
        expect((A.error, ANY), p.ask(A.nonsense, *range(1000)))
        expect(BADARG, p.ask(A.kill, -1, 9))


# One of each tag, so that a cut is once inside of each.
EVERY_TAG = etf.term_to_binary((etf.small_big(7, 8), etf.large_tuple([
    etf.atom_latin1("nonsense"), etf.small_atom_latin1("a"),
    etf.atom_utf8("b"), A.c, 5, 500, -5, etf.large_big(2 ** 70), 1.5,
    b"binary", etf.bit_binary(b"ab", 3), "string", [1, [2]], [], {A.k: b"v"},
    (A.small,)])))


@case(TERMS + " every tag in one term, cut off at each byte", limit=60)
def cut_off():
    """Never read past the frame: the end of it is a broken peer's."""
    with Port() as p:
        p.asked.append(7)
        p.frame(EVERY_TAG)
        expect(ERROR, p.reply(7))
    for n in range(1, len(EVERY_TAG)):
        with Port() as p:
            # What would make it whole lies behind the frame.
            p.write(frame(EVERY_TAG[:n]) + EVERY_TAG[n:])
            code = p.end()
            check(code == 1, "exit %d after %d bytes", code, n)
            p.close(code=1)


@case(TERMS + " random bytes crash nothing", limit=60)
def random_bytes():
    """Any end but a clean 1 is a failure; a reply would be luck."""
    rng = random.Random(1)
    start = time.monotonic()
    for i in range(60):
        data = bytearray(etf.term_to_binary((1, (
            A.run, ["/bin/true", b"x"], [A.stdout, (A.env, ["A=B"])]))))
        for _ in range(rng.randrange(1, 4)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        with Port() as p:
            p.frame(bytes(data))
            p.close_input()
            code = p.end()
            if code not in (0, 1):
                raise Failure("exit %d after %r" % (code, bytes(data)))
            p.nothing_left()
            p.closed = True
        if time.monotonic() - start > 5 * SLOW:
            break


@case(TERMS + " an atom of 255 characters")
def long_atom():
    with Port() as p:
        reply = p.ask(Atom("x" * 255))
        expect((A.error, ANY), reply)
        check(etf.text(reply[1]) == "Unknown command: " + "x" * 255,
              "reply %s", etf.show(reply))
        expect((A.error, ANY), p.ask(Atom("\u65e5" * 255)))
