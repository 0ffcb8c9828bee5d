"""Namespaces of world.py for as long as a function runs."""

import json
import os
import signal
import sys

import proc
import world


def _fork(function):
    """Call it in a child; its pid, and what it wrote to the descriptor that
    it got."""
    rfd, wfd = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = 1
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        proc.die_with_parent()
        try:
            os.close(rfd)
            function(wfd)
            status = 0
        finally:
            sys.stdout.flush()
            if status:
                sys.excepthook(*sys.exc_info())
            os._exit(status)
    os.close(wfd)
    with os.fdopen(rfd, "rb") as f:
        data = f.read()
    os.waitpid(pid, 0)
    return pid, data


def apart(function):
    """Call it as the first process of its namespaces; what it returned, or
    None. When it ends its processes and mounts are gone."""
    def inner(wfd):
        os.write(wfd, json.dumps(function()).encode())

    def outer(wfd):
        world.leave()
        os.write(wfd, _fork(inner)[1])
    pid, data = _fork(outer)
    world.groups_remove(pid)
    return json.loads(data) if data else None
