"""A tree of tasks as a child of proctor, which is how a node has one."""

import os

import port
import tree
from etf import A


class Beside(tree.Tree):
    """One that a Port runs."""

    def __init__(self, *args, options=()):
        port.PROGRAM = os.path.join(os.path.dirname(tree.PROGRAM), "proctor")
        # What the node's end leaves alive, as a daemon that minds no SIGTERM
        # of a tree whose guard and switch are both gone, has this long.
        self.port = port.Port("-alarm", "1")
        self.options = options
        super().__init__(*args)

    def _start(self, args, before, env):
        self.rfd = self.wfd = -1
        self.at = 0
        self.pid = self.port.run([tree.PROGRAM, *args],
                                 [A.stdin, A.stdout, A.stderr,
                                  *self.options])

    def _send(self):
        if self.to_send:
            self.port.stdin(self.pid, bytes(self.to_send))
            self.to_send.clear()

    def _output(self, *args):
        super()._output(*args)
        self._send()

    def turn(self, seconds):
        key = self.pid, A.stdout

        def more():
            return (len(self.port.output.get(key, b"")) > self.at
                    or self.port.exits.get(self.pid) or self.port.eof)
        self.port.pump(max(seconds, 0), more)
        data = bytes(self.port.output.get(key, b"")[self.at:])
        self.at += len(data)
        self._fed(data)

    def log(self):
        return self.port.out(self.pid, A.stderr).decode(errors="replace")

    def hang_up(self):
        pass

    def __exit__(self, kind, value, trace):
        self.port.release()
