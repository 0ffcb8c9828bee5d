"""What proctor-check and proctor -C say."""

import os
import re

import world
from case import expect
from suid import Suid


def run_check(argv, who=world.STARTER):
    """Exit status, what it prints, and what it logs without its pid."""
    class Check(Suid):
        def _execve(self):
            # No -p, and no port: a person calls it.
            self.argv = argv
            os.closerange(3, 5)
            super()._execve()
    p = Check(program=argv[0], who=who)
    try:
        p.close_input()
        data = bytearray()
        os.set_blocking(p.rfd, True)
        while True:
            piece = os.read(p.rfd, 65536)
            if not piece:
                break
            data += piece
        os.waitid(os.P_PIDFD, p.pidfd, os.WEXITED | os.WNOWAIT)
        p._wait(0)
        return p.status, data.decode(), [
            re.sub(r"^proctor\[\d+\] ", "", line) for line in p.log()]
    finally:
        p.release()


def checked(path, *words, who=world.STARTER):
    """The same of proctor-check, and of the proctor -C of a program without
    a bit, which say the same."""
    said = run_check([world.folder + "/proctor-check", path, *words], who)
    expect(said, run_check([world.copy_programs("copy") + "/proctor", "-C",
                            path, *words], who), "proctor -C")
    return said
