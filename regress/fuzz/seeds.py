"""Seeds of switch_fuzz.c: conversations as they go when nobody lies.

    seeds.py FOLDER
"""

import os
import struct
import sys

NODE, BYTES, SAYS, SAYS_WITH, DIES, CLOSES, TIME = range(7)
CHANNEL, PIDFD, PIPE = range(3)
HERE, REPLY, BORN, PIDFD_MESSAGE, STREAM, EXEC, SIGNAL, EXIT = range(4, 12)
CALL, BATCH, STDIN, CLOSE, ACK, KILL, STOP, OPTION, LIST, WINSZ = range(1, 11)
NIL = bytes([131, 106])
SEQ = 5


def node(kind, task, data=b"", seq=SEQ):
    frame = struct.pack(">IBII", 9 + len(data), kind, task, seq) + data
    return bytes([NODE, len(frame)]) + frame


def says(process, kind, data):
    while len(data) % 8:
        data += b"\0"
    return bytes([SAYS, process + 12 * (len(data) // 8), kind]) + data


def with_fd(process, kind, fd, data):
    size = 16 if len(data) > 8 else 8
    flag = 129 + fd if size == 16 else fd
    return (bytes([SAYS_WITH, process, kind, flag])
            + data.ljust(size, b"\0"))


def call(task, number=2):
    return node(CALL, task, struct.pack(">IH", 1000, number) + NIL)


def here(process):
    return says(process, HERE, struct.pack("=II", PROCESS + process, 0))


PROCESS = 1000
HELLO = here(0)
REPLIED = says(0, REPLY, struct.pack("=II", SEQ, 0) + NIL[1:])
CHILD = struct.pack("=IiII", SEQ, 77, 0, 0)
FORK = (call(1) + with_fd(0, BORN, CHANNEL, CHILD)
        + with_fd(0, PIDFD_MESSAGE, PIDFD, CHILD) + REPLIED + here(1))
PROGRAM = (call(2)
           + with_fd(1, STREAM, PIPE, struct.pack("=II", 0, 0))
           + with_fd(1, STREAM, PIPE, struct.pack("=II", 1, 0))
           + says(1, EXEC, struct.pack("=IIII", SEQ, 3, 0, 0) + NIL[1:])
           + bytes([CLOSES, 1]))
ENDED = says(0, EXIT, struct.pack("=iiIIQQQ", 77, 0, 1, 0, 1, 2, 3))

SEEDS = {
    "call": HELLO + call(1) + REPLIED,
    "list": HELLO + node(LIST, 0) + node(LIST, 1),
    "options": HELLO + b"".join(
        node(OPTION, 1, struct.pack(">BBq", n, n % 2, n)) for n in
        range(1, 6)),
    "batch": HELLO + node(BATCH, 1, struct.pack(
        ">IBHHI", 1000, 1, 1, 2, 2) + NIL),
    "deadline": HELLO + call(1) + call(1) + bytes([TIME, 40, TIME, 200]),
    "fork": HELLO + FORK,
    "child": HELLO + FORK + call(2) + bytes([DIES, 1]) + ENDED,
    "program": HELLO + FORK + PROGRAM + node(STDIN, 2, b"abc")
    + node(ACK, 2, struct.pack(">BI", 1, 1)) + node(CLOSE, 2, b"\0"),
    "ended": HELLO + FORK + PROGRAM + bytes([DIES, 1]) + ENDED,
    "kill": HELLO + FORK + b"".join(
        node(KILL, 2, bytes([scope, 9])) for scope in range(3)),
    "stop": HELLO + FORK + PROGRAM + node(STOP, 1, b"\x0f\0\0\1\0")
    + bytes([TIME, 60]),
    "stop tree": HELLO + FORK + node(STOP, 0, b"\x0f\0\0\1\0"),
    "signal": HELLO + says(0, SIGNAL, struct.pack("=II", 10, 0)
                           + bytes(128)),
    "lies": HELLO + says(0, REPLY, struct.pack("=II", 9, 9)),
    "bytes": bytes([BYTES, 0]) + bytes(64),
}


def main(folder):
    os.makedirs(folder, exist_ok=True)
    for name, data in SEEDS.items():
        with open(os.path.join(folder, name), "wb") as f:
            f.write(data)


main(sys.argv[1])
