"""Other ways to write to a port, and to read from it."""

import hashlib
import os
import socket
import struct
import tempfile

import etf
from etf import A
from port import Port, SILENT


def together(p, *instructions):
    """Send requests in one write, as far as the pipe takes it; numbers."""
    numbers, data = [], []
    for instruction in instructions:
        number, p.next_id = p.next_id, p.next_id + 1
        if instruction[:1] not in [(s,) for s in SILENT]:
            p.asked.append(number)
        term = etf.term_to_binary((number, instruction))
        data += [struct.pack(p.length, len(term)), term]
        numbers.append(number)
    p.write(b"".join(data))
    return numbers


def node_dies(p):
    """Both ends of the port close; what was to be sent never is."""
    p.to_send.clear()
    p.close_input()
    os.close(p.rfd)
    p.rfd = os.open("/dev/null", os.O_RDONLY)
    p.received.clear()
    p.eof = True


class OutputTo(Port):
    """A port whose output is this descriptor; it is read from another."""

    def __init__(self, reader, output, *args):
        self.output_fd = output
        super().__init__(*args)
        os.close(self.rfd)
        self.rfd = reader
        os.set_blocking(reader, False)

    def _exec(self, child_in, child_out):
        super()._exec(child_in, self.output_fd)


def socket_pair():
    return [end.detach() for end in socket.socketpair()]


class Counting(Port):
    """A Port that counts and hashes output instead of keeping it."""

    def __init__(self, *args, hashed=True, **more):
        self.count = {}
        self.hashed = hashlib.sha256() if hashed else None
        super().__init__(*args, **more)

    def _event(self, event):
        if not (isinstance(event, tuple) and len(event) == 3
                and event[0] == A.stdout and isinstance(event[2], bytes)):
            super()._event(event)
            return
        _, pid, data = event
        if self.exits.get(pid) != []:
            self.broken.append("output of %d, which does not run" % pid)
        self.count[pid] = self.count.get(pid, 0) + len(data)
        if self.hashed:
            self.hashed.update(data)


def pattern(size, first=0):
    return bytes((first + i * 7) % 251 for i in range(size))


class Data:
    """A file with size bytes."""

    def __init__(self, size):
        self.file = tempfile.NamedTemporaryFile()
        self.bytes = pattern(size)
        self.file.write(self.bytes)
        self.file.flush()
        os.chmod(self.file.name, 0o644)
        self.name = self.file.name
