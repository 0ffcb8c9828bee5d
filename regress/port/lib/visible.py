"""What can be seen from outside."""

import proc
from case import eventually
from etf import A


def visible(p):
    """The ring's descriptors, once it has opened all that it needs."""
    p.ask(A.list)
    return p.descriptors()


def alone(p):
    """The same once nobody but the ring is left: what has ended is priv's
    until it is reaped, also what failed and was answered before its end."""
    eventually(p.is_alone, 5, lambda: "left: %s" % [
        (q, proc.state(q), proc.title(q))
        for q in proc.descendants(p.pid)])
    return visible(p)


def unchanged(p, before):
    """Descriptors as before, no zombies; closing may take a moment."""
    eventually(lambda: p.descriptors() == before, 2, lambda: (
        "descriptors %s, before %s" % (p.descriptors(), before)))
    eventually(lambda: not p.zombies(), 2, lambda: (
        "zombies %s" % [(q, proc.comm(q)) for q in p.zombies()][:5]))
