"""What the port's descriptors can be besides pipes: each odd one is a line of
the log and a status; none is a signal."""

import fcntl
import os
import signal
import socket
import tempfile
import termios

from case import SLOW, case, check, expect, rows
from etf import A
from port import Port

SECTION = "1 descriptors:"
START, PEER = 6, 1


class Odd(Port):
    """One whose descriptors are others' at the last moment."""

    def __init__(self, *args, last, **more):
        self.last = last
        super().__init__(*args, **more)

    def _execve(self):
        self.last()
        super()._execve()


def a_file():
    fd, path = tempfile.mkstemp()
    os.unlink(path)
    return fd


def fifo(how):
    """A FIFO with nothing in it."""
    with tempfile.TemporaryDirectory() as place:
        os.mkfifo(place + "/f")
        both = os.open(place + "/f", os.O_RDWR)
        fd = os.open(place + "/f", how)
        if how != os.O_RDWR:
            os.close(both)
        return fd


def put(**numbers):
    """Descriptors where they are to be."""
    def last():
        for name, make in numbers.items():
            os.dup2(make(), {"a": 0, "b": 1}[name])
    return last


def same():
    fd = a_file()
    os.dup2(fd, 0)
    os.dup2(fd, 1)


def same_fifo():
    fd = fifo(os.O_RDWR)
    os.dup2(os.open("/proc/self/fd/%d" % fd, os.O_RDONLY | os.O_NONBLOCK), 0)
    os.dup2(os.open("/proc/self/fd/%d" % fd, os.O_WRONLY), 1)


@rows(SECTION + " refused with a line:", [
    ("a directory to read", put(a=lambda: os.open("/", os.O_RDONLY)), "0"),
    ("a directory to write", put(b=lambda: os.open("/", os.O_RDONLY)), "1"),
    ("nothing to read", put(a=lambda: os.open("/dev/null", os.O_WRONLY)),
     "0"),
    ("nothing to write", put(b=lambda: os.open("/dev/null", os.O_RDONLY)),
     "1"),
    ("a path only", put(a=lambda: os.open("/", os.O_PATH)), "0"),
    ("a FIFO that it writes itself", put(a=lambda: fifo(os.O_RDWR)), "0"),
    ("one file twice", same, "same"),
    ("one FIFO twice", same_fifo, "same"),
])
def refused(last, word):
    with Odd(last=last) as p:
        p.close_input()
        p.end(10)
        expect(START, p.status, "exit")
        lines = [line for line in p.log() if "port" in line
                 and "root" not in line]
        check(len(lines) == 1 and word in lines[0], "log %s", p.log())
        p.close(code=START)


@case(SECTION + " what cannot be read at all is told, and ends it with 1")
def unreadable():
    """A socket that listens: neither bytes nor an end."""
    def last():
        sock = socket.socket(socket.AF_UNIX)
        sock.bind("")
        os.dup2(sock.fileno(), 0)
    with Odd(last=last) as p:
        p.close_input()
        p.end(10)
        expect(PEER, p.status, "exit")
        check(any("the port: " in line for line in p.log()), "log %s",
              p.log())
        p.close(code=PEER)


@case(SECTION + " one socket for both directions works")
def one_socket():
    ours, theirs = socket.socketpair()

    def last():
        os.dup2(theirs.fileno(), 0)
        os.dup2(theirs.fileno(), 1)
    with Odd(last=last) as p:
        theirs.close()
        ours.send(list_request())
        ours.settimeout(5 * SLOW)
        check(ours.recv(100)[4:], "no answer")
        ours.shutdown(socket.SHUT_WR)
        p.end(10)
        p.close()
    ours.close()


def list_request():
    """{1, {list}} with its length."""
    term = b"\x83h\x02a\x01h\x01d\0\x04list"
    return len(term).to_bytes(4, "big") + term


def asks_for(sig, group=False):
    """Whatever is to be read or written sends sig."""
    def last():
        for fd in (0, 1, 2):
            fcntl.fcntl(fd, fcntl.F_SETOWN,
                        -os.getpgrp() if group else os.getpid())
            fcntl.fcntl(fd, fcntl.F_SETSIG, sig)
            fcntl.fcntl(fd, fcntl.F_SETFL,
                        fcntl.fcntl(fd, fcntl.F_GETFL) | os.O_ASYNC)
    return last


@rows(SECTION + " whatever is to be read sends", [
    ("SIGKILL to it", asks_for(signal.SIGKILL)),
    ("SIGKILL to its group", asks_for(signal.SIGKILL, True)),
    ("SIGSTOP to it", asks_for(signal.SIGSTOP)),
    ("SIGTERM to it", asks_for(signal.SIGTERM))])
def signalled(last):
    with Odd(last=last) as p:
        p.ring()    # what it is sent before is nobody's fault but his
        for _ in range(3):
            expect([], p.ask(A.list))
        pid = p.run("echo out", [A.stdout])
        expect(0, p.exit(pid))


class OnTerminal(Port):
    """In the foreground of a terminal, whose other end is self.master."""

    def __init__(self, *args, **more):
        self.master, self.slave = os.openpty()
        os.set_blocking(self.master, False)
        super().__init__(*args, **more)
        os.close(self.slave)

    def _execve(self):
        os.close(self.master)
        fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)
        os.dup2(self.slave, 2)
        super()._execve()

    def release(self):
        os.close(self.master)
        super().release()


@rows(SECTION + " in front of its terminal somebody types", [
    ("^\\", b"\x1c"), ("^Z", b"\x1a")])
def typed(key):
    with OnTerminal() as p:
        expect([], p.ask(A.list))
        os.write(p.master, key)
        for _ in range(3):
            expect([], p.ask(A.list))
        pid = p.run("echo out", [A.stdout])
        expect(0, p.exit(pid))


@case(SECTION + " in front of its terminal somebody types ^C: an orderly end")
def interrupted():
    with OnTerminal() as p:
        expect([], p.ask(A.list))
        os.write(p.master, b"\x03")
        p.end(10)
        p.close()
