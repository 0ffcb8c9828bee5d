"""Messages as the processes of the ring write them."""

import struct


(RUN, STOP, KILL, LIST, DEBUG, SETPGID, MANAGE, WINSZ, PTYOPTS, REFUSE,
 SHUTDOWN, STDIN, STDIN_EOF, LAUNCH, STREAM, LAUNCHED, CHILD, EXIT, REPLY,
 PIDS, LOST, HELLO, WELCOME, ACK, DOWN, DRAINED, CUT, IDLE) = range(1, 29)
FD_MARK = 1 << 31


def imsg(kind, body, length=None, peerid=0, pid=0):
    if length is None:
        length = 16 + len(body)
    return struct.pack("=IIII", kind & 0xffffffff, length & 0xffffffff,
                       peerid, pid) + body
