"""Messages as the processes of the ring write them."""

import struct


(RUN, STOP, KILL, LIST, DEBUG, SETPGID, MANAGE, WINSZ, PTYOPTS, REFUSE,
 SHUTDOWN, STDIN, STDIN_EOF, LAUNCH, STREAM, LAUNCHED, CHILD, EXIT, REPLY,
 PIDS, LOST, HELLO, WELCOME, ACK, DOWN, DRAINED, CUT, IDLE, LEAF_MAKE,
 LEAF_SET, LEAF_ASK, LEAF, LEAF_DONE, LEAF_STATE, LEAF_EVENT, CGROUP_SET,
 STATS, PAUSE, MOVED) = range(1, 40)
FD_MARK = 1 << 31


def imsg(kind, body, length=None, peerid=0, pid=0):
    if length is None:
        length = 16 + len(body)
    return struct.pack("=IIII", kind & 0xffffffff, length & 0xffffffff,
                       peerid, pid) + body
