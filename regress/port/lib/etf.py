"""Erlang's external term format, as much of it as the tests need.

Python values stand for Erlang terms like this:

    5                   integer (the shortest of the encodings)
    2.5                 float
    Atom("ok"), A.ok    atom; True and False are atoms too
    b"bytes"            binary
    "text"              string: a list of code points
    (1, 2)              tuple
    [1, 2]              list
    {1: 2}              map

A test that cares for the encoding and not only for the value writes one of
the functions named after the tags, which give Raw bytes: small_int(5),
int32(5), atom_latin1("ok"), string_ext("text"), code_points("text") ...

The decoder knows the same terms; any list comes back as a Python list, a
string too (Erlang does not tell the two apart), which text() turns into str.
"""

import struct

VERSION = 131


class Atom(str):
    """An atom; equal only to an atom of the same name."""

    def __eq__(self, other):
        return isinstance(other, Atom) and str.__eq__(self, other)

    def __ne__(self, other):
        return not self == other

    __hash__ = str.__hash__

    def __repr__(self):
        return str(self)


class _Atoms:
    """A.name is Atom("name")."""

    def __getattr__(self, name):
        return Atom(name)


A = _Atoms()


class Raw(bytes):
    """A term that is encoded already, without the version byte."""


class BadTerm(Exception):
    """What came is not a term."""


# Integers ---------------------------------------------------------------

def small_int(n):
    return Raw(struct.pack(">BB", 97, n))


def int32(n):
    return Raw(struct.pack(">Bi", 98, n))


