"""Children that have descendants, and that do not hear."""

import uuid

import proc
from case import eventually
from etf import A


FAMILY = "sleep 1000 & setsid sleep 1000 & wait"
DEAF = ("(trap '' TERM; sleep 1000; sleep 1000) & "
        "setsid sh -c \"trap '' TERM; sleep 1000; sleep 1000\" & "
        "trap '' TERM; sleep 1000; sleep 1000; wait")


def mark():
    return "PORT_MARK=" + uuid.uuid4().hex


def start(p, cmd, count, members):
    """Start families; their mark, once all members are there: of DEAF, the
    shells and their sleeps, which come behind the traps."""
    entry = mark()
    numbers = [p.send((A.run, cmd, [(A.env, [entry])]))
               for _ in range(count)]
    pids = [p.reply(number)[1] for number in numbers]
    eventually(lambda: len(proc.marked(entry)) >= count * members, 10,
               lambda: "%d processes of %d" % (len(proc.marked(entry)),
                                               count * members))
    return entry, pids


def gone(entry, seconds):
    """All of a mark end within so many seconds."""
    eventually(lambda: not proc.marked(entry), seconds, lambda: (
        "alive: %s" % [(q, proc.title(q)) for q in proc.marked(entry)][:5]))
