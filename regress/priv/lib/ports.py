"""Two starters."""

from case import expect
from rules import Rules
from suid import Suid, as_user
from world import ONE


BOTH = Rules("permit news as daemon\npermit news as bin\n"
             "permit games as daemon\n")


class Ports:
    """Several at a time: what one leaves is not told from another's."""

    def __enter__(self):
        self.ports = []
        return self

    def start(self, *args, **more):
        p = Suid(*args, **more)
        self.ports.append(p)
        p.output_of(["/bin/true"], as_user(ONE))
        return p

    def __exit__(self, kind, value, trace):
        for p in self.ports:
            if kind is None and not p.closed:
                end(p)
            p.release()


def end(p):
    p.close_input()
    expect(0, p.end(20), "exit")
    p.closed = True


def parts(p):
    return list(p.ring().values()) + list(p.launchers().values())