def small_big(n, size=None):
    size = size or max(1, (abs(n).bit_length() + 7) // 8)
    return Raw(struct.pack("BBB", 110, size, n < 0)
               + abs(n).to_bytes(size, "little"))


def large_big(n, size=None):
    size = size or max(1, (abs(n).bit_length() + 7) // 8)
    return Raw(struct.pack(">BIB", 111, size, n < 0)
               + abs(n).to_bytes(size, "little"))


def new_float(x):
    return Raw(struct.pack(">Bd", 70, x))


# Atoms ------------------------------------------------------------------

def atom_latin1(name):
    text = name.encode("latin-1")
    return Raw(struct.pack(">BH", 100, len(text)) + text)


def small_atom_latin1(name):
    text = name.encode("latin-1")
    return Raw(struct.pack("BB", 115, len(text)) + text)


def atom_utf8(name):
    text = name.encode()
    return Raw(struct.pack(">BH", 118, len(text)) + text)


def small_atom_utf8(name):
    text = name.encode()
    return Raw(struct.pack("BB", 119, len(text)) + text)


# Text -------------------------------------------------------------------

def binary(data):
    return Raw(struct.pack(">BI", 109, len(data)) + data)


def bit_binary(data, bits):
    return Raw(struct.pack(">BIB", 77, len(data), bits) + data)


def string_ext(text):
    """STRING_EXT: at most 65,535 numbers of at most 255."""
    data = text.encode("latin-1") if isinstance(text, str) else bytes(text)
    return Raw(struct.pack(">BH", 107, len(data)) + data)


def code_points(text):
    """LIST_EXT of numbers."""
    return list_ext([ord(c) for c in text])


# Compounds --------------------------------------------------------------

def nil():
    return Raw(bytes([106]))


def list_ext(items, tail=Raw(bytes([106]))):
    return Raw(struct.pack(">BI", 108, len(items))
               + b"".join(map(encode, items)) + encode(tail))


def small_tuple(items):
    return Raw(struct.pack("BB", 104, len(items))
               + b"".join(map(encode, items)))


def large_tuple(items):
    return Raw(struct.pack(">BI", 105, len(items))
               + b"".join(map(encode, items)))


def map_ext(pairs):
    return Raw(struct.pack(">BI", 116, len(pairs))
               + b"".join(encode(x) for pair in pairs.items() for x in pair))


def _encode_int(n):
    if 0 <= n <= 255:
        return small_int(n)
    if -2 ** 31 <= n < 2 ** 31:
        return int32(n)
    return small_big(n)


_SMALL = [bytes([97, c]) for c in range(256)]


def _encode_str(text):
    if text == "":
        return nil()
    try:
        data = text.encode("latin-1")
    except UnicodeEncodeError:
        return code_points(text)
    if len(data) < 65536:
        return string_ext(data)
    head = struct.pack(">BI", 108, len(data))
    return Raw(head + b"".join(_SMALL[c] for c in data) + nil())


def encode(term):
    """One term, without the version byte."""
    if isinstance(term, Raw):
        return term
    if isinstance(term, Atom):
        small = len(term.encode()) < 256
        return (small_atom_utf8 if small else atom_utf8)(term)
    if isinstance(term, bool):
        return small_atom_utf8("true" if term else "false")
    if isinstance(term, int):
        return _encode_int(term)
    if isinstance(term, float):
        return new_float(term)
    if isinstance(term, (bytes, bytearray)):
        return binary(term)
    if isinstance(term, str):
        return _encode_str(term)
    if isinstance(term, tuple):
        return (small_tuple if len(term) < 256 else large_tuple)(term)
    if isinstance(term, list):
        return list_ext(term) if term else nil()
    if isinstance(term, dict):
        return map_ext(term)
    raise TypeError("no term: %r" % (term,))


def term_to_binary(term):
    return bytes([VERSION]) + encode(term)


class _Reader:
    """A cursor over a frame."""

    def __init__(self, data):
        self.data = data
        self.at = 0

    def take(self, n):
        if n > len(self.data) - self.at:
            raise BadTerm("truncated")
        self.at += n
        return self.data[self.at - n:self.at]

    def number(self, size):
        return int.from_bytes(self.take(size), "big")

    def terms(self, n):
        return [self.term() for _ in range(n)]

    def big(self, size):
        sign = self.number(1)
        value = int.from_bytes(self.take(size), "little")
        return -value if sign else value

    def list(self):
        items = self.terms(self.number(4))
        if self.term() != []:
            raise BadTerm("improper list")
        return items

    def map(self):
        items = self.terms(2 * self.number(4))
        return dict(zip(items[::2], items[1::2]))

    def term(self):
        tag = self.number(1)
        if tag not in _DECODE:
            raise BadTerm("tag %d" % tag)
        return _DECODE[tag](self)


_DECODE = {
    70: lambda r: struct.unpack(">d", r.take(8))[0],
    97: lambda r: r.number(1),
    98: lambda r: struct.unpack(">i", r.take(4))[0],
    100: lambda r: Atom(r.take(r.number(2)).decode("latin-1")),
    104: lambda r: tuple(r.terms(r.number(1))),
    105: lambda r: tuple(r.terms(r.number(4))),
    106: lambda r: [],
    107: lambda r: list(r.take(r.number(2))),
    108: lambda r: r.list(),
    109: lambda r: bytes(r.take(r.number(4))),
    110: lambda r: r.big(r.number(1)),
    111: lambda r: r.big(r.number(4)),
    115: lambda r: Atom(r.take(r.number(1)).decode("latin-1")),
    116: lambda r: r.map(),
    118: lambda r: Atom(r.take(r.number(2)).decode()),
    119: lambda r: Atom(r.take(r.number(1)).decode()),
}


def binary_to_term(data):
    reader = _Reader(bytes(data))
    try:
        if reader.number(1) != VERSION:
            raise BadTerm("version byte")
        term = reader.term()
    except UnicodeDecodeError as e:
        raise BadTerm("atom: %s" % e)
    if reader.at != len(data):
        raise BadTerm("%d bytes after the term" % (len(data) - reader.at))
    return term


def text(term):
    """The str that an Erlang string stands for, or None if it is none."""
    if not isinstance(term, list):
        return None
    if not all(type(c) is int and 0 <= c < 0x110000 for c in term):
        return None
    return "".join(map(chr, term))


def show(term):
    """A term as one would write it in Erlang, for messages."""
    if isinstance(term, list) and term and all(
            type(c) is int and (32 <= c < 0x110000 or c == 10)
            for c in term):
        return '"%s"' % text(term).replace("\n", "\\n")
    if isinstance(term, list):
        return "[%s]" % ",".join(map(show, term))
    if isinstance(term, tuple):
        return "{%s}" % ",".join(map(show, term))
    if isinstance(term, bytes):
        return "<<%r>>" % (term if len(term) < 200 else term[:200] + b"...")
    return repr(term)
