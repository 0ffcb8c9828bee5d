"""How long to wait for what has to come.

Limits are written for an idle machine. PORT_SLOW=1 makes all of them ten
times as long, for sanitizers and valgrind. What else runs here need not be
said: whoever is about to give up measures first how much of a processor one
process gets, and waits so much longer. What comes in time costs nothing.
"""

import os
import time

SLOW = 10 if os.environ.get("PORT_SLOW", "0") not in ("", "0") else 1
SPIN = 0.02     # of processor time: some slices of the scheduler's
MOST = 20


def load():
    """How many times as long everything takes as on an idle machine."""
    began, used = time.monotonic(), time.thread_time()
    while time.thread_time() - used < SPIN:
        pass
    now = (time.monotonic() - began) / SPIN
    # It may be over by now, so the last minute counts as well.
    queue = os.getloadavg()[0] / len(os.sched_getaffinity(0))
    return min(MOST, max(1, now, queue))


class Limit:
    """So many seconds from now, or more."""

    def __init__(self, seconds):
        self.began = time.monotonic()
        self.seconds = seconds * SLOW
        self.factor = 1

    def left(self):
        """The seconds that are left; none, or less, when it is over."""
        left = self._left()
        if left > 0 or self.factor == MOST:
            return left
        self.factor = max(self.factor, load())
        return self._left()

    def _left(self):
        return self.began + self.seconds * self.factor - time.monotonic()


class Pause:
    """Just so many seconds from now."""

    def __init__(self, seconds):
        self.end = time.monotonic() + seconds

    def left(self):
        return self.end - time.monotonic()


def stretched(ms):
    """A time that an option says, in which a child has to have started."""
    return int(ms * load())


def within(took, seconds):
    """Is what took so long as fast as what takes so many seconds at most on
    an idle machine?"""
    return took <= seconds * SLOW or took <= seconds * SLOW * load()
