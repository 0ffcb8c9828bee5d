"""Signals that the starter has asked for on the port's descriptors, and those
of his terminal."""

import fcntl
import os
import signal
import termios
import threading

from case import case, expect, rows
from etf import A
from port import Port

SECTION = "5 signals:"


class Late(Port):
    """One whose starter calls last() just before its execve."""

    def __init__(self, *args, last, **more):
        self.last = last
        super().__init__(*args, **more)

    def _execve(self):
        self.last()
        super()._execve()


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
    with Late(last=last) as p:
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

    def typing(self, text, done):
        while not done.is_set():
            try:
                os.write(self.master, text)
            except BlockingIOError:
                pass
            done.wait(0.0002)

    def release(self):
        os.close(self.master)
        super().release()


@case(SECTION + " in front of its terminal somebody types ^\\: nothing ends")
def typed():
    with OnTerminal() as p:
        expect([], p.ask(A.list))
        os.write(p.master, b"\x1c")
        for _ in range(3):
            expect([], p.ask(A.list))
        pid = p.run("echo out", [A.stdout])
        expect(0, p.exit(pid))


@case(SECTION + " children are born while somebody types ^\\: it is for none")
def typed_at_births():
    with OnTerminal() as p:
        p.ring()
        done = threading.Event()
        typist = threading.Thread(target=p.typing, args=(b"\x1c", done))
        typist.start()
        try:
            for _ in range(300):
                expect(0, p.exit(p.run(["/bin/true"])))
        finally:
            done.set()
            typist.join()


@case(SECTION + " in front of its terminal somebody types ^C: an orderly end")
def interrupted():
    with OnTerminal() as p:
        expect([], p.ask(A.list))
        os.write(p.master, b"\x03")
        p.end(10)
        p.close()
