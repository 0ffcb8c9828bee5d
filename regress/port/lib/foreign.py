"""Processes that no port has started."""

import os
import signal
import subprocess
import tempfile

from case import eventually, expect
from etf import A


SLEEP = ["/bin/sleep", "1000"]


class Foreign:
    """A process of ours that no port has started. Its standard input ends
    when it is told to go on."""

    def __init__(self, *argv):
        self.process = subprocess.Popen(
            list(argv) or SLEEP, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE)
        self.pid = self.process.pid

    def go_on(self):
        self.process.stdin.close()

    def line(self):
        return self.process.stdout.readline()

    def end(self, sig=signal.SIGKILL):
        try:
            os.kill(self.pid, sig)
        except ProcessLookupError:
            pass
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.end()
        self.process.stdin.close()
        self.process.stdout.close()


def manage(p, f, options=()):
    expect((A.pid, f.pid), p.ask(A.manage, f.pid, list(options)), "manage")


class Note:
    """A file that a command can write to, and its words."""

    def __init__(self):
        self.directory = tempfile.TemporaryDirectory()
        self.file = self.directory.name + "/note"

    def words(self):
        try:
            with open(self.file, encoding="utf-8") as f:
                text = f.read()
        except FileNotFoundError:
            return []
        return text.split() if text.endswith("\n") else []

    def clear(self):
        with open(self.file, "w", encoding="ascii"):
            pass

    def wait(self):
        return eventually(self.words, 3, "the command did not write")
