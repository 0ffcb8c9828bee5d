"""What can be seen from outside."""

import proc
from case import eventually
from etf import A


def visible(p):
    """The ring's descriptors, once it has opened all that it needs."""
    p.ask(A.list)
    return p.descriptors()


def unchanged(p, before):
    """Descriptors as before, no zombies; closing may take a moment."""
    eventually(lambda: p.descriptors() == before, 2, lambda: (
        "descriptors %s, before %s" % (p.descriptors(), before)))
    eventually(lambda: not p.zombies(), 2, lambda: (
        "zombies %s" % [(q, proc.comm(q)) for q in p.zombies()][:5]))
